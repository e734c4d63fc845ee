//! Groups live in `__consumer_offsets`: who coordinates them, and what is left
//! of them when brokers die.

mod support;

use engine::client::Membership;
use engine::client::{Acks, AdminConfig};
use engine::coordinator::GroupEvent;
use engine::coordinator::partition_for;
use engine::coordinator::record::GroupRecord;
use engine::protocol::{
    CommittedOffset, DeleteGroupsRequest, DeleteTopicsRequest, MetadataRequest,
    OffsetDeleteRequest, OffsetFetchRequest, Request, Response,
};
use engine::{Command, ErrorCode, Event, EventKind, TopicPartition, World, WorldConfig};
use support::cluster::{
    cluster, cluster_with, create_placed, kill, send, start_broker, wait, wait_brokers,
};
use support::{admin_call, assigned, consumer, consumer_of, run_ms, values_read};

const OFFSETS: &str = "__consumer_offsets";

/// The partition of `__consumer_offsets` that holds the group.
fn partition_of(world: &World, group: &str) -> TopicPartition {
    let partitions = world.topics()[OFFSETS].partitions.len();
    TopicPartition::new(OFFSETS, partition_for(group, partitions as i32))
}

fn coordinator_of(world: &World, group: &str) -> i32 {
    let of = partition_of(world, group);
    let registration = world.image().partition(&of).expect("it is there");
    registration.leader.expect("it has a leader")
}

/// What the group's partition holds of it, oldest first.
fn records_of(world: &World, group: &str) -> Vec<GroupRecord> {
    let log = &world
        .partition(&partition_of(world, group))
        .expect("it is there")
        .log;
    let records = log.batches().flat_map(|batch| batch.records().flatten());
    let records = records.filter_map(|record| {
        GroupRecord::decode(record.key?, record.value).expect("a record of ours")
    });
    let is_of_group = |record: &GroupRecord| match record {
        GroupRecord::OffsetCommit(key, _) => key.group == group,
        GroupRecord::GroupMetadata(key, _) => key.group == group,
        #[allow(unreachable_patterns, reason = "there are more types to come")]
        _ => false,
    };
    records.filter(is_of_group).collect()
}

fn committed(world: &World, group: &str) -> Option<i64> {
    let (broker, _) = *world.groups().get(group)?;
    let shard = broker.groups().shard_of(group)?;
    let stored = shard.offset(group, &TopicPartition::new("t", 0))?;
    Some(stored.committed.offset)
}

/// A topic with a record in it, replicated to all.
fn cluster_with_topic(settings: &[(&str, &str)]) -> World {
    let mut world = cluster_with(1, settings);
    create_placed(&mut world, "t", 1, 3, &[]);
    send(&mut world, Acks::All, "t-0", &["one"]);
    world
}

/// The same with a group that has read and committed it.
fn cluster_with_group(settings: &[(&str, &str)]) -> (World, u32) {
    let mut world = cluster_with_topic(settings);
    let reader = consumer(&mut world, "g", "t");
    wait(&mut world, "a commit", |world| {
        committed(world, "g") == Some(1)
    });
    (world, reader)
}

fn removed_offsets(events: &[Event]) -> usize {
    let is_removal = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::Group(GroupEvent::OffsetsRemoved { .. })
        )
    };
    events.iter().filter(is_removal).count()
}

#[test]
fn the_first_group_has_the_offsets_topic_made() {
    let mut world = cluster(1);
    create_placed(&mut world, "t", 1, 3, &[]);
    assert!(!world.topics().contains_key(OFFSETS));
    let reader = consumer(&mut world, "g", "t");
    run_ms(&mut world, 5_000);
    let topic = &world.topics()[OFFSETS];
    assert_eq!(topic.partitions.len(), 5);
    assert!(topic.partitions.iter().all(|it| it.replicas.len() == 3));
    assert_eq!(topic.configs["cleanup.policy"], "compact");
    assert_eq!(topic.configs["compression.type"], "producer");
    assert_eq!(topic.configs["segment.bytes"], "104857600");
    let coordinator = consumer_of(&world, reader).coordinator();
    assert_eq!(coordinator, Some(coordinator_of(&world, "g")));
    assert_eq!(assigned(&world, reader), [0]);
}

/// `INVALID_REPLICATION_FACTOR`: the topic is not made, and every client is
/// told that there is no coordinator.
#[test]
fn with_too_few_brokers_there_is_no_offsets_topic_and_no_group() {
    let settings = [("offsets.topic.replication.factor", "3")];
    let config = WorldConfig::cluster(&[1, 2], &[100], &settings);
    let mut world = World::new(1, config);
    support::create_topic(&mut world, "t", 1);
    let reader = consumer(&mut world, "g", "t");
    run_ms(&mut world, 20_000);
    assert!(!world.topics().contains_key(OFFSETS));
    assert_eq!(consumer_of(&world, reader).coordinator(), None);
    world
        .execute(Command::AddBroker { id: 3, rack: None })
        .expect("there is room");
    run_ms(&mut world, 20_000);
    assert_eq!(world.topics()[OFFSETS].partitions.len(), 50);
    assert_eq!(assigned(&world, reader), [0], "with a third it goes on");
}

#[test]
fn a_world_of_one_broker_has_groups_all_the_same() {
    let mut world = support::world_with_topic(1, "t", 1);
    let reader = consumer(&mut world, "g", "t");
    run_ms(&mut world, 10_000);
    assert_eq!(assigned(&world, reader), [0]);
    let topic = &world.topics()[OFFSETS];
    assert_eq!(topic.partitions.len(), 50);
    assert_eq!(topic.partitions[0].replicas.len(), 1);
}

/// As in the log of a real broker: the group is there, then its generation,
/// then what it commits.
#[test]
fn what_a_group_does_is_written() {
    let (world, reader) = cluster_with_group(&[]);
    let records = records_of(&world, "g");
    let GroupRecord::GroupMetadata(_, Some(made)) = &records[0] else {
        panic!("{:?}", records[0]);
    };
    assert_eq!((made.generation, made.members.len()), (0, 0));
    assert_eq!((made.protocol_type.as_str(), &made.leader), ("", &None));
    let GroupRecord::GroupMetadata(_, Some(formed)) = &records[1] else {
        panic!("{:?}", records[1]);
    };
    assert_eq!(
        (formed.generation, formed.protocol.as_deref()),
        (1, Some("range"))
    );
    let member_id = consumer_of(&world, reader).member_id();
    assert_eq!(formed.members[0].member_id, member_id);
    let GroupRecord::OffsetCommit(key, Some(value)) = &records[2] else {
        panic!("{:?}", records[2]);
    };
    assert_eq!(
        (key.topic.as_str(), key.partition, value.offset),
        ("t", 0, 1)
    );
}

#[test]
fn a_killed_coordinators_groups_go_on_at_the_next_leader() {
    let (mut world, reader) = cluster_with_group(&[]);
    let first = coordinator_of(&world, "g");
    let member_id = consumer_of(&world, reader).member_id().to_owned();
    kill(&mut world, first);
    let mut events = run_ms(&mut world, 15_000);
    let second = coordinator_of(&world, "g");
    assert_ne!(first, second);
    let groups = world.groups();
    let (broker, group) = groups["g"];
    assert_eq!(
        (broker.id, group.generation()),
        (second, 1),
        "nobody rejoined"
    );
    assert!(group.member(&member_id).is_some());
    assert_eq!(consumer_of(&world, reader).coordinator(), Some(second));
    drop(groups);
    send(&mut world, Acks::All, "t-0", &["two"]);
    events.extend(run_ms(&mut world, 10_000));
    assert_eq!(consumer_of(&world, reader).membership(), Membership::Stable);
    assert_eq!(committed(&world, "g"), Some(2));
}

#[test]
fn groups_are_rebuilt_from_the_log_when_all_brokers_were_down() {
    let (mut world, reader) = cluster_with_group(&[]);
    world
        .execute(Command::Crash { client: reader })
        .expect("it runs");
    for broker in [1, 2, 3] {
        kill(&mut world, broker);
    }
    run_ms(&mut world, 1_000);
    assert!(world.groups().is_empty(), "memory is gone");
    for broker in [1, 2, 3] {
        start_broker(&mut world, broker);
    }
    wait_brokers(&mut world, 3);
    wait(&mut world, "the group", |world| {
        world.groups().contains_key("g")
    });
    assert_eq!(committed(&world, "g"), Some(1));
    assert_eq!(
        world.groups()["g"].1.members().len(),
        1,
        "until its session ends"
    );
    run_ms(&mut world, 60_000);
    assert_eq!(world.groups()["g"].1.members().len(), 0);
    let again = consumer(&mut world, "g", "t");
    let events = run_ms(&mut world, 10_000);
    assert!(
        values_read(&events, again).is_empty(),
        "it goes on where the group was"
    );
}

#[test]
fn with_too_few_replicas_in_sync_nothing_is_committed() {
    let settings = [("min.insync.replicas", "2")];
    let (mut world, reader) = cluster_with_group(&settings);
    let coordinator = coordinator_of(&world, "g");
    let end = |world: &World| {
        let log = &world
            .partition(&partition_of(world, "g"))
            .expect("it is there")
            .log;
        log.end_offset()
    };
    send(&mut world, Acks::All, "t-0", &["two"]);
    for broker in [1, 2, 3].into_iter().filter(|id| *id != coordinator) {
        kill(&mut world, broker);
    }
    wait_brokers(&mut world, 1);
    let before = end(&world);
    run_ms(&mut world, 15_000);
    assert_eq!(end(&world), before, "NOT_ENOUGH_REPLICAS");
    let fetch = Request::OffsetFetch(OffsetFetchRequest {
        group_id: "g".to_owned(),
        partitions: None,
        require_stable: false,
        member_id: None,
        member_epoch: -1,
    });
    let Response::OffsetFetch(response) = admin_call(&mut world, fetch) else {
        panic!("another answer");
    };
    let offset = |it: &Option<CommittedOffset>| it.as_ref().map(|it| it.offset);
    let known = offset(&response.partitions[0].1);
    assert!(known == Some(1) || known == Some(2), "{known:?}");
    for broker in [1, 2, 3].into_iter().filter(|id| *id != coordinator) {
        start_broker(&mut world, broker);
    }
    wait(&mut world, "the commit", |world| {
        committed(world, "g") == Some(2)
    });
    assert_eq!(consumer_of(&world, reader).membership(), Membership::Stable);
}

#[test]
fn offsets_are_deleted_with_tombstones() {
    let (mut world, reader) = cluster_with_group(&[]);
    let t = TopicPartition::new("t", 0);
    let delete = |world: &mut World, group: &str, partitions: &[&TopicPartition]| {
        let request = Request::OffsetDelete(OffsetDeleteRequest {
            group_id: group.to_owned(),
            partitions: partitions.iter().map(|of| (*of).clone()).collect(),
        });
        match admin_call(world, request) {
            Response::OffsetDelete(response) => response,
            other => panic!("{other:?}"),
        }
    };
    let answer = delete(&mut world, "nobody", &[&t]);
    assert_eq!(answer.error_code, ErrorCode::GroupIdNotFound);
    let nope = TopicPartition::new("nope", 0);
    let answer = delete(&mut world, "g", &[&t, &nope]);
    let errors: Vec<_> = answer.partitions.iter().map(|(_, error)| *error).collect();
    let read = ErrorCode::GroupSubscribedToTopic;
    assert_eq!(errors, [read, ErrorCode::UnknownTopicOrPartition]);

    world
        .execute(Command::Close { client: reader })
        .expect("it runs");
    run_ms(&mut world, 2_000);
    let answer = delete(&mut world, "g", &[&t]);
    assert_eq!(answer.partitions, [(t, ErrorCode::None)]);
    assert_eq!(committed(&world, "g"), None);
    let records = records_of(&world, "g");
    assert!(matches!(
        records.last(),
        Some(GroupRecord::OffsetCommit(_, None))
    ));
}

#[test]
fn only_an_empty_group_is_deleted() {
    let (mut world, reader) = cluster_with_group(&[]);
    let delete = |world: &mut World| {
        let groups_names = vec!["g".to_owned(), "nobody".to_owned()];
        let request = Request::DeleteGroups(DeleteGroupsRequest { groups_names });
        match admin_call(world, request) {
            Response::DeleteGroups(response) => {
                let results = response.results.into_iter();
                results.map(|(_, error)| error).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let unknown = ErrorCode::GroupIdNotFound;
    assert_eq!(delete(&mut world), [ErrorCode::NonEmptyGroup, unknown]);
    world
        .execute(Command::Close { client: reader })
        .expect("it runs");
    run_ms(&mut world, 2_000);
    assert_eq!(delete(&mut world), [ErrorCode::None, unknown]);
    assert!(!world.groups().contains_key("g"));
    let records = records_of(&world, "g");
    let [.., offset, group] = &records[..] else {
        panic!("{records:?}");
    };
    assert!(matches!(offset, GroupRecord::OffsetCommit(_, None)));
    assert!(matches!(group, GroupRecord::GroupMetadata(_, None)));
}

#[test]
fn the_offsets_of_a_deleted_topic_go_with_it() {
    let (mut world, reader) = cluster_with_group(&[]);
    world
        .execute(Command::Close { client: reader })
        .expect("it runs");
    run_ms(&mut world, 2_000);
    let topics = vec!["t".into()];
    let request = Request::DeleteTopics(DeleteTopicsRequest { topics });
    let admin = support::start(
        &mut world,
        Command::AddAdmin {
            config: AdminConfig::named("admin"),
        },
    );
    world
        .execute(Command::AdminCall { admin, request })
        .expect("it is an admin client");
    let events = run_ms(&mut world, 2_000);
    assert_eq!(removed_offsets(&events), 1);
    let records = records_of(&world, "g");
    assert!(matches!(
        records.last(),
        Some(GroupRecord::OffsetCommit(_, None))
    ));
}

#[test]
fn offsets_expire_with_their_group() {
    let settings = [
        ("offsets.retention.minutes", "1"),
        ("offsets.retention.check.interval.ms", "10000"),
    ];
    let (mut world, reader) = cluster_with_group(&settings);
    world
        .execute(Command::Close { client: reader })
        .expect("it runs");
    let events = run_ms(&mut world, 55_000);
    assert_eq!(removed_offsets(&events), 0);
    let events = run_ms(&mut world, 20_000);
    assert_eq!(removed_offsets(&events), 1);
    assert!(!world.groups().contains_key("g"));
    let records = records_of(&world, "g");
    assert!(matches!(
        records.last(),
        Some(GroupRecord::GroupMetadata(_, None))
    ));
}

#[test]
fn old_commits_are_compacted_away() {
    let settings = [("offsets.topic.segment.bytes", "500")];
    let (mut world, _) = cluster_with_group(&settings);
    for round in 0..12 {
        send(&mut world, Acks::All, "t-0", &[&format!("more {round}")]);
        run_ms(&mut world, 6_000);
    }
    let of = partition_of(&world, "g");
    let log = &world.partition(&of).expect("it is there").log;
    let kept: i32 = log.batches().map(|batch| batch.record_count()).sum();
    assert!(
        i64::from(kept) < log.end_offset(),
        "{kept} of {}",
        log.end_offset()
    );
    let before = committed(&world, "g");
    let leader = coordinator_of(&world, "g");
    kill(&mut world, leader);
    wait(&mut world, "the next coordinator", |world| {
        world
            .groups()
            .get("g")
            .is_some_and(|(broker, _)| broker.id != leader)
    });
    assert_eq!(committed(&world, "g"), before);
}

#[test]
fn internal_topics_are_not_for_users() {
    let (mut world, _) = cluster_with_group(&[]);
    let results = send(&mut world, Acks::All, "__consumer_offsets-0", &["mine"]);
    assert!(results[0].contains("InvalidTopicException"), "{results:?}");
    let request = Request::Metadata(MetadataRequest { topics: None });
    let Response::Metadata(metadata) = admin_call(&mut world, request) else {
        panic!("another answer");
    };
    let internal = metadata.topics.iter().filter(|topic| topic.is_internal);
    let internal: Vec<&str> = internal.map(|topic| &*topic.name).collect();
    assert_eq!(internal, [OFFSETS]);
    assert_eq!(world.user_topics().count(), 1);
}
