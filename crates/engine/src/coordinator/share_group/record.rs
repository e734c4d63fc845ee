//! What is written to `__consumer_offsets` of a share group.
//!
//! A record without a value, a tombstone, takes back what the earlier ones of
//! its key said (`GroupCoordinatorRecordHelpers`).

use std::collections::{BTreeMap, BTreeSet};

use crate::assignor::server::PartitionsByTopic;
use crate::coordinator::consumer_group::TopicMetadata;
use crate::protocol::TopicName;

/// A record of a share group. All the group's state is in such records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShareGroupRecord {
    /// The topics that the group subscribes to, those that there are.
    PartitionMetadata {
        /// The group.
        group_id: String,
        /// The topics by name.
        topics: Option<BTreeMap<TopicName, TopicMetadata>>,
    },
    /// Who a member is.
    MemberMetadata {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// What is known of it; `None` when it is gone.
        metadata: Option<ShareMemberMetadata>,
    },
    /// The group's epoch.
    Metadata {
        /// The group.
        group_id: String,
        /// The epoch; `None` when the group is gone.
        epoch: Option<i32>,
    },
    /// The epoch of the target assignment.
    TargetAssignmentMetadata {
        /// The group.
        group_id: String,
        /// The group epoch for which it was computed.
        assignment_epoch: Option<i32>,
    },
    /// A member's part of the target assignment.
    TargetAssignmentMember {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// What it may fetch.
        partitions: Option<PartitionsByTopic>,
    },
    /// How far a member is.
    CurrentMemberAssignment {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
        /// Its epoch, and what it may fetch.
        assignment: Option<ShareMemberAssignment>,
    },
}

/// Who a member is (`ShareGroupMemberMetadataValue`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareMemberMetadata {
    /// Its `client.rack`.
    pub rack_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from, such as `/127.0.0.1`.
    pub client_host: String,
    /// The topics it subscribes to.
    pub subscribed_topic_names: BTreeSet<TopicName>,
}

/// How far a member is (`ShareGroupCurrentMemberAssignmentValue`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareMemberAssignment {
    /// Its epoch; 0 before the first assignment.
    pub member_epoch: i32,
    /// The epoch before, with which a heartbeat still counts.
    pub previous_member_epoch: i32,
    /// What it may fetch.
    pub partitions: PartitionsByTopic,
}

impl ShareGroupRecord {
    /// The group it is about.
    pub fn group_id(&self) -> &str {
        match self {
            ShareGroupRecord::Metadata { group_id, .. }
            | ShareGroupRecord::PartitionMetadata { group_id, .. }
            | ShareGroupRecord::MemberMetadata { group_id, .. }
            | ShareGroupRecord::TargetAssignmentMetadata { group_id, .. }
            | ShareGroupRecord::TargetAssignmentMember { group_id, .. }
            | ShareGroupRecord::CurrentMemberAssignment { group_id, .. } => group_id,
        }
    }

    /// The tombstones that take a member back.
    pub(super) fn without_member(group_id: &str, member_id: &str) -> [ShareGroupRecord; 3] {
        let (group_id, member_id) = (group_id.to_owned(), member_id.to_owned());
        [
            ShareGroupRecord::CurrentMemberAssignment {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                assignment: None,
            },
            ShareGroupRecord::TargetAssignmentMember {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                partitions: None,
            },
            ShareGroupRecord::MemberMetadata {
                group_id,
                member_id,
                metadata: None,
            },
        ]
    }

    /// The tombstones that take a group without members back.
    pub(super) fn without_group(group_id: &str) -> [ShareGroupRecord; 3] {
        let group_id = group_id.to_owned();
        [
            ShareGroupRecord::TargetAssignmentMetadata {
                group_id: group_id.clone(),
                assignment_epoch: None,
            },
            ShareGroupRecord::PartitionMetadata {
                group_id: group_id.clone(),
                topics: None,
            },
            ShareGroupRecord::Metadata {
                group_id,
                epoch: None,
            },
        ]
    }
}
