//! Clients, the calls of applications, and what consumers read.

use std::fmt;

use super::super::EventKind;
use super::{Described, counted, listed};
use crate::client::Callback;

impl Described<'_> {
    pub(super) fn clients(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::ClientStarted {
                kind, client_id, ..
            } => write!(f, "{client_id} starts: a {kind}."),
            EventKind::ClientClosed { client_id, .. } => write!(f, "{client_id} has closed."),
            EventKind::ClientFrozen { client_id, .. } => write!(
                f,
                "{client_id} is frozen (SIGSTOP): its connections stay open, and it does nothing."
            ),
            EventKind::ClientThawed { client_id, .. } => write!(
                f,
                "{client_id} goes on (SIGCONT) with what has waited for it."
            ),
            EventKind::ClientCrashed {
                client_id,
                records_lost,
                ..
            } => match records_lost {
                0 => write!(f, "{client_id} is killed. Nobody is told."),
                lost => write!(
                    f,
                    "{client_id} is killed with {} it had not been told are stored.",
                    counted(i64::from(*lost), "record")
                ),
            },
            EventKind::ClientLog { client, text, .. } => {
                write!(f, "{}: {text}", self.names.name(*client))
            }
            _ => return None,
        })
    }

    pub(super) fn application(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::SendReturned {
                producer,
                topic_partition,
                undelivered,
            } => write!(
                f,
                "{}: send() returns. The record for {topic_partition} waits in the accumulator; {} not delivered yet.",
                self.names.name(*producer),
                match undelivered {
                    1 => "1 record is".to_owned(),
                    others => format!("{others} records are"),
                }
            ),
            EventKind::CallbackRun { producer, callback } => {
                describe_callback(&self.names.name(*producer), callback, f)
            }
            EventKind::TransactionCallReturned {
                producer,
                call,
                error,
            } => match error {
                None => write!(f, "{}: {call}() returns.", self.names.name(*producer)),
                Some((exception, message)) => write!(
                    f,
                    "{}: {call}() fails: {exception}: {message}",
                    self.names.name(*producer)
                ),
            },
            EventKind::Processor { producer, event } => {
                event.describe(&self.names.name(*producer), f)
            }
            EventKind::Connector { connector, event } => event.describe(connector, f),
            EventKind::Flushed { producer } => write!(
                f,
                "{}: flush() returns. All that was sent before is delivered or has failed.",
                self.names.name(*producer)
            ),
            EventKind::RecordsNeverSent {
                producer,
                topic,
                partition,
                records,
            } => {
                let to = match partition {
                    Some(partition) => format!("{topic}-{partition}"),
                    None => topic.to_string(),
                };
                write!(
                    f,
                    "{} ends without flush(): {} for {to} in its accumulator {} never sent.",
                    self.names.name(*producer),
                    counted(i64::from(*records), "record"),
                    if *records == 1 { "was" } else { "were" }
                )
            }
            _ => return None,
        })
    }

    pub(super) fn consumers(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::PartitionsAssigned {
                consumer,
                generation,
                partitions,
            } if partitions.is_empty() => write!(
                f,
                "{} gets no partition in generation {generation}: it is idle.",
                self.names.name(*consumer)
            ),
            EventKind::PartitionsAssigned {
                consumer,
                generation,
                partitions,
            } => write!(
                f,
                "{} gets {} in generation {generation}.",
                self.names.name(*consumer),
                listed(partitions)
            ),
            EventKind::PartitionsRevoked {
                consumer,
                partitions,
            } => write!(
                f,
                "{} gives up {}.",
                self.names.name(*consumer),
                listed(partitions)
            ),
            EventKind::PositionReset {
                consumer,
                topic_partition,
                offset,
                out_of_range,
            } => {
                let consumer = self.names.name(*consumer);
                match out_of_range {
                    None => write!(
                        f,
                        "{consumer} begins {topic_partition} at offset {offset}: its group has committed none."
                    ),
                    Some(position) => write!(
                        f,
                        "{consumer} goes on in {topic_partition} at offset {offset}: offset {position} is outside the log."
                    ),
                }
            }
            EventKind::RecordsRead {
                consumer,
                topic_partition,
                from,
                to,
                ..
            } => {
                let consumer = self.names.name(*consumer);
                match to - from {
                    1 => write!(f, "{consumer} reads {topic_partition} at offset {from}."),
                    _ => write!(
                        f,
                        "{consumer} reads {topic_partition} from offset {from} to {}.",
                        to - 1
                    ),
                }
            }
            EventKind::Consumer { consumer, event } => {
                event.describe(&self.names.name(*consumer), f)
            }
            EventKind::ConsumerFailed {
                consumer,
                exception,
                message,
            } => write!(f, "{}: {exception}: {message}", self.names.name(*consumer)),
            _ => return None,
        })
    }
}

fn describe_callback(name: &str, callback: &Callback, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let records = counted(i64::from(callback.records), "record");
    let to = match callback.partition {
        Some(partition) => format!("{}-{partition}", callback.topic),
        None => callback.topic.to_string(),
    };
    match (&callback.error, callback.base_offset) {
        (Some((exception, message)), _) => write!(
            f,
            "{name}: the callback for {records} of {to} runs: {exception}: {message}"
        ),
        (None, Some(offset)) => write!(
            f,
            "{name}: the callback for {records} of {to} runs: delivered at offset {offset}."
        ),
        (None, None) => {
            write!(
                f,
                "{name}: the callback for {records} of {to} runs: delivered."
            )
        }
    }
}
