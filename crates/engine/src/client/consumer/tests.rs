//! Lessons about members whose answers come at a bad moment, or not at all.

use super::{ConsumerConfig, ConsumerEvent, ConsumerMemberState, GroupProtocol, Membership};
use crate::client::{AutoOffsetReset, Client, Consumer};
use crate::command::{ClientNumber, Command};
use crate::event::{Event, EventKind};
use crate::protocol::{
    CommittedOffset, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, CreatableTopic,
    CreateTopicsRequest, ErrorCode, GroupTopicPartitions, OffsetCommitRequest, Request, Response,
    TopicPartition,
};
use crate::world::{World, WorldConfig};

/// One broker and a topic of six partitions.
fn world() -> World {
    let mut world = World::new(3, WorldConfig::cluster(&[1], &[100], &[]));
    let topic = CreatableTopic {
        name: "clicks".into(),
        num_partitions: 6,
        replication_factor: 1,
        assignments: Default::default(),
        configs: Default::default(),
    };
    let topics = vec![topic];
    world.ask_by_hand(1, Request::CreateTopics(CreateTopicsRequest { topics }));
    world
}

fn add(world: &mut World, group_protocol: GroupProtocol) -> ClientNumber {
    let config = ConsumerConfig {
        group_protocol,
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group("web")
    };
    let topics = vec!["clicks".into()];
    let outcome = world.execute(Command::AddConsumer { config, topics });
    let client = outcome.expect("it can start").client;
    client.expect("it is a client")
}

fn run_ms(world: &mut World, ms: i64) -> Vec<Event> {
    let until = world.now().plus_ms(ms);
    world.advance_to(until)
}

fn of(world: &World, number: ClientNumber) -> &Consumer {
    match &world.clients()[&number] {
        Client::Consumer(consumer) => consumer,
        other => panic!("{other:?}"),
    }
}

/// While a member waits for its id, an answer to something else may tell it that
/// the coordinator is another one by now.
#[test]
fn a_member_that_is_given_its_id_while_its_coordinator_is_lost_joins_when_that_is_found() {
    let mut world = world();
    let member = add(&mut world, GroupProtocol::Classic);
    world.until_answer(|response| match response {
        Response::JoinGroup(response) => response.error_code == ErrorCode::MemberIdRequired,
        _ => false,
    });
    world.with_consumer(member, |consumer, fabric| consumer.lose_coordinator(fabric));
    assert_eq!(of(&world, member).coordinator(), None);
    run_ms(&mut world, 15_000);
    assert_eq!(of(&world, member).membership(), Membership::Stable);
    assert_eq!(of(&world, member).assignment().len(), 6);
}

/// Two members at rest, and the epoch of the first.
fn two_members() -> (World, ClientNumber, i32) {
    let mut world = world();
    let member = add(&mut world, GroupProtocol::Consumer);
    run_ms(&mut world, 15_000);
    add(&mut world, GroupProtocol::Consumer);
    run_ms(&mut world, 20_000);
    assert_eq!(
        of(&world, member).member_state(),
        Some(ConsumerMemberState::Stable)
    );
    let epoch = of(&world, member).generation();
    (world, member, epoch)
}

/// A heartbeat of the member's as its coordinator gets it, of which the member
/// itself hears nothing, since the answer is lost.
fn beat_unheard(
    world: &mut World,
    member: ClientNumber,
    member_epoch: i32,
    topic_partitions: Option<Vec<GroupTopicPartitions>>,
) -> ConsumerGroupHeartbeatResponse {
    let request = ConsumerGroupHeartbeatRequest {
        group_id: "web".to_owned(),
        member_id: of(world, member).member_id().to_owned(),
        member_epoch,
        instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: -1,
        subscribed_topic_names: None,
        server_assignor: None,
        topic_partitions,
    };
    match world.ask_by_hand(1, Request::ConsumerGroupHeartbeat(request)) {
        Response::ConsumerGroupHeartbeat(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn lost(events: &[Event], member: ClientNumber) -> usize {
    let partitions = events.iter().filter_map(|event| match &event.kind {
        EventKind::Consumer {
            consumer,
            event: ConsumerEvent::PartitionsLost { partitions },
        } if *consumer == member => Some(partitions.len()),
        _ => None,
    });
    partitions.sum()
}

/// `FENCED_MEMBER_EPOCH`: the coordinator and the member do not agree any more
/// on what the member has. It gives up everything at once and commits nothing.
/// It asks to join with epoch 0 and its old id, and is fenced again and again,
/// since the coordinator still has it as a member, until its session is over.
#[test]
fn a_member_that_missed_an_epoch_abandons_everything_and_joins_anew() {
    let (mut world, member, epoch) = two_members();
    let member_id = of(&world, member).member_id().to_owned();
    assert_eq!(of(&world, member).assignment().len(), 3);
    add(&mut world, GroupProtocol::Consumer);
    // It is to give one partition up, and has done so, if one believes these.
    let told = (0..40).find_map(|_| {
        run_ms(&mut world, 100);
        beat_unheard(&mut world, member, epoch, None).assignment
    });
    let fewer = told.expect("it is to give one up");
    let told = beat_unheard(&mut world, member, epoch, Some(fewer));
    assert_eq!(told.member_epoch, epoch + 1);

    let events = run_ms(&mut world, 6_000);
    assert_eq!(lost(&events, member), 3, "all that it had");
    run_ms(&mut world, 30_000);
    let state = of(&world, member).member_state();
    assert_eq!(state, Some(ConsumerMemberState::Joining));
    run_ms(&mut world, 30_000);
    let consumer = of(&world, member);
    assert_eq!(consumer.member_state(), Some(ConsumerMemberState::Stable));
    assert_eq!(consumer.member_id(), member_id);
    assert!(consumer.generation() > epoch + 1);
    assert_eq!(consumer.assignment().len(), 2);
}

/// A member commits with its epoch. One that comes with another may have been
/// replaced: its offsets do not count.
#[test]
fn a_commit_of_another_epoch_is_stale() {
    let (mut world, member, epoch) = two_members();
    let member_id = of(&world, member).member_id().to_owned();
    let mut commit = |member_id: &str, generation_id: i32| {
        let offset = CommittedOffset {
            offset: 1,
            leader_epoch: -1,
            metadata: String::new(),
        };
        let request = OffsetCommitRequest {
            group_id: "web".to_owned(),
            generation_id,
            member_id: member_id.to_owned(),
            group_instance_id: None,
            offsets: vec![(TopicPartition::new("clicks", 0), offset)],
        };
        match world.ask_by_hand(1, Request::OffsetCommit(request)) {
            Response::OffsetCommit(answer) => answer.partitions[0].1,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(commit(&member_id, epoch - 1), ErrorCode::StaleMemberEpoch);
    assert_eq!(commit(&member_id, epoch + 1), ErrorCode::StaleMemberEpoch);
    assert_eq!(commit("ghost", epoch), ErrorCode::UnknownMemberId);
    // A tool's, which is in no epoch, while there are members.
    assert_eq!(commit("", -1), ErrorCode::UnknownMemberId);
    assert_eq!(commit(&member_id, epoch), ErrorCode::None);
}
