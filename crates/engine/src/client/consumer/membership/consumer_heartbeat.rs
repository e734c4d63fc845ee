//! Heartbeats of a member of a group of KIP-848: when one is due, and what it
//! says (`ConsumerHeartbeatRequestManager`).

use super::consumer::ConsumerMemberState;
use super::heartbeat::POLL_TIMEOUT;
use super::{Consumer, ConsumerEvent, Pending};
use crate::event::LogLevel;
use crate::protocol::{ConsumerGroupHeartbeatRequest, GroupTopicPartitions, Request};
use crate::sim::{Fabric, Time};

const LOGGER: &str = "org.apache.kafka.clients.consumer.internals.ConsumerHeartbeatRequestManager";

impl Consumer {
    /// When the background thread has something to do next.
    pub(super) fn member_deadline(&self) -> Option<Time> {
        let member = self.member.as_ref().filter(|it| it.state.beats())?;
        let poll = self.poll_deadline();
        Some(poll.map_or(member.heartbeat_at, |poll| poll.min(member.heartbeat_at)))
    }

    /// Does what is due, in `poll()` or not.
    pub(super) fn run_member(&mut self, fabric: &mut Fabric) {
        let Some(member) = self.member.as_ref().filter(|it| it.state.beats()) else {
            return;
        };
        let due = member.heartbeat_at;
        self.find_coordinator(fabric);
        let is_known = self.ready_coordinator(fabric.now).is_some();
        if is_known && self.poll_deadline().is_some_and(|at| at <= fabric.now) {
            let text = POLL_TIMEOUT.to_owned();
            self.connection.log(fabric, LogLevel::Warn, LOGGER, text);
            self.leave_consumer_group(fabric, "consumer poll timeout has expired.");
            self.set_member_state(ConsumerMemberState::Stale);
            return self.lose_all(fabric);
        }
        self.reconcile(fabric);
        let is_acknowledging = self.member_state() == Some(ConsumerMemberState::Acknowledging);
        if due <= fabric.now || is_acknowledging {
            self.send_consumer_heartbeat(fabric);
        }
    }

    fn send_consumer_heartbeat(&mut self, fabric: &mut Fabric) {
        let is_out = self.is_pending(&Pending::ConsumerHeartbeat);
        let coordinator = self.ready_coordinator(fabric.now);
        let Some(coordinator) = coordinator.filter(|_| !is_out && self.retry_at <= fabric.now)
        else {
            return;
        };
        let Some(request) = self.heartbeat_request() else {
            return;
        };
        let request = Request::ConsumerGroupHeartbeat(request);
        self.ask(fabric, coordinator, request, Pending::ConsumerHeartbeat);
        if let Some(member) = &mut self.member {
            member.sent_at = fabric.now;
            member.has_sent();
        }
    }

    /// Everything when it joins and after an error, else what has changed.
    fn heartbeat_request(&mut self) -> Option<ConsumerGroupHeartbeatRequest> {
        let member = self.member.as_mut()?;
        let sends_all = member.state == ConsumerMemberState::Joining;
        let sent = &mut member.sent;
        let timeout_ms = self.config.max_poll_interval_ms;
        let sends_timeout = sends_all || sent.rebalance_timeout_ms != Some(timeout_ms);
        sent.rebalance_timeout_ms = Some(timeout_ms);
        let topics = &self.subscription;
        let sends_topics = sends_all || sent.subscription.as_ref() != Some(topics);
        sent.subscription = Some(topics.clone());
        let assignor = &self.config.group_remote_assignor;
        let sends_assignor = sends_all || sent.assignor != *assignor;
        sent.assignor.clone_from(assignor);
        let sends_assignment = sends_all || sent.assignment.as_ref() != Some(&member.current);
        sent.assignment = Some(member.current.clone());
        let owned = member
            .current
            .iter()
            .flat_map(|current| &current.partitions);
        let owned = owned.map(|(topic_id, partitions)| GroupTopicPartitions {
            topic_id: *topic_id,
            partitions: partitions.iter().copied().collect(),
        });
        Some(ConsumerGroupHeartbeatRequest {
            group_id: self.config.group_id.clone(),
            member_id: member.member_id.clone(),
            member_epoch: member.epoch,
            instance_id: self.config.group_instance_id.clone(),
            rack_id: None,
            rebalance_timeout_ms: if sends_timeout { timeout_ms } else { -1 },
            subscribed_topic_names: sends_topics.then(|| topics.clone()),
            server_assignor: assignor.clone().filter(|_| sends_assignor),
            topic_partitions: sends_assignment.then(|| owned.collect()),
        })
    }

    /// Says that it leaves, with the epoch it has been given for that. No answer
    /// to an earlier heartbeat counts any more.
    pub(super) fn send_leave(&mut self, fabric: &mut Fabric, reason: &str) -> bool {
        let Some(coordinator) = self.ready_coordinator(fabric.now) else {
            return false;
        };
        self.pending
            .retain(|_, pending| *pending != Pending::ConsumerHeartbeat);
        let Some(request) = self.heartbeat_request() else {
            return false;
        };
        let request = Request::ConsumerGroupHeartbeat(request);
        self.ask(fabric, coordinator, request, Pending::Leave);
        let reason = reason.to_owned();
        self.tell(fabric, ConsumerEvent::LeavesGroup { reason });
        true
    }
}
