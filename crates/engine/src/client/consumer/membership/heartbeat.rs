//! The heartbeat thread: says that the member lives, and leaves the group for
//! an application that does not poll
//! (`AbstractCoordinator.HeartbeatThread`).

use super::{Consumer, LOGGER, Membership, Pending};
use crate::event::LogLevel;
use crate::protocol::{ErrorCode, HeartbeatRequest, HeartbeatResponse, Request};
use crate::sim::{Fabric, Time};

/// What is logged when the application takes too long.
pub(super) const POLL_TIMEOUT: &str = "consumer poll timeout has expired. This means the time between \
     subsequent calls to poll() was longer than the configured max.poll.interval.ms, which \
     typically implies that the poll loop is spending too much time processing messages. You can \
     address this either by increasing max.poll.interval.ms or by reducing the maximum size of \
     batches returned in poll() with max.poll.records.";

impl Consumer {
    /// When the thread has something to do next.
    pub(in crate::client::consumer) fn group_deadline(&self) -> Option<Time> {
        if self.member.is_some() {
            return self.member_deadline();
        }
        let heartbeat = self.group.heartbeat_at?;
        let poll = self.poll_deadline();
        Some(poll.map_or(heartbeat, |poll| poll.min(heartbeat)))
    }

    /// By when the application must have called `poll()` again
    /// (`max.poll.interval.ms`); `None` while it is in there.
    pub fn poll_deadline(&self) -> Option<Time> {
        let last = self.application.last_poll()?;
        Some(last.plus_ms(i64::from(self.config.max_poll_interval_ms)))
    }

    /// When the next heartbeat is due; `None` while it is in no group.
    pub fn heartbeat_due(&self) -> Option<Time> {
        match &self.member {
            Some(member) => member.state.beats().then_some(member.heartbeat_at),
            None => self.group.heartbeat_at,
        }
    }

    /// Does what is due. The thread rests while the member is in no generation.
    pub(in crate::client::consumer) fn run_heartbeat_thread(&mut self, fabric: &mut Fabric) {
        if self.member.is_some() {
            return self.run_member(fabric);
        }
        let Some(due) = self.group.heartbeat_at else {
            return;
        };
        self.find_coordinator(fabric);
        if self.poll_deadline().is_some_and(|at| at <= fabric.now) {
            let logger = LOGGER;
            let text = POLL_TIMEOUT.to_owned();
            self.connection.log(fabric, LogLevel::Warn, logger, text);
            self.leave_group(fabric, "consumer poll timeout has expired.");
        } else if due <= fabric.now {
            self.send_heartbeat(fabric);
        }
    }

    pub(super) fn start_heartbeats(&mut self, fabric: &mut Fabric) {
        let interval_ms = i64::from(self.config.heartbeat_interval_ms.max(1));
        self.group.heartbeat_at = Some(fabric.now.plus_ms(interval_ms));
    }

    pub(in crate::client::consumer) fn stop_heartbeats(&mut self) {
        self.group.heartbeat_at = None;
    }

    /// Says that it lives, if the coordinator can be asked.
    fn send_heartbeat(&mut self, fabric: &mut Fabric) {
        let coordinator = self.ready_coordinator(fabric.now);
        let is_out = self.is_pending(&Pending::Heartbeat);
        let Some(coordinator) = coordinator.filter(|_| !is_out) else {
            return;
        };
        let request = Request::Heartbeat(HeartbeatRequest {
            group_id: self.config.group_id.clone(),
            generation_id: self.group.generation,
            member_id: self.group.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
        });
        // A coordinator that is silent for a whole session is given up.
        let session_ms = i64::from(self.config.session_timeout_ms);
        let timeout_ms = session_ms.min(i64::from(self.config.request_timeout_ms));
        let correlation_id = self
            .connection
            .send_within(fabric, coordinator, request, timeout_ms);
        self.pending.insert(correlation_id, Pending::Heartbeat);
        self.start_heartbeats(fabric);
    }

    pub(in crate::client::consumer) fn on_heartbeat(
        &mut self,
        fabric: &mut Fabric,
        response: HeartbeatResponse,
    ) {
        match response.error_code {
            ErrorCode::None => self.failures = 0,
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.lose_coordinator(fabric);
            }
            // It is on its way into another generation, or out of the group.
            _ if self.group.state != Membership::Stable || self.closing => {}
            ErrorCode::RebalanceInProgress => {
                self.request_rejoin("group is already rebalancing");
            }
            error @ (ErrorCode::UnknownMemberId
            | ErrorCode::IllegalGeneration
            | ErrorCode::FencedInstanceId) => self.lose_membership(fabric, "HEARTBEAT", error),
            _ => self.back_off(fabric),
        }
    }
}
