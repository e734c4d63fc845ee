//! Lessons about rebalances: who owns what, what moves, what it costs.

mod support;

use engine::assignor::ClientAssignor::{self, CooperativeSticky, Range, RoundRobin, Sticky};
use engine::client::{AutoOffsetReset, ConsumerConfig, ConsumerEvent, Membership};
use engine::command::ClientNumber;
use engine::coordinator::GroupEvent;
use engine::protocol::{CreatePartitionsRequest, CreatePartitionsTopic, Request};
use engine::sim::Host;
use engine::{Command, Event, EventKind, Rebalance, TopicPartition, World};
use support::{admin_call, assigned, consumer_of, run_ms, start, world_with_topic};

const TOPIC: &str = "clicks";

fn config(client_id: &str, assignors: &[ClientAssignor]) -> ConsumerConfig {
    ConsumerConfig {
        client_id: client_id.to_owned(),
        auto_offset_reset: AutoOffsetReset::Earliest,
        session_timeout_ms: 6_000,
        heartbeat_interval_ms: 1_000,
        partition_assignment_strategy: assignors.to_vec(),
        ..ConsumerConfig::of_group("web")
    }
}

/// Adds a member, and lets the group come to rest.
fn join(world: &mut World, config: ConsumerConfig) -> (ClientNumber, Vec<Event>) {
    let topics = vec![TOPIC.into()];
    let member = start(world, Command::AddConsumer { config, topics });
    (member, run_ms(world, 10_000))
}

fn close(world: &mut World, client: ClientNumber) -> Vec<Event> {
    let mut events = world
        .execute(Command::Close { client })
        .expect("it runs")
        .events;
    events.extend(run_ms(world, 10_000));
    events
}

fn measured(events: &[Event]) -> Vec<&Rebalance> {
    let rebalances = events.iter().filter_map(|event| match &event.kind {
        EventKind::RebalanceMeasured(rebalance) => Some(rebalance),
        _ => None,
    });
    rebalances.collect()
}

/// Three members come one after the other; what the third one's coming costs.
fn third_of_three(assignors: &[ClientAssignor]) -> (World, Vec<ClientNumber>, Rebalance) {
    let mut world = world_with_topic(1, TOPIC, 6);
    let mut members = Vec::new();
    let mut last = Vec::new();
    for name in ["a", "b", "c"] {
        let (member, events) = join(&mut world, config(name, assignors));
        members.push(member);
        last = events;
    }
    let measured = measured(&last);
    assert_eq!(measured.len(), 1, "{measured:?}");
    let rebalance = measured[0].clone();
    (world, members, rebalance)
}

#[test]
fn an_eager_group_gives_up_everything_first() {
    let (world, members, rebalance) = third_of_three(&[Range]);
    let owned: Vec<Vec<i32>> = members.iter().map(|of| assigned(&world, *of)).collect();
    assert_eq!(owned, [[0, 1], [2, 3], [4, 5]]);
    assert_eq!(rebalance.generations, 1);
    assert_eq!(rebalance.revoked.len(), 6);
    assert_eq!(rebalance.kept, []);
    // 2 went from a to b, 4 and 5 from b to c.
    let moved: Vec<i32> = rebalance.moved.iter().map(|of| of.partition).collect();
    assert_eq!(moved, [2, 4, 5]);
    assert_eq!(rebalance.unread.len(), 6);
    assert!(rebalance.longest_unread_us() > 0);
}

#[test]
fn a_cooperative_group_keeps_what_stays_and_takes_two_rounds() {
    let (world, members, rebalance) = third_of_three(&[CooperativeSticky]);
    for member in members {
        assert_eq!(assigned(&world, member).len(), 2);
    }
    assert_eq!(rebalance.generations, 2);
    assert_eq!(rebalance.revoked.len(), 2);
    assert_eq!(rebalance.moved, rebalance.revoked);
    assert_eq!(rebalance.kept.len(), 4);
    assert_eq!(rebalance.unread.len(), 2, "four were read all the time");
}

#[test]
fn sticky_members_give_up_everything_and_get_most_of_it_back() {
    let (_, _, rebalance) = third_of_three(&[Sticky]);
    assert_eq!((rebalance.generations, rebalance.revoked.len()), (1, 6));
    assert_eq!(rebalance.moved.len(), 2);
}

#[test]
fn a_consumer_is_as_eager_as_its_most_eager_assignor() {
    let (_, _, rebalance) = third_of_three(&[CooperativeSticky, RoundRobin]);
    assert_eq!(rebalance.generations, 1);
    assert_eq!(rebalance.kept, []);
}

/// As the real group of `groups-join-leave` does.
#[test]
fn members_come_and_go_with_the_default_assignors() {
    let mut world = world_with_topic(2, TOPIC, 6);
    let default = [Range, CooperativeSticky];
    let (a, _) = join(&mut world, config("a", &default));
    assert_eq!(assigned(&world, a), [0, 1, 2, 3, 4, 5]);
    let (b, _) = join(&mut world, config("b", &default));
    assert_eq!(assigned(&world, a), [0, 1, 2]);
    assert_eq!(assigned(&world, b), [3, 4, 5]);
    let (c, _) = join(&mut world, config("c", &default));
    assert_eq!(assigned(&world, b), [2, 3]);
    assert_eq!(world.groups()["web"].1.protocol_name(), Some("range"));
    let events = close(&mut world, b);
    assert_eq!(assigned(&world, a), [0, 1, 2]);
    assert_eq!(assigned(&world, c), [3, 4, 5]);
    let rebalance = measured(&events)[0];
    assert!(
        rebalance.moved.contains(&TopicPartition::new(TOPIC, 2)),
        "b's are read by a and c"
    );
    close(&mut world, a);
    assert_eq!(assigned(&world, c), [0, 1, 2, 3, 4, 5]);
    close(&mut world, c);
    assert_eq!(world.groups()["web"].1.state().name(), "Empty");
}

fn static_member(name: &str) -> ConsumerConfig {
    ConsumerConfig {
        group_instance_id: Some(name.to_owned()),
        ..config(name, &[Range])
    }
}

fn rebalances(events: &[Event]) -> usize {
    let started = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::Group(GroupEvent::RebalanceStarted { .. })
        )
    };
    events.iter().filter(started).count()
}

#[test]
fn a_static_member_restarts_without_a_rebalance() {
    let mut world = world_with_topic(4, TOPIC, 6);
    let (one, _) = join(&mut world, static_member("one"));
    let (two, _) = join(&mut world, static_member("two"));
    let before = assigned(&world, one);
    assert_eq!(before.len(), 3);
    let mut events = world
        .execute(Command::Close { client: one })
        .expect("it runs")
        .events;
    events.extend(run_ms(&mut world, 1_000));
    let (again, more) = join(&mut world, static_member("one"));
    events.extend(more);
    assert_eq!(rebalances(&events), 0);
    assert_eq!(assigned(&world, again), before);
    assert_eq!(assigned(&world, two).len(), 3);
}

#[test]
fn a_second_process_with_the_same_instance_id_fences_the_first() {
    let mut world = world_with_topic(5, TOPIC, 6);
    let (first, _) = join(&mut world, static_member("dup"));
    let (second, events) = join(&mut world, static_member("dup"));
    let failed = events.iter().find_map(|event| match &event.kind {
        EventKind::ConsumerFailed {
            consumer,
            exception,
            ..
        } => Some((*consumer, exception.as_str())),
        _ => None,
    });
    assert_eq!(failed, Some((first, "FencedInstanceIdException")));
    assert_eq!(assigned(&world, second).len(), 6);
    assert!(!world.clients().contains_key(&first));
}

/// As the real group of `groups-member-killed` does.
#[test]
fn what_a_killed_member_had_is_read_by_nobody_until_its_session_expires() {
    let mut world = world_with_topic(6, TOPIC, 6);
    let (a, _) = join(&mut world, config("a", &[Range]));
    let (b, _) = join(&mut world, config("b", &[Range]));
    world
        .execute(Command::Crash { client: b })
        .expect("it runs");
    let events = run_ms(&mut world, 20_000);
    assert_eq!(assigned(&world, a).len(), 6);
    let rebalance = measured(&events)[0];
    let moved: Vec<i32> = rebalance.moved.iter().map(|of| of.partition).collect();
    assert_eq!(moved, [3, 4, 5]);
    assert!(rebalance.longest_unread_us() >= 5_000_000, "{rebalance:?}");
    assert!(rebalance.duration_us < 3_000_000, "{rebalance:?}");
}

#[test]
fn the_leader_has_the_group_rebalance_over_new_partitions() {
    let mut world = world_with_topic(7, TOPIC, 2);
    let config = ConsumerConfig {
        metadata_max_age_ms: 5_000,
        ..config("a", &[Range])
    };
    let (a, _) = join(&mut world, config);
    let topics = vec![CreatePartitionsTopic {
        name: TOPIC.into(),
        count: 4,
        assignments: None,
    }];
    let request = Request::CreatePartitions(CreatePartitionsRequest { topics });
    admin_call(&mut world, request);
    run_ms(&mut world, 15_000);
    assert_eq!(assigned(&world, a), [0, 1, 2, 3]);
}

#[test]
fn members_without_a_common_assignor_cannot_share_a_group() {
    let mut world = world_with_topic(8, TOPIC, 2);
    join(&mut world, config("a", &[Range]));
    let (b, events) = join(&mut world, config("b", &[Sticky]));
    let failed = events.iter().any(|event| {
        matches!(&event.kind, EventKind::ConsumerFailed { consumer, exception, .. }
            if *consumer == b && exception == "InconsistentGroupProtocolException")
    });
    assert!(failed);
}

#[test]
fn members_are_settled_when_a_rebalance_is_measured() {
    let (world, members, _) = third_of_three(&[CooperativeSticky]);
    for member in members {
        let consumer = consumer_of(&world, member);
        assert_eq!(consumer.membership(), Membership::Stable);
        assert_eq!(consumer.generation(), world.groups()["web"].1.generation());
    }
}

/// A member that had prepared to rejoin when the group went on without it says
/// that it owns nothing: the assignor would leave it what others have by now.
#[test]
fn a_member_that_was_dropped_while_it_rejoined_has_lost_its_partitions() {
    let mut world = world_with_topic(9, TOPIC, 6);
    let cooperative = |name| ConsumerConfig {
        max_poll_interval_ms: 10_000,
        ..config(name, &[CooperativeSticky])
    };
    let (a, _) = join(&mut world, cooperative("a"));
    let topics = vec![TOPIC.into()];
    let config = cooperative("b");
    let b = start(&mut world, Command::AddConsumer { config, topics });
    while consumer_of(&world, a).membership() != Membership::Joining {
        run_ms(&mut world, 1);
    }
    let one = vec![Host::Client(a)];
    let other = vec![Host::Server(1)];
    world.execute(Command::Cut { one, other }).expect("it runs");
    run_ms(&mut world, 14_000);
    assert_eq!(assigned(&world, b), [0, 1, 2, 3, 4, 5]);
    world.execute(Command::HealNetwork).expect("it runs");
    let events = run_ms(&mut world, 20_000);
    let lost = events.iter().find_map(|event| match &event.kind {
        EventKind::Consumer {
            consumer,
            event: ConsumerEvent::PartitionsLost { partitions },
        } => Some((*consumer, partitions.len())),
        _ => None,
    });
    assert_eq!(lost, Some((a, 6)));
    assert_eq!(assigned(&world, a).len(), 3);
    assert_eq!(assigned(&world, b).len(), 3);
}
