//! The simulated Kafka cluster: brokers, a controller, producers, consumers and
//! admin clients that exchange Kafka's own requests over a simulated network in
//! virtual time.
//!
//! The version modelled is Apache Kafka 4.0. Everything is deterministic: a
//! [`World`] is its seed, its configuration and the journal of commands given
//! to it; the same three give the same world, byte for byte, on every machine.
//! Nothing here reads a clock, a random device or a browser, and nobody is
//! called back: what happened comes back as [`Event`]s.

#![deny(clippy::float_arithmetic)]
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod assignor;
pub mod broker;
pub mod client;
pub mod collections;
pub mod command;
pub mod config;
pub mod controller;
pub mod coordinator;
pub mod event;
mod hash_order;
pub mod journal;
pub mod log;
pub mod protocol;
pub mod sim;
pub mod sorting;
pub mod world;

pub use command::{Command, Refusal};
pub use event::{Event, EventKind, RecordSizes};
pub use journal::Journal;
pub use protocol::{ErrorCode, TopicPartition};
pub use sim::{NodeId, Time};
pub use world::{KnownClient, Rebalance, World, WorldConfig};
