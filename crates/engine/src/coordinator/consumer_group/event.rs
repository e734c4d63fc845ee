use super::group::ConsumerGroupState;
use super::member::MemberState;
use crate::assignor::server::{PartitionsByTopic, ServerAssignor};

/// Why a member is no longer in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FencingCause {
    /// No heartbeat came within its session timeout.
    SessionExpired,
    /// It did not give up what it was to give up within its rebalance timeout.
    RebalanceTimeout,
}

/// Why a group's epoch was bumped, so that a new target assignment is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EpochBumpCause {
    /// A member joined, or subscribes to other topics.
    SubscriptionChanged {
        /// The member.
        member_id: String,
    },
    /// A topic of the group was made or deleted, got partitions, or its
    /// replicas are on other racks.
    TopicsChanged,
    /// A member left or was fenced.
    MemberGone {
        /// The member.
        member_id: String,
    },
}

/// What happened in a group of this protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConsumerGroupEvent {
    /// A group came into being.
    GroupCreated {
        /// The group.
        group: String,
    },
    /// A group is gone.
    GroupDeleted {
        /// The group.
        group: String,
    },
    /// A group went from one state to another.
    StateChanged {
        /// The group.
        group: String,
        /// The state before.
        from: ConsumerGroupState,
        /// The state now.
        to: ConsumerGroupState,
    },
    /// A member entered a group.
    MemberJoined {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
        /// Its `client.id`.
        client_id: String,
        /// Its `group.instance.id`, if it is static.
        instance_id: Option<String>,
    },
    /// A static member came back, and takes the place of what it was before.
    MemberReplaced {
        /// The group.
        group: String,
        /// The `group.instance.id` of both.
        instance_id: String,
        /// The id that is gone.
        old_member_id: String,
        /// The id that takes its place.
        new_member_id: String,
    },
    /// A member left.
    MemberLeft {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
        /// It is a static member and keeps its place until its session expires.
        is_away: bool,
    },
    /// A member was taken out of its group.
    MemberFenced {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
        /// Why.
        cause: FencingCause,
    },
    /// The group's epoch was bumped.
    GroupEpochBumped {
        /// The group.
        group: String,
        /// The epoch now.
        epoch: i32,
        /// Why.
        cause: EpochBumpCause,
    },
    /// A target assignment was computed.
    TargetAssignmentComputed {
        /// The group.
        group: String,
        /// The group epoch it is for.
        epoch: i32,
        /// By which assignor.
        assignor: ServerAssignor,
        /// Each member's part, by member id.
        assignment: Vec<(String, PartitionsByTopic)>,
    },
    /// A member came nearer to the target assignment, or reached it.
    MemberReconciled {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
        /// Its epoch now.
        epoch: i32,
        /// How far it is.
        state: MemberState,
        /// What it may read.
        assigned: PartitionsByTopic,
        /// What it is to give up.
        pending_revocation: PartitionsByTopic,
    },
}

impl ConsumerGroupEvent {
    /// The group in which it happened.
    pub fn group(&self) -> &str {
        match self {
            ConsumerGroupEvent::GroupCreated { group }
            | ConsumerGroupEvent::GroupDeleted { group }
            | ConsumerGroupEvent::StateChanged { group, .. }
            | ConsumerGroupEvent::MemberJoined { group, .. }
            | ConsumerGroupEvent::MemberReplaced { group, .. }
            | ConsumerGroupEvent::MemberLeft { group, .. }
            | ConsumerGroupEvent::MemberFenced { group, .. }
            | ConsumerGroupEvent::GroupEpochBumped { group, .. }
            | ConsumerGroupEvent::TargetAssignmentComputed { group, .. }
            | ConsumerGroupEvent::MemberReconciled { group, .. } => group,
        }
    }
}
