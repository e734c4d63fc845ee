//! JoinGroup: who gets in, and how.

use super::member::name_in;
use super::step::Step;
use super::timers::Timer;
use super::{ClassicGroup, GroupEvent, GroupState, Member, RemovalCause, RequestToken};
use crate::protocol::{ErrorCode, JoinGroupMember, JoinGroupRequest, JoinGroupResponse, Response};
use crate::sim::Random;

/// A JoinGroup request and where it comes from.
pub(super) struct JoinCall<'a> {
    pub token: RequestToken,
    pub client_id: &'a str,
    pub client_host: &'a str,
    pub request: JoinGroupRequest,
}

impl JoinCall<'_> {
    pub fn refuse(&self, step: &mut Step, error: ErrorCode, member_id: &str) {
        let response = JoinGroupResponse::error(error, member_id);
        step.respond(self.token, Response::JoinGroup(response));
    }

    /// A new member's id: its instance's or client's name and a uuid.
    fn new_member_id(&self, random: &mut Random) -> String {
        let name = match &self.request.group_instance_id {
            Some(instance_id) => instance_id,
            None => self.client_id,
        };
        format!("{name}-{}", uuid_text(random.uuid()))
    }

    fn because(&self, what: &str) -> String {
        match self.request.reason.as_deref() {
            None | Some("") => what.to_owned(),
            Some(reason) => format!("{what} (the client says: {reason})"),
        }
    }
}

impl ClassicGroup {
    /// `classicGroupJoinToClassicGroup`, once the group is there.
    pub(super) fn join(&mut self, step: &mut Step, call: JoinCall, random: &mut Random) {
        let member_id = call.request.member_id.clone();
        if !self.has_room_for(&member_id, step.config.max_size) {
            self.remove_member(step, &member_id, RemovalCause::GroupFull);
            call.refuse(step, ErrorCode::GroupMaxSizeReached, "");
        } else if !self.supports(&call.request) {
            call.refuse(step, ErrorCode::InconsistentGroupProtocol, &member_id);
        } else if member_id.is_empty() {
            self.join_newcomer(step, call, random);
        } else if self.pending_members.contains_key(&member_id) {
            self.join_pending(step, call);
        } else {
            self.join_known(step, call);
        }
    }

    /// Whether a member may (re)join, given `group.max.size`. While the group
    /// rebalances those who rejoined count, else the members.
    fn has_room_for(&self, member_id: &str, max_size: i32) -> bool {
        let max_size = usize::try_from(max_size).unwrap_or(0);
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                self.member(member_id).is_some_and(Member::is_awaiting_join)
                    || self.awaiting_join() < max_size
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.member(member_id).is_some() || self.members.len() < max_size
            }
        }
    }

    /// Whether the group can work with one of the assignors the member knows.
    fn supports(&self, request: &JoinGroupRequest) -> bool {
        if self.state == GroupState::Empty {
            return !request.protocol_type.is_empty() && !request.protocols.is_empty();
        }
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && request
                .protocols
                .iter()
                .any(|protocol| self.all_members_support(&protocol.name))
    }

    /// The member has no id yet.
    fn join_newcomer(&mut self, step: &mut Step, call: JoinCall, random: &mut Random) {
        let member_id = call.new_member_id(random);
        let Some(instance_id) = &call.request.group_instance_id else {
            self.give_member_id(step, call, member_id);
            return;
        };
        match self.static_members.get(instance_id).cloned() {
            Some(old_member_id) => self.replace_static(step, call, &old_member_id, member_id),
            None => self.add_member_and_rebalance(step, call, member_id),
        }
    }

    /// A dynamic newcomer has to join again with the id it is given (KIP-394).
    fn give_member_id(&mut self, step: &mut Step, call: JoinCall, member_id: String) {
        self.pending_members
            .insert(member_id.clone(), call.client_id.to_owned());
        step.schedule(
            call.request.session_timeout_ms,
            Timer::Session {
                group: self.name.clone(),
                member_id: member_id.clone(),
            },
        );
        call.refuse(step, ErrorCode::MemberIdRequired, &member_id);
        step.event(GroupEvent::MemberIdGiven {
            group: self.name.clone(),
            member_id,
            client_id: call.client_id.to_owned(),
        });
    }

    /// A newcomer comes back with the id it was given.
    fn join_pending(&mut self, step: &mut Step, call: JoinCall) {
        if call.request.group_instance_id.is_some() {
            // Only dynamic members are given ids; Kafka has no answer to this.
            call.refuse(step, ErrorCode::UnknownServerError, "");
            return;
        }
        let member_id = call.request.member_id.clone();
        self.add_member_and_rebalance(step, call, member_id);
    }

    /// `classicGroupJoinExistingMember`, for a member that is not pending.
    fn join_known(&mut self, step: &mut Step, call: JoinCall) {
        let request = &call.request;
        let member_id = request.member_id.clone();
        if let Err(error) = self.validate_member(&member_id, request.group_instance_id.as_deref()) {
            call.refuse(step, error, &member_id);
            return;
        }
        let is_leader = self.leader.as_deref() == Some(member_id.as_str());
        let unchanged = self.members[&member_id].protocols == request.protocols;
        match self.state {
            GroupState::CompletingRebalance if unchanged => self.repeat_answer(step, &call),
            GroupState::Stable if unchanged && !is_leader => self.repeat_answer(step, &call),
            GroupState::Empty | GroupState::Dead => {
                call.refuse(step, ErrorCode::UnknownMemberId, &member_id);
            }
            GroupState::Stable if is_leader => {
                let reason =
                    call.because(&format!("the leader {} joins again", name_in(&member_id)));
                self.rejoin_and_rebalance(step, &call, reason);
            }
            GroupState::PreparingRebalance => {
                let reason = call.because(&format!("{} rejoins", name_in(&member_id)));
                self.rejoin_and_rebalance(step, &call, reason);
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                let reason = call.because(&format!(
                    "the subscription of {} changed",
                    name_in(&member_id)
                ));
                self.rejoin_and_rebalance(step, &call, reason);
            }
        }
    }

    /// Nothing changes: the member is told of the generation it is in.
    fn repeat_answer(&self, step: &mut Step, call: &JoinCall) {
        let response = self.join_response(&call.request.member_id, false);
        step.respond(call.token, Response::JoinGroup(response));
    }

    fn rejoin_and_rebalance(&mut self, step: &mut Step, call: &JoinCall, reason: String) {
        let member_id = &call.request.member_id;
        self.update_member(member_id, call);
        step.event(GroupEvent::MemberRejoined {
            group: self.name.clone(),
            member_id: member_id.clone(),
            client_id: self.members[member_id].client_id.clone(),
        });
        self.rebalance_or_complete_join(step, &reason);
    }

    /// Takes over what a member says of itself, and that it waits for the next
    /// generation.
    fn update_member(&mut self, member_id: &str, call: &JoinCall) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.protocols = call.request.protocols.clone();
            member.rebalance_timeout_ms = call.request.rebalance_timeout_ms;
            member.session_timeout_ms = call.request.session_timeout_ms;
            member.awaiting_join = Some(call.token);
        }
    }

    fn add_member_and_rebalance(&mut self, step: &mut Step, call: JoinCall, member_id: String) {
        if self.is_in_initial_rebalance() {
            self.new_member_added = true;
        }
        let mut member = Member::new(
            member_id.clone(),
            call.client_id,
            call.client_host,
            &call.request,
        );
        member.awaiting_join = Some(call.token);
        self.insert_member(member, &call.request.protocol_type);
        step.event(GroupEvent::MemberAdded {
            group: self.name.clone(),
            member_id: member_id.clone(),
            client_id: call.client_id.to_owned(),
            group_instance_id: call.request.group_instance_id.clone(),
        });
        self.schedule_session(step, &member_id, step.config.new_member_join_timeout_ms);
        let reason = call.because(&format!("{} joins", name_in(&member_id)));
        self.rebalance_or_complete_join(step, &reason);
    }

    fn insert_member(&mut self, member: Member, protocol_type: &str) {
        if let Some(instance_id) = &member.group_instance_id {
            self.static_members
                .insert(instance_id.clone(), member.id.clone());
        }
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.to_owned());
        }
        if self.leader.is_none() {
            self.leader = Some(member.id.clone());
        }
        self.pending_members.remove(&member.id);
        self.members.insert(member.id.clone(), member);
    }

    /// The answer that puts a member into the current generation. The leader
    /// alone is told of the others.
    pub(super) fn join_response(
        &self,
        member_id: &str,
        skip_assignment: bool,
    ) -> JoinGroupResponse {
        let leader = self.leader.clone().unwrap_or_default();
        JoinGroupResponse {
            error_code: ErrorCode::None,
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            skip_assignment,
            member_id: member_id.to_owned(),
            members: match leader == member_id {
                true => self.members_for_leader(),
                false => Vec::new(),
            },
            leader,
        }
    }

    fn members_for_leader(&self) -> Vec<JoinGroupMember> {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        self.members
            .values()
            .map(|member| JoinGroupMember {
                member_id: member.id.clone(),
                group_instance_id: member.group_instance_id.clone(),
                metadata: member.metadata(protocol),
            })
            .collect()
    }

    /// Answers a waiting JoinGroup, if the member has one.
    pub(super) fn answer_join(
        &mut self,
        step: &mut Step,
        member_id: &str,
        response: JoinGroupResponse,
    ) {
        let member = self.members.get_mut(member_id);
        if let Some(token) = member.and_then(|member| member.awaiting_join.take()) {
            step.respond(token, Response::JoinGroup(response));
        }
    }
}

/// A uuid as Java writes it: 8-4-4-4-12 lower-case hexadecimal digits.
fn uuid_text(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::uuid_text;

    #[test]
    fn a_uuid_reads_as_in_java() {
        let bytes = std::array::from_fn(|index| (index * 17) as u8);
        assert_eq!(uuid_text(bytes), "00112233-4455-6677-8899-aabbccddeeff");
    }
}
