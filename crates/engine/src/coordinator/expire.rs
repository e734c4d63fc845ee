//! What is done when time has passed: members that are missed, phases that end,
//! offsets that expire.

use super::consumer_group::ConsumerGroups;
use super::event::RemovalCause;
use super::offsets::OffsetStore;
use super::protocols::AnyGroup;
use super::step::Step;
use super::then::GroupThen;
use super::timers::Timer;
use super::tools::delete;
use super::{CoordinatorOutput, GroupCoordinator, Groups, protocols, runtime, share_group};
use crate::sim::Time;

impl GroupCoordinator {
    /// Runs every timer due at `now` or before, in order of time and then of
    /// being set. All of them run at `now`: call it at the next deadline. For a
    /// coordinator without a broker, whose writes are committed at once; they
    /// are returned.
    pub fn expire(
        &mut self,
        now: Time,
        out: &mut Vec<CoordinatorOutput>,
    ) -> Vec<runtime::CoordinatorRecord> {
        let mut written = Vec::new();
        while let Some((_, timer)) = self.timers.pop_until(now) {
            self.run_timer(now, &timer, out);
            written.extend(runtime::commit_at_once(self, now, out));
        }
        written
    }

    /// Runs this timer, if it is set, as if its time had come.
    pub fn expire_timer(&mut self, now: Time, timer: &Timer, out: &mut Vec<CoordinatorOutput>) {
        if self.timers.cancel(timer).is_some() {
            self.run_timer(now, timer, out);
        }
    }

    pub(super) fn run_timer(&mut self, now: Time, timer: &Timer, out: &mut Vec<CoordinatorOutput>) {
        let mut parts = self.parts(now, out);
        if let Timer::Session { group, member_id } = timer
            && parts.share_groups.get(group).is_some()
        {
            let cause = RemovalCause::SessionExpired;
            share_group::remove_member(
                parts.share_groups,
                &mut parts.step,
                (group, member_id),
                cause,
            );
            let (group, member_id) = (group.clone(), member_id.clone());
            let then = GroupThen::ShareMemberFenced { group, member_id };
            parts.step.then(then);
            return parts.step.finish();
        }
        let group = timer.group().map(str::to_owned);
        let group = group.and_then(|name| parts.groups.get_mut(&name));
        match (timer, group) {
            (Timer::Cleanup, _) => clean_up(
                parts.groups,
                parts.consumer_groups,
                parts.offsets,
                &mut parts.step,
            ),
            (Timer::Join { .. }, Some(group)) => group.expire_join(&mut parts.step),
            (Timer::Sync { .. }, Some(group)) => group.expire_sync(&mut parts.step),
            (Timer::Session { member_id, .. }, Some(group)) => {
                group.expire_session(&mut parts.step, member_id);
            }
            (_, None) => {}
        }
        parts.step.finish();
    }

    /// The timers that are set and when each is due. A member's session runs
    /// on, without effect, while a member of a generation waits for an answer.
    pub fn timers(&self) -> impl ExactSizeIterator<Item = (&Timer, Time)> {
        self.timers.iter()
    }

    /// When this timer is due, if it is set.
    pub fn deadline(&self, timer: &Timer) -> Option<Time> {
        self.timers.deadline(timer)
    }

    /// When the member, or the newcomer that was given this id, counts as dead
    /// unless it shows up before.
    pub fn session_deadline(&self, group: &str, member_id: &str) -> Option<Time> {
        self.deadline(&Timer::Session {
            group: group.to_owned(),
            member_id: member_id.to_owned(),
        })
    }
}

/// The cleanup runs at whole multiples of its interval, as if the coordinator
/// had been loaded when time began; and only while there are groups.
pub(super) fn schedule_clean_up(step: &mut Step) {
    let interval_ms = step.config.offsets_retention_check_interval_ms.max(1);
    if step.timers.deadline(&Timer::Cleanup).is_none() {
        let rounds = step.now.as_ms() / interval_ms.unsigned_abs();
        let last = Time::from_ms(rounds * interval_ms.unsigned_abs());
        step.timers
            .schedule(last.plus_ms(interval_ms), Timer::Cleanup);
    }
}

/// Removes expired offsets, and the empty groups that have none left
/// (`GroupCoordinatorShard.cleanupGroupMetadata`).
fn clean_up(
    groups: &mut Groups,
    consumer_groups: &mut ConsumerGroups,
    offsets: &mut OffsetStore,
    step: &mut Step,
) {
    let classic = groups.current().keys().cloned();
    let modern = consumer_groups.groups().map(|group| group.id().to_owned());
    let names: Vec<String> = classic.chain(modern).collect();
    for name in names {
        let Some(group) = AnyGroup::find(groups, consumer_groups, &name) else {
            continue;
        };
        if offsets.expire(step, group) && group.is_empty() {
            delete(groups, step, &name);
            protocols::delete_consumer_group(consumer_groups, step, &name);
        }
    }
    if !groups.current().is_empty() || consumer_groups.groups().len() > 0 {
        schedule_clean_up(step);
    }
}
