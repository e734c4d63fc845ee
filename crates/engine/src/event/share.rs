use std::fmt;

use super::ClientNames;
use super::describe::counted;
use crate::log::record_batch::RecordBatch;
use crate::protocol::{AcquiredRecords, TopicPartition};
use crate::sim::{ClientNumber, NodeId};

/// Records in a row that a member of a share group has or had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareRecords {
    /// The broker that hands them out.
    pub broker: i32,
    /// The group.
    pub group: String,
    /// The member.
    pub member_id: String,
    /// Who that is, as far as the broker knows.
    pub client: Option<NodeId>,
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The first offset.
    pub first_offset: i64,
    /// The last offset.
    pub last_offset: i64,
    /// How often they were delivered, this time included.
    pub delivery_count: i16,
}

/// What happened in a share group (KIP-932).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShareEvent {
    /// A broker begins to hand out the records of a partition to a group.
    SharePartitionStarted {
        /// The broker.
        broker: i32,
        /// The group.
        group: String,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset that the group is not done with.
        start_offset: i64,
    },
    /// A member was given records, for as long as its lock holds.
    RecordsAcquired(ShareRecords),
    /// A member is done with records.
    RecordsAcknowledged(ShareRecords),
    /// A member has given records back: they will be delivered again.
    RecordsReleased(ShareRecords),
    /// A member says of records that nobody can process them: they will not be
    /// delivered again.
    RecordsRejected(ShareRecords),
    /// Records were given back, but were delivered as often as they may be
    /// (`group.share.delivery.count.limit`): they will not be again.
    RecordsArchived(ShareRecords),
    /// A member has had records for longer than
    /// `group.share.record.lock.duration.ms`.
    AcquisitionLockExpired(ShareRecords),
    /// A share consumer's `poll()` handed its application records.
    RecordsDelivered {
        /// The consumer.
        consumer: ClientNumber,
        /// The partition.
        topic_partition: TopicPartition,
        /// Which, and how often each was delivered.
        acquired: Vec<AcquiredRecords>,
        /// The batches that hold them, and perhaps others.
        batches: Vec<RecordBatch>,
    },
    /// A share consumer was told that what it said of records does not count.
    AcknowledgementFailed {
        /// The consumer.
        consumer: ClientNumber,
        /// The partition.
        topic_partition: TopicPartition,
        /// Kafka's name of the error, such as `INVALID_RECORD_STATE`.
        error: &'static str,
    },
}

impl ShareEvent {
    /// Whether an onlooker should be told.
    pub(super) fn is_news(&self) -> bool {
        !matches!(self, ShareEvent::RecordsDelivered { .. })
    }

    /// What happened, in one plain sentence.
    pub(super) fn describe(
        &self,
        names: &dyn ClientNames,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let words = |records: &ShareRecords| Words::of(records, names);
        match self {
            ShareEvent::SharePartitionStarted {
                broker,
                group,
                topic_partition,
                start_offset,
            } => write!(
                f,
                "Broker {broker} shares out {topic_partition} in group {group} from offset \
                 {start_offset} on."
            ),
            ShareEvent::RecordsAcquired(records) => {
                let Words { who, what, count } = words(records);
                write!(f, "{who} acquires {what}, delivered {count}.")
            }
            ShareEvent::RecordsAcknowledged(records) => {
                let Words { who, what, .. } = words(records);
                write!(f, "{who} accepts {what}: done.")
            }
            ShareEvent::RecordsReleased(records) => {
                let Words { who, what, .. } = words(records);
                write!(f, "{who} releases {what}: available again.")
            }
            ShareEvent::RecordsRejected(records) => {
                let Words { who, what, .. } = words(records);
                write!(f, "{who} rejects {what}: never delivered again.")
            }
            ShareEvent::RecordsArchived(records) => {
                let Words { what, count, .. } = words(records);
                write!(
                    f,
                    "Group {}: {what}, delivered {count}, archived.",
                    records.group
                )
            }
            ShareEvent::AcquisitionLockExpired(records) => {
                let Words { who, what, .. } = words(records);
                write!(f, "The lock of {who} on {what} ends.")
            }
            ShareEvent::RecordsDelivered {
                consumer,
                topic_partition,
                acquired,
                ..
            } => {
                let counts = acquired
                    .iter()
                    .map(|it| it.last_offset - it.first_offset + 1);
                let count = counted(counts.sum(), "record");
                write!(
                    f,
                    "{} is handed {count} of {topic_partition}.",
                    names.name(*consumer)
                )
            }
            ShareEvent::AcknowledgementFailed {
                consumer,
                topic_partition,
                error,
            } => write!(
                f,
                "What {} says of records of {topic_partition} does not count ({error}).",
                names.name(*consumer)
            ),
        }
    }
}

struct Words {
    who: String,
    what: String,
    count: String,
}

impl Words {
    fn of(records: &ShareRecords, names: &dyn ClientNames) -> Words {
        let (first, last) = (records.first_offset, records.last_offset);
        let of = &records.topic_partition;
        Words {
            who: match records.client {
                Some(NodeId::Client(client)) => names.name(client),
                _ => format!("member {}", records.member_id),
            },
            what: match first == last {
                true => format!("{of} at offset {first}"),
                false => format!("{of} from offset {first} to {last}"),
            },
            count: match records.delivery_count {
                1 => "for the first time".to_owned(),
                count => format!("{count} times"),
            },
        }
    }
}
