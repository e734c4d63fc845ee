//! The simulated Kafka cluster.
