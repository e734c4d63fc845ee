use super::GroupState;
use super::consumer_group::ConsumerGroupEvent;
use crate::protocol::{CommittedOffset, Opaque, TopicPartition};
use crate::sim::Time;

/// Why a member is no longer in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemovalCause {
    /// It left, or somebody removed it, by LeaveGroup.
    Left,
    /// No heartbeat came within its session timeout.
    SessionExpired,
    /// It got an id and did not come back with it within its session timeout.
    PendingExpired,
    /// It waited for its first generation for longer than
    /// [`new_member_join_timeout_ms`](super::GroupCoordinatorConfig::new_member_join_timeout_ms).
    JoinTimedOut,
    /// It did not rejoin before the join phase ended.
    RebalanceTimeout,
    /// It did not send SyncGroup within the rebalance timeout.
    SyncTimeout,
    /// It rejoined when the group had `group.max.size` members already.
    GroupFull,
}

/// Why a committed offset is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OffsetRemovalCause {
    /// Its topic was deleted.
    TopicDeleted,
    /// Its retention time passed (`offsets.retention.minutes`).
    Expired,
    /// An administrator deleted it, or its group.
    Deleted,
}

/// What happened in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupEvent {
    /// A group came into being, `Empty`.
    GroupCreated {
        /// The group.
        group: String,
    },
    /// An `Empty` group was deleted, or cleaned away since it had no offsets.
    GroupDeleted {
        /// The group.
        group: String,
    },
    /// A group went from one state to another.
    StateChanged {
        /// The group.
        group: String,
        /// The state before.
        from: GroupState,
        /// The state now.
        to: GroupState,
        /// Why, in plain words.
        reason: String,
    },
    /// A newcomer was given an id, and has to join again with it (KIP-394).
    MemberIdGiven {
        /// The group.
        group: String,
        /// The id.
        member_id: String,
        /// The newcomer's `client.id`.
        client_id: String,
    },
    /// A member entered a group.
    MemberAdded {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
        /// Its `client.id`.
        client_id: String,
        /// Its `group.instance.id`, if it is static.
        group_instance_id: Option<String>,
    },
    /// A member of the last generation asked to be in the next one.
    MemberRejoined {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
        /// Its `client.id`.
        client_id: String,
    },
    /// A static member came back under a new id; the old one is fenced
    /// (KIP-345).
    MemberReplaced {
        /// The group.
        group: String,
        /// The `group.instance.id` of both.
        group_instance_id: String,
        /// The id that is fenced.
        old_member_id: String,
        /// The id that takes its place.
        new_member_id: String,
    },
    /// A member, or a newcomer that was given an id, is gone.
    MemberRemoved {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
        /// Its `client.id`.
        client_id: String,
        /// Why.
        cause: RemovalCause,
    },
    /// The members are asked to rejoin.
    RebalanceStarted {
        /// The group.
        group: String,
        /// The generation that ends.
        generation: i32,
        /// Why, in plain words.
        reason: String,
    },
    /// The first rebalance waits longer, since a member came meanwhile.
    InitialRebalanceExtended {
        /// The group.
        group: String,
        /// Until when.
        until: Time,
    },
    /// All who will be in the next generation are known.
    GenerationStarted {
        /// The group.
        group: String,
        /// The generation.
        generation: i32,
        /// The assignor the members agreed on.
        protocol: String,
        /// The member that computes the assignment.
        leader: String,
        /// The ids of all members, in order.
        members: Vec<String>,
    },
    /// The generation's assignment stands.
    Assigned {
        /// The group.
        group: String,
        /// The generation.
        generation: i32,
        /// Each member's part, by member id.
        assignments: Vec<(String, Opaque)>,
    },
    /// Offsets were committed.
    OffsetsCommitted {
        /// The group.
        group: String,
        /// The member; empty when no member did.
        member_id: String,
        /// The generation for which it did, -1 from outside any.
        generation_id: i32,
        /// The offsets.
        offsets: Vec<(TopicPartition, CommittedOffset)>,
    },
    /// Committed offsets are gone.
    OffsetsRemoved {
        /// The group.
        group: String,
        /// The partitions.
        partitions: Vec<TopicPartition>,
        /// Why.
        cause: OffsetRemovalCause,
    },
    /// Something happened in a group of KIP-848.
    Consumer(ConsumerGroupEvent),
}

impl GroupEvent {
    /// The group in which it happened.
    pub fn group(&self) -> &str {
        match self {
            GroupEvent::GroupCreated { group }
            | GroupEvent::GroupDeleted { group }
            | GroupEvent::StateChanged { group, .. }
            | GroupEvent::MemberIdGiven { group, .. }
            | GroupEvent::MemberAdded { group, .. }
            | GroupEvent::MemberRejoined { group, .. }
            | GroupEvent::MemberReplaced { group, .. }
            | GroupEvent::MemberRemoved { group, .. }
            | GroupEvent::RebalanceStarted { group, .. }
            | GroupEvent::InitialRebalanceExtended { group, .. }
            | GroupEvent::GenerationStarted { group, .. }
            | GroupEvent::Assigned { group, .. }
            | GroupEvent::OffsetsCommitted { group, .. }
            | GroupEvent::OffsetsRemoved { group, .. } => group,
            GroupEvent::Consumer(event) => event.group(),
        }
    }
}
