//! Facts of recorded clusters whose partitions are moved to other brokers.

mod support;

use engine::client::Acks;
use engine::protocol::OngoingReassignment;
use engine::{ErrorCode, World};
use support::cluster::*;
use support::run_ms;

/// `reassign`: two partitions, of which the first holds two records, are moved
/// at the same time.
fn moved() -> World {
    let mut world = cluster(21);
    create(&mut world, "mv", "1:2,2:1", &[]);
    send(&mut world, Acks::All, "mv-0", &["v0", "v1"]);
    assert_eq!(
        reassign(&mut world, "mv-0", Some(&[3, 1])),
        succeeded("mv-0")
    );
    assert_eq!(
        reassign(&mut world, "mv-1", Some(&[2, 3])),
        succeeded("mv-1")
    );
    wait_replicas(&mut world, "mv-0", &[3, 1]);
    wait_replicas(&mut world, "mv-1", &[2, 3]);
    world
}

#[test]
fn a_moved_partition_keeps_its_leader_where_that_stays_though_another_is_preferred_now() {
    let mut world = moved();
    let expected = [
        "Leader: 1 Replicas: 3,1 Isr: 1,3",
        "Leader: 2 Replicas: 2,3 Isr: 2,3",
    ];
    assert_eq!(describe(&world, "mv"), expected);
    assert_eq!(reassignments(&mut world), []);
}

#[test]
fn the_records_move_with_the_partition_and_the_old_replica_is_gone() {
    let mut world = moved();
    run_ms(&mut world, 1_000);
    assert!(!holds(&world, 2, "mv-0"));
    assert!(!holds(&world, 1, "mv-1"));
    assert_eq!(ends(&world, "mv"), [(1, 2, 2), (3, 2, 2)]);
    assert_eq!(consume(&mut world, "mv-0"), numbered(&["v0", "v1"]));
}

#[test]
fn a_replica_can_be_added_and_comes_last_in_the_isr() {
    let mut world = moved();
    reassign(&mut world, "mv-0", Some(&[3, 1, 2]));
    wait_replicas(&mut world, "mv-0", &[3, 1, 2]);
    let expected = [
        "Leader: 1 Replicas: 3,1,2 Isr: 1,3,2",
        "Leader: 2 Replicas: 2,3 Isr: 2,3",
    ];
    assert_eq!(describe(&world, "mv"), expected);
    run_ms(&mut world, 1_000);
    assert_eq!(ends(&world, "mv"), [(1, 2, 2), (2, 2, 2), (3, 2, 2)]);
}

#[test]
fn replicas_can_be_taken_away_and_the_leader_with_them() {
    let mut world = cluster(22);
    create(&mut world, "mv", "1:2:3", &[]);
    send(&mut world, Acks::All, "mv-0", &["v0", "v1"]);
    reassign(&mut world, "mv-0", Some(&[2]));
    wait_replicas(&mut world, "mv-0", &[2]);
    assert_eq!(describe(&world, "mv"), ["Leader: 2 Replicas: 2 Isr: 2"]);
    run_ms(&mut world, 1_000);
    assert_eq!(ends(&world, "mv"), [(2, 2, 2)]);
    assert_eq!(consume(&mut world, "mv-0"), numbered(&["v0", "v1"]));
}

#[test]
fn a_reassignment_that_asks_for_what_there_is_changes_nothing() {
    let mut world = moved();
    let image = world.image().clone();
    assert_eq!(
        reassign(&mut world, "mv-0", Some(&[3, 1])),
        succeeded("mv-0")
    );
    assert_eq!(world.image(), &image);
}

/// `reassign-cancel-errors`: broker 3 is dead, and a partition is to move
/// there. The tool would not ask for that; the controller does it.
fn pending() -> World {
    let mut world = cluster(23);
    create(&mut world, "mv", "1:2", &[]);
    send(&mut world, Acks::All, "mv-0", &["v0"]);
    kill(&mut world, 3);
    wait_brokers(&mut world, 2);
    assert_eq!(
        reassign(&mut world, "mv-0", Some(&[1, 3])),
        succeeded("mv-0")
    );
    run_ms(&mut world, 1_500);
    world
}

#[test]
fn a_reassignment_to_a_dead_broker_stays_pending_and_shows_who_comes_and_goes() {
    let mut world = pending();
    let ongoing = OngoingReassignment {
        replicas: vec![1, 3, 2],
        adding_replicas: vec![3],
        removing_replicas: vec![2],
    };
    assert_eq!(reassignments(&mut world), [("mv-0".to_owned(), ongoing)]);
    assert_eq!(
        describe(&world, "mv"),
        ["Leader: 1 Replicas: 1,3,2 Isr: 1,2"]
    );
}

#[test]
fn a_pending_reassignment_does_not_keep_records_from_being_taken() {
    let mut world = pending();
    assert_eq!(send(&mut world, Acks::All, "mv-0", &["v1"]), ["mv-0@1"]);
    assert_eq!(consume(&mut world, "mv-0"), numbered(&["v0", "v1"]));
}

#[test]
fn a_pending_reassignment_is_finished_when_the_broker_comes() {
    let mut world = pending();
    start_broker(&mut world, 3);
    wait_replicas(&mut world, "mv-0", &[1, 3]);
    assert_eq!(describe(&world, "mv"), ["Leader: 1 Replicas: 1,3 Isr: 1,3"]);
    run_ms(&mut world, 1_000);
    assert_eq!(ends(&world, "mv"), [(1, 1, 1), (3, 1, 1)]);
}

#[test]
fn a_cancelled_reassignment_leaves_the_replicas_there_were() {
    let mut world = pending();
    assert_eq!(reassign(&mut world, "mv-0", None), succeeded("mv-0"));
    assert_eq!(describe(&world, "mv"), ["Leader: 1 Replicas: 1,2 Isr: 1,2"]);
    assert_eq!(reassignments(&mut world), []);
    start_broker(&mut world, 3);
    wait_brokers(&mut world, 3);
    run_ms(&mut world, 2_000);
    assert!(!holds(&world, 3, "mv-0"));
}

#[test]
fn a_reassignment_on_its_way_can_be_given_another_goal() {
    let mut world = pending();
    reassign(&mut world, "mv-0", Some(&[2]));
    wait_replicas(&mut world, "mv-0", &[2]);
    assert_eq!(describe(&world, "mv"), ["Leader: 2 Replicas: 2 Isr: 2"]);
}

#[test]
fn there_must_be_a_reassignment_to_cancel() {
    let mut world = pending();
    reassign(&mut world, "mv-0", None);
    let message = "No partition reassignment is in progress.".to_owned();
    let error = ErrorCode::NoReassignmentInProgress;
    let expected = ("mv-0".to_owned(), error, message);
    assert_eq!(reassign(&mut world, "mv-0", None), expected);
}
