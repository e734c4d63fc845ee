//! Who is let in, who is taken out, and who may come back.

use super::*;

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

/// A process that comes back under the id that it had knows no epoch any more.
/// The coordinator takes it for somebody late, not for somebody new, until it has
/// not heard of the id for a whole session; being refused is no sign of life. So
/// it is in 4.0 (KAFKA-19233 lets such members in, later).
#[test]
fn who_begins_anew_is_fenced_until_its_session_ends() {
    let mut broker = Broker::new();
    broker.beat(&joining("a"));
    // Only at the first epoch it may be that the answer to joining was lost.
    assert_eq!(broker.beat(&joining("a")).member_epoch, 1);
    broker.topic("clicks", CLICKS, 5);
    assert_eq!(broker.beat(&beating("a", 1)).member_epoch, 2);
    for _ in 0..4 {
        broker.pass(10_000);
        let (error, message) = broker.refusal(&joining("a"));
        assert_eq!(error, ErrorCode::FencedMemberEpoch);
        assert_eq!(
            message,
            "The consumer group member has a smaller member epoch (0) than the one known by the \
             group coordinator (2). The member must abandon all its partitions and rejoin."
        );
    }
    broker.pass(5_000);
    assert_eq!(broker.beat(&joining("a")).error_code, ErrorCode::None);
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
