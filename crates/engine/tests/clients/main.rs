//! Clients in a cluster that fails: what they lose, and what they do not.

mod calls;
mod consumers;
mod records;
#[path = "../support/mod.rs"]
mod support;
mod trouble;

use engine::collections::BTreeSet;

use engine::client::{AdminConfig, ProducerConfig};
use engine::command::ClientNumber;
use engine::protocol::{CreateTopicsRequest, Request};
use engine::{Command, Event, EventKind, TopicPartition, World};
use support::cluster::{cluster_with, create_placed, new_topic};
use support::{run_ms, start};

const TOPIC: &str = "orders";
const BROKERS: [i32; 3] = [1, 2, 3];

/// With one topic that every broker holds.
fn cluster_with_topic(seed: u64, partitions: i32) -> World {
    let mut world = cluster_with(seed, &[("min.insync.replicas", "2")]);
    create_placed(&mut world, TOPIC, partitions, 3, &[]);
    run_ms(&mut world, 2_000);
    world
}

fn create(topic: &str, partitions: i32) -> Request {
    let topics = vec![new_topic(topic, partitions, 3)];
    Request::CreateTopics(CreateTopicsRequest { topics })
}

fn admin(world: &mut World) -> ClientNumber {
    let config = AdminConfig::named("admin");
    start(world, Command::AddAdmin { config })
}

fn call(world: &mut World, admin: ClientNumber, request: Request) {
    execute(world, Command::AdminCall { admin, request });
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn producer(world: &mut World, config: ProducerConfig) -> ClientNumber {
    let workload = None;
    start(world, Command::AddProducer { config, workload })
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new(TOPIC, number)
}

fn leader(world: &World, number: i32) -> i32 {
    let registration = world.image().partition(&partition(number));
    registration
        .and_then(|of| of.leader)
        .expect("it has a leader")
}

/// The values in a partition's log, in order.
fn values(world: &World, number: i32) -> Vec<String> {
    let records = support::records(world, TOPIC, number);
    records.into_iter().map(|(_, _, value)| value).collect()
}

fn delivered(events: &[Event]) -> i32 {
    let delivered = events.iter().map(|event| match event.kind {
        EventKind::Delivered { records, .. } => records,
        _ => 0,
    });
    delivered.sum()
}

fn failures(events: &[Event]) -> Vec<String> {
    let failed = events.iter().filter_map(|event| match &event.kind {
        EventKind::SendFailed {
            exception, message, ..
        } => Some(format!("{exception}: {message}")),
        _ => None,
    });
    failed.collect()
}

/// Each value the first time it comes.
fn without_repetitions(values: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let first = values
        .into_iter()
        .filter(|value| seen.insert(value.clone()));
    first.collect()
}
