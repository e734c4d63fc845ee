//! What the members of a group subscribe to together.

use crate::collections::BTreeMap;

use super::group::ConsumerGroup;
use super::member::ConsumerGroupMember;
use super::topics::{TopicMetadata, TopicsImage};
use crate::assignor::server::SubscriptionType;
use crate::protocol::TopicName;

impl ConsumerGroup {
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
