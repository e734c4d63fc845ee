use super::*;
use crate::log::record_batch::{BatchOptions, Record, RecordBatchBuilder, TransactionResult};
use crate::log::{AppendError, LogConfig, PartitionLog};

const NOW: i64 = 1_700_000_000_000;

fn data(producer_id: i64, base_sequence: i32, is_transactional: bool) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        producer_id,
        producer_epoch: 0,
        base_sequence,
        is_transactional,
        ..BatchOptions::default()
    });
    let record = Record {
        timestamp_ms: NOW,
        key: None,
        value: None,
        headers: Vec::new(),
    };
    builder.append(&record).unwrap();
    builder.build().unwrap()
}

fn marker(producer_id: i64, result: TransactionResult) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        producer_id,
        producer_epoch: 0,
        is_transactional: true,
        is_control: true,
        ..BatchOptions::default()
    });
    let marker = EndTransactionMarker {
        result,
        coordinator_epoch: 0,
    };
    builder.append_end_transaction_marker(NOW, marker).unwrap();
    builder.build().unwrap()
}

fn log() -> PartitionLog {
    PartitionLog::new(LogConfig::default(), NOW)
}

#[test]
fn only_the_last_five_batches_are_known_again() {
    let mut log = log();
    for sequence in 0..7 {
        let appended = log.append_as_leader(&data(1, sequence, false), 0, NOW);
        assert!(!appended.unwrap().is_duplicate);
    }
    let again = log.append_as_leader(&data(1, 2, false), 0, NOW).unwrap();
    assert_eq!((again.first_offset, again.is_duplicate), (2, true));
    let forgotten = log.append_as_leader(&data(1, 1, false), 0, NOW);
    assert_eq!(
        forgotten,
        Err(AppendError::Producer(ProducerError::OutOfOrderSequence {
            producer_id: 1,
            sequence: 1,
            expected: 7,
        }))
    );
    assert_eq!(log.end_offset(), 7);
}

#[test]
fn sequences_go_on_at_zero_after_the_largest() {
    let mut log = log();
    for sequence in [i32::MAX - 1, i32::MAX, 0, 1] {
        log.append_as_leader(&data(1, sequence, false), 0, NOW)
            .unwrap();
    }
    assert_eq!(log.producer_state().producer(1).unwrap().last_sequence(), 1);
}

#[test]
fn nothing_is_written_outside_an_open_transaction() {
    let mut log = log();
    log.append_as_leader(&data(1, 0, true), 0, NOW).unwrap();
    let outside = log.append_as_leader(&data(1, 1, false), 0, NOW);
    let error = ProducerError::InvalidTxnState { producer_id: 1 };
    assert_eq!(outside, Err(AppendError::Producer(error)));
}

#[test]
fn a_truncation_opens_the_transaction_again_and_forgets_the_abort() {
    let mut log = log();
    log.append_as_leader(&data(1, 0, true), 0, NOW).unwrap();
    log.roll(NOW);
    log.append_as_leader(&data(2, 0, false), 0, NOW).unwrap();
    let before = log.clone();
    let abort = marker(1, TransactionResult::Abort);
    log.append_as_coordinator(&abort, 0, NOW).unwrap();
    assert_eq!(log.producer_state().aborted().between(0, 1).len(), 1);
    assert!(log.truncate_to(2, NOW));
    assert_eq!(log.producer_state(), before.producer_state());
    log.set_high_watermark(2);
    assert_eq!(log.last_stable_offset(), 0);
}

#[test]
fn aborted_transactions_go_with_their_segment() {
    let mut log = log();
    for id in [1, 2] {
        log.append_as_leader(&data(id, 0, true), 0, NOW).unwrap();
        let abort = marker(id, TransactionResult::Abort);
        log.append_as_coordinator(&abort, 0, NOW).unwrap();
        log.roll(NOW);
    }
    log.set_high_watermark(4);
    let aborted = |log: &PartitionLog, from, to| -> Vec<i64> {
        let found = log.producer_state().aborted().between(from, to);
        found.iter().map(|entry| entry.producer_id).collect()
    };
    assert_eq!(aborted(&log, 0, 4), [1, 2]);
    assert_eq!(aborted(&log, 0, 2), [1]);
    assert_eq!(aborted(&log, 2, 4), [2]);
    log.delete_records(2).unwrap();
    log.delete_old_segments(NOW);
    assert_eq!(aborted(&log, 0, 4), [2]);
    assert_eq!(log.producer_state().producers().count(), 2);
}

#[test]
fn idle_producers_are_forgotten_but_not_those_in_a_transaction() {
    let mut log = log();
    log.append_as_leader(&data(1, 0, false), 0, NOW).unwrap();
    log.append_as_leader(&data(2, 0, true), 0, NOW).unwrap();
    let expiration = PRODUCER_ID_EXPIRATION_MS;
    assert_eq!(
        log.remove_expired_producers(NOW + expiration - 1, expiration),
        0
    );
    assert_eq!(
        log.remove_expired_producers(NOW + expiration, expiration),
        1
    );
    assert!(log.producer_state().producer(2).is_some());
}
