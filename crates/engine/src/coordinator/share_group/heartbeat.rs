//! A heartbeat of a member (`GroupMetadataManager.shareGroupHeartbeat`).
//!
//! First the member is made or updated; when its subscription changed, or the
//! topics did, the group's epoch is bumped. Then, if the group's epoch is ahead
//! of the target assignment's, a new one is computed. At last the member gets
//! its part of it: nobody else has to give anything up for that.

use crate::collections::BTreeMap;

use super::assign::{bump_if_changed, reconcile};
use super::sessions::{remove_member, schedule_session};
use super::{ShareGroup, ShareGroupMember, ShareGroupRecord, ShareGroups, write};
use crate::coordinator::consumer_group::{GroupError, TopicMetadata};
use crate::coordinator::modern::listed;
use crate::coordinator::protocols::AnyGroup;
use crate::coordinator::runtime::RequestToken;
use crate::coordinator::step::Step;
use crate::coordinator::{CoordinatorOutput, GroupCoordinator, GroupEvent, RemovalCause};
use crate::protocol::{
    ErrorCode, JOIN_GROUP_MEMBER_EPOCH, LEAVE_GROUP_MEMBER_EPOCH, Response,
    ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, TopicName,
};
use crate::sim::Time;

/// The topics there are.
pub type Topics = BTreeMap<TopicName, TopicMetadata>;

/// A heartbeat and where it comes from.
pub(in crate::coordinator) struct Heartbeat<'a> {
    client_id: &'a str,
    client_host: &'a str,
    topics: &'a Topics,
    request: &'a ShareGroupHeartbeatRequest,
}

impl GroupCoordinator {
    /// Handles a ShareGroupHeartbeat request; it is answered when what it comes
    /// to is committed. `topics` are those of the cluster, `client_host` is as
    /// Kafka shows it, such as `/127.0.0.1`.
    pub fn share_group_heartbeat(
        &mut self,
        now: Time,
        token: RequestToken,
        (client_id, client_host): (&str, &str),
        topics: &Topics,
        request: &ShareGroupHeartbeatRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        let heartbeat = Heartbeat {
            client_id,
            client_host,
            topics,
            request,
        };
        let is_other =
            AnyGroup::find(parts.groups, parts.consumer_groups, &request.group_id).is_some();
        let answer = validate(request).and_then(|()| match request.member_epoch {
            _ if is_other => Err(not_a_share_group(&request.group_id)),
            LEAVE_GROUP_MEMBER_EPOCH => heartbeat.leave(parts.share_groups, &mut parts.step),
            _ => heartbeat.beat(parts.share_groups, &mut parts.step),
        });
        let response = answer.unwrap_or_else(GroupError::response);
        parts.finish_with(token, Response::ShareGroupHeartbeat(response));
    }
}

/// `throwIfShareGroupHeartbeatRequestIsInvalid`
fn validate(request: &ShareGroupHeartbeatRequest) -> Result<(), GroupError> {
    let refuse = |message: &str| Err(GroupError::invalid_request(message));
    if request.member_id.trim().is_empty() {
        return refuse("MemberId can't be empty.");
    }
    if request.group_id.trim().is_empty() {
        return refuse("GroupId can't be empty.");
    }
    if request
        .rack_id
        .as_deref()
        .is_some_and(|it| it.trim().is_empty())
    {
        return refuse("RackId can't be empty.");
    }
    let topics = request.subscribed_topic_names.as_ref();
    match request.member_epoch {
        JOIN_GROUP_MEMBER_EPOCH if topics.is_none_or(Vec::is_empty) => {
            refuse("SubscribedTopicNames must be set in first request.")
        }
        LEAVE_GROUP_MEMBER_EPOCH.. => Ok(()),
        _ => refuse("MemberEpoch is invalid."),
    }
}

fn not_a_share_group(group_id: &str) -> GroupError {
    let message = format!("Group {group_id} is not a share group.");
    GroupError::new(ErrorCode::GroupIdNotFound, message)
}

/// `throwIfShareGroupMemberEpochIsInvalid`
fn check_epoch(member: &ShareGroupMember, received: i32) -> Result<(), GroupError> {
    let known = &member.assignment;
    let than = if received > known.member_epoch {
        "greater"
    } else if received < known.member_epoch && received != known.previous_member_epoch {
        "smaller"
    } else {
        return Ok(());
    };
    let known = known.member_epoch;
    let message = format!(
        "The share group member has a {than} member epoch ({received}) than the one known by the \
         group coordinator ({known}). The member must abandon all its partitions and rejoin."
    );
    Err(GroupError::new(ErrorCode::FencedMemberEpoch, message))
}

impl Heartbeat<'_> {
    fn beat(
        &self,
        groups: &mut ShareGroups,
        step: &mut Step,
    ) -> Result<ShareGroupHeartbeatResponse, GroupError> {
        let request = self.request;
        let (group_id, member_id) = (&request.group_id, &request.member_id);
        let joins = request.member_epoch == JOIN_GROUP_MEMBER_EPOCH;
        let group = match groups.get(group_id) {
            Some(group) => group.clone(),
            None if joins => ShareGroup::new(group_id),
            None => {
                let message = format!("Share group {group_id} not found.");
                return Err(GroupError::new(ErrorCode::GroupIdNotFound, message));
            }
        };
        refuse_when_full(&group, member_id, step.config.share.max_size)?;
        let before = match group.members.get(member_id) {
            Some(member) => member.clone(),
            None if joins => {
                self.tell_joined(&group, step);
                ShareGroupMember::default()
            }
            None => return Err(GroupError::unknown_member(member_id, group_id)),
        };
        check_epoch(&before, request.member_epoch)?;
        self.write_member(groups, step, &before);
        bump_if_changed(groups, step, (group_id, self.topics), |now| {
            let members = group.members.get(member_id);
            let known = members.map(|member| &member.metadata.subscribed_topic_names);
            let now = now.members.get(member_id);
            known != now.map(|member| &member.metadata.subscribed_topic_names)
        });
        let now = reconcile(groups, step, group_id, member_id);
        schedule_session(step, group_id, member_id);
        let is_due = joins
            || request.subscribed_topic_names.is_some()
            || now.partitions != before.assignment.partitions;
        Ok(ShareGroupHeartbeatResponse {
            error_code: ErrorCode::None,
            error_message: None,
            member_id: Some(member_id.clone()),
            member_epoch: now.member_epoch,
            heartbeat_interval_ms: step.share_heartbeat_interval_ms(group_id),
            assignment: is_due.then(|| listed(&now.partitions)),
        })
    }

    fn tell_joined(&self, group: &ShareGroup, step: &mut Step) {
        if group.epoch == 0 {
            step.event_if_written(GroupEvent::GroupCreated {
                group: group.id.clone(),
            });
        }
        step.event_if_written(GroupEvent::MemberAdded {
            group: group.id.clone(),
            member_id: self.request.member_id.clone(),
            client_id: self.client_id.to_owned(),
            group_instance_id: None,
        });
    }

    /// Writes what the heartbeat tells of the member, if that is new.
    fn write_member(&self, groups: &mut ShareGroups, step: &mut Step, before: &ShareGroupMember) {
        let (told, mut metadata) = (self.request, before.metadata.clone());
        if told.rack_id.is_some() {
            metadata.rack_id.clone_from(&told.rack_id);
        }
        if let Some(topics) = &told.subscribed_topic_names {
            metadata.subscribed_topic_names = topics.iter().cloned().collect();
        }
        self.client_id.clone_into(&mut metadata.client_id);
        self.client_host.clone_into(&mut metadata.client_host);
        if metadata != before.metadata {
            let (group_id, member_id) = (&told.group_id, &told.member_id);
            let record = ShareGroupRecord::member_metadata(group_id, member_id, metadata);
            write(groups, step, record);
        }
    }

    /// `shareGroupLeave`
    fn leave(
        &self,
        groups: &mut ShareGroups,
        step: &mut Step,
    ) -> Result<ShareGroupHeartbeatResponse, GroupError> {
        let (group_id, member_id) = (&self.request.group_id, &self.request.member_id);
        let Some(group) = groups.get(group_id) else {
            let message = format!("Share group {group_id} not found.");
            return Err(GroupError::new(ErrorCode::GroupIdNotFound, message));
        };
        if !group.members.contains_key(member_id) {
            return Err(GroupError::unknown_member(member_id, group_id));
        }
        remove_member(groups, step, (group_id, member_id), RemovalCause::Left);
        Ok(ShareGroupHeartbeatResponse {
            error_code: ErrorCode::None,
            error_message: None,
            member_id: Some(member_id.clone()),
            member_epoch: LEAVE_GROUP_MEMBER_EPOCH,
            heartbeat_interval_ms: 0,
            assignment: None,
        })
    }
}

/// A full group takes nobody in (`throwIfShareGroupIsFull`).
fn refuse_when_full(group: &ShareGroup, member_id: &str, max: i32) -> Result<(), GroupError> {
    let is_full = group.members.len() >= usize::try_from(max).unwrap_or(0);
    if is_full && !group.members.contains_key(member_id) {
        let message = format!("The share group has reached its maximum capacity of {max} members.");
        return Err(GroupError::new(ErrorCode::GroupMaxSizeReached, message));
    }
    Ok(())
}
