//! The member's side of the classic group protocol
//! (`org.apache.kafka.clients.consumer.internals.AbstractCoordinator` and
//! `ConsumerCoordinator`).

use std::collections::BTreeMap;

use super::{Consumer, ConsumerMemberState, LOGGER, Membership, Pending};
use crate::assignor::{ClientAssignor, RebalanceProtocol, Topics};
use crate::client::consumer::ConsumerEvent;
use crate::client::consumer::offsets::Commit;
use crate::client::consumer_protocol::{
    LastAssignment, Subscription, decode_assignment, user_data,
};
use crate::event::LogLevel;
use crate::protocol::{
    ErrorCode, JoinGroupProtocol, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeavingMember, Opaque, Request, SyncGroupRequest, SyncGroupResponse, TopicName, TopicPartition,
};
use crate::sim::{Fabric, Time};

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

/// Joining.
impl Consumer {
    /// What `poll()` does for the group: joins, if that is needed
    /// (`ConsumerCoordinator.poll`).
    pub(in crate::client::consumer) fn poll_group(&mut self, fabric: &mut Fabric) {
        if !self.subscription_type.is_managed_by_group() {
            return;
        }
        if self.member.is_some() {
            return self.poll_consumer_group(fabric);
        }
        if let Some((error, message)) = self.group.fatal.take() {
            self.stop_heartbeats();
            return self.fail(fabric, error.exception(), message);
        }
        self.look_for_changes();
        let is_joining = matches!(
            self.group.state,
            Membership::Joining | Membership::CompletingRebalance
        );
        if !self.group.rejoin_needed || is_joining || !self.may_ask_coordinator(fabric.now) {
            return;
        }
        if self.prepare_to_join(fabric) {
            self.join(fabric);
        }
    }

    /// The leader has the group rebalance when topics have changed, and any
    /// member when it subscribes to others (`rejoinNeededOrPending`).
    fn look_for_changes(&mut self) {
        let is_new = std::mem::take(&mut self.group.has_new_metadata);
        if is_new && self.topics_have_changed() {
            self.request_rejoin_if_necessary(
                "cached metadata has changed from that at the beginning of the rebalance",
            );
        }
        let joined = self.group.joined_subscription.as_ref();
        if joined.is_some_and(|joined| *joined != self.subscription) {
            self.request_rejoin_if_necessary("subscription has changed since the last join");
        }
    }

    /// Commits, then gives up what the protocol asks for; says whether that is
    /// done (`onJoinPrepare`).
    fn prepare_to_join(&mut self, fabric: &mut Fabric) -> bool {
        let must_commit = self.is_in_generation() && self.has_positions_to_commit();
        match self.group.preparation {
            Preparation::Done => return true,
            Preparation::Due if must_commit => {
                self.mark_pending_revocation();
                let rebalance_ms = i64::from(self.config.max_poll_interval_ms);
                let until = fabric.now.plus_ms(rebalance_ms);
                self.group.preparation = Preparation::Committing { until };
                self.commit_positions(fabric, Commit::BeforeRejoining);
                return false;
            }
            Preparation::Committing { until } if must_commit && fabric.now < until => {
                if !self.is_committing() {
                    self.commit_positions(fabric, Commit::BeforeRejoining);
                }
                return false;
            }
            _ => {}
        }
        self.give_up_before_joining(fabric);
        self.group.preparation = Preparation::Done;
        true
    }

    /// The commit before a rejoin was answered.
    pub(in crate::client::consumer) fn prepared_to_join(&mut self) {
        self.committed_before_reconciling();
        if matches!(self.group.preparation, Preparation::Committing { .. }) {
            self.group.preparation = Preparation::Committed;
        }
    }

    /// An eager member reads no more once it commits, or it would be ahead of
    /// what it has committed.
    fn mark_pending_revocation(&mut self) {
        if self.rebalance_protocol() == RebalanceProtocol::Eager {
            for assigned in self.assignment.values_mut() {
                assigned.pending_revocation = true;
            }
        }
    }

    fn give_up_before_joining(&mut self, fabric: &mut Fabric) {
        if self.group.generation < 0 || self.group.member_id.is_empty() {
            return self.lose_all(fabric);
        }
        match self.rebalance_protocol() {
            RebalanceProtocol::Eager => self.revoke_all(fabric),
            RebalanceProtocol::Cooperative => {
                let topics = self.subscription.clone();
                self.revoke(fabric, |of| !topics.contains(&of.topic));
            }
        }
    }

    fn join(&mut self, fabric: &mut Fabric) {
        let Some(coordinator) = self.ready_coordinator(fabric.now) else {
            return;
        };
        self.stop_heartbeats();
        self.group.state = Membership::Joining;
        self.group.assigned_from = None;
        self.group.joined_subscription = Some(self.subscription.clone());
        let reason = std::mem::take(&mut self.group.rejoin_reason);
        let assignors = self.config.partition_assignment_strategy.iter();
        let protocols = assignors.map(|assignor| JoinGroupProtocol {
            name: assignor.name().to_owned(),
            metadata: self.subscription_for(*assignor),
        });
        let request = Request::JoinGroup(JoinGroupRequest {
            group_id: self.config.group_id.clone(),
            session_timeout_ms: self.config.session_timeout_ms,
            rebalance_timeout_ms: self.config.max_poll_interval_ms,
            member_id: self.group.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            protocol_type: PROTOCOL_TYPE.to_owned(),
            protocols: protocols.collect(),
            reason: (!reason.is_empty()).then_some(reason),
        });
        // The answer comes when all members have joined.
        let rebalance_ms = i64::from(self.config.max_poll_interval_ms) + JOIN_GROUP_LAPSE_MS;
        let timeout_ms = rebalance_ms.max(i64::from(self.config.request_timeout_ms));
        let correlation_id = self
            .connection
            .send_within(fabric, coordinator, request, timeout_ms);
        self.pending.insert(correlation_id, Pending::Join);
    }

    /// What an assignor at the leader has to know of this member
    /// (`ConsumerCoordinator.metadata`).
    fn subscription_for(&self, assignor: ClientAssignor) -> Opaque {
        let subscription = Subscription {
            topics: self.subscription.clone(),
            user_data: user_data(assignor, self.group.last_assignments.get(&assignor)),
            owned_partitions: self.assignment.keys().cloned().collect(),
            generation_id: self.group.generation,
            rack_id: self.config.client_rack.clone(),
        };
        subscription.encode()
    }

    pub(in crate::client::consumer) fn on_joined(
        &mut self,
        fabric: &mut Fabric,
        response: JoinGroupResponse,
    ) {
        if self.group.state != Membership::Joining {
            return;
        }
        match response.error_code {
            ErrorCode::None => self.enter(fabric, response),
            ErrorCode::MemberIdRequired => {
                self.group.member_id = response.member_id;
                self.group.generation = -1;
                self.group.rejoin_reason = "need to re-join with the given member-id".to_owned();
                // The coordinator may be lost by now: then it joins when it is found.
                self.group.state = Membership::Unjoined;
                self.group.rejoin_needed = true;
                self.join(fabric);
            }
            error => self.on_join_error(fabric, error),
        }
    }

    fn enter(&mut self, fabric: &mut Fabric, response: JoinGroupResponse) {
        self.failures = 0;
        self.group.state = Membership::CompletingRebalance;
        self.group.member_id = response.member_id.clone();
        self.group.generation = response.generation_id;
        self.group.protocol_name = response.protocol_name.clone();
        self.start_heartbeats(fabric);
        match response.leader == self.group.member_id {
            true => self.lead(fabric, response),
            false => self.sync(fabric, Vec::new()),
        }
    }

    pub(super) fn sync(&mut self, fabric: &mut Fabric, assignments: Vec<(String, Opaque)>) {
        let Some(coordinator) = self.ready_coordinator(fabric.now) else {
            return self.on_join_error(fabric, ErrorCode::CoordinatorNotAvailable);
        };
        let request = Request::SyncGroup(SyncGroupRequest {
            group_id: self.config.group_id.clone(),
            generation_id: self.group.generation,
            member_id: self.group.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            protocol_type: Some(PROTOCOL_TYPE.to_owned()),
            protocol_name: self.group.protocol_name.clone(),
            assignments,
        });
        self.ask(fabric, coordinator, request, Pending::Sync);
    }

    pub(in crate::client::consumer) fn on_synced(
        &mut self,
        fabric: &mut Fabric,
        response: SyncGroupResponse,
    ) {
        if self.group.state != Membership::CompletingRebalance {
            return;
        }
        match response.error_code {
            ErrorCode::None => {}
            error => return self.on_join_error(fabric, error),
        }
        self.group.state = Membership::Stable;
        self.group.rejoin_needed = false;
        self.group.rejoin_reason.clear();
        self.group.preparation = Preparation::Due;
        let partitions = decode_assignment(&response.assignment).unwrap_or_default();
        self.complete_join(fabric, partitions);
    }

    /// Takes what the group gives; a cooperative member first gives up what it
    /// has beyond that, and then joins again (`onJoinComplete`).
    fn complete_join(&mut self, fabric: &mut Fabric, partitions: Vec<TopicPartition>) {
        let is_wanted = |of: &TopicPartition| self.subscription.contains(&of.topic);
        if !partitions.iter().all(is_wanted) {
            return self
                .request_rejoin("received assignment does not match the current subscription");
        }
        if self.rebalance_protocol() == RebalanceProtocol::Cooperative
            && self.revoke(fabric, |of| !partitions.contains(of))
        {
            self.request_rejoin("need to revoke partitions and re-join");
        }
        let generation = self.group.generation;
        if let Some(assignor) = self.assignor() {
            let last = LastAssignment {
                partitions: partitions.clone(),
                generation_id: generation,
            };
            self.group.last_assignments.insert(assignor, last);
        }
        self.assign_from_group(fabric, generation, partitions);
    }

    /// JoinGroup or SyncGroup has failed: some errors end the consumer, after
    /// all others it joins anew.
    pub(in crate::client::consumer) fn on_join_error(
        &mut self,
        fabric: &mut Fabric,
        error: ErrorCode,
    ) {
        self.stop_heartbeats();
        self.group.assigning = None;
        self.group.state = Membership::Unjoined;
        self.request_rejoin(&format!("rebalance failed due to {}", error.exception()));
        match error {
            ErrorCode::FencedInstanceId => {
                self.reset_generation(true);
                self.fail_with(fabric, error);
            }
            ErrorCode::GroupMaxSizeReached
            | ErrorCode::InconsistentGroupProtocol
            | ErrorCode::InvalidSessionTimeout
            | ErrorCode::InvalidGroupId => {
                self.reset_generation(true);
                let text = format!("JoinGroup failed due to fatal error: {}", error.message());
                self.connection.log(fabric, LogLevel::Error, LOGGER, text);
                self.stop_heartbeats();
                let message = match error {
                    ErrorCode::GroupMaxSizeReached => format!(
                        "Consumer group {} already has the configured maximum number of members.",
                        self.config.group_id
                    ),
                    error => error.message().to_owned(),
                };
                self.fail(fabric, error.exception(), message);
            }
            ErrorCode::UnknownMemberId => self.reset_generation(true),
            ErrorCode::IllegalGeneration => self.reset_generation(false),
            ErrorCode::RebalanceInProgress => {}
            ErrorCode::NotCoordinator
            | ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NetworkException => self.lose_coordinator(fabric),
            _ => self.back_off(fabric),
        }
    }
}

/// Ceasing to be a member.
impl Consumer {
    /// The coordinator does not know the member in this generation: at its next
    /// `poll()` it gives its partitions up as lost, and joins anew
    /// (`resetStateOnResponseError`). `api` is the request that was refused, by
    /// its name in `ApiKeys`.
    pub(in crate::client::consumer) fn lose_membership(
        &mut self,
        fabric: &mut Fabric,
        api: &str,
        error: ErrorCode,
    ) {
        if error == ErrorCode::FencedInstanceId {
            self.group.fatal = Some((error, error.message().to_owned()));
            let instance = self.config.group_instance_id.clone().unwrap_or_default();
            let text =
                format!("Caught fenced group.instance.id {instance} error in heartbeat thread");
            self.connection.log(fabric, LogLevel::Error, LOGGER, text);
        }
        self.stop_heartbeats();
        self.reset_generation(error != ErrorCode::IllegalGeneration);
        let reason = format!("encountered {} from {api} response", error.name());
        self.request_rejoin(&reason);
    }

    /// A commit has shown that another process has the member's place: the next
    /// `poll()` fails (`asyncCommitFenced`).
    pub(in crate::client::consumer) fn note_fenced_commit(&mut self) {
        let instance = self.config.group_instance_id.as_deref();
        let message = format!(
            "Get fenced exception for group.instance.id {}, current member.id is {}",
            instance.unwrap_or("unset_instance_id"),
            self.group.member_id
        );
        self.group.fatal = Some((ErrorCode::FencedInstanceId, message));
    }

    /// It is in no generation any more. What it still has is lost before it joins
    /// again, even if it had prepared to join (`resetStateAndRejoin`).
    fn reset_generation(&mut self, forgets_member_id: bool) {
        self.group.preparation = Preparation::Due;
        self.group.state = Membership::Unjoined;
        self.group.generation = -1;
        if forgets_member_id {
            self.group.member_id.clear();
        }
        self.group.assigned_from = None;
    }

    /// Tells the coordinator, unless it knows no such member or the member is
    /// static: a static one is expected back (KIP-345). Says whether it was
    /// told (`maybeLeaveGroup`).
    pub(in crate::client::consumer) fn leave_group(
        &mut self,
        fabric: &mut Fabric,
        reason: &str,
    ) -> bool {
        if self.member.is_some() {
            return self.leave_consumer_group(fabric, reason);
        }
        let is_dynamic = self.config.group_instance_id.is_none();
        let is_member = !self.group.member_id.is_empty()
            && self.group.state != Membership::Unjoined
            && is_dynamic;
        let coordinator = self.ready_coordinator(fabric.now);
        let coordinator = coordinator.filter(|_| is_member);
        self.stop_heartbeats();
        if let Some(coordinator) = coordinator {
            let request = Request::LeaveGroup(LeaveGroupRequest {
                group_id: self.config.group_id.clone(),
                members: vec![LeavingMember {
                    member_id: self.group.member_id.clone(),
                    group_instance_id: None,
                    reason: Some(reason.to_owned()),
                }],
            });
            self.ask(fabric, coordinator, request, Pending::Leave);
            let reason = reason.to_owned();
            self.tell(fabric, ConsumerEvent::LeavesGroup { reason });
        }
        self.reset_generation(true);
        self.group.assigning = None;
        self.group.joined_subscription = None;
        self.request_rejoin("consumer pro-actively leaving the group");
        coordinator.is_some()
    }

    /// Leaves as part of `close()`, which waits for the answer.
    pub(in crate::client::consumer) fn leave(&mut self, fabric: &mut Fabric) {
        self.revoke_all(fabric);
        let leaves = self.config.leave_group_on_close;
        if leaves && self.leave_group(fabric, "the consumer is being closed") {
            self.group.state = Membership::Leaving;
            self.set_member_state(ConsumerMemberState::Leaving);
        } else {
            self.end(fabric);
        }
    }
}
