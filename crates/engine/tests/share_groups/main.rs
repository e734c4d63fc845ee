//! Share groups (KIP-932): a topic read as a queue. Its records are handed out
//! one by one to whoever asks, each to one member at a time, until somebody is
//! done with it.

mod deliveries;
mod groups;
mod ledger;
#[path = "../support/mod.rs"]
mod support;

use engine::client::{Client, OutgoingRecord, ShareConsumer, ShareConsumerConfig};
use engine::command::ClientNumber;
use engine::event::{ShareEvent, ShareRecords};
use engine::{Command, Event, EventKind, TopicPartition, World, WorldConfig};
use support::{create_topic, run_ms, start};

const TOPIC: &str = "orders";
const GROUP: &str = "workers";

/// A world with one partition.
fn queue(seed: u64) -> World {
    queue_with(seed, &[])
}

/// A world with one partition and these broker settings.
fn queue_with(seed: u64, settings: &[(&str, &str)]) -> World {
    let mut world = World::new(seed, WorldConfig::cluster(&[1], &[1], settings));
    create_topic(&mut world, TOPIC, 1);
    world
}

fn of(partition: i32) -> TopicPartition {
    TopicPartition::new(TOPIC, partition)
}

fn config() -> ShareConsumerConfig {
    ShareConsumerConfig::of_group(GROUP)
}

fn worker(world: &mut World, config: ShareConsumerConfig) -> ClientNumber {
    let topics = vec![TOPIC.into()];
    start(world, Command::AddShareConsumer { config, topics })
}

fn share_consumer(world: &World, number: ClientNumber) -> &ShareConsumer {
    match world.clients().get(&number) {
        Some(Client::ShareConsumer(consumer)) => consumer,
        other => panic!("{number} is no share consumer: {other:?}"),
    }
}

/// Sends so many records to each partition, each in a batch of its own.
fn send(world: &mut World, partitions: i32, count: usize) -> Vec<Event> {
    let producer = support::producer(world);
    let mut events = Vec::new();
    for number in 0..count {
        for partition in 0..partitions {
            let record = OutgoingRecord {
                topic: TOPIC.into(),
                partition: Some(partition),
                key: None,
                value: Some(format!("v{number}").into_bytes()),
                headers: Vec::new(),
                timestamp_ms: None,
            };
            let command = Command::Send { producer, record };
            world.execute(command).expect("a record that send() takes");
        }
        events.extend(run_ms(world, 50));
    }
    events
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn share_events(events: &[Event]) -> impl Iterator<Item = &ShareEvent> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::Share(event) => Some(event),
        _ => None,
    })
}

/// The offsets of these records with how often each was delivered.
fn listed<'a>(records: impl Iterator<Item = &'a ShareRecords>) -> Vec<(i64, i16)> {
    let offsets = records.flat_map(|it| {
        let offsets = it.first_offset..=it.last_offset;
        offsets.map(|offset| (offset, it.delivery_count))
    });
    offsets.collect()
}

fn acquired(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsAcquired(records) => Some(records),
        _ => None,
    }))
}

fn accepted(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsAcknowledged(records) => Some(records),
        _ => None,
    }))
}

fn rejected(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsRejected(records) => Some(records),
        _ => None,
    }))
}

fn archived(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsArchived(records) => Some(records),
        _ => None,
    }))
}

fn expired(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::AcquisitionLockExpired(records) => Some(records),
        _ => None,
    }))
}
