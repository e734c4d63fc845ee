//! What the conformance cases leave out: offsets, retention, tools, and that
//! nothing goes wrong whatever comes.

use super::runtime::{CoordinatorRecord, CoordinatorShard, commit_at_once};
use super::*;
use crate::protocol::{
    DescribeGroupsRequest, ErrorCode, HeartbeatRequest, HeartbeatResponse, JoinGroupProtocol,
    JoinGroupRequest, LeaveGroupRequest, LeavingMember, ListGroupsRequest, OffsetCommitRequest,
    OffsetFetchRequest, Opaque, SyncGroupRequest,
};

/// A coordinator with a clock, fed and read in short words.
struct Scene {
    coordinator: GroupCoordinator,
    now: Time,
    out: Vec<CoordinatorOutput>,
    /// All that was written.
    log: Vec<CoordinatorRecord>,
    next_token: u64,
}

impl Scene {
    fn new() -> Scene {
        Scene {
            coordinator: GroupCoordinator::new(GroupCoordinatorConfig::default(), 7),
            now: Time::ZERO,
            out: Vec::new(),
            log: Vec::new(),
            next_token: 0,
        }
    }

    fn token(&mut self) -> RequestToken {
        self.next_token += 1;
        RequestToken(self.next_token)
    }

    /// Lets the clock run, and every timer on the way.
    fn advance_ms(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some(at) = self.coordinator.next_deadline().filter(|at| *at <= until) {
            self.now = at;
            let written = self.coordinator.expire(at, &mut self.out);
            self.log.extend(written);
        }
        self.now = until;
    }

    fn join(&mut self, member_id: &str, instance_id: Option<&str>, topic: &str) -> RequestToken {
        let token = self.token();
        let request = JoinGroupRequest {
            group_id: "g".to_owned(),
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 300_000,
            member_id: member_id.to_owned(),
            group_instance_id: instance_id.map(str::to_owned),
            protocol_type: "consumer".to_owned(),
            protocols: vec![JoinGroupProtocol {
                name: "range".to_owned(),
                metadata: subscription(topic),
            }],
            reason: None,
        };
        self.coordinator
            .join_group(self.now, token, "app", "/127.0.0.1", request, &mut self.out);
        self.settle();
        token
    }

    /// Joins as a newcomer does: once to get an id, and once with it.
    fn enter(&mut self) -> String {
        let token = self.join("", None, "t");
        let Some(Response::JoinGroup(answer)) = self.answer(token) else {
            panic!("a newcomer is answered at once");
        };
        assert_eq!(answer.error_code, ErrorCode::MemberIdRequired);
        self.join(&answer.member_id, None, "t");
        answer.member_id
    }

    fn sync(&mut self, member_id: &str, parts: &[(&str, &[u8])]) -> RequestToken {
        let token = self.token();
        let request = SyncGroupRequest {
            group_id: "g".to_owned(),
            generation_id: self.group().generation(),
            member_id: member_id.to_owned(),
            group_instance_id: None,
            protocol_type: None,
            protocol_name: None,
            assignments: parts
                .iter()
                .map(|(member_id, part)| (member_id.to_string(), Opaque::from(*part)))
                .collect(),
        };
        self.coordinator
            .sync_group(self.now, token, request, &mut self.out);
        self.settle();
        token
    }

    /// A stable group with one member.
    fn stable() -> (Scene, String) {
        let mut scene = Scene::new();
        let member_id = scene.enter();
        scene.advance_ms(3_000);
        scene.sync(&member_id, &[(&member_id, b"all")]);
        assert_eq!(scene.group().state(), GroupState::Stable);
        (scene, member_id)
    }

    fn commit(&mut self, member_id: &str, generation_id: i32, topic: &str) -> ErrorCode {
        let token = self.token();
        let committed = CommittedOffset {
            offset: 5,
            leader_epoch: 0,
            metadata: String::new(),
        };
        let request = OffsetCommitRequest {
            group_id: "g".to_owned(),
            generation_id,
            member_id: member_id.to_owned(),
            group_instance_id: None,
            offsets: vec![(TopicPartition::new(topic, 0), committed)],
        };
        self.coordinator
            .offset_commit(self.now, token, request, &mut self.out);
        self.settle();
        match self.answer(token) {
            Some(Response::OffsetCommit(answer)) => answer.partitions[0].1,
            other => panic!("no answer to a commit: {other:?}"),
        }
    }

    fn leave(&mut self, members: &[(&str, Option<&str>)]) -> Vec<ErrorCode> {
        let token = self.token();
        let leaving = |(member_id, instance_id): &(&str, Option<&str>)| LeavingMember {
            member_id: member_id.to_string(),
            group_instance_id: instance_id.map(str::to_owned),
            reason: None,
        };
        let request = LeaveGroupRequest {
            group_id: "g".to_owned(),
            members: members.iter().map(leaving).collect(),
        };
        self.coordinator
            .leave_group(self.now, token, request, &mut self.out);
        self.settle();
        match self.answer(token) {
            Some(Response::LeaveGroup(answer)) => {
                answer.members.iter().map(|it| it.error_code).collect()
            }
            other => panic!("no answer to a leave: {other:?}"),
        }
    }

    /// What is to be written is committed at once.
    fn settle(&mut self) {
        let written = commit_at_once(&mut self.coordinator, self.now, &mut self.out);
        self.log.extend(written);
    }

    /// Another broker reads the log.
    fn reload(&mut self, config: GroupCoordinatorConfig) {
        self.coordinator = GroupCoordinator::new(config, 8);
        for record in &self.log {
            let number = self.coordinator.next_write();
            let value = record.value.as_deref();
            self.coordinator.replay(number, None, &record.key, value);
            self.coordinator.commit(number);
        }
        self.coordinator.on_loaded(self.now, &mut self.out);
        self.settle();
    }

    fn offsets(&self) -> Vec<TopicPartition> {
        let offsets = self.coordinator.offsets("g");
        offsets.map(|(of, _)| of.clone()).collect()
    }

    fn answer(&self, wanted: RequestToken) -> Option<Response> {
        self.out.iter().find_map(|output| match output {
            CoordinatorOutput::Respond { token, response } if *token == wanted => {
                Some(response.clone())
            }
            _ => None,
        })
    }

    fn group(&self) -> &ClassicGroup {
        self.coordinator.group("g").expect("the group is there")
    }
}

/// A consumer's subscription to one topic, serialized.
fn subscription(topic: &str) -> Opaque {
    let mut bytes = vec![0, 1, 0, 0, 0, 1, 0, topic.len() as u8];
    bytes.extend_from_slice(topic.as_bytes());
    bytes.into()
}

#[test]
fn a_simple_consumer_commits_to_an_empty_group_only() {
    let mut scene = Scene::new();
    assert_eq!(scene.commit("m", 1, "t"), ErrorCode::GroupIdNotFound);
    assert_eq!(scene.commit("", -1, "t"), ErrorCode::None);
    assert_eq!(scene.group().state(), GroupState::Empty);

    let (mut scene, member_id) = Scene::stable();
    assert_eq!(scene.commit("", -1, "t"), ErrorCode::UnknownMemberId);
    assert_eq!(
        scene.commit(&member_id, 0, "t"),
        ErrorCode::IllegalGeneration
    );
    assert_eq!(scene.commit("other", 1, "t"), ErrorCode::UnknownMemberId);
    assert_eq!(scene.commit(&member_id, 1, "t"), ErrorCode::None);
}

#[test]
fn a_commit_waits_for_the_assignment() {
    let mut scene = Scene::new();
    let member_id = scene.enter();
    scene.advance_ms(3_000);
    assert_eq!(scene.group().state(), GroupState::CompletingRebalance);
    let result = scene.commit(&member_id, 1, "t");
    assert_eq!(result, ErrorCode::RebalanceInProgress);
}

#[test]
fn a_commit_is_a_sign_of_life() {
    let (mut scene, member_id) = Scene::stable();
    scene.advance_ms(40_000);
    scene.commit(&member_id, 1, "t");
    let deadline = scene.coordinator.session_deadline("g", &member_id);
    assert_eq!(deadline, Some(scene.now.plus_ms(45_000)));
    scene.advance_ms(45_000);
    assert_eq!(scene.group().state(), GroupState::Empty);
}

#[test]
fn a_note_that_is_too_long_is_refused_by_itself() {
    let mut scene = Scene::new();
    let offset = |length: usize| CommittedOffset {
        offset: 1,
        leader_epoch: -1,
        metadata: "é".repeat(length),
    };
    let request = OffsetCommitRequest {
        group_id: "g".to_owned(),
        generation_id: -1,
        member_id: String::new(),
        group_instance_id: None,
        offsets: vec![
            (TopicPartition::new("t", 0), offset(4_096)),
            (TopicPartition::new("t", 1), offset(4_097)),
        ],
    };
    let token = scene.token();
    scene
        .coordinator
        .offset_commit(scene.now, token, request, &mut scene.out);
    scene.settle();
    let Some(Response::OffsetCommit(answer)) = scene.answer(token) else {
        panic!("no answer");
    };
    assert_eq!(answer.partitions[0].1, ErrorCode::None);
    assert_ne!(answer.partitions[1].1, ErrorCode::None);
    assert_eq!(scene.offsets().len(), 1);
}

#[test]
fn offsets_are_read_back_and_go_with_their_topic() {
    let mut scene = Scene::new();
    scene.commit("", -1, "t");
    scene.commit("", -1, "u");
    let fetch = |scene: &Scene, partitions: Option<Vec<TopicPartition>>| {
        let group_id = "g".to_owned();
        let request = OffsetFetchRequest {
            group_id,
            partitions,
            require_stable: false,
            member_id: None,
            member_epoch: -1,
        };
        scene.coordinator.offset_fetch(&request).partitions
    };
    assert_eq!(fetch(&scene, None).len(), 2);
    let t = TopicPartition::new("t", 0);
    scene
        .coordinator
        .delete_offsets(scene.now, |of| *of == t, &mut scene.out);
    scene.settle();
    assert_eq!(fetch(&scene, None).len(), 1);
    assert_eq!(fetch(&scene, Some(vec![t.clone()])), [(t, None)]);
}

#[test]
fn an_empty_group_goes_when_it_stores_nothing() {
    let mut scene = Scene::new();
    let member_id = scene.enter();
    scene.leave(&[(&member_id, None)]);
    scene.advance_ms(599_999);
    assert_eq!(scene.group().state(), GroupState::Empty);
    scene.advance_ms(1);
    assert!(scene.coordinator.group("g").is_none());
    assert_eq!(scene.coordinator.next_deadline(), None);
}

#[test]
fn offsets_outlive_their_group_by_a_week() {
    const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
    let (mut scene, member_id) = Scene::stable();
    scene.commit(&member_id, 1, "t");
    scene.leave(&[(&member_id, None)]);
    scene.advance_ms(WEEK_MS);
    assert_eq!(scene.offsets().len(), 1);
    scene.advance_ms(600_000);
    assert!(scene.coordinator.group("g").is_none());
}

#[test]
fn a_stable_group_keeps_the_offsets_of_what_it_reads() {
    let mut scene = Scene::new();
    let config = GroupCoordinatorConfig {
        offsets_retention_ms: 30_000,
        offsets_retention_check_interval_ms: 30_000,
        ..GroupCoordinatorConfig::default()
    };
    scene.coordinator = GroupCoordinator::new(config, 1);
    let member_id = scene.enter();
    scene.advance_ms(3_000);
    scene.sync(&member_id, &[]);
    scene.commit(&member_id, 1, "t");
    scene.commit(&member_id, 1, "other");
    scene.advance_ms(40_000);
    assert_eq!(scene.offsets().len(), 2);
    scene.commit(&member_id, 1, "t");
    scene.advance_ms(40_000);
    let left = scene.offsets();
    assert_eq!(left, [TopicPartition::new("t", 0)]);
}

#[test]
fn a_batch_of_leaves_answers_each_by_itself() {
    let mut scene = Scene::new();
    scene.join("", Some("i1"), "t");
    let dynamic = scene.enter();
    let errors = scene.leave(&[
        ("", Some("i1")),
        ("", Some("i2")),
        (&dynamic, Some("i1")),
        (&dynamic, None),
    ]);
    assert_eq!(
        errors,
        [
            ErrorCode::None,
            ErrorCode::UnknownMemberId,
            ErrorCode::UnknownMemberId,
            ErrorCode::None
        ]
    );
    assert_eq!(scene.group().members().len(), 0);
}

#[test]
fn an_instance_that_comes_back_keeps_its_part() {
    let mut scene = Scene::new();
    let first = scene.join("", Some("i1"), "t");
    scene.advance_ms(3_000);
    let Some(Response::JoinGroup(first)) = scene.answer(first) else {
        panic!("the join phase is over");
    };
    scene.sync(&first.member_id, &[(&first.member_id, b"all")]);

    let again = scene.join("", Some("i1"), "t");
    let Some(Response::JoinGroup(again)) = scene.answer(again) else {
        panic!("a stable group answers at once");
    };
    assert_eq!((again.generation_id, again.skip_assignment), (1, true));
    assert_ne!(again.member_id, first.member_id);
    let sync = scene.sync(&again.member_id, &[]);
    let Some(Response::SyncGroup(sync)) = scene.answer(sync) else {
        panic!("a stable group answers at once");
    };
    assert_eq!(&sync.assignment[..], b"all");

    let token = scene.token();
    let request = HeartbeatRequest {
        group_id: "g".to_owned(),
        generation_id: 1,
        member_id: first.member_id,
        group_instance_id: Some("i1".to_owned()),
    };
    scene
        .coordinator
        .heartbeat(scene.now, token, request, &mut scene.out);
    scene.settle();
    let error_code = ErrorCode::FencedInstanceId;
    let fenced = Response::Heartbeat(HeartbeatResponse { error_code });
    assert_eq!(scene.answer(token), Some(fenced));
}

#[test]
fn a_session_timeout_has_bounds() {
    let mut scene = Scene::new();
    scene.coordinator.config.min_session_timeout_ms = 60_000;
    let token = scene.join("", None, "t");
    let Some(Response::JoinGroup(answer)) = scene.answer(token) else {
        panic!("no answer");
    };
    assert_eq!(answer.error_code, ErrorCode::InvalidSessionTimeout);
    assert_eq!(scene.coordinator.groups().len(), 0);
}

#[test]
fn tools_are_told_what_there_is() {
    let (scene, member_id) = Scene::stable();
    let listed = scene.coordinator.list_groups(&ListGroupsRequest::default());
    assert_eq!(listed[0].group_state, "Stable");
    let groups = vec!["g".to_owned(), "h".to_owned()];
    let described = scene
        .coordinator
        .describe_groups(&DescribeGroupsRequest { groups });
    let (g, h) = (&described.groups[0], &described.groups[1]);
    assert_eq!(g.protocol_data, "range");
    assert_eq!(g.members[0].member_id, member_id);
    assert_eq!(&g.members[0].member_assignment[..], b"all");
    assert_eq!(h.error_code, ErrorCode::GroupIdNotFound);
    assert_eq!(h.group_state, "Dead");
}

#[test]
fn another_broker_takes_the_group_over() {
    let (mut scene, member_id) = Scene::stable();
    scene.commit(&member_id, 1, "t");
    let newcomer = scene.enter();
    assert_eq!(scene.group().state(), GroupState::PreparingRebalance);
    scene.advance_ms(1_000);

    scene.coordinator.on_unloaded(scene.now, &mut scene.out);
    assert_eq!(scene.coordinator.next_deadline(), None);
    let last = RequestToken(scene.next_token);
    let Some(Response::JoinGroup(answer)) = scene.answer(last) else {
        panic!("the newcomer is told");
    };
    assert_eq!(answer.error_code, ErrorCode::NotCoordinator);

    scene.reload(GroupCoordinatorConfig::default());
    let group = scene.group();
    assert_eq!((group.state(), group.generation()), (GroupState::Stable, 1));
    assert!(group.member(&newcomer).is_none());
    let member = group.member(&member_id).expect("it was assigned to");
    assert_eq!(&member.assignment()[..], b"all");
    assert_eq!(scene.offsets().len(), 1);
    let deadline = scene.coordinator.session_deadline("g", &member_id);
    assert_eq!(deadline, Some(scene.now.plus_ms(45_000)));
}

/// Whatever comes in whatever order, what the group says of itself holds
/// together, and the same seed says the same.
#[test]
fn anything_may_come() {
    for seed in 0..60 {
        let digest = |scene: &Scene| format!("{:?}", scene.out);
        let (first, second) = (muddle(seed), muddle(seed));
        assert_eq!(digest(&first), digest(&second));
    }
}

fn muddle(seed: u64) -> Scene {
    let mut random = Random::new(seed, Stream::Tool);
    let mut scene = Scene::new();
    scene.coordinator.config.max_size = 4;
    let mut ids = vec![String::new()];
    for _ in 0..300 {
        let member_id = ids[random.below(ids.len() as u32) as usize].clone();
        let instance_id = [None, None, Some("i1"), Some("i2")][random.below(4) as usize];
        match random.below(8) {
            0 => drop(scene.join("", instance_id, "t")),
            1 | 2 => drop(scene.join(&member_id, None, ["t", "u"][random.below(2) as usize])),
            3 | 4 if scene.coordinator.group("g").is_some() => {
                scene.sync(&member_id, &[(&member_id, b"part")]);
            }
            5 => drop(scene.leave(&[(&member_id, None), ("", instance_id)])),
            6 => drop(scene.commit(&member_id, random.below(4) as i32 - 1, "t")),
            _ => scene.advance_ms(i64::from(random.below(20_000))),
        }
        for output in &scene.out {
            if let CoordinatorOutput::Respond { response, .. } = output
                && let Response::JoinGroup(answer) = response
                && !ids.contains(&answer.member_id)
            {
                ids.push(answer.member_id.clone());
            }
        }
        if let Some(group) = scene.coordinator.group("g") {
            check(&scene.coordinator, group);
        }
    }
    scene
}

fn check(coordinator: &GroupCoordinator, group: &ClassicGroup) {
    let is_member = |member_id: &str| group.member(member_id).is_some();
    assert_eq!(group.leader().is_some(), group.members().len() > 0);
    assert!(group.leader().is_none_or(is_member));
    assert!(group.static_members.values().all(|it| is_member(it)));
    assert!(group.pending_members().all(|(id, _)| !is_member(id)));
    for member in group.members() {
        assert_eq!(
            member.is_static(),
            group.static_members.values().any(|it| it == member.id())
        );
        assert!(member.supports("range"));
    }
    let join = Timer::Join {
        group: "g".to_owned(),
    };
    match group.state() {
        GroupState::Empty => assert_eq!(group.members().len(), 0),
        GroupState::PreparingRebalance => assert!(coordinator.deadline(&join).is_some()),
        GroupState::CompletingRebalance => assert_eq!(group.awaiting_join(), 0),
        GroupState::Stable => assert!(!group.members().any(|it| it.is_awaiting_sync())),
        GroupState::Dead => panic!("a dead group is removed"),
    }
}
