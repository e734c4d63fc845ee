//! Which part of a log is dirty, and whether it is worth cleaning.

use crate::log::partition_log::PartitionLog;
use crate::log::segment::LogSegment;

/// What can be cleaned of a log
/// (`org.apache.kafka.storage.internals.log.LogToClean`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogToClean {
    /// Everything below was compacted before.
    pub first_dirty_offset: i64,
    /// Nothing from here on may be compacted yet.
    pub uncleanable_offset: i64,
    /// The beginning of the segment that holds that offset: segments are
    /// cleaned whole.
    pub first_uncleanable_offset: i64,
    /// The size of the clean part in bytes.
    pub clean_bytes: usize,
    /// The size of the dirty part that may be cleaned.
    pub cleanable_bytes: usize,
}

impl PartitionLog {
    /// What can be cleaned now, by the broker's clock in epoch milliseconds,
    /// when everything below `last_clean_offset` was cleaned before.
    /// Source: `LogCleanerManager.cleanableOffsets` and
    /// `calculateCleanableBytes`.
    pub fn to_clean(&self, last_clean_offset: Option<i64>, now_ms: i64) -> LogToClean {
        let first_dirty_offset = last_clean_offset
            .filter(|offset| (self.start_offset()..=self.end_offset()).contains(offset))
            .unwrap_or(self.start_offset());
        let limit = self.cleaning_limit(first_dirty_offset, now_ms);
        let uncleanable = self.sealed_segments_from(limit).next();
        let first_uncleanable_offset = uncleanable.unwrap_or(self.active_segment()).base_offset();
        let bytes = |from, to| {
            let segments = self.segments_between(from, to);
            segments.map(LogSegment::size_bytes).sum()
        };
        LogToClean {
            first_dirty_offset,
            uncleanable_offset: limit,
            first_uncleanable_offset,
            clean_bytes: bytes(-1, first_dirty_offset),
            cleanable_bytes: bytes(first_dirty_offset, first_uncleanable_offset),
        }
    }

    /// The active segment, what is not stable, and segments with records
    /// younger than `min.compaction.lag.ms` are left alone.
    fn cleaning_limit(&self, first_dirty_offset: i64, now_ms: i64) -> i64 {
        let lag_ms = self.config().min_compaction_lag_ms.max(0);
        let mut dirty = self.sealed_segments_from(first_dirty_offset);
        let young = dirty
            .find(|segment| {
                lag_ms > 0 && segment.largest_timestamp() > now_ms.saturating_sub(lag_ms)
            })
            .map_or(i64::MAX, LogSegment::base_offset);
        let active = self.active_segment().base_offset();
        self.last_stable_offset().min(active).min(young)
    }
}

impl PartitionLog {
    /// Whether the log is to be cleaned now: more of it is dirty than
    /// `min.cleanable.dirty.ratio`, or some of that is older than
    /// `max.compaction.lag.ms`.
    /// Source: `LogCleanerManager.grabFilthiestCompactedLog`.
    pub fn is_worth_cleaning(&self, range: &LogToClean, now_ms: i64) -> bool {
        let ratio = self.config().min_cleanable_dirty_ratio;
        range.is_cleanable()
            && (ratio.is_exceeded_by(range.cleanable_bytes as u64, range.total_bytes() as u64)
                || self.is_compaction_overdue(range.first_dirty_offset, now_ms))
    }

    /// Source: `LogCleanerManager.maxCompactionDelay`.
    fn is_compaction_overdue(&self, first_dirty_offset: i64, now_ms: i64) -> bool {
        let lag_ms = self.config().max_compaction_lag_ms.max(0);
        let clean_until_ms = now_ms.saturating_sub(lag_ms);
        self.sealed_segments_from(first_dirty_offset)
            .filter_map(LogSegment::first_batch_timestamp)
            .any(|timestamp_ms| timestamp_ms > 0 && timestamp_ms < clean_until_ms)
    }
}

impl LogToClean {
    /// Whether there is anything to clean.
    pub fn is_cleanable(&self) -> bool {
        self.cleanable_bytes > 0
    }

    /// The size of the clean part and of what may be cleaned, in bytes.
    pub fn total_bytes(&self) -> usize {
        self.clean_bytes + self.cleanable_bytes
    }

    /// Whether more of it is dirty than of the other.
    pub fn is_dirtier_than(&self, other: &LogToClean) -> bool {
        let share = |of: &LogToClean, whole: &LogToClean| {
            of.cleanable_bytes as u128 * whole.total_bytes() as u128
        };
        share(self, other) > share(other, self)
    }
}
