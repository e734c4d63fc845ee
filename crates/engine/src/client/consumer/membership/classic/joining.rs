//! Joining: what is done before, JoinGroup, SyncGroup, and what comes of them.

use super::super::{Consumer, LOGGER, Membership, Pending};
use super::{JOIN_GROUP_LAPSE_MS, PROTOCOL_TYPE, Preparation};
use crate::assignor::{ClientAssignor, RebalanceProtocol};
use crate::client::consumer::offsets::Commit;
use crate::client::consumer_protocol::{
    LastAssignment, Subscription, decode_assignment, user_data,
};
use crate::event::LogLevel;
use crate::protocol::{
    ErrorCode, JoinGroupProtocol, JoinGroupRequest, JoinGroupResponse, Opaque, Request,
    SyncGroupRequest, SyncGroupResponse, TopicPartition,
};
use crate::sim::Fabric;

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

    pub(in crate::client::consumer::membership) fn sync(
        &mut self,
        fabric: &mut Fabric,
        assignments: Vec<(String, Opaque)>,
    ) {
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
