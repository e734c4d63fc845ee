//! One replica's log.
//!
//! What is written to a partition is kept as Kafka keeps it on disk: record
//! batches in format version 2, byte for byte, in shared immutable buffers.

pub mod crc32c;
pub mod partition_log;
pub mod record_batch;
pub mod varint;
