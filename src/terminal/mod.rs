//! The command line's screen.

mod panel;
mod snapshot;

pub use panel::{TerminalAction, TerminalPanel};
pub use snapshot::TerminalSnapshot;
