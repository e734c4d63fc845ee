use crate::collections::BTreeMap;
use std::fmt;

use super::event::ConsumerGroupEvent;
use super::member::ConsumerGroupMember;
use super::topics::TopicMetadata;
use crate::assignor::server::PartitionsByTopic;
use crate::coordinator::runtime::{TimelineMap, TimelineObject, WriteNumber};
use crate::protocol::{TopicId, TopicName};
use crate::sim::Time;

/// The state of a group of this protocol
/// (`org.apache.kafka.coordinator.group.modern.consumer.ConsumerGroup.ConsumerGroupState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsumerGroupState {
    /// It has no members; perhaps committed offsets.
    Empty,
    /// It waits for a target assignment of its epoch.
    Assigning,
    /// Its members are on their way to the target assignment.
    Reconciling,
    /// All members have what they are to read.
    Stable,
    /// It is gone.
    Dead,
}

impl ConsumerGroupState {
    /// Kafka's name of the state, such as `Reconciling`.
    pub fn name(self) -> &'static str {
        match self {
            ConsumerGroupState::Empty => "Empty",
            ConsumerGroupState::Assigning => "Assigning",
            ConsumerGroupState::Reconciling => "Reconciling",
            ConsumerGroupState::Stable => "Stable",
            ConsumerGroupState::Dead => "Dead",
        }
    }
}

impl fmt::Display for ConsumerGroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Until when what is known of the topics counts, and at which group epoch
/// that was found: an epoch that was never reached, because its records were
/// not written, makes it void. It is not written to the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct MetadataRefreshDeadline {
    at: Time,
    group_epoch: i32,
}

/// One group of the consumer group protocol
/// (`org.apache.kafka.coordinator.group.modern.consumer.ConsumerGroup`). Each of
/// its parts remembers by itself what writes changed: a member's heartbeat writes
/// one member of what may be a thousand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroup {
    id: String,
    state: TimelineObject<ConsumerGroupState>,
    epoch: TimelineObject<i32>,
    assignment_epoch: TimelineObject<i32>,
    members: TimelineMap<String, ConsumerGroupMember>,
    /// The member id of each `group.instance.id`.
    static_members: TimelineMap<String, String>,
    /// What is known of the topics its members subscribe to.
    topics: TimelineObject<BTreeMap<TopicName, TopicMetadata>>,
    /// Each member's part of the target assignment.
    target_assignment: TimelineMap<String, PartitionsByTopic>,
    /// The epoch of the member that has a partition.
    partition_epochs: TimelineMap<(TopicId, i32), i32>,
    metadata_refresh: MetadataRefreshDeadline,
}

impl ConsumerGroup {
    pub(super) fn new(id: &str) -> ConsumerGroup {
        ConsumerGroup {
            id: id.to_owned(),
            state: TimelineObject::new(ConsumerGroupState::Empty),
            epoch: TimelineObject::default(),
            assignment_epoch: TimelineObject::default(),
            members: TimelineMap::default(),
            static_members: TimelineMap::default(),
            topics: TimelineObject::default(),
            target_assignment: TimelineMap::default(),
            partition_epochs: TimelineMap::default(),
            metadata_refresh: MetadataRefreshDeadline::default(),
        }
    }

    /// The group's name (`group.id`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its state.
    pub fn state(&self) -> ConsumerGroupState {
        *self.state.get()
    }

    /// How often its members, their subscriptions or its topics have changed.
    pub fn epoch(&self) -> i32 {
        *self.epoch.get()
    }

    /// The group epoch for which the target assignment was computed.
    pub fn assignment_epoch(&self) -> i32 {
        *self.assignment_epoch.get()
    }

    /// Its members, by id.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &ConsumerGroupMember> {
        self.members.current().values()
    }

    /// The member with this id.
    pub fn member(&self, member_id: &str) -> Option<&ConsumerGroupMember> {
        self.members.current().get(member_id)
    }

    /// The member with this `group.instance.id`.
    pub fn static_member(&self, instance_id: &str) -> Option<&ConsumerGroupMember> {
        self.member(self.static_members.current().get(instance_id)?)
    }

    /// What is known of the topics its members subscribe to.
    pub(super) fn topics(&self) -> &BTreeMap<TopicName, TopicMetadata> {
        self.topics.get()
    }

    /// The member's part of the target assignment; empty when it has none.
    pub fn target_assignment(&self, member_id: &str) -> PartitionsByTopic {
        let part = self.target_part(member_id);
        part.cloned().unwrap_or_default()
    }

    /// The member's part of the target assignment, if it has one.
    pub(super) fn target_part(&self, member_id: &str) -> Option<&PartitionsByTopic> {
        self.target_assignment.current().get(member_id)
    }

    /// Whether a member subscribes to this topic.
    pub fn is_subscribed_to(&self, topic: &str) -> bool {
        self.members()
            .any(|member| member.subscribed_topic_names().contains(topic))
    }

    /// The epoch of the member that has this partition, or is still to give it
    /// up; `None` when it is free.
    pub(super) fn partition_epoch(&self, topic_id: TopicId, partition: i32) -> Option<i32> {
        self.partition_epochs.get(&(topic_id, partition)).copied()
    }

    /// Whether what is known of the topics is too old to be relied on.
    pub(super) fn has_metadata_expired(&self, now: Time) -> bool {
        now >= self.metadata_refresh.at || self.epoch() < self.metadata_refresh.group_epoch
    }

    pub(super) fn set_metadata_refresh_deadline(&mut self, at: Time, group_epoch: i32) {
        self.metadata_refresh = MetadataRefreshDeadline { at, group_epoch };
    }

    /// The next heartbeat is to look at the topics again.
    pub(super) fn request_metadata_refresh(&mut self) {
        self.metadata_refresh = MetadataRefreshDeadline::default();
    }

    pub(super) fn set_epoch(&mut self, write: WriteNumber, epoch: i32) {
        self.epoch.set(write, epoch);
    }

    pub(super) fn set_assignment_epoch(&mut self, write: WriteNumber, epoch: i32) {
        self.assignment_epoch.set(write, epoch);
    }

    pub(super) fn set_topics(
        &mut self,
        write: WriteNumber,
        topics: BTreeMap<TopicName, TopicMetadata>,
    ) {
        self.topics.set(write, topics);
    }

    /// Sets a member's part of the target assignment, or takes it out.
    pub(super) fn set_target_part(
        &mut self,
        write: WriteNumber,
        member_id: String,
        part: Option<PartitionsByTopic>,
    ) {
        match part {
            Some(part) => self.target_assignment.insert(write, member_id, part),
            None => self.target_assignment.remove(write, &member_id),
        }
    }

    /// Puts a member in the place of the one with its id.
    pub(super) fn update_member(&mut self, write: WriteNumber, member: ConsumerGroupMember) {
        if let Some(old) = self.members.get(&member.id) {
            free(&mut self.partition_epochs, write, old);
        }
        for partition in partitions_of(&member) {
            self.partition_epochs.insert(write, partition, member.epoch);
        }
        if let Some(instance_id) = member.instance_id() {
            self.static_members
                .insert(write, instance_id.to_owned(), member.id.clone());
        }
        self.members.insert(write, member.id.clone(), member);
    }

    /// Takes a member out.
    pub(super) fn remove_member(&mut self, write: WriteNumber, member_id: &str) {
        let member_id = member_id.to_owned();
        let Some(member) = self.members.get(&member_id) else {
            return;
        };
        free(&mut self.partition_epochs, write, member);
        if let Some(instance_id) = member.instance_id() {
            self.static_members.remove(write, &instance_id.to_owned());
        }
        self.members.remove(write, &member_id);
    }

    /// The group as it was at the last commit.
    pub(super) fn committed(&self) -> ConsumerGroup {
        let mut group = self.clone();
        group.revert(WriteNumber::MIN);
        group
    }

    /// All writes up to this one are committed.
    pub(super) fn commit(&mut self, until: WriteNumber) {
        self.state.commit(until);
        self.epoch.commit(until);
        self.assignment_epoch.commit(until);
        self.members.commit(until);
        self.static_members.commit(until);
        self.topics.commit(until);
        self.target_assignment.commit(until);
        self.partition_epochs.commit(until);
    }

    /// This write is not in the log: the group is as it was before.
    pub(super) fn revert(&mut self, from: WriteNumber) {
        self.state.revert(from);
        self.epoch.revert(from);
        self.assignment_epoch.revert(from);
        self.members.revert(from);
        self.static_members.revert(from);
        self.topics.revert(from);
        self.target_assignment.revert(from);
        self.partition_epochs.revert(from);
    }

    /// Enters the state that follows from the epochs and the members
    /// (`ConsumerGroup.maybeUpdateGroupState`). `events` are those of one write,
    /// whose records are replayed one by one: what the group was in between is
    /// not told.
    pub(super) fn update_state(
        &mut self,
        write: WriteNumber,
        events: &mut Vec<ConsumerGroupEvent>,
    ) {
        let from = self.state();
        let assignment_epoch = self.assignment_epoch();
        let is_reconciled =
            |member: &ConsumerGroupMember| member.is_reconciled_to(assignment_epoch);
        let state = if self.members().len() == 0 {
            ConsumerGroupState::Empty
        } else if self.epoch() > assignment_epoch {
            ConsumerGroupState::Assigning
        } else if self.members().all(is_reconciled) {
            ConsumerGroupState::Stable
        } else {
            ConsumerGroupState::Reconciling
        };
        if state != from {
            self.state.set(write, state);
            self.tell_state(from, events);
        }
    }

    fn tell_state(&self, mut from: ConsumerGroupState, events: &mut Vec<ConsumerGroupEvent>) {
        events.retain(|event| match event {
            ConsumerGroupEvent::StateChanged {
                group,
                from: earlier,
                ..
            } if *group == self.id => {
                from = *earlier;
                false
            }
            _ => true,
        });
        if self.state() != from {
            events.push(ConsumerGroupEvent::StateChanged {
                group: self.id.clone(),
                from,
                to: self.state(),
            });
        }
    }
}

/// Frees the partitions of a member, unless another has taken them since.
fn free(
    epochs: &mut TimelineMap<(TopicId, i32), i32>,
    write: WriteNumber,
    member: &ConsumerGroupMember,
) {
    for partition in partitions_of(member) {
        if epochs.get(&partition) == Some(&member.epoch) {
            epochs.remove(write, &partition);
        }
    }
}

/// All that a member has, also what it is to give up.
fn partitions_of(member: &ConsumerGroupMember) -> impl Iterator<Item = (TopicId, i32)> {
    let topics = member.assigned.iter().chain(&member.pending_revocation);
    topics.flat_map(|(id, partitions)| partitions.iter().map(|partition| (*id, *partition)))
}
