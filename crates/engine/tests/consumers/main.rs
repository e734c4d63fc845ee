//! Lessons about consumers: what they read, when they commit, and what is lost
//! or repeated when they fail.

mod commits;
mod polling;
mod positions;
mod replicas;
mod subscriptions;
#[path = "../support/mod.rs"]
mod support;

use engine::client::{AutoOffsetReset, ConsumerConfig, ConsumerEvent, Processing};
use engine::command::ClientNumber;
use engine::{Command, Event, EventKind, TopicPartition, World};
use support::{consumer_of, producer, run_ms, send, start, world_with_topic};

const TOPIC: &str = "orders";
const SECOND_US: u64 = 1_000_000;

/// A world with one topic of one partition and so many records in it.
fn world_with_records(seed: u64, records: i32) -> (World, ClientNumber) {
    let mut world = world_with_topic(seed, TOPIC, 1);
    let producer = producer(&mut world);
    for number in 0..records {
        send(&mut world, producer, TOPIC, None, &number.to_string());
    }
    run_ms(&mut world, 2_000);
    (world, producer)
}

/// A member that is missed after six seconds.
fn config(group: &str) -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        session_timeout_ms: 6_000,
        heartbeat_interval_ms: 1_000,
        ..ConsumerConfig::of_group(group)
    }
}

fn member(world: &mut World, config: ConsumerConfig) -> ClientNumber {
    let topics = vec![TOPIC.into()];
    start(world, Command::AddConsumer { config, topics })
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn set_processing(world: &mut World, consumer: ClientNumber, processing: Processing) {
    let command = Command::SetProcessing {
        consumer,
        processing,
    };
    execute(world, command);
}

fn partition() -> TopicPartition {
    TopicPartition::new(TOPIC, 0)
}

/// Where it reads on; `None` too while it has nothing, since its group
/// rebalances.
fn position(world: &World, consumer: ClientNumber) -> Option<i64> {
    let assignment = consumer_of(world, consumer).assignment();
    assignment.get(&partition())?.position
}

fn processed(world: &World, consumer: ClientNumber) -> i64 {
    let processed = consumer_of(world, consumer).processed();
    processed
        .get(&partition())
        .and_then(|of| of.end())
        .unwrap_or(0)
}

/// Lets time pass until it holds, a minute at the most.
fn wait(world: &mut World, what: &str, holds: impl Fn(&World) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..1_200 {
        if holds(world) {
            return events;
        }
        events.extend(run_ms(world, 50));
    }
    panic!("{what} does not come");
}

fn of_consumer(events: &[Event], number: ClientNumber) -> Vec<&ConsumerEvent> {
    let mine = events.iter().filter_map(|event| match &event.kind {
        EventKind::Consumer { consumer, event } if *consumer == number => Some(event),
        _ => None,
    });
    mine.collect()
}

fn failure(events: &[Event]) -> Option<(&str, &str)> {
    events.iter().find_map(|event| match &event.kind {
        EventKind::ConsumerFailed {
            exception, message, ..
        } => Some((exception.as_str(), message.as_str())),
        _ => None,
    })
}

fn repeated(events: &[Event]) -> Vec<(i64, i64)> {
    let found = events.iter().filter_map(|event| match event.kind {
        EventKind::RecordsProcessedAgain { from, to, .. } => Some((from, to)),
        _ => None,
    });
    found.collect()
}

fn skipped(events: &[Event]) -> Vec<(i64, i64)> {
    let found = events.iter().filter_map(|event| match event.kind {
        EventKind::RecordsSkipped { from, to, .. } => Some((from, to)),
        _ => None,
    });
    found.collect()
}
