//! One segment of a log: what lies in one `.log` file.

use super::batch_list::BatchList;
use super::config::LogConfig;
use super::record_batch::{NO_TIMESTAMP, RecordBatch};

/// Bytes of an entry of the offset index (`OffsetIndex.ENTRY_SIZE`).
const OFFSET_INDEX_ENTRY: usize = 8;
/// Bytes of an entry of the time index (`TimeIndex.ENTRY_SIZE`).
const TIME_INDEX_ENTRY: usize = 12;

/// A segment: the batches from its base offset on, until the next segment's
/// (`org.apache.kafka.storage.internals.log.LogSegment`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogSegment {
    base_offset: i64,
    batches: BatchList,
    size_bytes: usize,
    created_ms: i64,
    last_modified_ms: i64,
    max_timestamp: i64,
    index: IndexFill,
}

/// How full a segment's indexes are. What they would find is found in the
/// batches themselves; but a segment rolls when they are full.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct IndexFill {
    bytes_since_entry: usize,
    offset_entries: usize,
    time_entries: usize,
    last_time_entry: i64,
}

impl IndexFill {
    const EMPTY: IndexFill = IndexFill {
        bytes_since_entry: 0,
        offset_entries: 0,
        time_entries: 0,
        last_time_entry: NO_TIMESTAMP,
    };

    /// Counts what appending `size` bytes adds.
    fn note(&mut self, size: usize, max_timestamp: i64, interval: usize) {
        if self.bytes_since_entry > interval {
            self.offset_entries += 1;
            if max_timestamp > self.last_time_entry {
                self.time_entries += 1;
                self.last_time_entry = max_timestamp;
            }
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += size;
    }

    /// The time index keeps its last place for when the segment is closed.
    fn is_full(&self, config: &LogConfig) -> bool {
        let bytes = config.segment_index_bytes;
        self.offset_entries >= bytes / OFFSET_INDEX_ENTRY
            || self.time_entries + 1 >= bytes / TIME_INDEX_ENTRY
    }
}

impl LogSegment {
    /// An empty segment, made at `now_ms`.
    pub(super) fn new(base_offset: i64, now_ms: i64) -> LogSegment {
        LogSegment {
            base_offset,
            batches: BatchList::default(),
            size_bytes: 0,
            created_ms: now_ms,
            last_modified_ms: now_ms,
            max_timestamp: NO_TIMESTAMP,
            index: IndexFill::EMPTY,
        }
    }

    /// No record in it has a smaller offset; its file is named after it.
    pub fn base_offset(&self) -> i64 {
        self.base_offset
    }

    /// The size of its batches.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Whether nothing lies in it.
    pub fn is_empty(&self) -> bool {
        self.size_bytes == 0
    }

    /// The largest timestamp of its records in milliseconds, -1 when none has
    /// one.
    pub fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    /// What its age is reckoned from, in milliseconds: its largest timestamp,
    /// or when it was last written where no record has one
    /// (`LogSegment.largestTimestamp`).
    pub fn largest_timestamp(&self) -> i64 {
        if self.max_timestamp >= 0 {
            self.max_timestamp
        } else {
            self.last_modified_ms
        }
    }

    /// Its batches, oldest first.
    pub fn batches(&self) -> impl DoubleEndedIterator<Item = &RecordBatch> + Clone {
        self.batches.iter_from(0)
    }

    /// Its batches from the one that holds `offset` on.
    pub fn batches_from(
        &self,
        offset: i64,
    ) -> impl DoubleEndedIterator<Item = &RecordBatch> + Clone {
        self.batches.iter_from(self.index_of(offset))
    }

    /// How many data records it has with offsets from `from` until before `to`.
    pub(super) fn data_records(&self, from: i64, to: i64) -> i64 {
        if from <= self.base_offset && self.next_offset() <= to {
            return self.batches.data_records(0..self.batches.len());
        }
        let first = self.index_of(from);
        let end = self.index_of(to).max(first);
        // The ends may lie within a batch.
        let before = self.batches.get(first);
        let cut_off = before.map_or(0, |batch| batch.data_records_before(from));
        let after = self.batches.get(end);
        let begun = after.map_or(0, |batch| batch.data_records_before(to));
        self.batches.data_records(first..end) - cut_off + begun
    }

    /// The first batch younger than `timestamp_ms`, where the batches' largest
    /// timestamps ascend.
    pub(super) fn first_batch_after(&self, timestamp_ms: i64) -> Option<&RecordBatch> {
        let older = |batch: &RecordBatch| batch.max_timestamp() <= timestamp_ms;
        self.batches.get(self.batches.partition_point(older))
    }

    /// What its `.log` file holds.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size_bytes);
        for batch in self.batches() {
            bytes.extend_from_slice(batch.as_bytes());
        }
        bytes
    }

    /// Whether a new segment must be begun for `batch`
    /// (`LogSegment.shouldRoll`).
    pub(super) fn should_roll(&self, batch: &RecordBatch, config: &LogConfig, now_ms: i64) -> bool {
        let is_too_large = self.size_bytes + batch.size_in_bytes() > config.segment_bytes;
        let is_too_old =
            !self.is_empty() && self.time_waited_for_roll(batch, now_ms) > config.max_segment_ms();
        is_too_large
            || is_too_old
            || self.index.is_full(config)
            || !self.has_room_for_offset(batch.last_offset())
    }

    /// The largest timestamp of the first batch in milliseconds, when it has
    /// one (`LogSegment.getFirstBatchTimestamp`).
    pub(super) fn first_batch_timestamp(&self) -> Option<i64> {
        let first = self.batches.first().map(RecordBatch::max_timestamp);
        first.filter(|timestamp| *timestamp >= 0)
    }

    /// By the batches' timestamps when the first one has one, else by the
    /// clock.
    fn time_waited_for_roll(&self, batch: &RecordBatch, now_ms: i64) -> i64 {
        match self.first_batch_timestamp() {
            Some(first) => batch.max_timestamp().saturating_sub(first),
            None => now_ms.saturating_sub(self.created_ms),
        }
    }

    /// The indexes hold offsets as 32 bits after the base offset.
    fn has_room_for_offset(&self, offset: i64) -> bool {
        i32::try_from(offset.saturating_sub(self.base_offset)).is_ok_and(|relative| relative >= 0)
    }

    /// When it was last written, in milliseconds.
    pub(super) fn last_modified_ms(&self) -> i64 {
        self.last_modified_ms
    }

    pub(super) fn set_last_modified_ms(&mut self, at_ms: i64) {
        self.last_modified_ms = at_ms;
    }

    /// The offset after its last record (`LogSegment.readNextOffset`).
    pub(super) fn next_offset(&self) -> i64 {
        let last = self.batches.iter_from(0).next_back();
        last.map_or(self.base_offset, RecordBatch::next_offset)
    }

    /// The sizes of its offset and time index once it is closed.
    pub(super) fn index_bytes(&self) -> (usize, usize) {
        let closing = usize::from(self.max_timestamp > self.index.last_time_entry);
        (
            self.index.offset_entries * OFFSET_INDEX_ENTRY,
            (self.index.time_entries + closing) * TIME_INDEX_ENTRY,
        )
    }

    pub(super) fn append(&mut self, batch: RecordBatch, index_interval_bytes: usize, now_ms: i64) {
        let size = batch.size_in_bytes();
        self.max_timestamp = self.max_timestamp.max(batch.max_timestamp());
        self.index
            .note(size, self.max_timestamp, index_interval_bytes);
        self.size_bytes += size;
        self.last_modified_ms = now_ms;
        self.batches.push(batch);
    }

    /// Drops the batches from the one that holds `offset` on. A batch is never
    /// cut in two.
    pub(super) fn truncate_to(&mut self, offset: i64, index_interval_bytes: usize, now_ms: i64) {
        self.batches.truncate(self.index_of(offset));
        self.size_bytes = 0;
        self.max_timestamp = NO_TIMESTAMP;
        self.index = IndexFill::EMPTY;
        for batch in self.batches.iter_from(0) {
            let size = batch.size_in_bytes();
            self.max_timestamp = self.max_timestamp.max(batch.max_timestamp());
            self.index
                .note(size, self.max_timestamp, index_interval_bytes);
            self.size_bytes += size;
        }
        self.index.bytes_since_entry = 0;
        self.last_modified_ms = now_ms;
        if self.is_empty() {
            self.created_ms = now_ms;
        }
    }

    fn index_of(&self, offset: i64) -> usize {
        self.batches
            .partition_point(|batch| batch.next_offset() <= offset)
    }
}
