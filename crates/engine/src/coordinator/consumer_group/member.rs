use crate::collections::BTreeSet;

use super::record::{CurrentMemberAssignment, MemberMetadata};
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{LEAVE_GROUP_STATIC_MEMBER_EPOCH, TopicName};

/// How far a member is on its way to the target assignment
/// (`org.apache.kafka.coordinator.group.modern.MemberState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberState {
    /// It has all it is to read at its epoch.
    Stable,
    /// It has partitions that it is to give up first.
    UnrevokedPartitions,
    /// It waits for partitions that other members have not given up.
    UnreleasedPartitions,
    /// A later version of Kafka wrote a state that is not known here.
    Unknown,
}

impl MemberState {
    /// The number in records.
    pub fn value(self) -> i8 {
        match self {
            MemberState::Stable => 0,
            MemberState::UnrevokedPartitions => 1,
            MemberState::UnreleasedPartitions => 2,
            MemberState::Unknown => 127,
        }
    }

    /// The state with this number in records.
    pub fn from_value(value: i8) -> MemberState {
        match value {
            0 => MemberState::Stable,
            1 => MemberState::UnrevokedPartitions,
            2 => MemberState::UnreleasedPartitions,
            _ => MemberState::Unknown,
        }
    }

    /// Kafka's name of the state, such as `UNREVOKED_PARTITIONS`.
    pub fn name(self) -> &'static str {
        match self {
            MemberState::Stable => "STABLE",
            MemberState::UnrevokedPartitions => "UNREVOKED_PARTITIONS",
            MemberState::UnreleasedPartitions => "UNRELEASED_PARTITIONS",
            MemberState::Unknown => "UNKNOWN",
        }
    }
}

/// A member of a group
/// (`org.apache.kafka.coordinator.group.modern.consumer.ConsumerGroupMember`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupMember {
    /// Its id.
    pub id: String,
    /// The assignment epoch it has been brought to; 0 before the first, and
    /// [`LEAVE_GROUP_STATIC_MEMBER_EPOCH`] while a static member is away.
    pub epoch: i32,
    /// The epoch before, with which a heartbeat still counts: the answer with
    /// the present one may have been lost.
    pub previous_epoch: i32,
    /// How far it is.
    pub state: MemberState,
    /// Who it is and what it asks for.
    pub metadata: MemberMetadata,
    /// What it may read.
    pub assigned: PartitionsByTopic,
    /// What it is to give up.
    pub pending_revocation: PartitionsByTopic,
}

impl ConsumerGroupMember {
    /// A member that nothing is known of yet.
    pub(super) fn new(id: &str) -> ConsumerGroupMember {
        ConsumerGroupMember {
            id: id.to_owned(),
            epoch: 0,
            previous_epoch: -1,
            state: MemberState::Stable,
            metadata: MemberMetadata::default(),
            assigned: PartitionsByTopic::new(),
            pending_revocation: PartitionsByTopic::new(),
        }
    }

    /// Its `group.instance.id`; `None` for a dynamic member.
    pub fn instance_id(&self) -> Option<&str> {
        self.metadata.instance_id.as_deref()
    }

    /// The topics it subscribes to; they need not exist.
    pub fn subscribed_topic_names(&self) -> &BTreeSet<TopicName> {
        &self.metadata.subscribed_topic_names
    }

    /// Whether it is a static member that left and will be back.
    pub fn is_away(&self) -> bool {
        self.epoch == LEAVE_GROUP_STATIC_MEMBER_EPOCH
    }

    /// Whether it has all that it is to read at this assignment epoch.
    pub(super) fn is_reconciled_to(&self, assignment_epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == assignment_epoch
    }

    /// What a record tells of its assignment.
    pub(super) fn current_assignment(&self) -> CurrentMemberAssignment {
        CurrentMemberAssignment {
            member_epoch: self.epoch,
            previous_member_epoch: self.previous_epoch,
            state: self.state,
            assigned_partitions: self.assigned.clone(),
            partitions_pending_revocation: self.pending_revocation.clone(),
        }
    }

    /// Takes such a record in.
    pub(super) fn set_current_assignment(&mut self, value: CurrentMemberAssignment) {
        self.epoch = value.member_epoch;
        self.previous_epoch = value.previous_member_epoch;
        self.state = value.state;
        self.assigned = value.assigned_partitions;
        self.pending_revocation = value.partitions_pending_revocation;
    }
}
