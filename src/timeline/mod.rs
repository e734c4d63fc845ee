//! Time: how fast it passes and the controls for it.

mod clock;
mod controls;

pub use clock::{Clock, SPEED_EXPONENT_MAX, SPEED_EXPONENT_MIN};
pub use controls::TimeControls;
