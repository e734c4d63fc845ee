//! What a consumer hands on of what it has fetched
//! (`org.apache.kafka.clients.consumer.internals.CompletedFetch`).

use crate::collections::BTreeSet;
use std::collections::VecDeque;

use crate::log::record_batch::{EndTransactionMarker, RecordBatch, TransactionResult};
use crate::protocol::{AbortedTransactionInfo, IsolationLevel};
use crate::sorting::sort_by_key;

/// A batch, and whether an application is shown its records.
#[derive(Clone, Debug, Hash)]
pub(super) struct FetchedBatch {
    pub batch: RecordBatch,
    pub is_visible: bool,
}

/// Tells what an application is shown: no control batches, and with
/// `read_committed` none of the aborted transactions that the broker named.
pub(super) fn isolated(
    batches: Vec<RecordBatch>,
    aborted: &[AbortedTransactionInfo],
    isolation_level: IsolationLevel,
) -> VecDeque<FetchedBatch> {
    let mut begun = Begun::new(aborted);
    let mut isolate = |batch: RecordBatch| {
        let is_hidden = isolation_level == IsolationLevel::ReadCommitted && begun.hides(&batch);
        let is_visible = !is_hidden && !batch.is_control();
        FetchedBatch { batch, is_visible }
    };
    batches.into_iter().map(&mut isolate).collect()
}

/// Which producers are within an aborted transaction, from batch to batch.
struct Begun {
    /// Those to come, the last one first.
    to_come: Vec<AbortedTransactionInfo>,
    producers: BTreeSet<i64>,
}

impl Begun {
    fn new(aborted: &[AbortedTransactionInfo]) -> Begun {
        let mut to_come = aborted.to_vec();
        sort_by_key(&mut to_come, |transaction| {
            std::cmp::Reverse(transaction.first_offset)
        });
        Begun {
            to_come,
            producers: BTreeSet::new(),
        }
    }

    /// Whether the batch belongs to an aborted transaction; its marker ends it.
    fn hides(&mut self, batch: &RecordBatch) -> bool {
        if !batch.has_producer_id() {
            return false;
        }
        let has_begun = |it: &mut AbortedTransactionInfo| it.first_offset <= batch.last_offset();
        while let Some(transaction) = self.to_come.pop_if(has_begun) {
            self.producers.insert(transaction.producer_id);
        }
        let producer_id = batch.producer_id();
        if is_abort_marker(batch) {
            self.producers.remove(&producer_id);
            return false;
        }
        batch.is_transactional() && self.producers.contains(&producer_id)
    }
}

fn is_abort_marker(batch: &RecordBatch) -> bool {
    if !batch.is_control() {
        return false;
    }
    let first = batch.records().next().and_then(Result::ok);
    let marker = first.and_then(|record| EndTransactionMarker::from_record(&record));
    marker.is_some_and(|marker| marker.result == TransactionResult::Abort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::record_batch::{BatchOptions, Record, RecordBatchBuilder};

    fn options(base_offset: i64, producer_id: i64) -> BatchOptions {
        BatchOptions {
            base_offset,
            producer_id,
            producer_epoch: 0,
            base_sequence: 0,
            is_transactional: producer_id >= 0,
            ..BatchOptions::default()
        }
    }

    fn data(base_offset: i64, producer_id: i64) -> RecordBatch {
        let mut builder = RecordBatchBuilder::new(options(base_offset, producer_id));
        builder.append(&Record::default()).unwrap();
        builder.build().unwrap()
    }

    fn marker(base_offset: i64, producer_id: i64, result: TransactionResult) -> RecordBatch {
        let options = BatchOptions {
            is_control: true,
            base_sequence: -1,
            ..options(base_offset, producer_id)
        };
        let mut builder = RecordBatchBuilder::new(options);
        let marker = EndTransactionMarker {
            result,
            coordinator_epoch: 0,
        };
        builder.append_end_transaction_marker(0, marker).unwrap();
        builder.build().unwrap()
    }

    /// The offsets an application is shown.
    fn shown(
        log: Vec<RecordBatch>,
        aborted: &[AbortedTransactionInfo],
        level: IsolationLevel,
    ) -> Vec<i64> {
        let fetched = isolated(log, aborted, level);
        let visible = fetched.iter().filter(|fetched| fetched.is_visible);
        visible.map(|fetched| fetched.batch.base_offset()).collect()
    }

    /// Two producers interleaved: 7 aborts what it wrote at 0 and commits what
    /// it wrote at 4; 8 commits; somebody without transactions writes at 2.
    fn log() -> Vec<RecordBatch> {
        use TransactionResult::{Abort, Commit};
        vec![
            data(0, 7),
            data(1, 8),
            data(2, -1),
            marker(3, 7, Abort),
            data(4, 7),
            marker(5, 8, Commit),
            marker(6, 7, Commit),
        ]
    }

    const ABORTED: AbortedTransactionInfo = AbortedTransactionInfo {
        producer_id: 7,
        first_offset: 0,
    };

    #[test]
    fn read_committed_leaves_out_aborted_records_up_to_their_marker() {
        let seen = shown(log(), &[ABORTED], IsolationLevel::ReadCommitted);
        assert_eq!(seen, [1, 2, 4]);
    }

    #[test]
    fn read_uncommitted_sees_all_but_markers() {
        let seen = shown(log(), &[], IsolationLevel::ReadUncommitted);
        assert_eq!(seen, [0, 1, 2, 4]);
    }

    /// The fetch began within the aborted transaction: the broker names it all
    /// the same.
    #[test]
    fn a_transaction_that_began_before_the_fetch_is_known() {
        let log = vec![data(4, 7), marker(5, 7, TransactionResult::Abort)];
        let seen = shown(log, &[ABORTED], IsolationLevel::ReadCommitted);
        assert_eq!(seen, [0_i64; 0]);
    }
}
