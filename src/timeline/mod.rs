//! Time: how fast it passes, what was, and the controls for both.
//!
//! A [`History`] is a world with all that it has been since it was opened. It
//! keeps moments, which are whole copies (`moments.rs`), and goes to any instant
//! by letting time pass from the last moment before it: the engine is
//! deterministic, so that is the same world again.

mod clock;
mod controls;
mod history;
mod marks;
mod moments;
mod position;
mod slider;
mod words;

pub use clock::{Clock, SPEED_EXPONENT_MAX, SPEED_EXPONENT_MIN};
pub use controls::TimeControls;
pub use history::{History, Parted};
pub use marks::{MarkPaths, Marks};
pub use moments::{HELD_BYTES_MAX, MOMENTS_MAX};
pub use position::Position;
pub use slider::TimelineSlider;

#[cfg(test)]
mod tests;
