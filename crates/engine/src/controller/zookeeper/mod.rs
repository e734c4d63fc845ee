//! Who is the controller where brokers still have ZooKeeper: whoever is the
//! first to make its ephemeral node `/controller`
//! (`kafka.controller.KafkaController` up to Kafka 3.9).
//!
//! The cluster's state lies in ZooKeeper, here as the records that a quorum
//! would have in its metadata log: what is there is committed.

mod candidate;
mod ensemble;

pub use candidate::{Candidate, Standing};
pub use ensemble::ZooKeeper;

/// How long a session outlives its last sign of life, in milliseconds
/// (`zookeeper.session.timeout.ms`, which Kafka 4.0 no longer has).
pub const SESSION_TIMEOUT_MS: i64 = 18_000;

/// How often a sign of life is given, in milliseconds: ZooKeeper's clients
/// ping after a third of the session's timeout.
const PING_INTERVAL_MS: i64 = SESSION_TIMEOUT_MS / 3;

#[cfg(test)]
mod tests;
