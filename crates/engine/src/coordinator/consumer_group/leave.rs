//! Members that leave, and members that are taken out.

use super::error::GroupError;
use super::event::{ConsumerGroupEvent, EpochBumpCause, FencingCause};
use super::member::ConsumerGroupMember;
use super::record::ConsumerGroupRecord;
use super::step::Step;
use super::{ConsumerGroupTimer, ConsumerGroups, Outcome, subscribe};
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, ErrorCode,
    LEAVE_GROUP_STATIC_MEMBER_EPOCH,
};
use crate::sim::Time;

impl ConsumerGroups {
    /// `GroupMetadataManager.consumerGroupLeave`: a static member may leave for
    /// a while; any other is gone.
    pub(super) fn leave(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        step: &mut Step,
    ) -> Result<ConsumerGroupHeartbeatResponse, GroupError> {
        let (group_id, member_id) = (&request.group_id, &request.member_id);
        let group = self.find(group_id)?;
        let member = match &request.instance_id {
            None => {
                let unknown = || GroupError::unknown_member(member_id, group_id);
                group.member(member_id).ok_or_else(unknown)?
            }
            Some(instance_id) => subscribe::static_member(group, instance_id, member_id)?,
        };
        let member = member.clone();
        let is_away = request.member_epoch == LEAVE_GROUP_STATIC_MEMBER_EPOCH;
        step.event(ConsumerGroupEvent::MemberLeft {
            group: group_id.clone(),
            member_id: member.id.clone(),
            is_away,
        });
        if is_away {
            leave_for_a_while(group_id, &member, step);
        } else {
            self.remove(group_id, &member, step);
        }
        Ok(ConsumerGroupHeartbeatResponse {
            error_code: ErrorCode::None,
            error_message: None,
            member_id: Some(member.id),
            member_epoch: request.member_epoch,
            heartbeat_interval_ms: 0,
            assignment: None,
        })
    }

    /// Takes a member out, so that a new target assignment is due
    /// (`GroupMetadataManager.consumerGroupFenceMember`).
    fn remove(&mut self, group_id: &str, member: &ConsumerGroupMember, step: &mut Step) {
        let Some(group) = self.group(group_id) else {
            return;
        };
        step.records
            .extend(ConsumerGroupRecord::without_member(group_id, &member.id));
        let topics = group
            .subscriptions(None, Some(&member.id))
            .topics(&self.image);
        if topics != *group.topics() {
            let record = ConsumerGroupRecord::partition_metadata(group_id, topics);
            step.records.push(record);
        }
        let cause = EpochBumpCause::MemberGone {
            member_id: member.id.clone(),
        };
        step.bump_epoch(group_id, group.epoch() + 1, cause);
        self.cancel_timers(group_id, &member.id);
    }

    /// Runs the first timer due at `now` or before; tells which it was, and what
    /// came of it.
    pub fn expire_next(&mut self, now: Time) -> Option<(ConsumerGroupTimer, Outcome<()>)> {
        let (_, timer) = self.timers.pop_until(now)?;
        let outcome = self.run_timer(&timer);
        Some((timer, outcome))
    }

    /// Runs this timer, if it is set, as if its time had come.
    pub fn expire_timer(&mut self, timer: &ConsumerGroupTimer) -> Option<Outcome<()>> {
        self.timers.cancel(timer)?;
        Some(self.run_timer(timer))
    }

    /// A timer of a member that is no longer there does nothing.
    fn run_timer(&mut self, timer: &ConsumerGroupTimer) -> Outcome<()> {
        let mut step = Step::default();
        let (group_id, member_id) = (timer.group_id(), timer.member_id());
        let awaited = match timer {
            ConsumerGroupTimer::Session { .. } => None,
            ConsumerGroupTimer::Rebalance { .. } => self.awaited_epochs.remove(timer),
        };
        let member = self.group(group_id).and_then(|it| it.member(member_id));
        let cause = match timer {
            ConsumerGroupTimer::Session { .. } => FencingCause::SessionExpired,
            ConsumerGroupTimer::Rebalance { .. } => FencingCause::RebalanceTimeout,
        };
        // Whoever has left the epoch has done what was asked of it.
        let is_late = |member: &&ConsumerGroupMember| awaited.is_none_or(|it| it == member.epoch);
        if let Some(member) = member.filter(is_late).cloned() {
            step.event(ConsumerGroupEvent::MemberFenced {
                group: group_id.to_owned(),
                member_id: member_id.to_owned(),
                cause,
            });
            self.remove(group_id, &member, &mut step);
        }
        step.outcome(())
    }
}

/// The member keeps its place and what it has until it is back, or its session
/// expires (`consumerGroupStaticMemberGroupLeave`).
fn leave_for_a_while(group_id: &str, member: &ConsumerGroupMember, step: &mut Step) {
    let mut member = member.clone();
    member.epoch = LEAVE_GROUP_STATIC_MEMBER_EPOCH;
    member.pending_revocation = PartitionsByTopic::new();
    let assignment = member.current_assignment();
    let record = ConsumerGroupRecord::current_assignment(group_id, &member.id, assignment);
    step.records.push(record);
}
