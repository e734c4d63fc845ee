//! Giving leadership back to the preferred replicas
//! (`QuorumController.maybeBalancePartitionLeaders`,
//! `auto.leader.rebalance.enable`).

use super::ControllerNode;
use crate::sim::Time;

/// When the active controller looks for partitions that another than the
/// first of their replicas leads.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Balance {
    /// Whether partitions have changed since it was last known that there is
    /// nothing to do.
    is_unchecked: bool,
    due_at: Option<Time>,
}

impl Balance {
    /// Partitions may have changed.
    pub fn note_change(&mut self) {
        self.is_unchecked = true;
    }

    /// It is not the active controller any more.
    pub fn stop(&mut self) {
        *self = Balance::default();
    }
}

impl ControllerNode {
    /// `leader.imbalance.check.interval.seconds` after the first partition has
    /// come to be led by another; `None` while none is.
    pub(super) fn plan_balance(&mut self, now: Time) -> Option<Time> {
        let config = &self.config.leader_balance;
        if !config.auto_rebalance_enable || !self.quorum.is_active() {
            return None;
        }
        if self.balance.due_at.is_none() && self.balance.is_unchecked {
            self.balance.is_unchecked = false;
            let mut partitions = self.controller.image().partitions();
            if partitions.any(|(_, partition)| !partition.has_preferred_leader()) {
                self.balance.due_at = Some(now.plus_ms(config.check_interval_ms.max(1)));
            }
        }
        self.balance.due_at
    }

    pub(super) fn balance_leaders(&mut self, now: Time) {
        if self.balance.due_at.is_none_or(|at| at > now) || !self.quorum.is_active() {
            return;
        }
        self.balance.due_at = None;
        self.balance.is_unchecked = true;
        let records = self.controller.balance_leaders();
        self.write(records);
    }
}
