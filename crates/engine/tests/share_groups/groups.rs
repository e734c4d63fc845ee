//! The group: what tools see of it, and what its coordinator refuses.

use engine::collections::BTreeMap;

use super::support::cluster::{cluster_with, create, kill, start_broker};
use super::support::{admin_call, create_topic, run_ms, start};
use super::{GROUP, TOPIC, config, execute, of, queue, worker};
use engine::client::ShareConsumerConfig;
use engine::coordinator::runtime::{Output, commit_at_once};
use engine::coordinator::{GroupCoordinator, GroupCoordinatorConfig, RequestToken};
use engine::protocol::{
    CommittedOffset, ListGroupsRequest, OffsetCommitRequest, Request, Response,
    ShareGroupDescribeRequest, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse,
};
use engine::sim::Time;
use engine::sorting::sort;
use engine::{Command, ErrorCode, World};

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
    sort(&mut ids);
    assert_eq!(ids, ["a", "b"]);
    for member in &group.members {
        assert_eq!(member.client_host, "/127.0.0.1");
        assert_eq!(member.member_id.len(), 22, "a uuid as Kafka writes them");
        let partitions = member.assignment.iter().flat_map(|of| &of.partitions);
        assert_eq!(partitions.collect::<Vec<_>>(), [&0, &1], "each has both");
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
