//! A cluster on a slow network, with the timeouts that Kafka has by default.
//!
//! What speaks with the controller has a connection and a patience of its own:
//! signs of life are waited for half of `broker.session.timeout.ms`, the
//! metadata log `controller.quorum.request.timeout.ms`, which is 2 seconds. A
//! round trip of more than that breaks the one and not the other.

mod support;

use engine::broker::BrokerState;
use engine::sim::Latency;
use engine::{Command, Event, EventKind, TopicPartition, World, WorldConfig};
use support::{create_topic, producer, run_ms, send};

const BROKERS: [i32; 3] = [1, 2, 3];
const SETTINGS: &[(&str, &str)] = &[
    ("default.replication.factor", "3"),
    ("min.insync.replicas", "2"),
];

fn every_packet_takes(ms: u64) -> Latency {
    Latency {
        base_us: ms * 1_000,
        jitter_us: 0,
    }
}

fn slow_world(controllers: &[i32], latency_ms: u64) -> World {
    let mut config = WorldConfig::cluster(&BROKERS, controllers, SETTINGS);
    config.latency = every_packet_takes(latency_ms);
    World::new(7, config)
}

fn set_latency(world: &mut World, ms: u64) {
    let latency = every_packet_takes(ms);
    world
        .execute(Command::SetLatency { latency })
        .expect("any latency will do");
}

fn fenced(events: &[Event]) -> Vec<i32> {
    let fenced = |event: &Event| match event.kind {
        EventKind::BrokerFenced { broker } => Some(broker),
        _ => None,
    };
    events.iter().filter_map(fenced).collect()
}

fn elected(events: &[Event]) -> usize {
    let is_election = |event: &&Event| matches!(event.kind, EventKind::ControllerElected { .. });
    events.iter().filter(is_election).count()
}

/// A heartbeat has a connection of its own, so that nothing of it is lost when
/// another one is given up: with two seconds between them and up to two on the
/// way, the controller hears of each broker well within nine.
#[test]
fn heartbeats_arrive_in_time_however_slow_the_network() {
    for latency_ms in [10, 300, 900, 1_100, 2_000] {
        let mut world = slow_world(&[100], latency_ms);
        let events = run_ms(&mut world, 120_000);
        assert_eq!(fenced(&events), [0; 0], "{latency_ms} ms");
        for broker in BROKERS {
            assert_eq!(world.brokers()[&broker].state(), BrokerState::Running);
            assert!(!world.image().brokers.is_fenced(broker), "{latency_ms} ms");
        }
    }
}

/// An answer that takes longer than half of a session is not waited for, but
/// what was sent has arrived: it takes a way of more than a whole session,
/// less the pause, until a broker is fenced.
#[test]
fn a_session_ends_when_signs_of_life_come_too_seldom() {
    let settings = [("broker.session.timeout.ms", "2500")];
    for (latency_ms, is_fenced) in [(100, false), (300, true)] {
        let mut config = WorldConfig::cluster(&[1], &[100], &settings);
        config.latency = every_packet_takes(latency_ms);
        let mut world = World::new(7, config);
        let events = run_ms(&mut world, 30_000);
        assert_eq!(!fenced(&events).is_empty(), is_fenced, "{latency_ms} ms");
    }
}

/// The controllers' followers copy the leader's log. As long as a question and
/// its answer take less than two seconds together, they believe in their leader:
/// it answers at once, since it writes a record every half second, and be it one
/// that says nothing.
#[test]
fn controllers_keep_their_leader_up_to_a_round_trip_of_two_seconds() {
    for latency_ms in [10, 300, 900] {
        let mut world = slow_world(&[101, 102, 103], latency_ms);
        let events = run_ms(&mut world, 60_000);
        assert_eq!(elected(&events), 0, "{latency_ms} ms");
        assert_eq!(fenced(&events), [0; 0], "{latency_ms} ms");
        let active = world.active_controller().expect("it is active");
        assert_eq!(active.id(), 101);
    }
}

/// Without those records a follower would wait for half a second at the leader
/// besides, and 900 ms for each way were too many.
#[test]
fn records_that_say_nothing_keep_a_quorum_together() {
    let settings = [("metadata.max.idle.interval.ms", "0")];
    let mut config = WorldConfig::cluster(&[1], &[101, 102, 103], &settings);
    config.latency = every_packet_takes(900);
    let mut world = World::new(7, config);
    run_ms(&mut world, 3_000);
    assert!(world.active_controller().is_none());
}

/// Beyond two seconds nobody is answered in time: followers stand for election,
/// no vote comes back before the next election, and the leader gives up when it
/// hears of an epoch after its own. Nobody is active then, so nobody fences
/// brokers either: they go on with what they know.
#[test]
fn beyond_two_seconds_there_is_no_controller_and_brokers_go_on() {
    let mut world = slow_world(&[101, 102, 103], 10);
    create_topic(&mut world, "t", 1);
    let producer = producer(&mut world);
    send(&mut world, producer, "t", None, "fast");
    run_ms(&mut world, 5_000);

    set_latency(&mut world, 1_100);
    let events = run_ms(&mut world, 60_000);
    assert_eq!(elected(&events), 0);
    assert!(world.active_controller().is_none());
    assert_eq!(fenced(&events), [0; 0]);
    send(&mut world, producer, "t", None, "slow");
    run_ms(&mut world, 30_000);
    assert_eq!(high_watermark(&world, "t"), 2);

    set_latency(&mut world, 10);
    let events = run_ms(&mut world, 30_000);
    assert_ne!(elected(&events), 0);
    assert!(world.active_controller().is_some());
}

/// With one controller there is nobody to elect. It hears of its brokers, and
/// they do not hear of what it decides: the metadata log does not reach them in
/// time. When the network is faster, it does.
#[test]
fn beyond_two_seconds_brokers_live_and_learn_nothing() {
    let mut world = slow_world(&[100], 10);
    create_topic(&mut world, "before", 1);
    set_latency(&mut world, 1_100);
    create_topic(&mut world, "t", 1);
    run_ms(&mut world, 60_000);
    let knows = |world: &World| {
        let brokers = world.brokers().values();
        let knowing = brokers.filter(|broker| broker.image().topics.contains_key("t"));
        knowing.count()
    };
    assert!(
        world.topics().contains_key("t"),
        "the controller has made it"
    );
    assert_eq!(knows(&world), 0);

    set_latency(&mut world, 900);
    run_ms(&mut world, 10_000);
    assert_eq!(knows(&world), 3);
}

fn high_watermark(world: &World, topic: &str) -> i64 {
    let of = TopicPartition::new(topic, 0);
    let led = |broker: &&engine::broker::Broker| broker.led().any(|(led, _)| *led == of);
    let leader = world.brokers().values().find(led).expect("somebody leads");
    leader.partitions()[&of].log.high_watermark()
}
