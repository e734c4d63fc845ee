//! Moving a partition to other brokers (KIP-455;
//! `PartitionReassignmentReplicas` and `PartitionReassignmentRevert` of
//! `org.apache.kafka.controller`).
//!
//! First the new replicas come in beside the old ones; once all that shall
//! stay are in sync, those that shall not are dropped.

use crate::collections::BTreeSet;

use super::partition::PartitionRegistration;
use super::replica_list::InvalidReplicas;
use crate::protocol::{ErrorCode, TopicPartition};

/// Why a reassignment was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReassignmentError {
    /// It names brokers that no partition can have.
    Replicas(InvalidReplicas),
    /// There is none to cancel.
    NoneInProgress,
    /// Only replicas that came with it are in sync, and
    /// `unclean.leader.election.enable` is false.
    WouldBeUnclean,
}

impl ReassignmentError {
    /// Kafka's error.
    pub fn code(self) -> ErrorCode {
        match self {
            ReassignmentError::NoneInProgress => ErrorCode::NoReassignmentInProgress,
            _ => ErrorCode::InvalidReplicaAssignment,
        }
    }

    /// What Kafka says when it happens to this partition.
    pub fn message(self, of: &TopicPartition) -> String {
        match self {
            ReassignmentError::Replicas(invalid) => invalid.to_string(),
            ReassignmentError::NoneInProgress => self.code().message().to_owned(),
            ReassignmentError::WouldBeUnclean => format!(
                "Unable to revert partition assignment for {}:{} because it would require an \
                 unclean leader election.",
                of.topic, of.partition
            ),
        }
    }
}

/// The replicas of a partition on its way from one set to another.
pub(super) struct Reassignment {
    pub replicas: Vec<i32>,
    pub removing: Vec<i32>,
    pub adding: Vec<i32>,
}

/// The way from these replicas to those.
pub(super) fn start(current: &[i32], target: &[i32]) -> Reassignment {
    let removing = difference(current, target);
    Reassignment {
        replicas: [target, &removing].concat(),
        adding: difference(target, current),
        removing,
    }
}

fn difference(of: &[i32], without: &[i32]) -> Vec<i32> {
    let rest: BTreeSet<i32> = of.iter().copied().collect();
    let rest = rest.into_iter();
    rest.filter(|replica| !without.contains(replica)).collect()
}

/// The replicas and the ISR that a reassignment ends with, once all that stay
/// are in sync.
pub(super) fn completed(
    replicas: &[i32],
    isr: &[i32],
    removing: &[i32],
    adding: &[i32],
) -> Option<(Vec<i32>, Vec<i32>)> {
    if removing.is_empty() && adding.is_empty() {
        return None;
    }
    let replicas = without(replicas, removing);
    let isr = without(isr, removing);
    let nothing_stays = !removing.is_empty() && (replicas.is_empty() || isr.is_empty());
    let all_in_sync = replicas.iter().all(|replica| isr.contains(replica));
    (all_in_sync && !nothing_stays).then_some((replicas, isr))
}

/// The replicas and the ISR as they are without the reassignment under way.
pub(super) struct Reverted {
    pub replicas: Vec<i32>,
    pub isr: Vec<i32>,
    /// Whether nobody left was in sync.
    pub unclean: bool,
}

/// Takes a reassignment back.
pub(super) fn revert(partition: &PartitionRegistration) -> Reverted {
    let replicas = without(&partition.replicas, &partition.adding);
    let mut isr = without(&partition.isr, &partition.adding);
    let unclean = isr.is_empty();
    if unclean {
        isr.extend(replicas.first());
    }
    Reverted {
        replicas,
        isr,
        unclean,
    }
}

fn without(replicas: &[i32], others: &[i32]) -> Vec<i32> {
    let rest = replicas.iter().copied();
    rest.filter(|replica| !others.contains(replica)).collect()
}
