//! What can be done to a thing: buttons, and small forms where something must
//! be said first.

use engine::broker::Slowness;
use engine::client::{CommitEach, CommitWhen, ManualCommit, Processing, SeekTo};
use engine::command::ClientNumber;
use engine::config::ConfigDef;
use engine::protocol::{
    AlterConfigsResource, AlterableConfig, ConfigResource, CreatePartitionsRequest,
    CreatePartitionsTopic, DeleteRecordsRequest, IncrementalAlterConfigsRequest, Request,
    TopicName,
};
use engine::sim::{Host, Latency, Link};
use engine::{Command, TopicPartition};

use crate::panels::requests::{Fields, whole};
use crate::panels::{Panel, settings};
use crate::stage::BoardAction;

/// Something that can be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// What its button says.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Whether something is lost by it.
    pub is_grave: bool,
    /// What must be said first.
    pub fields: Vec<Field>,
    /// What is done.
    pub verb: Verb,
}

/// Something to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// What it asks for.
    pub label: &'static str,
    /// What it says at first; an example where it takes many lines.
    pub initial: String,
    /// Its choices, each with its value and its words; none for a field that is
    /// typed into.
    pub choices: Vec<(String, String)>,
    /// Whether it takes many lines.
    pub is_long: bool,
}

/// What a button does. Those with fields become a [`Deed`] when these are
/// filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Just this.
    Do(Deed),
    /// `seek()` and its like.
    Seek(ClientNumber, Vec<TopicPartition>),
    /// `pause()`.
    Pause(ClientNumber, Vec<TopicPartition>),
    /// `resume()`.
    Resume(ClientNumber, Vec<TopicPartition>),
    /// What a consumer's application does with records.
    SetProcessing(ClientNumber),
    /// How slow a broker is.
    Slow(i32),
    /// Cuts the links of a host.
    Cut(Host, Vec<Host>),
    /// Mends them.
    Join(Host, Vec<Host>),
    /// What is wrong with the links of a host.
    SetLink(Host, Vec<Host>),
    /// Deletes records of partitions.
    DeleteRecords(Vec<TopicPartition>),
    /// Adds partitions.
    AddPartitions(TopicName),
    /// Changes a setting while the cluster runs.
    AlterConfig(ConfigResource),
    /// Puts rows into what a source connector reads.
    WriteRows(String),
    /// Takes a row out of the table that a source connector reads.
    DeleteRow(String),
}

/// What the page is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A command of the engine.
    Command(Box<Command>),
    /// A call of the board's admin client.
    Admin(Box<Request>),
    /// What a button on the board does.
    Board(BoardAction),
    /// Another panel.
    Open(Panel),
}

/// What a command means, and the command.
pub(super) type Meant = (&'static str, Command);

/// What [`Command::Thaw`] and [`Command::ThawServer`] mean.
pub(super) const THAW: &str = "SIGCONT: it reads what has arrived, and then does what is due";

impl Act {
    /// Something that is done at once.
    pub fn new(name: &'static str, about: &'static str, deed: Deed) -> Act {
        Act {
            name,
            about,
            is_grave: false,
            fields: Vec::new(),
            verb: Verb::Do(deed),
        }
    }

    /// A command of the engine.
    pub fn command(name: &'static str, about: &'static str, command: Command) -> Act {
        Act::new(name, about, Deed::Command(Box::new(command)))
    }

    /// To have a process stand still, or go on where it does: of each what it
    /// means, and the command.
    pub fn freeze(is_frozen: bool, freeze: Meant, thaw: Meant) -> Act {
        match is_frozen {
            true => Act::command("Let it go on", thaw.0, thaw.1),
            false => Act::command("Freeze", freeze.0, freeze.1),
        }
    }

    /// Something for which fields are filled in.
    pub fn ask(name: &'static str, about: &'static str, fields: Vec<Field>, verb: Verb) -> Act {
        Act {
            name,
            about,
            is_grave: false,
            fields,
            verb,
        }
    }

    /// A setting of this, one of these, is changed while the cluster runs.
    pub fn alter(resource: ConfigResource, settings: &ConfigDef) -> Act {
        let names = settings.keys().map(|key| {
            let text = match settings::words_of(key.name) {
                "" => key.name.to_owned(),
                words => format!("{}: {words}", key.name),
            };
            (key.name.to_owned(), text)
        });
        Act::ask(
            "Change a setting",
            "IncrementalAlterConfigs: it holds from then on",
            vec![
                Field::choice("name", "Setting", names),
                Field::typed("value", "Value (empty: the default again)", ""),
            ],
            Verb::AlterConfig(resource),
        )
    }

    /// Something is lost by it.
    pub fn grave(mut self) -> Act {
        self.is_grave = true;
        self
    }
}

impl Field {
    /// A field to type into.
    pub fn typed(name: &'static str, label: &'static str, initial: impl Into<String>) -> Field {
        Field {
            name,
            label,
            initial: initial.into(),
            choices: Vec::new(),
            is_long: false,
        }
    }

    /// A field to type or paste lines into, with an example of them.
    pub fn lines(name: &'static str, label: &'static str, example: &str) -> Field {
        Field {
            is_long: true,
            ..Field::typed(name, label, example)
        }
    }

    /// A choice; the first one unless another is chosen.
    pub fn choice(
        name: &'static str,
        label: &'static str,
        choices: impl IntoIterator<Item = (String, String)>,
    ) -> Field {
        let choices: Vec<(String, String)> = choices.into_iter().collect();
        Field {
            name,
            label,
            initial: choices
                .first()
                .map(|(value, _)| value.clone())
                .unwrap_or_default(),
            choices,
            is_long: false,
        }
    }

    /// A choice among partitions: each, or all.
    pub fn partitions(partitions: &[TopicPartition]) -> Field {
        let all = (partitions.len() != 1).then(|| (ALL.to_owned(), "all of them".to_owned()));
        let named = partitions.iter().map(|it| (it.to_string(), it.to_string()));
        Field::choice("partition", "Partition", all.into_iter().chain(named))
    }

    /// A choice among hosts: each, or all.
    pub fn hosts(hosts: &[(Host, String)]) -> Field {
        let all = (ALL.to_owned(), "everybody".to_owned());
        let named = hosts.iter().map(|(host, name)| (token(host), name.clone()));
        Field::choice("host", "The other side", std::iter::once(all).chain(named))
    }
}

/// Stands for all in a choice.
const ALL: &str = "all";
/// The longest time that a person may fill in, in milliseconds: an hour.
const TIME_MAX_MS: i32 = 3_600_000;

fn token(host: &Host) -> String {
    format!("{host:?}")
}

impl Verb {
    /// What is to be done when the fields say this.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn fill(&self, fields: Fields<'_>) -> Result<Deed, String> {
        if let Verb::Do(deed) = self {
            return Ok(deed.clone());
        }
        if let Some(request) = self.admin_request(fields)? {
            return Ok(Deed::Admin(Box::new(request)));
        }
        self.command(fields).map(|it| Deed::Command(Box::new(it)))
    }

    fn admin_request(&self, fields: Fields<'_>) -> Result<Option<Request>, String> {
        Ok(Some(match self {
            Verb::DeleteRecords(of) => {
                let before = match fields("offset").trim() {
                    "" => DeleteRecordsRequest::HIGH_WATERMARK,
                    text => offset(text)?,
                };
                let chosen = chosen(of, fields);
                Request::DeleteRecords(DeleteRecordsRequest {
                    partitions: chosen.into_iter().map(|it| (it, before)).collect(),
                    timeout_ms: 30_000,
                })
            }
            Verb::AddPartitions(topic) => {
                let most = engine::controller::PARTITIONS_MAX;
                let count = whole(&fields("count"), "Partitions", 1, most)?;
                Request::CreatePartitions(CreatePartitionsRequest {
                    topics: vec![CreatePartitionsTopic {
                        name: topic.clone(),
                        count,
                        assignments: None,
                    }],
                })
            }
            Verb::AlterConfig(resource) => {
                let (name, value) = (fields("name"), fields("value"));
                let change = match value.trim() {
                    "" => AlterableConfig::delete(name),
                    value => AlterableConfig::set(name, value),
                };
                Request::IncrementalAlterConfigs(IncrementalAlterConfigsRequest {
                    resources: vec![AlterConfigsResource {
                        resource: resource.clone(),
                        configs: vec![change],
                    }],
                    validate_only: false,
                })
            }
            _ => return Ok(None),
        }))
    }

    fn command(&self, fields: Fields<'_>) -> Result<Command, String> {
        Ok(match self {
            Verb::Seek(consumer, of) => Command::Seek {
                consumer: *consumer,
                partitions: chosen(of, fields),
                to: seek_to(fields)?,
            },
            Verb::Pause(consumer, of) => Command::Pause {
                consumer: *consumer,
                partitions: chosen(of, fields),
            },
            Verb::Resume(consumer, of) => Command::Resume {
                consumer: *consumer,
                partitions: chosen(of, fields),
            },
            Verb::SetProcessing(consumer) => Command::SetProcessing {
                consumer: *consumer,
                processing: processing(fields)?,
            },
            Verb::Slow(broker) => Command::SlowBroker {
                broker: *broker,
                slowness: Slowness {
                    request_us: time_us(fields, "request", "Each request")?,
                    disk_write_us: time_us(fields, "disk", "Each write")?,
                },
            },
            Verb::Cut(host, others) => Command::Cut {
                one: vec![*host],
                other: chosen_hosts(others, fields),
            },
            Verb::Join(host, others) => Command::Join {
                one: vec![*host],
                other: chosen_hosts(others, fields),
            },
            Verb::SetLink(host, others) => Command::SetLink {
                one: vec![*host],
                other: chosen_hosts(others, fields),
                link: link(fields)?,
            },
            Verb::WriteRows(connector) => Command::WriteRows {
                connector: connector.clone(),
                rows: fields("rows"),
            },
            Verb::DeleteRow(connector) => Command::DeleteRow {
                connector: connector.clone(),
                key: fields("key"),
            },
            Verb::Do(_)
            | Verb::DeleteRecords(_)
            | Verb::AddPartitions(_)
            | Verb::AlterConfig(_) => {
                unreachable!("they are no commands that are filled in")
            }
        })
    }
}

fn chosen(of: &[TopicPartition], fields: Fields<'_>) -> Vec<TopicPartition> {
    let name = fields("partition");
    let is_chosen = |it: &&TopicPartition| name == ALL || it.to_string() == name;
    of.iter().filter(is_chosen).cloned().collect()
}

fn chosen_hosts(others: &[Host], fields: Fields<'_>) -> Vec<Host> {
    let name = fields("host");
    let is_chosen = |it: &&Host| name == ALL || token(it) == name;
    others.iter().filter(is_chosen).copied().collect()
}

fn seek_to(fields: Fields<'_>) -> Result<SeekTo, String> {
    Ok(match fields("to").as_str() {
        "beginning" => SeekTo::Beginning,
        "end" => SeekTo::End,
        "timestamp" => SeekTo::Timestamp(offset(&fields("offset"))?),
        _ => SeekTo::Offset(offset(&fields("offset"))?),
    })
}

fn processing(fields: Fields<'_>) -> Result<Processing, String> {
    let commit = match fields("commit").as_str() {
        "sync" | "async" => Some(ManualCommit {
            when: CommitWhen::After,
            each: CommitEach::Poll,
            is_sync: fields("commit") == "sync",
        }),
        "record" => Some(ManualCommit {
            when: CommitWhen::After,
            each: CommitEach::Record,
            is_sync: true,
        }),
        "before" => Some(ManualCommit {
            when: CommitWhen::Before,
            each: CommitEach::Poll,
            is_sync: true,
        }),
        _ => None,
    };
    Ok(Processing {
        per_record_us: time_us(fields, "per-record", "Time for a record")?,
        commit,
    })
}

fn link(fields: Fields<'_>) -> Result<Link, String> {
    let latency = match fields("latency").trim() {
        "" => None,
        _ => Some(Latency {
            base_us: time_us(fields, "latency", "Latency")?,
            jitter_us: 0,
        }),
    };
    let loss = whole(&fields("loss"), "Loss", 0, 1_000)?;
    Ok(Link {
        latency,
        loss_per_mille: u16::try_from(loss).unwrap_or(u16::MAX),
        is_cut: false,
    })
}

/// Milliseconds that were filled in, as microseconds.
fn time_us(fields: Fields<'_>, name: &str, label: &str) -> Result<u64, String> {
    let ms = whole(&fields(name), label, 0, TIME_MAX_MS)?;
    Ok(u64::from(ms.unsigned_abs()) * 1_000)
}

fn offset(text: &str) -> Result<i64, String> {
    let number = text.trim().parse::<i64>().ok();
    number
        .filter(|number| *number >= 0)
        .ok_or_else(|| format!("{text:?} is no offset and no timestamp: take a number from 0 on."))
}
