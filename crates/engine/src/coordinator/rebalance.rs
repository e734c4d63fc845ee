//! The join phase: how a rebalance begins, waits and ends.

use crate::collections::BTreeMap;

use super::group::InitialWait;
use super::step::Step;
use super::timers::Timer;
use super::{ClassicGroup, GroupEvent, GroupState, RemovalCause};
use crate::protocol::{ErrorCode, JoinGroupResponse};

impl ClassicGroup {
    /// Whether the group was empty before this rebalance: then it waits for
    /// `group.initial.rebalance.delay.ms`, whoever has joined.
    pub(super) fn is_in_initial_rebalance(&self) -> bool {
        self.state == GroupState::PreparingRebalance && self.previous_state == GroupState::Empty
    }

    pub(super) fn transition_to(&mut self, step: &mut Step, to: GroupState, reason: &str) {
        self.previous_state = self.state;
        self.state = to;
        self.since_ms = step.timestamp_ms;
        step.event(GroupEvent::StateChanged {
            group: self.name.clone(),
            from: self.previous_state,
            to,
            reason: reason.to_owned(),
        });
    }

    /// The longest rebalance timeout of any member, in milliseconds.
    pub(super) fn rebalance_timeout_ms(&self) -> i32 {
        let timeouts = self.members.values().map(|it| it.rebalance_timeout_ms);
        timeouts.max().unwrap_or(0).max(0)
    }

    fn has_all_members_joined(&self) -> bool {
        self.pending_members.is_empty() && self.members.values().all(|it| it.is_awaiting_join())
    }

    /// Begins a rebalance, or goes on with the one under way
    /// (`maybePrepareRebalanceOrCompleteJoin`).
    pub(super) fn rebalance_or_complete_join(&mut self, step: &mut Step, reason: &str) {
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance | GroupState::Empty => {
                self.prepare_rebalance(step, reason);
            }
            GroupState::PreparingRebalance | GroupState::Dead => self.maybe_complete_join(step),
        }
    }

    /// Begins a rebalance: the members are to join again (`prepareRebalance`).
    pub(super) fn prepare_rebalance(&mut self, step: &mut Step, reason: &str) {
        if self.state == GroupState::CompletingRebalance {
            self.reset_assignment(step, ErrorCode::RebalanceInProgress);
        }
        self.pending_sync.clear();
        step.cancel_sync(&self.name);
        step.event(GroupEvent::RebalanceStarted {
            group: self.name.clone(),
            generation: self.generation,
            reason: reason.to_owned(),
        });
        if self.state == GroupState::Empty {
            self.begin_initial_wait(step);
            self.transition_to(step, GroupState::PreparingRebalance, reason);
        } else {
            self.transition_to(step, GroupState::PreparingRebalance, reason);
            match self.has_all_members_joined() {
                true => self.complete_join(step),
                false => self.schedule_join(step, self.rebalance_timeout_ms()),
            }
        }
    }

    fn begin_initial_wait(&mut self, step: &mut Step) {
        let delay_ms = step.config.initial_rebalance_delay_ms;
        let remaining_ms = self.rebalance_timeout_ms().saturating_sub(delay_ms).max(0);
        self.wait_for_members(step, delay_ms, remaining_ms);
    }

    fn wait_for_members(&mut self, step: &mut Step, delay_ms: i32, remaining_ms: i32) {
        self.initial_wait = Some(InitialWait {
            delay_ms,
            remaining_ms,
        });
        self.schedule_join(step, delay_ms);
    }

    /// The time to join is over, or the wait for members to come is. The latter
    /// is extended when one came meanwhile and the rebalance timeout leaves time
    /// for it (`tryCompleteInitialRebalanceElseSchedule`).
    pub(super) fn expire_join(&mut self, step: &mut Step) {
        let extensible = self.initial_wait.filter(|wait| wait.remaining_ms != 0);
        let Some(wait) = extensible.filter(|_| self.new_member_added) else {
            self.complete_join(step);
            return;
        };
        self.new_member_added = false;
        let delay_ms = wait
            .remaining_ms
            .min(step.config.initial_rebalance_delay_ms);
        let remaining_ms = wait.remaining_ms.saturating_sub(wait.delay_ms).max(0);
        step.event(GroupEvent::InitialRebalanceExtended {
            group: self.name.clone(),
            until: step.now.plus_ms(i64::from(delay_ms)),
        });
        self.wait_for_members(step, delay_ms, remaining_ms);
    }

    fn schedule_join(&self, step: &mut Step, delay_ms: i32) {
        let group = self.name.clone();
        step.schedule(delay_ms, Timer::Join { group });
    }

    /// Ends the join phase if everybody is there, and it is not the initial
    /// rebalance (`maybeCompleteJoinPhase`).
    pub(super) fn maybe_complete_join(&mut self, step: &mut Step) {
        if !self.is_in_initial_rebalance() {
            self.complete_join_if_all_joined(step);
        }
    }

    /// Ends the join phase if everybody is there, even an initial rebalance's:
    /// so it is when the last one missing has expired.
    pub(super) fn complete_join_if_all_joined(&mut self, step: &mut Step) {
        if self.state == GroupState::PreparingRebalance && self.has_all_members_joined() {
            self.complete_join(step);
        }
    }

    /// Ends the join phase. Dynamic members that are not there are removed;
    /// static ones stay until their session expires (`completeClassicGroupJoin`).
    pub(super) fn complete_join(&mut self, step: &mut Step) {
        step.cancel_join(&self.name);
        self.initial_wait = None;
        self.remove_missing_members(step);
        if self.members.is_empty() {
            self.become_empty(step);
        } else if self.elect_joined_leader() {
            self.start_generation(step);
        } else {
            // Only static members are left, and none of them is there.
            self.schedule_join(step, self.rebalance_timeout_ms());
        }
    }

    fn remove_missing_members(&mut self, step: &mut Step) {
        let missing = self.members.values().filter(|it| !it.is_awaiting_join());
        let missing: Vec<_> = missing
            .filter(|member| !member.is_static())
            .map(|member| member.id.clone())
            .collect();
        for member_id in missing {
            self.remove_member(step, &member_id, RemovalCause::RebalanceTimeout);
            step.cancel_session(&self.name, &member_id);
        }
    }

    /// A leader that is not there hands over to a member that is. `false` when
    /// nobody is there (`maybeElectNewJoinedLeader`).
    fn elect_joined_leader(&mut self) -> bool {
        let leader = self.leader.as_ref().and_then(|id| self.members.get(id));
        if leader.is_some_and(|leader| leader.is_awaiting_join()) {
            return true;
        }
        let mut joined = self.members.values().filter(|it| it.is_awaiting_join());
        match joined.next() {
            Some(member) => {
                self.leader = Some(member.id.clone());
                true
            }
            None => false,
        }
    }

    fn become_empty(&mut self, step: &mut Step) {
        self.generation += 1;
        self.protocol_name = None;
        self.subscribed_topics = self.compute_subscribed_topics();
        self.pending_sync.clear();
        self.transition_to(step, GroupState::Empty, "no member is left");
        self.write(step, &BTreeMap::new());
    }

    fn start_generation(&mut self, step: &mut Step) {
        self.generation += 1;
        self.protocol_name = self.select_protocol();
        self.subscribed_topics = self.compute_subscribed_topics();
        let reason = format!("generation {} has its members", self.generation);
        self.transition_to(step, GroupState::CompletingRebalance, &reason);
        let members: Vec<String> = self.members.keys().cloned().collect();
        step.event(GroupEvent::GenerationStarted {
            group: self.name.clone(),
            generation: self.generation,
            protocol: self.protocol_name.clone().unwrap_or_default(),
            leader: self.leader.clone().unwrap_or_default(),
            members: members.clone(),
        });
        for member_id in &members {
            self.admit(step, member_id);
        }
        self.pending_sync = members.into_iter().collect();
        let group = self.name.clone();
        step.schedule(self.rebalance_timeout_ms(), Timer::Sync { group });
    }

    /// Answers the member's JoinGroup, and expects its heartbeats from now on.
    fn admit(&mut self, step: &mut Step, member_id: &str) {
        let response = self.join_response(member_id, false);
        self.answer_join(step, member_id, response);
        if let Some(member) = self.members.get_mut(member_id) {
            member.is_new = false;
        }
        self.restart_session(step, member_id);
    }

    /// Takes a member, or a newcomer that was given an id, out of the group.
    /// Another member leads when it was the leader. What it waits for is not
    /// answered here.
    pub(super) fn remove_member(&mut self, step: &mut Step, member_id: &str, cause: RemovalCause) {
        let member = self.members.remove(member_id);
        let pending = self.pending_members.remove(member_id);
        self.pending_sync.remove(member_id);
        if let Some(instance_id) = member.as_ref().and_then(|it| it.group_instance_id.as_ref()) {
            self.static_members.remove(instance_id);
        }
        if self.leader.as_deref() == Some(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        if let Some(client_id) = member.map(|member| member.client_id).or(pending) {
            step.event(GroupEvent::MemberRemoved {
                group: self.name.clone(),
                member_id: member_id.to_owned(),
                client_id,
                cause,
            });
        }
    }

    /// Tells a member that still waits for its JoinGroup answer that it is no
    /// member any more; if it is alive it joins anew.
    pub(super) fn refuse_waiting_join(&mut self, step: &mut Step, member_id: &str) {
        let response = JoinGroupResponse::error(ErrorCode::UnknownMemberId, "");
        self.answer_join(step, member_id, response);
    }

    /// The member's id is known, and if it is static it is that of its instance
    /// (`ClassicGroup.validateMember`).
    pub(super) fn validate_member(
        &self,
        member_id: &str,
        group_instance_id: Option<&str>,
    ) -> Result<(), ErrorCode> {
        if let Some(instance_id) = group_instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(current) if current != member_id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        match self.members.contains_key(member_id) {
            true => Ok(()),
            false => Err(ErrorCode::UnknownMemberId),
        }
    }
}
