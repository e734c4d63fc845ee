//! What can be wrong with a cluster: each fault by itself, and what Kafka makes
//! of it.

mod support;

use engine::broker::Slowness;
use engine::client::Acks;
use engine::protocol::{Payload, Request};
use engine::sim::{Host, Latency, Link, NodeId, Packet};
use engine::{Command, EventKind, Refusal, World, WorldConfig};
use support::cluster::*;
use support::run_ms;

fn execute(world: &mut World, command: Command) {
    world.execute(command).expect("it can be done");
}

fn names(count: i64) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

fn send_some(world: &mut World, of: &str, count: i64) {
    let values = names(count);
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let sent = send(world, Acks::All, of, &values);
    assert_eq!(sent.len() as i64, count);
    assert!(sent.iter().all(|at| at.contains('@')), "{sent:?}");
}

#[test]
fn a_broker_that_is_added_takes_part_and_can_be_given_replicas() {
    let mut world = cluster(1);
    create(&mut world, "t", "1:2", &[]);
    send_some(&mut world, "t-0", 5);
    execute(
        &mut world,
        Command::AddBroker {
            id: 4,
            rack: Some("b".to_owned()),
        },
    );
    wait(&mut world, "broker 4 is unfenced", |world| {
        world.image().brokers.is_active(4)
    });
    let registration = world.image().brokers.get(4).expect("it is registered");
    assert_eq!(registration.rack.as_deref(), Some("b"));
    reassign(&mut world, "t-0", Some(&[4, 2]));
    wait_replicas(&mut world, "t-0", &[4, 2]);
    assert_eq!(held(&world, 4, "t-0").log.end_offset(), 5);
    assert!(
        !holds(&world, 1, "t-0"),
        "who gave its replica up has no log"
    );
}

#[test]
fn a_node_id_is_given_once_and_only_what_runs_can_be_stopped() {
    let mut world = cluster(2);
    let before = world.digest();
    let refused = [
        (
            Command::AddBroker { id: 1, rack: None },
            Refusal::ServerIdTaken(1),
        ),
        (
            Command::AddBroker {
                id: 100,
                rack: None,
            },
            Refusal::ServerIdTaken(100),
        ),
        (
            Command::AddBroker { id: -1, rack: None },
            Refusal::ServerIdTaken(-1),
        ),
        (Command::KillBroker { broker: 9 }, Refusal::NoSuchServer(9)),
        (Command::StartBroker { broker: 1 }, Refusal::ServerRuns(1)),
        (
            Command::KillController { controller: 1 },
            Refusal::NoSuchServer(1),
        ),
    ];
    for (command, refusal) in refused {
        assert_eq!(world.execute(command), Err(refusal));
    }
    assert_eq!(world.digest(), before);
}

#[test]
fn a_broker_whose_disk_is_lost_copies_everything_anew() {
    let mut world = cluster(3);
    create(&mut world, "t", "1:2:3", &[]);
    send_some(&mut world, "t-0", 20);
    run_ms(&mut world, 1_000);
    execute(&mut world, Command::LoseDisk { broker: 1 });
    assert!(world.brokers()[&1].partitions().is_empty());
    wait_leader(&mut world, "t-0", Some(2));
    start_broker(&mut world, 1);
    wait_isr(&mut world, "t-0", &[1, 2, 3]);
    let (copy, original) = (held(&world, 1, "t-0"), held(&world, 2, "t-0"));
    assert!(copy.log.batches().eq(original.log.batches()));
}

/// How long a packet takes on a link that is very slow, in microseconds: longer
/// than it takes a broker to die, to be missed and to be back.
const VERY_SLOW_US: u64 = 8_000_000;

fn is_fetch(packet: &Packet, follower: i32) -> bool {
    let is_fetch = matches!(packet.payload, Payload::Request(Request::Fetch(_)));
    is_fetch && packet.from == NodeId::Broker(follower)
}

/// Broker 2 has all that its leader has, and says so by a fetch that is long on
/// its way. When it arrives the disk is gone and the broker is back with an
/// empty one.
fn back_with_an_empty_disk_before_its_last_fetch_arrives(world: &mut World) {
    create(world, "t", "3:2", &[]);
    send_some(world, "t-0", 5);
    run_ms(world, 1_000);
    let (one, other) = (vec![Host::Server(3)], vec![Host::Server(2)]);
    let link = Link {
        latency: Some(Latency {
            base_us: VERY_SLOW_US,
            jitter_us: 0,
        }),
        ..Link::default()
    };
    execute(world, Command::SetLink { one, other, link });
    let very_slow = |packet: &Packet| packet.arrival.as_us() - packet.departure.as_us() > 1_000_000;
    wait(world, "broker 2 fetches", |world| {
        let mut packets = world.packets();
        packets.any(|packet| is_fetch(packet, 2) && very_slow(packet))
    });
    execute(world, Command::LoseDisk { broker: 2 });
    start_broker(world, 2);
    wait_isr(world, "t-0", &[3]);
    wait_brokers(world, 3);
    let under_way = world.packets().filter(|packet| is_fetch(packet, 2));
    assert_eq!(under_way.count(), 2, "of both its runs");
    wait(world, "the first arrives", |world| {
        world.packets().filter(|packet| is_fetch(packet, 2)).count() < 2
    });
    run_ms(world, 500);
}

/// The leader tells the two runs of the broker apart by their epochs
/// (KIP-903): else it would take broker 2 for in sync, and with the leader all
/// would be lost.
#[test]
fn what_a_broker_had_on_a_lost_disk_does_not_bring_it_back_into_the_isr() {
    for mut world in [cluster(8), cluster_with_zookeeper(8)] {
        back_with_an_empty_disk_before_its_last_fetch_arrives(&mut world);
        assert_eq!(isr(&world, "t"), [3]);
        assert_eq!(held(&world, 2, "t-0").log.end_offset(), 0);
        execute(&mut world, Command::HealNetwork);
        wait_isr(&mut world, "t-0", &[2, 3]);
        assert_eq!(held(&world, 2, "t-0").log.end_offset(), 5);
        kill(&mut world, 3);
        wait_leader(&mut world, "t-0", Some(2));
        assert_eq!(consume(&mut world, "t-0").len(), 5);
    }
}

/// With the only disk of the ISR goes what was on it, and that is told.
#[test]
fn what_lay_on_one_disk_only_is_lost_with_it() {
    let mut world = cluster(4);
    create(&mut world, "t", "1", &[]);
    send_some(&mut world, "t-0", 5);
    execute(&mut world, Command::LoseDisk { broker: 1 });
    wait_leader(&mut world, "t-0", None);
    start_broker(&mut world, 1);
    let events = wait_leader(&mut world, "t-0", Some(1));
    let mut events = events;
    events.extend(run_ms(&mut world, 500));
    let lost = events.iter().find_map(|event| match &event.kind {
        EventKind::RecordsLost { from, to, .. } => Some((*from, *to)),
        _ => None,
    });
    assert_eq!(lost, Some((0, 5)));
}

/// The follower's disk cannot keep up: it falls out of the ISR after
/// `replica.lag.time.max.ms`, and comes back when it can.
#[test]
fn a_follower_with_a_slow_disk_leaves_the_isr() {
    let mut world = cluster(5);
    create(&mut world, "t", "1:2", &[]);
    let slowness = Slowness {
        request_us: 0,
        disk_write_us: 6_000_000,
    };
    execute(
        &mut world,
        Command::SlowBroker {
            broker: 2,
            slowness,
        },
    );
    let producer = producer_with(&mut world, Acks::Leader);
    for round in 0..100 {
        let record = engine::client::OutgoingRecord {
            topic: "t".into(),
            partition: Some(0),
            value: Some(vec![round]),
            ..engine::client::OutgoingRecord::default()
        };
        execute(&mut world, Command::Send { producer, record });
        run_ms(&mut world, 200);
    }
    assert_eq!(isr(&world, "t"), [1]);
    let slowness = Slowness::default();
    execute(
        &mut world,
        Command::SlowBroker {
            broker: 2,
            slowness,
        },
    );
    wait_isr(&mut world, "t-0", &[1, 2]);
}

/// A broker that takes long over each request answers late, in turn.
#[test]
fn a_slow_broker_makes_its_clients_wait() {
    let took = |request_us: u64| {
        let mut world = cluster(6);
        create(&mut world, "t", "1", &[]);
        let slowness = Slowness {
            request_us,
            disk_write_us: 0,
        };
        execute(
            &mut world,
            Command::SlowBroker {
                broker: 1,
                slowness,
            },
        );
        let before = world.now();
        send_some(&mut world, "t-0", 1);
        world.now().us_since(before)
    };
    assert!(took(300_000) >= took(0) + 300_000);
}

/// TCP sends a lost packet again: with loss everything comes, only later.
#[test]
fn nothing_is_missing_on_a_network_that_loses_packets() {
    for seed in 0..10 {
        let mut world = cluster(seed);
        create(&mut world, "t", "1:2:3", &[]);
        let servers: Vec<Host> = [1, 2, 3].map(Host::Server).into();
        let link = Link {
            loss_per_mille: 200,
            ..Link::default()
        };
        let (one, other) = (servers.clone(), servers);
        execute(&mut world, Command::SetLink { one, other, link });
        send_some(&mut world, "t-0", 10);
        run_ms(&mut world, 20_000);
        assert_eq!(ends(&world, "t"), [(1, 10, 10), (2, 10, 10), (3, 10, 10)]);
    }
}

/// Cut off from the controller but not from its followers, a leader is fenced
/// when its session is over, and must not go on committing by itself.
#[test]
fn a_leader_that_the_controller_cannot_hear_is_replaced() {
    let mut world = cluster(7);
    create(&mut world, "t", "1:2:3", &[]);
    send_some(&mut world, "t-0", 3);
    let (one, other) = (vec![Host::Server(1)], vec![Host::Server(100)]);
    execute(&mut world, Command::Cut { one, other });
    wait_leader(&mut world, "t-0", Some(2));
    assert!(held(&world, 1, "t-0").is_leader(), "it has not heard of it");
    execute(&mut world, Command::HealNetwork);
    wait_isr(&mut world, "t-0", &[1, 2, 3]);
    assert!(!held(&world, 1, "t-0").is_leader());
}

/// The most brokers there may be: replicas are spread over all of them.
#[test]
fn a_hundred_brokers_share_the_work() {
    let ids: Vec<i32> = (1..=100).collect();
    let mut world = World::new(8, WorldConfig::cluster(&ids, &[101, 102, 103], &[]));
    create_placed(&mut world, "t", 100, 3, &[]);
    run_ms(&mut world, 3_000);
    let leads = |id: &i32| world.brokers()[id].led().count();
    assert!(ids.iter().all(|id| leads(id) == 1));
    let refused = world.execute(Command::AddBroker {
        id: 200,
        rack: None,
    });
    assert_eq!(refused, Err(Refusal::TooManyBrokers(100)));
}
