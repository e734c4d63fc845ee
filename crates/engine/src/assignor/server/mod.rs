//! The assignors that the group coordinator runs itself, for groups of the
//! protocol of KIP-848: who of the group is to read what.
//!
//! They are sticky: what a member was to read before, it keeps where balance
//! allows. Source: `org.apache.kafka.coordinator.group.assignor`.

use crate::collections::{BTreeMap, BTreeSet};

use super::compare_as_java;
use crate::protocol::TopicId;

mod range;
pub mod simple;
mod uniform;

/// Partitions of topics by the topic's id. A topic of which there are none is
/// left out.
pub type PartitionsByTopic = BTreeMap<TopicId, BTreeSet<i32>>;

/// How many partitions each topic has, by its id.
pub type PartitionCounts = BTreeMap<TopicId, i32>;

/// The result: what each member, by its id, is to read.
pub type GroupAssignment = BTreeMap<String, PartitionsByTopic>;

/// One member of the group
/// (`org.apache.kafka.coordinator.group.modern.MemberSubscriptionAndAssignmentImpl`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemberSpec {
    /// Its `member.id`.
    pub member_id: String,
    /// Its `group.instance.id` when it is a static member.
    pub instance_id: Option<String>,
    /// The topics it subscribes to. Those without a count are passed over.
    pub subscribed: BTreeSet<TopicId>,
    /// What it was to read before: its part of the last target assignment.
    pub assigned: PartitionsByTopic,
}

/// Whether all members subscribe to the same topics
/// (`org.apache.kafka.coordinator.group.api.assignor.SubscriptionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubscriptionType {
    /// They do.
    Homogeneous,
    /// They do not.
    Heterogeneous,
}

/// The group as an assignor sees it
/// (`org.apache.kafka.coordinator.group.modern.GroupSpecImpl`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupSpec {
    /// The members, in the order in which the coordinator goes through them.
    /// For the uniform assignor it decides who gets what is left over.
    pub members: Vec<MemberSpec>,
    /// Whether they subscribe to the same topics.
    pub subscription_type: SubscriptionType,
}

/// The assignors there are (`group.consumer.assignors`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerAssignor {
    /// The same number of partitions for each member, whatever the topic.
    Uniform,
    /// Of each topic a run of partitions for each member.
    Range,
}

impl ServerAssignor {
    /// All of them, the one used unless a member asks for another first.
    pub const ALL: [ServerAssignor; 2] = [ServerAssignor::Uniform, ServerAssignor::Range];

    /// Its name in Kafka, such as `uniform`.
    pub fn name(self) -> &'static str {
        match self {
            ServerAssignor::Uniform => "uniform",
            ServerAssignor::Range => "range",
        }
    }

    /// The assignor that is this class, by its full name.
    pub fn by_class(class: &str) -> Option<ServerAssignor> {
        match class.strip_prefix("org.apache.kafka.coordinator.group.assignor.")? {
            "UniformAssignor" => Some(ServerAssignor::Uniform),
            "RangeAssignor" => Some(ServerAssignor::Range),
            _ => None,
        }
    }

    /// The assignor with this name.
    pub fn by_name(name: &str) -> Option<ServerAssignor> {
        let mut all = ServerAssignor::ALL.into_iter();
        all.find(|assignor| assignor.name() == name)
    }

    /// What each member is to read: every member has an entry, and every
    /// partition of a topic that somebody subscribes to is with one of them.
    pub fn assign(self, group: &GroupSpec, topics: &PartitionCounts) -> GroupAssignment {
        match self {
            ServerAssignor::Uniform => uniform::assign(group, topics),
            ServerAssignor::Range => range::assign(&group.members, topics),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 members and 10 topics of 1,000 partitions. Each member subscribes
    /// to `subscribed` topics, from one that depends on its number on.
    fn large_group(subscribed: u8) -> (GroupSpec, PartitionCounts) {
        let topic = |number: u8| TopicId([number; 16]);
        let members = (0..1_000_u32).map(|number| MemberSpec {
            member_id: format!("m{number:04}"),
            subscribed: (0..subscribed)
                .map(|it| topic(((number + u32::from(it)) % 10) as u8))
                .collect(),
            ..MemberSpec::default()
        });
        let group = GroupSpec {
            members: members.collect(),
            subscription_type: match subscribed {
                10 => SubscriptionType::Homogeneous,
                _ => SubscriptionType::Heterogeneous,
            },
        };
        let counts = (0..10).map(|number| (topic(number), 1_000));
        (group, counts.collect())
    }

    #[test]
    fn a_thousand_members_share_ten_thousand_partitions_evenly() {
        for assignor in ServerAssignor::ALL {
            for subscribed in [10, 3] {
                let (group, counts) = large_group(subscribed);
                let assignment = assignor.assign(&group, &counts);
                let name = assignor.name();
                let sizes: BTreeSet<usize> = sizes(&assignment).collect();
                let (least, most) = (sizes.first().unwrap(), sizes.last().unwrap());
                // With mixed subscriptions uniform may miss by one, and of range
                // each topic may bring one more.
                let allowed = match (assignor, subscribed) {
                    (ServerAssignor::Uniform, 10) => 0,
                    (ServerAssignor::Uniform, _) => 2,
                    (ServerAssignor::Range, _) => usize::from(subscribed),
                };
                assert!(most - least <= allowed, "{name}: {sizes:?}");
            }
        }
    }

    #[test]
    fn who_is_left_keeps_what_it_had() {
        let (mut group, counts) = large_group(10);
        let before = ServerAssignor::Uniform.assign(&group, &counts);
        group.members.remove(500);
        for member in &mut group.members {
            member.assigned = before[&member.member_id].clone();
        }
        let after = ServerAssignor::Uniform.assign(&group, &counts);
        assert_eq!(
            sizes(&after).sum::<usize>(),
            10_000,
            "nothing is left unread"
        );
        for (member_id, part) in &after {
            for (topic, partitions) in &before[member_id] {
                assert!(part[topic].is_superset(partitions), "{member_id}");
            }
        }
    }

    fn sizes(assignment: &GroupAssignment) -> impl Iterator<Item = usize> {
        let parts = assignment.values();
        parts.map(|part| part.values().map(|of| of.len()).sum())
    }
}
