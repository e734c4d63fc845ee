//! SyncGroup: the leader hands in the assignment, every member takes its part.

use crate::collections::BTreeMap;

use super::member::name_in;
use super::step::Step;
use super::then::GroupThen;
use super::{ClassicGroup, GroupState, RemovalCause, RequestToken};
use crate::protocol::{ErrorCode, Opaque, Response, SyncGroupRequest, SyncGroupResponse};

/// The answer to a member that gets no assignment.
pub(super) fn refuse(step: &mut Step, token: RequestToken, error_code: ErrorCode) {
    let response = SyncGroupResponse {
        error_code,
        protocol_type: None,
        protocol_name: None,
        assignment: Opaque::default(),
    };
    step.respond(token, Response::SyncGroup(response));
}

impl ClassicGroup {
    /// `classicGroupSyncToClassicGroup`
    pub(super) fn sync(&mut self, step: &mut Step, token: RequestToken, request: SyncGroupRequest) {
        if let Err(error) = self.validate_sync(&request) {
            refuse(step, token, error);
            return;
        }
        match self.state {
            GroupState::PreparingRebalance => refuse(step, token, ErrorCode::RebalanceInProgress),
            GroupState::CompletingRebalance => self.await_assignment(step, token, request),
            GroupState::Stable => {
                self.sync_arrived(step, &request.member_id);
                let response = self.sync_response(&request.member_id);
                step.respond(token, Response::SyncGroup(response));
            }
            GroupState::Empty | GroupState::Dead => {
                refuse(step, token, ErrorCode::UnknownMemberId);
            }
        }
    }

    fn validate_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        self.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
        let differs = |said: &Option<String>, is: &Option<String>| said.is_some() && said != is;
        if request.generation_id != self.generation {
            Err(ErrorCode::IllegalGeneration)
        } else if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol_name)
        {
            Err(ErrorCode::InconsistentGroupProtocol)
        } else {
            Ok(())
        }
    }

    fn await_assignment(
        &mut self,
        step: &mut Step,
        token: RequestToken,
        request: SyncGroupRequest,
    ) {
        if let Some(member) = self.members.get_mut(&request.member_id) {
            member.awaiting_sync = Some(token);
        }
        self.sync_arrived(step, &request.member_id);
        if self.leader.as_ref() == Some(&request.member_id) {
            self.store_assignment(step, request.assignments);
        }
    }

    /// One less to wait for.
    fn sync_arrived(&mut self, step: &mut Step, member_id: &str) {
        self.pending_sync.remove(member_id);
        if self.pending_sync.is_empty() {
            step.cancel_sync(&self.name);
        }
    }

    /// The leader's assignment is written, and stands when that is committed;
    /// whom it leaves out gets an empty part.
    fn store_assignment(&mut self, step: &mut Step, assignments: Vec<(String, Opaque)>) {
        let mut parts: BTreeMap<String, Opaque> = assignments.into_iter().collect();
        let members = self.members.keys();
        let assignments: BTreeMap<String, Opaque> = members
            .map(|member_id| {
                (
                    member_id.clone(),
                    parts.remove(member_id).unwrap_or_default(),
                )
            })
            .collect();
        self.write(step, &assignments);
        step.then(GroupThen::Assign {
            group: self.name.clone(),
            generation: self.generation,
            assignments,
        });
    }

    /// There will be no assignment in this generation.
    pub(super) fn reset_assignment(&mut self, step: &mut Step, error: ErrorCode) {
        for member in self.members.values_mut() {
            member.assignment = Opaque::default();
        }
        self.answer_syncs(step, error);
    }

    /// Answers every waiting SyncGroup; the sessions of those who waited begin
    /// anew (`propagateAssignment`).
    pub(super) fn answer_syncs(&mut self, step: &mut Step, error: ErrorCode) {
        let members: Vec<String> = self.members.keys().cloned().collect();
        for member_id in members {
            let member = self.members.get_mut(&member_id);
            let Some(token) = member.and_then(|member| member.awaiting_sync.take()) else {
                continue;
            };
            match error {
                ErrorCode::None => {
                    let response = self.sync_response(&member_id);
                    step.respond(token, Response::SyncGroup(response));
                }
                error => refuse(step, token, error),
            }
            self.restart_session(step, &member_id);
        }
    }

    fn sync_response(&self, member_id: &str) -> SyncGroupResponse {
        let member = self.members.get(member_id);
        SyncGroupResponse {
            error_code: ErrorCode::None,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            assignment: member
                .map(|member| member.assignment.clone())
                .unwrap_or_default(),
        }
    }

    /// Whoever has not sent SyncGroup in this generation is removed, and the
    /// others rebalance (`expirePendingSync`).
    pub(super) fn expire_sync(&mut self, step: &mut Step) {
        let waits = matches!(
            self.state,
            GroupState::CompletingRebalance | GroupState::Stable
        );
        if !waits || self.pending_sync.is_empty() {
            return;
        }
        let missing = std::mem::take(&mut self.pending_sync);
        for member_id in &missing {
            self.remove_member(step, member_id, RemovalCause::SyncTimeout);
            step.cancel_session(&self.name, member_id);
        }
        let missing: Vec<&str> = missing.iter().map(|id| name_in(id)).collect();
        let reason = format!("no SyncGroup came from {}", missing.join(", "));
        self.prepare_rebalance(step, &reason);
    }
}
