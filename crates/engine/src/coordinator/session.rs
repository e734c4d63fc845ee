//! Heartbeats, and what happens without them.

use super::member::name_in;
use super::step::Step;
use super::timers::Timer;
use super::{ClassicGroup, GroupState, RemovalCause};
use crate::protocol::{ErrorCode, HeartbeatRequest};

impl ClassicGroup {
    /// `classicGroupHeartbeatToClassicGroup`
    pub(super) fn heartbeat(
        &self,
        step: &mut Step,
        request: &HeartbeatRequest,
    ) -> Result<(), ErrorCode> {
        self.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        match self.state {
            GroupState::Empty | GroupState::Dead => Err(ErrorCode::UnknownMemberId),
            GroupState::PreparingRebalance => {
                self.restart_session(step, &request.member_id);
                Err(ErrorCode::RebalanceInProgress)
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.restart_session(step, &request.member_id);
                Ok(())
            }
        }
    }

    /// Expects the next sign of life within the member's session timeout.
    pub(super) fn restart_session(&self, step: &mut Step, member_id: &str) {
        if let Some(member) = self.members.get(member_id) {
            self.schedule_session(step, member_id, member.session_timeout_ms);
        }
    }

    pub(super) fn schedule_session(&self, step: &mut Step, member_id: &str, timeout_ms: i32) {
        let timer = Timer::Session {
            group: self.name.clone(),
            member_id: member_id.to_owned(),
        };
        step.schedule(timeout_ms, timer);
    }

    /// The member has been silent for too long
    /// (`expireClassicGroupMemberHeartbeat`).
    pub(super) fn expire_session(&mut self, step: &mut Step, member_id: &str) {
        if self.pending_members.contains_key(member_id) {
            self.remove_member(step, member_id, RemovalCause::PendingExpired);
            self.complete_join_if_all_joined(step);
            return;
        }
        let cause = match self.members.get(member_id) {
            None => return,
            Some(member) if member.is_excused_from_heartbeat() => return,
            Some(member) if member.is_new => RemovalCause::JoinTimedOut,
            Some(_) => RemovalCause::SessionExpired,
        };
        self.refuse_waiting_join(step, member_id);
        self.remove_member(step, member_id, cause);
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => {
                let reason = format!("the session of {} expired", name_in(member_id));
                self.prepare_rebalance(step, &reason);
            }
            _ => self.complete_join_if_all_joined(step),
        }
    }
}
