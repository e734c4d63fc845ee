use super::*;
use crate::log::record_batch::{BatchOptions, Record, RecordBatch, RecordBatchBuilder};
use crate::protocol::{AcknowledgementBatch, AcquiredRecords, UNINITIALIZED_START_OFFSET};

const LIMITS: SharePartitionLimits = SharePartitionLimits {
    delivery_count: 5,
    record_locks: 200,
    record_lock_duration_ms: 30_000,
};

/// A batch of records at these offsets.
fn batch(first: i64, last: i64) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions::default());
    for _ in first..=last {
        let record = Record {
            timestamp_ms: 0,
            key: None,
            value: Some(b"v".to_vec()),
            headers: Vec::new(),
        };
        builder.append(&record).expect("it fits");
    }
    let batch = builder.build().expect("it has records");
    batch.with_base_offset_and_epoch(first, 0)
}

fn read(batches: &[(i64, i64, i8, i16)]) -> SharePartitionStateRead {
    let batches = batches
        .iter()
        .map(|(first, last, state, count)| PersisterStateBatch {
            first_offset: *first,
            last_offset: *last,
            delivery_state: *state,
            delivery_count: *count,
        });
    SharePartitionStateRead {
        error_code: ErrorCode::None,
        state_epoch: 0,
        start_offset: UNINITIALIZED_START_OFFSET,
        state_batches: batches.collect(),
    }
}

fn started_with(start_offset: i64, batches: &[(i64, i64, i8, i16)]) -> SharePartition {
    let mut partition = SharePartition::new(LIMITS, 0);
    partition.initialize(&read(batches), start_offset);
    partition
}

fn started() -> SharePartition {
    started_with(0, &[])
}

fn acquire(
    partition: &mut SharePartition,
    member_id: &str,
    records: &[RecordBatch],
) -> Vec<(i64, i64, i16)> {
    acquire_by(partition, member_id, records, (500, 1_000))
}

fn acquire_by(
    partition: &mut SharePartition,
    member_id: &str,
    records: &[RecordBatch],
    (batch_size, max_records): (i64, i64),
) -> Vec<(i64, i64, i16)> {
    let who = Acquiring {
        member_id,
        batch_size,
        max_records,
        fetch_offset: partition.next_fetch_offset(),
        now: Time::ZERO,
    };
    let acquired = partition.acquire(&who, records).into_iter();
    let told = |it: AcquiredRecords| (it.first_offset, it.last_offset, it.delivery_count);
    acquired.map(told).collect()
}

fn say(first_offset: i64, last_offset: i64, ids: &[i8]) -> AcknowledgementBatch {
    AcknowledgementBatch {
        first_offset,
        last_offset,
        acknowledge_types: ids.to_vec(),
    }
}

/// A member says something, and it is persisted at once.
fn acknowledge(
    partition: &mut SharePartition,
    member_id: &str,
    said: AcknowledgementBatch,
) -> Result<(), ErrorCode> {
    let let_go = partition.acknowledge(member_id, &[said])?;
    if let Some(write) = let_go.write {
        partition.settle(write.number, true);
    }
    Ok(())
}

const ACCEPT: i8 = 1;
const RELEASE: i8 = 2;
const REJECT: i8 = 3;

#[test]
fn what_a_member_has_no_other_gets() {
    let mut partition = started();
    assert_eq!(acquire(&mut partition, "a", &[batch(0, 4)]), [(0, 4, 1)]);
    assert_eq!(acquire(&mut partition, "b", &[batch(0, 4)]), []);
    assert_eq!(partition.next_fetch_offset(), 5);
    assert_eq!(acquire(&mut partition, "b", &[batch(5, 6)]), [(5, 6, 1)]);
}

#[test]
fn a_part_of_a_batch_may_be_released_and_is_read_again_first() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 4)]);
    acknowledge(&mut partition, "a", say(2, 3, &[RELEASE])).expect("it has them");
    assert_eq!(partition.next_fetch_offset(), 2);
    let again = acquire(&mut partition, "b", &[batch(0, 4), batch(5, 6)]);
    assert_eq!(again, [(2, 2, 2), (3, 3, 2), (5, 6, 1)]);
    assert_eq!(partition.start_offset(), 0);
}

#[test]
fn each_record_may_come_to_something_else() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 3)]);
    let each = say(0, 3, &[ACCEPT, REJECT, RELEASE, 0]);
    acknowledge(&mut partition, "a", each).expect("it has them");
    let state = |offset| partition.at(offset).map(|state| state.state);
    assert_eq!(state(2), Some(RecordState::Available));
    assert_eq!(state(3), Some(RecordState::Archived));
    assert_eq!(partition.start_offset(), 2);
}

#[test]
fn what_is_not_persisted_is_taken_back() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 0)]);
    let let_go = partition.acknowledge("a", &[say(0, 0, &[ACCEPT])]);
    let number = let_go
        .expect("it has it")
        .write
        .expect("to be persisted")
        .number;
    // Meanwhile it is nobody's.
    let again = partition.acknowledge("a", &[say(0, 0, &[ACCEPT])]);
    assert_eq!(again, Err(ErrorCode::InvalidRecordState));
    partition.settle(number, false);
    assert_eq!(
        partition.at(0).map(|it| it.state),
        Some(RecordState::Acquired)
    );
    acknowledge(&mut partition, "a", say(0, 0, &[ACCEPT])).expect("it has it again");
    assert_eq!(partition.start_offset(), 1);
}

#[test]
fn what_a_member_does_not_have_it_cannot_speak_of() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 4)]);
    let refused = |partition: &mut SharePartition, member, said| {
        let before = partition.clone();
        let error = acknowledge(partition, member, said).expect_err("it counts");
        assert_eq!(partition.batches(), before.batches(), "nothing has changed");
        error
    };
    let state = ErrorCode::InvalidRecordState;
    assert_eq!(refused(&mut partition, "b", say(0, 4, &[ACCEPT])), state);
    let invalid = ErrorCode::InvalidRequest;
    assert_eq!(refused(&mut partition, "a", say(0, 9, &[ACCEPT])), invalid);
    assert_eq!(refused(&mut partition, "a", say(0, 1, &[9])), invalid);
    assert_eq!(
        refused(&mut partition, "a", say(0, 2, &[ACCEPT, ACCEPT])),
        invalid
    );
    assert_eq!(refused(&mut partition, "a", say(3, 2, &[ACCEPT])), invalid);
    // Of two batches the second does not count: neither does the first.
    let both = [say(0, 1, &[ACCEPT]), say(2, 9, &[ACCEPT])];
    assert_eq!(partition.acknowledge("a", &both), Err(invalid));
    assert_eq!(
        partition.at(0).map(|it| it.state),
        Some(RecordState::Acquired)
    );
}

#[test]
fn no_more_is_in_flight_than_may_be() {
    let mut partition = SharePartition::new(
        SharePartitionLimits {
            record_locks: 5,
            ..LIMITS
        },
        0,
    );
    assert!(!partition.can_acquire(), "its state is not known yet");
    partition.initialize(&read(&[]), 0);
    assert!(partition.can_acquire());
    acquire(&mut partition, "a", &[batch(0, 4)]);
    assert!(!partition.can_acquire());
    // What is available again may always be acquired.
    acknowledge(&mut partition, "a", say(4, 4, &[RELEASE])).expect("it has it");
    assert!(partition.can_acquire());
    acquire(&mut partition, "a", &[batch(0, 4)]);
    assert!(!partition.can_acquire());
    acknowledge(&mut partition, "a", say(0, 0, &[ACCEPT])).expect("it has it");
    assert_eq!(partition.start_offset(), 1);
    assert!(partition.can_acquire());
}

#[test]
fn acquired_records_are_split_where_record_batches_begin() {
    let log = [batch(0, 2), batch(3, 5), batch(6, 7)];
    let by_size = acquire_by(&mut started(), "a", &log, (3, 1_000));
    assert_eq!(by_size, [(0, 2, 1), (3, 5, 1), (6, 7, 1)]);
    let by_size = acquire_by(&mut started(), "a", &log, (4, 1_000));
    assert_eq!(by_size, [(0, 5, 1), (6, 7, 1)]);
    // The limit of an answer is kept to the end of a record batch.
    let limited = acquire_by(&mut started(), "a", &log, (500, 4));
    assert_eq!(limited, [(0, 5, 1)]);
}

#[test]
fn a_state_with_gaps_is_taken_up_where_it_was() {
    // 0 is done, 2 was released after two tries; 1 and 3 were with members.
    let mut partition = started_with(0, &[(0, 0, 2, 1), (2, 2, 0, 2), (4, 4, 2, 1)]);
    assert_eq!(partition.next_fetch_offset(), 1);
    let acquired = acquire(&mut partition, "a", &[batch(0, 5)]);
    assert_eq!(acquired, [(1, 1, 1), (2, 2, 3), (3, 3, 1), (5, 5, 1)]);
}

/// The log has one batch of records 0 to 5. A new leader learns that 0 is done
/// with, and nothing of the others, and hands them out. When some of these are
/// done with too, the start lies amid what it has handed out: only the one that
/// was released comes again, as often delivered as it was.
#[test]
fn the_start_may_lie_amid_what_was_handed_out() {
    let log = [batch(0, 5), batch(6, 8)];
    let mut partition = started_with(0, &[(0, 0, 2, 1), (6, 8, 2, 1)]);
    assert_eq!(acquire(&mut partition, "a", &log), [(1, 5, 1)]);
    let each = say(1, 5, &[ACCEPT, ACCEPT, ACCEPT, RELEASE, ACCEPT]);
    acknowledge(&mut partition, "a", each).expect("it has them");
    assert_eq!(partition.start_offset(), 4);
    assert_eq!(acquire(&mut partition, "b", &log), [(4, 4, 2)]);
}

/// A new leader learns that 0 and 20 are done with. What lay between was never
/// delivered; the log has been compacted since, and has nothing of it. A read
/// that ends with 20, as where a segment ends, brings nothing to hand out, and
/// yet the share-partition goes on behind it.
#[test]
fn gaps_that_the_log_has_nothing_for_are_not_waited_for() {
    let mut partition = started_with(0, &[(0, 0, 2, 1), (20, 20, 2, 1)]);
    assert_eq!(partition.next_fetch_offset(), 1);
    assert_eq!(acquire(&mut partition, "a", &[batch(20, 20)]), []);
    assert_eq!(partition.next_fetch_offset(), 21);
    assert_eq!(partition.start_offset(), 21);
}

/// The same with something in between that is there: each read brings the next
/// fetch offset on, also where nothing is acquired.
#[test]
fn each_gap_of_a_compacted_log_is_passed_but_once() {
    let mut partition = started_with(0, &[(0, 0, 0, 1), (10, 12, 2, 1), (20, 20, 2, 1)]);
    assert_eq!(acquire(&mut partition, "a", &[batch(0, 0)]), [(0, 0, 2)]);
    assert_eq!(partition.next_fetch_offset(), 1);
    assert_eq!(acquire(&mut partition, "a", &[batch(10, 12)]), []);
    assert_eq!(partition.next_fetch_offset(), 13);
    assert_eq!(acquire(&mut partition, "a", &[batch(20, 20)]), []);
    assert_eq!(partition.next_fetch_offset(), 21);
    acknowledge(&mut partition, "a", say(0, 0, &[ACCEPT])).expect("it has it");
    assert_eq!(partition.start_offset(), 21);
}

#[test]
fn records_that_the_log_has_no_more_are_not_waited_for() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 4)]);
    acquire(&mut partition, "b", &[batch(5, 9)]);
    acknowledge(&mut partition, "b", say(5, 9, &[RELEASE])).expect("it has them");
    partition.log_starts_at(7);
    assert_eq!(partition.start_offset(), 7);
    assert_eq!(partition.next_fetch_offset(), 7);
    // What a member has of what is gone, it may still speak of.
    acknowledge(&mut partition, "a", say(0, 4, &[ACCEPT])).expect("that is no error");
    assert_eq!(acquire(&mut partition, "a", &[batch(5, 9)]).len(), 3);
}

#[test]
fn what_was_compacted_away_meanwhile_is_not_waited_for() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 4)]);
    acknowledge(&mut partition, "a", say(0, 4, &[RELEASE])).expect("it has them");
    assert_eq!(acquire(&mut partition, "b", &[batch(3, 4)]).len(), 2);
    assert_eq!(partition.start_offset(), 3);
}

#[test]
fn a_lock_ends_when_its_time_has_come_and_not_before() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 1)]);
    let end = Time::ZERO.plus_ms(LIMITS.record_lock_duration_ms);
    assert_eq!(partition.next_deadline(), Some(end));
    let early = partition.expire(Time::ZERO.plus_ms(LIMITS.record_lock_duration_ms - 1));
    assert_eq!(early, LetGo::default());
    let let_go = partition.expire(end);
    assert_eq!(let_go.changes.len(), 1);
    assert_eq!(acquire(&mut partition, "b", &[batch(0, 1)]), [(0, 1, 2)]);
}

/// A member accepts a record, and while that is being written the lock of
/// another record ends. When the write fails the member has its record still,
/// but not for ever: its lock ends too.
#[test]
fn a_record_whose_acceptance_cannot_be_written_is_given_back_when_its_lock_ends() {
    let mut partition = started();
    acquire(&mut partition, "a", &[batch(0, 0)]);
    acquire(&mut partition, "b", &[batch(1, 1)]);
    let said = partition.acknowledge("a", &[say(0, 0, &[ACCEPT])]);
    let write = said.expect("it has the record").write;
    let end = Time::ZERO.plus_ms(LIMITS.record_lock_duration_ms);
    let of_b = partition.expire(end);
    assert_eq!(of_b.changes.len(), 1, "only what is not being written");
    partition.settle(write.expect("it is to be stored").number, false);
    assert_eq!(partition.next_deadline(), Some(end));
    let of_a = partition.expire(end);
    assert_eq!(of_a.changes.len(), 1);
    assert_eq!(acquire(&mut partition, "c", &[batch(0, 0)]), [(0, 0, 2)]);
}
