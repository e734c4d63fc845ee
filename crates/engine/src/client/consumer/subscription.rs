//! What a consumer wants to read (`SubscriptionState`).

use std::fmt;

use regex_lite::Regex;

use super::event::ConsumerEvent;
use super::{Consumer, Pending};
use crate::command::Refusal;
use crate::controller::INTERNAL_TOPICS;
use crate::protocol::{TopicName, TopicPartition};
use crate::sim::Fabric;
use crate::sorting::sort;

/// How a consumer comes by its partitions
/// (`SubscriptionState.SubscriptionType`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum SubscriptionType {
    /// It does not.
    #[default]
    None,
    /// Its group shares the partitions of these topics (`subscribe(topics)`).
    Topics(Vec<TopicName>),
    /// Its group shares the partitions of the topics whose whole name this
    /// regular expression matches (`subscribe(pattern)`).
    Pattern(String),
    /// It reads these, whoever else does (`assign()`).
    Partitions(Vec<TopicPartition>),
}

impl SubscriptionType {
    /// Whether the group decides who reads what.
    pub fn is_managed_by_group(&self) -> bool {
        matches!(
            self,
            SubscriptionType::Topics(_) | SubscriptionType::Pattern(_)
        )
    }

    /// Checks what a person gave.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] with the message of Kafka's
    /// `IllegalArgumentException`, or that the pattern is none.
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |text: &str| Err(Refusal::InvalidConfig(text.to_owned()));
        match self {
            SubscriptionType::Topics(topics) if topics.iter().any(|of| of.trim().is_empty()) => {
                refuse("Topic collection to subscribe to cannot contain null or empty topic")
            }
            SubscriptionType::Pattern(pattern) if pattern.is_empty() => {
                refuse("Topic pattern to subscribe to cannot be empty")
            }
            SubscriptionType::Pattern(pattern) => match whole_name(pattern) {
                Some(_) => Ok(()),
                None => Err(Refusal::InvalidConfig(format!(
                    "{pattern} is no regular expression that can be used here: mend it, or name \
                     the topics."
                ))),
            },
            SubscriptionType::Partitions(partitions)
                if partitions.iter().any(|of| of.topic.trim().is_empty()) =>
            {
                refuse("Topic partitions to assign to cannot have null or empty topic")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for SubscriptionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubscriptionType::None => f.write_str("nothing"),
            SubscriptionType::Topics(topics) => f.write_str(&topics.join(", ")),
            SubscriptionType::Pattern(pattern) => write!(f, "topics that match {pattern}"),
            SubscriptionType::Partitions(partitions) => {
                let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
                f.write_str(&names.join(", "))
            }
        }
    }
}

/// The expression for whole names, as Java's `Matcher.matches()` takes it.
fn whole_name(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

impl Consumer {
    /// `subscribe()`, `assign()` or `unsubscribe()`.
    pub(crate) fn subscribe(&mut self, fabric: &mut Fabric, to: SubscriptionType) {
        let was_managed = self.subscription_type.is_managed_by_group();
        let is_managed = to.is_managed_by_group();
        if was_managed && !is_managed {
            self.leave_group(fabric, "the consumer unsubscribed from all topics");
            self.revoke_all(fabric);
        }
        let subscription = to.to_string();
        self.tell(fabric, ConsumerEvent::Subscribed { subscription });
        self.subscription_type = to;
        self.connection.metadata.want_all(matches!(
            self.subscription_type,
            SubscriptionType::Pattern(_)
        ));
        match self.subscription_type.clone() {
            SubscriptionType::None => {
                self.subscription.clear();
                self.drop_all();
            }
            SubscriptionType::Topics(topics) => self.want_topics(topics),
            SubscriptionType::Pattern(_) => self.match_pattern(),
            SubscriptionType::Partitions(partitions) => {
                self.subscription.clear();
                self.assign_by_hand(partitions);
            }
        }
        if is_managed && !was_managed {
            self.drop_all();
        }
        self.connection.metadata.request_update_now();
        self.go_on(fabric);
    }

    pub(super) fn want_topics(&mut self, mut topics: Vec<TopicName>) {
        // A set, in the order of `TreeSet`, as it goes into the JoinGroup.
        sort(&mut topics);
        topics.dedup();
        for topic in &topics {
            self.connection.metadata.want(topic);
        }
        self.subscription = topics;
    }

    /// Takes the topics that there are now and that match
    /// (`ConsumerCoordinator.updatePatternSubscription`).
    pub(super) fn match_pattern(&mut self) {
        let SubscriptionType::Pattern(pattern) = &self.subscription_type else {
            return;
        };
        let Some(expression) = whole_name(pattern) else {
            return;
        };
        let excludes = self.config.exclude_internal_topics;
        let is_hidden = |topic: &str| excludes && INTERNAL_TOPICS.contains(&topic);
        let known = self.connection.metadata.topics();
        let matching: Vec<TopicName> = known
            .filter(|topic| expression.is_match(topic) && !is_hidden(topic))
            .cloned()
            .collect();
        self.want_topics(matching);
    }

    fn assign_by_hand(&mut self, partitions: Vec<TopicPartition>) {
        let has_group = self.config.has_group();
        for partition in &partitions {
            self.connection.metadata.want(&partition.topic);
        }
        self.assignment
            .retain(|partition, _| partitions.contains(partition));
        for partition in partitions {
            let assigned = self.assignment.entry(partition).or_default();
            assigned.knows_committed |= !has_group;
        }
        self.plan_auto_commit();
    }

    /// Nothing is assigned, and what was asked about it does not count.
    pub(super) fn drop_all(&mut self) {
        self.assignment.clear();
        self.completed_fetches.clear();
        let is_about_partitions = |pending: &Pending| {
            matches!(
                pending,
                Pending::OffsetFetch { .. } | Pending::ListOffsets { .. }
            )
        };
        self.pending
            .retain(|_, pending| !is_about_partitions(pending));
    }
}
