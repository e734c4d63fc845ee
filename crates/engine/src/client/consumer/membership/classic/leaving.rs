//! Ceasing to be a member.

use super::super::{Consumer, ConsumerMemberState, LOGGER, Membership, Pending};
use super::Preparation;
use crate::client::consumer::ConsumerEvent;
use crate::event::LogLevel;
use crate::protocol::{ErrorCode, LeaveGroupRequest, LeavingMember, Request};
use crate::sim::Fabric;

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
    pub(super) fn reset_generation(&mut self, forgets_member_id: bool) {
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
            self.close_fetch_sessions(fabric);
        }
    }
}
