//! Kafka's own command lines, run against the simulated cluster: the terminals
//! of the page, the small part of a Unix shell that course material uses, and
//! the tools `kafka-topics`, `kafka-console-producer` and
//! `kafka-console-consumer` with the texts, streams and exit statuses of the
//! real ones (Apache Kafka 4.0).
//!
//! A [`Shell`] holds the [`Terminal`]s. What is typed goes in by
//! [`Shell::enter`]; what happened in the world comes in by
//! [`Shell::on_events`], and tools that wait for it go on: they print, give
//! further commands to the world, or end. Nothing here has a clock: a tool that
//! waits, waits for virtual time.

mod bootstrap;
mod clock;
mod commands;
mod java;
mod line;
mod options;
mod place;
mod screen;
mod shell;
mod terminal;
mod tools;

pub use screen::{Line, LineKind};
pub use shell::{Shell, TERMINALS_MAX};
pub use terminal::{Foreground, Terminal, TerminalId};
