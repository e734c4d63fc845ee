use std::fmt;

use crate::event::counted;
use crate::protocol::TopicPartition;

/// What a consumer does besides reading, and besides what its group is told
/// of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConsumerEvent {
    /// It reads other topics or partitions from now on.
    Subscribed {
        /// What, in words.
        subscription: String,
    },
    /// Partitions were taken from it without its having been asked: others may
    /// read them already (`onPartitionsLost`).
    PartitionsLost {
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
    /// It tells the coordinator that it leaves its group.
    LeavesGroup {
        /// Why, as the request says (KIP-800).
        reason: String,
    },
    /// It goes on elsewhere in a partition, since its application says so.
    PositionSought {
        /// The partition.
        topic_partition: TopicPartition,
        /// The offset of the record it reads next.
        offset: i64,
    },
    /// It does not read these partitions until it is told to.
    Paused {
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
    /// It reads these partitions again.
    Resumed {
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
    /// It reads a partition from another replica than the leader, or from the
    /// leader again (KIP-392).
    ReadReplicaChanged {
        /// The partition.
        topic_partition: TopicPartition,
        /// The broker; `None` is the leader.
        replica: Option<i32>,
    },
    /// What it has read is not in the log any more: another leader does not
    /// have it (KIP-320).
    TruncationDetected {
        /// The partition.
        topic_partition: TopicPartition,
        /// The position it had.
        position: i64,
        /// Where its history and the leader's part.
        diverging_offset: Option<i64>,
    },
    /// Its application is done with records.
    RecordsProcessed {
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset.
        from: i64,
        /// The offset after the last one.
        to: i64,
        /// How many records that were.
        records: u64,
    },
    /// Its application was told that offsets are not committed.
    CommitFailed {
        /// The exception, without its package.
        exception: String,
        /// Its message.
        message: String,
    },
    /// The answer to `offsetsForTimes()`.
    OffsetsForTimes {
        /// For each partition the offset and the timestamp found, if any.
        found: Vec<(TopicPartition, Option<(i64, i64)>)>,
    },
}

impl ConsumerEvent {
    /// Whether an onlooker should be told.
    pub(crate) fn is_news(&self) -> bool {
        !matches!(self, ConsumerEvent::RecordsProcessed { .. })
    }

    /// What happened, in one plain sentence about the consumer of this name.
    pub(crate) fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConsumerEvent::Subscribed { subscription } => {
                write!(f, "{name} reads {subscription} from now on.")
            }
            ConsumerEvent::PartitionsLost { partitions } => write!(
                f,
                "{name} has lost {}: others may read them already.",
                listed(partitions)
            ),
            ConsumerEvent::LeavesGroup { reason } => {
                write!(
                    f,
                    "{name} leaves its group: {}.",
                    reason.trim_end_matches('.')
                )
            }
            ConsumerEvent::PositionSought {
                topic_partition,
                offset,
            } => write!(
                f,
                "{name} goes on in {topic_partition} at offset {offset}, as it was told to."
            ),
            ConsumerEvent::Paused { partitions } => {
                write!(f, "{name} pauses {}.", listed(partitions))
            }
            ConsumerEvent::Resumed { partitions } => {
                write!(f, "{name} goes on with {}.", listed(partitions))
            }
            ConsumerEvent::ReadReplicaChanged {
                topic_partition,
                replica,
            } => match replica {
                Some(broker) => write!(
                    f,
                    "{name} reads {topic_partition} from broker {broker}, which is in its rack."
                ),
                None => write!(f, "{name} reads {topic_partition} from the leader again."),
            },
            ConsumerEvent::TruncationDetected {
                topic_partition,
                position,
                ..
            } => write!(
                f,
                "{name} has read {topic_partition} up to offset {position}, but not all of that is in the log any more."
            ),
            ConsumerEvent::RecordsProcessed {
                topic_partition,
                records,
                to,
                ..
            } => write!(
                f,
                "{name} is done with {} of {topic_partition}, up to offset {}.",
                counted(i64::try_from(*records).unwrap_or(i64::MAX), "record"),
                to - 1
            ),
            ConsumerEvent::CommitFailed { exception, message } => {
                write!(f, "{name} cannot commit: {exception}: {message}")
            }
            ConsumerEvent::OffsetsForTimes { found } => {
                let texts = found.iter().map(|(partition, found)| match found {
                    Some((offset, _)) => format!("{partition} at offset {offset}"),
                    None => format!("{partition} has none"),
                });
                let texts: Vec<String> = texts.collect();
                write!(f, "{name} finds by time: {}.", texts.join(", "))
            }
        }
    }
}

fn listed(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    names.join(", ")
}
