//! The transactions of a log that are open, or not yet stable.

use crate::collections::BTreeMap;

use super::aborted::AbortedTransaction;
use crate::log::record_batch::{EndTransactionMarker, TransactionResult};

/// Transactions by the offset at which they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Transactions {
    /// Open ones, each with its producer.
    ongoing: BTreeMap<i64, i64>,
    /// Those that are decided, each with the offset of its marker, which the
    /// high watermark has not passed yet.
    unreplicated: BTreeMap<i64, i64>,
}

impl Transactions {
    pub fn begin(&mut self, first_offset: i64, producer_id: i64) {
        self.ongoing.insert(first_offset, producer_id);
    }

    /// Ends one with the marker at this offset. Returns it when it was
    /// aborted, with the last stable offset as it will be when the marker is
    /// replicated (`ProducerStateManager.lastStableOffset`).
    pub fn complete(
        &mut self,
        first_offset: i64,
        producer_id: i64,
        marker_offset: i64,
        marker: EndTransactionMarker,
    ) -> Option<AbortedTransaction> {
        self.ongoing.remove(&first_offset);
        self.unreplicated.insert(first_offset, marker_offset);
        if marker.result == TransactionResult::Commit {
            return None;
        }
        let next = self.ongoing.iter().find(|(_, id)| **id != producer_id);
        Some(AbortedTransaction {
            producer_id,
            first_offset,
            last_offset: marker_offset,
            last_stable_offset: next.map_or(marker_offset + 1, |(offset, _)| *offset),
        })
    }

    pub fn first_undecided_offset(&self) -> Option<i64> {
        self.ongoing.first_key_value().map(|(offset, _)| *offset)
    }

    pub fn first_unstable_offset(&self) -> Option<i64> {
        let unreplicated = self.unreplicated.first_key_value();
        let unreplicated = unreplicated.map(|(offset, _)| *offset);
        let firsts = self.first_undecided_offset().into_iter();
        firsts.chain(unreplicated).min()
    }

    /// Forgets the decided ones whose marker lies below `offset`.
    pub fn remove_completed_before(&mut self, offset: i64) {
        self.unreplicated.retain(|_, marker| *marker >= offset);
    }

    pub fn clear(&mut self) {
        *self = Transactions::default();
    }
}
