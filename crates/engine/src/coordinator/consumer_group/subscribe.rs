//! Which member a heartbeat is from, and whether it counts.

use super::error::GroupError;
use super::event::ConsumerGroupEvent;
use super::group::ConsumerGroup;
use super::member::ConsumerGroupMember;
use super::record::ConsumerGroupRecord;
use super::step::Step;
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{
    ConsumerGroupHeartbeatRequest, ErrorCode, GroupTopicPartitions, JOIN_GROUP_MEMBER_EPOCH,
};

/// Who sent a heartbeat.
pub(super) struct Sender {
    /// The member as it was before the heartbeat; a new one when it joins.
    pub member: ConsumerGroupMember,
    /// Whose place a static member takes.
    pub replaced: Option<String>,
}

/// A dynamic member: the one with the id, or a new one when it joins
/// (`getOrMaybeSubscribeDynamicConsumerGroupMember`).
pub(super) fn dynamic(
    group: &ConsumerGroup,
    member_id: &str,
    request: &ConsumerGroupHeartbeatRequest,
    step: &mut Step,
) -> Result<Sender, GroupError> {
    let joins = request.member_epoch == JOIN_GROUP_MEMBER_EPOCH;
    let known = group.member(member_id).cloned();
    let is_new = known.is_none();
    let member = match known {
        Some(member) => member,
        None if joins => ConsumerGroupMember::new(member_id),
        None => return Err(GroupError::unknown_member(member_id, group.id())),
    };
    let owned = request.topic_partitions.as_deref();
    check_epoch(&member, request.member_epoch, owned)?;
    if is_new {
        joined(group, member_id, None, step);
    }
    Ok(Sender {
        member,
        replaced: None,
    })
}

/// A static member: the one with the instance id. One that joins takes the
/// place of its former self, if that has left
/// (`getOrMaybeSubscribeStaticConsumerGroupMember`).
pub(super) fn fixed(
    group: &ConsumerGroup,
    member_id: &str,
    instance_id: &str,
    request: &ConsumerGroupHeartbeatRequest,
    step: &mut Step,
) -> Result<Sender, GroupError> {
    if request.member_epoch != JOIN_GROUP_MEMBER_EPOCH {
        let member = static_member(group, instance_id, member_id)?;
        let owned = request.topic_partitions.as_deref();
        check_epoch(member, request.member_epoch, owned)?;
        return Ok(Sender {
            member: member.clone(),
            replaced: None,
        });
    }
    let Some(existing) = group.static_member(instance_id) else {
        let known = group.member(member_id).cloned();
        joined(group, member_id, Some(instance_id), step);
        return Ok(Sender {
            member: known.unwrap_or_else(|| ConsumerGroupMember::new(member_id)),
            replaced: None,
        });
    };
    if !existing.is_away() {
        return Err(unreleased(member_id, instance_id, &existing.id));
    }
    let mut member = existing.clone();
    member.id = member_id.to_owned();
    member.epoch = JOIN_GROUP_MEMBER_EPOCH;
    member.previous_epoch = JOIN_GROUP_MEMBER_EPOCH;
    replace(group, existing, &member, step);
    step.event(ConsumerGroupEvent::MemberReplaced {
        group: group.id().to_owned(),
        instance_id: instance_id.to_owned(),
        old_member_id: existing.id.clone(),
        new_member_id: member.id.clone(),
    });
    Ok(Sender {
        member,
        replaced: Some(existing.id.clone()),
    })
}

/// The member with this instance id, which must have this member id.
///
/// # Errors
///
/// `UNKNOWN_MEMBER_ID` or `FENCED_INSTANCE_ID`.
pub(super) fn static_member<'a>(
    group: &'a ConsumerGroup,
    instance_id: &str,
    member_id: &str,
) -> Result<&'a ConsumerGroupMember, GroupError> {
    let member = group.static_member(instance_id).ok_or_else(|| {
        GroupError::new(
            ErrorCode::UnknownMemberId,
            format!("Instance id {instance_id} is unknown."),
        )
    })?;
    if member.id == member_id {
        return Ok(member);
    }
    Err(GroupError::new(
        ErrorCode::FencedInstanceId,
        format!(
            "Static member {member_id} with instance id {instance_id} was fenced by member {}.",
            member.id
        ),
    ))
}

fn joined(group: &ConsumerGroup, member_id: &str, instance_id: Option<&str>, step: &mut Step) {
    step.event(ConsumerGroupEvent::MemberJoined {
        group: group.id().to_owned(),
        member_id: member_id.to_owned(),
        client_id: step.client_id.clone(),
        instance_id: instance_id.map(Into::into),
    });
}

/// Writes the new member with all that the old one had.
fn replace(
    group: &ConsumerGroup,
    old: &ConsumerGroupMember,
    new: &ConsumerGroupMember,
    step: &mut Step,
) {
    let target = group.target_assignment(&old.id);
    step.records
        .extend(ConsumerGroupRecord::without_member(group.id(), &old.id));
    step.records.extend([
        ConsumerGroupRecord::member_metadata(group.id(), &new.id, new.metadata.clone()),
        ConsumerGroupRecord::target_assignment(group.id(), &new.id, target),
        ConsumerGroupRecord::current_assignment(group.id(), &new.id, new.current_assignment()),
    ]);
}

fn unreleased(member_id: &str, instance_id: &str, owner: &str) -> GroupError {
    GroupError::new(
        ErrorCode::UnreleasedInstanceId,
        format!(
            "Static member {member_id} with instance id {instance_id} cannot join the group \
             because the instance id is owned by {owner} member."
        ),
    )
}

/// The member must come with its epoch, or with the one before when it has
/// nothing but what it may have: the answer may have been lost
/// (`throwIfConsumerGroupMemberEpochIsInvalid`).
fn check_epoch(
    member: &ConsumerGroupMember,
    received: i32,
    owned: Option<&[GroupTopicPartitions]>,
) -> Result<(), GroupError> {
    let kind = match received {
        received if received == member.epoch => return Ok(()),
        received if received > member.epoch => "greater",
        _ if received == member.previous_epoch && is_subset(owned, &member.assigned) => {
            return Ok(());
        }
        _ => "smaller",
    };
    Err(GroupError::new(
        ErrorCode::FencedMemberEpoch,
        format!(
            "The consumer group member has a {kind} member epoch ({received}) than the one known \
             by the group coordinator ({}). The member must abandon all its partitions and rejoin.",
            member.epoch
        ),
    ))
}

fn is_subset(owned: Option<&[GroupTopicPartitions]>, of: &PartitionsByTopic) -> bool {
    owned.is_some_and(|owned| {
        owned.iter().all(|owned| {
            let assigned = of.get(&owned.topic_id);
            assigned.is_some_and(|it| owned.partitions.iter().all(|owned| it.contains(owned)))
        })
    })
}
