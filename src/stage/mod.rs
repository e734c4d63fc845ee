//! The board: the picture of a world.
//!
//! ```text
//! World ──Scene::of──> Scene ──Board──> HTML and SVG     at most ten times a second
//!   │                    ├────Twin::of──> text            for screen readers and tests
//!   └──packet_marks──────┴────paint────> canvas           every frame
//! ```
//!
//! Everything but [`board`] and [`painter`] is plain Rust without a browser: a
//! [`Scene`] is a pure function of the world and the [`View`], and where a
//! packet is drawn is a pure function of virtual time. All lengths are in rem.

mod action;
mod board;
pub mod geometry;
pub mod ink;
mod keys;
pub mod packets;
pub mod painter;
pub mod recent;
pub mod scene;
mod subject;
mod turns;
pub mod twin;
mod workloads;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use action::BoardAction;
pub use board::{Board, BoardProps, Miniature, Pointed, opened};
pub use keys::{KeyMove, KeyToPartition, TopicKeys, topic_keys};
pub use packets::{PacketMark, packet_at, packet_marks};
pub use painter::{measure, paint};
pub use recent::Recent;
pub use scene::{By, Room, Scene, View, ViewChange, Zoom, client_names};
pub use subject::Subject;
pub use turns::Turns;
pub use twin::Twin;
pub use workloads::last_workload;
