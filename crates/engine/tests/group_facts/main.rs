//! What sessions with a real Kafka show of groups: who owns what, how far it
//! has come, what is left of those that are gone, and what is refused. Each
//! test plays a recorded session and asks what `kafka-consumer-groups` and
//! `kafka-get-offsets` ask.

mod assignors;
mod members;
mod offsets;
mod refusals;
#[path = "../support/mod.rs"]
mod support;

use engine::collections::{BTreeMap, BTreeSet};

use engine::client::consumer_protocol::decode_assignment;
use engine::client::{Acks, ConsumerConfig, SubscriptionType};
use engine::command::ClientNumber;
use engine::protocol::{
    CommittedOffset, DeleteGroupsRequest, DescribeGroupsRequest, DescribedGroup, IsolationLevel,
    ListGroupsRequest, ListOffsetsRequest, OffsetFetchRequest, Request, Response,
};
use engine::sorting::sort;
use engine::{Command, ErrorCode, Event, TopicPartition, World};
use support::cluster::*;
use support::{admin_call, create_topic, run_ms, start};

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
            sort(&mut listed);
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
    sort(&mut rows);
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
