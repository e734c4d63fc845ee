//! Kafka command-line tools run against the engine.
