//! The brokers that a person wants to hold a partition
//! (`ReplicationControlManager.validateManualPartitionAssignment`).

use std::fmt;

use super::brokers::Brokers;
use crate::sorting::sort;

/// Why a partition cannot lie on these brokers: Kafka's
/// `INVALID_REPLICA_ASSIGNMENT`, with its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvalidReplicas {
    /// There is no broker among them.
    Empty,
    /// There is one that is not registered.
    NotRegistered(i32),
    /// There is one twice.
    Repeated(i32),
}

impl fmt::Display for InvalidReplicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The manual partition assignment includes ")?;
        match self {
            InvalidReplicas::Empty => f.write_str("an empty replica list."),
            InvalidReplicas::NotRegistered(broker) => {
                write!(f, "broker {broker}, but no such broker is registered.")
            }
            InvalidReplicas::Repeated(broker) => {
                write!(f, "the broker {broker} more than once.")
            }
        }
    }
}

/// Refuses replicas that no partition can have.
pub(super) fn validate(replicas: &[i32], brokers: &Brokers) -> Result<(), InvalidReplicas> {
    if replicas.is_empty() {
        return Err(InvalidReplicas::Empty);
    }
    let mut sorted = replicas.to_vec();
    sort(&mut sorted);
    let mut before = None;
    for broker in sorted {
        if brokers.get(broker).is_none() {
            return Err(InvalidReplicas::NotRegistered(broker));
        }
        if before == Some(broker) {
            return Err(InvalidReplicas::Repeated(broker));
        }
        before = Some(broker);
    }
    Ok(())
}
