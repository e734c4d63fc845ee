//! Producers: their accumulators, their transactions, and what goes on beside.

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::protocol::TopicName;

use crate::stage::geometry::Rect;
use crate::stage::recent::Tally;

/// Whether a producer makes up records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It never did: it sends by hand.
    ByHand,
    /// It does.
    Running,
    /// It did, and can go on.
    Paused,
}

/// A producer.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerBox {
    /// Its number.
    pub client: ClientNumber,
    /// Its `client.id`, with its number when another has the same.
    pub name: String,
    /// Whether it makes up records.
    pub pace: Pace,
    /// The topic of its workload.
    pub topic: Option<TopicName>,
    /// Its workload in words: how fast and where to; or who has it send.
    pub target: String,
    /// Its workload in words: the keys.
    pub keys: String,
    /// The same, shorter where there is little room.
    pub keys_line: String,
    /// Records that wait in `send()` for metadata.
    pub waiting: usize,
    /// Records that were sent and that it has not been told are stored.
    pub in_flight: u32,
    /// Its accumulator, by partition.
    pub slots: Vec<BatchSlot>,
    /// Partitions with batches for which there is no room.
    pub more_slots: usize,
    /// Its transactions; `None` without `transactional.id`.
    pub transaction: Option<Transaction>,
    /// What is told under the accumulator.
    pub flow: Flow,
    /// Whether `close()` was called.
    pub is_closing: bool,
    /// Whether its process stands still (SIGSTOP).
    pub is_frozen: bool,
    /// Where.
    pub rect: Rect,
    /// Where its accumulator's heading is.
    pub accumulator: Rect,
    /// Where its buttons are.
    pub controls: Rect,
}

/// What a producer's accumulator holds for one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchSlot {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// How many batches, the one being filled included.
    pub batches: usize,
    /// How many records in all.
    pub records: i32,
    /// The size of the newest batch, in bytes.
    pub bytes: usize,
    /// The size it may grow to, in bytes (`batch.size`).
    pub limit: usize,
    /// Whether records without a key stick to this partition.
    pub is_sticky: bool,
    /// How long the oldest batch still lingers (`linger.ms`), in microseconds,
    /// and how much of the whole time that is; `None` when it does not.
    pub linger: Option<(u64, f32)>,
    /// How often the oldest batch was sent in vain.
    pub attempts: u32,
    /// Records that were sent there and that it has not been told are stored.
    pub in_flight: i32,
    /// Where.
    pub rect: Rect,
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
