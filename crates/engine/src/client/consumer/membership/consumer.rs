//! The member's side of the consumer group protocol of KIP-848
//! (`AbstractMembershipManager`, `ConsumerMembershipManager`): the coordinator
//! tells by its answers to heartbeats what the member is to read, and the
//! member gives up, takes, and says so with its next heartbeat.

use crate::collections::{BTreeMap, BTreeSet};

use super::{Consumer, Membership};
use crate::client::consumer::offsets::Commit;
use crate::protocol::{
    ConsumerGroupHeartbeatResponse, ErrorCode, GroupTopicPartitions, JOIN_GROUP_MEMBER_EPOCH,
    LEAVE_GROUP_MEMBER_EPOCH, LEAVE_GROUP_STATIC_MEMBER_EPOCH, TopicId, TopicName, TopicPartition,
};
use crate::sim::{Fabric, Time};

/// Where a member stands
/// (`org.apache.kafka.clients.consumer.internals.MemberState`). Kafka's
/// `FENCED` and `PREPARE_LEAVING` last as long as callbacks do, which there are
/// none of here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsumerMemberState {
    /// It is no member, and does not want to be one.
    #[default]
    Unsubscribed,
    /// It wants to be one, and waits for the answer to its first heartbeat.
    Joining,
    /// It is on its way from what it reads to what it is to read.
    Reconciling,
    /// It reads what it is to read, and is about to say so.
    Acknowledging,
    /// It reads what it is to read.
    Stable,
    /// It has left, and waits for the answer.
    Leaving,
    /// It cannot go on: the next `poll()` fails.
    Fatal,
    /// It has left since its application does not poll; the next `poll()` joins
    /// again.
    Stale,
}

impl ConsumerMemberState {
    /// Kafka's name of the state, such as `RECONCILING`.
    pub fn name(self) -> &'static str {
        match self {
            ConsumerMemberState::Unsubscribed => "UNSUBSCRIBED",
            ConsumerMemberState::Joining => "JOINING",
            ConsumerMemberState::Reconciling => "RECONCILING",
            ConsumerMemberState::Acknowledging => "ACKNOWLEDGING",
            ConsumerMemberState::Stable => "STABLE",
            ConsumerMemberState::Leaving => "LEAVING",
            ConsumerMemberState::Fatal => "FATAL",
            ConsumerMemberState::Stale => "STALE",
        }
    }

    /// Whether it sends heartbeats (`shouldSkipHeartbeat`).
    pub(super) fn beats(self) -> bool {
        matches!(
            self,
            ConsumerMemberState::Joining
                | ConsumerMemberState::Reconciling
                | ConsumerMemberState::Acknowledging
                | ConsumerMemberState::Stable
        )
    }
}

/// Partitions by topic id.
pub(super) type ById = BTreeMap<TopicId, BTreeSet<i32>>;

/// An assignment, and how many were received before it: the same partitions
/// received again are acknowledged again
/// (`AbstractMembershipManager.LocalAssignment`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LocalAssignment {
    pub number: u64,
    pub partitions: ById,
}

/// What a member has told the coordinator
/// (`ConsumerHeartbeatRequestManager.HeartbeatState.SentFields`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SentFields {
    pub rebalance_timeout_ms: Option<i32>,
    pub subscription: Option<Vec<TopicName>>,
    pub assignor: Option<String>,
    pub assignment: Option<Option<LocalAssignment>>,
}

/// What a member of a group of KIP-848 knows of its membership.
#[derive(Clone, Debug, Default, Hash)]
pub struct ConsumerMember {
    pub(super) state: ConsumerMemberState,
    pub(super) member_id: String,
    pub(super) epoch: i32,
    /// What it is to read; `None` before the first assignment.
    target: Option<LocalAssignment>,
    /// What it reads.
    pub(super) current: Option<LocalAssignment>,
    assignments: u64,
    /// Until when it tries to commit before it goes on to the target.
    committing_until: Option<Time>,
    /// The commit is done, or cannot be.
    has_committed: bool,
    pub(super) sent: SentFields,
    /// When the next heartbeat is due, and when the last one was sent.
    pub(super) heartbeat_at: Time,
    pub(super) sent_at: Time,
    /// The error that the next `poll()` fails with, and its message.
    fatal: Option<(ErrorCode, String)>,
}

impl ConsumerMember {
    fn transition_to_joining(&mut self, now: Time) {
        self.state = ConsumerMemberState::Joining;
        self.epoch = JOIN_GROUP_MEMBER_EPOCH;
        self.forget_assignments();
        self.heartbeat_at = now;
    }

    fn forget_assignments(&mut self) {
        self.target = None;
        self.current = None;
        self.committing_until = None;
        self.has_committed = false;
        self.sent = SentFields::default();
    }

    fn receive(&mut self, assignment: Vec<GroupTopicPartitions>) {
        let topics = assignment.into_iter();
        let partitions: ById = topics
            .map(|of| (of.topic_id, of.partitions.into_iter().collect()))
            .collect();
        if self.target.as_ref().map(|it| &it.partitions) != Some(&partitions) {
            self.assignments += 1;
            let number = self.assignments;
            self.target = Some(LocalAssignment { number, partitions });
        }
        if !self.is_reconciled() {
            self.state = ConsumerMemberState::Reconciling;
        } else if self.state != ConsumerMemberState::Acknowledging {
            self.state = ConsumerMemberState::Stable;
        }
    }

    /// Whether it reads what it is to read (`targetAssignmentReconciled`).
    fn is_reconciled(&self) -> bool {
        self.current == self.target
    }

    /// A heartbeat has gone out (`onHeartbeatRequestGenerated`).
    pub(super) fn has_sent(&mut self) {
        if self.state == ConsumerMemberState::Acknowledging {
            self.state = match self.is_reconciled() {
                true => ConsumerMemberState::Stable,
                false => ConsumerMemberState::Reconciling,
            };
        }
    }

    pub(super) fn membership(&self) -> Membership {
        match self.state {
            ConsumerMemberState::Joining => Membership::Joining,
            ConsumerMemberState::Reconciling | ConsumerMemberState::Acknowledging => {
                Membership::CompletingRebalance
            }
            ConsumerMemberState::Stable => Membership::Stable,
            ConsumerMemberState::Leaving => Membership::Leaving,
            ConsumerMemberState::Unsubscribed
            | ConsumerMemberState::Fatal
            | ConsumerMemberState::Stale => Membership::Unjoined,
        }
    }
}

impl Consumer {
    /// Where it stands in a group of KIP-848; `None` with the classic protocol.
    pub fn member_state(&self) -> Option<ConsumerMemberState> {
        self.member.as_ref().map(|member| member.state)
    }

    /// What `poll()` does for the group.
    pub(super) fn poll_consumer_group(&mut self, fabric: &mut Fabric) {
        let has_subscription = !self.subscription.is_empty();
        let Some(member) = &mut self.member else {
            return;
        };
        if let Some((error, message)) = member.fatal.take() {
            return self.fail(fabric, error.exception(), message);
        }
        match member.state {
            ConsumerMemberState::Stale => member.transition_to_joining(fabric.now),
            // With a pattern, as soon as there is a topic that matches.
            ConsumerMemberState::Unsubscribed if has_subscription => {
                member.transition_to_joining(fabric.now);
            }
            _ => {}
        }
        self.run_member(fabric);
    }

    /// Goes from what it reads to what it is to read, as far as that can be
    /// done now (`maybeReconcile`).
    pub(super) fn reconcile(&mut self, fabric: &mut Fabric) {
        let Some(resolved) = self.assignment_to_reconcile() else {
            return;
        };
        let names = self.named(&resolved.partitions);
        let Some(member) = &mut self.member else {
            return;
        };
        let reads_it = member.current.as_ref();
        if reads_it.is_some_and(|current| current.partitions == resolved.partitions) {
            return self.acknowledge(fabric, resolved);
        }
        for (of, assigned) in &mut self.assignment {
            assigned.pending_revocation = !names.contains(of);
        }
        if !self.has_committed_before(fabric) {
            return;
        }
        self.revoke(fabric, |of| !names.contains(of));
        for assigned in self.assignment.values_mut() {
            assigned.pending_revocation = false;
        }
        let epoch = self.generation();
        self.assign_from_group(fabric, epoch, names.into_iter().collect());
        self.acknowledge(fabric, resolved);
    }

    /// The part of the target whose topics are known; others are asked for.
    fn assignment_to_reconcile(&mut self) -> Option<LocalAssignment> {
        let member = self.member.as_ref()?;
        if member.state != ConsumerMemberState::Reconciling || member.is_reconciled() {
            return None;
        }
        let mut resolved = member.target.clone()?;
        let metadata = &mut self.connection.metadata;
        let all = resolved.partitions.len();
        resolved
            .partitions
            .retain(|id, _| metadata.topic_name(*id).is_some());
        if resolved.partitions.len() < all {
            metadata.request_update();
            // As long as nothing else is to be done, it waits for the metadata.
            let reads = member.current.as_ref().map(|current| &current.partitions);
            let is_empty = reads.is_none() && resolved.partitions.is_empty();
            if is_empty || reads == Some(&resolved.partitions) {
                return None;
            }
            resolved.number = 0;
        }
        Some(resolved)
    }

    fn named(&self, partitions: &ById) -> BTreeSet<TopicPartition> {
        let metadata = &self.connection.metadata;
        let topics = partitions
            .iter()
            .filter_map(|(id, numbers)| Some((metadata.topic_name(*id)?, numbers)));
        topics
            .flat_map(|(name, numbers)| {
                let of = |number: &i32| TopicPartition::new(name.clone(), *number);
                numbers.iter().map(of).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Commits what was read, if the consumer does so by itself; says whether
    /// that is done. It waits for `poll()`, since only then all that was
    /// returned is processed.
    fn has_committed_before(&mut self, fabric: &mut Fabric) -> bool {
        let must_commit = self.is_in_generation() && self.has_positions_to_commit();
        let rebalance_ms = i64::from(self.config.max_poll_interval_ms);
        let is_polling = self.application.is_polling() || self.closing;
        let Some(member) = &mut self.member else {
            return true;
        };
        if !must_commit || member.has_committed {
            return true;
        }
        if !is_polling {
            return false;
        }
        let until = fabric.now.plus_ms(rebalance_ms);
        if *member.committing_until.get_or_insert(until) <= fabric.now {
            return true;
        }
        if !self.is_committing() && self.may_ask_coordinator(fabric.now) {
            self.commit_positions(fabric, Commit::BeforeRejoining);
        }
        false
    }

    /// The commit before a reconciliation was answered.
    pub(super) fn committed_before_reconciling(&mut self) {
        if let Some(member) = &mut self.member
            && member.committing_until.is_some()
        {
            member.has_committed = true;
        }
    }

    fn acknowledge(&mut self, fabric: &mut Fabric, assignment: LocalAssignment) {
        if let Some(member) = &mut self.member {
            member.current = Some(assignment);
            member.committing_until = None;
            member.has_committed = false;
            member.state = ConsumerMemberState::Acknowledging;
            member.heartbeat_at = fabric.now;
        }
    }

    /// The coordinator has answered a heartbeat (`onHeartbeatSuccess`,
    /// `AbstractHeartbeatRequestManager.onErrorResponse`).
    pub(in crate::client::consumer) fn on_consumer_heartbeat(
        &mut self,
        fabric: &mut Fabric,
        response: ConsumerGroupHeartbeatResponse,
    ) {
        let Some(member) = &mut self.member else {
            return;
        };
        if !member.state.beats() {
            return;
        }
        if !response.error_code.is_none() {
            return self.on_heartbeat_error(fabric, response);
        }
        self.failures = 0;
        member.member_id = response.member_id.unwrap_or_default();
        member.epoch = response.member_epoch;
        self.note_generation();
        let Some(member) = &mut self.member else {
            return;
        };
        let interval_ms = i64::from(response.heartbeat_interval_ms);
        member.heartbeat_at = member.sent_at.plus_ms(interval_ms);
        if let Some(assignment) = response.assignment {
            member.receive(assignment);
        }
    }

    fn on_heartbeat_error(
        &mut self,
        fabric: &mut Fabric,
        response: ConsumerGroupHeartbeatResponse,
    ) {
        let error = response.error_code;
        self.resend_all(fabric);
        match error {
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.lose_coordinator(fabric);
            }
            ErrorCode::CoordinatorLoadInProgress => self.back_off(fabric),
            ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId => {
                self.lose_all(fabric);
                if let Some(member) = &mut self.member {
                    member.transition_to_joining(fabric.now);
                }
            }
            error => {
                let message = response.error_message;
                let message = message.unwrap_or_else(|| error.message().to_owned());
                self.lose_all(fabric);
                if let Some(member) = &mut self.member {
                    member.state = ConsumerMemberState::Fatal;
                    member.forget_assignments();
                    member.fatal = Some((error, message));
                }
            }
        }
    }

    /// The next heartbeat says everything again, as after every error.
    pub(in crate::client::consumer) fn resend_all(&mut self, fabric: &Fabric) {
        if let Some(member) = &mut self.member {
            member.sent = SentFields::default();
            member.heartbeat_at = fabric.now;
        }
    }

    /// Leaves: says so, if the coordinator can be asked and knows the member. A
    /// static one is expected back. Whether it was said is told
    /// (`transitionToSendingLeaveGroup`).
    pub(super) fn leave_consumer_group(&mut self, fabric: &mut Fabric, reason: &str) -> bool {
        let is_static = self.config.group_instance_id.is_some();
        let Some(member) = &mut self.member else {
            return false;
        };
        let is_known = member.state.beats() && !member.member_id.is_empty();
        member.epoch = match is_static {
            true => LEAVE_GROUP_STATIC_MEMBER_EPOCH,
            false => LEAVE_GROUP_MEMBER_EPOCH,
        };
        member.current = None;
        let has_said = is_known && self.send_leave(fabric, reason);
        if let Some(member) = &mut self.member {
            member.state = ConsumerMemberState::Unsubscribed;
            member.forget_assignments();
        }
        has_said
    }

    /// It has left, and waits for the answer or for `poll()`.
    pub(super) fn set_member_state(&mut self, state: ConsumerMemberState) {
        if let Some(member) = &mut self.member {
            member.state = state;
        }
    }
}
