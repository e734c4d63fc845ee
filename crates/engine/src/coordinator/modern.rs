//! What is written to `__consumer_offsets` of a group whose members the
//! coordinator gives their partitions: a group of KIP-848, or a share group
//! (`org.apache.kafka.coordinator.group.modern.ModernGroup`).
//!
//! A record without a value, a tombstone, takes back what the earlier ones of
//! its key said (`GroupCoordinatorRecordHelpers`).

use crate::collections::BTreeMap;

use super::consumer_group::TopicMetadata;
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{GroupTopicPartitions, TopicName};

/// A record of a group. All the group's state is in such records: replayed in
/// their order they make the group again. `M` is who a member is, `A` how far it
/// is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModernGroupRecord<M, A> {
    /// The group's epoch (`*GroupMetadataKey`, `-Value`).
    Metadata {
        /// The group.
        group_id: String,
        /// The epoch; `None` when the group is gone.
        epoch: Option<i32>,
    },
    /// The topics that the group subscribes to, those that there are
    /// (`*GroupPartitionMetadataKey`, `-Value`).
    PartitionMetadata {
        /// The group.
        group_id: String,
        /// The topics by name.
        topics: Option<BTreeMap<TopicName, TopicMetadata>>,
    },
    /// Who a member is, and what it asks for
    /// (`*GroupMemberMetadataKey`, `-Value`).
    MemberMetadata {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// What is known of it; `None` when it is gone.
        metadata: Option<M>,
    },
    /// The epoch of the target assignment
    /// (`*GroupTargetAssignmentMetadataKey`, `-Value`).
    TargetAssignmentMetadata {
        /// The group.
        group_id: String,
        /// The group epoch for which it was computed.
        assignment_epoch: Option<i32>,
    },
    /// A member's part of the target assignment
    /// (`*GroupTargetAssignmentMemberKey`, `-Value`).
    TargetAssignmentMember {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// What it is to read in the end.
        partitions: Option<PartitionsByTopic>,
    },
    /// How far a member is
    /// (`*GroupCurrentMemberAssignmentKey`, `-Value`).
    CurrentMemberAssignment {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// Its epoch, and what it has.
        assignment: Option<A>,
    },
}

impl<M, A> ModernGroupRecord<M, A> {
    /// The group it is about.
    pub fn group_id(&self) -> &str {
        match self {
            ModernGroupRecord::Metadata { group_id, .. }
            | ModernGroupRecord::PartitionMetadata { group_id, .. }
            | ModernGroupRecord::MemberMetadata { group_id, .. }
            | ModernGroupRecord::TargetAssignmentMetadata { group_id, .. }
            | ModernGroupRecord::TargetAssignmentMember { group_id, .. }
            | ModernGroupRecord::CurrentMemberAssignment { group_id, .. } => group_id,
        }
    }

    /// Whether it takes back what earlier records of its key said.
    pub fn is_tombstone(&self) -> bool {
        match self {
            ModernGroupRecord::Metadata { epoch, .. } => epoch.is_none(),
            ModernGroupRecord::PartitionMetadata { topics, .. } => topics.is_none(),
            ModernGroupRecord::MemberMetadata { metadata, .. } => metadata.is_none(),
            ModernGroupRecord::TargetAssignmentMetadata {
                assignment_epoch, ..
            } => assignment_epoch.is_none(),
            ModernGroupRecord::TargetAssignmentMember { partitions, .. } => partitions.is_none(),
            ModernGroupRecord::CurrentMemberAssignment { assignment, .. } => assignment.is_none(),
        }
    }

    pub(super) fn metadata(group_id: &str, epoch: i32) -> Self {
        ModernGroupRecord::Metadata {
            group_id: group_id.to_owned(),
            epoch: Some(epoch),
        }
    }

    pub(super) fn partition_metadata(
        group_id: &str,
        topics: BTreeMap<TopicName, TopicMetadata>,
    ) -> Self {
        ModernGroupRecord::PartitionMetadata {
            group_id: group_id.to_owned(),
            topics: Some(topics),
        }
    }

    pub(super) fn member_metadata(group_id: &str, member_id: &str, metadata: M) -> Self {
        ModernGroupRecord::MemberMetadata {
            group_id: group_id.to_owned(),
            member_id: member_id.to_owned(),
            metadata: Some(metadata),
        }
    }

    pub(super) fn target_assignment_epoch(group_id: &str, epoch: i32) -> Self {
        ModernGroupRecord::TargetAssignmentMetadata {
            group_id: group_id.to_owned(),
            assignment_epoch: Some(epoch),
        }
    }

    pub(super) fn target_assignment(
        group_id: &str,
        member_id: &str,
        partitions: PartitionsByTopic,
    ) -> Self {
        ModernGroupRecord::TargetAssignmentMember {
            group_id: group_id.to_owned(),
            member_id: member_id.to_owned(),
            partitions: Some(partitions),
        }
    }

    pub(super) fn current_assignment(group_id: &str, member_id: &str, assignment: A) -> Self {
        ModernGroupRecord::CurrentMemberAssignment {
            group_id: group_id.to_owned(),
            member_id: member_id.to_owned(),
            assignment: Some(assignment),
        }
    }

    /// The tombstones that take a member back, in the order that matters.
    pub(super) fn without_member(group_id: &str, member_id: &str) -> [Self; 3] {
        let (group_id, member_id) = (group_id.to_owned(), member_id.to_owned());
        [
            ModernGroupRecord::CurrentMemberAssignment {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                assignment: None,
            },
            ModernGroupRecord::TargetAssignmentMember {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                partitions: None,
            },
            ModernGroupRecord::MemberMetadata {
                group_id,
                member_id,
                metadata: None,
            },
        ]
    }

    /// The tombstones that take a group without members back.
    pub(super) fn without_group(group_id: &str) -> [Self; 3] {
        let group_id = group_id.to_owned();
        [
            ModernGroupRecord::TargetAssignmentMetadata {
                group_id: group_id.clone(),
                assignment_epoch: None,
            },
            ModernGroupRecord::PartitionMetadata {
                group_id: group_id.clone(),
                topics: None,
            },
            ModernGroupRecord::Metadata {
                group_id,
                epoch: None,
            },
        ]
    }
}

/// Partitions as a heartbeat's answer tells them.
pub(super) fn listed(partitions: &PartitionsByTopic) -> Vec<GroupTopicPartitions> {
    let topics = partitions.iter();
    topics
        .map(|(topic_id, partitions)| GroupTopicPartitions {
            topic_id: *topic_id,
            partitions: partitions.iter().copied().collect(),
        })
        .collect()
}
