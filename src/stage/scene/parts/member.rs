//! The members of groups.

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::protocol::TopicName;

use super::Transaction;
use crate::stage::geometry::Rect;

/// How a consumer stands to its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is no member and has not asked to be one.
    NotYet,
    /// It asked to be one, and waits for the others.
    Joining,
    /// It sent SyncGroup and waits for its part of the assignment.
    Syncing,
    /// It was told to rejoin and commits first.
    ToldToRejoin,
    /// With KIP-848: it is on its way to its part.
    Reconciling,
    /// With KIP-848: it has its part and is about to say so.
    Acknowledging,
    /// It has its part.
    Stable,
    /// It leaves.
    Leaving,
    /// Its process stands still (SIGSTOP).
    Frozen,
    /// Its client is gone and its coordinator does not know it yet.
    Crashed {
        /// Whole seconds until its session times out, rounded up.
        seconds_left: Option<u64>,
    },
}

/// A consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberBox {
    /// Its number; `None` when its client is gone.
    pub client: Option<ClientNumber>,
    /// Tells it from all others for as long as it stands there.
    pub key: String,
    /// Its `client.id`, with its number when another has the same.
    pub name: String,
    /// What it goes by at the lanes that it reads: the group's letter and its
    /// number among all who ever were of the group, such as `A2`.
    pub badge: String,
    /// The id its coordinator gave it; empty before.
    pub member_id: String,
    /// Whether it computes the group's assignment.
    pub is_leader: bool,
    /// How it stands to its group.
    pub phase: Phase,
    /// What it is besides a consumer.
    pub role: Role,
    /// Its epoch; `None` in a classic group, and while it is no member.
    pub epoch: Option<i32>,
    /// How far it has come in the rebalance that is under way.
    pub step: Option<Step>,
    /// What the last rebalance has made of it, for a moment, such as `1 kept, 1
    /// moved here`.
    pub change: Option<String>,
    /// What is told in a line of its own; empty for a consumer.
    pub extra: String,
    /// The partitions it owns, with the offset of the record it reads next in
    /// each where that is known.
    pub partitions: Vec<(TopicPartition, Option<i64>)>,
    /// The partitions it owns, by topic, as far as there is room.
    pub chips: Vec<Chip>,
    /// Partitions of topics for which there is no room.
    pub more_chips: usize,
    /// The lag of its partitions, as far as offsets are committed.
    pub lag: Option<i64>,
    /// Whether records wait that it has not read yet. It may have a lag without:
    /// what it has read and not committed.
    pub is_behind: bool,
    /// Where.
    pub rect: Rect,
    /// Where `extra` is; of no height when it is empty.
    pub extra_rect: Rect,
    /// Where its buttons are.
    pub controls: Rect,
}

impl MemberBox {
    /// Whether it takes part and has nothing to do.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Stable && self.partitions.is_empty()
    }
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

/// The partitions of one topic on a member.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// The topic.
    pub topic: TopicName,
    /// The topic and the numbers, such as `orders-0, 1`, cut when it is long.
    pub text: String,
    /// All of them by their full names.
    pub title: String,
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
