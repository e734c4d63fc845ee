//! Which segments go, and when.

use super::PartitionLog;
use crate::log::segment::LogSegment;

/// Why segments were deleted, or the log start was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeletionReason {
    /// All their records lie before the log start.
    LogStartOffset,
    /// The log is larger than `retention.bytes`.
    RetentionSize,
    /// Their youngest record is older than `retention.ms`.
    RetentionTime,
    /// A client asked for it (`DeleteRecords`).
    ClientRequest,
    /// The leader's log begins there.
    LeaderLogStart,
}

/// Segments that were deleted for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deletion {
    /// Why.
    pub reason: DeletionReason,
    /// How many segments.
    pub segments: usize,
    /// Where the log started.
    pub from: i64,
    /// Where it starts now.
    pub to: i64,
}

impl PartitionLog {
    /// Deletes the segments that lie before the log start and, with
    /// `cleanup.policy=delete`, those that are too much or too old: whole
    /// segments, the oldest first, and none that reaches beyond the high
    /// watermark. When all go, an empty one is begun.
    /// Source: `UnifiedLog.deleteOldSegments`.
    pub fn delete_old_segments(&mut self, now_ms: i64) -> Vec<Deletion> {
        let mut deletions = vec![self.delete_before_start(now_ms)];
        if self.config.cleanup_policy.delete {
            deletions.push(self.delete_beyond_size(now_ms));
            deletions.push(self.delete_expired(now_ms));
        }
        deletions.into_iter().flatten().collect()
    }

    fn delete_before_start(&mut self, now_ms: i64) -> Option<Deletion> {
        let start = self.start_offset;
        let count = self.deletable(|_, next| next.is_some_and(|next| next.base_offset() <= start));
        self.delete_oldest(count, DeletionReason::LogStartOffset, now_ms)
    }

    fn delete_beyond_size(&mut self, now_ms: i64) -> Option<Deletion> {
        let retained = usize::try_from(self.config.retention_bytes).ok()?;
        let mut excess = self.size_bytes().checked_sub(retained)?;
        let count = self.deletable(
            |segment, _| match excess.checked_sub(segment.size_bytes()) {
                Some(left) => {
                    excess = left;
                    true
                }
                None => false,
            },
        );
        self.delete_oldest(count, DeletionReason::RetentionSize, now_ms)
    }

    fn delete_expired(&mut self, now_ms: i64) -> Option<Deletion> {
        let retention_ms = self.config.retention_ms;
        if retention_ms < 0 {
            return None;
        }
        let count = self.deletable(|segment, _| {
            now_ms.saturating_sub(segment.largest_timestamp()) > retention_ms
        });
        self.delete_oldest(count, DeletionReason::RetentionTime, now_ms)
    }

    /// How many of the oldest segments `are_due`, each shown with the one
    /// after it. An empty last segment never is.
    /// Source: `UnifiedLog.deletableSegments`.
    fn deletable(&self, mut is_due: impl FnMut(&LogSegment, Option<&LogSegment>) -> bool) -> usize {
        let nexts = self.segments().skip(1).map(Some).chain([None]);
        self.segments()
            .zip(nexts)
            .take_while(|(segment, next)| {
                let upper_bound = next.map_or(self.end_offset, LogSegment::base_offset);
                self.high_watermark >= upper_bound
                    && is_due(segment, *next)
                    && !(next.is_none() && segment.is_empty())
            })
            .count()
    }

    fn delete_oldest(
        &mut self,
        count: usize,
        reason: DeletionReason,
        now_ms: i64,
    ) -> Option<Deletion> {
        if count == 0 {
            return None;
        }
        if count == self.segment_count() {
            self.roll(now_ms);
        }
        let from = self.start_offset;
        self.sealed.drain(..count);
        let first_left = self.first_segment().base_offset();
        self.delete_records(first_left)
            .expect("no segment that reaches beyond the high watermark is deleted");
        self.producers.on_segments_deleted(first_left);
        Some(Deletion {
            reason,
            segments: count,
            from,
            to: self.start_offset,
        })
    }
}
