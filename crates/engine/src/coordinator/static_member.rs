//! Static membership (KIP-345): an instance comes back without its member id.

use super::join::JoinCall;
use super::step::Step;
use super::then::GroupThen;
use super::{ClassicGroup, GroupEvent, GroupState, Member};
use crate::protocol::{ErrorCode, JoinGroupResponse, Opaque, Response, SyncGroupResponse};

impl ClassicGroup {
    /// The instance gets a new member id, and the old one is fenced. A stable
    /// group whose assignor stays the same does not rebalance
    /// (`updateStaticMemberThenRebalanceOrCompleteJoin`).
    pub(super) fn replace_static(
        &mut self,
        step: &mut Step,
        call: JoinCall,
        old_member_id: &str,
        new_member_id: String,
    ) {
        let Some(instance_id) = call.request.group_instance_id.clone() else {
            return;
        };
        self.fence_waiting(step, old_member_id);
        let Some(mut member) = self.members.remove(old_member_id) else {
            return;
        };
        let old = member.clone();
        // The session runs by the timeout of the old member until a heartbeat.
        self.schedule_session(step, &new_member_id, member.session_timeout_ms);
        member.id = new_member_id.clone();
        member.is_new = false;
        member.protocols = call.request.protocols.clone();
        member.rebalance_timeout_ms = call.request.rebalance_timeout_ms;
        member.session_timeout_ms = call.request.session_timeout_ms;
        member.awaiting_join = Some(call.token);
        self.members.insert(new_member_id.clone(), member);
        if self.leader.as_deref() == Some(old_member_id) {
            self.leader = Some(new_member_id.clone());
        }
        self.static_members
            .insert(instance_id.clone(), new_member_id.clone());
        step.event(GroupEvent::MemberReplaced {
            group: self.name.clone(),
            group_instance_id: instance_id.clone(),
            old_member_id: old_member_id.to_owned(),
            new_member_id: new_member_id.clone(),
        });
        self.after_replacement(step, old, &new_member_id, &instance_id);
    }

    /// Whoever still waits under the old id is told that it is fenced.
    fn fence_waiting(&mut self, step: &mut Step, member_id: &str) {
        let error = ErrorCode::FencedInstanceId;
        self.answer_join(step, member_id, JoinGroupResponse::error(error, member_id));
        let member = self.members.get_mut(member_id);
        if let Some(token) = member.and_then(|member| member.awaiting_sync.take()) {
            let response = SyncGroupResponse {
                error_code: error,
                protocol_type: None,
                protocol_name: None,
                assignment: Opaque::default(),
            };
            step.respond(token, Response::SyncGroup(response));
        }
    }

    fn after_replacement(
        &mut self,
        step: &mut Step,
        old: Member,
        member_id: &str,
        instance_id: &str,
    ) {
        let came_back = format!("the instance {instance_id} came back as {member_id}");
        match self.state {
            GroupState::Stable if self.select_protocol() == self.protocol_name => {
                // The leader is told that the assignment stands (KIP-814).
                let members = self.members.values();
                let assignments = members.map(|it| (it.id.clone(), it.assignment.clone()));
                self.write(step, &assignments.collect());
                step.then(GroupThen::ReplaceStatic {
                    group: self.name.clone(),
                    old: Box::new(old),
                    new_member_id: member_id.to_owned(),
                });
            }
            GroupState::Stable => {
                let reason = format!("{came_back} and with it the assignor changes");
                self.rebalance_or_complete_join(step, &reason);
            }
            // The leader may assign to the old id already.
            GroupState::CompletingRebalance => self.prepare_rebalance(step, &came_back),
            _ => self.maybe_complete_join(step),
        }
    }
}
