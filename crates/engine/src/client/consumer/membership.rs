use std::collections::BTreeMap;

use super::{AssignedPartition, Consumer, Membership, Pending, offsets::Commit};
use crate::assignor::{self, MemberSubscription, TopicPartitions, Topics};
use crate::client::ClientTimer;
use crate::client::consumer_protocol::{Subscription, decode_assignment, encode_assignment};
use crate::event::EventKind;
use crate::protocol::{
    ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse, HeartbeatRequest,
    HeartbeatResponse, JoinGroupProtocol, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeavingMember, Opaque, Request, SyncGroupRequest, SyncGroupResponse, TopicName, TopicPartition,
};
use crate::sim::Fabric;

/// The protocol type of consumer groups.
const PROTOCOL_TYPE: &str = "consumer";
/// How much longer than the rebalance timeout a JoinGroup may take, in
/// milliseconds (`JOIN_GROUP_TIMEOUT_LAPSE`).
const JOIN_GROUP_LAPSE_MS: i64 = 5_000;

/// The member's side of the classic group protocol
/// (`org.apache.kafka.clients.consumer.internals.AbstractCoordinator` and
/// `ConsumerCoordinator`).
impl Consumer {
    /// New metadata: time to find the coordinator, to finish an assignment, or
    /// for the leader to have the group rebalance over changed topics.
    pub(super) fn on_new_metadata(&mut self, fabric: &mut Fabric) {
        if self.closing {
            return;
        }
        if self.connection.metadata.is_behind() {
            return self.connection.metadata.request_update_now();
        }
        if let Some(response) = self.assigning.take() {
            return self.assign(fabric, response);
        }
        let changed = self
            .assigned_from
            .as_ref()
            .is_some_and(|before| *before != self.partition_counts(before.keys()));
        if changed && self.membership == Membership::Stable {
            self.rejoin();
        }
    }

    /// Asks any broker, if the coordinator is not known.
    pub(super) fn find_coordinator(&mut self, fabric: &mut Fabric) {
        let is_under_way = self.is_pending(&Pending::FindCoordinator);
        let may_ask = self.connection.metadata.updated_at().is_some()
            && self.retry_at <= fabric.now
            && !is_under_way;
        if self.coordinator.is_some() || !may_ask {
            return;
        }
        let Some(broker) = self.connection.least_loaded(fabric.now) else {
            return;
        };
        let request = Request::FindCoordinator(FindCoordinatorRequest {
            key: self.config.group_id.clone(),
        });
        self.ask(fabric, broker, request, Pending::FindCoordinator);
    }

    pub(super) fn on_coordinator(
        &mut self,
        fabric: &mut Fabric,
        response: FindCoordinatorResponse,
    ) {
        match response.error_code {
            ErrorCode::None => self.coordinator = Some(response.node_id),
            ErrorCode::InvalidGroupId => self.fail_with(fabric, response.error_code),
            _ => self.back_off(fabric),
        }
    }

    /// Goes for the next generation: commits, gives up all partitions (the
    /// assignor is an eager one), joins.
    pub(super) fn rejoin(&mut self) {
        self.membership = Membership::PreparingRebalance;
    }

    /// Commits until it is done, or known not to be possible; then joins.
    pub(super) fn commit_and_join(&mut self, fabric: &mut Fabric) {
        if !self.has_positions_to_commit() {
            self.join(fabric);
        } else if !self.is_committing() && self.may_ask_coordinator(fabric.now) {
            self.commit_positions(fabric, Commit::BeforeRejoining);
        }
    }

    /// Gives up all partitions, and joins as soon as the coordinator can be
    /// asked.
    pub(super) fn join(&mut self, fabric: &mut Fabric) {
        self.revoke(fabric);
        self.stop_heartbeats(fabric);
        self.membership = Membership::Unjoined;
        let coordinator = self.ready_coordinator(fabric.now);
        let Some(coordinator) = coordinator.filter(|_| self.retry_at <= fabric.now) else {
            return;
        };
        self.membership = Membership::Joining;
        let subscription = Subscription {
            topics: self.subscription.clone(),
            owned_partitions: Vec::new(),
            generation_id: self.generation,
            rack_id: self.config.client_rack.clone(),
        };
        let request = Request::JoinGroup(JoinGroupRequest {
            group_id: self.config.group_id.clone(),
            session_timeout_ms: self.config.session_timeout_ms,
            rebalance_timeout_ms: self.config.max_poll_interval_ms,
            member_id: self.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            protocol_type: PROTOCOL_TYPE.to_owned(),
            protocols: vec![JoinGroupProtocol {
                name: "range".to_owned(),
                metadata: subscription.encode(),
            }],
            reason: None,
        });
        // The answer comes when all members have joined.
        let rebalance_ms = i64::from(self.config.max_poll_interval_ms) + JOIN_GROUP_LAPSE_MS;
        let timeout_ms = rebalance_ms.max(i64::from(self.config.request_timeout_ms));
        let correlation_id = self
            .connection
            .send_within(fabric, coordinator, request, timeout_ms);
        self.pending.insert(correlation_id, Pending::Join);
    }

    pub(super) fn on_joined(&mut self, fabric: &mut Fabric, response: JoinGroupResponse) {
        if self.membership != Membership::Joining {
            return;
        }
        match response.error_code {
            ErrorCode::None => self.enter(fabric, response),
            ErrorCode::MemberIdRequired => {
                self.member_id = response.member_id;
                self.join(fabric);
            }
            error => self.on_group_error(fabric, error),
        }
    }

    fn enter(&mut self, fabric: &mut Fabric, response: JoinGroupResponse) {
        self.failures = 0;
        self.membership = Membership::CompletingRebalance;
        self.member_id = response.member_id.clone();
        self.generation = response.generation_id;
        self.assigned_from = None;
        self.schedule_heartbeat(fabric);
        if response.leader != self.member_id || response.skip_assignment {
            return self.sync(fabric, response.protocol_name, Vec::new());
        }
        // The leader has to know the topics of all members.
        for member in &response.members {
            let subscription = Subscription::decode(&member.metadata).unwrap_or_default();
            for topic in &subscription.topics {
                self.connection.metadata.want(topic);
            }
        }
        if self.connection.metadata.is_behind() {
            self.assigning = Some(response);
            self.connection.metadata.request_update_now();
        } else {
            self.assign(fabric, response);
        }
    }

    /// As the leader: who reads what.
    fn assign(&mut self, fabric: &mut Fabric, response: JoinGroupResponse) {
        let members: Vec<MemberSubscription> = response
            .members
            .iter()
            .map(|member| {
                let subscription = Subscription::decode(&member.metadata).unwrap_or_default();
                MemberSubscription {
                    member_id: member.member_id.clone(),
                    group_instance_id: member.group_instance_id.clone(),
                    rack_id: subscription.rack_id,
                    topics: subscription.topics.iter().map(|t| t.to_string()).collect(),
                    ..MemberSubscription::default()
                }
            })
            .collect();
        let wanted = members.iter().flat_map(|member| &member.topics);
        let wanted: Vec<TopicName> = wanted.map(|topic| topic.as_str().into()).collect();
        let counts = self.partition_counts(wanted.iter());
        let topics: Topics = counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(topic, count)| {
                let count = i32::try_from(*count).unwrap_or(i32::MAX);
                (topic.to_string(), TopicPartitions::without_racks(count))
            })
            .collect();
        self.assigned_from = Some(counts);
        let assignments = assignor::range::assign(&topics, &members)
            .into_iter()
            .map(|(member, partitions)| {
                let partitions: Vec<TopicPartition> = partitions
                    .into_iter()
                    .map(|(topic, partition)| TopicPartition::new(topic, partition))
                    .collect();
                (member, encode_assignment(&partitions))
            })
            .collect();
        self.sync(fabric, response.protocol_name, assignments);
    }

    fn partition_counts<'a>(
        &self,
        topics: impl Iterator<Item = &'a TopicName>,
    ) -> BTreeMap<TopicName, usize> {
        let metadata = &self.connection.metadata;
        topics
            .map(|topic| {
                let partitions = metadata.partitions(topic).unwrap_or_default();
                (topic.clone(), partitions.len())
            })
            .collect()
    }

    fn sync(
        &mut self,
        fabric: &mut Fabric,
        protocol_name: Option<String>,
        assignments: Vec<(String, Opaque)>,
    ) {
        let Some(coordinator) = self.ready_coordinator(fabric.now) else {
            return self.on_group_error(fabric, ErrorCode::CoordinatorNotAvailable);
        };
        let request = Request::SyncGroup(SyncGroupRequest {
            group_id: self.config.group_id.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            protocol_type: Some(PROTOCOL_TYPE.to_owned()),
            protocol_name,
            assignments,
        });
        self.ask(fabric, coordinator, request, Pending::Sync);
    }

    pub(super) fn on_synced(&mut self, fabric: &mut Fabric, response: SyncGroupResponse) {
        if self.membership != Membership::CompletingRebalance {
            return;
        }
        match response.error_code {
            ErrorCode::None => {}
            ErrorCode::RebalanceInProgress => return self.join(fabric),
            error => return self.on_group_error(fabric, error),
        }
        let partitions = decode_assignment(&response.assignment).unwrap_or_default();
        self.membership = Membership::Stable;
        self.assignment = partitions
            .iter()
            .map(|partition| (partition.clone(), AssignedPartition::default()))
            .collect();
        fabric.emit(EventKind::PartitionsAssigned {
            consumer: self.connection.number,
            generation: self.generation,
            partitions,
        });
        self.schedule_auto_commit(fabric);
    }

    /// Says that it lives, if it is time to and the coordinator can be asked.
    pub(super) fn send_heartbeat(&mut self, fabric: &mut Fabric) {
        let coordinator = self.ready_coordinator(fabric.now);
        let Some(coordinator) = coordinator.filter(|_| self.heartbeat_is_due) else {
            return;
        };
        if self.is_pending(&Pending::Heartbeat) {
            return;
        }
        let request = Request::Heartbeat(HeartbeatRequest {
            group_id: self.config.group_id.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
        });
        // A coordinator that is silent for a whole session is given up.
        let session_ms = i64::from(self.config.session_timeout_ms);
        let timeout_ms = session_ms.min(i64::from(self.config.request_timeout_ms));
        let correlation_id = self
            .connection
            .send_within(fabric, coordinator, request, timeout_ms);
        self.pending.insert(correlation_id, Pending::Heartbeat);
        self.schedule_heartbeat(fabric);
    }

    pub(super) fn on_heartbeat(&mut self, fabric: &mut Fabric, response: HeartbeatResponse) {
        match response.error_code {
            ErrorCode::None => self.failures = 0,
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.lose_coordinator(fabric);
            }
            _ if self.membership != Membership::Stable => {}
            ErrorCode::RebalanceInProgress if self.closing => {}
            ErrorCode::RebalanceInProgress => self.rejoin(),
            error => self.on_group_error(fabric, error),
        }
    }

    /// What the coordinator would not have: some errors end the consumer, all
    /// others end its membership, and it joins anew.
    pub(super) fn on_group_error(&mut self, fabric: &mut Fabric, error: ErrorCode) {
        match error {
            ErrorCode::FencedInstanceId
            | ErrorCode::GroupMaxSizeReached
            | ErrorCode::InconsistentGroupProtocol
            | ErrorCode::InvalidSessionTimeout
            | ErrorCode::InvalidGroupId => return self.fail_with(fabric, error),
            ErrorCode::UnknownMemberId => {
                self.member_id.clear();
                self.generation = -1;
            }
            ErrorCode::IllegalGeneration => self.generation = -1,
            ErrorCode::RebalanceInProgress => {}
            ErrorCode::NotCoordinator
            | ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NetworkException => self.lose_coordinator(fabric),
            _ => self.back_off(fabric),
        }
        self.stop_heartbeats(fabric);
        self.revoke(fabric);
        self.membership = Membership::Unjoined;
    }

    fn fail_with(&mut self, fabric: &mut Fabric, error: ErrorCode) {
        self.stop_heartbeats(fabric);
        self.revoke(fabric);
        self.fail(fabric, error.exception(), error.message().to_owned());
    }

    /// Tells the coordinator, unless it knows no such member or the member is
    /// static: a static one is expected back (KIP-345).
    pub(super) fn leave(&mut self, fabric: &mut Fabric) {
        self.stop_heartbeats(fabric);
        self.revoke(fabric);
        self.membership = Membership::Leaving;
        let is_dynamic = self.config.group_instance_id.is_none() && !self.member_id.is_empty();
        let coordinator = self.ready_coordinator(fabric.now);
        let Some(coordinator) = coordinator.filter(|_| is_dynamic) else {
            self.closed = true;
            return;
        };
        let request = Request::LeaveGroup(LeaveGroupRequest {
            group_id: self.config.group_id.clone(),
            members: vec![LeavingMember {
                member_id: self.member_id.clone(),
                group_instance_id: None,
                reason: Some("the consumer is being closed".to_owned()),
            }],
        });
        self.ask(fabric, coordinator, request, Pending::Leave);
    }

    pub(super) fn revoke(&mut self, fabric: &mut Fabric) {
        if let Some(timer) = self.auto_commit_timer.take() {
            fabric.queue.cancel(timer);
        }
        self.assigning = None;
        let assignment = std::mem::take(&mut self.assignment);
        if !assignment.is_empty() {
            fabric.emit(EventKind::PartitionsRevoked {
                consumer: self.connection.number,
                partitions: assignment.into_keys().collect(),
            });
        }
    }

    fn schedule_heartbeat(&mut self, fabric: &mut Fabric) {
        self.stop_heartbeats(fabric);
        let interval_ms = i64::from(self.config.heartbeat_interval_ms.max(1));
        let at = fabric.now.plus_ms(interval_ms);
        let number = self.connection.number;
        self.heartbeat_timer = Some(fabric.client_timer(at, number, ClientTimer::Heartbeat));
    }

    pub(super) fn stop_heartbeats(&mut self, fabric: &mut Fabric) {
        self.heartbeat_is_due = false;
        if let Some(timer) = self.heartbeat_timer.take() {
            fabric.queue.cancel(timer);
        }
    }

    fn is_pending(&self, wanted: &Pending) -> bool {
        self.pending.values().any(|pending| pending == wanted)
    }

    pub(super) fn ask(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        request: Request,
        pending: Pending,
    ) {
        let correlation_id = self.connection.send(fabric, broker, request);
        self.pending.insert(correlation_id, pending);
    }
}
