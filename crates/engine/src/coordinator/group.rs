use crate::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Member;

/// The state of a group (`ClassicGroupState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupState {
    /// It has no members; perhaps committed offsets.
    Empty,
    /// It waits for its members to join.
    PreparingRebalance,
    /// It waits for the leader to hand in the assignment.
    CompletingRebalance,
    /// All members have, or can fetch, their part of the assignment.
    Stable,
    /// It is gone.
    Dead,
}

impl GroupState {
    /// Kafka's name of the state, such as `PreparingRebalance`.
    pub fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
            GroupState::Dead => "Dead",
        }
    }
}

impl fmt::Display for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the first rebalance of an empty group waits for members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct InitialWait {
    /// How long it waits this time, in milliseconds.
    pub delay_ms: i32,
    /// How much longer it may be extended, in milliseconds.
    pub remaining_ms: i32,
}

/// One group of the classic protocol (`ClassicGroup`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClassicGroup {
    pub(super) name: String,
    pub(super) state: GroupState,
    pub(super) previous_state: GroupState,
    pub(super) since_ms: i64,
    pub(super) protocol_type: Option<String>,
    pub(super) protocol_name: Option<String>,
    pub(super) generation: i32,
    pub(super) leader: Option<String>,
    pub(super) members: BTreeMap<String, Member>,
    /// The member id of each `group.instance.id`.
    pub(super) static_members: BTreeMap<String, String>,
    /// The client id of each newcomer, by the member id it was given.
    pub(super) pending_members: BTreeMap<String, String>,
    /// Who has not sent SyncGroup in this generation.
    pub(super) pending_sync: BTreeSet<String>,
    /// A member came since the initial rebalance was last extended.
    pub(super) new_member_added: bool,
    /// The group was empty and waits for members to come.
    pub(super) initial_wait: Option<InitialWait>,
    pub(super) subscribed_topics: Option<BTreeSet<String>>,
}

impl ClassicGroup {
    pub(super) fn new(name: &str, now_ms: i64) -> ClassicGroup {
        ClassicGroup {
            name: name.to_owned(),
            state: GroupState::Empty,
            previous_state: GroupState::Dead,
            since_ms: now_ms,
            protocol_type: None,
            protocol_name: None,
            generation: 0,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_members: BTreeMap::new(),
            pending_sync: BTreeSet::new(),
            new_member_added: false,
            initial_wait: None,
            subscribed_topics: None,
        }
    }

    /// The group's name (`group.id`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its state.
    pub fn state(&self) -> GroupState {
        self.state
    }

    /// When it entered its state, in epoch milliseconds.
    pub fn since_ms(&self) -> i64 {
        self.since_ms
    }

    /// How many generations it has had.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// Its protocol type, such as `consumer`; `None` when it only stores
    /// offsets.
    pub fn protocol_type(&self) -> Option<&str> {
        self.protocol_type.as_deref()
    }

    /// The assignor of its last generation that had members.
    pub fn protocol_name(&self) -> Option<&str> {
        self.protocol_name.as_deref()
    }

    /// The id of the member that computes the assignment.
    pub fn leader(&self) -> Option<&str> {
        self.leader.as_deref()
    }

    /// Its members, by id.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.members.values()
    }

    /// The member with this id.
    pub fn member(&self, member_id: &str) -> Option<&Member> {
        self.members.get(member_id)
    }

    /// Newcomers that were given an id and have not come back with it: the id
    /// and the `client.id`, by id.
    pub fn pending_members(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pending_members
            .iter()
            .map(|(member_id, client_id)| (member_id.as_str(), client_id.as_str()))
    }

    /// The ids of the members that have not sent SyncGroup in this generation.
    pub fn pending_sync(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pending_sync.iter().map(String::as_str)
    }

    /// How many members wait for the next generation.
    pub fn awaiting_join(&self) -> usize {
        self.members().filter(|it| it.is_awaiting_join()).count()
    }
}
