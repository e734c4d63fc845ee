//! The in-sync replicas as the leader counts them: what the controller has
//! taken down, and what the leader has asked for meanwhile
//! (`kafka.cluster.PartitionState`, KIP-497).

use crate::protocol::AlterPartition;
use crate::sorting::sort;

/// Up to so many in-sync replicas keep the order in which they came (Scala's
/// small sets); more are listed by their ids.
const MAX_IN_ORDER_OF_ARRIVAL: usize = 4;

/// The in-sync replicas of a partition, the leader among them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IsrState {
    /// As the controller has them (`CommittedPartitionState`).
    Committed(Vec<i32>),
    /// The leader has asked to take one more in (`PendingExpandIsr`).
    PendingExpand {
        /// As the controller has them, for all that is known.
        committed: Vec<i32>,
        /// The same with the one that joins.
        maximal: Vec<i32>,
        /// What was asked.
        sent: AlterPartition,
    },
    /// The leader has asked to leave some out (`PendingShrinkIsr`).
    PendingShrink {
        /// As the controller has them, for all that is known.
        committed: Vec<i32>,
        /// What was asked.
        sent: AlterPartition,
    },
}

impl IsrState {
    /// What the controller has taken down.
    pub fn committed_by_controller(isr: &[i32]) -> IsrState {
        IsrState::Committed(in_kafkas_order(isr.to_vec()))
    }

    /// The replicas that the controller has taken down, in the order in which
    /// they came to be in sync.
    pub fn committed(&self) -> &[i32] {
        match self {
            IsrState::Committed(committed)
            | IsrState::PendingExpand { committed, .. }
            | IsrState::PendingShrink { committed, .. } => committed,
        }
    }

    /// The replicas that must have a record before it counts as committed.
    /// Whatever becomes of the request, they are enough: a replica that is to
    /// come in counts already, one that is to go counts still.
    pub fn maximal(&self) -> &[i32] {
        match self {
            IsrState::Committed(committed) | IsrState::PendingShrink { committed, .. } => committed,
            IsrState::PendingExpand { maximal, .. } => maximal,
        }
    }

    /// What was asked of the controller and has not been settled.
    pub fn in_flight(&self) -> Option<&AlterPartition> {
        match self {
            IsrState::Committed(_) => None,
            IsrState::PendingExpand { sent, .. } | IsrState::PendingShrink { sent, .. } => {
                Some(sent)
            }
        }
    }

    /// The replicas with one more.
    pub(super) fn with(&self, replica: i32) -> Vec<i32> {
        let mut isr = self.committed().to_vec();
        isr.push(replica);
        in_kafkas_order(isr)
    }

    /// The replicas without these.
    pub(super) fn without(&self, replicas: &[i32]) -> Vec<i32> {
        let mut isr = self.committed().to_vec();
        isr.retain(|replica| !replicas.contains(replica));
        isr
    }

    /// Notes that one more was asked for.
    pub(super) fn expand(&mut self, sent: AlterPartition) {
        *self = IsrState::PendingExpand {
            committed: self.committed().to_vec(),
            maximal: sent.new_isr(),
            sent,
        };
    }

    /// Notes that fewer were asked for.
    pub(super) fn shrink(&mut self, sent: AlterPartition) {
        let committed = self.committed().to_vec();
        *self = IsrState::PendingShrink { committed, sent };
    }

    /// Takes back what was asked.
    pub(super) fn revert(&mut self) {
        *self = IsrState::Committed(self.committed().to_vec());
    }
}

fn in_kafkas_order(mut isr: Vec<i32>) -> Vec<i32> {
    if isr.len() > MAX_IN_ORDER_OF_ARRIVAL {
        sort(&mut isr);
    }
    isr
}
