//! What stands in the boxes of clients and groups.

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::protocol::TopicName;

use super::super::geometry::Rect;
use super::super::recent::Tally;

/// The protocol by which a group is formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// JoinGroup and SyncGroup: the members' leader computes the assignment.
    Classic,
    /// `group.protocol=consumer` (KIP-848): the coordinator does.
    Consumer,
    /// A share group (KIP-932).
    Share,
}

impl GroupKind {
    /// Kafka's name of the group's type.
    pub fn name(self) -> &'static str {
        match self {
            GroupKind::Classic => "classic",
            GroupKind::Consumer => "consumer",
            GroupKind::Share => "share",
        }
    }
}

/// The line in a group's box that tells of its rebalances.
#[derive(Clone, Debug, PartialEq)]
pub struct RebalanceBar {
    /// What it says.
    pub text: String,
    /// The same at length.
    pub sentence: String,
    /// How long it takes or took, in microseconds; 0 when there was none.
    pub duration_us: u64,
    /// How much of the bar is filled: 1 for ten seconds and more.
    pub share: f32,
    /// Whether it is under way.
    pub is_under_way: bool,
    /// How fresh it is, in hundredths: 0 when it was a while ago.
    pub fresh: u8,
    /// Where.
    pub rect: Rect,
}

/// How far a member has come in the rebalance that is under way, as its
/// coordinator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its JoinGroup has not come.
    NotJoined,
    /// Its JoinGroup has come.
    Joined,
    /// Its SyncGroup has not come.
    NotSynced,
    /// Its SyncGroup has come.
    Synced,
    /// With KIP-848: it has partitions that it is to give up
    /// (`UNREVOKED_PARTITIONS`).
    Unrevoked,
    /// With KIP-848: it waits for partitions that others have not given up
    /// (`UNRELEASED_PARTITIONS`).
    Unreleased,
}

impl Step {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Step::NotJoined => "not joined yet",
            Step::Joined => "joined",
            Step::NotSynced => "not synced yet",
            Step::Synced => "synced",
            Step::Unrevoked => "to give up",
            Step::Unreleased => "waits for others",
        }
    }
}

/// What a member is besides a consumer.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// Nothing.
    Consumer,
    /// A member of a share group, with the records that it has acquired.
    ShareConsumer(Vec<AcquiredRange>),
    /// It writes what it makes of the records to a topic, with transactions.
    Processor(Writer),
}

/// Records in a row that a member of a share group has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquiredRange {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The first offset.
    pub first: i64,
    /// The last offset.
    pub last: i64,
    /// How often they were delivered.
    pub delivery_count: i16,
}

impl AcquiredRange {
    /// How many records.
    pub fn records(&self) -> i64 {
        self.last - self.first + 1
    }
}

/// The half of a processor that writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Its producer.
    pub client: ClientNumber,
    /// The topic it writes to.
    pub output: TopicName,
    /// Its transactions.
    pub transaction: Transaction,
    /// Records in its accumulator.
    pub held: u32,
    /// Records that were sent and that it has not been told are stored.
    pub in_flight: u32,
}

/// A producer's transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// `transactional.id`.
    pub id: String,
    /// Where it stands, by Kafka's name, such as `IN_TRANSACTION`.
    pub state: &'static str,
    /// In plain words, such as `in a transaction`.
    pub words: &'static str,
    /// The exception that spoilt it, such as `ProducerFencedException`.
    pub error: Option<String>,
    /// The producer's id and epoch.
    pub producer: Option<(i64, i16)>,
    /// Whether records are part of a transaction that has not ended.
    pub is_open: bool,
}

/// What happens outside of a producer's accumulator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// What it was told in all.
    pub tally: Tally,
    /// How often batches that it still has were sent in vain.
    pub retries: u32,
    /// How much of `buffer.memory` is taken, and all of it, in bytes.
    pub memory: (u64, u64),
    /// How long `send()` has blocked, in microseconds, and whether it waits for
    /// memory; else for metadata.
    pub blocked: Option<(u64, bool)>,
    /// `max.block.ms`.
    pub max_block_ms: i64,
    /// Callbacks that wait for `poll()` or `flush()`; `None` where callbacks
    /// are run at once.
    pub callbacks: Option<usize>,
    /// Whether somebody waits in `flush()`.
    pub is_flushing: bool,
    /// Lines, each with whether it tells of trouble.
    pub lines: Vec<(String, bool)>,
    /// Where.
    pub rect: Rect,
}
