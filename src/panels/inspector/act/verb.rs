//! What buttons do, and what comes of what was filled in for them.

use engine::broker::Slowness;
use engine::client::Workload;
use engine::command::ClientNumber;
use engine::protocol::{
    AlterConfigsResource, AlterPartitionReassignmentsRequest, AlterableConfig, ConfigResource,
    CreatePartitionsRequest, CreatePartitionsTopic, DeleteRecordsRequest,
    IncrementalAlterConfigsRequest, OffsetDeleteRequest, Request, TopicName,
};
use engine::sim::Host;
use engine::{Command, TopicPartition};

use super::reading::{
    acknowledging, brokers, chosen, chosen_hosts, latency, link, offset, processing, reset_to,
    seek_to, subscription, time_us,
};
use crate::panels::Panel;
use crate::panels::requests::{Fields, interval_us, whole};
use crate::playground::{ResetTo, Victim};
use crate::stage::BoardAction;

/// What a button does. Those with fields become a [`Deed`] when these are
/// filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Just this.
    Do(Deed),
    /// `seek()` and its like.
    Seek(ClientNumber, Vec<TopicPartition>),
    /// `offsetsForTimes()`.
    OffsetsForTimes(ClientNumber, Vec<TopicPartition>),
    /// `pause()`.
    Pause(ClientNumber, Vec<TopicPartition>),
    /// `resume()`.
    Resume(ClientNumber, Vec<TopicPartition>),
    /// What a consumer's application does with records.
    SetProcessing(ClientNumber),
    /// How often a producer makes up a record of those that it makes up.
    SetRate(ClientNumber, Box<Workload>),
    /// `subscribe()`, `assign()` and `unsubscribe()`.
    Subscribe(ClientNumber),
    /// How long packets take where nothing else is said.
    SetLatency,
    /// One more broker.
    AddBroker,
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
    /// Gives partitions other replicas.
    Reassign(Vec<TopicPartition>),
    /// Commits other offsets of these partitions for a group without members.
    ResetOffsets(String, Vec<TopicPartition>),
    /// Forgets what a group has committed of a topic's partitions, of these.
    DeleteOffsets(String, Vec<TopicPartition>),
    /// What a share consumer's application says of records.
    SetAcknowledging(ClientNumber),
    /// How long a share consumer's application takes for a record.
    SetShareProcessing(ClientNumber),
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
    /// A process ends and is started again.
    Restart(Victim),
    /// A group without members goes on elsewhere.
    ResetOffsets {
        /// The group.
        group: String,
        /// The partitions.
        partitions: Vec<TopicPartition>,
        /// Where to.
        to: ResetTo,
    },
    /// Another panel.
    Open(Panel),
}

impl Verb {
    /// What is to be done when the fields say this.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn fill(&self, fields: Fields<'_>) -> Result<Deed, String> {
        match self {
            Verb::Do(deed) => return Ok(deed.clone()),
            Verb::ResetOffsets(group, of) => {
                return Ok(Deed::ResetOffsets {
                    group: group.clone(),
                    partitions: chosen(of, fields),
                    to: reset_to(fields)?,
                });
            }
            _ => {}
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
            Verb::Reassign(of) => {
                let replicas = Some(brokers(&fields("replicas"))?);
                let chosen = chosen(of, fields).into_iter();
                Request::AlterPartitionReassignments(AlterPartitionReassignmentsRequest {
                    partitions: chosen.map(|of| (of, replicas.clone())).collect(),
                })
            }
            Verb::DeleteOffsets(group, of) => {
                let topic = fields("topic");
                let of_topic = of.iter().filter(|of| *of.topic == topic);
                Request::OffsetDelete(OffsetDeleteRequest {
                    group_id: group.clone(),
                    partitions: of_topic.cloned().collect(),
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
            Verb::OffsetsForTimes(consumer, of) => Command::OffsetsForTimes {
                consumer: *consumer,
                partitions: chosen(of, fields),
                timestamp: offset(&fields("timestamp"))?,
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
            Verb::SetAcknowledging(consumer) => Command::SetAcknowledging {
                consumer: *consumer,
                acknowledging: acknowledging(fields)?,
            },
            Verb::SetShareProcessing(consumer) => Command::SetShareProcessing {
                consumer: *consumer,
                per_record_us: time_us(fields, "per-record", "Time for a record")?,
            },
            Verb::SetRate(producer, workload) => Command::SetWorkload {
                producer: *producer,
                workload: interval_us(fields)?.map(|interval_us| Workload {
                    interval_us,
                    ..Workload::clone(workload)
                }),
            },
            Verb::Subscribe(consumer) => Command::Subscribe {
                consumer: *consumer,
                to: subscription(fields)?,
            },
            Verb::SetLatency => Command::SetLatency {
                latency: latency(fields)?,
            },
            Verb::AddBroker => Command::AddBroker {
                id: whole(&fields("id"), "node.id", 0, i32::MAX)?,
                rack: Some(fields("rack").trim().to_owned()).filter(|rack| !rack.is_empty()),
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
            | Verb::AlterConfig(_)
            | Verb::Reassign(_)
            | Verb::ResetOffsets(..)
            | Verb::DeleteOffsets(..) => {
                unreachable!("they are no commands that are filled in")
            }
        })
    }
}
