//! The calls of a transactional producer, and what it asks of coordinators for
//! them (`KafkaProducer`, `TransactionManager`, KIP-98).

mod answers;
mod calls;
mod sender;

/// How long it waits before it adds the first partitions again while the last
/// transaction is being ended, in milliseconds
/// (`ADD_PARTITIONS_RETRY_BACKOFF_MS`).
const ADD_PARTITIONS_RETRY_MS: i64 = 20;
