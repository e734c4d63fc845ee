//! What heartbeats bring about.

use super::*;

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
    let described = broker.groups.describe(&request);
    assert_eq!(described.groups[0].assignor_name, "range");
}

#[test]
fn a_member_without_an_id_gets_one() {
    let mut broker = Broker::new();
    let first = broker.beat(&joining("")).member_id.expect("an id");
    let second = broker.beat(&joining("")).member_id.expect("an id");
    assert_eq!((first.len(), second.len()), (22, 22));
    assert_ne!(first, second);
}

#[test]
fn a_broker_without_settings_has_kafkas_defaults() {
    let config = ConsumerGroupConfig::default();
    assert_eq!(
        (config.session_timeout_ms, config.heartbeat_interval_ms),
        (45_000, 5_000)
    );
    let names = config.assignors.iter().map(|assignor| assignor.name());
    assert_eq!(names.collect::<Vec<_>>(), ["uniform", "range"]);
}
