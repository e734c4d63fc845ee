//! One replica's log of one partition: batches in a row, in segments, each
//! record with an offset of its own.

mod append;
mod compaction;
mod load;
mod retention;
mod timestamps;

use std::sync::Arc;

use super::config::LogConfig;
use super::epoch_cache::LeaderEpochCache;
use super::error::OffsetOutOfRange;
use super::producer_state::{ProducerState, VerificationGuard};
use super::record_batch::RecordBatch;
use super::segment::LogSegment;

pub use append::Appended;
pub use retention::{Deletion, DeletionReason};

/// A replica's log (`org.apache.kafka.storage.internals.log.UnifiedLog`).
///
/// Where a method is given `now_ms`, that is the broker's clock in epoch
/// milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionLog {
    config: LogConfig,
    /// All segments but the last, oldest first. Nothing is added to them, so
    /// clones share them.
    sealed: Vec<Arc<LogSegment>>,
    /// The last segment, to which batches are added.
    active: LogSegment,
    epochs: LeaderEpochCache,
    producers: ProducerState,
    start_offset: i64,
    end_offset: i64,
    high_watermark: i64,
}

impl PartitionLog {
    /// An empty log.
    pub fn new(config: LogConfig, now_ms: i64) -> PartitionLog {
        PartitionLog {
            config,
            sealed: Vec::new(),
            active: LogSegment::new(0, now_ms),
            epochs: LeaderEpochCache::default(),
            producers: ProducerState::default(),
            start_offset: 0,
            end_offset: 0,
            high_watermark: 0,
        }
    }

    /// Its settings.
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// Gives it other settings, which hold from now on.
    pub fn set_config(&mut self, config: LogConfig) {
        self.config = config;
    }

    /// The offset of the first record that can be read. Records before it may
    /// still lie in the first segment.
    pub fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The offset that the next record will get (LEO).
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// The offset below which every in-sync replica has every record, as far
    /// as this replica knows.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// The offset below which no transaction is open or has its marker above
    /// the high watermark; the high watermark when that comes first.
    /// Source: `UnifiedLog.lastStableOffset`.
    pub fn last_stable_offset(&self) -> i64 {
        let first_unstable = self.producers.first_unstable_offset();
        first_unstable.map_or(self.high_watermark, |offset| {
            offset.max(self.start_offset).min(self.high_watermark)
        })
    }

    /// Moves the high watermark, within the log; returns where it is.
    pub fn set_high_watermark(&mut self, offset: i64) -> i64 {
        self.high_watermark = offset.max(self.start_offset).min(self.end_offset);
        self.producers.on_high_watermark(self.high_watermark);
        self.high_watermark
    }

    /// The size of all segments, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.segments().map(LogSegment::size_bytes).sum()
    }

    /// Which leader epoch wrote from which offset on.
    pub fn leader_epochs(&self) -> &LeaderEpochCache {
        &self.epochs
    }

    /// What is known of the idempotent and transactional producers.
    pub fn producer_state(&self) -> &ProducerState {
        &self.producers
    }

    /// Whether the coordinator must be asked before this batch is appended, and
    /// the guard of that ([`ProducerState::begin_verification`]).
    pub fn begin_verification(
        &mut self,
        batch: &RecordBatch,
        now_ms: i64,
    ) -> Option<VerificationGuard> {
        self.producers.begin_verification(batch, now_ms)
    }

    /// The same before a batch that is yet to be made
    /// ([`ProducerState::begin_verification_of`]).
    pub fn begin_verification_of(
        &mut self,
        producer_id: i64,
        producer_epoch: i16,
        sequence: i32,
        now_ms: i64,
    ) -> Option<VerificationGuard> {
        let producers = &mut self.producers;
        producers.begin_verification_of(producer_id, producer_epoch, sequence, now_ms)
    }

    /// Forgets the producers that have been idle for this long
    /// (`producer.id.expiration.ms`).
    pub fn remove_expired_producers(&mut self, now_ms: i64, expiration_ms: i64) -> usize {
        self.producers.remove_expired(now_ms, expiration_ms)
    }

    /// The last epoch not younger than `epoch`, and where it ended
    /// (`UnifiedLog.endOffsetForEpoch`).
    pub fn end_offset_for_epoch(&self, epoch: i32) -> Option<(i32, i64)> {
        self.epochs.end_offset_for(epoch, self.end_offset)
    }

    /// Notes that a leader begins its epoch here, before it has written
    /// anything.
    pub fn assign_leader_epoch(&mut self, epoch: i32) {
        self.epochs.assign(epoch, self.end_offset);
    }
}

/// Its segments and batches.
impl PartitionLog {
    /// The segments, oldest first; the last one is the active one.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &LogSegment> + Clone {
        self.segments_from(0)
    }

    fn first_segment(&self) -> &LogSegment {
        self.sealed.first().map_or(&self.active, Arc::as_ref)
    }

    /// How many segments there are, at least one.
    pub fn segment_count(&self) -> usize {
        self.sealed.len() + 1
    }

    /// All batches, oldest first, also those before the start offset.
    pub fn batches(&self) -> impl DoubleEndedIterator<Item = &RecordBatch> + Clone {
        self.segments().flat_map(LogSegment::batches)
    }

    /// The batches from the one that holds `offset` on.
    pub fn batches_from(
        &self,
        offset: i64,
    ) -> impl DoubleEndedIterator<Item = &RecordBatch> + Clone {
        self.segments_from(self.floor_segment(offset))
            .flat_map(move |segment| segment.batches_from(offset))
    }

    /// How far whoever reads at `offset` has come: to the end of the log when
    /// nothing follows, however far that is (`LocalLog.read`). What came last
    /// may have been compacted away before the log was cut off behind it.
    pub fn position_of(&self, offset: i64) -> i64 {
        match self.batches_from(offset).next() {
            Some(_) => offset,
            None => self.end_offset,
        }
    }

    fn segments_from(&self, index: usize) -> impl DoubleEndedIterator<Item = &LogSegment> + Clone {
        let sealed = &self.sealed[index.min(self.sealed.len())..];
        sealed
            .iter()
            .map(Arc::as_ref)
            .chain(std::iter::once(&self.active))
    }

    /// The place of the last segment that begins at or before `offset`; the
    /// first when none does.
    fn floor_segment(&self, offset: i64) -> usize {
        if self.active.base_offset() <= offset {
            return self.sealed.len();
        }
        self.sealed
            .partition_point(|segment| segment.base_offset() <= offset)
            .saturating_sub(1)
    }

    /// The batches from the one that holds `offset` on, below `limit`, of at
    /// most `max_bytes`; the first is taken whole however large it is
    /// (KIP-74). They are all of one segment, as in one read of a file
    /// (`LocalLog.read`).
    ///
    /// Returns `None` when `offset` lies outside the log.
    pub fn read(&self, offset: i64, limit: i64, max_bytes: usize) -> Option<Vec<RecordBatch>> {
        if offset < self.start_offset || offset > self.end_offset {
            return None;
        }
        if offset == self.end_offset {
            return Some(Vec::new());
        }
        let mut segments = self.segments_from(self.floor_segment(offset));
        let holds_more = |segment: &&LogSegment| segment.batches_from(offset).next().is_some();
        let Some(segment) = segments.find(holds_more) else {
            return Some(Vec::new());
        };
        let mut size = 0;
        let batches = segment.batches_from(offset).take_while(|batch| {
            let first = size == 0;
            size += batch.size_in_bytes();
            batch.next_offset() <= limit && (first || size <= max_bytes)
        });
        Some(batches.cloned().collect())
    }

    /// The bytes between `offset` and `limit`, counted in whole batches.
    pub fn bytes_between(&self, offset: i64, limit: i64) -> usize {
        if offset >= limit {
            return 0;
        }
        self.batches_from(offset)
            .take_while(|batch| batch.next_offset() <= limit)
            .map(RecordBatch::size_in_bytes)
            .sum()
    }

    /// How many data records there are with offsets from `from` until before
    /// `to`: the markers of transactions are none, and compaction leaves holes.
    pub fn data_records(&self, from: i64, to: i64) -> i64 {
        let from = from.max(self.start_offset);
        if from >= to {
            return 0;
        }
        self.segments_from(self.floor_segment(from))
            .take_while(|segment| segment.base_offset() < to)
            .map(|segment| segment.data_records(from, to))
            .sum()
    }

    /// Whether `offset` lies in an older segment than `other`
    /// (`LogOffsetMetadata.onOlderSegment`).
    pub fn is_on_older_segment(&self, offset: i64, other: i64) -> bool {
        offset < other && self.floor_segment(offset) < self.floor_segment(other)
    }
}

/// Rolling and cutting.
impl PartitionLog {
    /// Begins a new segment at the end of the log. One that is empty is made
    /// anew.
    pub fn roll(&mut self, now_ms: i64) {
        self.roll_at(self.end_offset, now_ms);
    }

    fn roll_at(&mut self, first_offset: i64, now_ms: i64) {
        let base_offset = first_offset.max(self.end_offset);
        let next = LogSegment::new(base_offset, now_ms);
        let last = std::mem::replace(&mut self.active, next);
        if last.base_offset() < base_offset {
            self.sealed.push(Arc::new(last));
        }
        self.producers.take_snapshot(base_offset);
    }

    /// Puts the log start at `before_offset`, so that nobody reads what lies
    /// before it; the segments go with the next
    /// [`delete_old_segments`](Self::delete_old_segments). Returns whether
    /// that moved it, which it never does backwards.
    /// Source: `UnifiedLog.maybeIncrementLogStartOffset`.
    ///
    /// # Errors
    ///
    /// [`OffsetOutOfRange`] when the offset lies beyond the high watermark.
    pub fn delete_records(&mut self, before_offset: i64) -> Result<bool, OffsetOutOfRange> {
        if before_offset > self.high_watermark {
            return Err(OffsetOutOfRange {
                offset: before_offset,
                high_watermark: self.high_watermark,
            });
        }
        if before_offset <= self.start_offset {
            return Ok(false);
        }
        self.start_offset = before_offset;
        self.epochs.truncate_from_start(before_offset);
        self.producers.on_log_start(before_offset);
        Ok(true)
    }

    /// Cuts the log off, so that it ends at `offset`. A batch that `offset`
    /// lies within goes whole. Returns whether there was anything to cut off.
    /// Source: `UnifiedLog.truncateTo`.
    pub fn truncate_to(&mut self, offset: i64, now_ms: i64) -> bool {
        if offset >= self.end_offset {
            // A leader that wrote nothing may have left its epoch there.
            self.epochs.truncate_from_end(self.end_offset);
            return false;
        }
        if self.first_segment().base_offset() > offset {
            self.truncate_fully_and_start_at(offset, now_ms);
            return true;
        }
        let kept = self.floor_segment(offset);
        if kept < self.sealed.len() {
            self.active = LogSegment::clone(&self.sealed[kept]);
            self.sealed.truncate(kept);
        }
        self.active
            .truncate_to(offset, self.config.index_interval_bytes, now_ms);
        self.end_offset = offset;
        self.epochs.truncate_from_end(offset);
        self.start_offset = self.start_offset.min(offset);
        self.high_watermark = self.high_watermark.min(offset);
        self.reload_producers();
        true
    }

    /// Brings what is known of producers to the end of the log, after it was
    /// cut off (`UnifiedLog.rebuildProducerState`).
    fn reload_producers(&mut self) {
        let mut producers = std::mem::take(&mut self.producers);
        let from = producers.truncate(self.start_offset, self.end_offset);
        for batch in self.batches_from(from) {
            producers.append(batch);
        }
        self.producers = producers;
    }

    /// Drops everything; the next record gets `offset`.
    pub fn truncate_fully_and_start_at(&mut self, offset: i64, now_ms: i64) {
        self.sealed.clear();
        self.active = LogSegment::new(offset, now_ms);
        self.epochs.clear();
        self.producers.clear(offset);
        self.start_offset = offset;
        self.end_offset = offset;
        self.high_watermark = offset;
    }
}

#[cfg(test)]
mod tests;
