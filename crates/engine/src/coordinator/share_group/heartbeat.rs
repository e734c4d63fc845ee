//! A heartbeat of a member (`GroupMetadataManager.shareGroupHeartbeat`).
//!
//! First the member is made or updated; when its subscription changed, or the
//! topics did, the group's epoch is bumped. Then, if the group's epoch is ahead
//! of the target assignment's, a new one is computed. At last the member gets
//! its part of it: nobody else has to give anything up for that.

use std::collections::BTreeMap;

use super::{
    ShareGroup, ShareGroupMember, ShareGroupRecord, ShareGroups, ShareMemberAssignment, write,
};
use crate::assignor::server::{
    GroupSpec, MemberSpec, PartitionCounts, PartitionsByTopic, SubscriptionType, simple,
};
use crate::coordinator::consumer_group::{GroupError, TopicMetadata};
use crate::coordinator::protocols::AnyGroup;
use crate::coordinator::runtime::RequestToken;
use crate::coordinator::step::Step;
use crate::coordinator::timers::Timer;
use crate::coordinator::{CoordinatorOutput, GroupCoordinator, GroupEvent, Parts, RemovalCause};
use crate::hash_order::{hash_of_text, in_hash_order};
use crate::protocol::{
    ErrorCode, JOIN_GROUP_MEMBER_EPOCH, LEAVE_GROUP_MEMBER_EPOCH, Response,
    ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, ShareGroupTopicPartitions, TopicName,
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
        let Parts {
            groups,
            consumer_groups,
            share_groups,
            mut step,
            ..
        } = self.parts(now, out);
        let heartbeat = Heartbeat {
            client_id,
            client_host,
            topics,
            request,
        };
        let is_other = AnyGroup::find(groups, consumer_groups, &request.group_id).is_some();
        let answer = validate(request).and_then(|()| match request.member_epoch {
            _ if is_other => Err(not_a_share_group(&request.group_id)),
            LEAVE_GROUP_MEMBER_EPOCH => heartbeat.leave(share_groups, &mut step),
            _ => heartbeat.beat(share_groups, &mut step),
        });
        let response = answer.unwrap_or_else(refused);
        step.respond_when_committed(token, Response::ShareGroupHeartbeat(response));
        step.finish();
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

/// The answer to a heartbeat that does not count.
pub(in crate::coordinator) fn refused(error: GroupError) -> ShareGroupHeartbeatResponse {
    ShareGroupHeartbeatResponse {
        error_code: error.error_code,
        error_message: Some(error.message),
        member_id: None,
        member_epoch: 0,
        heartbeat_interval_ms: 0,
        assignment: None,
    }
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
            let record = ShareGroupRecord::MemberMetadata {
                group_id: told.group_id.clone(),
                member_id: told.member_id.clone(),
                metadata: Some(metadata),
            };
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

/// Looks at the topics, and bumps the epoch when these or the subscriptions
/// have changed.
fn bump_if_changed(
    groups: &mut ShareGroups,
    step: &mut Step,
    (group_id, topics): (&String, &Topics),
    has_subscribed: impl Fn(&ShareGroup) -> bool,
) {
    let Some(group) = groups.get(group_id) else {
        return;
    };
    let (epoch, has_subscribed) = (group.epoch, has_subscribed(group));
    let names = group.subscribed_topics();
    let known = names
        .into_iter()
        .filter_map(|name| Some((name.clone(), topics.get(name)?.clone())));
    let known: Topics = known.collect();
    let have_changed = known != group.topics;
    let group_id = group_id.clone();
    if have_changed {
        let record = ShareGroupRecord::PartitionMetadata {
            group_id: group_id.clone(),
            topics: Some(known),
        };
        write(groups, step, record);
    }
    if have_changed || has_subscribed {
        let epoch = Some(epoch + 1);
        write(groups, step, ShareGroupRecord::Metadata { group_id, epoch });
    }
}

/// Computes a new assignment when the epoch was bumped, and gives the member its
/// part of it.
fn reconcile(
    groups: &mut ShareGroups,
    step: &mut Step,
    group_id: &String,
    member_id: &String,
) -> ShareMemberAssignment {
    if groups
        .get(group_id)
        .is_some_and(|it| it.epoch > it.assignment_epoch)
    {
        assign(groups, step, group_id);
    }
    let Some(group) = groups.get(group_id) else {
        return ShareMemberAssignment::default();
    };
    let member = group.members.get(member_id);
    let before = member
        .map(|member| member.assignment.clone())
        .unwrap_or_default();
    if before.member_epoch == group.assignment_epoch {
        return before;
    }
    let part = group.target_assignment.get(member_id);
    let now = ShareMemberAssignment {
        member_epoch: group.assignment_epoch,
        previous_member_epoch: before.member_epoch,
        partitions: part.cloned().unwrap_or_default(),
    };
    let record = ShareGroupRecord::CurrentMemberAssignment {
        group_id: group_id.clone(),
        member_id: member_id.clone(),
        assignment: Some(now.clone()),
    };
    write(groups, step, record);
    now
}

/// Computes who may fetch what (`updateTargetAssignment`).
fn assign(groups: &mut ShareGroups, step: &mut Step, group_id: &String) {
    let Some(group) = groups.get(group_id) else {
        return;
    };
    let counts = group.topics.values();
    let counts: PartitionCounts = counts
        .map(|topic| (topic.id, topic.num_partitions))
        .collect();
    let assignment = simple::assign(&spec(group), &counts);
    let changed: Vec<(String, PartitionsByTopic)> = assignment
        .into_iter()
        .filter(|(member, part)| group.target_assignment.get(member) != Some(part))
        .collect();
    let epoch = group.epoch;
    for (member_id, partitions) in changed {
        let record = ShareGroupRecord::TargetAssignmentMember {
            group_id: group_id.clone(),
            member_id,
            partitions: Some(partitions),
        };
        write(groups, step, record);
    }
    let record = ShareGroupRecord::TargetAssignmentMetadata {
        group_id: group_id.clone(),
        assignment_epoch: Some(epoch),
    };
    write(groups, step, record);
}

/// The members in the order of the hash table that Kafka has them in.
fn spec(group: &ShareGroup) -> GroupSpec {
    let members = group.members.iter().map(|(id, member)| {
        let names = member.metadata.subscribed_topic_names.iter();
        let part = group.target_assignment.get(id);
        MemberSpec {
            member_id: id.clone(),
            instance_id: None,
            subscribed: names
                .filter_map(|name| Some(group.topics.get(name)?.id))
                .collect(),
            assigned: part.cloned().unwrap_or_default(),
        }
    });
    let members = in_hash_order(members.collect(), |it: &MemberSpec| {
        hash_of_text(&it.member_id)
    });
    let mut subscriptions = group.members.values();
    let mut subscriptions = subscriptions
        .by_ref()
        .map(|member| &member.metadata.subscribed_topic_names);
    let first = subscriptions.next();
    let subscription_type = match subscriptions.all(|topics| Some(topics) == first) {
        true => SubscriptionType::Homogeneous,
        false => SubscriptionType::Heterogeneous,
    };
    GroupSpec {
        members,
        subscription_type,
    }
}

/// The member is no longer in the group (`shareGroupFenceMember`). The others
/// get what it had with the next assignment.
pub(in crate::coordinator) fn remove_member(
    groups: &mut ShareGroups,
    step: &mut Step,
    (group_id, member_id): (&String, &String),
    cause: RemovalCause,
) {
    let Some(member) = groups
        .get(group_id)
        .and_then(|it| it.members.get(member_id))
    else {
        return;
    };
    let client_id = member.metadata.client_id.clone();
    for record in ShareGroupRecord::without_member(group_id, member_id) {
        write(groups, step, record);
    }
    let topics = groups.get(group_id).map(|group| group.topics.clone());
    bump_if_changed(
        groups,
        step,
        (group_id, &topics.unwrap_or_default()),
        |_| true,
    );
    step.cancel_session(group_id, member_id);
    step.event_if_written(GroupEvent::MemberRemoved {
        group: group_id.clone(),
        member_id: member_id.clone(),
        client_id,
        cause,
    });
}

/// Expects the next heartbeat within the session timeout.
pub(in crate::coordinator) fn schedule_session(step: &mut Step, group_id: &str, member_id: &str) {
    let timer = Timer::Session {
        group: group_id.to_owned(),
        member_id: member_id.to_owned(),
    };
    step.schedule(step.share_session_timeout_ms(group_id), timer);
}

fn listed(partitions: &PartitionsByTopic) -> Vec<ShareGroupTopicPartitions> {
    let topics = partitions.iter();
    topics
        .map(|(topic_id, partitions)| ShareGroupTopicPartitions {
            topic_id: *topic_id,
            partitions: partitions.iter().copied().collect(),
        })
        .collect()
}
