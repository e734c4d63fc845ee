//! Events in plain words.

mod clients;
mod groups;
mod logs;
mod servers;

use std::fmt;

use super::{ClientNames, EventKind};
use crate::protocol::TopicPartition;

pub(super) struct Described<'a> {
    pub kind: &'a EventKind,
    pub names: &'a dyn ClientNames,
}

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subjects = [
            Described::clients,
            Described::topics,
            Described::records,
            Described::appends,
            Described::logs,
            Described::application,
            Described::consumers,
            Described::groups,
            Described::controllers,
            Described::brokers,
            Described::leaders,
            Described::copies,
        ];
        if let Some(done) = subjects.iter().find_map(|subject| subject(self, f)) {
            return done;
        }
        match self.kind {
            EventKind::AdminAnswered { admin, response } => write!(
                f,
                "{} has its answer to {}.",
                self.names.name(*admin),
                response.api()
            ),
            EventKind::AdminFailed {
                admin,
                exception,
                message,
            } => write!(
                f,
                "{} gives up on a call: {exception}: {message}",
                self.names.name(*admin)
            ),
            EventKind::Transaction(event) => event.fmt(f),
            _ => Ok(()),
        }
    }
}

/// `1 record`, `3 records`.
pub fn counted(count: i64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn listed(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    names.join(", ")
}
