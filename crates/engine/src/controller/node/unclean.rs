//! Having replicas lead that are out of sync, where nobody else can and the
//! topic allows it (`ReplicationControlManager.maybeElectUncleanLeaders`). When
//! brokers come and go that is done at once; this is for topics that are allowed
//! it later.

use super::ControllerNode;
use crate::sim::Time;

/// When the active controller looks for partitions without a leader.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct UncleanElections {
    /// Whether something has changed since it was last known that there is
    /// nothing to do.
    is_unchecked: bool,
    /// Since when it is the active controller.
    active_since: Option<Time>,
    due_at: Option<Time>,
}

impl UncleanElections {
    /// Partitions or settings may have changed.
    pub fn note_change(&mut self) {
        self.is_unchecked = true;
    }

    /// It is not the active controller any more.
    pub fn stop(&mut self) {
        *self = UncleanElections::default();
    }
}

impl ControllerNode {
    /// Every `unclean.leader.election.interval.ms` since it is the active
    /// controller; `None` while there is nobody to elect.
    pub(super) fn plan_unclean_elections(&mut self, now: Time) -> Option<Time> {
        if !self.quorum.is_active() {
            return None;
        }
        let since = *self.unclean.active_since.get_or_insert(now);
        if self.unclean.due_at.is_none() && self.unclean.is_unchecked {
            self.unclean.is_unchecked = false;
            if self.controller.has_unclean_candidates() {
                let interval_ms = self.config.leader_balance.unclean_election_interval_ms;
                let interval_us = interval_ms.unsigned_abs().saturating_mul(1_000);
                let passed = now.us_since(since) / interval_us;
                let at = since.plus_us((passed + 1).saturating_mul(interval_us));
                self.unclean.due_at = Some(at);
            }
        }
        self.unclean.due_at
    }

    pub(super) fn elect_unclean_leaders(&mut self, now: Time) {
        if self.unclean.due_at.is_none_or(|at| at > now) || !self.quorum.is_active() {
            return;
        }
        self.unclean.due_at = None;
        self.unclean.is_unchecked = true;
        let records = self.controller.elect_unclean_leaders();
        self.write(records);
    }
}
