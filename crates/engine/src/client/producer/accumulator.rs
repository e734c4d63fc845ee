use std::collections::{BTreeMap, VecDeque};

use super::compression_ratio::CompressionRatioEstimator;
use crate::client::ProducerConfig;
use crate::log::record_batch::{BatchOptions, Record, RecordBatch, RecordBatchBuilder};
use crate::protocol::TopicPartition;
use crate::sim::Time;

/// A batch that is being filled or waits to be sent
/// (`org.apache.kafka.clients.producer.internals.ProducerBatch`).
#[derive(Clone, Debug, Hash)]
pub struct ProducerBatch {
    /// The records.
    pub(super) builder: RecordBatchBuilder,
    /// When its first record came: `linger.ms` and `delivery.timeout.ms` count
    /// from here.
    pub created: Time,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// Until when it must not be sent again (`retry.backoff.ms`).
    pub(super) not_before: Time,
    /// The size it may grow to, in bytes.
    write_limit: usize,
    /// A record did not fit any more.
    closed: bool,
}

impl ProducerBatch {
    /// How many records it holds.
    pub fn record_count(&self) -> i32 {
        self.builder.record_count()
    }

    /// Its size, in bytes; an estimate when the producer compresses.
    pub fn size_in_bytes(&self) -> usize {
        self.builder.size_in_bytes()
    }

    /// The size it may grow to, in bytes: `batch.size`, or what its first
    /// record needs.
    pub fn write_limit(&self) -> usize {
        self.write_limit
    }

    /// Whether nothing can be added to it any more.
    pub fn is_full(&self) -> bool {
        self.closed || self.builder.is_full(self.write_limit)
    }

    /// A record that `send()` let through always fits: its timestamp is the
    /// present and its size is bounded by `max.request.size`.
    fn append(&mut self, record: &Record) -> Appended {
        let before = self.size_in_bytes();
        let appended = self.builder.append(record);
        appended.expect("send() admits only records that a batch can hold");
        Appended {
            bytes: self.size_in_bytes() - before,
            all_batches_full: self.is_full(),
        }
    }
}

/// What a record has added to its partition's queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Appended {
    /// By how many bytes the queue has grown.
    pub bytes: usize,
    /// Whether the queue ends with a full batch now.
    pub all_batches_full: bool,
}

/// The batches of each partition, oldest first
/// (`org.apache.kafka.clients.producer.internals.RecordAccumulator`).
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Accumulator {
    queues: BTreeMap<TopicPartition, VecDeque<ProducerBatch>>,
    ratios: CompressionRatioEstimator,
}

impl Accumulator {
    pub fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    pub fn batches(&self) -> impl Iterator<Item = (&TopicPartition, &ProducerBatch)> {
        self.queues
            .iter()
            .flat_map(|(partition, queue)| queue.iter().map(move |batch| (partition, batch)))
    }

    /// Whether the partition's queue is empty or ends with a full batch.
    pub fn all_batches_full(&self, partition: &TopicPartition) -> bool {
        self.queues
            .get(partition)
            .and_then(VecDeque::back)
            .is_none_or(ProducerBatch::is_full)
    }

    /// Adds a record to the last batch, or to a new one.
    pub fn append(
        &mut self,
        now: Time,
        partition: &TopicPartition,
        record: &Record,
        config: &ProducerConfig,
    ) -> Appended {
        if let Some(last) = self.queues.get_mut(partition).and_then(VecDeque::back_mut) {
            let room = !last.is_full() && last.builder.has_room_for(record, last.write_limit);
            if room && last.attempts == 0 {
                return last.append(record);
            }
            last.closed = true;
        }
        let mut batch = self.new_batch(now, partition, record, config);
        let first = batch.append(record);
        let bytes = batch.size_in_bytes();
        let queue = self.queues.entry(partition.clone()).or_default();
        queue.push_back(batch);
        Appended { bytes, ..first }
    }

    /// A batch for this partition that has room for this record at least.
    fn new_batch(
        &self,
        now: Time,
        partition: &TopicPartition,
        record: &Record,
        config: &ProducerConfig,
    ) -> ProducerBatch {
        let mut builder = RecordBatchBuilder::new(BatchOptions {
            compression_type: config.compression_type,
            ..BatchOptions::default()
        });
        builder.set_estimated_compression_ratio(self.ratios.estimation(&partition.topic));
        let needed = record.estimate_size_in_bytes_upper_bound();
        ProducerBatch {
            builder,
            created: now,
            attempts: 0,
            not_before: Time::ZERO,
            write_limit: config.batch_size.max(needed),
            closed: false,
        }
    }

    /// When the partition's first batch may be sent: at once when it is full,
    /// others wait behind it or all is being flushed, else when it has
    /// lingered; never before its retry is due.
    pub fn ready_at(
        queue: &VecDeque<ProducerBatch>,
        linger_ms: i64,
        flushing: bool,
    ) -> Option<Time> {
        let first = queue.front()?;
        if first.attempts > 0 {
            return Some(first.not_before);
        }
        if flushing || queue.len() > 1 || first.is_full() {
            return Some(Time::ZERO);
        }
        Some(first.created.plus_ms(linger_ms))
    }

    /// The partitions that hold batches.
    pub fn queues(&self) -> impl Iterator<Item = (&TopicPartition, &VecDeque<ProducerBatch>)> {
        self.queues.iter()
    }

    /// Takes the partition's first batch out.
    pub fn take_first(&mut self, partition: &TopicPartition) -> Option<ProducerBatch> {
        let queue = self.queues.get_mut(partition)?;
        let first = queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(partition);
        }
        first
    }

    /// The batch as it is sent. How well it was compressed is kept in mind for
    /// the topic's next batches (`ProducerBatch.close`).
    pub fn close(&mut self, partition: &TopicPartition, batch: &ProducerBatch) -> RecordBatch {
        let built = batch.builder.clone().build();
        let built = built.expect("a batch in the accumulator holds a record");
        self.ratios
            .update(&partition.topic, built.compression_ratio());
        built
    }

    /// Puts a batch back in front, to be sent again.
    pub fn put_back(&mut self, partition: TopicPartition, batch: ProducerBatch) {
        self.queues.entry(partition).or_default().push_front(batch);
    }

    /// Takes out every batch that has waited `delivery.timeout.ms`.
    pub fn take_expired(
        &mut self,
        now: Time,
        delivery_timeout_ms: i64,
    ) -> Vec<(TopicPartition, ProducerBatch)> {
        let is_expired = |batch: &ProducerBatch| batch.created.plus_ms(delivery_timeout_ms) <= now;
        let mut expired = Vec::new();
        for (partition, queue) in &mut self.queues {
            // A batch that was put back may stand behind a younger one.
            if queue.iter().any(is_expired) {
                let (late, kept): (VecDeque<_>, _) =
                    std::mem::take(queue).into_iter().partition(is_expired);
                *queue = kept;
                expired.extend(late.into_iter().map(|batch| (partition.clone(), batch)));
            }
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        expired
    }
}
