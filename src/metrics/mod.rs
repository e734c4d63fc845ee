//! What is measured of a world: how much flows, how long it takes, how far
//! groups are behind, how records are spread.
//!
//! ```text
//! Event ──Recorder──> a Sample for each second ──┐
//! World ─────────────────────────────────────────┴─figures──> Figures ──> charts
//! ```
//!
//! All of it is in virtual time, and plain Rust without a browser. A
//! [`Recorder`] knows nothing but the events and the state of its world, so
//! that replaying the world's history makes the same one again.

pub mod chart;
mod figures;
mod latencies;
mod reckoning;
mod recorder;
mod state;
mod unit;

pub use figures::{
    Bar, Bars, Chart, Figures, Line, ReaderFigures, ReplicationFigures, TopicFigures,
};
pub use latencies::Latencies;
pub use reckoning::figures;
pub use recorder::{Flow, Processed, Recorder, SHOWN_SECONDS, Sample, WINDOW_SECONDS};
pub use state::Replicas;
pub use unit::Unit;

#[cfg(test)]
mod tests;
