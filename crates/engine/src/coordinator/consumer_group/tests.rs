//! What the vectors of whole runs do not show: words, static members that come
//! and go, offsets, tools, and what becomes of records.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{
    ConsumerGroupDescribeRequest, ConsumerGroupTopicPartitions, ErrorCode, TopicName,
};

const GROUP: &str = "g";
const CLICKS: TopicId = TopicId([1; 16]);

/// A coordinator whose writes are committed at once, and the topic `clicks`.
struct Broker {
    groups: ConsumerGroups,
    image: BTreeMap<TopicName, TopicMetadata>,
    now: Time,
    writes: u64,
    log: Vec<ConsumerGroupRecord>,
    events: Vec<ConsumerGroupEvent>,
}

impl Broker {
    fn new() -> Broker {
        Broker::with(ConsumerGroupConfig::default())
    }

    fn with(config: ConsumerGroupConfig) -> Broker {
        let mut broker = Broker {
            groups: ConsumerGroups::new(config, 1),
            image: BTreeMap::new(),
            now: Time::ZERO,
            writes: 0,
            log: Vec::new(),
            events: Vec::new(),
        };
        broker.topic("clicks", CLICKS, 4);
        broker
    }

    fn topic(&mut self, name: &str, id: TopicId, num_partitions: i32) {
        let topic = TopicMetadata {
            id,
            num_partitions,
            partition_racks: BTreeMap::new(),
        };
        self.image.insert(name.into(), topic);
        self.groups.on_topics_changed(&[name]);
    }

    fn beat(&mut self, request: &ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatResponse {
        let outcome = self.outcome(request);
        self.write(outcome)
    }

    fn outcome(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> Outcome<ConsumerGroupHeartbeatResponse> {
        self.groups
            .heartbeat(self.now, &self.image, "app", "/127.0.0.1", request)
    }

    fn write<T>(&mut self, outcome: Outcome<T>) -> T {
        self.writes += 1;
        let mut events = outcome.events;
        for record in outcome.records {
            self.log.push(record.clone());
            self.groups.replay(self.writes, record, &mut events);
        }
        self.groups.commit(self.writes);
        self.events.extend(events);
        outcome.response
    }

    /// Lets time pass, with all timers.
    fn pass(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        while let Some((_, outcome)) = self.groups.expire_next(self.now, &self.image) {
            self.write(outcome);
        }
    }

    /// The error and its words.
    fn refusal(&mut self, request: &ConsumerGroupHeartbeatRequest) -> (ErrorCode, String) {
        let response = self.beat(request);
        (
            response.error_code,
            response.error_message.unwrap_or_default(),
        )
    }

    fn group(&self) -> &ConsumerGroup {
        self.groups.group(GROUP).expect("there is a group")
    }

    fn has(&self, member_id: &str) -> Vec<i32> {
        let member = self.group().member(member_id).expect("there is a member");
        member.assigned.values().flatten().copied().collect()
    }
}

fn joining(member_id: &str) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        group_id: GROUP.into(),
        member_id: member_id.into(),
        member_epoch: 0,
        instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: 10_000,
        subscribed_topic_names: Some(vec!["clicks".into()]),
        server_assignor: None,
        topic_partitions: Some(Vec::new()),
    }
}

/// A heartbeat that tells nothing but that the member lives.
fn beating(member_id: &str, member_epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        member_epoch,
        rebalance_timeout_ms: -1,
        subscribed_topic_names: None,
        topic_partitions: None,
        ..joining(member_id)
    }
}

fn owning(member_id: &str, member_epoch: i32, partitions: &[i32]) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        topic_partitions: Some(vec![ConsumerGroupTopicPartitions {
            topic_id: CLICKS,
            partitions: partitions.to_vec(),
        }]),
        ..beating(member_id, member_epoch)
    }
}

fn fixed(
    instance_id: &str,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        instance_id: Some(instance_id.into()),
        ..request
    }
}

fn clicks(partitions: impl IntoIterator<Item = i32>) -> PartitionsByTopic {
    BTreeMap::from([(CLICKS, BTreeSet::from_iter(partitions))])
}

#[test]
fn a_partition_changes_hands_in_four_heartbeats() {
    let mut broker = Broker::new();
    let first = broker.beat(&joining("a"));
    assert_eq!((first.member_epoch, broker.has("a")), (1, vec![0, 1, 2, 3]));
    // The second is told its epoch, and has to wait.
    let second = broker.beat(&joining("b"));
    assert_eq!((second.member_epoch, broker.has("b")), (2, vec![]));
    assert_eq!(broker.group().state(), ConsumerGroupState::Reconciling);
    // The first is told what it may go on with, at its old epoch,
    let told = broker.beat(&owning("a", 1, &[0, 1, 2, 3]));
    let kept = told.assignment.expect("it has changed");
    assert_eq!(
        (told.member_epoch, &kept[0].partitions[..]),
        (1, &[0, 1][..])
    );
    // says that it has no more than that,
    assert_eq!(broker.beat(&owning("a", 1, &[0, 1])).member_epoch, 2);
    // and the second gets the rest.
    broker.beat(&beating("b", 2));
    assert_eq!((broker.has("a"), broker.has("b")), (vec![0, 1], vec![2, 3]));
    assert_eq!(broker.group().state(), ConsumerGroupState::Stable);
}

#[test]
fn what_happens_is_told_in_order() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    let group = || GROUP.to_owned();
    let member_id = || "a".to_owned();
    let expected = [
        ConsumerGroupEvent::MemberJoined {
            group: group(),
            member_id: member_id(),
            client_id: "app".into(),
            instance_id: None,
        },
        ConsumerGroupEvent::GroupEpochBumped {
            group: group(),
            epoch: 1,
            cause: EpochBumpCause::SubscriptionChanged {
                member_id: member_id(),
            },
        },
        ConsumerGroupEvent::TargetAssignmentComputed {
            group: group(),
            epoch: 1,
            assignor: crate::assignor::server::ServerAssignor::Uniform,
            assignment: vec![(member_id(), clicks(0..4))],
        },
        ConsumerGroupEvent::MemberReconciled {
            group: group(),
            member_id: member_id(),
            epoch: 1,
            state: MemberState::Stable,
            assigned: clicks(0..4),
            pending_revocation: PartitionsByTopic::new(),
        },
        ConsumerGroupEvent::GroupCreated { group: group() },
        ConsumerGroupEvent::StateChanged {
            group: group(),
            from: ConsumerGroupState::Empty,
            to: ConsumerGroupState::Stable,
        },
    ];
    assert_eq!(broker.events, expected);
}

#[test]
fn a_heartbeat_is_refused_in_kafkas_words() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    let with = |change: fn(&mut ConsumerGroupHeartbeatRequest)| {
        let mut request = joining("b");
        change(&mut request);
        request
    };
    let cases = [
        (
            with(|it| it.group_id = " ".into()),
            "GroupId can't be empty.",
        ),
        (
            with(|it| it.instance_id = Some(String::new())),
            "InstanceId can't be empty.",
        ),
        (
            with(|it| it.rack_id = Some(String::new())),
            "RackId can't be empty.",
        ),
        (
            with(|it| it.rebalance_timeout_ms = -1),
            "RebalanceTimeoutMs must be provided in first request.",
        ),
        (
            with(|it| it.topic_partitions = None),
            "TopicPartitions must be empty when (re-)joining.",
        ),
        (
            with(|it| it.subscribed_topic_names = Some(Vec::new())),
            "SubscribedTopicNames must be set in first request.",
        ),
        (beating("", 1), "MemberId can't be empty."),
        (beating("", -1), "MemberId can't be empty."),
        (beating("b", -2), "InstanceId can't be null."),
        (beating("b", -3), "MemberEpoch is invalid."),
    ];
    for (request, message) in cases {
        let expected = (ErrorCode::InvalidRequest, message.to_owned());
        assert_eq!(broker.refusal(&request), expected);
    }
    assert_eq!(
        broker.refusal(&with(|it| it.server_assignor = Some("sticky".into()))),
        (
            ErrorCode::UnsupportedAssignor,
            "ServerAssignor sticky is not supported. Supported assignors: uniform, range.".into()
        )
    );
}

#[test]
fn who_is_not_in_the_group_is_told_so() {
    let mut broker = Broker::new();
    assert_eq!(
        broker.refusal(&beating("a", 1)),
        (
            ErrorCode::GroupIdNotFound,
            "Consumer group g not found.".into()
        )
    );
    broker.beat(&joining("a"));
    assert_eq!(
        broker.refusal(&beating("b", 1)),
        (
            ErrorCode::UnknownMemberId,
            "Member b is not a member of group g.".into()
        )
    );
    assert_eq!(
        broker.refusal(&fixed("i", beating("b", 1))),
        (
            ErrorCode::UnknownMemberId,
            "Instance id i is unknown.".into()
        )
    );
}

#[test]
fn an_answer_may_be_lost_once() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    broker.topic("clicks", CLICKS, 5);
    assert_eq!(broker.beat(&beating("a", 1)).member_epoch, 2);
    // The member did not hear of epoch 2 and comes with 1 again.
    assert_eq!(
        broker.beat(&owning("a", 1, &[0, 1])).error_code,
        ErrorCode::None
    );
    // Not when it does not say, or has what it never was given.
    let (error, message) = broker.refusal(&owning("a", 1, &[7]));
    assert_eq!(error, ErrorCode::FencedMemberEpoch);
    assert_eq!(
        message,
        "The consumer group member has a smaller member epoch (1) than the one known by the \
         group coordinator (2). The member must abandon all its partitions and rejoin."
    );
    let (error, message) = broker.refusal(&beating("a", 3));
    assert_eq!(error, ErrorCode::FencedMemberEpoch);
    assert!(message.contains("greater member epoch (3)"), "{message}");
}

#[test]
fn a_static_member_comes_back_to_what_it_had() {
    let mut broker = Broker::new();
    broker.beat(&fixed("i", joining("a")));
    broker.beat(&joining("b"));
    broker.beat(&owning("a", 1, &[0, 1]));
    broker.beat(&beating("b", 2));
    // While it is there nobody takes its place.
    let (error, message) = broker.refusal(&fixed("i", joining("c")));
    assert_eq!(error, ErrorCode::UnreleasedInstanceId);
    assert_eq!(
        message,
        "Static member c with instance id i cannot join the group because the instance id is \
         owned by a member."
    );
    let left = broker.beat(&fixed("i", beating("a", -2)));
    assert_eq!((left.error_code, left.member_epoch), (ErrorCode::None, -2));
    assert_eq!(broker.group().epoch(), 2, "nobody else is to read more");
    // It comes back under another id, with a new session, and to the same.
    broker.pass(44_000);
    broker.beat(&beating("b", 2));
    let back = broker.beat(&fixed("i", joining("c")));
    assert_eq!((back.member_epoch, broker.has("c")), (2, vec![0, 1]));
    assert_eq!(
        broker.refusal(&fixed("i", beating("a", 2))),
        (
            ErrorCode::FencedInstanceId,
            "Static member a with instance id i was fenced by member c.".into()
        )
    );
    broker.pass(1_000);
    assert_eq!(
        broker.group().members().len(),
        2,
        "the old session means nothing"
    );
}

#[test]
fn a_static_member_that_stays_away_is_fenced() {
    let mut broker = Broker::new();
    broker.beat(&fixed("i", joining("a")));
    broker.beat(&fixed("i", beating("a", -2)));
    broker.pass(45_000);
    assert_eq!(broker.group().state(), ConsumerGroupState::Empty);
    let fenced = ConsumerGroupEvent::MemberFenced {
        group: GROUP.into(),
        member_id: "a".into(),
        cause: FencingCause::SessionExpired,
    };
    assert!(broker.events.contains(&fenced));
}

#[test]
fn who_does_not_give_up_in_time_is_fenced() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    broker.beat(&joining("b"));
    broker.beat(&owning("a", 1, &[0, 1, 2, 3]));
    broker.pass(9_999);
    // A heartbeat that says nothing of partitions is not enough.
    broker.beat(&beating("a", 1));
    broker.pass(1);
    assert!(broker.group().member("a").is_none());
    let fenced = ConsumerGroupEvent::MemberFenced {
        group: GROUP.into(),
        member_id: "a".into(),
        cause: FencingCause::RebalanceTimeout,
    };
    assert!(broker.events.contains(&fenced));
    broker.beat(&beating("b", 2));
    assert_eq!(broker.has("b"), [0, 1, 2, 3]);
}

#[test]
fn a_full_group_takes_nobody_in() {
    let mut broker = Broker::with(ConsumerGroupConfig {
        max_size: 1,
        ..ConsumerGroupConfig::default()
    });
    broker.beat(&joining("a"));
    assert_eq!(
        broker.refusal(&joining("b")),
        (
            ErrorCode::GroupMaxSizeReached,
            "The consumer group has reached its maximum capacity of 1 members.".into()
        )
    );
    assert_eq!(broker.beat(&beating("a", 1)).error_code, ErrorCode::None);
}

#[test]
fn a_topic_that_is_made_later_is_read_then() {
    let mut broker = Broker::new();
    let views = TopicId([2; 16]);
    let topics = ["clicks", "views"].map(TopicName::from).to_vec();
    let subscribed = Some(topics);
    broker.beat(&ConsumerGroupHeartbeatRequest {
        subscribed_topic_names: subscribed,
        ..joining("a")
    });
    broker.topic("views", views, 1);
    broker.beat(&beating("a", 1));
    assert!(
        broker
            .group()
            .member("a")
            .unwrap()
            .assigned
            .contains_key(&views)
    );
    let bumped = ConsumerGroupEvent::GroupEpochBumped {
        group: GROUP.into(),
        epoch: 2,
        cause: EpochBumpCause::TopicsChanged,
    };
    assert!(broker.events.contains(&bumped));
}

#[test]
fn the_assignor_that_most_ask_for_is_used() {
    let mut broker = Broker::new();
    let asking = |member_id: &str, assignor: &str| ConsumerGroupHeartbeatRequest {
        server_assignor: Some(assignor.into()),
        ..joining(member_id)
    };
    broker.beat(&asking("a", "uniform"));
    broker.beat(&asking("b", "range"));
    broker.beat(&asking("c", "range"));
    let request = ConsumerGroupDescribeRequest {
        group_ids: vec![GROUP.into()],
    };
    let described = broker.groups.describe(&broker.image, &request);
    assert_eq!(described.groups[0].assignor_name, "range");
}

#[test]
fn a_group_tells_tools_of_itself() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    broker.beat(&joining("b"));
    let request = ConsumerGroupDescribeRequest {
        group_ids: vec![GROUP.into(), "other".into()],
    };
    let described = broker.groups.describe(&broker.image, &request);
    let group = &described.groups[0];
    assert_eq!(
        (
            group.group_state.as_str(),
            group.group_epoch,
            group.assignment_epoch
        ),
        ("Reconciling", 2, 2)
    );
    let a = &group.members[0];
    assert_eq!((a.member_id.as_str(), a.member_epoch), ("a", 1));
    assert_eq!(a.assignment[0].partitions, [0, 1, 2, 3]);
    assert_eq!(a.target_assignment[0].partitions, [0, 1]);
    assert_eq!(&*a.target_assignment[0].topic_name, "clicks");
    let other = &described.groups[1];
    assert_eq!(other.error_code, ErrorCode::GroupIdNotFound);
    assert_eq!(
        other.error_message.as_deref(),
        Some("Group other not found.")
    );
}

#[test]
fn offsets_are_the_members_and_of_its_epoch() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    let group = broker.group();
    let error = |result: Result<(), GroupError>| result.map_err(|it| (it.error_code, it.message));
    assert_eq!(group.validate_offset_commit("a", 1), Ok(()));
    let stale = "The received member epoch 0 does not match the expected member epoch 1.";
    let stale = Err((ErrorCode::StaleMemberEpoch, stale.to_owned()));
    assert_eq!(error(group.validate_offset_commit("a", 0)), stale);
    assert_eq!(error(group.validate_offset_fetch(Some("a"), 0)), stale);
    let unknown = Err((
        ErrorCode::UnknownMemberId,
        "Member b is not a member of group g.".to_owned(),
    ));
    assert_eq!(error(group.validate_offset_fetch(Some("b"), 1)), unknown);
    // A tool may read at any time, but commit only to an empty group.
    assert_eq!(group.validate_offset_fetch(None, -1), Ok(()));
    assert!(group.validate_offset_commit("", -1).is_err());
    assert!(group.validate_delete().is_err());
    broker.beat(&beating("a", -1));
    assert_eq!(broker.group().validate_offset_commit("", -1), Ok(()));
    assert_eq!(broker.group().validate_delete(), Ok(()));
}

#[test]
fn what_could_not_be_written_has_not_happened() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    let of_group =
        |group: &ConsumerGroup| (group.epoch(), group.members().cloned().collect::<Vec<_>>());
    let before = of_group(broker.group());
    let outcome = broker.outcome(&joining("b"));
    broker.writes += 1;
    for record in outcome.records {
        broker.groups.replay(broker.writes, record, &mut Vec::new());
    }
    assert_eq!(broker.group().epoch(), 2);
    let committed = broker
        .groups
        .committed_group(GROUP)
        .map(ConsumerGroup::epoch);
    assert_eq!(committed, Some(1), "tools are told what is committed");
    broker.groups.revert(broker.writes);
    assert_eq!(of_group(broker.group()), before);
    broker.pass(44_999);
    broker.beat(&beating("a", 1));
    broker.pass(1);
    assert_eq!(
        broker.group().members().len(),
        1,
        "the session of b means nothing"
    );
}

#[test]
fn a_group_is_read_back_with_whole_sessions() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    broker.beat(&joining("b"));
    broker.beat(&owning("a", 1, &[0, 1, 2, 3]));
    let mut loaded = Broker::new();
    for record in &broker.log {
        loaded.groups.replay(1, record.clone(), &mut Vec::new());
    }
    loaded.groups.on_loaded(loaded.now);
    loaded.pass(9_999);
    assert_eq!(loaded.group().members().len(), 2);
    loaded.pass(1);
    assert!(
        loaded.group().member("a").is_none(),
        "it did not give up in time"
    );
    loaded.pass(35_000);
    assert_eq!(loaded.group().state(), ConsumerGroupState::Empty);
}

#[test]
fn tombstones_alone_make_no_group() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    broker.beat(&beating("a", -1));
    let deletion = broker.groups.delete(GROUP);
    assert_eq!(deletion.len(), 3);
    let records: Vec<_> = broker.log.drain(..).chain(deletion).collect();
    let mut loaded = Broker::new();
    for record in records
        .into_iter()
        .filter(ConsumerGroupRecord::is_tombstone)
    {
        loaded.groups.replay(1, record, &mut Vec::new());
    }
    assert_eq!(loaded.groups.groups().len(), 0);
}

#[test]
fn a_member_without_an_id_gets_one() {
    let mut broker = Broker::new();
    let first = broker.beat(&joining("")).member_id.expect("an id");
    let second = broker.beat(&joining("")).member_id.expect("an id");
    assert_eq!((first.len(), second.len()), (22, 22));
    assert_ne!(first, second);
}
