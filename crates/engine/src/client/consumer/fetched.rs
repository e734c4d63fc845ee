//! Records that an answer has brought, until the application has them all.

use std::collections::VecDeque;

use super::isolation::FetchedBatch;
use crate::client::{OutgoingRecord, Polled};
use crate::log::record_batch::{Record, RecordBatch, RecordView};
use crate::protocol::{ErrorCode, TopicPartition};

/// What one answer has brought of one partition, and `poll()` has not returned
/// yet.
#[derive(Clone, Debug, Hash)]
pub(in crate::client) struct CompletedFetch {
    pub topic_partition: TopicPartition,
    /// The offset that was asked for; later that of the next record to return.
    pub next_offset: i64,
    pub error_code: ErrorCode,
    pub high_watermark: i64,
    pub preferred_read_replica: Option<i32>,
    pub batches: VecDeque<FetchedBatch>,
}

impl CompletedFetch {
    pub fn topic_partition(&self) -> &TopicPartition {
        &self.topic_partition
    }

    pub fn records(&self) -> u64 {
        let batches = self.batches.iter();
        batches.map(|fetched| records_from(fetched, 0)).sum()
    }

    /// Takes up to `most` records off. What an application is not shown is
    /// passed over.
    pub(super) fn take(&mut self, most: u64) -> Chunk {
        let from = self.next_offset;
        let (to, records) = end_of(&self.batches, from, most);
        let batches = &mut self.batches;
        let is_taken = |fetched: &&FetchedBatch| fetched.batch.base_offset() < to;
        let taken: Vec<FetchedBatch> = batches.iter().take_while(is_taken).cloned().collect();
        let is_done = |fetched: &&FetchedBatch| fetched.batch.next_offset() <= to;
        let done = batches.iter().take_while(is_done).count();
        batches.drain(..done);
        self.next_offset = to;
        Chunk {
            topic_partition: self.topic_partition.clone(),
            from,
            to,
            records,
            batches: taken,
        }
    }
}

/// Records of one partition that one `poll()` has returned.
#[derive(Clone, Debug, Hash)]
pub(in crate::client) struct Chunk {
    pub topic_partition: TopicPartition,
    /// The first offset that is not processed.
    pub from: i64,
    /// The position after it.
    pub to: i64,
    /// How many records that are.
    pub records: u64,
    pub batches: Vec<FetchedBatch>,
}

impl Chunk {
    /// The offset after the first so many records; the position after all of
    /// them.
    pub fn offset_after(&self, records: u64) -> i64 {
        match records < self.records {
            true => end_of(&self.batches, self.from, records).0,
            false => self.to,
        }
    }

    /// Its records as they are, for another to write.
    pub fn polled(&self) -> Polled {
        let visible = self.batches.iter().filter(|fetched| fetched.is_visible);
        let records = visible.flat_map(|fetched| fetched.batch.records().map_while(Result::ok));
        let records = records.filter(|record| (self.from..self.to).contains(&record.offset));
        Polled {
            topic_partition: self.topic_partition.clone(),
            to: self.to,
            records: records.map(|of| (of.offset, outgoing(&of))).collect(),
        }
    }

    /// Takes the first so many records off; returns the offset after them.
    pub fn advance(&mut self, records: u64) -> i64 {
        self.from = self.offset_after(records);
        self.records = self.records.saturating_sub(records);
        self.from
    }
}

fn outgoing(record: &RecordView) -> OutgoingRecord {
    let Record {
        key,
        value,
        headers,
        ..
    } = record.to_record();
    OutgoingRecord {
        key,
        value,
        headers,
        ..OutgoingRecord::default()
    }
}

/// Where one is after at most so many records from an offset on, and how many
/// records those are. After the last of them what holds no record is passed
/// over too.
fn end_of<'a>(
    batches: impl IntoIterator<Item = &'a FetchedBatch>,
    from: i64,
    most: u64,
) -> (i64, u64) {
    let (mut to, mut records) = (from, 0);
    let is_ahead = |fetched: &&FetchedBatch| fetched.batch.next_offset() > from;
    for fetched in batches.into_iter().filter(is_ahead) {
        let left = most - records;
        let here = records_from(fetched, from);
        if here > left {
            if left > 0 {
                to = offset_after(&fetched.batch, from, left);
            }
            return (to, records + left);
        }
        records += here;
        to = fetched.batch.next_offset();
    }
    (to, records)
}

/// Whether a record lies at each of a batch's offsets, as long as none was
/// compacted away.
fn is_dense(batch: &RecordBatch) -> bool {
    batch.record_count() == batch.last_offset_delta() + 1
}

/// How many of a batch's records that an application is shown lie at or after
/// `offset`. Only of a batch with gaps the records need be read for that.
fn records_from(fetched: &FetchedBatch, offset: i64) -> u64 {
    if !fetched.is_visible {
        return 0;
    }
    let batch = &fetched.batch;
    if offset <= batch.base_offset() {
        return batch.record_count().unsigned_abs().into();
    }
    if is_dense(batch) {
        return (batch.next_offset() - offset).unsigned_abs();
    }
    let records = batch.records().map_while(Result::ok);
    records.filter(|record| record.offset >= offset).count() as u64
}

/// The offset after so many of a batch's records from `offset` on; the batch
/// has more than these.
pub(super) fn offset_after(batch: &RecordBatch, offset: i64, records: u64) -> i64 {
    if is_dense(batch) {
        return offset.max(batch.base_offset()) + records.cast_signed();
    }
    let all = batch.records().map_while(Result::ok);
    let mut later = all.filter(|record| record.offset >= offset);
    let last = later.nth(usize::try_from(records - 1).unwrap_or(usize::MAX));
    last.map_or(batch.next_offset(), |record| record.offset + 1)
}
