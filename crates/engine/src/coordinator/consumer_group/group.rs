use crate::collections::BTreeMap;
use std::fmt;

use super::event::ConsumerGroupEvent;
use super::member::ConsumerGroupMember;
use super::topics::{TopicMetadata, TopicsImage};
use crate::assignor::server::{PartitionsByTopic, SubscriptionType};
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
/// (`org.apache.kafka.coordinator.group.modern.consumer.ConsumerGroup`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroup {
    pub(super) id: String,
    pub(super) state: ConsumerGroupState,
    pub(super) epoch: i32,
    pub(super) assignment_epoch: i32,
    pub(super) members: BTreeMap<String, ConsumerGroupMember>,
    /// The member id of each `group.instance.id`.
    pub(super) static_members: BTreeMap<String, String>,
    /// What is known of the topics its members subscribe to.
    pub(super) topics: BTreeMap<TopicName, TopicMetadata>,
    /// Each member's part of the target assignment.
    pub(super) target_assignment: BTreeMap<String, PartitionsByTopic>,
    /// The epoch of the member that has a partition.
    partition_epochs: BTreeMap<(TopicId, i32), i32>,
    metadata_refresh: MetadataRefreshDeadline,
}

impl ConsumerGroup {
    pub(super) fn new(id: &str) -> ConsumerGroup {
        ConsumerGroup {
            id: id.to_owned(),
            state: ConsumerGroupState::Empty,
            epoch: 0,
            assignment_epoch: 0,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            topics: BTreeMap::new(),
            target_assignment: BTreeMap::new(),
            partition_epochs: BTreeMap::new(),
            metadata_refresh: MetadataRefreshDeadline::default(),
        }
    }

    /// The group's name (`group.id`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its state.
    pub fn state(&self) -> ConsumerGroupState {
        self.state
    }

    /// How often its members, their subscriptions or its topics have changed.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// The group epoch for which the target assignment was computed.
    pub fn assignment_epoch(&self) -> i32 {
        self.assignment_epoch
    }

    /// Its members, by id.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &ConsumerGroupMember> {
        self.members.values()
    }

    /// The member with this id.
    pub fn member(&self, member_id: &str) -> Option<&ConsumerGroupMember> {
        self.members.get(member_id)
    }

    /// The member with this `group.instance.id`.
    pub fn static_member(&self, instance_id: &str) -> Option<&ConsumerGroupMember> {
        self.member(self.static_members.get(instance_id)?)
    }

    /// The member's part of the target assignment; empty when it has none.
    pub fn target_assignment(&self, member_id: &str) -> PartitionsByTopic {
        let part = self.target_assignment.get(member_id);
        part.cloned().unwrap_or_default()
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

    /// How many members subscribe to each topic, when `updated` is as given,
    /// and with it nothing of `replaced`.
    pub(super) fn subscriptions(
        &self,
        updated: Option<&ConsumerGroupMember>,
        replaced: Option<&str>,
    ) -> Subscriptions {
        let is_as_before = |member: &&ConsumerGroupMember| {
            Some(member.id.as_str()) != replaced
                && updated.is_none_or(|updated| updated.id != member.id)
        };
        let mut subscriptions = Subscriptions::default();
        for member in self.members().filter(is_as_before).chain(updated) {
            subscriptions.members += 1;
            for topic in member.subscribed_topic_names() {
                *subscriptions.subscribers.entry(topic.clone()).or_default() += 1;
            }
        }
        subscriptions
    }

    /// Whether what is known of the topics is too old to be relied on.
    pub(super) fn has_metadata_expired(&self, now: Time) -> bool {
        now >= self.metadata_refresh.at || self.epoch < self.metadata_refresh.group_epoch
    }

    pub(super) fn set_metadata_refresh_deadline(&mut self, at: Time, group_epoch: i32) {
        self.metadata_refresh = MetadataRefreshDeadline { at, group_epoch };
    }

    /// The next heartbeat is to look at the topics again.
    pub(super) fn request_metadata_refresh(&mut self) {
        self.metadata_refresh = MetadataRefreshDeadline::default();
    }

    /// Puts a member in the place of the one with its id.
    pub(super) fn update_member(&mut self, member: ConsumerGroupMember) {
        if let Some(old) = self.members.get(&member.id) {
            free(&mut self.partition_epochs, old);
        }
        for (topic_id, partition) in partitions_of(&member) {
            self.partition_epochs
                .insert((topic_id, partition), member.epoch);
        }
        if let Some(instance_id) = member.instance_id() {
            self.static_members
                .insert(instance_id.to_owned(), member.id.clone());
        }
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member out.
    pub(super) fn remove_member(&mut self, member_id: &str) {
        let Some(member) = self.members.remove(member_id) else {
            return;
        };
        free(&mut self.partition_epochs, &member);
        if let Some(instance_id) = member.instance_id() {
            self.static_members.remove(instance_id);
        }
    }

    /// Enters the state that follows from the epochs and the members
    /// (`ConsumerGroup.maybeUpdateGroupState`). `events` are those of one write,
    /// whose records are replayed one by one: what the group was in between is
    /// not told.
    pub(super) fn update_state(&mut self, events: &mut Vec<ConsumerGroupEvent>) {
        let from = self.state;
        self.state = if self.members.is_empty() {
            ConsumerGroupState::Empty
        } else if self.epoch > self.assignment_epoch {
            ConsumerGroupState::Assigning
        } else if self
            .members()
            .all(|member| member.is_reconciled_to(self.assignment_epoch))
        {
            ConsumerGroupState::Stable
        } else {
            ConsumerGroupState::Reconciling
        };
        if self.state != from {
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
        if self.state != from {
            events.push(ConsumerGroupEvent::StateChanged {
                group: self.id.clone(),
                from,
                to: self.state,
            });
        }
    }
}

/// Frees the partitions of a member, unless another has taken them since.
fn free(epochs: &mut BTreeMap<(TopicId, i32), i32>, member: &ConsumerGroupMember) {
    for partition in partitions_of(member) {
        if epochs.get(&partition) == Some(&member.epoch) {
            epochs.remove(&partition);
        }
    }
}

/// All that a member has, also what it is to give up.
fn partitions_of(member: &ConsumerGroupMember) -> impl Iterator<Item = (TopicId, i32)> {
    let topics = member.assigned.iter().chain(&member.pending_revocation);
    topics.flat_map(|(id, partitions)| partitions.iter().map(|partition| (*id, *partition)))
}

/// What the members of a group subscribe to.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscriptions {
    /// How many of them subscribe to each topic.
    subscribers: BTreeMap<TopicName, usize>,
    /// How many members there are.
    members: usize,
}

impl Subscriptions {
    /// Whether all subscribe to the same topics (`ModernGroup.subscriptionType`).
    pub(super) fn kind(&self) -> SubscriptionType {
        let mut counts = self.subscribers.values();
        match counts.all(|count| *count == self.members) {
            true => SubscriptionType::Homogeneous,
            false => SubscriptionType::Heterogeneous,
        }
    }

    /// What there is to know of the topics, those that there are
    /// (`ModernGroup.computeSubscriptionMetadata`).
    pub(super) fn topics(&self, image: &TopicsImage) -> BTreeMap<TopicName, TopicMetadata> {
        let names = self.subscribers.keys();
        names
            .filter_map(|name| Some((name.clone(), image.get(name)?.clone())))
            .collect()
    }
}
