//! The university lab's three tasks, on the engine alone.

mod support;

use engine::collections::{BTreeMap, BTreeSet};

use engine::sorting::{sort, sort_by_key};
use engine::{Command, EventKind};
use support::*;

const TOPIC: &str = "post.office";

/// Task 1: consumers with no common group each receive every event.
#[test]
fn task_1_every_group_receives_every_event() {
    let mut world = world_with_topic(1, TOPIC, 3);
    let alice = consumer(&mut world, "alice", TOPIC);
    let bob = consumer(&mut world, "bob", TOPIC);
    run_ms(&mut world, 10_000);
    let producer = producer(&mut world);
    for number in 0..20 {
        send(
            &mut world,
            producer,
            TOPIC,
            None,
            &format!("letter {number}"),
        );
    }
    let events = run_ms(&mut world, 10_000);
    let all: BTreeSet<String> = (0..20).map(|number| format!("letter {number}")).collect();
    for reader in [alice, bob] {
        let read = values_read(&events, reader);
        assert_eq!(read.len(), 20, "each exactly once");
        assert_eq!(BTreeSet::from_iter(read), all);
    }
}

/// Task 2: the same consumers under one `group.id` share the partitions; of
/// four on three partitions one is idle, and takes over when an active one
/// stops.
#[test]
fn task_2_one_group_shares_the_partitions() {
    let mut world = world_with_topic(2, TOPIC, 3);
    let members: Vec<_> = (0..4)
        .map(|_| {
            let member = consumer(&mut world, "office", TOPIC);
            run_ms(&mut world, 10_000);
            member
        })
        .collect();
    let shares = |world: &_, members: &[_]| -> Vec<Vec<i32>> {
        members
            .iter()
            .map(|member| assigned(world, *member))
            .collect()
    };
    let before = shares(&world, &members);
    let mut all: Vec<i32> = before.concat();
    sort(&mut all);
    assert_eq!(all, [0, 1, 2], "each partition has one owner: {before:?}");
    let idle = before.iter().position(Vec::is_empty).expect("one is idle");

    let active = members[(idle + 1) % 4];
    world
        .execute(Command::Close { client: active })
        .expect("it runs");
    run_ms(&mut world, 10_000);
    assert!(!world.clients().contains_key(&active), "it has left");
    assert_eq!(
        assigned(&world, members[idle]).len(),
        1,
        "the idle one takes over"
    );

    let producer = producer(&mut world);
    for number in 0..30 {
        send(
            &mut world,
            producer,
            TOPIC,
            Some(&format!("key-{number}")),
            &format!("{number}"),
        );
    }
    let events = run_ms(&mut world, 10_000);
    let mut read: Vec<String> = members
        .iter()
        .flat_map(|member| values_read(&events, *member))
        .collect();
    sort_by_key(&mut read, |value| value.parse::<i32>().expect("a number"));
    let sent: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    assert_eq!(read, sent, "the group reads each event once");
}

/// Task 3: all events with one key are in one partition; events with
/// different keys may share one.
#[test]
fn task_3_one_key_one_partition() {
    let mut world = world_with_topic(3, TOPIC, 3);
    let producer = producer(&mut world);
    for round in 0..5 {
        for person in 0..10 {
            let key = format!("person-{person}");
            send(&mut world, producer, TOPIC, Some(&key), &format!("{round}"));
        }
        run_ms(&mut world, 1_000);
    }
    let mut partitions_of: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    for partition in 0..3 {
        let mut last: BTreeMap<String, String> = BTreeMap::new();
        for (_, key, value) in records(&world, TOPIC, partition) {
            partitions_of
                .entry(key.clone())
                .or_default()
                .insert(partition);
            let earlier = last.insert(key, value.clone());
            assert!(
                earlier.is_none_or(|earlier| earlier < value),
                "in the order sent"
            );
        }
    }
    assert_eq!(partitions_of.len(), 10);
    assert!(
        partitions_of
            .values()
            .all(|partitions| partitions.len() == 1)
    );
    let used: BTreeSet<i32> = partitions_of.into_values().flatten().collect();
    assert!(
        used.len() > 1,
        "ten keys on three partitions: some share, not all"
    );
}

/// A consumer that starts later does not get what was produced before, unless
/// it asks for it; what its group has committed survives it.
#[test]
fn committed_offsets_belong_to_the_group_and_survive_the_member() {
    let mut world = world_with_topic(4, TOPIC, 1);
    let producer = producer(&mut world);
    send(&mut world, producer, TOPIC, None, "first");
    run_ms(&mut world, 2_000);
    let one = consumer(&mut world, "office", TOPIC);
    let events = run_ms(&mut world, 10_000);
    assert_eq!(values_read(&events, one), ["first"]);
    world
        .execute(Command::Close { client: one })
        .expect("it runs");
    run_ms(&mut world, 5_000);

    send(&mut world, producer, TOPIC, None, "second");
    run_ms(&mut world, 2_000);
    let two = consumer(&mut world, "office", TOPIC);
    let events = run_ms(&mut world, 10_000);
    assert_eq!(
        values_read(&events, two),
        ["second"],
        "it goes on where the first one stopped"
    );
}

/// A member that crashes tells nobody: its partitions are read by no one until
/// its session expires, 45 seconds after its last heartbeat.
#[test]
fn a_crashed_member_is_found_out_by_its_session_timeout() {
    let mut world = world_with_topic(5, TOPIC, 2);
    let one = consumer(&mut world, "office", TOPIC);
    run_ms(&mut world, 10_000);
    let two = consumer(&mut world, "office", TOPIC);
    run_ms(&mut world, 10_000);
    assert_eq!(assigned(&world, one).len() + assigned(&world, two).len(), 2);
    world
        .execute(Command::Crash { client: one })
        .expect("it runs");
    let crashed_at = world.now();

    run_ms(&mut world, 40_000);
    assert_eq!(assigned(&world, two).len(), 1, "nobody has noticed yet");
    let events = run_ms(&mut world, 20_000);
    let removed = events.iter().find(|event| {
        matches!(&event.kind, EventKind::Group(engine::coordinator::GroupEvent::MemberRemoved { cause, .. })
            if *cause == engine::coordinator::RemovalCause::SessionExpired)
    });
    let after_ms = removed
        .expect("the session expired")
        .at
        .us_since(crashed_at)
        / 1_000;
    assert!(
        (41_000..=45_500).contains(&after_ms),
        "{after_ms} ms after the crash"
    );
    assert_eq!(assigned(&world, two), [0, 1]);
}

/// Adding partitions moves no record. A running consumer learns of them with
/// its next metadata refresh (`metadata.max.age.ms`, five minutes).
#[test]
fn added_partitions_are_noticed_at_the_next_metadata_refresh() {
    let mut world = world_with_topic(6, TOPIC, 3);
    let reader = consumer(&mut world, "office", TOPIC);
    let producer = producer(&mut world);
    for number in 0..9 {
        send(&mut world, producer, TOPIC, Some(&number.to_string()), "x");
    }
    run_ms(&mut world, 10_000);
    let before: Vec<_> = (0..3)
        .map(|partition| records(&world, TOPIC, partition))
        .collect();
    let request =
        engine::protocol::Request::CreatePartitions(engine::protocol::CreatePartitionsRequest {
            topics: vec![engine::protocol::CreatePartitionsTopic {
                name: TOPIC.into(),
                count: 5,
                assignments: None,
            }],
        });
    admin_call(&mut world, request);
    assert_eq!(world.topics()[TOPIC].partitions.len(), 5);
    let after: Vec<_> = (0..3)
        .map(|partition| records(&world, TOPIC, partition))
        .collect();
    assert_eq!(before, after);
    run_ms(&mut world, 60_000);
    assert_eq!(assigned(&world, reader), [0, 1, 2]);
    run_ms(&mut world, 300_000);
    assert_eq!(assigned(&world, reader), [0, 1, 2, 3, 4]);
}
