//! The batches of a producer that are not under way, by partition
//! (`org.apache.kafka.clients.producer.internals.RecordAccumulator`).
//!
//! It knows no network: it is told what the cluster looks like, what time it
//! is, and whose random numbers to draw.

mod batch;
mod drain;
mod queue;
mod ready;

pub use batch::{BatchSequence, ProducerBatch, ProducerIdAndEpoch};
pub use ready::ReadyCheck;

use crate::collections::{BTreeMap, BTreeSet};
use std::collections::VecDeque;

use self::batch::NewBatch;
use super::compression_ratio::CompressionRatioEstimator;
use super::partitioner::BuiltInPartitioner;
use crate::log::record_batch::{CompressionType, Record};
use crate::protocol::{TopicName, TopicPartition};
use crate::sim::Time;
use crate::sorting::sort_by_key;

/// What an accumulator must know of the cluster
/// (`org.apache.kafka.common.Cluster`).
pub trait ClusterView {
    /// How many partitions the topic has; 0 when it is not known.
    fn partition_count(&self, topic: &str) -> usize;
    /// The broker that leads a partition, and its leader epoch.
    fn leader(&self, of: &TopicPartition) -> Option<(i32, i32)>;
    /// The topic's partitions that have a leader, in the order in which random
    /// numbers point to them.
    fn available(&self, topic: &str) -> Vec<i32>;
    /// The partitions that a broker leads, in the order in which they take
    /// turns.
    fn led_by(&self, broker: i32) -> Vec<TopicPartition>;
}

/// The settings of an accumulator, by Kafka's names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccumulatorConfig {
    /// `batch.size`, in bytes; 0 counts as 1.
    pub batch_size: usize,
    /// `linger.ms`.
    pub linger_ms: i64,
    /// `compression.type`.
    pub compression_type: CompressionType,
    /// `buffer.memory`, in bytes.
    pub buffer_memory: u64,
    /// `delivery.timeout.ms`.
    pub delivery_timeout_ms: i64,
    /// `partitioner.adaptive.partitioning.enable`, and no other partitioner.
    pub adaptive_partitioning: bool,
    /// `partitioner.availability.timeout.ms`; 0 for never.
    pub availability_timeout_ms: i64,
}

/// What has become of a record (`RecordAppendResult`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Appended {
    /// The partition it goes to.
    pub partition: i32,
    /// Whether the partition has a batch that can be sent at once.
    pub batch_is_full: bool,
    /// Whether it is the first of its batch.
    pub new_batch_created: bool,
}

/// There is no room in `buffer.memory` for another batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BufferExhausted {
    /// What the batch needs, in bytes.
    pub size: usize,
}

/// A topic's queues, and where its keyless records go.
#[derive(Clone, Debug, Hash)]
struct TopicInfo {
    /// Once a partition had a batch it stays, and counts for the partitioner.
    queues: BTreeMap<i32, VecDeque<ProducerBatch>>,
    /// The partitions that have a queue, in the order in which Kafka looks at
    /// them: that of its hash table.
    order: Vec<i32>,
    partitioner: BuiltInPartitioner,
}

impl TopicInfo {
    fn new(batch_size: usize) -> TopicInfo {
        TopicInfo {
            queues: BTreeMap::new(),
            order: Vec::new(),
            partitioner: BuiltInPartitioner::new(batch_size),
        }
    }

    fn queue(&mut self, partition: i32) -> &mut VecDeque<ProducerBatch> {
        let TopicInfo { queues, order, .. } = self;
        queues.entry(partition).or_insert_with(|| {
            order.push(partition);
            let buckets = buckets(order.len());
            sort_by_key(order, |of| of.cast_unsigned() as usize % buckets);
            VecDeque::new()
        })
    }
}

/// How many buckets Java's hash table has when one entry was added to a copy of
/// the others, `entries` with it (`CopyOnWriteMap`, `java.util.HashMap`): it
/// is at most three quarters full.
fn buckets(entries: usize) -> usize {
    let others = entries - 1;
    let buckets = match others {
        0 => 16,
        _ => (others * 4 / 3 + 1).next_power_of_two(),
    };
    match entries > buckets * 3 / 4 {
        true => buckets * 2,
        false => buckets,
    }
}

/// How long batches have waited for a broker (`NodeLatencyStats`).
#[derive(Clone, Copy, Debug, Hash)]
struct NodeLatency {
    ready_at: Time,
    drained_at: Time,
}

/// The batches of each partition, oldest first.
#[derive(Clone, Debug, Hash)]
pub struct RecordAccumulator {
    config: AccumulatorConfig,
    topics: BTreeMap<TopicName, TopicInfo>,
    ratios: CompressionRatioEstimator,
    /// The partition of each broker that was looked at last.
    drain_index: BTreeMap<i32, usize>,
    latencies: BTreeMap<i32, NodeLatency>,
    muted: BTreeSet<TopicPartition>,
    used_memory: u64,
    /// A record waits for memory.
    is_exhausted: bool,
    is_flushing: bool,
    is_closed: bool,
    next_batch_id: u64,
}

impl RecordAccumulator {
    /// An accumulator that holds nothing.
    pub fn new(config: AccumulatorConfig) -> RecordAccumulator {
        let batch_size = config.batch_size.max(1);
        RecordAccumulator {
            config: AccumulatorConfig {
                batch_size,
                ..config
            },
            topics: BTreeMap::new(),
            ratios: CompressionRatioEstimator::default(),
            drain_index: BTreeMap::new(),
            latencies: BTreeMap::new(),
            muted: BTreeSet::new(),
            used_memory: 0,
            is_exhausted: false,
            is_flushing: false,
            is_closed: false,
            next_batch_id: 0,
        }
    }

    /// The batches it holds, by partition, oldest first.
    pub fn batches(&self) -> impl Iterator<Item = &ProducerBatch> {
        let queues = self.topics.values().flat_map(|topic| topic.queues.values());
        queues.flatten()
    }

    /// Whether it holds no batch.
    pub fn is_empty(&self) -> bool {
        self.batches().next().is_none()
    }

    /// How much of `buffer.memory` is taken by batches that are held or under
    /// way, in bytes.
    pub fn used_memory(&self) -> u64 {
        self.used_memory
    }

    /// The number that the next batch will have.
    pub fn next_batch_id(&self) -> u64 {
        self.next_batch_id
    }

    /// The partition that keyless records of this topic stick to at present.
    pub fn sticky_partition(&self, topic: &str) -> Option<i32> {
        self.topics.get(topic)?.partitioner.current()
    }

    /// Says whether a record waits for memory: then all that is held is sent.
    pub fn set_exhausted(&mut self, is_exhausted: bool) {
        self.is_exhausted = is_exhausted;
    }

    /// Says whether somebody waits in `flush()`: then all that is held is sent.
    pub fn set_flushing(&mut self, is_flushing: bool) {
        self.is_flushing = is_flushing;
    }

    /// From now on all that is held is sent.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Sends nothing more of a partition until it is unmuted
    /// (`max.in.flight.requests.per.connection=1`).
    pub fn mute(&mut self, of: &TopicPartition) {
        self.muted.insert(of.clone());
    }

    /// Lets a partition's next batch go.
    pub fn unmute(&mut self, of: &TopicPartition) {
        self.muted.remove(of);
    }

    /// Adds a record to the last batch of a partition, or to a new one; with
    /// no partition the built-in partitioner chooses, drawing from `random`
    /// (31 bits).
    ///
    /// # Errors
    ///
    /// [`BufferExhausted`] when there is no room for a new batch; nothing is
    /// added then.
    pub fn append(
        &mut self,
        now: Time,
        cluster: &impl ClusterView,
        random: &mut impl FnMut() -> u32,
        (topic, partition): (&TopicName, Option<i32>),
        record: &Record,
    ) -> Result<Appended, BufferExhausted> {
        let batch_size = self.config.batch_size;
        // Every record asks; few are of a new topic.
        let info = match self.topics.get_mut(topic) {
            Some(info) => info,
            None => {
                let new = TopicInfo::new(batch_size);
                self.topics.entry(topic.clone()).or_insert(new)
            }
        };
        let mut draw = |partitioner: &BuiltInPartitioner| {
            let available = || cluster.available(topic);
            let count = cluster.partition_count(topic);
            partitioner.next_partition(random(), available, count)
        };
        let (chosen, queue, added) = loop {
            let chosen = match partition {
                Some(partition) => partition,
                None => choose(info, &mut draw),
            };
            let queue = info.queue(chosen);
            let Some(last) = queue.back_mut() else {
                break (chosen, queue, None);
            };
            let added = last.try_append(record);
            if added.is_some() {
                break (chosen, queue, added);
            }
            last.close_for_appends();
            // With that it may have had its share.
            if partition.is_some() || choose(info, &mut draw) == chosen {
                break (chosen, info.queue(chosen), None);
            }
        };
        let new_batch_created = added.is_none();
        let added = match added {
            Some(added) => added,
            None => {
                let size = batch_size.max(record.estimate_size_in_bytes_upper_bound());
                if self.used_memory + size as u64 > self.config.buffer_memory {
                    return Err(BufferExhausted { size });
                }
                self.used_memory += size as u64;
                let mut batch = ProducerBatch::new(NewBatch {
                    id: self.next_batch_id,
                    origin: self.next_batch_id,
                    topic_partition: TopicPartition::new(topic.clone(), chosen),
                    created: now,
                    write_limit: size,
                    memory: size,
                    compression_type: self.config.compression_type,
                    estimated_ratio: self.ratios.estimation(topic),
                });
                self.next_batch_id += 1;
                batch.try_append(record);
                let added = batch.size_in_bytes();
                queue.push_back(batch);
                added
            }
        };
        let all_full = queue.back().is_none_or(ProducerBatch::is_full);
        let batch_is_full = queue.len() > 1 || all_full;
        if partition.is_none() {
            info.partitioner.appended(added, all_full, &mut draw);
        }
        Ok(Appended {
            partition: chosen,
            batch_is_full,
            new_batch_created,
        })
    }
}

/// The partition that keyless records stick to; another one when this has had
/// its share and holds full batches only (`RecordAccumulator.partitionChanged`).
fn choose(info: &mut TopicInfo, draw: &mut impl FnMut(&BuiltInPartitioner) -> i32) -> i32 {
    loop {
        let partition = info.partitioner.peek(draw);
        let queue = info.queues.get(&partition);
        let last = queue.and_then(VecDeque::back);
        if !last.is_none_or(ProducerBatch::is_full) {
            return partition;
        }
        if !info.partitioner.appended(0, true, draw) {
            return partition;
        }
    }
}
