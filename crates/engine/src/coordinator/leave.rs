//! LeaveGroup: members go, by themselves or sent by an administrator.

use super::member::name_in;
use super::step::Step;
use super::{ClassicGroup, GroupState, RemovalCause};
use crate::protocol::{ErrorCode, LeavingMember, LeftMember};

impl ClassicGroup {
    /// Removes these members (`classicGroupLeaveToClassicGroup`).
    pub(super) fn leave(&mut self, step: &mut Step, leaving: &[LeavingMember]) -> Vec<LeftMember> {
        let mut answers = Vec::new();
        let mut left = Vec::new();
        for member in leaving {
            let error_code = match self.leave_one(step, member) {
                Ok(member_id) => {
                    left.push(member_id);
                    ErrorCode::None
                }
                Err(error) => error,
            };
            answers.push(LeftMember {
                member_id: member.member_id.clone(),
                group_instance_id: member.group_instance_id.clone(),
                error_code,
            });
        }
        if !left.is_empty() {
            let names: Vec<&str> = left.iter().map(|id| name_in(id)).collect();
            let reason = format!("{} left", names.join(", "));
            self.after_leaving(step, &reason);
        }
        answers
    }

    /// Removes one member and tells its id. Without a member id the one that
    /// has the instance id is meant.
    fn leave_one(&mut self, step: &mut Step, leaving: &LeavingMember) -> Result<String, ErrorCode> {
        let instance_id = leaving.group_instance_id.as_deref();
        let member_id = if leaving.member_id.is_empty() {
            instance_id
                .and_then(|instance_id| self.static_members.get(instance_id).cloned())
                .ok_or(ErrorCode::UnknownMemberId)?
        } else {
            leaving.member_id.clone()
        };
        if !self.pending_members.contains_key(&member_id) {
            self.validate_member(&member_id, instance_id)?;
            self.refuse_waiting_join(step, &member_id);
        }
        step.cancel_session(&self.name, &member_id);
        self.remove_member(step, &member_id, RemovalCause::Left);
        Ok(member_id)
    }

    fn after_leaving(&mut self, step: &mut Step, reason: &str) {
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.prepare_rebalance(step, reason);
            }
            GroupState::PreparingRebalance => self.maybe_complete_join(step),
            GroupState::Empty | GroupState::Dead => {}
        }
    }
}
