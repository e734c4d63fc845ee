//! Transactions as a cleaning comes by them.

use crate::collections::{BTreeMap, BTreeSet};

use crate::log::producer_state::AbortedTransaction;
use crate::log::record_batch::{EndTransactionMarker, RecordBatch, TransactionResult};

/// Which transaction a batch belongs to, while a log is read from its start
/// (`CleanedTransactionMetadata`). It decides when a marker is needed no more,
/// and which aborted transactions the index must still name.
#[derive(Debug, Default)]
pub(super) struct CleanedTransactions {
    /// Aborted ones that may lie ahead, the first first.
    ahead: BTreeMap<(i64, i64), AbortedTransaction>,
    /// Aborted ones within which the reading is, by producer.
    aborted: BTreeMap<i64, OpenAborted>,
    /// Producers of the committed ones within which it is.
    committed: BTreeSet<i64>,
    kept: Vec<AbortedTransaction>,
}

#[derive(Debug)]
struct OpenAborted {
    transaction: AbortedTransaction,
    has_batches: bool,
}

impl CleanedTransactions {
    /// Names aborted transactions that come.
    pub fn add_aborted(&mut self, transactions: Vec<AbortedTransaction>) {
        for transaction in transactions {
            let place = (transaction.first_offset, transaction.producer_id);
            self.ahead.insert(place, transaction);
        }
    }

    /// The aborted transactions of which batches were seen before their
    /// marker, since this was last asked.
    pub fn take_kept(&mut self) -> Vec<AbortedTransaction> {
        std::mem::take(&mut self.kept)
    }

    fn consume_up_to(&mut self, offset: i64) {
        while let Some(next) = self.ahead.first_entry()
            && next.get().first_offset <= offset
        {
            let transaction = next.remove();
            let open = self.aborted.entry(transaction.producer_id);
            open.or_insert(OpenAborted {
                transaction,
                has_batches: false,
            });
        }
    }

    /// Takes in a batch of data; returns whether it was aborted.
    pub fn on_batch(&mut self, batch: &RecordBatch) -> bool {
        self.consume_up_to(batch.last_offset());
        if !batch.is_transactional() {
            return false;
        }
        let producer_id = batch.producer_id();
        match self.aborted.get_mut(&producer_id) {
            Some(open) => {
                open.has_batches = true;
                true
            }
            None => {
                self.committed.insert(producer_id);
                false
            }
        }
    }

    /// Takes in a control batch; returns whether it can go, since no batch of
    /// its transaction is left.
    pub fn on_control_batch(&mut self, batch: &RecordBatch) -> bool {
        self.consume_up_to(batch.last_offset());
        let Some(Ok(record)) = batch.records().next() else {
            // Cleaned before, and kept only for its producer.
            return true;
        };
        let producer_id = batch.producer_id();
        match EndTransactionMarker::from_record(&record).map(|marker| marker.result) {
            Some(TransactionResult::Abort) => match self.aborted.remove(&producer_id) {
                Some(open) if open.has_batches => {
                    self.kept.push(open.transaction);
                    false
                }
                _ => true,
            },
            Some(TransactionResult::Commit) => !self.committed.remove(&producer_id),
            None => false,
        }
    }
}
