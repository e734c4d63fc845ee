//! What the log cleaner asks of a log.

use std::sync::Arc;

use super::PartitionLog;
use crate::log::producer_state::AbortedTransaction;
use crate::log::segment::LogSegment;

impl PartitionLog {
    /// The segments that hold offsets from `from` on and begin below `to`
    /// (`LogSegments.values`).
    pub(in crate::log) fn segments_between(
        &self,
        from: i64,
        to: i64,
    ) -> impl DoubleEndedIterator<Item = &LogSegment> + Clone {
        let first = self.floor_segment(from);
        let end = self.segments().take_while(|s| s.base_offset() < to).count();
        self.segments_from(first)
            .take(if from < to {
                end.saturating_sub(first)
            } else {
                0
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Those of them that nothing is added to any more.
    pub(in crate::log) fn sealed_segments_from(
        &self,
        from: i64,
    ) -> impl Iterator<Item = &LogSegment> {
        let active = self.active.base_offset();
        self.segments_between(from, active)
    }

    /// The segment to which batches are added.
    pub fn active_segment(&self) -> &LogSegment {
        &self.active
    }

    /// Of the aborted transactions that ended before `offset`, only these are
    /// still in the log.
    pub(in crate::log) fn keep_aborted(&mut self, offset: i64, kept: Vec<AbortedTransaction>) {
        self.producers.on_cleaned(offset, kept);
    }

    /// Puts the cleaned segments in the place of the first `count`, none of
    /// which is the active one (`LocalLog.replaceSegments`).
    pub(in crate::log) fn replace_first_segments(
        &mut self,
        count: usize,
        cleaned: Vec<LogSegment>,
    ) {
        self.sealed
            .splice(..count, cleaned.into_iter().map(Arc::new));
    }
}
