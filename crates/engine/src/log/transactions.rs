//! What a log keeps about transactions: which are open, which were aborted,
//! and the last batch of each producer.

use std::collections::BTreeMap;

use super::record_batch::{EndTransactionMarker, RecordBatch, TransactionResult};

/// An entry of a segment's index of aborted transactions
/// (`org.apache.kafka.storage.internals.log.AbortedTxn`). It stands with the
/// segment that holds the marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbortedTransaction {
    /// The id of its producer.
    pub producer_id: i64,
    /// The offset of its first record.
    pub first_offset: i64,
    /// The offset of its marker.
    pub last_offset: i64,
    /// Where the last stable offset was once it had ended.
    pub last_stable_offset: i64,
}

/// The last of what a producer wrote (`LastRecord`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LastRecord {
    /// The last offset of its last batch of data under its present epoch.
    pub data_offset: Option<i64>,
    /// The producer's epoch.
    pub epoch: i16,
}

/// The transactions of a log, and its producers
/// (`org.apache.kafka.storage.internals.log.ProducerStateManager`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Transactions {
    /// Open ones: the producer's id by the first offset.
    ongoing: BTreeMap<i64, i64>,
    /// Ended ones whose marker is not below the high watermark yet: the
    /// marker's offset by the first offset.
    unreplicated: BTreeMap<i64, i64>,
    producers: BTreeMap<i64, LastRecord>,
}

impl Transactions {
    /// Takes in a batch that was appended. Returns the transaction that it
    /// aborts, if it does.
    pub fn note(&mut self, batch: &RecordBatch) -> Option<AbortedTransaction> {
        if !batch.has_producer_id() {
            return None;
        }
        let (id, epoch) = (batch.producer_id(), batch.producer_epoch());
        let last = self.producers.entry(id).or_insert(LastRecord {
            data_offset: None,
            epoch,
        });
        if last.epoch != epoch {
            *last = LastRecord {
                data_offset: None,
                epoch,
            };
        }
        if batch.is_control() {
            return self.end(batch);
        }
        last.data_offset = Some(batch.last_offset());
        if batch.is_transactional() && self.first_offset_of(id).is_none() {
            self.ongoing.insert(batch.base_offset(), id);
        }
        None
    }

    fn end(&mut self, batch: &RecordBatch) -> Option<AbortedTransaction> {
        let record = batch.records().next()?.ok()?;
        let marker = EndTransactionMarker::from_record(&record)?;
        let (producer_id, last_offset) = (batch.producer_id(), batch.last_offset());
        let first_offset = self.first_offset_of(producer_id)?;
        self.ongoing.remove(&first_offset);
        self.unreplicated.insert(first_offset, last_offset);
        let next_open = self.ongoing.keys().next().copied();
        (marker.result == TransactionResult::Abort).then_some(AbortedTransaction {
            producer_id,
            first_offset,
            last_offset,
            last_stable_offset: next_open.unwrap_or(last_offset + 1),
        })
    }

    fn first_offset_of(&self, producer_id: i64) -> Option<i64> {
        let mut open = self.ongoing.iter();
        open.find(|(_, id)| **id == producer_id)
            .map(|(first, _)| *first)
    }

    /// What lies below the high watermark every replica has.
    pub fn high_watermark_moved(&mut self, high_watermark: i64) {
        self.unreplicated.retain(|_, last| *last >= high_watermark);
    }

    /// The first offset of a transaction that is not over for everybody.
    pub fn first_unstable_offset(&self) -> Option<i64> {
        let open = self.ongoing.keys().next();
        open.into_iter()
            .chain(self.unreplicated.keys().next())
            .min()
            .copied()
    }

    /// The last of what each producer wrote, by its id.
    pub fn last_records(&self) -> &BTreeMap<i64, LastRecord> {
        &self.producers
    }
}
