//! What brokers delete, and what consumers make of it.

mod support;

use engine::client::{AutoOffsetReset, ConsumerConfig};
use engine::command::ClientNumber;
use engine::log::{DeletionReason, LogSegment, PartitionLog};
use engine::protocol::{DeleteRecordsRequest, DeletedRecords, Request, Response};
use engine::{Command, ErrorCode, Event, EventKind, TopicPartition, World, WorldConfig};
use support::*;

const TOPIC: &str = "r";

fn world_with(configs: &[(&str, &str)]) -> World {
    let mut world = World::new(7, WorldConfig::playground());
    create_topic_with(&mut world, TOPIC, 1, configs);
    world
}

fn partition() -> TopicPartition {
    TopicPartition::new(TOPIC, 0)
}

fn log(world: &World) -> &PartitionLog {
    &world.partition(&partition()).expect("it is led").log
}

fn bases(world: &World) -> Vec<i64> {
    log(world).segments().map(LogSegment::base_offset).collect()
}

/// Sends records one by one, each a batch of 140 bytes.
fn send_records(world: &mut World, count: usize) -> Vec<Event> {
    let producer = producer(world);
    let mut events = Vec::new();
    for number in 0..count {
        let value = format!("value-{number:02}-{}", "x".repeat(60));
        send(world, producer, TOPIC, Some("k"), &value);
        events.extend(run_ms(world, 1_000));
    }
    events.extend(run_ms(world, 2_000));
    world
        .execute(Command::Close { client: producer })
        .expect("it runs");
    events
}

/// Where logs were cut off, and why.
fn deletions(events: &[Event]) -> Vec<(i64, i64, DeletionReason)> {
    let deletion = |event: &Event| match &event.kind {
        EventKind::RecordsDeleted {
            from, to, reason, ..
        } => Some((*from, *to, *reason)),
        _ => None,
    };
    events.iter().filter_map(deletion).collect()
}

fn delete_records(world: &mut World, offset: i64) -> DeletedRecords {
    let request = Request::DeleteRecords(DeleteRecordsRequest {
        partitions: vec![(partition(), offset)],
        timeout_ms: 60_000,
    });
    match admin_call(world, request) {
        Response::DeleteRecords(response) => response.partitions[0].1.clone(),
        other => panic!("{other:?}"),
    }
}

/// As recorded on a real broker: of twelve records in segments of two, the
/// last six stay.
#[test]
fn retention_bytes_deletes_whole_segments() {
    let mut world = world_with(&[("segment.bytes", "300"), ("retention.bytes", "700")]);
    send_records(&mut world, 12);
    assert_eq!(bases(&world), [0, 2, 4, 6, 8, 10]);
    assert!(
        log(&world)
            .segments()
            .all(|segment| segment.size_bytes() == 280)
    );

    let events = run_ms(&mut world, 30_000);
    assert_eq!(deletions(&events), [(0, 6, DeletionReason::RetentionSize)]);
    assert_eq!(bases(&world), [6, 8, 10]);
    assert_eq!(
        (log(&world).start_offset(), log(&world).end_offset()),
        (6, 12)
    );
    let told = events
        .iter()
        .find(|event| matches!(event.kind, EventKind::RecordsDeleted { .. }));
    assert_eq!(
        told.expect("an event").describe(&world),
        "r-0 now begins at offset 6 instead of 0: the log was larger than retention.bytes."
    );
}

/// As recorded on a real broker: the last segment rolls before it goes, and
/// offsets go on.
#[test]
fn retention_ms_deletes_the_active_segment_too() {
    let mut world = world_with(&[("segment.bytes", "300"), ("retention.ms", "1000")]);
    send_records(&mut world, 12);
    let events = run_ms(&mut world, 30_000);
    assert_eq!(deletions(&events), [(0, 12, DeletionReason::RetentionTime)]);
    assert_eq!((bases(&world), log(&world).size_bytes()), (vec![12], 0));
    send_records(&mut world, 1);
    assert_eq!(log(&world).end_offset(), 13);
}

#[test]
fn checks_are_made_every_five_minutes_while_there_is_a_topic() {
    let mut world = world_with(&[("retention.ms", "100000")]);
    run_ms(&mut world, 30_000);
    send_records(&mut world, 1);
    let events = run_ms(&mut world, 700_000);
    let deleted = events
        .iter()
        .find(|event| matches!(event.kind, EventKind::RecordsDeleted { .. }));
    assert_eq!(deleted.expect("it expires").at.as_ms(), 330_000);
}

/// A topic with `segment.ms` begins a new segment with a batch that is so much
/// younger than the first.
#[test]
fn segment_ms_rolls_by_the_records_timestamps() {
    let mut world = world_with(&[("segment.ms", "2000")]);
    send_records(&mut world, 4);
    assert_eq!(bases(&world), [0, 3]);
    run_ms(&mut world, 60_000);
    assert_eq!(bases(&world), [0, 3], "nothing rolls without a record");
}

#[test]
fn the_broker_overwrites_timestamps_when_the_topic_says_so() {
    let mut world = world_with(&[("message.timestamp.type", "LogAppendTime")]);
    let events = send_records(&mut world, 1);
    let appended = events
        .iter()
        .find(|event| matches!(event.kind, EventKind::RecordsAppended { .. }))
        .expect("it is appended");
    let now_ms = world.timestamp_ms() - (world.now().as_ms() - appended.at.as_ms()) as i64;
    let stored = log(&world).batches().next().expect("it is stored");
    assert!(stored.is_crc_valid());
    let record = stored.records().next().expect("one record").unwrap();
    assert_eq!(record.timestamp_ms, now_ms);
}

#[test]
fn delete_records_moves_the_log_start_and_later_the_segments_go() {
    let mut world = world_with(&[("segment.bytes", "300")]);
    send_records(&mut world, 5);
    let deleted = delete_records(&mut world, 3);
    assert_eq!(
        (deleted.low_watermark, deleted.error_code),
        (3, ErrorCode::None)
    );
    assert_eq!(bases(&world), [0, 2, 4]);
    run_ms(&mut world, 30_000);
    assert_eq!(bases(&world), [2, 4]);

    let refused = delete_records(&mut world, 6);
    assert_eq!(refused.error_code, ErrorCode::OffsetOutOfRange);
    assert_eq!(refused.low_watermark, DeletedRecords::INVALID_LOW_WATERMARK);
    assert_eq!(
        delete_records(&mut world, -2).error_code,
        ErrorCode::OffsetOutOfRange
    );
    assert_eq!(log(&world).start_offset(), 3, "nothing has changed");

    let all = delete_records(&mut world, DeleteRecordsRequest::HIGH_WATERMARK);
    assert_eq!(all.low_watermark, 5);
}

#[test]
fn records_of_a_compacted_topic_cannot_be_deleted() {
    let mut world = world_with(&[("cleanup.policy", "compact")]);
    send_records(&mut world, 2);
    let refused = delete_records(&mut world, 1);
    assert_eq!(refused.error_code, ErrorCode::PolicyViolation);
}

/// A group that has committed offset 2, of whose records the first four are
/// then deleted, is read on.
fn read_on_after_a_deletion(
    auto_offset_reset: AutoOffsetReset,
) -> (World, ClientNumber, Vec<Event>) {
    let mut world = world_with(&[]);
    send_records(&mut world, 2);
    let first = consumer(&mut world, "g", TOPIC);
    run_ms(&mut world, 10_000);
    world
        .execute(Command::Close { client: first })
        .expect("it runs");
    run_ms(&mut world, 5_000);
    send_records(&mut world, 4);
    delete_records(&mut world, 4);
    let config = ConsumerConfig {
        auto_offset_reset,
        ..ConsumerConfig::of_group("g")
    };
    let topics = vec![TOPIC.into()];
    let second = start(&mut world, Command::AddConsumer { config, topics });
    let events = run_ms(&mut world, 10_000);
    (world, second, events)
}

#[test]
fn a_consumer_behind_the_log_start_begins_anew() {
    for (reset, begins, reads) in [
        (AutoOffsetReset::Earliest, 4, 2),
        (AutoOffsetReset::Latest, 6, 0),
    ] {
        let (world, consumer, events) = read_on_after_a_deletion(reset);
        let resets: Vec<_> = events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::PositionReset {
                    offset,
                    out_of_range,
                    ..
                } => Some((offset, out_of_range)),
                _ => None,
            })
            .collect();
        assert_eq!(resets, [(begins, Some(2))]);
        assert_eq!(values_read(&events, consumer).len(), reads);
        let position = consumer_of(&world, consumer).assignment()[&partition()].position;
        assert_eq!(position, Some(6));
    }
}

#[test]
fn a_consumer_that_must_not_begin_anew_fails() {
    let (_, _, events) = read_on_after_a_deletion(AutoOffsetReset::None);
    let failed = events.iter().find_map(|event| match &event.kind {
        EventKind::ConsumerFailed {
            exception, message, ..
        } => Some((exception.as_str(), message.as_str())),
        _ => None,
    });
    let message = "Offsets out of range with no configured reset policy for partitions: {r-0=2}";
    assert_eq!(failed, Some(("OffsetOutOfRangeException", message)));
}
