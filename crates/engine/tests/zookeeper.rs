//! Clusters that still have ZooKeeper: one of the brokers is the controller,
//! and ZooKeeper says which one.

mod support;

use engine::collections::BTreeMap;

use engine::client::{
    Acks, AdminConfig, AutoOffsetReset, ConsumerConfig, KeyPattern, ProducerConfig, Workload,
};
use engine::controller::ControllerNode;
use engine::controller::zookeeper::SESSION_TIMEOUT_MS;
use engine::protocol::{CreatableTopic, CreateTopicsRequest, Request};
use engine::sim::Host;
use engine::{Command, Event, EventKind, World};
use support::cluster::*;
use support::{consumer_of, run_ms};

/// A session is kept alive every third of its timeout: when its broker is
/// killed, at least two thirds of it are still to come.
const AT_LEAST_MS: i64 = SESSION_TIMEOUT_MS * 2 / 3;

fn active(world: &World) -> Vec<(i32, i32)> {
    let controllers = world.controllers().values();
    let active = controllers.filter(|controller| controller.is_active());
    active
        .map(|controller| (controller.id(), controller.quorum().epoch()))
        .collect()
}

/// Who has created `/controller`, and in which epoch.
fn created(events: &[Event]) -> Vec<(i32, i32)> {
    let created = events.iter().filter_map(|event| match event.kind {
        EventKind::ControllerNodeCreated { broker, epoch } => Some((broker, epoch)),
        _ => None,
    });
    created.collect()
}

fn words(world: &World, events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.describe(world)).collect()
}

fn has(events: &[Event], is: impl Fn(&EventKind) -> bool) -> bool {
    events.iter().any(|event| is(&event.kind))
}

#[test]
fn the_first_broker_is_the_controller_and_the_others_know_it() {
    let mut world = cluster_with_zookeeper(1);
    let events = run_ms(&mut world, 60_000);
    assert!(events.is_empty(), "{:?}", words(&world, &events));
    assert_eq!(active(&world), [(1, 1)]);
    let zookeeper = world.zookeeper().expect("the world has it");
    assert_eq!(zookeeper.controller(), Some(1));
    assert_eq!(zookeeper.controller_epoch(), 1);
    let sessions = zookeeper.sessions().keys().map(|session| session.broker);
    assert_eq!(sessions.collect::<Vec<_>>(), [1, 2, 3]);
    let heard = |node: &ControllerNode| node.quorum().leader() == Some(1);
    assert!(world.controllers().values().all(heard));
}

/// Nobody tells ZooKeeper that a process was killed: until the session runs
/// out there is no controller, and what the dead broker led has no new leader.
#[test]
fn when_the_controller_is_killed_nothing_happens_until_its_session_expires() {
    for seed in 0..10 {
        let mut world = cluster_with_zookeeper(seed);
        create(&mut world, "t", "1:2:3", &[]);
        run_ms(&mut world, 3_000);
        kill(&mut world, 1);
        let before = run_ms(&mut world, AT_LEAST_MS - 1_000);
        assert_eq!(leader(&world, "t"), Some(1), "seed {seed}: nobody elects");
        assert_eq!((active(&world), created(&before)), (vec![], vec![]));
        let after = run_ms(&mut world, SESSION_TIMEOUT_MS - AT_LEAST_MS + 6_000);
        let winners = created(&after);
        assert_eq!(winners.len(), 1, "seed {seed}: the first one wins");
        let (winner, epoch) = winners[0];
        assert!(winner != 1 && epoch == 2);
        assert_eq!(active(&world), [(winner, 2)]);
        let told = words(&world, &after).join("\n");
        let expired = told.find("ZooKeeper drops the session of broker 1");
        let won = told.find(&format!(
            "Broker {winner} is the first to create /controller"
        ));
        let fenced = told.find("broker 1 as gone: it is fenced");
        let elected = told.find("Broker 2 leads t-0 in epoch 1");
        assert!(expired.is_some() && expired < won, "{told}");
        assert!(won < elected && elected < fenced, "{told}");
        assert_eq!(leader(&world, "t"), Some(2));
        assert_eq!(isr(&world, "t"), [2, 3]);
    }
}

/// Which of the others wins is a matter of whose packet is faster.
#[test]
fn any_of_the_others_may_be_the_next_controller() {
    let mut wins: BTreeMap<i32, i32> = BTreeMap::new();
    for seed in 0..20 {
        let mut world = cluster_with_zookeeper(seed);
        kill(&mut world, 1);
        let events = run_ms(&mut world, SESSION_TIMEOUT_MS + 1_000);
        *wins.entry(created(&events)[0].0).or_default() += 1;
    }
    assert_eq!(wins.keys().copied().collect::<Vec<_>>(), [2, 3], "{wins:?}");
}

#[test]
fn a_controller_that_is_stopped_gives_way_at_once() {
    let mut world = cluster_with_zookeeper(3);
    create(&mut world, "t", "1:2:3", &[]);
    world.execute(Command::StopBroker { broker: 1 }).unwrap();
    let events = run_ms(&mut world, 3_000);
    let told = words(&world, &events).join("\n");
    let stopped = told.find("Broker 1 has stopped");
    let closed = told.find("Broker 1 ends its session with ZooKeeper");
    assert!(stopped.is_some() && stopped < closed, "{told}");
    let winner = created(&events)[0].0;
    assert_eq!(active(&world), [(winner, 2)]);
    assert_eq!(leader(&world, "t"), Some(2));
    // It comes back as one who waits.
    start_broker(&mut world, 1);
    let events = run_ms(&mut world, 10_000);
    assert_eq!(created(&events), []);
    assert_eq!(active(&world), [(winner, 2)]);
    assert_eq!(isr(&world, "t"), [2, 3, 1]);
}

/// A restarted broker has a new session: its old one still holds `/controller`,
/// and it waits for that to expire as all others do.
#[test]
fn a_killed_controller_that_comes_back_soon_must_wait_for_its_own_old_session() {
    let mut world = cluster_with_zookeeper(4);
    kill(&mut world, 1);
    run_ms(&mut world, 1_000);
    start_broker(&mut world, 1);
    let events = run_ms(&mut world, AT_LEAST_MS - 2_000);
    assert_eq!(created(&events), []);
    assert_eq!(world.zookeeper().unwrap().controller(), Some(1));
    assert_eq!(active(&world), []);
    let events = run_ms(&mut world, SESSION_TIMEOUT_MS);
    assert_eq!(created(&events).len(), 1);
    assert_eq!(active(&world), [(created(&events)[0].0, 2)]);
    wait_brokers(&mut world, 3);
}

fn ask_for_topic(world: &mut World, name: &str) {
    let config = AdminConfig::named("admin");
    let outcome = world.execute(Command::AddAdmin { config });
    let admin = outcome.unwrap().client.expect("it has started");
    let topic = CreatableTopic {
        name: name.into(),
        num_partitions: 1,
        replication_factor: 3,
        assignments: BTreeMap::new(),
        configs: BTreeMap::new(),
    };
    let topics = vec![topic];
    let request = Request::CreateTopics(CreateTopicsRequest { topics });
    let call = Command::AdminCall { admin, request };
    world.execute(call).expect("it is an admin client's");
}

/// The controller still reaches all brokers, but not ZooKeeper. What it decides
/// meanwhile is worth nothing: `/controller_epoch` fences it off.
#[test]
fn a_controller_cut_off_from_zookeeper_resigns_and_its_late_writes_are_refused() {
    for seed in 0..10 {
        let mut world = cluster_with_zookeeper(seed);
        let (one, other) = (vec![Host::Server(1)], vec![Host::ZooKeeper]);
        let cut = Command::Cut {
            one: one.clone(),
            other: other.clone(),
        };
        world.execute(cut).unwrap();
        ask_for_topic(&mut world, "late");
        let mut events = Vec::new();
        for _ in 0..250 {
            events.extend(run_ms(&mut world, 100));
            assert!(
                active(&world).len() <= 1,
                "seed {seed}: {:?}",
                active(&world)
            );
        }
        let winner = created(&events)[0].0;
        assert_ne!(winner, 1);
        assert_eq!(active(&world), [(winner, 2)]);
        world.execute(Command::Join { one, other }).unwrap();
        let events = run_ms(&mut world, 10_000);
        let refused = |kind: &EventKind| {
            let (broker, epoch, current_epoch) = (1, 1, 2);
            let refused = EventKind::ControllerWriteRefused {
                broker,
                epoch,
                current_epoch,
            };
            *kind == refused
        };
        assert!(has(&events, refused), "seed {seed}");
        assert_eq!(active(&world), [(winner, 2)]);
        assert_eq!(world.controllers()[&1].quorum().leader(), Some(winner));
        // The broker asked the new controller for what the old one could not do.
        assert!(world.topics().contains_key("late"), "seed {seed}");
        wait_brokers(&mut world, 3);
    }
}

#[test]
fn a_broker_that_is_added_can_be_the_controller_too() {
    let mut world = cluster_with_zookeeper(5);
    let add = Command::AddBroker { id: 4, rack: None };
    world.execute(add).unwrap();
    run_ms(&mut world, 5_000);
    for broker in [2, 3, 1] {
        world.execute(Command::StopBroker { broker }).unwrap();
        run_ms(&mut world, 10_000);
    }
    let (controller, epoch) = active(&world)[0];
    assert_eq!(controller, 4);
    assert!(epoch >= 2);
    assert!(world.image().brokers.unfenced().eq([4]));
}

/// Only who elects the controller differs: it decides as any controller does.
#[test]
fn topics_lie_where_they_lie_with_controllers_of_their_own() {
    for seed in 0..10 {
        let placed = |mut world: World| {
            create_placed(&mut world, "t", 6, 2, &[("min.insync.replicas", "2")]);
            let again = try_create(&mut world, "t", "1", &[]);
            (world.topics()["t"].clone(), again)
        };
        let with_zookeeper = placed(cluster_with_zookeeper(seed));
        assert_eq!(with_zookeeper, placed(cluster(seed)), "seed {seed}");
    }
}

fn add_clients(world: &mut World) -> (u32, u32) {
    let workload = Workload {
        topic: "t".into(),
        keys: KeyPattern::None,
        interval_us: 50_000,
        burst: 1,
        value_prefix: "order ".to_owned(),
        value_bytes: 8,
    };
    let config = ProducerConfig {
        acks: Acks::All,
        ..ProducerConfig::default()
    };
    let add = Command::AddProducer {
        config,
        workload: Some(workload),
    };
    let producer = support::start(world, add);
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group("g")
    };
    let topics = vec!["t".into()];
    let consumer = support::start(world, Command::AddConsumer { config, topics });
    (producer, consumer)
}

fn delivered(events: &[Event]) -> u64 {
    let delivered = events.iter().map(|event| match event.kind {
        EventKind::Delivered { records, .. } => records as u64,
        _ => 0,
    });
    delivered.sum()
}

#[test]
fn producers_and_consumers_outlive_a_change_of_controllers() {
    for seed in 0..20 {
        let mut world = cluster_with_zookeeper(seed);
        create_placed(&mut world, "t", 3, 3, &[("min.insync.replicas", "2")]);
        let (producer, consumer) = add_clients(&mut world);
        let mut events = run_ms(&mut world, 6_000);
        let controller = active(&world)[0].0;
        match seed % 2 {
            0 => kill(&mut world, controller),
            _ => stop(&mut world, controller),
        }
        events.extend(run_ms(&mut world, 30_000));
        start_broker(&mut world, controller);
        let late = run_ms(&mut world, 15_000);
        assert!(delivered(&late) > 100, "seed {seed}: it works again");
        events.extend(late);
        let workload = None;
        world
            .execute(Command::SetWorkload { producer, workload })
            .unwrap();
        events.extend(run_ms(&mut world, 15_000));
        assert_eq!(active(&world)[0].1, 2, "seed {seed}");
        let is_loss = |kind: &EventKind| {
            let failed = matches!(kind, EventKind::SendFailed { .. });
            failed || matches!(kind, EventKind::RecordsLost { .. })
        };
        assert!(!has(&events, is_loss), "seed {seed}");
        let read = consumer_of(&world, consumer).records_read();
        assert!(read >= delivered(&events), "seed {seed}: {read}");
        let partitions = &world.topics()["t"].partitions;
        assert!(partitions.iter().all(|now| now.isr.len() == 3));
    }
}

#[test]
fn a_journal_replayed_gives_the_identical_world() {
    let mut world = cluster_with_zookeeper(6);
    create_placed(&mut world, "t", 3, 3, &[]);
    add_clients(&mut world);
    kill(&mut world, 1);
    run_ms(&mut world, 25_000);
    start_broker(&mut world, 1);
    run_ms(&mut world, 5_000);
    let again = world.journal().replay(world.now());
    assert_eq!(again.digest(), world.digest());
}

/// The controller is no process of its own.
#[test]
fn a_controller_is_killed_with_its_broker_only() {
    let mut world = cluster_with_zookeeper(7);
    let kill = Command::KillController { controller: 1 };
    let text = world.execute(kill).unwrap_err().to_string();
    assert!(text.contains("part of broker 1"), "{text}");
}

/// A world with controllers of their own has no ZooKeeper to cut off.
#[test]
fn without_zookeeper_there_is_nothing_to_cut_off() {
    let (one, other) = (vec![Host::Server(1)], vec![Host::ZooKeeper]);
    let refusal = cluster(1).execute(Command::Cut { one, other }).unwrap_err();
    let text = refusal.to_string();
    assert!(text.starts_with("This cluster has no ZooKeeper"), "{text}");
}
