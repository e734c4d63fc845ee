//! One batch of the accumulator, from its first record to its end.

use std::collections::VecDeque;

use crate::log::record_batch::{BatchOptions, CompressionType, Record};
use crate::log::record_batch::{NO_SEQUENCE, RecordBatch, RecordBatchBuilder, increment_sequence};
use crate::protocol::TopicPartition;
use crate::sim::Time;

/// Whose batch it is, and which of its records: what an idempotent producer
/// writes into a batch when it drains it (KIP-98).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchSequence {
    /// The producer's id and epoch.
    pub producer: ProducerIdAndEpoch,
    /// The sequence number of the first record.
    pub base_sequence: i32,
    /// Whether the batch belongs to a transaction.
    pub is_transactional: bool,
}

/// A producer's id and epoch (`org.apache.kafka.common.utils.ProducerIdAndEpoch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerIdAndEpoch {
    /// The id, which no other producer has.
    pub producer_id: i64,
    /// The epoch, which grows when sequences begin anew.
    pub epoch: i16,
}

/// The records of a batch.
#[derive(Clone, Debug, Hash)]
enum Contents {
    /// They still come.
    Open(RecordBatchBuilder),
    /// They were put together to be sent.
    Closed(RecordBatch),
}

/// What a new batch is made with.
#[derive(Clone, Debug)]
pub(super) struct NewBatch {
    pub id: u64,
    pub origin: u64,
    pub topic_partition: TopicPartition,
    pub created: Time,
    pub write_limit: usize,
    pub memory: usize,
    pub compression_type: CompressionType,
    /// What compression is thought to leave, in parts per thousand.
    pub estimated_ratio: u32,
}

/// A batch that is being filled, waits to be sent, or is under way
/// (`org.apache.kafka.clients.producer.internals.ProducerBatch`).
#[derive(Clone, Debug, Hash)]
pub struct ProducerBatch {
    /// Tells it from all other batches of its producer.
    pub id: u64,
    /// The number of the batch that it was split off; its own when it was not.
    pub(in crate::client::producer) origin: u64,
    /// Where it goes.
    pub topic_partition: TopicPartition,
    contents: Contents,
    /// When its first record came: `delivery.timeout.ms` counts from here.
    pub created: Time,
    /// When it was made or sent in vain last: `linger.ms` counts from here.
    last_attempt: Time,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// Until when it is not sent again (`retry.backoff.ms`).
    backoff_until: Time,
    is_retry: bool,
    /// The size it may grow to, in bytes.
    write_limit: usize,
    /// What it takes of `buffer.memory`, in bytes.
    pub(super) memory: usize,
    /// A record did not fit any more.
    is_closed_for_appends: bool,
    sequence: Option<BatchSequence>,
    sequence_has_been_reset: bool,
    leader_epoch: i32,
    attempts_when_leader_changed: u32,
}

/// Asking.
impl ProducerBatch {
    /// How many records it holds.
    pub fn record_count(&self) -> i32 {
        match &self.contents {
            Contents::Open(builder) => builder.record_count(),
            Contents::Closed(batch) => batch.record_count(),
        }
    }

    /// Its size, in bytes; an estimate while a producer that compresses fills
    /// it.
    pub fn size_in_bytes(&self) -> usize {
        match &self.contents {
            Contents::Open(builder) => builder.size_in_bytes(),
            Contents::Closed(batch) => batch.size_in_bytes(),
        }
    }

    /// The size it may grow to, in bytes: `batch.size`, or what its first
    /// record needs.
    pub fn write_limit(&self) -> usize {
        self.write_limit
    }

    /// Whether nothing can be added to it any more.
    pub fn is_full(&self) -> bool {
        self.is_closed_for_appends
            || match &self.contents {
                Contents::Open(builder) => builder.is_full(self.write_limit),
                Contents::Closed(_) => true,
            }
    }

    /// Whether it was sent before, in vain.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// The producer and the sequence it was drained with; `None` before, and
    /// of a producer that is not idempotent.
    pub fn sequence(&self) -> Option<BatchSequence> {
        self.sequence
    }

    /// The sequence number of its first record, -1 when it has none.
    pub fn base_sequence(&self) -> i32 {
        self.sequence.map_or(NO_SEQUENCE, |of| of.base_sequence)
    }

    /// The sequence number of its last record, -1 when it has none.
    pub fn last_sequence(&self) -> i32 {
        match self.base_sequence() {
            NO_SEQUENCE => NO_SEQUENCE,
            base => increment_sequence(base, self.record_count() - 1),
        }
    }

    /// Whether it was given another sequence after it had been sent.
    pub(in crate::client::producer) fn sequence_has_been_reset(&self) -> bool {
        self.sequence_has_been_reset
    }

    /// Until when it waits for more records (`linger.ms`).
    pub fn lingers_until(&self, linger_ms: i64) -> Time {
        self.last_attempt.plus_ms(linger_ms)
    }

    /// When it may be sent again; `None` when it need not wait: it was not
    /// tried yet, has waited long enough, or another broker leads since
    /// (`RecordAccumulator.shouldBackoff`).
    pub(super) fn backs_off_until(&self, now: Time) -> Option<Time> {
        let has_new_leader =
            self.attempts > 0 && self.attempts_when_leader_changed == self.attempts;
        let waits = self.attempts > 0 && now < self.backoff_until && !has_new_leader;
        waits.then_some(self.backoff_until)
    }

    /// When it must have been delivered.
    pub fn expires_at(&self, delivery_timeout_ms: i64) -> Time {
        self.created.plus_ms(delivery_timeout_ms)
    }

    /// What compression left of its records, in parts per thousand; of those
    /// of an open batch nothing is known.
    pub(super) fn compression_ratio(&self) -> Option<u32> {
        match &self.contents {
            Contents::Open(_) => None,
            Contents::Closed(batch) => Some(batch.compression_ratio()),
        }
    }
}

/// Filling.
impl ProducerBatch {
    pub(super) fn new(new: NewBatch) -> ProducerBatch {
        let mut builder = RecordBatchBuilder::new(BatchOptions {
            compression_type: new.compression_type,
            ..BatchOptions::default()
        });
        builder.set_estimated_compression_ratio(new.estimated_ratio);
        ProducerBatch {
            id: new.id,
            origin: new.origin,
            topic_partition: new.topic_partition,
            contents: Contents::Open(builder),
            created: new.created,
            last_attempt: new.created,
            attempts: 0,
            backoff_until: Time::ZERO,
            is_retry: false,
            write_limit: new.write_limit,
            memory: new.memory,
            is_closed_for_appends: false,
            sequence: None,
            sequence_has_been_reset: false,
            leader_epoch: -1,
            attempts_when_leader_changed: 0,
        }
    }

    /// Adds a record when there is room for it; returns by how many bytes the
    /// batch has grown.
    pub(super) fn try_append(&mut self, record: &Record) -> Option<usize> {
        let Contents::Open(builder) = &mut self.contents else {
            return None;
        };
        if self.is_closed_for_appends || !builder.has_room_for(record, self.write_limit) {
            return None;
        }
        let before = builder.size_in_bytes();
        let appended = builder.append(record);
        appended.expect("send() admits only records that a batch can hold");
        Some(builder.size_in_bytes() - before)
    }

    pub(super) fn close_for_appends(&mut self) {
        self.is_closed_for_appends = true;
    }
}

/// Sending.
impl ProducerBatch {
    /// Another broker may lead its partition by now.
    pub(super) fn note_leader_epoch(&mut self, leader_epoch: i32) {
        if leader_epoch > self.leader_epoch {
            self.attempts_when_leader_changed = self.attempts;
            self.leader_epoch = leader_epoch;
        }
    }

    /// Gives it its place among the records of its producer.
    pub(super) fn set_sequence(&mut self, sequence: BatchSequence) {
        self.sequence = Some(sequence);
    }

    /// Gives it another place after it had one.
    pub(in crate::client::producer) fn reset_sequence(&mut self, sequence: BatchSequence) {
        self.sequence = Some(sequence);
        self.sequence_has_been_reset = true;
    }

    /// The batch as it is sent.
    ///
    /// # Panics
    ///
    /// When it holds no record: the accumulator has no such batch.
    pub fn records(&mut self) -> RecordBatch {
        let sequence = self.sequence;
        if let Contents::Open(builder) = &mut self.contents {
            let mut builder = std::mem::take(builder);
            if let Some(of) = sequence {
                builder.set_producer_state(
                    of.producer.producer_id,
                    of.producer.epoch,
                    of.base_sequence,
                    of.is_transactional,
                );
            }
            let built = builder.build();
            let built = built.expect("a batch in the accumulator holds a record");
            self.contents = Contents::Closed(built);
        }
        let Contents::Closed(batch) = &mut self.contents else {
            unreachable!("it was closed a moment ago");
        };
        if let Some(of) = sequence {
            let written = (
                batch.producer_id(),
                batch.producer_epoch(),
                batch.base_sequence(),
            );
            let ProducerIdAndEpoch { producer_id, epoch } = of.producer;
            if written != (producer_id, epoch, of.base_sequence) {
                let transactional = of.is_transactional;
                *batch =
                    batch.with_producer_state(producer_id, epoch, of.base_sequence, transactional);
            }
        }
        batch.clone()
    }

    /// It was sent in vain, and is to be sent again.
    pub(super) fn reenqueued(&mut self, now: Time, backoff_until: Time) {
        self.attempts += 1;
        self.last_attempt = self.last_attempt.max(now);
        self.backoff_until = backoff_until;
        self.is_retry = true;
    }

    /// Its records in batches of at most `target_bytes`, or of one record that
    /// is larger; they go on with the sequence it had. They count as not tried
    /// yet (`ProducerBatch.split`).
    pub(super) fn split(
        &mut self,
        target_bytes: usize,
        compression_type: CompressionType,
        estimated_ratio: u32,
        next_id: &mut u64,
    ) -> VecDeque<ProducerBatch> {
        let records = self.records();
        let mut parts: VecDeque<ProducerBatch> = VecDeque::new();
        for view in records.records().flatten() {
            let record = view.to_record();
            if let Some(last) = parts.back_mut()
                && last.try_append(&record).is_some()
            {
                continue;
            }
            let needed = record.estimate_size_in_bytes_upper_bound();
            let mut part = ProducerBatch::new(NewBatch {
                id: *next_id,
                origin: self.origin,
                topic_partition: self.topic_partition.clone(),
                created: self.created,
                write_limit: target_bytes.max(needed),
                memory: 0,
                compression_type,
                estimated_ratio,
            });
            *next_id += 1;
            part.try_append(&record);
            parts.push_back(part);
        }
        let mut next = self.sequence;
        for part in &mut parts {
            part.close_for_appends();
            if let Some(sequence) = &mut next {
                part.set_sequence(*sequence);
                let count = part.record_count();
                sequence.base_sequence = increment_sequence(sequence.base_sequence, count);
            }
        }
        parts
    }
}
