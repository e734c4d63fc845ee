//! `send()`: what it refuses, what it waits for, and where records go.

use std::collections::VecDeque;

use super::{OutgoingRecord, Producer};
use crate::client::ClientTimer;
use crate::command::Refusal;
use crate::event::{EventKind, RecordSizes};
use crate::log::record_batch::{Record, estimate_size_in_bytes_upper_bound};
use crate::protocol::{ErrorCode, TopicName, TopicPartition};
use crate::sim::{Fabric, Time};

/// How many records may wait in `send()` at a time. A Java `send()` blocks its
/// caller, so that a real application has one a thread.
const WAITING_MAX: usize = 1_000;

/// What a `send()` waits for that has chosen a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct WaitsForMemory {
    since: Time,
    size: usize,
}

/// A record whose `send()` has not returned.
#[derive(Clone, Debug, Hash)]
pub(super) struct WaitingRecord {
    since: Time,
    /// Counts the records of this producer.
    pub number: u64,
    pub topic: TopicName,
    /// As the application wants it; as the partitioner does once it was asked.
    pub partition: Option<i32>,
    timestamp_ms: Option<i64>,
    record: Record,
    /// The partitioner was asked, and there was no room.
    memory: Option<WaitsForMemory>,
    /// Whether a person sent it, who is told when `send()` returns.
    is_told: bool,
}

impl Producer {
    /// What `send()` refuses at once.
    pub(crate) fn check(&self, record: &OutgoingRecord) -> Result<(), Refusal> {
        if let Some(timestamp) = record.timestamp_ms.filter(|timestamp| *timestamp < 0) {
            return Err(Refusal::IllegalRecord(format!(
                "Invalid timestamp: {timestamp}. Timestamp should always be non-negative or null."
            )));
        }
        if let Some(partition) = record.partition.filter(|partition| *partition < 0) {
            return Err(Refusal::NoSuchPartition(format!(
                "Invalid partition: {partition}. Partition number should always be non-negative or null."
            )));
        }
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        let size = estimate_size_in_bytes_upper_bound(key, value, &record.headers);
        let max_request_size = self.config.max_request_size;
        if size > max_request_size {
            return Err(Refusal::RecordTooLarge {
                size,
                max_request_size,
            });
        }
        if size as u64 > self.config.buffer_memory {
            return Err(Refusal::RecordExceedsMemory { size });
        }
        if self.waiting.len() >= WAITING_MAX {
            return Err(Refusal::TooManyWaiting(self.waiting.len()));
        }
        Ok(())
    }

    pub(crate) fn send(&mut self, fabric: &mut Fabric, record: OutgoingRecord) {
        self.take(fabric, record, true);
        self.go_on(fabric);
    }

    /// What `send()` does before it returns, or blocks: the sender is another
    /// thread.
    pub(super) fn take(&mut self, fabric: &mut Fabric, record: OutgoingRecord, is_told: bool) {
        let waiting = WaitingRecord {
            since: fabric.now,
            number: self.records_sent,
            topic: record.topic,
            partition: record.partition,
            timestamp_ms: record.timestamp_ms,
            record: Record {
                timestamp_ms: 0,
                key: record.key,
                value: record.value,
                headers: record.headers,
            },
            memory: None,
            is_told,
        };
        self.records_sent += 1;
        let is_known = self.waiting.is_empty() && self.is_known(&waiting);
        let waiting = match is_known {
            true => self.accumulate(fabric, waiting),
            false => Some(waiting),
        };
        let Some(waiting) = waiting else {
            return;
        };
        // What is known was wanted before.
        let is_new = self.connection.metadata.want(&waiting.topic);
        self.waiting.push_back(waiting);
        if !is_known {
            self.admit_waiting(fabric);
        }
        if !self.waiting.is_empty() {
            let deadline = fabric.now.plus_ms(self.config.max_block_ms);
            fabric.client_timer(deadline, self.connection.number, ClientTimer::MaxBlock);
            match (is_known, is_new) {
                (true, _) => {}
                (false, true) => self.connection.metadata.request_update_now(),
                (false, false) => self.connection.metadata.request_update(),
            }
        }
    }

    /// Whether the metadata tells of the record's topic, and of its partition
    /// where it names one.
    fn is_known(&self, waiting: &WaitingRecord) -> bool {
        let partitions = self.connection.metadata.partitions(&waiting.topic);
        partitions.is_some_and(|partitions| {
            let exists = |partition| (partition as usize) < partitions.len();
            waiting.memory.is_some() || waiting.partition.is_none_or(exists)
        })
    }

    /// Moves the records whose topic is known, and for which there is room,
    /// from `send()` to the accumulator, in order; says whether it moved any.
    pub(super) fn admit_waiting(&mut self, fabric: &mut Fabric) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        let mut is_exhausted = false;
        let mut has_admitted = false;
        for waiting in std::mem::take(&mut self.waiting) {
            let left = match !is_exhausted && self.is_known(&waiting) {
                true => self.accumulate(fabric, waiting),
                false => Some(waiting),
            };
            match left {
                Some(left) => {
                    is_exhausted |= left.memory.is_some();
                    self.waiting.push_back(left);
                }
                None => has_admitted = true,
            }
        }
        self.accumulator.set_exhausted(is_exhausted);
        has_admitted
    }

    /// Puts a record into the accumulator; gives it back when there is no room.
    fn accumulate(
        &mut self,
        fabric: &mut Fabric,
        mut waiting: WaitingRecord,
    ) -> Option<WaitingRecord> {
        if waiting.memory.is_none() {
            waiting.record.timestamp_ms = waiting.timestamp_ms.unwrap_or(fabric.timestamp_ms());
            if waiting.partition.is_none() {
                let chosen = self.partitioner.partition(
                    &self.connection.metadata,
                    &waiting.topic,
                    waiting.record.key.as_deref(),
                    waiting.record.value.as_deref(),
                );
                match chosen {
                    Ok(partition) => waiting.partition = partition,
                    Err(error) => {
                        let (exception, message) = (error.exception(), error.to_string());
                        self.send_failed(fabric, waiting, exception, message);
                        return None;
                    }
                }
            }
        }
        // Kafka puts it into the accumulator first, and leaves it there.
        if let Err((exception, message)) =
            self.check_in_transaction(&waiting.topic, waiting.partition)
        {
            let of = (waiting.topic, waiting.partition);
            self.failed(fabric, of, 1, (exception, message));
            return None;
        }
        let random = &mut self.random;
        let appended = self.accumulator.append(
            fabric.now,
            &self.connection.metadata,
            &mut || random.next_u32() & 0x7fff_ffff,
            (&waiting.topic, waiting.partition),
            &waiting.record,
        );
        match appended {
            Ok(appended) => {
                let of = TopicPartition::new(waiting.topic, appended.partition);
                self.note_in_transaction(&of);
                let record = waiting.record;
                let sizes = RecordSizes::of(record.key.as_deref(), record.value.as_deref());
                self.tell_accumulated(fabric, of, sizes, waiting.is_told);
                None
            }
            Err(exhausted) => {
                let since = fabric.now;
                let size = exhausted.size;
                waiting.memory.get_or_insert(WaitsForMemory { since, size });
                self.accumulator.set_exhausted(true);
                Some(waiting)
            }
        }
    }

    /// Records that come at one instant, one after the other, are one event.
    fn tell_accumulated(
        &self,
        fabric: &mut Fabric,
        of: TopicPartition,
        record: RecordSizes,
        is_told: bool,
    ) {
        let cause = &fabric.cause;
        if let Some(last) = fabric.events.last_mut()
            && let EventKind::RecordsAccumulated {
                producer,
                topic_partition,
                records,
            } = &mut last.kind
            && (last.at, &last.cause) == (fabric.now, cause)
            && (*producer, &*topic_partition) == (self.connection.number, &of)
        {
            records.push(record);
        } else {
            fabric.emit(EventKind::RecordsAccumulated {
                producer: self.connection.number,
                topic_partition: of.clone(),
                records: vec![record],
            });
        }
        if is_told {
            fabric.emit(EventKind::SendReturned {
                producer: self.connection.number,
                topic_partition: of,
                undelivered: self.undelivered_records(),
            });
        }
    }

    /// Since when `send()` has blocked on the oldest record that it has not
    /// taken, and whether that waits for room in `buffer.memory` and no more for
    /// metadata; `None` while it does not block. After `max.block.ms` it gives
    /// up.
    pub fn blocked(&self) -> Option<(Time, bool)> {
        let first = self.waiting.front()?;
        Some((first.since, first.memory.is_some()))
    }

    /// What has waited `max.block.ms`.
    pub(super) fn expire_waiting(&mut self, fabric: &mut Fabric) {
        let max_block_ms = self.config.max_block_ms;
        while let Some(first) = self.waiting.front() {
            if first.since.plus_ms(max_block_ms) > fabric.now {
                break;
            }
            let Some(expired) = self.waiting.pop_front() else {
                break;
            };
            let (exception, message) = match expired.memory {
                Some(memory) => {
                    let waited_ms = memory.since.us_since(expired.since) / 1_000;
                    let left_ms = max_block_ms.saturating_sub_unsigned(waited_ms);
                    (
                        "BufferExhaustedException",
                        self.no_memory(memory.size, left_ms),
                    )
                }
                None => ("TimeoutException", self.no_metadata(&expired)),
            };
            self.send_failed(fabric, expired, exception, message);
        }
        if self.waiting.is_empty() {
            self.accumulator.set_exhausted(false);
        }
    }

    /// Source: `BufferPool.allocate`.
    fn no_memory(&self, size: usize, max_blocking_ms: i64) -> String {
        let total = self.config.buffer_memory;
        let available = total - self.accumulator.used_memory();
        let poolable = self.config.batch_size.max(1);
        format!(
            "Failed to allocate {size} bytes within the configured max blocking time \
             {max_blocking_ms} ms. Total memory: {total} bytes. Available memory: {available} \
             bytes. Poolable size: {poolable} bytes"
        )
    }

    /// Source: `KafkaProducer.waitOnMetadata`.
    fn no_metadata(&self, expired: &WaitingRecord) -> String {
        let (topic, max_block_ms) = (&expired.topic, self.config.max_block_ms);
        let known = self.connection.metadata.partitions(topic).map(<[_]>::len);
        match (known, expired.partition) {
            (Some(count), Some(partition)) => format!(
                "Partition {partition} of topic {topic} with partition count {count} is not \
                 present in metadata after {max_block_ms} ms."
            ),
            _ => format!("Topic {topic} not present in metadata after {max_block_ms} ms."),
        }
    }

    pub(super) fn fail_invalid_topic(&mut self, fabric: &mut Fabric, topic: &TopicName) {
        let (failed, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.topic == *topic);
        self.waiting = kept;
        for waiting in failed {
            let exception = ErrorCode::InvalidTopicException.exception();
            self.send_failed(
                fabric,
                waiting,
                exception,
                format!("Invalid topics: [{topic}]"),
            );
        }
    }

    fn send_failed(
        &mut self,
        fabric: &mut Fabric,
        waiting: WaitingRecord,
        exception: &'static str,
        message: String,
    ) {
        self.failed(
            fabric,
            (waiting.topic, waiting.partition),
            1,
            (exception.to_owned(), message),
        );
    }
}
