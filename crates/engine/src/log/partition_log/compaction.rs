//! What the log cleaner asks of a log.

use std::sync::Arc;

use super::PartitionLog;
use crate::log::segment::LogSegment;
use crate::log::transactions::{AbortedTransaction, Transactions};

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

    /// The aborted transactions that have records in these offsets
    /// (`UnifiedLog.collectAbortedTransactions`).
    pub fn aborted_transactions(&self, from: i64, to: i64) -> Vec<AbortedTransaction> {
        let mut found = Vec::new();
        let segments = self.segments_from(self.floor_segment(from));
        for entry in segments.flat_map(LogSegment::aborted_transactions) {
            if entry.last_offset >= from && entry.first_offset < to {
                found.push(*entry);
            }
            if entry.last_stable_offset >= to {
                break;
            }
        }
        found
    }

    pub(in crate::log) fn transactions(&self) -> &Transactions {
        &self.transactions
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
