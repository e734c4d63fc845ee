//! Lessons about groups of KIP-848 (`group.protocol=consumer`): the coordinator
//! decides who reads what, and nobody stops who is not concerned.

mod support;

use engine::client::{
    AutoOffsetReset, ConsumerConfig, ConsumerEvent, ConsumerMemberState, GroupProtocol, Processing,
};
use engine::command::ClientNumber;
use engine::coordinator::consumer_group::ConsumerGroupState;
use engine::protocol::{
    ConsumerGroupDescribeRequest, DeleteGroupsRequest, ErrorCode, ListGroupsRequest,
    OffsetDeleteRequest, OffsetFetchRequest, Request, Response,
};
use engine::sorting::sort;
use engine::{Command, Event, EventKind, Rebalance, TopicPartition, World};
use support::cluster::{self, cluster, cluster_with, kill};
use support::{admin_call, assigned, consumer_of, create_topic, run_ms, start, world_with_topic};

const TOPIC: &str = "clicks";
const GROUP: &str = "modern";

fn config(client_id: &str) -> ConsumerConfig {
    ConsumerConfig {
        client_id: client_id.to_owned(),
        group_protocol: GroupProtocol::Consumer,
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group(GROUP)
    }
}

fn add(world: &mut World, config: ConsumerConfig) -> ClientNumber {
    let topics = vec![TOPIC.into()];
    start(world, Command::AddConsumer { config, topics })
}

/// Adds a member, and lets the group come to rest.
fn join(world: &mut World, config: ConsumerConfig) -> (ClientNumber, Vec<Event>) {
    let member = add(world, config);
    (member, run_ms(world, 15_000))
}

fn state(world: &World) -> ConsumerGroupState {
    world.consumer_groups()[GROUP].1.state()
}

fn measured(events: &[Event]) -> Vec<&Rebalance> {
    let rebalances = events.iter().filter_map(|event| match &event.kind {
        EventKind::RebalanceMeasured(rebalance) => Some(rebalance),
        _ => None,
    });
    rebalances.collect()
}

#[test]
fn three_members_share_a_topic() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let members: Vec<ClientNumber> = ["a", "b", "c"]
        .map(|name| add(&mut world, config(name)))
        .to_vec();
    run_ms(&mut world, 30_000);
    assert_eq!(state(&world), ConsumerGroupState::Stable);
    let mut all: Vec<i32> = Vec::new();
    for member in members {
        let consumer = consumer_of(&world, member);
        assert_eq!(consumer.member_state(), Some(ConsumerMemberState::Stable));
        let own = assigned(&world, member);
        assert_eq!(own.len(), 2);
        all.extend(own);
    }
    sort(&mut all);
    assert_eq!(all, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn only_what_moves_is_given_up() {
    let mut world = world_with_topic(1, TOPIC, 6);
    join(&mut world, config("a"));
    join(&mut world, config("b"));
    let (c, events) = join(&mut world, config("c"));
    assert_eq!(assigned(&world, c).len(), 2);
    let measured = measured(&events);
    assert_eq!(measured.len(), 1, "{measured:?}");
    let rebalance = measured[0];
    assert_eq!(rebalance.revoked.len(), 2);
    assert_eq!(rebalance.moved, rebalance.revoked);
    assert_eq!(rebalance.kept.len(), 4);
    assert_eq!(rebalance.unread.len(), 2, "four were read all the time");
}

#[test]
fn a_partition_has_one_reader_at_a_time() {
    let mut world = world_with_topic(3, TOPIC, 6);
    let mut members = vec![join(&mut world, config("a")).0];
    for name in ["b", "c"] {
        members.push(add(&mut world, config(name)));
        for _ in 0..1_500 {
            run_ms(&mut world, 10);
            let owned = members.iter().flat_map(|member| assigned(&world, *member));
            let mut owned: Vec<i32> = owned.collect();
            let count = owned.len();
            sort(&mut owned);
            owned.dedup();
            assert_eq!(owned.len(), count, "given to one before the other let go");
        }
    }
    assert_eq!(state(&world), ConsumerGroupState::Stable);
}

#[test]
fn the_partitions_of_a_member_that_died_move_when_its_session_is_over() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let (a, _) = join(&mut world, config("a"));
    let (b, _) = join(&mut world, config("b"));
    assert_eq!(assigned(&world, a).len(), 3);
    world.execute(Command::Crash { client: b }).unwrap();
    run_ms(&mut world, 39_000);
    assert_eq!(assigned(&world, a).len(), 3, "it may still be back");
    let events = run_ms(&mut world, 15_000);
    assert_eq!(assigned(&world, a).len(), 6);
    let rebalances = measured(&events);
    let rebalance = rebalances[0];
    assert_eq!((rebalance.moved.len(), rebalance.kept.len()), (3, 3));
    assert!(rebalance.longest_unread_us() > 39_000_000);
}

#[test]
fn a_member_that_leaves_is_followed_at_the_next_heartbeat() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let (a, _) = join(&mut world, config("a"));
    let (b, _) = join(&mut world, config("b"));
    world.execute(Command::Close { client: b }).unwrap();
    run_ms(&mut world, 7_000);
    assert_eq!(assigned(&world, a).len(), 6);
    world.execute(Command::Close { client: a }).unwrap();
    run_ms(&mut world, 1_000);
    assert_eq!(state(&world), ConsumerGroupState::Empty);
}

#[test]
fn a_static_member_that_is_back_in_time_has_its_partitions_again() {
    let fixed = |name: &str| ConsumerConfig {
        group_instance_id: Some(name.to_owned()),
        ..config(name)
    };
    let mut world = world_with_topic(1, TOPIC, 6);
    let (a, _) = join(&mut world, fixed("a"));
    let (b, _) = join(&mut world, fixed("b"));
    let before = assigned(&world, b);
    world.execute(Command::Close { client: b }).unwrap();
    run_ms(&mut world, 20_000);
    assert_eq!(assigned(&world, a).len(), 3, "they wait for it");
    let (again, _) = join(&mut world, fixed("b"));
    assert_eq!(assigned(&world, again), before);
}

#[test]
fn another_broker_goes_on_with_the_group_from_its_records() {
    let mut world = cluster(1);
    create_topic(&mut world, TOPIC, 6);
    let (a, _) = join(&mut world, config("a"));
    let (b, _) = join(&mut world, config("b"));
    let before = (assigned(&world, a), assigned(&world, b));
    let (epoch, coordinator) = {
        let groups = world.consumer_groups();
        let (broker, group) = groups[GROUP];
        (group.epoch(), broker.id)
    };
    kill(&mut world, coordinator);
    run_ms(&mut world, 30_000);
    let groups = world.consumer_groups();
    let (broker, group) = groups[GROUP];
    assert_ne!(broker.id, coordinator);
    assert_eq!(group.epoch(), epoch, "nothing has changed for the group");
    assert_eq!((assigned(&world, a), assigned(&world, b)), before);
}

/// As `groups-protocol-consumer` shows: uniform, stable, of the type Consumer;
/// the first member keeps 0, 1 and 2.
#[test]
fn tools_are_told_of_the_group() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let (a, _) = join(&mut world, config("a"));
    let (b, _) = join(&mut world, config("b"));
    assert_eq!(assigned(&world, a), [0, 1, 2]);
    assert_eq!(assigned(&world, b), [3, 4, 5]);
    let of_type = |name: &str| {
        Request::ListGroups(ListGroupsRequest {
            types_filter: vec![name.to_owned()],
            ..ListGroupsRequest::default()
        })
    };
    let listed = |response| match response {
        Response::ListGroups(response) => response.groups,
        other => panic!("{other:?}"),
    };
    assert_eq!(listed(admin_call(&mut world, of_type("classic"))), []);
    let groups = listed(admin_call(&mut world, of_type("consumer")));
    let group = &groups[0];
    assert_eq!(
        (&*group.group_type, &*group.group_state),
        ("Consumer", "Stable")
    );
    let request = Request::ConsumerGroupDescribe(ConsumerGroupDescribeRequest {
        group_ids: vec![GROUP.to_owned(), "ghosts".to_owned()],
    });
    let Response::ConsumerGroupDescribe(described) = admin_call(&mut world, request) else {
        panic!("another answer");
    };
    let modern = &described.groups[0];
    assert_eq!(
        (&*modern.group_state, &*modern.assignor_name),
        ("Stable", "uniform")
    );
    assert_eq!(modern.members.len(), 2);
    let ghosts = &described.groups[1];
    assert_eq!(
        ghosts.error_message.as_deref(),
        Some("Group ghosts not found.")
    );
    let request = Request::DeleteGroups(DeleteGroupsRequest {
        groups_names: vec![GROUP.to_owned()],
    });
    let Response::DeleteGroups(deleted) = admin_call(&mut world, request) else {
        panic!("another answer");
    };
    assert_eq!(deleted.results[0].1, ErrorCode::NonEmptyGroup);
}

#[test]
fn protocols_do_not_mix_and_an_empty_group_changes_over() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let classic = || ConsumerConfig {
        group_protocol: GroupProtocol::Classic,
        ..config("old")
    };
    let (old, _) = join(&mut world, classic());
    let (_, events) = join(&mut world, config("new"));
    let failed = events.iter().find_map(|event| match &event.kind {
        EventKind::ConsumerFailed { message, .. } => Some(message.clone()),
        _ => None,
    });
    let expected = "Group modern is not a consumer group.";
    assert_eq!(failed.as_deref(), Some(expected));
    world.execute(Command::Close { client: old }).unwrap();
    run_ms(&mut world, 1_000);
    let (new, _) = join(&mut world, config("new"));
    assert_eq!(assigned(&world, new).len(), 6);
    assert!(!world.groups().contains_key(GROUP));
    let (_, events) = join(&mut world, classic());
    let fails = |event: &Event| {
        matches!(&event.kind, EventKind::ConsumerFailed { exception, .. }
            if exception == "InconsistentGroupProtocolException")
    };
    assert!(events.iter().any(fails));
    world.execute(Command::Close { client: new }).unwrap();
    run_ms(&mut world, 1_000);
    let (old, _) = join(&mut world, classic());
    assert_eq!(assigned(&world, old).len(), 6);
    assert!(world.consumer_groups().is_empty());
}

#[test]
fn each_protocol_has_settings_that_the_other_refuses() {
    let checked = |settings: &[(&str, &str)]| {
        let mut config = ConsumerConfig::of_group(GROUP);
        for (name, value) in settings {
            config.set(name, value).unwrap();
        }
        config.check().map_err(|refusal| refusal.to_string())
    };
    let modern = ("group.protocol", "consumer");
    assert_eq!(
        checked(&[modern, ("group.remote.assignor", "range")]),
        Ok(())
    );
    let refused = checked(&[
        modern,
        ("session.timeout.ms", "6000"),
        ("heartbeat.interval.ms", "1000"),
    ]);
    let refused = refused.unwrap_err();
    let expected =
        "heartbeat.interval.ms, session.timeout.ms cannot be set when group.protocol=CONSUMER";
    assert!(refused.contains(expected), "{refused}");
    let refused = checked(&[("group.remote.assignor", "range")]).unwrap_err();
    let expected = "group.remote.assignor cannot be set when group.protocol=CLASSIC";
    assert!(refused.contains(expected), "{refused}");
}

#[test]
fn an_unknown_assignor_is_fatal() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let config = ConsumerConfig {
        group_remote_assignor: Some("best".to_owned()),
        ..config("a")
    };
    let (_, events) = join(&mut world, config);
    let fails = |event: &Event| {
        matches!(&event.kind, EventKind::ConsumerFailed { exception, .. }
            if exception == "UnsupportedAssignorException")
    };
    assert!(events.iter().any(fails));
}

/// An application that takes a minute for a record, though it may not stay away
/// from `poll()` for more than five seconds.
fn too_slow(world: &mut World, config: ConsumerConfig) -> ClientNumber {
    let config = ConsumerConfig {
        max_poll_interval_ms: 5_000,
        ..config
    };
    let (member, _) = join(world, config);
    let processing = Processing {
        per_record_us: 60_000_000,
        commit: None,
    };
    let command = Command::SetProcessing {
        consumer: member,
        processing,
    };
    world.execute(command).expect("it is a consumer");
    member
}

fn lost(events: &[Event], number: ClientNumber) -> Vec<i32> {
    let partitions = events.iter().filter_map(|event| match &event.kind {
        EventKind::Consumer {
            consumer,
            event: ConsumerEvent::PartitionsLost { partitions },
        } if *consumer == number => Some(partitions),
        _ => None,
    });
    partitions.flatten().map(|of| of.partition).collect()
}

/// It says that it leaves, with epoch -1: its partitions are lost to it at once
/// and go to the others with their next heartbeats, long before its session
/// would be over. With its next `poll()` it joins again, under its old id.
#[test]
fn a_member_that_does_not_poll_in_time_leaves_and_is_back_with_its_next_poll() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let (other, _) = join(&mut world, config("other"));
    let slow = too_slow(&mut world, config("slow"));
    let had = assigned(&world, slow);
    let id = consumer_of(&world, slow).member_id().to_owned();
    assert_eq!(had.len(), 3);
    let producer = support::producer(&mut world);
    for key in 0..30 {
        support::send(&mut world, producer, TOPIC, Some(&key.to_string()), "v");
    }
    let events = run_ms(&mut world, 12_000);
    assert_eq!(lost(&events, slow), had);
    let is_stale = Some(ConsumerMemberState::Stale);
    assert_eq!(consumer_of(&world, slow).member_state(), is_stale);
    let members = |world: &World| world.consumer_groups()[GROUP].1.members().len();
    assert_eq!(members(&world), 1, "it has left");
    assert_eq!(assigned(&world, other).len(), 6);
    // It is not done with its record yet.
    run_ms(&mut world, 30_000);
    assert_eq!(consumer_of(&world, slow).member_state(), is_stale);
    run_ms(&mut world, 40_000);
    let quick = Command::SetProcessing {
        consumer: slow,
        processing: Processing::default(),
    };
    world.execute(quick).expect("it is a consumer");
    run_ms(&mut world, 90_000);
    assert_eq!(members(&world), 2);
    assert_eq!(assigned(&world, slow).len(), 3);
    assert_eq!(consumer_of(&world, slow).member_id(), id);
}

/// A static member says with epoch -2 that it will be back: nobody else is given
/// what it had, and nobody reads it, until its session is over.
#[test]
fn a_static_member_that_does_not_poll_in_time_keeps_its_place_for_a_session() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let (other, _) = join(&mut world, config("other"));
    let fixed = ConsumerConfig {
        group_instance_id: Some("slow".to_owned()),
        ..config("slow")
    };
    let slow = too_slow(&mut world, fixed);
    let had = assigned(&world, slow);
    let producer = support::producer(&mut world);
    for key in 0..30 {
        support::send(&mut world, producer, TOPIC, Some(&key.to_string()), "v");
    }
    let events = run_ms(&mut world, 12_000);
    assert_eq!(lost(&events, slow), had);
    let members = |world: &World| world.consumer_groups()[GROUP].1.members().len();
    assert_eq!((members(&world), assigned(&world, other).len()), (2, 3));
    run_ms(&mut world, 45_000);
    assert_eq!((members(&world), assigned(&world, other).len()), (1, 6));
}

fn committed(world: &mut World) -> Vec<(String, i64)> {
    let request = Request::OffsetFetch(OffsetFetchRequest {
        group_id: GROUP.to_owned(),
        partitions: None,
        require_stable: false,
        member_id: None,
        member_epoch: -1,
    });
    match admin_call(world, request) {
        Response::OffsetFetch(response) => {
            let all = response.partitions.into_iter();
            let offsets = all.filter_map(|(of, it)| Some((of.to_string(), it?.offset)));
            offsets.collect()
        }
        other => panic!("{other:?}"),
    }
}

fn close(world: &mut World, client: ClientNumber) {
    world.execute(Command::Close { client }).expect("it runs");
}

/// `groups-protocol-consumer`: who has what as members come and go, what the
/// group has committed, and that it can be deleted when nobody is left.
#[test]
fn what_a_recorded_group_shows() {
    let mut world = cluster(2);
    let spread = ["1", "2", "3", "1", "2", "3"].join(",");
    cluster::create(&mut world, TOPIC, &spread, &[]);
    for partition in 0..6 {
        let of = format!("{TOPIC}-{partition}");
        cluster::send(&mut world, engine::client::Acks::All, &of, &["0", "1", "2"]);
    }
    let frequent = |name: &str| ConsumerConfig {
        auto_commit_interval_ms: 200,
        ..config(name)
    };
    let (a, _) = join(&mut world, frequent("a"));
    let (b, _) = join(&mut world, frequent("b"));
    assert_eq!(assigned(&world, a), [0, 1, 2]);
    assert_eq!(assigned(&world, b), [3, 4, 5]);
    let all = committed(&mut world);
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|(_, offset)| *offset == 3), "{all:?}");
    let (c, _) = join(&mut world, frequent("c"));
    assert_eq!(assigned(&world, a), [0, 1]);
    assert_eq!(assigned(&world, b), [3, 4]);
    assert_eq!(assigned(&world, c), [2, 5]);
    close(&mut world, a);
    run_ms(&mut world, 6_000);
    // Which of them gets which of 0 and 1 is a matter of their random ids.
    let (of_b, of_c) = (assigned(&world, b), assigned(&world, c));
    let has = |of: &[i32], kept: &[i32]| kept.iter().all(|partition| of.contains(partition));
    assert!(of_b.len() == 3 && has(&of_b, &[3, 4]), "{of_b:?}");
    assert!(of_c.len() == 3 && has(&of_c, &[2, 5]), "{of_c:?}");
    close(&mut world, b);
    close(&mut world, c);
    run_ms(&mut world, 500);
    assert_eq!(state(&world), ConsumerGroupState::Empty);
    assert_eq!(committed(&mut world), all, "the offsets stay");
    let request = Request::DeleteGroups(DeleteGroupsRequest {
        groups_names: vec![GROUP.to_owned()],
    });
    let Response::DeleteGroups(deleted) = admin_call(&mut world, request) else {
        panic!("another answer");
    };
    assert!(deleted.results[0].1.is_none());
    assert!(!world.consumer_groups().contains_key(GROUP));
    assert_eq!(committed(&mut world), []);
}

/// The offsets of what nobody in the group reads can be deleted, and expire by
/// themselves; those of what somebody reads stay.
#[test]
fn offsets_of_what_is_read_stay_and_others_go() {
    let settings = [
        ("offsets.retention.minutes", "1"),
        ("offsets.retention.check.interval.ms", "10000"),
    ];
    let mut world = cluster_with(4, &settings);
    for topic in [TOPIC, "old"] {
        cluster::create(&mut world, topic, "1", &[]);
        let of = format!("{topic}-0");
        cluster::send(&mut world, engine::client::Acks::All, &of, &["v"]);
    }
    let topics = vec![TOPIC.into(), "old".into()];
    let config = config("a");
    let member = start(&mut world, Command::AddConsumer { config, topics });
    run_ms(&mut world, 15_000);
    let both = [("clicks-0".to_owned(), 1), ("old-0".to_owned(), 1)];
    assert_eq!(committed(&mut world), both);
    let delete = |world: &mut World| {
        let partitions = [TOPIC, "old"].map(|topic| TopicPartition::new(topic, 0));
        let request = Request::OffsetDelete(OffsetDeleteRequest {
            group_id: GROUP.to_owned(),
            partitions: partitions.to_vec(),
        });
        match admin_call(world, request) {
            Response::OffsetDelete(response) => {
                let errors = response.partitions.into_iter();
                errors.map(|(_, error)| error).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let read = ErrorCode::GroupSubscribedToTopic;
    assert_eq!(delete(&mut world), [read, read]);
    let to = engine::client::SubscriptionType::Topics(vec![TOPIC.into()]);
    let command = Command::Subscribe {
        consumer: member,
        to,
    };
    world.execute(command).expect("it is a consumer");
    run_ms(&mut world, 10_000);
    let mut other = world.clone();
    assert_eq!(delete(&mut other), [read, ErrorCode::None]);
    assert_eq!(committed(&mut other), both[..1]);
    // Nobody deletes them: a minute after they were committed they are gone.
    run_ms(&mut world, 75_000);
    assert_eq!(committed(&mut world), both[..1]);
}
