//! The member's side of the classic group protocol
//! (`org.apache.kafka.clients.consumer.internals.AbstractCoordinator` and
//! `ConsumerCoordinator`).

mod joining;
mod leaving;

use crate::collections::BTreeMap;

use super::{Consumer, Membership};
use crate::assignor::{ClientAssignor, RebalanceProtocol, Topics};
use crate::client::consumer_protocol::LastAssignment;
use crate::protocol::{ErrorCode, JoinGroupResponse, TopicName};
use crate::sim::Time;

/// The protocol type of consumer groups.
const PROTOCOL_TYPE: &str = "consumer";
/// How much longer than the rebalance timeout a JoinGroup may take, in
/// milliseconds (`JOIN_GROUP_TIMEOUT_LAPSE`).
const JOIN_GROUP_LAPSE_MS: i64 = 5_000;

/// What a member knows of its membership.
#[derive(Clone, Debug, Hash)]
pub struct ClassicMember {
    pub(super) state: Membership,
    pub(in crate::client::consumer) coordinator: Option<i32>,
    pub(super) member_id: String,
    pub(super) generation: i32,
    /// The assignor of the generation.
    protocol_name: Option<String>,
    /// It is to join at the next `poll()`, and why, in the words of the request
    /// (KIP-800).
    rejoin_needed: bool,
    rejoin_reason: String,
    preparation: Preparation,
    /// The topics it subscribed to when it joined.
    joined_subscription: Option<Vec<TopicName>>,
    /// As the leader: the topics as they were when it computed the assignment.
    pub(super) assigned_from: Option<Topics>,
    /// Metadata has come that was not looked at for changes of topics.
    pub(super) has_new_metadata: bool,
    /// As the leader: the members whose assignment waits for metadata.
    pub(super) assigning: Option<JoinGroupResponse>,
    /// When the next heartbeat is due; `None` while the heartbeat thread rests.
    pub(super) heartbeat_at: Option<Time>,
    /// The error that the next `poll()` fails with, and its message.
    fatal: Option<(ErrorCode, String)>,
    /// What each assignor was told last, which the group had agreed on.
    last_assignments: BTreeMap<ClientAssignor, LastAssignment>,
}

/// What is done before JoinGroup is sent (`onJoinPrepare`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Preparation {
    /// Not begun.
    Due,
    /// Offsets are committed, until this instant at the latest.
    Committing { until: Time },
    /// They are, or it is known not to be possible.
    Committed,
    /// Partitions that are to be given up, are.
    Done,
}

impl Default for ClassicMember {
    fn default() -> Self {
        ClassicMember {
            state: Membership::Unjoined,
            coordinator: None,
            member_id: String::new(),
            generation: -1,
            protocol_name: None,
            rejoin_needed: true,
            rejoin_reason: String::new(),
            preparation: Preparation::Due,
            joined_subscription: None,
            assigned_from: None,
            has_new_metadata: false,
            assigning: None,
            heartbeat_at: None,
            fatal: None,
            last_assignments: BTreeMap::new(),
        }
    }
}

impl Consumer {
    /// How far it has come in entering its group.
    pub fn membership(&self) -> Membership {
        if let Some(member) = &self.member {
            return member.membership();
        }
        match self.group.state {
            Membership::Stable if self.group.rejoin_needed => Membership::PreparingRebalance,
            state => state,
        }
    }

    /// The id the coordinator gave it; empty before.
    pub fn member_id(&self) -> &str {
        match &self.member {
            Some(member) => &member.member_id,
            None => &self.group.member_id,
        }
    }

    /// The generation it is in, with KIP-848 its member epoch; -1 when in none.
    pub fn generation(&self) -> i32 {
        match &self.member {
            Some(member) if member.state.beats() && member.epoch > 0 => member.epoch,
            Some(_) => -1,
            None => self.group.generation,
        }
    }

    /// What it does with its partitions while the group rebalances: what all
    /// its assignors can do.
    pub fn rebalance_protocol(&self) -> RebalanceProtocol {
        RebalanceProtocol::of(&self.config.partition_assignment_strategy)
    }

    /// The assignor that its generation has agreed on.
    pub fn assignor(&self) -> Option<ClientAssignor> {
        ClientAssignor::of_name(self.group.protocol_name.as_deref()?)
    }

    /// Whether it is a member that has its part of the assignment, even if it
    /// has to rejoin (`generationIfStable`).
    pub(in crate::client::consumer) fn is_in_generation(&self) -> bool {
        match &self.member {
            Some(_) => self.generation() > 0,
            None => self.group.state == Membership::Stable,
        }
    }

    /// The consumer is to join again, at its next `poll()`. The coordinator is
    /// told the latest reason (`requestRejoin`).
    pub(in crate::client::consumer) fn request_rejoin(&mut self, reason: &str) {
        self.group.rejoin_needed = true;
        self.group.rejoin_reason = reason.to_owned();
    }

    /// The same, unless it is to join anyway (`requestRejoinIfNecessary`).
    fn request_rejoin_if_necessary(&mut self, reason: &str) {
        if !self.group.rejoin_needed {
            self.request_rejoin(reason);
        }
    }
}
