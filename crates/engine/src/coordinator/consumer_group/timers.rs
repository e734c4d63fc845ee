//! When a member counts as dead, and when it has taken too long.

use super::ConsumerGroups;
use super::member::{ConsumerGroupMember, MemberState};
use crate::sim::Time;

/// How long it takes until a timer is tried again, in milliseconds. No setting
/// of Kafka's.
pub(in crate::coordinator) const RETRY_BACKOFF_MS: i32 = 500;

/// A timer of a group of this protocol. There is at most one of each: setting
/// it again replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsumerGroupTimer {
    /// Takes out a member that has been silent for too long.
    Session {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
    },
    /// Takes out a member that does not give up what it is to give up.
    Rebalance {
        /// The group.
        group_id: String,
        /// The member.
        member_id: String,
    },
}

impl ConsumerGroupTimer {
    /// The group it is set for.
    pub fn group_id(&self) -> &str {
        match self {
            ConsumerGroupTimer::Session { group_id, .. }
            | ConsumerGroupTimer::Rebalance { group_id, .. } => group_id,
        }
    }

    /// The member it is set for.
    pub fn member_id(&self) -> &str {
        match self {
            ConsumerGroupTimer::Session { member_id, .. }
            | ConsumerGroupTimer::Rebalance { member_id, .. } => member_id,
        }
    }

    fn session(group_id: &str, member_id: &str) -> ConsumerGroupTimer {
        ConsumerGroupTimer::Session {
            group_id: group_id.to_owned(),
            member_id: member_id.to_owned(),
        }
    }

    fn rebalance(group_id: &str, member_id: &str) -> ConsumerGroupTimer {
        ConsumerGroupTimer::Rebalance {
            group_id: group_id.to_owned(),
            member_id: member_id.to_owned(),
        }
    }
}

impl ConsumerGroups {
    /// When the next timer is due.
    pub fn next_deadline(&self) -> Option<Time> {
        self.timers.next()
    }

    /// The timers that are set and when each is due.
    pub fn timers(&self) -> impl ExactSizeIterator<Item = (&ConsumerGroupTimer, Time)> {
        self.timers.iter()
    }

    /// The coordinator has been loaded: each member has a whole session to show
    /// up in, and its time to give partitions up begins anew
    /// (`GroupMetadataManager.onLoaded`).
    pub fn on_loaded(&mut self, now: Time) {
        let groups = self.groups.current().values();
        let members: Vec<(String, ConsumerGroupMember)> = groups
            .flat_map(|group| {
                group
                    .members()
                    .map(|it| (group.id().to_owned(), it.clone()))
            })
            .collect();
        for (group_id, member) in members {
            self.start_session_timer(&group_id, &member.id, now);
            if member.state == MemberState::UnrevokedPartitions {
                self.start_rebalance_timer(&group_id, &member, now);
            }
        }
    }

    /// What was to happen when this timer ran out could not be written: it is
    /// tried again soon (`CoordinatorRuntime.EventBasedCoordinatorTimer`).
    pub fn set_again(&mut self, now: Time, timer: ConsumerGroupTimer) {
        let group = self.group(timer.group_id());
        let Some(member) = group.and_then(|group| group.member(timer.member_id())) else {
            return;
        };
        let epoch = member.epoch;
        if matches!(timer, ConsumerGroupTimer::Rebalance { .. }) {
            self.awaited_epochs.insert(timer.clone(), epoch);
        }
        self.timers
            .schedule(now.plus_ms(i64::from(RETRY_BACKOFF_MS)), timer);
    }

    pub(super) fn start_session_timer(&mut self, group_id: &str, member_id: &str, now: Time) {
        let at = now.plus_ms(i64::from(self.session_timeout_ms(group_id)));
        let timer = ConsumerGroupTimer::session(group_id, member_id);
        self.timers.schedule(at, timer);
    }

    /// The member is to have left its present epoch by then.
    pub(super) fn start_rebalance_timer(
        &mut self,
        group_id: &str,
        member: &ConsumerGroupMember,
        now: Time,
    ) {
        let at = now.plus_ms(i64::from(member.metadata.rebalance_timeout_ms));
        let timer = ConsumerGroupTimer::rebalance(group_id, &member.id);
        self.awaited_epochs.insert(timer.clone(), member.epoch);
        self.timers.schedule(at, timer);
    }

    pub(super) fn cancel_rebalance_timer(&mut self, group_id: &str, member_id: &str) {
        let timer = ConsumerGroupTimer::rebalance(group_id, member_id);
        self.awaited_epochs.remove(&timer);
        self.timers.cancel(&timer);
    }

    pub(super) fn cancel_timers(&mut self, group_id: &str, member_id: &str) {
        self.timers
            .cancel(&ConsumerGroupTimer::session(group_id, member_id));
        self.cancel_rebalance_timer(group_id, member_id);
    }
}
