//! What happens in groups of KIP-848, in words.

use std::fmt;

use super::counted;
use crate::coordinator::consumer_group::{
    ConsumerGroupEvent, EpochBumpCause, FencingCause, MemberState,
};

pub(super) fn describe_consumer_group(
    event: &ConsumerGroupEvent,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match event {
        ConsumerGroupEvent::GroupCreated { group } => {
            write!(f, "Group {group} comes into being.")
        }
        ConsumerGroupEvent::GroupDeleted { group } => write!(f, "Group {group} is gone."),
        ConsumerGroupEvent::StateChanged { group, to, .. } => write!(f, "Group {group} is {to}."),
        ConsumerGroupEvent::MemberJoined {
            group, client_id, ..
        } => write!(f, "{client_id} joins group {group}."),
        ConsumerGroupEvent::MemberReplaced {
            group, instance_id, ..
        } => write!(
            f,
            "Static member {instance_id} of group {group} is back under a new member id."
        ),
        ConsumerGroupEvent::MemberLeft {
            group,
            member_id,
            is_away: true,
        } => write!(
            f,
            "Member {member_id} leaves group {group} for a while: its partitions wait for it."
        ),
        ConsumerGroupEvent::MemberLeft {
            group, member_id, ..
        } => write!(f, "Member {member_id} leaves group {group}."),
        ConsumerGroupEvent::MemberFenced {
            group,
            member_id,
            cause,
        } => write!(f, "Group {group} drops {member_id}: {}.", fenced(*cause)),
        ConsumerGroupEvent::GroupEpochBumped {
            group,
            epoch,
            cause,
        } => write!(
            f,
            "Group {group} is at epoch {epoch}: {}.",
            bump_cause(cause)
        ),
        ConsumerGroupEvent::TargetAssignmentComputed {
            group,
            epoch,
            assignor,
            assignment,
        } => write!(
            f,
            "The coordinator of group {group} decides by {} who of {} reads what at epoch {epoch}.",
            assignor.name(),
            counted(assignment.len() as i64, "member")
        ),
        ConsumerGroupEvent::MemberReconciled {
            group,
            member_id,
            epoch,
            state,
            ..
        } => {
            let how = match state {
                MemberState::UnrevokedPartitions => "it is to give partitions up",
                MemberState::UnreleasedPartitions => "it waits for partitions that others have",
                MemberState::Stable | MemberState::Unknown => "it has all it is to read",
            };
            write!(
                f,
                "Member {member_id} of group {group} is at epoch {epoch}: {how}."
            )
        }
    }
}

fn fenced(cause: FencingCause) -> &'static str {
    match cause {
        FencingCause::SessionExpired => {
            "no heartbeat came within group.consumer.session.timeout.ms"
        }
        FencingCause::RebalanceTimeout => {
            "it did not give its partitions up within max.poll.interval.ms"
        }
    }
}

/// Why a group's epoch was bumped, in plain words.
pub(crate) fn bump_cause(cause: &EpochBumpCause) -> String {
    match cause {
        EpochBumpCause::SubscriptionChanged { member_id } => {
            format!("{member_id} has joined or subscribes to other topics")
        }
        EpochBumpCause::TopicsChanged => "its topics have changed".to_owned(),
        EpochBumpCause::MemberGone { member_id } => format!("{member_id} is gone"),
    }
}
