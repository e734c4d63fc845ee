//! What a group does when what it wrote is settled.

use crate::collections::BTreeMap;

use super::consumer_group::ConsumerGroupTimer;
use super::runtime::{RequestToken, Settled};
use super::step::Step;
use super::{ClassicGroup, GroupEvent, GroupState, Member};
use crate::protocol::{
    ErrorCode, GroupHeartbeatResponse, JoinGroupResponse, OffsetFetchResponse, Opaque, Response,
};

/// What is to be done when a write is settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupThen {
    /// A request is answered; with an error when the write failed.
    Respond {
        /// The request.
        token: RequestToken,
        /// Its answer when all is well.
        response: Response,
    },
    /// A group was made for a member that joins. It is answered when the join
    /// phase ends, or now when the write failed.
    GroupMade {
        /// The group.
        group: String,
        /// Its JoinGroup request.
        token: RequestToken,
    },
    /// The leader's assignment is handed out.
    Assign {
        /// The group.
        group: String,
        /// The generation whose assignment it is.
        generation: i32,
        /// Each member's part, by member id.
        assignments: BTreeMap<String, Opaque>,
    },
    /// An instance that came back takes the place of the old one, which has
    /// its place again when the write failed.
    ReplaceStatic {
        /// The group.
        group: String,
        /// The member as it was.
        old: Box<Member>,
        /// The id that takes its place.
        new_member_id: String,
    },
    /// A member of a group of KIP-848 is taken out; when the write failed, its
    /// timer is set again.
    Fenced {
        /// The timer that had run out.
        timer: ConsumerGroupTimer,
    },
    /// A member of a share group is taken out, since its session has expired;
    /// when the write failed, that is tried again.
    ShareMemberFenced {
        /// The group.
        group: String,
        /// The member.
        member_id: String,
    },
}

/// The answer with an error in place of what it says.
pub(super) fn with_error(response: Response, error: ErrorCode) -> Response {
    let mut response = response;
    match &mut response {
        Response::OffsetCommit(response) => {
            for (_, error_code) in &mut response.partitions {
                if error_code.is_none() {
                    *error_code = error;
                }
            }
        }
        Response::Heartbeat(response) => response.error_code = error,
        Response::ConsumerGroupHeartbeat(response) | Response::ShareGroupHeartbeat(response) => {
            *response = GroupHeartbeatResponse::error(error, error.message());
        }
        Response::LeaveGroup(response) => {
            response.error_code = error;
            response.members.clear();
        }
        Response::OffsetDelete(response) => {
            response.error_code = error;
            response.partitions.clear();
        }
        // Clients before 3.9 know no other error that they try again after
        // (`GroupCoordinatorService.handleOffsetFetchException`).
        Response::OffsetFetch(response) => {
            *response = OffsetFetchResponse {
                error_code: match error {
                    ErrorCode::CoordinatorNotAvailable => ErrorCode::NotCoordinator,
                    error => error,
                },
                partitions: Vec::new(),
                unstable: Vec::new(),
            };
        }
        Response::DeleteGroups(response) => {
            for (_, error_code) in &mut response.results {
                *error_code = error;
            }
        }
        other => unreachable!("{} does not wait for a write", other.api()),
    }
    response
}

impl ClassicGroup {
    /// The assignment is committed: every member gets its part. Meanwhile the
    /// group may have moved on; then it comes to nothing.
    pub(super) fn assign(
        &mut self,
        step: &mut Step,
        generation: i32,
        mut assignments: BTreeMap<String, Opaque>,
        settled: Settled,
    ) {
        if self.state != GroupState::CompletingRebalance || self.generation != generation {
            return;
        }
        if let Some(error) = settled.error() {
            self.reset_assignment(step, error);
            let reason = format!("the assignment could not be stored ({})", error.name());
            return self.rebalance_or_complete_join(step, &reason);
        }
        for member in self.members.values_mut() {
            member.assignment = assignments.remove(&member.id).unwrap_or_default();
        }
        self.answer_syncs(step, ErrorCode::None);
        let leader = self.leader.as_deref().unwrap_or("the leader");
        let reason = format!("{leader} handed in the assignment");
        self.transition_to(step, GroupState::Stable, &reason);
        let parts = self.members.values();
        step.event(GroupEvent::Assigned {
            group: self.name.clone(),
            generation: self.generation,
            assignments: parts
                .map(|member| (member.id.clone(), member.assignment.clone()))
                .collect(),
        });
    }

    /// That an instance came back is committed: it is told that the assignment
    /// stands; or it is not, and all is as it was.
    pub(super) fn replaced_static(
        &mut self,
        step: &mut Step,
        old: Member,
        new_member_id: &str,
        settled: Settled,
    ) {
        let Some(error) = settled.error() else {
            let is_leader = self.leader.as_deref() == Some(new_member_id);
            let response = self.join_response(new_member_id, is_leader);
            return self.answer_join(step, new_member_id, response);
        };
        let response = JoinGroupResponse::error(error, new_member_id);
        self.answer_join(step, new_member_id, response);
        step.cancel_session(&self.name, new_member_id);
        if self.members.remove(new_member_id).is_none() {
            return;
        }
        if self.leader.as_deref() == Some(new_member_id) {
            self.leader = Some(old.id.clone());
        }
        if let Some(instance_id) = &old.group_instance_id {
            self.static_members
                .insert(instance_id.clone(), old.id.clone());
        }
        let old_id = old.id.clone();
        self.members.insert(old_id.clone(), old);
        self.restart_session(step, &old_id);
    }
}
