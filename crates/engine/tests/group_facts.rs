//! What sessions with a real Kafka show of groups: who owns what, how far it
//! has come, what is left of those that are gone, and what is refused. Each
//! test plays a recorded session and asks what `kafka-consumer-groups` and
//! `kafka-get-offsets` ask.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use engine::client::consumer_protocol::decode_assignment;
use engine::client::{
    Acks, AdminConfig, ConsumerConfig, OutgoingRecord, Processing, SubscriptionType,
};
use engine::command::ClientNumber;
use engine::protocol::{
    CommittedOffset, DeleteGroupsRequest, DescribeGroupsRequest, DescribedGroup, IsolationLevel,
    ListGroupsRequest, ListOffsetsRequest, OffsetDeleteRequest, OffsetFetchRequest, Request,
    Response,
};
use engine::{Command, ErrorCode, Event, EventKind, TopicPartition, World};
use support::cluster::*;
use support::{admin_call, consumer_of, create_topic, create_topic_with, run_ms, start};

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

/// A cluster with a topic, and three records in each of its partitions.
fn cluster_with_clicks(seed: u64, partitions: i32) -> World {
    let mut world = cluster(seed);
    create_topic(&mut world, "clicks", partitions);
    send_to_all(&mut world, partitions, &["0", "1", "2"]);
    world
}

fn send_to_all(world: &mut World, partitions: i32, values: &[&str]) {
    for partition in 0..partitions {
        send(world, Acks::All, &format!("clicks-{partition}"), values);
    }
}

/// A consumer as the sessions start them, with these settings besides.
fn join(
    world: &mut World,
    (group, client_id): (&str, &str),
    to: SubscriptionType,
    settings: &[(&str, &str)],
) -> ClientNumber {
    let mut config = ConsumerConfig::of_group(group);
    let own = [
        ("client.id", client_id),
        ("auto.commit.interval.ms", "200"),
        ("auto.offset.reset", "earliest"),
    ];
    for (name, value) in own.iter().chain(settings) {
        config.set(name, value).expect("a setting");
    }
    let topics = Vec::new();
    let consumer = start(world, Command::AddConsumer { config, topics });
    execute(world, Command::Subscribe { consumer, to });
    consumer
}

/// The same, of the topic `clicks`; waits until the group has settled.
fn join_clicks(world: &mut World, of: (&str, &str), settings: &[(&str, &str)]) -> ClientNumber {
    let to = SubscriptionType::Topics(vec!["clicks".into()]);
    let member = join(world, of, to, settings);
    run_ms(world, 5_000);
    member
}

/// Ends a client as SIGTERM does; waits until the group has settled.
fn close(world: &mut World, client: ClientNumber) {
    execute(world, Command::Close { client });
    run_ms(world, 5_000);
}

fn described(world: &mut World, group: &str) -> DescribedGroup {
    let groups = vec![group.to_owned()];
    match admin_call(
        world,
        Request::DescribeGroups(DescribeGroupsRequest { groups }),
    ) {
        Response::DescribeGroups(mut response) => response.groups.remove(0),
        other => panic!("{other:?}"),
    }
}

/// Who has each partition, by its `client.id`.
fn owners(group: &DescribedGroup) -> BTreeMap<TopicPartition, String> {
    let members = group.members.iter().flat_map(|member| {
        let owned = decode_assignment(&member.member_assignment).unwrap_or_default();
        owned.into_iter().map(|of| (of, member.client_id.clone()))
    });
    members.collect()
}

/// What is committed of a group.
fn committed(world: &mut World, group: &str) -> BTreeMap<TopicPartition, CommittedOffset> {
    let request = Request::OffsetFetch(OffsetFetchRequest {
        group_id: group.to_owned(),
        partitions: None,
        require_stable: false,
        member_id: None,
        member_epoch: -1,
    });
    match admin_call(world, request) {
        Response::OffsetFetch(response) => {
            let all = response.partitions.into_iter();
            all.filter_map(|(of, offset)| Some((of, offset?))).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// `kafka-get-offsets --time`: the offset for each partition that has one, or
/// the error.
fn offsets(world: &mut World, of: &[&str], timestamp: i64) -> Vec<String> {
    let request = Request::ListOffsets(ListOffsetsRequest {
        replica_id: None,
        isolation_level: IsolationLevel::ReadUncommitted,
        partitions: of.iter().map(|of| (partition(of), timestamp)).collect(),
    });
    match admin_call(world, request) {
        Response::ListOffsets(response) => {
            let mut listed: Vec<String> = response
                .partitions
                .iter()
                .filter(|(_, listed)| listed.offset >= 0 || !listed.error_code.is_none())
                .map(|(of, listed)| match listed.error_code {
                    ErrorCode::None => format!("{of}:{}", listed.offset),
                    error => format!("{of}: {}: {}", error.exception(), error.message()),
                })
                .collect();
            listed.sort();
            listed
        }
        other => panic!("{other:?}"),
    }
}

/// `--describe`: partition, current offset, log end offset, lag and client id,
/// `-` where there is none; by partition.
fn describe_offsets(world: &mut World, group: &str) -> Vec<String> {
    let owners = owners(&described(world, group));
    let committed = committed(world, group);
    let all: BTreeSet<&TopicPartition> = owners.keys().chain(committed.keys()).collect();
    let mut rows = Vec::new();
    for of in all {
        let name = of.to_string();
        let listed = offsets(world, &[&name], ListOffsetsRequest::LATEST).remove(0);
        let end: i64 = listed
            .rsplit_once(':')
            .expect("an offset")
            .1
            .parse()
            .expect("a number");
        let (current, lag) = match committed.get(of) {
            Some(at) => (at.offset.to_string(), (end - at.offset).to_string()),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let owner = owners.get(of).map_or("-", String::as_str);
        rows.push(format!("{name} {current} {end} {lag} {owner}"));
    }
    rows
}

/// `--describe --members --verbose`: client id and partitions, by client id.
fn describe_members(world: &mut World, group: &str) -> Vec<String> {
    let group = described(world, group);
    let owners = owners(&group);
    let mut rows: Vec<String> = Vec::new();
    for member in &group.members {
        assert_eq!(member.client_host, "/127.0.0.1");
        let mut by_topic: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (of, owner) in &owners {
            if *owner == member.client_id {
                let partitions = by_topic.entry(&of.topic).or_default();
                partitions.push(of.partition.to_string());
            }
        }
        let owned = by_topic.iter().map(|(topic, partitions)| {
            let partitions = partitions.join(",");
            format!(" {topic}({partitions})")
        });
        rows.push(format!("{}{}", member.client_id, owned.collect::<String>()));
    }
    rows.sort();
    rows
}

/// `--describe --state`: strategy, state and number of members.
fn describe_state(world: &mut World, group: &str) -> String {
    let group = described(world, group);
    let (strategy, members) = (&group.protocol_data, group.members.len());
    format!("{strategy} {} {members}", group.group_state)
}

/// `--list --state`
fn list(world: &mut World) -> Vec<String> {
    match admin_call(world, Request::ListGroups(ListGroupsRequest::default())) {
        Response::ListGroups(response) => {
            let groups = response.groups.iter();
            let rows = groups.map(|group| format!("{} {}", group.group_id, group.group_state));
            let rows: BTreeSet<String> = rows.collect();
            rows.into_iter().collect()
        }
        other => panic!("{other:?}"),
    }
}

/// `--delete`: each group, and why it was not deleted.
fn delete(world: &mut World, groups: &[&str]) -> Vec<String> {
    let groups_names = groups.iter().map(|name| (*name).to_owned()).collect();
    match admin_call(
        world,
        Request::DeleteGroups(DeleteGroupsRequest { groups_names }),
    ) {
        Response::DeleteGroups(response) => {
            let results = response.results.iter();
            results.map(|(group, error)| said(group, *error)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// `NAME: exception: message`, or `NAME` when there is none.
fn said(name: &str, error: ErrorCode) -> String {
    match error {
        ErrorCode::None => name.to_owned(),
        error => format!("{name}: {}: {}", error.exception(), error.message()),
    }
}

/// A row of [`describe_offsets`] for each partition of `clicks`, all as far.
fn rows(at: &str, owners: &[&str]) -> Vec<String> {
    let owners = owners.iter().enumerate();
    let row = |(partition, owner): (usize, &&str)| format!("clicks-{partition} {at} {owner}");
    owners.map(row).collect()
}

/// `groups-join-leave`
#[test]
fn members_share_what_there_is_and_the_offsets_outlive_them() {
    let mut world = cluster_with_clicks(71, 6);
    let a = join_clicks(&mut world, ("web", "a"), &[]);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["a"; 6])
    );
    assert_eq!(
        describe_members(&mut world, "web"),
        ["a clicks(0,1,2,3,4,5)"]
    );

    let b = join_clicks(&mut world, ("web", "b"), &[]);
    let owners = ["a", "a", "a", "b", "b", "b"];
    assert_eq!(describe_offsets(&mut world, "web"), rows("3 3 0", &owners));
    let expected = ["a clicks(0,1,2)", "b clicks(3,4,5)"];
    assert_eq!(describe_members(&mut world, "web"), expected);

    let c = join_clicks(&mut world, ("web", "c"), &[]);
    let owners = ["a", "a", "b", "b", "c", "c"];
    assert_eq!(describe_offsets(&mut world, "web"), rows("3 3 0", &owners));
    let expected = ["a clicks(0,1)", "b clicks(2,3)", "c clicks(4,5)"];
    assert_eq!(describe_members(&mut world, "web"), expected);
    assert_eq!(describe_state(&mut world, "web"), "range Stable 3");

    send_to_all(&mut world, 6, &["3", "4"]);
    run_ms(&mut world, 1_000);
    close(&mut world, b);
    let owners = ["a", "a", "a", "c", "c", "c"];
    assert_eq!(describe_offsets(&mut world, "web"), rows("5 5 0", &owners));
    close(&mut world, a);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("5 5 0", &["c"; 6])
    );
    close(&mut world, c);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("5 5 0", &["-"; 6])
    );
    assert_eq!(describe_state(&mut world, "web"), " Empty 0");
}

/// `groups-member-killed`
#[test]
fn a_killed_member_is_listed_with_all_it_had_until_its_session_ends() {
    let mut world = cluster_with_clicks(72, 6);
    let session = [("session.timeout.ms", "6000")];
    join_clicks(&mut world, ("web", "a"), &session);
    let b = join_clicks(&mut world, ("web", "b"), &session);
    let owners = ["a", "a", "a", "b", "b", "b"];
    let both = rows("3 3 0", &owners);
    assert_eq!(describe_offsets(&mut world, "web"), both);
    execute(&mut world, Command::Crash { client: b });
    run_ms(&mut world, 1_000);
    assert_eq!(describe_offsets(&mut world, "web"), both);
    let expected = ["a clicks(0,1,2)", "b clicks(3,4,5)"];
    assert_eq!(describe_members(&mut world, "web"), expected);
    assert_eq!(describe_state(&mut world, "web"), "range Stable 2");
    run_ms(&mut world, 10_000);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["a"; 6])
    );
    assert_eq!(
        describe_members(&mut world, "web"),
        ["a clicks(0,1,2,3,4,5)"]
    );
}

/// `groups-one-member`
#[test]
fn a_group_without_members_keeps_its_offsets_and_falls_behind() {
    let mut world = cluster_with_clicks(73, 6);
    assert_eq!(list(&mut world), <[String; 0]>::default());
    let a = join_clicks(&mut world, ("web", "a"), &[]);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["a"; 6])
    );
    assert_eq!(describe_state(&mut world, "web"), "range Stable 1");
    assert_eq!(list(&mut world), ["web Stable"]);
    close(&mut world, a);
    send_to_all(&mut world, 6, &["3", "4"]);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 5 2", &["-"; 6])
    );
    assert_eq!(
        describe_members(&mut world, "web"),
        <[String; 0]>::default()
    );
    assert_eq!(describe_state(&mut world, "web"), " Empty 0");
    assert_eq!(list(&mut world), ["web Empty"]);
}

/// Topics of five and of three partitions, to which members subscribe by a
/// pattern; one, two, three members, then two leave.
fn shared_by(assignor: &str) -> Vec<Vec<String>> {
    let mut world = cluster(74);
    create_topic(&mut world, "t1", 5);
    create_topic(&mut world, "t2", 3);
    let class = format!("org.apache.kafka.clients.consumer.{assignor}");
    let settings = [("partition.assignment.strategy", class.as_str())];
    let mut seen = Vec::new();
    let mut members = BTreeMap::new();
    for name in ["a", "b", "c"] {
        let to = SubscriptionType::Pattern("t1|t2".to_owned());
        members.insert(name, join(&mut world, ("g", name), to, &settings));
        run_ms(&mut world, 5_000);
        seen.push(describe_members(&mut world, "g"));
    }
    for name in ["b", "a"] {
        close(&mut world, members[name]);
        seen.push(describe_members(&mut world, "g"));
    }
    seen
}

/// `groups-range`
#[test]
fn the_range_assignor_counts_each_topic_for_itself() {
    let expected = [
        &["a t1(0,1,2,3,4) t2(0,1,2)"][..],
        &["a t1(0,1,2) t2(0,1)", "b t1(3,4) t2(2)"],
        &["a t1(0,1) t2(0)", "b t1(2,3) t2(1)", "c t1(4) t2(2)"],
        &["a t1(0,1,2) t2(0,1)", "c t1(3,4) t2(2)"],
        &["c t1(0,1,2,3,4) t2(0,1,2)"],
    ];
    assert_eq!(shared_by("RangeAssignor"), expected);
}

/// `groups-sticky`
#[test]
fn the_sticky_assignor_leaves_members_what_they_have() {
    let expected = [
        &["a t1(0,1,2,3,4) t2(0,1,2)"][..],
        &["a t1(0,1) t2(0,1)", "b t1(2,3,4) t2(2)"],
        &["a t1(0,1) t2(0)", "b t1(2,3) t2(2)", "c t1(4) t2(1)"],
        &["a t1(0,1,2) t2(0)", "c t1(3,4) t2(1,2)"],
        &["c t1(0,1,2,3,4) t2(0,1,2)"],
    ];
    assert_eq!(shared_by("StickyAssignor"), expected);
}

/// Has a producer send records with these timestamps, in order.
fn send_at(world: &mut World, of: &str, timestamps: impl IntoIterator<Item = i64>) {
    let producer = producer_with(world, Acks::All);
    let to = partition(of);
    for timestamp in timestamps {
        let record = OutgoingRecord {
            topic: to.topic.clone(),
            partition: Some(to.partition),
            timestamp_ms: Some(timestamp),
            value: Some(b"value".to_vec()),
            ..OutgoingRecord::default()
        };
        execute(world, Command::Send { producer, record });
    }
    run_ms(world, 1_000);
    close(world, producer);
}

/// 14 November 2023, 22:13:20 UTC.
const NOVEMBER_MS: i64 = 1_700_000_000_000;

/// `groups-reset-dry-run`: what each way to reset a group asks for.
#[test]
fn where_a_group_can_be_reset_to() {
    let mut world = cluster(75);
    create_topic_with(&mut world, "clicks", 3, &[("retention.ms", "-1")]);
    let all = ["clicks-0", "clicks-1", "clicks-2"];
    for of in all {
        send_at(
            &mut world,
            of,
            (0..10).map(|minute| NOVEMBER_MS + minute * 60_000),
        );
    }
    let reader = join_clicks(&mut world, ("g", "a"), &[]);
    close(&mut world, reader);
    for of in all {
        send_at(&mut world, of, [NOVEMBER_MS + 600_000]);
    }
    let before = rows("10 11 1", &["-"; 3]);
    assert_eq!(describe_offsets(&mut world, "g"), before);

    let each = |offset: i64| all.map(|of| format!("{of}:{offset}"));
    let to_latest = ListOffsetsRequest::LATEST;
    assert_eq!(
        offsets(&mut world, &all, ListOffsetsRequest::EARLIEST),
        each(0)
    );
    assert_eq!(offsets(&mut world, &all, to_latest), each(11));
    // --to-datetime 2023-11-14T22:18:20.000, 2000-01-01 and 2030-01-01.
    assert_eq!(offsets(&mut world, &all, NOVEMBER_MS + 300_000), each(5));
    assert_eq!(offsets(&mut world, &all, 946_684_800_000), each(0));
    let none = <[String; 0]>::default();
    assert_eq!(
        offsets(&mut world, &all, 1_893_456_000_000),
        none,
        "it falls back to the latest"
    );
    // --by-duration P30000D: before 1970, which is no timestamp.
    let message = "UnsupportedVersionException: The version of API is not supported.";
    let refused = all.map(|of| format!("{of}: {message}"));
    assert_eq!(offsets(&mut world, &all, -800_000_000_000), refused);
    assert_eq!(
        describe_offsets(&mut world, "g"),
        before,
        "nobody has moved"
    );
}

/// Reads so many records as a member of a group, then closes.
fn read_some(world: &mut World, of: (&str, &str), reset: &str, count: i64) {
    let settings = [("auto.offset.reset", reset)];
    let to = SubscriptionType::Topics(vec!["clicks".into()]);
    let consumer = join(world, of, to, &settings);
    let processing = Processing {
        per_record_us: 100_000,
        commit: None,
    };
    execute(
        world,
        Command::SetProcessing {
            consumer,
            processing,
        },
    );
    wait(world, "so many records", |world| {
        let processed = consumer_of(world, consumer).processed().values();
        let ranges = processed.flat_map(|counts| counts.ranges());
        ranges.map(|(from, to, _)| to - from).sum::<i64>() >= count
    });
    close(world, consumer);
}

/// `groups-several`
#[test]
fn groups_on_one_topic_do_not_know_of_each_other() {
    let mut world = cluster_with_clicks(76, 3);
    let a = join_clicks(&mut world, ("live", "a"), &[]);
    read_some(&mut world, ("idle", "b"), "earliest", 5);
    assert_eq!(list(&mut world), ["idle Empty", "live Stable"]);
    assert_eq!(
        describe_offsets(&mut world, "live"),
        rows("3 3 0", &["a"; 3])
    );
    assert_eq!(describe_state(&mut world, "live"), "range Stable 1");
    assert_eq!(describe_state(&mut world, "idle"), " Empty 0");
    let idle = committed(&mut world, "idle");
    assert_eq!(idle.len(), 3, "also of what it has read nothing of");
    let read: i64 = idle.values().map(|at| at.offset).sum();
    assert_eq!(read, 5);
    close(&mut world, a);
    assert_eq!(delete(&mut world, &["idle", "live"]), ["idle", "live"]);
    assert_eq!(list(&mut world), <[String; 0]>::default());
}

fn failure(events: &[Event], number: ClientNumber) -> Option<(&str, &str)> {
    events.iter().find_map(|event| match &event.kind {
        EventKind::ConsumerFailed {
            consumer,
            exception,
            message,
            ..
        } if *consumer == number => Some((exception.as_str(), message.as_str())),
        _ => None,
    })
}

/// `groups-static-fenced`
#[test]
fn a_fenced_static_member_leaves_its_place_and_its_client_id_behind() {
    let mut world = cluster(77);
    create_topic(&mut world, "clicks", 6);
    let instance = [("group.instance.id", "dup")];
    let a = join_clicks(&mut world, ("stat", "a"), &instance);
    let first = described(&mut world, "stat").members.remove(0).member_id;
    let to = SubscriptionType::Topics(vec!["clicks".into()]);
    let b = join(&mut world, ("stat", "b"), to, &instance);
    let events = run_ms(&mut world, 6_000);
    let message =
        format!("Get fenced exception for group.instance.id dup, current member.id is {first}");
    let expected = ("FencedInstanceIdException", message.as_str());
    assert_eq!(failure(&events, a), Some(expected));
    assert_eq!(failure(&events, b), None);
    assert_eq!(describe_state(&mut world, "stat"), "range Stable 1");
    // The group still names the client that had the place first.
    assert_eq!(
        describe_members(&mut world, "stat"),
        ["a clicks(0,1,2,3,4,5)"]
    );
    let member = described(&mut world, "stat").members.remove(0);
    assert_eq!(member.group_instance_id.as_deref(), Some("dup"));
    assert!(member.member_id.starts_with("dup-"));
    assert_ne!(member.member_id, first);
}

/// `--delete-offsets`: the group's error, and each partition's.
fn delete_offsets(world: &mut World, group: &str, of: &[&str]) -> Vec<String> {
    let request = Request::OffsetDelete(OffsetDeleteRequest {
        group_id: group.to_owned(),
        partitions: of.iter().map(|of| partition(of)).collect(),
    });
    match admin_call(world, request) {
        Response::OffsetDelete(response) => {
            let partitions = response.partitions.iter();
            let results = partitions.map(|(of, error)| said(&of.to_string(), *error));
            let group = said("group", response.error_code);
            std::iter::once(group).chain(results).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// `groups-errors`
#[test]
fn what_is_refused_of_groups() {
    let mut world = cluster_with_clicks(78, 3);
    let not_there = "GroupIdNotFoundException: The group id does not exist.";
    // The offsets topic is there once somebody asks for a coordinator.
    assert_eq!(
        delete(&mut world, &["nogroup"]),
        [format!("nogroup: {not_there}")]
    );
    let nogroup = described(&mut world, "nogroup");
    assert_eq!(
        (nogroup.group_state.as_str(), nogroup.members.len()),
        ("Dead", 0)
    );
    assert_eq!(nogroup.error_code, ErrorCode::GroupIdNotFound);
    let answer = delete_offsets(&mut world, "nogroup", &["clicks-0"]);
    assert_eq!(answer[0], format!("group: {not_there}"));

    let a = join_clicks(&mut world, ("web", "a"), &[]);
    assert_eq!(
        described(&mut world, "web").group_state,
        "Stable",
        "so that it is not reset"
    );
    assert_eq!(
        delete(&mut world, &["web", "nogroup"]),
        [
            "web: GroupNotEmptyException: The group is not empty.",
            "nogroup: GroupIdNotFoundException: The group id does not exist.",
        ]
    );
    let read = "GroupSubscribedToTopicException: Deleting offsets of a topic is forbidden while \
                the consumer group is actively subscribed to it.";
    let unknown =
        "UnknownTopicOrPartitionException: This server does not host this topic-partition.";
    assert_eq!(
        delete_offsets(&mut world, "web", &["clicks-0", "clicks-1", "nope-0"]),
        [
            "group".to_owned(),
            format!("clicks-0: {read}"),
            format!("clicks-1: {read}"),
            format!("nope-0: {unknown}"),
        ]
    );
    close(&mut world, a);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["-"; 3])
    );
}

/// `groups-errors`: `--reset-offsets --topic clicks:7`.
#[test]
fn the_end_of_a_partition_that_there_is_not_is_looked_for_in_vain() {
    let mut world = cluster_with_clicks(79, 3);
    let config = AdminConfig::named("admin");
    let admin = start(&mut world, Command::AddAdmin { config });
    let request = Request::ListOffsets(ListOffsetsRequest {
        replica_id: None,
        isolation_level: IsolationLevel::ReadUncommitted,
        partitions: vec![(partition("clicks-7"), ListOffsetsRequest::EARLIEST)],
    });
    execute(&mut world, Command::AdminCall { admin, request });
    let events = run_ms(&mut world, 61_000);
    let failed = events.iter().find_map(|event| match &event.kind {
        EventKind::AdminFailed {
            exception, message, ..
        } => Some((exception.as_str(), message.as_str())),
        _ => None,
    });
    let (exception, message) = failed.expect("it gives up");
    assert_eq!(exception, "TimeoutException");
    let begins = "Call(callName=listOffsets(api=METADATA), deadlineMs=";
    assert!(message.starts_with(begins), "{message}");
    assert!(message.ends_with(" attempt(s)"), "{message}");
}

/// `offsets-get`
#[test]
fn offsets_are_found_at_the_ends_and_by_time() {
    let mut world = cluster(80);
    create_topic_with(&mut world, "t", 3, &[("retention.ms", "-1")]);
    create_topic(&mut world, "empty", 1);
    send_at(
        &mut world,
        "t-0",
        [0, 2, 4, 6].map(|s| NOVEMBER_MS + s * 1_000),
    );
    send_at(
        &mut world,
        "t-1",
        [1, 3, 5, 7].map(|s| NOVEMBER_MS + s * 1_000),
    );
    send_at(&mut world, "t-0", [1_600_000_000_000]);
    let all = ["t-0", "t-1", "t-2"];
    for (time, expected) in [
        (-1, &["t-0:5", "t-1:4", "t-2:0"][..]),
        (-2, &["t-0:0", "t-1:0", "t-2:0"]),
        (-3, &["t-0:3", "t-1:3"]),
        (-4, &["t-0:0", "t-1:0", "t-2:0"]),
        (-5, &[]),
        (NOVEMBER_MS + 3_000, &["t-0:2", "t-1:1"]),
        (NOVEMBER_MS + 3_001, &["t-0:2", "t-1:2"]),
        (0, &["t-0:0", "t-1:0"]),
        (99_999_999_999_999, &[]),
    ] {
        assert_eq!(offsets(&mut world, &all, time), expected, "--time {time}");
    }
    assert_eq!(
        offsets(&mut world, &["empty-0"], -3),
        <[String; 0]>::default()
    );
}

/// `console-group-resume`
#[test]
fn a_group_goes_on_where_it_ended_and_a_new_one_at_the_end() {
    let mut world = cluster(81);
    create_topic(&mut world, "clicks", 1);
    send(
        &mut world,
        Acks::All,
        "clicks-0",
        &["m0", "m1", "m2", "m3", "m4", "m5"],
    );
    read_some(&mut world, ("g", "a"), "earliest", 4);
    assert_eq!(describe_offsets(&mut world, "g"), ["clicks-0 4 6 2 -"]);
    read_some(&mut world, ("g", "b"), "earliest", 2);
    assert_eq!(describe_offsets(&mut world, "g"), ["clicks-0 6 6 0 -"]);
    // Nothing comes for it: it commits where it would begin.
    let late = [("auto.offset.reset", "latest")];
    let c = join_clicks(&mut world, ("late", "c"), &late);
    close(&mut world, c);
    assert_eq!(describe_offsets(&mut world, "late"), ["clicks-0 6 6 0 -"]);
    send(&mut world, Acks::All, "clicks-0", &["m6", "m7"]);
    read_some(&mut world, ("late", "d"), "latest", 2);
    assert_eq!(describe_offsets(&mut world, "late"), ["clicks-0 8 8 0 -"]);
    assert_eq!(describe_offsets(&mut world, "g"), ["clicks-0 6 8 2 -"]);
}
