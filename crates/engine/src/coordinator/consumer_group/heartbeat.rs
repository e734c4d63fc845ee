//! A heartbeat of a member that is in the group, or joins it
//! (`GroupMetadataManager.consumerGroupHeartbeat`).
//!
//! First the member is made or updated; when its subscription changed, or the
//! topics did, the group's epoch is bumped. Then, if the group's epoch is ahead
//! of the target assignment's, a new one is computed. At last the member comes a
//! step nearer to the target assignment.

use crate::collections::BTreeMap;

use super::ConsumerGroups;
use super::config::ConsumerGroupConfig;
use super::current_assignment::Target;
use super::error::GroupError;
use super::event::{ConsumerGroupEvent, EpochBumpCause};
use super::group::ConsumerGroup;
use super::member::{ConsumerGroupMember, MemberState};
use super::record::ConsumerGroupRecord;
use super::step::Step;
use super::subscribe::{self, Sender};
use super::subscriptions::Subscriptions;
use super::target_assignment::NewGroup;
use super::topics::{TopicMetadata, TopicsImage};
use crate::assignor::server::PartitionsByTopic;
use crate::coordinator::modern::listed;
use crate::protocol::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, ErrorCode,
    JOIN_GROUP_MEMBER_EPOCH, TopicName,
};
use crate::sim::Time;

impl ConsumerGroups {
    pub(super) fn regular_heartbeat(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        step: &mut Step,
    ) -> Result<ConsumerGroupHeartbeatResponse, GroupError> {
        let member_id = match request.member_id.as_str() {
            "" => self.new_member_id(),
            member_id => member_id.to_owned(),
        };
        let new;
        let group = match self.groups.get(&request.group_id) {
            Some(group) => group,
            None if request.member_epoch == JOIN_GROUP_MEMBER_EPOCH => {
                new = ConsumerGroup::new(&request.group_id);
                &new
            }
            None => return Err(no_such_group(&request.group_id)),
        };
        refuse_when_full(&self.config, group, &member_id)?;
        let sender = match &request.instance_id {
            None => subscribe::dynamic(group, &member_id, request, step)?,
            Some(instance) => subscribe::fixed(group, &member_id, instance, request, step)?,
        };
        let heartbeat = Heartbeat {
            config: &self.config,
            image: &self.image,
            group,
            sender: &sender,
            request,
        };
        let beaten = heartbeat.beat(step)?;
        self.set_timers(&request.group_id, &beaten, step.now);
        Ok(self.answer(request, &sender.member, beaten.member))
    }

    fn set_timers(&mut self, group_id: &str, beaten: &Beaten, now: Time) {
        let group = self.groups.get_mut(&group_id.to_owned());
        if let Some(group) = group.filter(|_| beaten.is_refreshed) {
            let until = now.plus_ms(self.config.metadata_refresh_interval_ms);
            group.set_metadata_refresh_deadline(until, beaten.group_epoch);
        }
        if beaten.is_reconciled {
            match beaten.member.state {
                MemberState::UnrevokedPartitions => {
                    self.start_rebalance_timer(group_id, &beaten.member, now);
                }
                _ => self.cancel_rebalance_timer(group_id, &beaten.member.id),
            }
        }
        self.start_session_timer(group_id, &beaten.member.id, now);
    }

    /// The assignment is told to a member that tells everything itself, as it
    /// does when it joins or had an error, and when it has changed.
    fn answer(
        &self,
        request: &ConsumerGroupHeartbeatRequest,
        before: &ConsumerGroupMember,
        now: ConsumerGroupMember,
    ) -> ConsumerGroupHeartbeatResponse {
        let tells_everything = request.rebalance_timeout_ms != -1
            && request.subscribed_topic_names.is_some()
            && request.topic_partitions.is_some();
        let is_due = request.member_epoch == JOIN_GROUP_MEMBER_EPOCH
            || tells_everything
            || now.assigned != before.assigned;
        ConsumerGroupHeartbeatResponse {
            error_code: ErrorCode::None,
            error_message: None,
            member_id: Some(now.id),
            member_epoch: now.epoch,
            heartbeat_interval_ms: self.heartbeat_interval_ms(&request.group_id),
            assignment: is_due.then(|| listed(&now.assigned)),
        }
    }
}

fn no_such_group(group_id: &str) -> GroupError {
    let message = format!("Consumer group {group_id} not found.");
    GroupError::new(ErrorCode::GroupIdNotFound, message)
}

/// A full group takes nobody in (`throwIfConsumerGroupIsFull`).
fn refuse_when_full(
    config: &ConsumerGroupConfig,
    group: &ConsumerGroup,
    member_id: &str,
) -> Result<(), GroupError> {
    let max = config.max_size;
    let is_full = group.members().len() >= usize::try_from(max).unwrap_or(0);
    if is_full && group.member(member_id).is_none() {
        return Err(GroupError::new(
            ErrorCode::GroupMaxSizeReached,
            format!("The consumer group has reached its maximum capacity of {max} members."),
        ));
    }
    Ok(())
}

/// A heartbeat that counts, and what it is about.
struct Heartbeat<'a> {
    config: &'a ConsumerGroupConfig,
    image: &'a TopicsImage,
    /// As it is written; empty when it is new.
    group: &'a ConsumerGroup,
    sender: &'a Sender,
    request: &'a ConsumerGroupHeartbeatRequest,
}

/// What a heartbeat came to.
struct Beaten {
    member: ConsumerGroupMember,
    /// The member was brought further.
    is_reconciled: bool,
    group_epoch: i32,
    /// The topics were looked at.
    is_refreshed: bool,
}

/// What the group subscribes to.
struct Subscribed {
    group_epoch: i32,
    /// The topics as they are now; `None` when they were not looked at.
    topics: Option<BTreeMap<TopicName, TopicMetadata>>,
}

impl Heartbeat<'_> {
    fn beat(&self, step: &mut Step) -> Result<Beaten, GroupError> {
        let group = self.group;
        let updated = self.updated_member(step);
        let has_subscribed = self.write_member(&updated, step);
        let subscribed = self.subscribed(&updated, has_subscribed, step);
        let (epoch, assignment) = if subscribed.group_epoch > group.assignment_epoch() {
            let assignment = self.assign(&updated, &subscribed, step);
            (subscribed.group_epoch, assignment)
        } else {
            let before = self.sender.replaced.as_ref().unwrap_or(&updated.id);
            (group.assignment_epoch(), group.target_assignment(before))
        };
        let target = Target {
            epoch,
            assignment: &assignment,
            group,
            owned: self.request.topic_partitions.as_deref(),
        };
        let member = target.reconcile(&updated)?;
        let is_reconciled = member != updated;
        if is_reconciled {
            self.write_reconciled(&member, step);
        }
        Ok(Beaten {
            member,
            is_reconciled,
            group_epoch: subscribed.group_epoch,
            is_refreshed: subscribed.topics.is_some(),
        })
    }

    /// The member with what the heartbeat tells of it.
    fn updated_member(&self, step: &Step) -> ConsumerGroupMember {
        let mut member = self.sender.member.clone();
        let (told, known) = (self.request, &mut member.metadata);
        if told.instance_id.is_some() {
            known.instance_id.clone_from(&told.instance_id);
        }
        if told.rack_id.is_some() {
            known.rack_id.clone_from(&told.rack_id);
        }
        if told.rebalance_timeout_ms != -1 {
            known.rebalance_timeout_ms = told.rebalance_timeout_ms;
        }
        if told.server_assignor.is_some() {
            known.server_assignor.clone_from(&told.server_assignor);
        }
        if let Some(topics) = &told.subscribed_topic_names {
            known.subscribed_topic_names = topics.iter().cloned().collect();
        }
        known.client_id.clone_from(&step.client_id);
        known.client_host.clone_from(&step.client_host);
        member
    }

    /// Writes what has changed with the member; tells whether it subscribes to
    /// other topics (`hasMemberSubscriptionChanged`).
    fn write_member(&self, updated: &ConsumerGroupMember, step: &mut Step) -> bool {
        let before = &self.sender.member;
        if updated.metadata != before.metadata {
            let (group_id, metadata) = (self.group.id(), updated.metadata.clone());
            let record = ConsumerGroupRecord::member_metadata(group_id, &updated.id, metadata);
            step.records.push(record);
        }
        updated.subscribed_topic_names() != before.subscribed_topic_names()
    }

    /// Looks at the topics again when the subscriptions have changed, or what
    /// is known of them is too old; bumps the epoch when anything has changed.
    fn subscribed(
        &self,
        updated: &ConsumerGroupMember,
        has_subscribed: bool,
        step: &mut Step,
    ) -> Subscribed {
        let group = self.group;
        if !has_subscribed && !group.has_metadata_expired(step.now) {
            return Subscribed {
                group_epoch: group.epoch(),
                topics: None,
            };
        }
        let topics = self.subscriptions(updated).topics(self.image);
        let have_topics_changed = topics != *group.topics();
        if have_topics_changed {
            let record = ConsumerGroupRecord::partition_metadata(group.id(), topics.clone());
            step.records.push(record);
        }
        let mut group_epoch = group.epoch();
        if has_subscribed || have_topics_changed {
            group_epoch += 1;
            let member_id = updated.id.clone();
            let cause = match has_subscribed {
                true => EpochBumpCause::SubscriptionChanged { member_id },
                false => EpochBumpCause::TopicsChanged,
            };
            step.bump_epoch(group.id(), group_epoch, cause);
        }
        Subscribed {
            group_epoch,
            topics: Some(topics),
        }
    }

    fn subscriptions(&self, updated: &ConsumerGroupMember) -> Subscriptions {
        let replaced = self.sender.replaced.as_deref();
        self.group.subscriptions(Some(updated), replaced)
    }

    /// Computes a target assignment, and gives the member's part of it
    /// (`updateTargetAssignment`).
    fn assign(
        &self,
        updated: &ConsumerGroupMember,
        subscribed: &Subscribed,
        step: &mut Step,
    ) -> PartitionsByTopic {
        let new_group = NewGroup {
            group: self.group,
            epoch: subscribed.group_epoch,
            updated,
            replaced: self.sender.replaced.as_deref(),
            topics: subscribed.topics.as_ref().unwrap_or(self.group.topics()),
            subscription_type: self.subscriptions(updated).kind(),
        };
        let assignor = new_group.assignor(self.config);
        let assignment = new_group.assign(assignor);
        step.records.extend(new_group.records(&assignment));
        let part = assignment.get(&updated.id).cloned();
        step.event(ConsumerGroupEvent::TargetAssignmentComputed {
            group: self.group.id().to_owned(),
            epoch: subscribed.group_epoch,
            assignor,
            assignment: assignment.into_iter().collect(),
        });
        part.unwrap_or_default()
    }

    fn write_reconciled(&self, member: &ConsumerGroupMember, step: &mut Step) {
        let (group_id, assignment) = (self.group.id(), member.current_assignment());
        let record = ConsumerGroupRecord::current_assignment(group_id, &member.id, assignment);
        step.records.push(record);
        step.event(ConsumerGroupEvent::MemberReconciled {
            group: self.group.id().to_owned(),
            member_id: member.id.clone(),
            epoch: member.epoch,
            state: member.state,
            assigned: member.assigned.clone(),
            pending_revocation: member.pending_revocation.clone(),
        });
    }
}
