//! What `poll()` returns, and how often it has to be called.

use super::support::{consumer_of, values_read};
use super::{
    SECOND_US, config, member, of_consumer, partition, processed, repeated, set_processing, wait,
    world_with_records,
};
use engine::client::{ConsumerConfig, ConsumerEvent, Membership, Processing};
use engine::command::ClientNumber;
use engine::event::LogLevel;
use engine::{EventKind, World};

/// A member that takes a second for each record.
fn slow_member(world: &mut World, config: ConsumerConfig) -> ClientNumber {
    let consumer = member(world, config);
    let processing = Processing {
        per_record_us: SECOND_US,
        commit: None,
    };
    set_processing(world, consumer, processing);
    consumer
}

#[test]
fn poll_returns_no_more_than_max_poll_records_and_fetches_ahead() {
    let (mut world, _) = world_with_records(3, 10);
    let config = ConsumerConfig {
        max_poll_records: 4,
        ..config("billing")
    };
    let consumer = slow_member(&mut world, config);
    let events = wait(&mut world, "the first", |world| {
        processed(world, consumer) == 1
    });
    let read: Vec<(i64, i64)> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::RecordsRead { from, to, .. } => Some((from, to)),
            _ => None,
        })
        .collect();
    assert_eq!(read, [(0, 4)]);
    assert_eq!(values_read(&events, consumer), ["0", "1", "2", "3"]);
    assert!(
        consumer_of(&world, consumer).records_buffered() >= 6,
        "the others have come"
    );
    assert_eq!(consumer_of(&world, consumer).records_in_hand(), 3);
}

#[test]
fn an_application_that_does_not_poll_in_time_is_thrown_out_and_comes_back() {
    let (mut world, _) = world_with_records(4, 10);
    let slow = ConsumerConfig {
        max_poll_interval_ms: 4_000,
        ..config("billing")
    };
    let consumer = slow_member(&mut world, slow);
    let events = wait(&mut world, "its leaving", |world| {
        consumer_of(world, consumer).membership() == Membership::Unjoined
            && processed(world, consumer) > 0
    });
    let reason = "consumer poll timeout has expired.".to_owned();
    assert!(of_consumer(&events, consumer).contains(&&ConsumerEvent::LeavesGroup { reason }));
    let warned = events.iter().any(|event| {
        matches!(&event.kind, EventKind::ClientLog { level: LogLevel::Warn, text, .. }
            if text.contains("longer than the configured max.poll.interval.ms"))
    });
    assert!(warned);
    let events = wait(&mut world, "its return", |world| {
        consumer_of(world, consumer).membership() == Membership::Stable
    });
    let partitions = vec![partition()];
    assert!(
        of_consumer(&events, consumer).contains(&&ConsumerEvent::PartitionsLost { partitions })
    );
    // It could not commit what it did: it does it all again.
    let events = wait(&mut world, "the same again", |world| {
        let again = world
            .processed_by("billing")
            .map(|of| of[&partition()].repeated());
        again.is_some_and(|repeated| repeated > 0)
    });
    assert_eq!(repeated(&events)[0].0, 0);
}

#[test]
fn with_fewer_records_at_a_time_the_same_application_stays() {
    let (mut world, _) = world_with_records(4, 10);
    let slow = ConsumerConfig {
        max_poll_interval_ms: 4_000,
        max_poll_records: 2,
        ..config("billing")
    };
    let consumer = slow_member(&mut world, slow);
    let events = wait(&mut world, "the last", |world| {
        processed(world, consumer) == 10
    });
    let left = |event: &&ConsumerEvent| matches!(event, ConsumerEvent::LeavesGroup { .. });
    assert!(!of_consumer(&events, consumer).iter().any(left));
    assert_eq!(repeated(&events), []);
}
