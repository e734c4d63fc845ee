use super::*;
use crate::protocol::{FINAL_EPOCH, FetchedPartition, INITIAL_EPOCH, TopicId};

const ORDERS: TopicId = TopicId([1; 16]);

fn of(number: i32) -> TopicPartition {
    TopicPartition::new("orders", number)
}

fn wanted(number: i32, fetch_offset: i64) -> FetchPartition {
    FetchPartition {
        topic_partition: of(number),
        topic_id: Some(ORDERS),
        fetch_offset,
        current_leader_epoch: 0,
        last_fetched_epoch: -1,
        log_start_offset: -1,
        partition_max_bytes: 1_000,
    }
}

fn answer(error_code: ErrorCode, session_id: i32, partitions: &[i32]) -> FetchResponse {
    let nothing = FetchedPartition {
        error_code: ErrorCode::None,
        high_watermark: 0,
        last_stable_offset: 0,
        log_start_offset: 0,
        aborted_transactions: Vec::new(),
        diverging_epoch: None,
        preferred_read_replica: None,
        records: Vec::new(),
    };
    let partitions = partitions
        .iter()
        .map(|number| (of(*number), nothing.clone()));
    FetchResponse {
        error_code,
        session_id,
        partitions: partitions.collect(),
    }
}

/// With session 7, which holds partitions 0 and 1 from offset 0.
fn in_session() -> FetchSessionHandler {
    let mut handler = FetchSessionHandler::default();
    handler.build(vec![wanted(0, 0), wanted(1, 0)]);
    assert!(handler.handle_response(&answer(ErrorCode::None, 7, &[0, 1])));
    handler
}

fn at(session_id: i32, epoch: i32) -> FetchMetadata {
    FetchMetadata { session_id, epoch }
}

#[test]
fn the_first_fetch_names_all_and_the_next_what_has_changed() {
    let mut handler = FetchSessionHandler::default();
    let first = handler.build(vec![wanted(1, 0), wanted(0, 0)]);
    assert_eq!(first.metadata, at(INVALID_SESSION_ID, INITIAL_EPOCH));
    assert_eq!(
        first.to_send,
        [wanted(1, 0), wanted(0, 0)],
        "in their order"
    );
    handler.handle_response(&answer(ErrorCode::None, 7, &[1, 0]));

    let next = handler.build(vec![wanted(0, 5), wanted(1, 0), wanted(2, 0)]);
    assert_eq!(next.metadata, at(7, 1));
    assert_eq!(next.to_send, [wanted(2, 0), wanted(0, 5)], "new ones first");
    assert_eq!(next.to_forget, []);
    handler.handle_response(&answer(ErrorCode::None, 7, &[2]));

    let last = handler.build(vec![wanted(0, 5), wanted(2, 0)]);
    assert_eq!(last.metadata, at(7, 2));
    assert_eq!(last.to_send, []);
    let forgotten: Vec<_> = last
        .to_forget
        .into_iter()
        .map(|it| it.topic_partition)
        .collect();
    assert_eq!(forgotten, [of(1)]);
}

#[test]
fn what_has_changed_can_be_said_without_the_rest() {
    let mut handler = in_session();
    let next = handler.build_altered(vec![wanted(0, 0), wanted(1, 9)]);
    assert_eq!(next.to_send, [wanted(1, 9)], "the other is as it was");
    handler.handle_error();
    let anew = handler.build_altered(vec![wanted(0, 3)]);
    assert_eq!(anew.metadata, at(7, INITIAL_EPOCH));
    assert_eq!(
        anew.to_send,
        [wanted(0, 3), wanted(1, 9)],
        "without a session, all"
    );
}

/// The broker must not take the offsets of one topic for those of another.
#[test]
fn a_topic_that_was_made_anew_replaces_the_one_before() {
    let mut handler = in_session();
    let anew = FetchPartition {
        topic_id: Some(TopicId([2; 16])),
        ..wanted(0, 0)
    };
    let next = handler.build(vec![anew.clone(), wanted(1, 0)]);
    assert_eq!(next.to_send, [anew]);
    let replaced = ForgottenPartition {
        topic_partition: of(0),
        topic_id: Some(ORDERS),
    };
    assert_eq!(next.to_forget, [replaced]);
}

#[test]
fn a_session_that_the_broker_does_not_have_is_not_closed() {
    let mut handler = in_session();
    handler.build(vec![wanted(0, 0)]);
    let error = ErrorCode::FetchSessionIdNotFound;
    assert!(!handler.handle_response(&answer(error, INVALID_SESSION_ID, &[])));
    assert_eq!(handler.next(), FetchMetadata::INITIAL);
}

#[test]
fn a_session_out_of_step_is_closed_by_the_fetch_that_asks_for_another() {
    let mut handler = in_session();
    handler.build(vec![wanted(0, 0)]);
    let error = ErrorCode::InvalidFetchSessionEpoch;
    assert!(!handler.handle_response(&answer(error, INVALID_SESSION_ID, &[])));
    assert_eq!(handler.next(), at(7, INITIAL_EPOCH));
    let anew = handler.build(vec![wanted(0, 0)]);
    assert_eq!(anew.to_send, [wanted(0, 0)]);
}

#[test]
fn a_broker_without_room_is_sent_all_each_time() {
    let mut handler = FetchSessionHandler::default();
    for offset in 0..3 {
        let data = handler.build(vec![wanted(0, offset)]);
        assert_eq!(data.metadata, FetchMetadata::INITIAL);
        assert_eq!(data.to_send, [wanted(0, offset)]);
        assert!(handler.handle_response(&answer(ErrorCode::None, INVALID_SESSION_ID, &[0])));
    }
}

#[test]
fn an_answer_about_something_else_is_not_taken_in() {
    let mut handler = FetchSessionHandler::default();
    handler.build(vec![wanted(0, 0), wanted(1, 0)]);
    assert!(!handler.handle_response(&answer(ErrorCode::None, 7, &[0])));
    assert_eq!(handler.next(), FetchMetadata::INITIAL, "one is missing");

    let mut handler = in_session();
    handler.build(vec![wanted(0, 0), wanted(1, 0)]);
    assert!(!handler.handle_response(&answer(ErrorCode::None, 7, &[2])));
    assert_eq!(handler.next(), at(7, INITIAL_EPOCH), "one is too many");
}

#[test]
fn whoever_stops_closes_the_session_with_a_fetch_of_nothing() {
    let mut handler = in_session();
    handler.notify_close();
    let last = handler.build(Vec::new());
    assert_eq!(last.metadata, at(7, FINAL_EPOCH));
    assert_eq!((last.to_send, last.to_forget), (Vec::new(), Vec::new()));
}
