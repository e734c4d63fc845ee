//! A cluster of several brokers: replication, and what happens when parts of
//! it fail.

mod support;

use engine::broker::BrokerState;
use engine::client::Acks;
use engine::protocol::{
    AlterPartitionReassignmentsRequest, CreateTopicsRequest, DeleteTopicsRequest,
    ElectLeadersRequest, ElectionType, Request,
};
use engine::sim::{Host, Latency, Link};
use engine::{Command, Event, EventKind, World};
use support::cluster::*;
use support::{admin_call, run_ms, try_admin_call};

const TEN: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

fn told(events: &[Event], is: impl Fn(&EventKind) -> bool) -> usize {
    events.iter().filter(|event| is(&event.kind)).count()
}

#[test]
fn every_replica_gets_every_record_and_learns_that_it_is_committed() {
    let mut world = cluster(1);
    create_placed(&mut world, "t", 1, 3, &[]);
    let sent = send(&mut world, Acks::All, "t-0", &TEN);
    assert_eq!((sent.len(), &*sent[9]), (10, "t-0@9"));
    run_ms(&mut world, 2_000);
    assert_eq!(ends(&world, "t"), [(1, 10, 10), (2, 10, 10), (3, 10, 10)]);
}

#[test]
fn a_killed_leader_is_fenced_another_leads_and_it_comes_back_in_sync() {
    let mut world = cluster(2);
    create_placed(&mut world, "t", 1, 3, &[]);
    send(&mut world, Acks::All, "t-0", &TEN);
    run_ms(&mut world, 1_000);
    let old = leader(&world, "t").unwrap();
    kill(&mut world, old);
    run_ms(&mut world, 2_000);
    assert_eq!(leader(&world, "t"), Some(old), "its session still holds");
    run_ms(&mut world, 3_000);
    let new = leader(&world, "t").unwrap();
    assert_ne!(new, old);
    assert!(!isr(&world, "t").contains(&old));
    start_broker(&mut world, old);
    run_ms(&mut world, 5_000);
    assert_eq!(
        isr(&world, "t").last(),
        Some(&old),
        "who rejoins comes last"
    );
    assert_eq!(isr(&world, "t").len(), 3);
    assert_eq!(ends(&world, "t"), [(1, 10, 10), (2, 10, 10), (3, 10, 10)]);
}

/// What is shown of an election while it is still fresh.
#[test]
fn an_election_is_remembered_for_half_a_minute() {
    let mut world = cluster(2);
    create_placed(&mut world, "t", 1, 3, &[]);
    let old = leader(&world, "t").unwrap();
    let expiry = |world: &World| world.active_controller().unwrap().session_expiry(old);
    assert!(expiry(&world) > Some(world.now()));
    kill(&mut world, old);
    let killed = world.last_end(old).map(|end| end.kind.clone());
    assert_eq!(killed, Some(EventKind::BrokerKilled { broker: old }));
    run_ms(&mut world, 5_000);
    assert_eq!(expiry(&world), None, "it is fenced");
    let elected = |world: &World| {
        let changes = world
            .recent_changes()
            .filter_map(|event| match &event.kind {
                EventKind::LeaderElected { leader, .. } => Some((event.at, *leader)),
                _ => None,
            });
        changes.collect::<Vec<_>>()
    };
    let remembered = elected(&world);
    assert_eq!(remembered.len(), 1);
    assert_eq!(remembered[0].1, leader(&world, "t"));
    let again = world.journal().replay(world.now());
    assert_eq!(elected(&again), remembered);
    run_ms(&mut world, 31_000);
    assert_eq!(elected(&world), []);
}

#[test]
fn a_broker_that_is_stopped_gives_up_what_it_leads_before_it_goes() {
    let mut world = cluster(3);
    create_placed(&mut world, "t", 6, 3, &[]);
    world.execute(Command::StopBroker { broker: 2 }).unwrap();
    let events = run_ms(&mut world, 3_000);
    let stopped = |kind: &EventKind| matches!(kind, EventKind::BrokerStopped { broker: 2 });
    assert_eq!(told(&events, stopped), 1);
    let partitions = &world.topics()["t"].partitions;
    assert!(partitions.iter().all(|p| p.leader.is_some_and(|l| l != 2)));
    assert!(partitions.iter().all(|p| !p.isr.contains(&2)));
}

/// Five minutes after a broker has lost what it prefers to lead, it gets back
/// what it can lead again (`auto.leader.rebalance.enable`).
#[test]
fn leadership_goes_back_to_the_preferred_replicas_every_five_minutes() {
    for (enabled, leads_again) in [("true", Some(1)), ("false", Some(2))] {
        let settings = [("auto.leader.rebalance.enable", enabled)];
        let mut world = cluster_with(9, &settings);
        create(&mut world, "t", "1:2:3", &[]);
        kill(&mut world, 1);
        wait_leader(&mut world, "t-0", Some(2));
        start_broker(&mut world, 1);
        wait_isr(&mut world, "t-0", &[1, 2, 3]);
        run_ms(&mut world, 280_000);
        assert_eq!(leader(&world, "t"), Some(2), "not before five minutes");
        run_ms(&mut world, 30_000);
        assert_eq!(leader(&world, "t"), leads_again);
    }
}

/// A broker that is not registered yet leads nothing and is in no ISR: there is
/// nothing to give up, and nobody to ask.
#[test]
fn a_broker_that_does_not_serve_yet_just_ends_when_it_is_stopped() {
    let mut world = cluster(4);
    world.execute(Command::KillBroker { broker: 2 }).unwrap();
    // As long as its last session holds it may not register.
    world.execute(Command::StartBroker { broker: 2 }).unwrap();
    run_ms(&mut world, 500);
    assert_eq!(world.brokers()[&2].state(), BrokerState::Starting);
    world.execute(Command::StopBroker { broker: 2 }).unwrap();
    assert_eq!(world.brokers()[&2].state(), BrokerState::NotRunning);
    world.execute(Command::StartBroker { broker: 2 }).unwrap();
    run_ms(&mut world, 5_000);
    assert_eq!(world.brokers()[&2].state(), BrokerState::Running);
}

/// The one that wins needs one vote of two: the other voter may answer later.
/// It, too, hears soon who leads, and does not stand itself meanwhile.
#[test]
fn of_three_controllers_that_start_together_one_wins_for_good() {
    // Who wins tells again only after half the fetch timeout.
    let settings = [
        ("controller.quorum.election.timeout.ms", "300"),
        ("controller.quorum.fetch.timeout.ms", "2000"),
    ];
    let ids = [101, 102, 103];
    for seed in 0..20 {
        let mut world = cluster_of(seed, &ids, &settings);
        for controller in ids {
            let kill = Command::KillController { controller };
            world.execute(kill).unwrap();
        }
        for controller in ids {
            let start = Command::StartController { controller };
            world.execute(start).unwrap();
        }
        let events = run_ms(&mut world, 15_000);
        let elected = |kind: &EventKind| matches!(kind, EventKind::ControllerElected { .. });
        assert_eq!(told(&events, elected), 1, "seed {seed}");
    }
}

/// With three controllers a broker may read in the metadata log that it is
/// registered before the controller's answer says so. It takes up its replicas
/// all the same.
#[test]
fn a_broker_takes_up_its_replicas_in_whatever_order_it_learns_of_its_registration() {
    for seed in 0..10 {
        let mut world = cluster_of_three_controllers(seed);
        create_placed(&mut world, "t", 3, 3, &[]);
        for broker in [1, 2, 3] {
            world.execute(Command::KillBroker { broker }).unwrap();
            run_ms(&mut world, 4_000);
            world.execute(Command::StartBroker { broker }).unwrap();
            run_ms(&mut world, 4_000);
            let partitions = &world.topics()["t"].partitions;
            assert!(
                partitions.iter().all(|now| now.isr.len() == 3),
                "seed {seed}, broker {broker}: {partitions:?}"
            );
        }
    }
}

/// Moves a partition and has the first of its new replicas lead it; whether
/// the admin client has asked brokers that can reach the controller.
fn reassign_and_elect(world: &mut World, replicas: &[i32]) -> bool {
    let partitions = vec![(partition("t-0"), Some(replicas.to_vec()))];
    let reassign = AlterPartitionReassignmentsRequest { partitions };
    let elect = ElectLeadersRequest {
        election_type: ElectionType::Preferred,
        partitions: Some(vec![partition("t-0")]),
    };
    let asked = [
        Request::AlterPartitionReassignments(reassign),
        Request::ElectLeaders(elect),
    ];
    let answered = asked
        .into_iter()
        .all(|request| try_admin_call(world, request).is_some());
    answered && leader(world, "t") == Some(replicas[0])
}

/// What a broker reads of the metadata log at once is one change: an election
/// that another has followed already makes nobody a leader, who would go by an
/// ISR that is none any more.
#[test]
fn a_leadership_that_is_over_when_a_broker_hears_of_it_never_begins() {
    let mut tried = 0;
    for seed in 0..20 {
        let mut world = cluster(seed);
        create_placed(&mut world, "t", 1, 3, &[]);
        assert!(reassign_and_elect(&mut world, &[1, 2, 3]) || leader(&world, "t") == Some(1));
        run_ms(&mut world, 500);
        let (one, other) = (vec![Host::Server(2)], vec![Host::Server(100)]);
        let cut = Command::Cut {
            one: one.clone(),
            other: other.clone(),
        };
        world.execute(cut).unwrap();
        let changed = reassign_and_elect(&mut world, &[2, 1, 3])
            && reassign_and_elect(&mut world, &[1, 2, 3]);
        if !changed {
            continue;
        }
        tried += 1;
        world.execute(Command::Join { one, other }).unwrap();
        let events = run_ms(&mut world, 2_000);
        let heard = world.brokers()[&2].partitions()[&partition("t-0")].leader_epoch();
        assert_eq!(heard, world.topics()["t"].partitions[0].leader_epoch);
        let begins = told(&events, |kind| {
            matches!(kind, EventKind::LeaderStarted { broker: 2, .. })
        });
        assert_eq!(begins, 0, "seed {seed}");
    }
    assert!(tried > 0);
}

fn create_anew() -> Request {
    Request::CreateTopics(CreateTopicsRequest {
        topics: vec![new_topic("t", 1, 3)],
    })
}

/// A follower that has heard of a new topic of an old name asks by the topic's
/// id. A leader that has not answers that it does not know it, and not that
/// the epoch is over, so that the follower asks again.
#[test]
fn a_follower_of_a_new_topic_waits_for_a_leader_that_still_has_the_old_one() {
    let mut waited = 0;
    for seed in 0..12 {
        let mut world = cluster(seed);
        create_placed(&mut world, "t", 1, 3, &[]);
        // The old topic's epoch is younger than the new one's will be.
        reassign_and_elect(&mut world, &[1, 2, 3]);
        reassign_and_elect(&mut world, &[2, 1, 3]);
        reassign_and_elect(&mut world, &[3, 2, 1]);
        let (one, other) = (vec![Host::Server(3)], vec![Host::Server(100)]);
        let cut = Command::Cut {
            one: one.clone(),
            other: other.clone(),
        };
        world.execute(cut).unwrap();
        let delete = DeleteTopicsRequest {
            topics: vec!["t".into()],
        };
        if try_admin_call(&mut world, Request::DeleteTopics(delete)).is_none()
            || try_admin_call(&mut world, create_anew()).is_none()
        {
            continue;
        }
        waited += i32::from(leader(&world, "t") == Some(3));
        run_ms(&mut world, 500);
        world.execute(Command::Join { one, other }).unwrap();
        run_ms(&mut world, 2_000);
        send(&mut world, Acks::All, "t-0", &TEN[..3]);
        run_ms(&mut world, 10_000);
        assert_eq!(isr(&world, "t").len(), 3, "seed {seed}");
        let all = [(1, 3, 3), (2, 3, 3), (3, 3, 3)];
        assert_eq!(ends(&world, "t"), all, "seed {seed}");
    }
    assert!(waited > 0);
}

/// The answer to a fetch of a topic that is gone may come when there is a new
/// topic of the same name, followed at the same epoch from the same offset. It
/// is not about the new one.
#[test]
fn what_was_fetched_of_an_old_topic_does_not_get_into_a_new_one() {
    let mut tried = 0;
    for seed in 0..12 {
        let mut world = cluster(seed);
        create_placed(&mut world, "t", 1, 3, &[]);
        let old = leader(&world, "t").unwrap();
        let follower = 1 + old % 3;
        // The follower's fetch is answered, and the answer is long under way.
        let link = Link {
            latency: Some(Latency {
                base_us: 2_000_000,
                jitter_us: 0,
            }),
            ..Link::default()
        };
        run_ms(&mut world, 600);
        let slow = Command::SetLink {
            one: vec![Host::Server(old)],
            other: vec![Host::Server(follower)],
            link,
        };
        world.execute(slow).unwrap();
        send(&mut world, Acks::Leader, "t-0", &TEN[..5]);
        run_ms(&mut world, 50);
        let delete = DeleteTopicsRequest {
            topics: vec!["t".into()],
        };
        admin_call(&mut world, Request::DeleteTopics(delete));
        create_placed(&mut world, "t", 1, 3, &[]);
        tried += i32::from(leader(&world, "t") == Some(old));
        send(&mut world, Acks::Leader, "t-0", &TEN);
        run_ms(&mut world, 10_000);
        let replicas = ends(&world, "t");
        assert!(
            replicas.iter().all(|(_, end, _)| *end == replicas[0].1),
            "seed {seed}: {replicas:?}"
        );
        let of = partition("t-0");
        let held = |id: i32| world.brokers()[&id].partitions()[&of].log.batches();
        assert!(held(old).eq(held(follower)), "seed {seed}");
    }
    assert!(tried > 0);
}

/// The next active controller knows all topics there are, but not which
/// numbers the one before it has drawn for their ids.
#[test]
fn no_two_topics_get_the_same_id_whichever_controller_creates_them() {
    let mut world = cluster_of_three_controllers(12);
    let active = |world: &World| {
        let mut controllers = world.controllers().values();
        controllers.find_map(|controller| controller.is_active().then(|| controller.id()))
    };
    create_placed(&mut world, "of-the-first", 1, 3, &[]);
    let controller = active(&world).expect("one is active");
    let killed = world.execute(Command::KillController { controller });
    killed.expect("it runs");
    wait(&mut world, "another is active", |world| {
        active(world).is_some()
    });
    create_placed(&mut world, "of-the-second", 1, 3, &[]);
    let id = |topic: &str| world.topics()[topic].id;
    assert_ne!(id("of-the-first"), id("of-the-second"));
}
