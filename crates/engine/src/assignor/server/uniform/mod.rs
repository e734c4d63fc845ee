//! The uniform assignor: members get the same number of partitions, as nearly
//! as their subscriptions allow, and keep what they had where that allows it.
//!
//! Source: `org.apache.kafka.coordinator.group.assignor.UniformAssignor`.

mod balancer;
mod heterogeneous;
mod homogeneous;

use super::{GroupAssignment, GroupSpec, PartitionCounts, SubscriptionType};

pub(super) fn assign(group: &GroupSpec, topics: &PartitionCounts) -> GroupAssignment {
    match group.subscription_type {
        SubscriptionType::Homogeneous => homogeneous::assign(&group.members, topics),
        SubscriptionType::Heterogeneous => heterogeneous::assign(&group.members, topics),
    }
}
