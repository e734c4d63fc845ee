//! What a replica's log knows of the idempotent and transactional producers
//! that wrote to it (KIP-98).

mod aborted;
mod entry;
mod error;
mod transactions;
mod verification;

use crate::collections::BTreeMap;
use std::sync::Arc;

pub use aborted::{AbortedTransaction, AbortedTransactions};
pub use entry::{BATCHES_TO_RETAIN, BatchMetadata, ProducerEntry};
pub use error::ProducerError;
use transactions::Transactions;
pub use verification::VerificationGuard;
use verification::Verifications;

use super::record_batch::{EndTransactionMarker, RecordBatch};

/// `producer.id.expiration.ms`: how long a log remembers an idle producer.
pub const PRODUCER_ID_EXPIRATION_MS: i64 = 24 * 60 * 60 * 1_000;

/// Where an append comes from, and with it how closely its sequence is looked
/// at (`org.apache.kafka.storage.internals.log.AppendOrigin`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppendOrigin {
    /// The partition's leader, or the log itself when it is loaded: nothing
    /// is refused any more.
    Replication,
    /// A group or transaction coordinator: epochs count, sequences do not.
    Coordinator,
    /// A producer: epoch and sequence count.
    Client,
}

/// The producers of one log, and their transactions
/// (`org.apache.kafka.storage.internals.log.ProducerStateManager`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProducerState {
    producers: BTreeMap<i64, ProducerEntry>,
    transactions: Transactions,
    aborted: AbortedTransactions,
    verifications: Verifications,
    /// Up to where the log is reflected here.
    end_offset: i64,
    /// Its producers where a segment began, by that offset.
    snapshots: BTreeMap<i64, Arc<BTreeMap<i64, ProducerEntry>>>,
}

/// Asking.
impl ProducerState {
    /// The producers known, by their ids.
    pub fn producers(&self) -> impl DoubleEndedIterator<Item = (i64, &ProducerEntry)> {
        self.producers.iter().map(|(id, entry)| (*id, entry))
    }

    /// What is known of this producer.
    pub fn producer(&self, producer_id: i64) -> Option<&ProducerEntry> {
        self.producers.get(&producer_id)
    }

    /// The transactions that were aborted here.
    pub fn aborted(&self) -> &AbortedTransactions {
        &self.aborted
    }

    /// The first offset of the oldest transaction that is open, or whose
    /// marker lies beyond the high watermark.
    pub fn first_unstable_offset(&self) -> Option<i64> {
        self.transactions.first_unstable_offset()
    }

    /// The first offset of the oldest transaction that is open, wherever the
    /// high watermark is.
    pub fn first_undecided_offset(&self) -> Option<i64> {
        self.transactions.first_undecided_offset()
    }

    /// The batch like this one that its producer wrote before, if it is among
    /// the last five (`ProducerStateEntry.findDuplicateBatch`).
    pub fn find_duplicate(&self, batch: &RecordBatch) -> Option<&BatchMetadata> {
        let entry = self.producer(batch.producer_id())?;
        entry.find_duplicate(batch)
    }

    /// Whether the producer may append this batch.
    /// Source: `ProducerAppendInfo.append`.
    ///
    /// # Errors
    ///
    /// [`ProducerError`], which nothing from replication gets.
    pub fn check(&self, batch: &RecordBatch, origin: AppendOrigin) -> Result<(), ProducerError> {
        if !batch.has_producer_id() || origin == AppendOrigin::Replication {
            return Ok(());
        }
        let unknown = ProducerEntry::default();
        let entry = self.producer(batch.producer_id()).unwrap_or(&unknown);
        if batch.is_control() {
            marker_of(batch).map_or(Ok(()), |marker| entry.check_marker(batch, marker))
        } else {
            let is_from_client = origin == AppendOrigin::Client;
            let lowest = self.verifications.lowest_sequence(batch.producer_id());
            entry.check_data(batch, is_from_client, lowest)
        }
    }
}

/// Asking the coordinator (KIP-890).
impl ProducerState {
    /// Whether the producer has a transaction open here in this epoch.
    pub fn has_ongoing_transaction(&self, producer_id: i64, producer_epoch: i16) -> bool {
        self.producer(producer_id).is_some_and(|entry| {
            let is_open = entry.transaction_first_offset().is_some();
            is_open && entry.producer_epoch() == producer_epoch
        })
    }

    /// Before a batch of a transaction that has none here yet, the leader asks
    /// the coordinator whether the partition is part of it. Returns the guard
    /// of that; `None` when there is nothing to ask
    /// (`UnifiedLog.maybeStartTransactionVerification`).
    pub fn begin_verification(
        &mut self,
        batch: &RecordBatch,
        now_ms: i64,
    ) -> Option<VerificationGuard> {
        if !batch.is_transactional() {
            return None;
        }
        let (id, epoch) = (batch.producer_id(), batch.producer_epoch());
        self.begin_verification_of(id, epoch, batch.base_sequence(), now_ms)
    }

    /// The same before a batch that is yet to be made.
    pub fn begin_verification_of(
        &mut self,
        producer_id: i64,
        producer_epoch: i16,
        sequence: i32,
        now_ms: i64,
    ) -> Option<VerificationGuard> {
        if self.has_ongoing_transaction(producer_id, producer_epoch) {
            return None;
        }
        let (id, epoch) = (producer_id, producer_epoch);
        Some(self.verifications.begin(id, sequence, epoch, now_ms))
    }

    /// Whether the coordinator's answer about a producer still counts, or none
    /// is needed any more: no marker was written since it was asked (`UnifiedLog.batchMissingRequiredVerification`).
    pub fn is_verified(
        &self,
        producer_id: i64,
        producer_epoch: i16,
        guard: VerificationGuard,
    ) -> bool {
        self.has_ongoing_transaction(producer_id, producer_epoch)
            || self.verifications.guard(producer_id) == Some(guard)
    }
}

/// Following the log.
impl ProducerState {
    /// Takes in a batch at the end of the log, at the offset it has there.
    /// Source: `ProducerStateManager.update` and `completeTxn`.
    pub fn append(&mut self, batch: &RecordBatch) {
        self.end_offset = batch.next_offset();
        if !batch.has_producer_id() {
            return;
        }
        self.verifications.end(batch.producer_id());
        if !batch.is_control() {
            self.append_data(batch);
        } else if let Some(marker) = marker_of(batch) {
            let aborted = self.append_marker(batch, marker);
            self.aborted.extend(aborted);
        }
    }

    fn append_data(&mut self, batch: &RecordBatch) {
        let id = batch.producer_id();
        let entry = self.producers.entry(id).or_default();
        if entry.append_data(batch) {
            self.transactions.begin(batch.base_offset(), id);
        }
    }

    /// Ends the producer's transaction; returns it when it was aborted. A
    /// marker of no transaction only sets the epochs.
    fn append_marker(
        &mut self,
        batch: &RecordBatch,
        marker: EndTransactionMarker,
    ) -> Option<AbortedTransaction> {
        let id = batch.producer_id();
        let entry = self.producers.entry(id).or_default();
        let first_offset = entry.append_marker(batch, marker)?;
        self.transactions
            .complete(first_offset, id, batch.base_offset(), marker)
    }

    /// Transactions whose marker lies below it are stable now.
    pub fn on_high_watermark(&mut self, high_watermark: i64) {
        self.transactions.remove_completed_before(high_watermark);
    }

    /// The log begins later now. Producers are remembered nevertheless.
    pub fn on_log_start(&mut self, start_offset: i64) {
        self.transactions.remove_completed_before(start_offset);
        self.end_offset = self.end_offset.max(start_offset);
    }

    /// The first segment that is left begins here: what was kept for those
    /// before it goes with them.
    pub fn on_segments_deleted(&mut self, base_offset: i64) {
        self.aborted.remove_before(base_offset);
        self.snapshots.retain(|offset, _| *offset >= base_offset);
    }

    /// The log was compacted up to `offset`: of the aborted transactions that
    /// ended before it, only `kept` have records left.
    pub fn on_cleaned(&mut self, offset: i64, kept: Vec<AbortedTransaction>) {
        self.aborted.replace_before(offset, kept);
    }

    /// Notes the producers at the beginning of a segment, to go on from there
    /// after a truncation. As in Kafka's snapshot files, only the last batch
    /// of each is kept.
    pub fn take_snapshot(&mut self, base_offset: i64) {
        self.end_offset = base_offset;
        let last = self.snapshots.last_key_value();
        if last.map_or(0, |(offset, _)| *offset) < base_offset {
            let entries = self.producers.iter();
            let entries = entries.map(|(id, entry)| (*id, entry.snapshot()));
            let entries = Arc::new(entries.collect());
            self.snapshots.insert(base_offset, entries);
        }
    }

    /// Forgets what lies at or after `end_offset`, and more: the batches from
    /// the offset returned on must be taken in again.
    /// Source: `ProducerStateManager.truncateAndReload`.
    pub fn truncate(&mut self, start_offset: i64, end_offset: i64) -> i64 {
        let kept = |offset: i64| start_offset < offset && offset <= end_offset;
        self.snapshots.retain(|offset, _| kept(*offset));
        self.aborted.truncate_to(end_offset);
        if self.end_offset == end_offset {
            self.on_log_start(start_offset);
            return end_offset;
        }
        self.producers.clear();
        self.transactions.clear();
        self.end_offset = start_offset;
        if let Some((offset, entries)) = self.snapshots.last_key_value() {
            self.end_offset = *offset;
            self.producers = BTreeMap::clone(entries);
        }
        for (id, entry) in &self.producers {
            if let Some(first_offset) = entry.transaction_first_offset() {
                self.transactions.begin(first_offset, *id);
            }
        }
        // The markers from here on are met again.
        self.aborted.truncate_to(self.end_offset);
        self.end_offset
    }

    /// Forgets everything; the log goes on at `offset`.
    pub fn clear(&mut self, offset: i64) {
        *self = ProducerState {
            verifications: std::mem::take(&mut self.verifications),
            end_offset: offset,
            ..ProducerState::default()
        };
    }

    /// Forgets the producers without an open transaction that have not
    /// written for this long. Returns how many.
    pub fn remove_expired(&mut self, now_ms: i64, expiration_ms: i64) -> usize {
        self.verifications.remove_expired(now_ms, expiration_ms);
        let before = self.producers.len();
        self.producers.retain(|_, entry| {
            entry.transaction_first_offset().is_some()
                || now_ms.saturating_sub(entry.last_timestamp()) < expiration_ms
        });
        before - self.producers.len()
    }
}

/// The marker in a control batch; `None` when the cleaner took it out.
fn marker_of(batch: &RecordBatch) -> Option<EndTransactionMarker> {
    let record = batch.records().next()?.ok()?;
    EndTransactionMarker::from_record(&record)
}

#[cfg(test)]
mod tests;
