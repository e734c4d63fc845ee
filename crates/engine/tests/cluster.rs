//! A cluster of several brokers: replication, and what happens when parts of
//! it fail.

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use engine::client::{Acks, OutgoingRecord, ProducerConfig};
use engine::command::ClientNumber;
use engine::protocol::{CreatableTopic, CreateTopicsRequest, Request, Response};
use engine::sim::Latency;
use engine::{Command, Event, EventKind, TopicPartition, World, WorldConfig};
use support::{admin_call, run_ms, start};

const SETTINGS: &[(&str, &str)] = &[
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    ("replica.lag.time.max.ms", "4000"),
];

fn cluster(seed: u64) -> World {
    let mut config = WorldConfig::cluster(&[1, 2, 3], &[100], SETTINGS);
    config.latency = Latency {
        base_us: 1_000,
        jitter_us: 500,
    };
    World::new(seed, config)
}

fn create(
    world: &mut World,
    topic: &str,
    partitions: i32,
    replicas: i16,
    configs: &[(&str, &str)],
) {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let request = Request::CreateTopics(CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: topic.into(),
            num_partitions: partitions,
            replication_factor: replicas,
            assignments: BTreeMap::new(),
            configs: configs.iter().map(owned).collect(),
        }],
    });
    match admin_call(world, request) {
        Response::CreateTopics(response) => {
            assert!(response.topics[0].error_code.is_none(), "{response:?}");
        }
        other => panic!("{other:?}"),
    }
}

fn producer(world: &mut World, acks: Acks) -> ClientNumber {
    let config = ProducerConfig {
        acks,
        ..ProducerConfig::default()
    };
    let command = Command::AddProducer {
        config,
        workload: None,
    };
    start(world, command)
}

fn send(world: &mut World, producer: ClientNumber, topic: &str, values: std::ops::Range<u32>) {
    for value in values {
        let record = OutgoingRecord {
            topic: topic.into(),
            partition: Some(0),
            key: None,
            value: Some(value.to_string().into_bytes()),
        };
        let command = Command::Send { producer, record };
        world.execute(command).expect("it takes a record");
    }
}

fn first(topic: &str) -> TopicPartition {
    TopicPartition::new(topic, 0)
}

fn leader(world: &World, topic: &str) -> Option<i32> {
    world.topics()[topic].partitions[0].leader
}

fn isr(world: &World, topic: &str) -> Vec<i32> {
    world.topics()[topic].partitions[0].isr.clone()
}

fn ends(world: &World, topic: &str) -> Vec<(i32, i64, i64)> {
    let of = first(topic);
    let held = world.brokers().values().filter_map(|broker| {
        let held = broker.partitions().get(&of)?;
        Some((broker.id, held.log.end_offset(), held.high_watermark()))
    });
    held.collect()
}

fn told(events: &[Event], is: impl Fn(&EventKind) -> bool) -> usize {
    events.iter().filter(|event| is(&event.kind)).count()
}

#[test]
fn every_replica_gets_every_record_and_learns_that_it_is_committed() {
    let mut world = cluster(1);
    create(&mut world, "t", 1, 3, &[]);
    let producer = producer(&mut world, Acks::All);
    send(&mut world, producer, "t", 0..10);
    let events = run_ms(&mut world, 2_000);
    assert!(told(&events, |kind| matches!(kind, EventKind::Delivered { .. })) > 0);
    assert_eq!(ends(&world, "t"), [(1, 10, 10), (2, 10, 10), (3, 10, 10)]);
}

#[test]
fn a_killed_leader_is_fenced_another_leads_and_it_comes_back_in_sync() {
    let mut world = cluster(2);
    create(&mut world, "t", 1, 3, &[]);
    let producer = producer(&mut world, Acks::All);
    send(&mut world, producer, "t", 0..10);
    run_ms(&mut world, 1_000);
    let old = leader(&world, "t").unwrap();
    world.execute(Command::KillBroker { broker: old }).unwrap();
    run_ms(&mut world, 2_000);
    assert_eq!(leader(&world, "t"), Some(old), "its session still holds");
    run_ms(&mut world, 3_000);
    let new = leader(&world, "t").unwrap();
    assert_ne!(new, old);
    assert!(!isr(&world, "t").contains(&old));
    world.execute(Command::StartBroker { broker: old }).unwrap();
    run_ms(&mut world, 5_000);
    assert_eq!(
        isr(&world, "t").last(),
        Some(&old),
        "who rejoins comes last"
    );
    assert_eq!(isr(&world, "t").len(), 3);
    assert_eq!(ends(&world, "t"), [(1, 10, 10), (2, 10, 10), (3, 10, 10)]);
}

#[test]
fn a_broker_that_is_stopped_gives_up_what_it_leads_before_it_goes() {
    let mut world = cluster(3);
    create(&mut world, "t", 6, 3, &[]);
    world.execute(Command::StopBroker { broker: 2 }).unwrap();
    let events = run_ms(&mut world, 3_000);
    assert_eq!(
        told(&events, |kind| matches!(
            kind,
            EventKind::BrokerStopped { broker: 2 }
        )),
        1
    );
    let topic = &world.topics()["t"];
    assert!(
        topic
            .partitions
            .iter()
            .all(|p| p.leader.is_some_and(|l| l != 2))
    );
    assert!(topic.partitions.iter().all(|p| !p.isr.contains(&2)));
}
