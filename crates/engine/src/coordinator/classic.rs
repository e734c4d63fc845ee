//! Requests of members of groups of the classic protocol.

use super::event::GroupEvent;
use super::expire::schedule_clean_up;
use super::group::ClassicGroup;
use super::join::JoinCall;
use super::runtime::RequestToken;
use super::step::Step;
use super::then::GroupThen;
use super::{CoordinatorOutput, GroupCoordinator, Groups, Parts, protocols, sync};
use crate::protocol::{
    ErrorCode, HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, LeaveGroupRequest,
    LeaveGroupResponse, LeftMember, Response, SyncGroupRequest,
};
use crate::sim::Time;

impl GroupCoordinator {
    /// Handles a JoinGroup request. It is answered at once or when the join
    /// phase ends. `client_host` is as Kafka shows it, such as `/127.0.0.1`.
    pub fn join_group(
        &mut self,
        now: Time,
        token: RequestToken,
        client_id: &str,
        client_host: &str,
        request: JoinGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        let checked = parts.check_join(&request);
        let group_id = request.group_id.clone();
        let call = JoinCall {
            token,
            client_id,
            client_host,
            request,
        };
        match checked {
            Ok(()) => parts.join(call, group_id),
            Err(error) => {
                let member_id = call.request.member_id.clone();
                call.refuse(&mut parts.step, error, &member_id);
            }
        }
        parts.step.finish();
    }

    /// Handles a SyncGroup request. It is answered at once or when the leader's
    /// assignment is committed.
    pub fn sync_group(
        &mut self,
        now: Time,
        token: RequestToken,
        request: SyncGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        match parts.groups.get_mut(&request.group_id) {
            _ if request.group_id.is_empty() => {
                sync::refuse(&mut parts.step, token, ErrorCode::InvalidGroupId);
            }
            Some(group) => group.sync(&mut parts.step, token, request),
            None => sync::refuse(&mut parts.step, token, ErrorCode::UnknownMemberId),
        }
        parts.step.finish();
    }

    /// Handles a Heartbeat request; it is answered when all that was written
    /// before is committed.
    pub fn heartbeat(
        &mut self,
        now: Time,
        token: RequestToken,
        request: HeartbeatRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        let result = match parts.groups.get(&request.group_id) {
            Some(group) => group.heartbeat(&mut parts.step, &request),
            None => Err(ErrorCode::UnknownMemberId),
        };
        let error_code = result.err().unwrap_or(ErrorCode::None);
        let response = Response::Heartbeat(HeartbeatResponse { error_code });
        parts.finish_with(token, response);
    }

    /// Handles a LeaveGroup request; it is answered when what it comes to is
    /// committed.
    pub fn leave_group(
        &mut self,
        now: Time,
        token: RequestToken,
        request: LeaveGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        let members = match parts.groups.get_mut(&request.group_id) {
            Some(group) => group.leave(&mut parts.step, &request.members),
            None => unknown_members(&request),
        };
        let response = LeaveGroupResponse {
            error_code: ErrorCode::None,
            members,
        };
        parts.finish_with(token, Response::LeaveGroup(response));
    }
}

impl Parts<'_> {
    fn check_join(&self, request: &JoinGroupRequest) -> Result<(), ErrorCode> {
        let (config, name) = (self.step.config, &request.group_id);
        let sessions = config.min_session_timeout_ms..=config.max_session_timeout_ms;
        let members_of_other = self.consumer_groups.group(name);
        let members_of_other = members_of_other.map_or(0, |group| group.members().len());
        if name.is_empty() {
            Err(ErrorCode::InvalidGroupId)
        } else if !sessions.contains(&request.session_timeout_ms) {
            Err(ErrorCode::InvalidSessionTimeout)
        } else if self.share_groups.get(name).is_some() {
            Err(ErrorCode::InconsistentGroupProtocol)
        } else if !request.member_id.is_empty() && self.groups.get(name).is_none() {
            Err(ErrorCode::UnknownMemberId)
        } else if members_of_other > 0 {
            Err(ErrorCode::InconsistentGroupProtocol)
        } else {
            Ok(())
        }
    }

    /// The group is made if need be, in place of an empty one of KIP-848.
    fn join(&mut self, call: JoinCall, group_id: String) {
        let (step, token) = (&mut self.step, call.token);
        let is_new = self.groups.get(&group_id).is_none();
        protocols::delete_consumer_group(self.consumer_groups, step, &group_id);
        let group = find_or_create(self.groups, step, &group_id);
        group.join(step, call, self.random);
        if is_new {
            group.write_empty(step);
            step.then(GroupThen::GroupMade {
                group: group_id,
                token,
            });
        }
    }
}

pub(super) fn find_or_create<'a>(
    groups: &'a mut Groups,
    step: &mut Step,
    group_id: &str,
) -> &'a mut ClassicGroup {
    let name = group_id.to_owned();
    if groups.get(&name).is_none() {
        step.event(GroupEvent::GroupCreated {
            group: name.clone(),
        });
        schedule_clean_up(step);
        let group = ClassicGroup::new(group_id, step.timestamp_ms);
        groups.insert(step.write, name.clone(), group);
    }
    groups.get_mut(&name).expect("it was made")
}

fn unknown_members(request: &LeaveGroupRequest) -> Vec<LeftMember> {
    let members = request.members.iter();
    members
        .map(|member| LeftMember {
            member_id: member.member_id.clone(),
            group_instance_id: member.group_instance_id.clone(),
            error_code: ErrorCode::UnknownMemberId,
        })
        .collect()
}
