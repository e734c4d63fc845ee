//! The assignors that the group coordinator runs itself, for groups of the
//! protocol of KIP-848: who of the group is to read what.
//!
//! They are sticky: what a member was to read before, it keeps where balance
//! allows. Source: `org.apache.kafka.coordinator.group.assignor`.

use std::collections::{BTreeMap, BTreeSet};

use super::compare_as_java;
use crate::protocol::TopicId;

mod range;
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
