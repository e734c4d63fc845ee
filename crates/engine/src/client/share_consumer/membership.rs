use super::{Pending, ShareConsumer};
use crate::protocol::{
    ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse, JOIN_GROUP_MEMBER_EPOCH,
    LEAVE_GROUP_MEMBER_EPOCH, Request, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse,
    TopicIdPartition,
};
use crate::sim::Fabric;

/// The member's side of the group
/// (`org.apache.kafka.clients.consumer.internals.ShareHeartbeatRequestManager`,
/// `ShareMembershipManager`).
impl ShareConsumer {
    /// Asks any broker, if the coordinator is not known.
    pub(super) fn find_coordinator(&mut self, fabric: &mut Fabric) {
        let is_under_way = self.is_asking(&Pending::FindCoordinator);
        let may_ask = self.connection.metadata.updated_at().is_some()
            && self.retry_at <= fabric.now
            && !is_under_way;
        if self.coordinator.is_some() || !may_ask {
            return;
        }
        if let Some(broker) = self.connection.least_loaded(fabric.now) {
            let request = FindCoordinatorRequest::group(&self.config.group_id);
            let request = Request::FindCoordinator(request);
            self.ask(fabric, broker, request, Pending::FindCoordinator);
        }
    }

    pub(super) fn on_coordinator(
        &mut self,
        fabric: &mut Fabric,
        response: &FindCoordinatorResponse,
    ) {
        match response.coordinators.first() {
            Some(found) if found.error_code.is_none() => self.coordinator = Some(found.node_id),
            _ => self.back_off(fabric),
        }
    }

    /// Says that it lives, when it is time to; the first time, that it joins.
    pub(super) fn send_heartbeat(&mut self, fabric: &mut Fabric) {
        let is_due = self.heartbeat_at <= fabric.now && self.retry_at <= fabric.now;
        if !is_due || self.is_asking(&Pending::Heartbeat) {
            return;
        }
        let is_joining = self.member_epoch == JOIN_GROUP_MEMBER_EPOCH;
        let topics = is_joining.then(|| self.subscription.clone());
        let rack_id = self.config.client_rack.clone().filter(|_| is_joining);
        let request = Request::ShareGroupHeartbeat(ShareGroupHeartbeatRequest {
            group_id: self.config.group_id.clone(),
            member_id: self.member_id.clone(),
            member_epoch: self.member_epoch,
            rack_id,
            subscribed_topic_names: topics,
        });
        if let Some(coordinator) = self.ready_coordinator(fabric) {
            self.ask(fabric, coordinator, request, Pending::Heartbeat);
        }
    }

    pub(super) fn on_heartbeat(
        &mut self,
        fabric: &mut Fabric,
        response: ShareGroupHeartbeatResponse,
    ) {
        match response.error_code {
            ErrorCode::None => {
                self.failures = 0;
                self.member_epoch = response.member_epoch;
                let interval_ms = i64::from(response.heartbeat_interval_ms);
                self.heartbeat_at = fabric.now.plus_ms(interval_ms);
                if let Some(topics) = response.assignment {
                    let partitions = topics.iter().flat_map(|topic| {
                        let partitions = topic.partitions.iter();
                        partitions.map(|partition| TopicIdPartition {
                            topic_id: topic.topic_id,
                            partition: *partition,
                        })
                    });
                    self.assignment = partitions.collect();
                }
            }
            // It abandons what it had, and joins again.
            ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId => {
                self.member_epoch = JOIN_GROUP_MEMBER_EPOCH;
                self.assignment.clear();
                self.heartbeat_at = fabric.now;
            }
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.lose_coordinator(fabric);
            }
            ErrorCode::CoordinatorLoadInProgress => self.back_off(fabric),
            error => {
                let message = response.error_message;
                let message = message.unwrap_or_else(|| error.message().to_owned());
                self.fail(fabric, error.exception(), message);
            }
        }
    }

    /// Leaves the group, if it is a member of it.
    pub(super) fn leave(&mut self, fabric: &mut Fabric) {
        if self.is_asking(&Pending::Leave) {
            return;
        }
        let is_member = self.member_epoch > JOIN_GROUP_MEMBER_EPOCH;
        let Some(coordinator) = self.ready_coordinator(fabric).filter(|_| is_member) else {
            return self.end();
        };
        let request = Request::ShareGroupHeartbeat(ShareGroupHeartbeatRequest {
            group_id: self.config.group_id.clone(),
            member_id: self.member_id.clone(),
            member_epoch: LEAVE_GROUP_MEMBER_EPOCH,
            rack_id: None,
            subscribed_topic_names: None,
        });
        self.ask(fabric, coordinator, request, Pending::Leave);
    }

    fn is_asking(&self, what: &Pending) -> bool {
        self.pending.values().any(|pending| pending == what)
    }

    /// The coordinator, if it is known and its connection does not back off.
    fn ready_coordinator(&self, fabric: &Fabric) -> Option<i32> {
        let is_ready = |broker: &i32| self.connection.is_ready(fabric.now, *broker);
        self.coordinator.filter(is_ready)
    }

    /// The coordinator is to be found anew, after `retry.backoff.ms`.
    pub(super) fn lose_coordinator(&mut self, fabric: &mut Fabric) {
        self.coordinator = None;
        self.back_off(fabric);
    }

    pub(super) fn back_off(&mut self, fabric: &mut Fabric) {
        let wait_us = self.connection.backoff_us(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = fabric.now.plus_us(wait_us);
    }
}
