//! A cluster of several brokers: replication, and what happens when parts of
//! it fail.

mod support;

use engine::client::Acks;
use engine::{Command, Event, EventKind};
use support::cluster::*;
use support::run_ms;

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
