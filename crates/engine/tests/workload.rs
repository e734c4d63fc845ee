//! What a producer makes up, and what a consumer counts of it.

mod support;

use engine::client::{KeyPattern, ProducerConfig, Workload};
use engine::protocol::{DeleteRecordsRequest, Request};
use engine::{Command, Event, EventKind, TopicPartition, World};
use support::*;

const TOPIC: &str = "orders";

/// Three records at once, each second.
fn start_workload(world: &mut World) {
    let workload = Workload {
        topic: TOPIC.into(),
        keys: KeyPattern::None,
        interval_us: 1_000_000,
        burst: 3,
        value_prefix: "order ".to_owned(),
        value_bytes: 8,
    };
    let command = Command::AddProducer {
        config: ProducerConfig::default(),
        workload: Some(workload),
    };
    start(world, command);
}

/// How many records went into the accumulator at each instant.
fn bursts(events: &[Event]) -> Vec<usize> {
    let records = events.iter().filter_map(|event| match &event.kind {
        EventKind::RecordsAccumulated { records, .. } => Some(records.len()),
        _ => None,
    });
    records.collect()
}

#[test]
fn a_burst_goes_into_one_batch_and_none_is_made_while_send_blocks() {
    let mut world = world_with_topic(1, TOPIC, 1);
    start_workload(&mut world);
    let events = run_ms(&mut world, 3_900);
    // The first record waited for the topic's metadata, alone.
    assert_eq!(bursts(&events), [1, 3, 3]);
    let batches = world.partition(&TopicPartition::new(TOPIC, 0)).unwrap();
    let counts = batches.log.batches().map(|batch| batch.record_count());
    assert_eq!(counts.collect::<Vec<_>>(), [1, 3, 3]);
    let records = records(&world, TOPIC, 0).into_iter();
    let values: Vec<String> = records.map(|(_, _, value)| value).collect();
    let expected: Vec<String> = (0..7).map(|number| format!("order {number}.")).collect();
    assert_eq!(values, expected);
}

/// Records 1, 2 and 3 are one batch. A consumer that begins with record 2 is
/// sent all three and counts two.
#[test]
fn a_consumer_does_not_count_what_lies_before_its_position() {
    let mut world = world_with_topic(1, TOPIC, 1);
    start_workload(&mut world);
    run_ms(&mut world, 3_900);
    let request = Request::DeleteRecords(DeleteRecordsRequest {
        partitions: vec![(TopicPartition::new(TOPIC, 0), 2)],
        timeout_ms: 60_000,
    });
    admin_call(&mut world, request);
    let late = consumer(&mut world, "late", TOPIC);
    let events = run_ms(&mut world, 5_000);
    let read = values_read(&events, late);
    assert_eq!(read[0], "order 2.");
    assert_eq!(consumer_of(&world, late).records_read(), read.len() as u64);
}
