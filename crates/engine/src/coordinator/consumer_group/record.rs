//! What is written to `__consumer_offsets` of a group of this protocol.
//!
//! A record without a value, a tombstone, takes back what the earlier ones of
//! its key said (`GroupCoordinatorRecordHelpers`).

use std::collections::{BTreeMap, BTreeSet};

use super::member::{ConsumerGroupMember, MemberState};
use super::topics::TopicMetadata;
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::TopicName;

/// A record of a group. All the group's state is in such records: replayed in
/// their order they make the group again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConsumerGroupRecord {
    /// The group's epoch (`ConsumerGroupMetadataKey`, `-Value`).
    Metadata {
        /// The group.
        group_id: String,
        /// The epoch; `None` when the group is gone.
        epoch: Option<i32>,
    },
    /// The topics that the group subscribes to, those that there are
    /// (`ConsumerGroupPartitionMetadataKey`, `-Value`).
    PartitionMetadata {
        /// The group.
        group_id: String,
        /// The topics by name.
        topics: Option<BTreeMap<TopicName, TopicMetadata>>,
    },
    /// Who a member is, and what it asks for
    /// (`ConsumerGroupMemberMetadataKey`, `-Value`).
    MemberMetadata {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// What is known of it; `None` when it is gone.
        metadata: Option<MemberMetadata>,
    },
    /// The epoch of the target assignment
    /// (`ConsumerGroupTargetAssignmentMetadataKey`, `-Value`).
    TargetAssignmentMetadata {
        /// The group.
        group_id: String,
        /// The group epoch for which it was computed.
        assignment_epoch: Option<i32>,
    },
    /// A member's part of the target assignment
    /// (`ConsumerGroupTargetAssignmentMemberKey`, `-Value`).
    TargetAssignmentMember {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// What it is to read in the end.
        partitions: Option<PartitionsByTopic>,
    },
    /// How far a member is
    /// (`ConsumerGroupCurrentMemberAssignmentKey`, `-Value`).
    CurrentMemberAssignment {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// Its epoch, and what it has.
        assignment: Option<CurrentMemberAssignment>,
    },
}

/// Who a member is, and what it asks for (`ConsumerGroupMemberMetadataValue`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberMetadata {
    /// Its `group.instance.id`.
    pub instance_id: Option<String>,
    /// Its `client.rack`.
    pub rack_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from, such as `/127.0.0.1`.
    pub client_host: String,
    /// The topics it subscribes to.
    pub subscribed_topic_names: BTreeSet<TopicName>,
    /// How many milliseconds it may take to give partitions up.
    pub rebalance_timeout_ms: i32,
    /// The assignor it asks for.
    pub server_assignor: Option<String>,
}

impl Default for MemberMetadata {
    /// Of a member that has not said anything yet.
    fn default() -> Self {
        MemberMetadata {
            instance_id: None,
            rack_id: None,
            client_id: String::new(),
            client_host: String::new(),
            subscribed_topic_names: BTreeSet::new(),
            rebalance_timeout_ms: -1,
            server_assignor: None,
        }
    }
}

/// How far a member is (`ConsumerGroupCurrentMemberAssignmentValue`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CurrentMemberAssignment {
    /// Its epoch.
    pub member_epoch: i32,
    /// The epoch before.
    pub previous_member_epoch: i32,
    /// Its state.
    pub state: MemberState,
    /// What it may read.
    pub assigned_partitions: PartitionsByTopic,
    /// What it is to give up.
    pub partitions_pending_revocation: PartitionsByTopic,
}

impl ConsumerGroupRecord {
    /// The group it is about.
    pub fn group_id(&self) -> &str {
        match self {
            ConsumerGroupRecord::Metadata { group_id, .. }
            | ConsumerGroupRecord::PartitionMetadata { group_id, .. }
            | ConsumerGroupRecord::MemberMetadata { group_id, .. }
            | ConsumerGroupRecord::TargetAssignmentMetadata { group_id, .. }
            | ConsumerGroupRecord::TargetAssignmentMember { group_id, .. }
            | ConsumerGroupRecord::CurrentMemberAssignment { group_id, .. } => group_id,
        }
    }

    /// Whether it takes back what earlier records of its key said.
    pub fn is_tombstone(&self) -> bool {
        match self {
            ConsumerGroupRecord::Metadata { epoch, .. } => epoch.is_none(),
            ConsumerGroupRecord::PartitionMetadata { topics, .. } => topics.is_none(),
            ConsumerGroupRecord::MemberMetadata { metadata, .. } => metadata.is_none(),
            ConsumerGroupRecord::TargetAssignmentMetadata {
                assignment_epoch, ..
            } => assignment_epoch.is_none(),
            ConsumerGroupRecord::TargetAssignmentMember { partitions, .. } => partitions.is_none(),
            ConsumerGroupRecord::CurrentMemberAssignment { assignment, .. } => assignment.is_none(),
        }
    }

    pub(super) fn metadata(group_id: &str, epoch: i32) -> ConsumerGroupRecord {
        ConsumerGroupRecord::Metadata {
            group_id: group_id.to_owned(),
            epoch: Some(epoch),
        }
    }

    pub(super) fn partition_metadata(
        group_id: &str,
        topics: BTreeMap<TopicName, TopicMetadata>,
    ) -> ConsumerGroupRecord {
        ConsumerGroupRecord::PartitionMetadata {
            group_id: group_id.to_owned(),
            topics: Some(topics),
        }
    }

    pub(super) fn member_metadata(
        group_id: &str,
        member: &ConsumerGroupMember,
    ) -> ConsumerGroupRecord {
        ConsumerGroupRecord::MemberMetadata {
            group_id: group_id.to_owned(),
            member_id: member.id.clone(),
            metadata: Some(member.metadata.clone()),
        }
    }

    pub(super) fn target_assignment_epoch(group_id: &str, epoch: i32) -> ConsumerGroupRecord {
        ConsumerGroupRecord::TargetAssignmentMetadata {
            group_id: group_id.to_owned(),
            assignment_epoch: Some(epoch),
        }
    }

    pub(super) fn target_assignment(
        group_id: &str,
        member_id: &str,
        partitions: PartitionsByTopic,
    ) -> ConsumerGroupRecord {
        ConsumerGroupRecord::TargetAssignmentMember {
            group_id: group_id.to_owned(),
            member_id: member_id.to_owned(),
            partitions: Some(partitions),
        }
    }

    pub(super) fn current_assignment(
        group_id: &str,
        member: &ConsumerGroupMember,
    ) -> ConsumerGroupRecord {
        ConsumerGroupRecord::CurrentMemberAssignment {
            group_id: group_id.to_owned(),
            member_id: member.id.clone(),
            assignment: Some(member.current_assignment()),
        }
    }

    /// The tombstones that take a member back, in the order that matters.
    pub(super) fn without_member(group_id: &str, member_id: &str) -> [ConsumerGroupRecord; 3] {
        let (group_id, member_id) = (group_id.to_owned(), member_id.to_owned());
        [
            ConsumerGroupRecord::CurrentMemberAssignment {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                assignment: None,
            },
            ConsumerGroupRecord::TargetAssignmentMember {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                partitions: None,
            },
            ConsumerGroupRecord::MemberMetadata {
                group_id,
                member_id,
                metadata: None,
            },
        ]
    }

    /// The tombstones that take a group without members back.
    pub(super) fn without_group(group_id: &str) -> [ConsumerGroupRecord; 3] {
        let group_id = group_id.to_owned();
        [
            ConsumerGroupRecord::TargetAssignmentMetadata {
                group_id: group_id.clone(),
                assignment_epoch: None,
            },
            ConsumerGroupRecord::PartitionMetadata {
                group_id: group_id.clone(),
                topics: None,
            },
            ConsumerGroupRecord::Metadata {
                group_id,
                epoch: None,
            },
        ]
    }
}
