//! Kafka Lanes: the page. A simulated Kafka cluster, its picture, and the
//! means to act on it.
//!
//! Data flows one way: what a person does becomes a command to the
//! [`playground`]; the engine answers with events and a new state; the
//! [`stage`] makes a picture of it, which the components paint. See
//! `ARCHITECTURE.md`.

pub mod app;
pub mod metrics;
pub mod panels;
pub mod playground;
pub mod stage;
pub mod terminal;
pub mod timeline;
