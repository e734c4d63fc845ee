//! Share groups (KIP-932): a topic read as a queue. Its records are handed out
//! one by one to whoever asks, each to one member at a time, until somebody is
//! done with it.

mod support;

use std::collections::BTreeMap;

use engine::client::{
    AcknowledgementRule, Acknowledging, Client, OutgoingRecord, ShareConsumer, ShareConsumerConfig,
};
use engine::command::ClientNumber;
use engine::coordinator::runtime::{Output, commit_at_once};
use engine::coordinator::share_group::ShareGroupState;
use engine::coordinator::{GroupCoordinator, GroupCoordinatorConfig, RequestToken};
use engine::event::{ShareEvent, ShareRecords};
use engine::protocol::{
    AcknowledgeType, CommittedOffset, ListGroupsRequest, OffsetCommitRequest, Request, Response,
    ShareGroupDescribeRequest, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse,
};
use engine::sim::{Random, Stream, Time};
use engine::{Command, ErrorCode, Event, EventKind, TopicPartition, World, WorldConfig};
use support::cluster::{cluster_with, create, kill, leader, start_broker, wait};
use support::{admin_call, create_topic, run_ms, start};

const TOPIC: &str = "orders";
const GROUP: &str = "workers";

/// A world with one partition.
fn queue(seed: u64) -> World {
    queue_with(seed, &[])
}

/// A world with one partition and these broker settings.
fn queue_with(seed: u64, settings: &[(&str, &str)]) -> World {
    let mut world = World::new(seed, WorldConfig::cluster(&[1], &[1], settings));
    create_topic(&mut world, TOPIC, 1);
    world
}

fn of(partition: i32) -> TopicPartition {
    TopicPartition::new(TOPIC, partition)
}

fn config() -> ShareConsumerConfig {
    ShareConsumerConfig::of_group(GROUP)
}

fn worker(world: &mut World, config: ShareConsumerConfig) -> ClientNumber {
    let topics = vec![TOPIC.into()];
    start(world, Command::AddShareConsumer { config, topics })
}

fn share_consumer(world: &World, number: ClientNumber) -> &ShareConsumer {
    match world.clients().get(&number) {
        Some(Client::ShareConsumer(consumer)) => consumer,
        other => panic!("{number} is no share consumer: {other:?}"),
    }
}

/// Sends so many records to each partition, each in a batch of its own.
fn send(world: &mut World, partitions: i32, count: usize) -> Vec<Event> {
    let producer = support::producer(world);
    let mut events = Vec::new();
    for number in 0..count {
        for partition in 0..partitions {
            let record = OutgoingRecord {
                topic: TOPIC.into(),
                partition: Some(partition),
                key: None,
                value: Some(format!("v{number}").into_bytes()),
                headers: Vec::new(),
                timestamp_ms: None,
            };
            let command = Command::Send { producer, record };
            world.execute(command).expect("a record that send() takes");
        }
        events.extend(run_ms(world, 50));
    }
    events
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn share_events(events: &[Event]) -> impl Iterator<Item = &ShareEvent> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::Share(event) => Some(event),
        _ => None,
    })
}

/// The offsets of these records with how often each was delivered.
fn listed<'a>(records: impl Iterator<Item = &'a ShareRecords>) -> Vec<(i64, i16)> {
    let offsets = records.flat_map(|it| {
        let offsets = it.first_offset..=it.last_offset;
        offsets.map(|offset| (offset, it.delivery_count))
    });
    offsets.collect()
}

fn acquired(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsAcquired(records) => Some(records),
        _ => None,
    }))
}

fn accepted(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsAcknowledged(records) => Some(records),
        _ => None,
    }))
}

fn rejected(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsRejected(records) => Some(records),
        _ => None,
    }))
}

fn archived(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::RecordsArchived(records) => Some(records),
        _ => None,
    }))
}

fn expired(events: &[Event]) -> Vec<(i64, i16)> {
    listed(share_events(events).filter_map(|event| match event {
        ShareEvent::AcquisitionLockExpired(records) => Some(records),
        _ => None,
    }))
}

#[test]
fn a_consumer_is_handed_what_comes_after_it_has_joined_and_accepts_it_with_its_next_poll() {
    let mut world = queue(1);
    send(&mut world, 1, 2);
    let consumer = worker(&mut world, config());
    run_ms(&mut world, 8_000);
    let group = world.share_groups()[GROUP].1;
    assert_eq!(group.state(), ShareGroupState::Stable);
    assert_eq!(share_consumer(&world, consumer).assignment(), [of(0)]);
    let events = send(&mut world, 1, 3);
    let events = [events, run_ms(&mut world, 3_000)].concat();
    // `share.auto.offset.reset` is `latest`: offsets 0 and 1 were there before.
    assert_eq!(acquired(&events), [(2, 1), (3, 1), (4, 1)]);
    assert_eq!(accepted(&events), [(2, 1), (3, 1), (4, 1)]);
    let partition = world.share_partition(GROUP, &of(0)).expect("it is shared");
    assert_eq!(partition.start_offset(), 5);
}

/// Waits for what the group needs before it is handed anything: its
/// coordinator's topic, its members, the state of the partition.
fn until_shared(world: &mut World) {
    run_ms(world, 8_000);
}

fn slow(processing_ms: u64) -> ShareConsumerConfig {
    ShareConsumerConfig {
        processing_us: processing_ms * 1_000,
        max_poll_records: 1,
        ..config()
    }
}

fn failing(every: u32, with: AcknowledgeType) -> ShareConsumerConfig {
    let rule = AcknowledgementRule { every, with };
    ShareConsumerConfig {
        acknowledging: Acknowledging::ByRule(rule),
        ..config()
    }
}

#[test]
fn more_consumers_than_partitions_all_work() {
    let mut world = queue(2);
    let workers: Vec<_> = (0..3).map(|_| worker(&mut world, slow(200))).collect();
    until_shared(&mut world);
    for number in &workers {
        assert_eq!(share_consumer(&world, *number).assignment(), [of(0)]);
    }
    let mut events = send(&mut world, 1, 30);
    events.extend(run_ms(&mut world, 10_000));
    let offsets: Vec<(i64, i16)> = (0..30).map(|offset| (offset, 1)).collect();
    let mut done = accepted(&events);
    done.sort_unstable();
    assert_eq!(done, offsets, "each record is done once");
    for number in &workers {
        let processed = share_consumer(&world, *number).records_processed();
        assert!(processed > 3, "{number} has processed {processed}");
    }
}

#[test]
fn what_a_crashed_consumer_had_is_delivered_again_when_its_lock_ends() {
    let mut world = queue_with(3, &[("group.share.record.lock.duration.ms", "3000")]);
    let first = worker(&mut world, slow(1_000_000));
    until_shared(&mut world);
    let events = send(&mut world, 1, 1);
    let events = [events, run_ms(&mut world, 1_000)].concat();
    assert_eq!(acquired(&events), [(0, 1)]);
    execute(&mut world, Command::Crash { client: first });
    worker(&mut world, config());
    let events = run_ms(&mut world, 6_000);
    assert_eq!(expired(&events), [(0, 1)]);
    assert_eq!(acquired(&events), [(0, 2)]);
    assert_eq!(accepted(&events), [(0, 2)]);
}

#[test]
fn what_is_released_is_delivered_again_until_the_fifth_delivery_has_failed() {
    let mut world = queue(4);
    worker(&mut world, failing(2, AcknowledgeType::Release));
    until_shared(&mut world);
    let mut events = send(&mut world, 1, 2);
    events.extend(run_ms(&mut world, 10_000));
    let of_second: Vec<_> = acquired(&events)
        .into_iter()
        .filter(|it| it.0 == 1)
        .collect();
    assert_eq!(of_second, [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);
    assert_eq!(archived(&events), [(1, 5)]);
    assert_eq!(accepted(&events), [(0, 1)]);
    // The group goes on behind it.
    let mut events = send(&mut world, 1, 1);
    events.extend(run_ms(&mut world, 3_000));
    assert_eq!(accepted(&events), [(2, 1)]);
}

#[test]
fn what_is_rejected_never_comes_back() {
    let mut world = queue(5);
    worker(&mut world, failing(3, AcknowledgeType::Reject));
    until_shared(&mut world);
    let mut events = send(&mut world, 1, 6);
    events.extend(run_ms(&mut world, 60_000));
    assert_eq!(rejected(&events), [(2, 1), (5, 1)]);
    assert_eq!(accepted(&events), [(0, 1), (1, 1), (3, 1), (4, 1)]);
    assert_eq!(acquired(&events).len(), 6);
}

#[test]
fn what_a_consumer_has_when_it_closes_others_get_at_once() {
    let mut world = queue(6);
    let first = worker(&mut world, slow(1_000_000));
    until_shared(&mut world);
    send(&mut world, 1, 2);
    run_ms(&mut world, 1_000);
    worker(&mut world, config());
    run_ms(&mut world, 3_000);
    execute(&mut world, Command::Close { client: first });
    let events = run_ms(&mut world, 3_000);
    let mut again: Vec<i64> = accepted(&events).into_iter().map(|it| it.0).collect();
    again.sort_unstable();
    assert!(again.contains(&0), "{again:?}");
    assert_eq!(expired(&events), []);
    let of_group = world.share_groups()[GROUP].1;
    assert_eq!(of_group.members().len(), 1, "it has left");
}

#[test]
fn a_person_says_what_has_become_of_each_record_and_too_late_does_not_count() {
    let mut world = queue_with(7, &[("group.share.record.lock.duration.ms", "4000")]);
    let by_command = ShareConsumerConfig {
        acknowledging: Acknowledging::ByCommand,
        ..config()
    };
    let consumer = worker(&mut world, by_command);
    until_shared(&mut world);
    send(&mut world, 1, 1);
    run_ms(&mut world, 2_000);
    let say = |offset, acknowledge_type| Command::Acknowledge {
        consumer,
        topic_partition: of(0),
        offset,
        acknowledge_type,
    };
    let refusal = world.execute(say(9, AcknowledgeType::Accept));
    let refusal = refusal.expect_err("it does not have such a record");
    assert_eq!(refusal.exception(), Some("IllegalStateException"));
    assert_eq!(refusal.to_string(), "The record cannot be acknowledged.");
    assert_eq!(share_consumer(&world, consumer).in_hand()[0].offset, 0);
    execute(&mut world, say(0, AcknowledgeType::Release));
    let events = run_ms(&mut world, 1_500);
    assert_eq!(acquired(&events), [(0, 2)]);
    // Now it waits until its lock has ended.
    let events = run_ms(&mut world, 5_000);
    assert_eq!(expired(&events), [(0, 2)]);
    execute(&mut world, say(0, AcknowledgeType::Accept));
    let events = run_ms(&mut world, 2_000);
    assert!(
        share_events(&events).any(|event| matches!(
            event,
            ShareEvent::AcknowledgementFailed {
                error: "INVALID_RECORD_STATE",
                ..
            }
        )),
        "the lock has ended"
    );
    assert_eq!(acquired(&events), [(0, 3)]);
}

#[test]
fn a_new_leader_goes_on_from_the_state_that_was_persisted() {
    let mut world = cluster_with(8, &[("group.share.record.lock.duration.ms", "3000")]);
    create(&mut world, TOPIC, "1:2:3", &[]);
    let accepting = worker(&mut world, config());
    run_ms(&mut world, 5_000);
    let mut events = send(&mut world, 1, 3);
    events.extend(run_ms(&mut world, 3_000));
    assert_eq!(accepted(&events), [(0, 1), (1, 1), (2, 1)]);
    execute(&mut world, Command::Close { client: accepting });
    // Of two more records the first has been tried once.
    let trying = worker(&mut world, slow(1_000_000));
    run_ms(&mut world, 5_000);
    for _ in 0..2 {
        send(&mut world, 1, 1);
        run_ms(&mut world, 2_000);
    }
    execute(&mut world, Command::Close { client: trying });
    run_ms(&mut world, 2_000);
    let before = world.share_partition(GROUP, &of(0)).expect("it is shared");
    assert_eq!(before.start_offset(), 3);
    kill(&mut world, 1);
    wait(&mut world, "another leads", |world| {
        leader(world, TOPIC) == Some(2)
    });
    worker(&mut world, config());
    let events = run_ms(&mut world, 30_000);
    assert_eq!(accepted(&events), [(3, 2), (4, 1)]);
    start_broker(&mut world, 1);
    let mut events = send(&mut world, 1, 1);
    events.extend(run_ms(&mut world, 5_000));
    assert_eq!(accepted(&events), [(5, 1)]);
}

#[test]
fn tools_see_what_a_recorded_cluster_shows() {
    let mut world = queue(9);
    let describe = |world: &mut World, group: &str| {
        let group_ids = vec![group.to_owned()];
        let request = ShareGroupDescribeRequest { group_ids };
        match admin_call(world, Request::ShareGroupDescribe(request)) {
            Response::ShareGroupDescribe(response) => response.groups[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    let topic = "two";
    create_topic(&mut world, topic, 2);
    let mut join = |client_id: &str| {
        let config = ShareConsumerConfig {
            client_id: client_id.to_owned(),
            ..config()
        };
        let topics = vec![topic.into()];
        start(&mut world, Command::AddShareConsumer { config, topics })
    };
    let clients = [join("a"), join("b")];
    run_ms(&mut world, 20_000);
    let group = describe(&mut world, GROUP);
    assert_eq!(group.error_code, ErrorCode::None);
    assert_eq!(group.group_state, "Stable");
    assert_eq!(group.assignor_name, "simple");
    let mut ids: Vec<&str> = group.members.iter().map(|it| &*it.client_id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "b"]);
    for member in &group.members {
        assert_eq!(member.client_host, "/127.0.0.1");
        assert_eq!(member.member_id.len(), 22, "a uuid as Kafka writes them");
        assert!(!member.assignment.is_empty());
    }
    let unknown = describe(&mut world, "nope");
    assert_eq!(unknown.error_code, ErrorCode::GroupIdNotFound);
    let listed = match admin_call(
        &mut world,
        Request::ListGroups(ListGroupsRequest::default()),
    ) {
        Response::ListGroups(response) => response.groups,
        other => panic!("{other:?}"),
    };
    assert_eq!(listed[0].protocol_type, "share");
    for client in clients {
        execute(&mut world, Command::Close { client });
    }
    run_ms(&mut world, 3_000);
    let group = describe(&mut world, GROUP);
    assert_eq!((&*group.group_state, group.members.len()), ("Empty", 0));
}

/// A crashed member is missed while its coordinator can store nothing, with no
/// other replica in sync. The coordinator tries again, as with all timers of
/// groups: else the member would stay for ever, and hold on to its part of the
/// assignment.
#[test]
fn a_member_is_taken_out_as_soon_as_that_can_be_stored() {
    let settings = [
        ("group.share.session.timeout.ms", "3000"),
        ("group.share.heartbeat.interval.ms", "500"),
        ("min.insync.replicas", "2"),
    ];
    let mut world = cluster_with(10, &settings);
    create(&mut world, TOPIC, "1:2:3", &[]);
    let consumer = worker(&mut world, config());
    run_ms(&mut world, 8_000);
    let (coordinator, group) = world.share_groups()[GROUP];
    assert_eq!(group.members().len(), 1);
    let coordinator = coordinator.id;
    let others: Vec<i32> = (1..=3).filter(|id| *id != coordinator).collect();
    for broker in &others {
        kill(&mut world, *broker);
    }
    execute(&mut world, Command::Crash { client: consumer });
    run_ms(&mut world, 20_000);
    assert_eq!(world.share_groups()[GROUP].1.members().len(), 1);
    for broker in others {
        start_broker(&mut world, broker);
    }
    run_ms(&mut world, 20_000);
    let (still, group) = world.share_groups()[GROUP];
    assert_eq!(still.id, coordinator, "no other has loaded the group");
    assert_eq!(group.members().len(), 0);
}

/// How often a record may be delivered (`group.share.delivery.count.limit`).
const DELIVERIES_MAX: i16 = 5;

/// Who has each record, and what it has come to, as told by events.
#[derive(Default)]
struct Ledger {
    held: BTreeMap<(i32, i64), String>,
    deliveries: BTreeMap<(i32, i64), i16>,
    done: BTreeMap<(i32, i64), &'static str>,
}

impl Ledger {
    fn note(&mut self, event: &ShareEvent) {
        let (records, what) = match event {
            ShareEvent::RecordsAcquired(records) => (records, "acquired"),
            ShareEvent::RecordsAcknowledged(records) => (records, "accepted"),
            ShareEvent::RecordsReleased(records) => (records, "released"),
            ShareEvent::RecordsRejected(records) => (records, "rejected"),
            ShareEvent::RecordsArchived(records) => (records, "archived"),
            ShareEvent::AcquisitionLockExpired(records) => (records, "expired"),
            _ => return,
        };
        for offset in records.first_offset..=records.last_offset {
            let key = (records.topic_partition.partition, offset);
            let member = &records.member_id;
            match what {
                "acquired" => {
                    assert_eq!(self.done.get(&key), None, "{key:?} is done with");
                    let before = self.held.insert(key, member.clone());
                    assert_eq!(before, None, "{key:?} is with another");
                    let count = self.deliveries.entry(key).or_default();
                    *count += 1;
                    assert_eq!(*count, records.delivery_count, "{key:?}");
                    assert!(*count <= DELIVERIES_MAX, "{key:?}");
                }
                "expired" | "released" => {
                    assert_eq!(self.held.remove(&key).as_ref(), Some(member), "{key:?}");
                }
                what => {
                    // Of a lock that has ended it is told before.
                    self.held.remove(&key);
                    self.done.insert(key, what);
                    let count = self.deliveries[&key];
                    assert!(what != "archived" || count == DELIVERIES_MAX, "{key:?}");
                }
            }
        }
    }
}

/// What a consumer's application does, by a number that was drawn.
fn any_worker(random: &mut Random) -> ShareConsumerConfig {
    let with = match random.below(2) {
        0 => AcknowledgeType::Release,
        _ => AcknowledgeType::Reject,
    };
    let acknowledging = match random.below(3) {
        0 => Acknowledging::Implicit,
        _ => Acknowledging::ByRule(AcknowledgementRule {
            every: random.below(7),
            with,
        }),
    };
    ShareConsumerConfig {
        max_poll_records: 1 + i32::try_from(random.below(10)).unwrap(),
        processing_us: u64::from(random.below(500)) * 1_000,
        acknowledging,
        ..config()
    }
}

/// Consumers come, go, crash and fail at random; from the share-partition's
/// start on each record is with one member at a time, never again after it is
/// done with, and never more often than it may be. In the end all is done with.
#[test]
fn each_record_goes_to_one_member_at_a_time_until_it_is_done_with() {
    for seed in 0..40 {
        let mut random = Random::new(seed, Stream::Tool);
        let lock = [("group.share.record.lock.duration.ms", "2000")];
        let mut world = queue_with(seed, &lock);
        let mut workers = vec![worker(&mut world, any_worker(&mut random))];
        let mut ledger = Ledger::default();
        run_ms(&mut world, 8_000);
        let mut sent = 0;
        for _ in 0..20 {
            let mut events = match random.below(5) {
                0 => {
                    workers.push(worker(&mut world, any_worker(&mut random)));
                    Vec::new()
                }
                1 if workers.len() > 1 => {
                    let client = workers.swap_remove(random.below(2) as usize);
                    match random.below(2) {
                        0 => execute(&mut world, Command::Crash { client }),
                        _ => execute(&mut world, Command::Close { client }),
                    }
                }
                _ => {
                    let count = 1 + random.below(8) as usize;
                    sent += count;
                    send(&mut world, 1, count)
                }
            };
            events.extend(run_ms(&mut world, i64::from(random.below(1_500))));
            share_events(&events).for_each(|event| ledger.note(event));
        }
        worker(&mut world, config());
        let events = run_ms(&mut world, 120_000);
        share_events(&events).for_each(|event| ledger.note(event));
        let end = sent as i64;
        let open: Vec<i64> = (0..end)
            .filter(|at| !ledger.done.contains_key(&(0, *at)))
            .collect();
        assert_eq!(open, [], "seed {seed}: of {sent} these are not done with");
        let partition = world.share_partition(GROUP, &of(0)).expect("it is shared");
        assert_eq!(partition.start_offset(), end, "seed {seed}");
        assert!(partition.batches().is_empty(), "seed {seed}");
    }
}

/// A heartbeat straight to a coordinator, whose writes are committed at once;
/// the error and its words.
fn heartbeat(
    coordinator: &mut GroupCoordinator,
    group_id: &str,
    (member_id, member_epoch): (&str, i32),
    subscribes: bool,
) -> ShareGroupHeartbeatResponse {
    let request = ShareGroupHeartbeatRequest {
        group_id: group_id.to_owned(),
        member_id: member_id.to_owned(),
        member_epoch,
        rack_id: None,
        subscribed_topic_names: subscribes.then(|| vec![TOPIC.into()]),
    };
    let mut out = Vec::new();
    let (now, token) = (Time::ZERO, RequestToken(1));
    let client = ("c", "/127.0.0.1");
    let topics = BTreeMap::new();
    coordinator.share_group_heartbeat(now, token, client, &topics, &request, &mut out);
    commit_at_once(coordinator, now, &mut out);
    let answers = out.into_iter().filter_map(|output| match output {
        Output::Respond {
            response: Response::ShareGroupHeartbeat(response),
            ..
        } => Some(response),
        _ => None,
    });
    answers.last().expect("an answer")
}

#[test]
fn a_heartbeat_that_does_not_count_is_refused_with_kafkas_error() {
    let mut coordinator = GroupCoordinator::new(GroupCoordinatorConfig::default(), 1);
    let mut refused = |group: &str, member, subscribes| {
        let answer = heartbeat(&mut coordinator, group, member, subscribes);
        (answer.error_code, answer.error_message.unwrap_or_default())
    };
    let (error, message) = refused(GROUP, ("m", 3), false);
    assert_eq!(error, ErrorCode::GroupIdNotFound);
    assert_eq!(message, "Share group workers not found.");
    let (error, message) = refused(GROUP, ("m", 0), false);
    assert_eq!(error, ErrorCode::InvalidRequest);
    assert_eq!(
        message,
        "SubscribedTopicNames must be set in first request."
    );
    assert_eq!(
        refused(GROUP, ("m", -2), false).1,
        "MemberEpoch is invalid."
    );
    assert_eq!(refused(GROUP, ("", 0), true).1, "MemberId can't be empty.");
    assert_eq!(refused(GROUP, ("m", 0), true).0, ErrorCode::None);
    let (error, message) = refused(GROUP, ("other", 1), false);
    assert_eq!(error, ErrorCode::UnknownMemberId);
    assert_eq!(message, "Member other is not a member of group workers.");
    let (error, message) = refused(GROUP, ("m", 9), false);
    assert_eq!(error, ErrorCode::FencedMemberEpoch);
    assert!(message.contains("greater member epoch (9)"), "{message}");
    assert_eq!(refused(GROUP, ("m", 1), false).0, ErrorCode::None);
    assert_eq!(refused(GROUP, ("m", -1), false).0, ErrorCode::None);
    assert_eq!(
        refused(GROUP, ("m", 1), false).0,
        ErrorCode::UnknownMemberId
    );
}

#[test]
fn a_group_of_another_type_is_no_share_group_nor_the_other_way_round() {
    let mut coordinator = GroupCoordinator::new(GroupCoordinatorConfig::default(), 1);
    let commit = |coordinator: &mut GroupCoordinator, group: &str| {
        let committed = CommittedOffset {
            offset: 1,
            leader_epoch: -1,
            metadata: String::new(),
        };
        let request = OffsetCommitRequest {
            group_id: group.to_owned(),
            generation_id: -1,
            member_id: String::new(),
            group_instance_id: None,
            offsets: vec![(of(0), committed)],
        };
        let mut out = Vec::new();
        coordinator.offset_commit(Time::ZERO, RequestToken(1), request, &mut out);
        commit_at_once(coordinator, Time::ZERO, &mut out);
        let answers = out.into_iter().filter_map(|output| match output {
            Output::Respond {
                response: Response::OffsetCommit(response),
                ..
            } => Some(response.partitions[0].1),
            _ => None,
        });
        answers.last().expect("an answer")
    };
    assert_eq!(commit(&mut coordinator, "readers"), ErrorCode::None);
    let answer = heartbeat(&mut coordinator, "readers", ("m", 0), true);
    assert_eq!(answer.error_code, ErrorCode::GroupIdNotFound);
    let message = answer.error_message.unwrap_or_default();
    assert_eq!(message, "Group readers is not a share group.");
    let answer = heartbeat(&mut coordinator, GROUP, ("m", 0), true);
    assert_eq!(answer.error_code, ErrorCode::None);
    assert_eq!(commit(&mut coordinator, GROUP), ErrorCode::GroupIdNotFound);
}
