//! Facts of recorded clusters whose brokers are stopped, killed and started:
//! who leads, who is in sync, what is refused and what is lost.
//!
//! Where a recording kills broker 1, the brokers have other numbers here: each
//! one more, and 1 for 3.

mod support;

use engine::client::Acks;
use engine::protocol::ElectionType::{Preferred, Unclean};
use engine::protocol::{DeleteRecordsRequest, Request};
use engine::sorting::sort;
use engine::{ErrorCode, Event, EventKind, World};
use support::cluster::*;
use support::run_ms;

#[test]
fn partitions_lie_where_a_person_wants_them_and_the_first_replica_leads() {
    let mut world = cluster(10);
    create(&mut world, "manual", "1:2,2:3,3:1", &[]);
    let expected = [
        "Leader: 1 Replicas: 1,2 Isr: 1,2",
        "Leader: 2 Replicas: 2,3 Isr: 2,3",
        "Leader: 3 Replicas: 3,1 Isr: 3,1",
    ];
    assert_eq!(describe(&world, "manual"), expected);
    create(&mut world, "one", "3", &[]);
    assert_eq!(describe(&world, "one"), ["Leader: 3 Replicas: 3 Isr: 3"]);
}

/// Three partitions on all brokers, each led by another.
fn three_leaders() -> World {
    let mut world = cluster(11);
    create(&mut world, "r", "1:2:3,2:3:1,3:1:2", &[]);
    world
}

#[test]
fn a_stopped_broker_leaves_the_isr_and_the_next_replica_leads() {
    let mut world = three_leaders();
    stop(&mut world, 2);
    let expected = [
        "Leader: 1 Replicas: 1,2,3 Isr: 1,3",
        "Leader: 3 Replicas: 2,3,1 Isr: 3,1",
        "Leader: 3 Replicas: 3,1,2 Isr: 3,1",
    ];
    assert_eq!(describe(&world, "r"), expected);
}

#[test]
fn a_broker_that_comes_back_is_last_in_the_isr_and_leads_nothing() {
    let mut world = three_leaders();
    stop(&mut world, 2);
    start_broker(&mut world, 2);
    for partition in ["r-0", "r-1", "r-2"] {
        wait_isr(&mut world, partition, &[1, 2, 3]);
    }
    let expected = [
        "Leader: 1 Replicas: 1,2,3 Isr: 1,3,2",
        "Leader: 3 Replicas: 2,3,1 Isr: 3,1,2",
        "Leader: 3 Replicas: 3,1,2 Isr: 3,1,2",
    ];
    assert_eq!(describe(&world, "r"), expected);
}

#[test]
fn a_preferred_election_of_all_partitions_tells_only_of_those_that_needed_one() {
    let mut world = three_leaders();
    stop(&mut world, 2);
    start_broker(&mut world, 2);
    wait_isr(&mut world, "r-1", &[1, 2, 3]);
    assert_eq!(elect(&mut world, Preferred, None), [succeeded("r-1")]);
    let expected = [
        "Leader: 1 Replicas: 1,2,3 Isr: 1,3,2",
        "Leader: 2 Replicas: 2,3,1 Isr: 3,1,2",
        "Leader: 3 Replicas: 3,1,2 Isr: 3,1,2",
    ];
    assert_eq!(describe(&world, "r"), expected);
}

/// `replication-leader-killed` up to the death of the leader, with the records
/// before and after it.
fn leader_killed() -> World {
    let mut world = cluster(12);
    create(&mut world, "r", "2:3:1", &[]);
    assert_eq!(
        describe(&world, "r"),
        ["Leader: 2 Replicas: 2,3,1 Isr: 2,3,1"]
    );
    let sent = send(&mut world, Acks::All, "r-0", &["v0", "v1", "v2"]);
    assert_eq!(sent, ["r-0@0", "r-0@1", "r-0@2"]);
    kill(&mut world, 2);
    wait_leader(&mut world, "r-0", Some(3));
    world
}

#[test]
fn when_the_leader_is_killed_the_next_replica_in_sync_leads() {
    let world = leader_killed();
    assert_eq!(
        describe(&world, "r"),
        ["Leader: 3 Replicas: 2,3,1 Isr: 3,1"]
    );
}

#[test]
fn nothing_is_lost_with_a_killed_leader_and_offsets_go_on() {
    let mut world = leader_killed();
    let sent = send(&mut world, Acks::All, "r-0", &["v3", "v4"]);
    assert_eq!(sent, ["r-0@3", "r-0@4"]);
    let all = numbered(&["v0", "v1", "v2", "v3", "v4"]);
    assert_eq!(consume(&mut world, "r-0"), all);
}

#[test]
fn a_killed_leader_rejoins_last_and_a_preferred_election_gives_it_its_place_back() {
    let mut world = leader_killed();
    send(&mut world, Acks::All, "r-0", &["v3", "v4"]);
    start_broker(&mut world, 2);
    wait_isr(&mut world, "r-0", &[1, 2, 3]);
    assert_eq!(
        describe(&world, "r"),
        ["Leader: 3 Replicas: 2,3,1 Isr: 3,1,2"]
    );
    let elected = elect(&mut world, Preferred, Some("r-0"));
    assert_eq!(elected, [succeeded("r-0")]);
    assert_eq!(
        describe(&world, "r"),
        ["Leader: 2 Replicas: 2,3,1 Isr: 3,1,2"]
    );
    let all = numbered(&["v0", "v1", "v2", "v3", "v4"]);
    assert_eq!(consume(&mut world, "r-0"), all);
    assert_eq!(ends(&world, "r"), [(1, 5, 5), (2, 5, 5), (3, 5, 5)]);
}

#[test]
fn a_preferred_election_that_is_not_needed_is_told_so() {
    let mut world = three_leaders();
    let message = "Leader election not needed for topic partition.".to_owned();
    let expected = ("r-0".to_owned(), ErrorCode::ElectionNotNeeded, message);
    assert_eq!(elect(&mut world, Preferred, Some("r-0")), [expected]);
}

/// `replication-offline-partition` with broker 2 dead: of two partitions with
/// one replica each, one is offline.
fn offline_partition() -> World {
    let mut world = cluster(13);
    create(&mut world, "s", "2,1", &[]);
    assert_eq!(send(&mut world, Acks::All, "s-0", &["v0"]), ["s-0@0"]);
    assert_eq!(send(&mut world, Acks::All, "s-1", &["w0"]), ["s-1@0"]);
    kill(&mut world, 2);
    wait_leader(&mut world, "s-0", None);
    world
}

#[test]
fn a_partition_without_a_living_replica_has_no_leader_and_the_last_one_stays_in_the_isr() {
    let world = offline_partition();
    let expected = [
        "Leader: none Replicas: 2 Isr: 2",
        "Leader: 1 Replicas: 1 Isr: 1",
    ];
    assert_eq!(describe(&world, "s"), expected);
}

#[test]
fn records_for_a_partition_without_a_leader_expire_and_its_neighbour_goes_on() {
    let mut world = offline_partition();
    let failed = send(&mut world, Acks::All, "s-0", &["x"]);
    assert_eq!(failed.len(), 1);
    let expired = "TimeoutException: Expiring 1 record(s) for s-0:";
    assert!(failed[0].starts_with(expired), "{failed:?}");
    assert!(failed[0].ends_with(" ms has passed since batch creation"));
    assert_eq!(send(&mut world, Acks::All, "s-1", &["w1"]), ["s-1@1"]);
    assert_eq!(consume(&mut world, "s-1"), numbered(&["w0", "w1"]));
}

#[test]
fn nothing_can_be_read_of_a_partition_without_a_leader() {
    let mut world = offline_partition();
    assert_eq!(consume(&mut world, "s-0"), []);
}

#[test]
fn a_topic_can_be_made_on_a_dead_broker_which_is_then_not_in_sync() {
    let mut world = offline_partition();
    create_placed(&mut world, "rf3", 1, 3, &[]);
    let mut in_sync = isr(&world, "rf3");
    sort(&mut in_sync);
    assert_eq!(in_sync, [1, 3]);
    create(&mut world, "rf2", "1:2", &[]);
    assert_eq!(describe(&world, "rf2"), ["Leader: 1 Replicas: 1,2 Isr: 1"]);
}

#[test]
fn an_offline_partition_is_back_with_its_broker_and_what_it_held() {
    let mut world = offline_partition();
    start_broker(&mut world, 2);
    wait_leader(&mut world, "s-0", Some(2));
    let expected = [
        "Leader: 2 Replicas: 2 Isr: 2",
        "Leader: 1 Replicas: 1 Isr: 1",
    ];
    assert_eq!(describe(&world, "s"), expected);
    assert_eq!(consume(&mut world, "s-0"), numbered(&["v0"]));
}

/// `replication-unclean`: the follower dies, the leader takes two more
/// records alone and dies too; the follower comes back.
fn both_killed() -> World {
    let mut world = cluster(14);
    create(&mut world, "u", "2:3", &[("min.insync.replicas", "1")]);
    let sent = send(&mut world, Acks::All, "u-0", &["v0", "v1", "v2"]);
    assert_eq!(sent, ["u-0@0", "u-0@1", "u-0@2"]);
    kill(&mut world, 3);
    wait_isr(&mut world, "u-0", &[2]);
    let alone = ["only-on-1-a", "only-on-1-b"];
    let sent = send(&mut world, Acks::All, "u-0", &alone);
    assert_eq!(sent, ["u-0@3", "u-0@4"]);
    kill(&mut world, 2);
    wait_leader(&mut world, "u-0", None);
    world
}

fn only_the_wrong_one_is_back() -> World {
    let mut world = both_killed();
    start_broker(&mut world, 3);
    wait_brokers(&mut world, 2);
    run_ms(&mut world, 2_000);
    world
}

#[test]
fn the_last_member_stays_in_the_isr_with_no_leader() {
    let world = both_killed();
    assert_eq!(describe(&world, "u"), ["Leader: none Replicas: 2,3 Isr: 2"]);
}

#[test]
fn a_replica_outside_the_isr_does_not_lead_though_nobody_else_can() {
    let world = only_the_wrong_one_is_back();
    assert_eq!(describe(&world, "u"), ["Leader: none Replicas: 2,3 Isr: 2"]);
}

#[test]
fn a_preferred_election_needs_the_preferred_leader() {
    let mut world = only_the_wrong_one_is_back();
    let message = "The preferred leader was not available.".to_owned();
    let error = ErrorCode::PreferredLeaderNotAvailable;
    let expected = ("u-0".to_owned(), error, message);
    let image = world.image().clone();
    assert_eq!(elect(&mut world, Preferred, Some("u-0")), [expected]);
    assert_eq!(world.image(), &image, "nothing has changed");
}

/// The same after a person has elected whoever is there, and the old leader
/// is back.
fn elected_uncleanly() -> World {
    let mut world = only_the_wrong_one_is_back();
    let elected = elect(&mut world, Unclean, Some("u-0"));
    assert_eq!(elected, [succeeded("u-0")]);
    wait_leader(&mut world, "u-0", Some(3));
    world
}

#[test]
fn an_unclean_leader_is_alone_in_the_isr_and_ends_where_it_ended() {
    let world = elected_uncleanly();
    assert_eq!(describe(&world, "u"), ["Leader: 3 Replicas: 2,3 Isr: 3"]);
    let log = &held(&world, 3, "u-0").log;
    assert_eq!((log.start_offset(), log.end_offset()), (0, 3));
}

#[test]
fn an_unclean_election_loses_what_was_acknowledged_and_its_offsets_are_given_again() {
    let mut world = only_the_wrong_one_is_back();
    elect(&mut world, Unclean, Some("u-0"));
    let sent = send(&mut world, Acks::All, "u-0", &["new-on-2"]);
    assert_eq!(sent, ["u-0@3"], "as was only-on-1-a");
    start_broker(&mut world, 2);
    let events = wait_isr(&mut world, "u-0", &[2, 3]);
    assert_eq!(describe(&world, "u"), ["Leader: 3 Replicas: 2,3 Isr: 3,2"]);
    let cut_off = |kind: &EventKind| match kind {
        EventKind::RecordsTruncated {
            broker, from, to, ..
        } => Some((*broker, *from, *to)),
        _ => None,
    };
    let cut_off: Vec<_> = events
        .iter()
        .filter_map(|event| cut_off(&event.kind))
        .collect();
    assert_eq!(cut_off, [(2, 3, 5)], "the old leader gives its records up");
    let left = numbered(&["v0", "v1", "v2", "new-on-2"]);
    assert_eq!(consume(&mut world, "u-0"), left);
    elect(&mut world, Preferred, Some("u-0"));
    assert_eq!(leader(&world, "u"), Some(2));
    assert_eq!(consume(&mut world, "u-0"), left, "also from the old leader");
}

#[test]
fn each_replica_notes_the_leader_epochs_it_has_records_of_or_has_led() {
    let mut world = elected_uncleanly();
    send(&mut world, Acks::All, "u-0", &["new-on-2"]);
    start_broker(&mut world, 2);
    wait_isr(&mut world, "u-0", &[2, 3]);
    elect(&mut world, Preferred, Some("u-0"));
    run_ms(&mut world, 2_000);
    let epochs = |broker| -> Vec<(i32, i64)> {
        let log = &held(&world, broker, "u-0").log;
        log.leader_epochs().entries().collect()
    };
    assert_eq!(epochs(2), [(0, 0), (2, 3), (3, 4)]);
    assert_eq!(epochs(3), [(0, 0), (2, 3)]);
}

/// The unclean leader's own records are one batch, 3 to 5, and its log begins
/// within it: as far as it knows its epoch begins at offset 4. So that is where
/// the old leader is told to cut its log off. What it then gets is the whole
/// batch, which begins before the end of its log. Kafka takes such a batch only
/// when the log also begins there (`Partition.appendRecordsToFollowerOrFutureReplica`);
/// else it copies the partition no more.
fn cut_off_within_a_batch() -> (World, Vec<Event>) {
    let mut world = elected_uncleanly();
    let sent = send(&mut world, Acks::All, "u-0", &["a", "b", "c"]);
    assert_eq!(sent, ["u-0@3", "u-0@4", "u-0@5"]);
    let request = Request::DeleteRecords(DeleteRecordsRequest {
        partitions: vec![(partition("u-0"), 4)],
        timeout_ms: 30_000,
    });
    support::admin_call(&mut world, request);
    start_broker(&mut world, 2);
    let events = run_ms(&mut world, 20_000);
    (world, events)
}

#[test]
fn a_follower_that_its_leaders_batch_does_not_fit_copies_no_more() {
    let (world, events) = cut_off_within_a_batch();
    let failed = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::ReplicationFailed {
                broker: 2,
                leader: 3,
                ..
            }
        )
    };
    assert_eq!(events.iter().filter(failed).count(), 1, "it does not retry");
    assert_eq!(describe(&world, "u"), ["Leader: 3 Replicas: 2,3 Isr: 3"]);
    assert_eq!(held(&world, 2, "u-0").log.end_offset(), 4);
}

/// On its disk the log ends with its last batch, at 3. That is before the
/// leader's begins, so that it begins anew there.
#[test]
fn a_restart_lets_it_begin_where_its_leaders_log_begins() {
    let (mut world, _) = cut_off_within_a_batch();
    kill(&mut world, 2);
    start_broker(&mut world, 2);
    wait_isr(&mut world, "u-0", &[2, 3]);
    let log = |broker| &held(&world, broker, "u-0").log;
    assert_eq!(log(2).start_offset(), 4);
    assert!(log(2).batches_from(4).eq(log(3).batches_from(4)));
}

/// A topic of two replicas that asks for both, one of which is dead.
fn under_min_isr() -> World {
    let mut world = cluster(15);
    create(&mut world, "m", "1:2", &[("min.insync.replicas", "2")]);
    assert_eq!(send(&mut world, Acks::All, "m-0", &["v0"]), ["m-0@0"]);
    kill(&mut world, 2);
    wait_isr(&mut world, "m-0", &[1]);
    world
}

#[test]
fn acks_all_is_refused_below_min_insync_replicas_and_nothing_is_written() {
    let mut world = under_min_isr();
    let failed = send(&mut world, Acks::All, "m-0", &["x"]);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(!failed[0].starts_with("m-0@"), "{failed:?}");
    assert_eq!(held(&world, 1, "m-0").log.end_offset(), 1);
}

#[test]
fn acks_1_is_taken_below_min_insync_replicas_but_the_high_watermark_stays() {
    let mut world = under_min_isr();
    assert_eq!(send(&mut world, Acks::Leader, "m-0", &["v1"]), ["m-0@1"]);
    run_ms(&mut world, 5_000);
    let leader = held(&world, 1, "m-0");
    assert_eq!((leader.log.end_offset(), leader.high_watermark()), (2, 1));
    assert_eq!(consume(&mut world, "m-0"), numbered(&["v0"]));
    start_broker(&mut world, 2);
    wait_isr(&mut world, "m-0", &[1, 2]);
    run_ms(&mut world, 1_000);
    assert_eq!(held(&world, 1, "m-0").high_watermark(), 2);
    assert_eq!(consume(&mut world, "m-0"), numbered(&["v0", "v1"]));
}

#[test]
fn the_isr_lists_replicas_in_the_order_in_which_they_rejoined() {
    let mut world = cluster(16);
    create(&mut world, "r", "1:2:3", &[]);
    kill(&mut world, 2);
    kill(&mut world, 3);
    wait_isr(&mut world, "r-0", &[1]);
    start_broker(&mut world, 3);
    wait_isr(&mut world, "r-0", &[1, 3]);
    start_broker(&mut world, 2);
    wait_isr(&mut world, "r-0", &[1, 2, 3]);
    assert_eq!(
        describe(&world, "r"),
        ["Leader: 1 Replicas: 1,2,3 Isr: 1,3,2"]
    );
}
