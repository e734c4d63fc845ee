//! What is told of a group, and what is left of it in the log.

use super::*;

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
fn a_group_tells_tools_of_itself() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    broker.beat(&joining("b"));
    let request = ConsumerGroupDescribeRequest {
        group_ids: vec![GROUP.into(), "other".into()],
    };
    let described = broker.groups.describe(&request);
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
        .map(|group| group.epoch());
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
fn every_part_of_a_group_goes_back_with_the_write_that_changed_it() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    let all = |group: &ConsumerGroup| {
        let members: Vec<_> = group.members().cloned().collect();
        let targets = ["a", "b", "c"].map(|it| group.target_assignment(it));
        let epochs = (group.epoch(), group.assignment_epoch());
        let held = [0, 1, 2, 3].map(|it| group.partition_epoch(CLICKS, it));
        let fixed = group.static_member("i").cloned();
        let topics = group.topics().clone();
        (group.state(), epochs, members, targets, held, fixed, topics)
    };
    let mut shrunk = owning("a", 1, &[0, 1, 2, 3]);
    shrunk.subscribed_topic_names = Some(vec!["nothing".into()]);
    let leaving = beating("a", -1);
    for request in [joining("b"), fixed("i", joining("c")), shrunk, leaving] {
        let before = all(broker.group());
        let outcome = broker.outcome(&request);
        broker.writes += 1;
        for record in outcome.records {
            broker.groups.replay(broker.writes, record, &mut Vec::new());
        }
        assert_ne!(all(broker.group()), before, "{request:?}");
        let committed = broker.groups.committed_group(GROUP);
        assert_eq!(committed.as_ref().map(all), Some(before.clone()));
        broker.groups.revert(broker.writes);
        assert_eq!(all(broker.group()), before);
    }
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
