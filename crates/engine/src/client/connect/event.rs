use std::fmt;

use super::{ConnectorState, reason};
use crate::event::counted;
use crate::protocol::TopicPartition;

/// What a connector does, besides what its clients do, and what is done to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConnectorEvent {
    /// It was made.
    Added {
        /// Its class.
        class: &'static str,
    },
    /// It was deleted, and its task has ended.
    Removed,
    /// It is in another state.
    StateChanged {
        /// Which.
        state: ConnectorState,
    },
    /// Somebody put rows into what a source reads, or took one out.
    SourceChanged {
        /// How many changes that are.
        changes: u64,
    },
    /// A source's task has read back how far the last one had come.
    OffsetRead {
        /// The number of the change it goes on with; `None` when none was
        /// stored.
        position: Option<u64>,
    },
    /// A source's task has made records of changes.
    ChangesSent {
        /// The first one's number.
        from: u64,
        /// The number after the last one.
        to: u64,
    },
    /// Some of these had been sent before: the offset behind them was not
    /// stored when the last task ended.
    ChangesSentAgain {
        /// The first one's number.
        from: u64,
        /// The number after the last one.
        to: u64,
    },
    /// A source's offset is stored.
    OffsetCommitted {
        /// The number of the first change that is not sent for certain.
        position: u64,
    },
    /// A source's offset could not be stored in time; it is tried again at the
    /// next `offset.flush.interval.ms`.
    OffsetFlushFailed,
    /// A sink's task has put records into its tables.
    RecordsPut {
        /// How many rows were inserted or updated.
        upserts: u64,
        /// How many rows were deleted.
        deletes: u64,
    },
    /// A record was passed over (`errors.tolerance=all`).
    RecordSkipped {
        /// The partition, where it is known.
        topic_partition: Option<TopicPartition>,
        /// The offset, where the record has one.
        offset: Option<i64>,
        /// Why it could not be taken.
        why: String,
    },
    /// Its task has failed, and is not started again by itself.
    TaskFailed {
        /// The exceptions, each on its line.
        trace: String,
    },
}

impl ConnectorEvent {
    /// Whether an onlooker should be told.
    pub(crate) fn is_news(&self) -> bool {
        !matches!(
            self,
            ConnectorEvent::ChangesSent { .. } | ConnectorEvent::RecordsPut { .. }
        )
    }

    /// What happened, in one plain sentence about the connector of this name.
    pub(crate) fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectorEvent::Added { class } => write!(f, "Connector {name} is made: a {class}."),
            ConnectorEvent::Removed => write!(f, "Connector {name} is deleted."),
            ConnectorEvent::StateChanged { state } => write!(f, "Connector {name} is {state}."),
            ConnectorEvent::SourceChanged { changes } => {
                let changes = counted(i64::try_from(*changes).unwrap_or(i64::MAX), "change");
                write!(
                    f,
                    "There is something new for connector {name} to read: {changes}."
                )
            }
            ConnectorEvent::OffsetRead { position: None } => write!(
                f,
                "Connector {name} finds no offset in connect-offsets: it begins with the first change."
            ),
            ConnectorEvent::OffsetRead {
                position: Some(position),
            } => write!(
                f,
                "Connector {name} finds its offset in connect-offsets: it goes on with change {position}."
            ),
            ConnectorEvent::ChangesSent { from, to } => {
                write!(f, "Connector {name} sends {}.", changes(*from, *to))
            }
            ConnectorEvent::ChangesSentAgain { from, to } => write!(
                f,
                "Connector {name} sends {} again: their offset was not stored when its last task ended (at least once).",
                changes(*from, *to)
            ),
            ConnectorEvent::OffsetCommitted { position } => write!(
                f,
                "Connector {name} has stored its offset: the next change is {position}."
            ),
            ConnectorEvent::OffsetFlushFailed => write!(
                f,
                "Connector {name} could not store its offset in time (offset.flush.timeout.ms): it tries again later."
            ),
            ConnectorEvent::RecordsPut { upserts, deletes } => {
                let counts = [(*upserts, "upsert"), (*deletes, "delete")]
                    .map(|(count, what)| counted(i64::try_from(count).unwrap_or(i64::MAX), what));
                write!(f, "Connector {name} writes {}.", counts.join(" and "))
            }
            ConnectorEvent::RecordSkipped {
                topic_partition,
                offset,
                why,
            } => {
                write!(f, "Connector {name} skips a record")?;
                if let Some(of) = topic_partition {
                    write!(f, " of {of}")?;
                }
                if let Some(offset) = offset {
                    write!(f, " at offset {offset}")?;
                }
                write!(f, " (errors.tolerance=all): {why}")
            }
            ConnectorEvent::TaskFailed { trace } => {
                write!(f, "The task of connector {name} fails: {}.", reason(trace))
            }
        }
    }
}

/// `change 3`, `changes 3 to 5`.
fn changes(from: u64, to: u64) -> String {
    match to - from {
        1 => format!("change {from}"),
        _ => format!("changes {from} to {}", to - 1),
    }
}
