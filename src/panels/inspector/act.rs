//! What can be done to a thing: buttons, and small forms where something must
//! be said first.

mod reading;
mod verb;

pub(in crate::panels) use reading::{acknowledging, says};
pub use verb::{Deed, Verb};

use engine::config::ConfigKey;
use engine::protocol::{AlterPartitionReassignmentsRequest, ConfigResource, Request};
use engine::sim::Host;
use engine::{Command, TopicPartition};

use self::reading::{ALL, token};
use crate::panels::settings::{Setting, setting};
use crate::playground::Victim;

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
    /// More on each choice, to be read when it is chosen; may be none.
    pub notes: Vec<String>,
    /// Whether it takes many lines.
    pub is_long: bool,
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
    pub fn alter(
        name: &'static str,
        resource: ConfigResource,
        keys: impl Iterator<Item = &'static ConfigKey>,
    ) -> Act {
        let mut all: Vec<Setting> = keys.map(setting).collect();
        engine::sorting::sort_by_key(&mut all, |it| (it.words.is_empty(), it.name));
        let names = all
            .iter()
            .map(|it| (it.name.to_owned(), it.name.to_owned()));
        let mut which = Field::choice("name", "Setting", names);
        which.notes = all.iter().map(Setting::note).collect();
        Act::ask(
            name,
            "IncrementalAlterConfigs: it holds from then on",
            vec![
                which,
                Field::typed("value", "Value (empty: the default again)", ""),
            ],
            Verb::AlterConfig(resource),
        )
    }

    /// These partitions are given other replicas: at first those that the first
    /// of them has.
    pub fn reassign(of: Vec<TopicPartition>, replicas: &[i32]) -> Act {
        let replicas: Vec<String> = replicas.iter().map(i32::to_string).collect();
        let mut fields = Vec::new();
        if of.len() > 1 {
            fields.push(Field::partitions(&of));
        }
        fields.push(Field::typed(
            "replicas",
            "Brokers, the preferred leader first",
            replicas.join(", "),
        ));
        Act::ask(
            "Reassign replicas",
            "AlterPartitionReassignments: brokers that are new copy the log, and those that are \
             left out go when all are in sync",
            fields,
            Verb::Reassign(of),
        )
    }

    /// The reassignments under way are taken back.
    pub fn cancel_reassignment(of: impl IntoIterator<Item = TopicPartition>) -> Act {
        let partitions = of.into_iter().map(|of| (of, None)).collect();
        let request = AlterPartitionReassignmentsRequest { partitions };
        Act::new(
            "Cancel reassignment",
            "AlterPartitionReassignments without replicas: it is as it was before",
            Deed::Admin(Box::new(Request::AlterPartitionReassignments(request))),
        )
    }

    /// A process ends and is started again.
    pub fn restart(about: &'static str, victim: Victim) -> Act {
        Act::new("Restart", about, Deed::Restart(victim))
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
            notes: Vec::new(),
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
            notes: Vec::new(),
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
