//! One replica's log.
//!
//! What is written to a partition is kept as Kafka keeps it on disk: record
//! batches in format version 2, byte for byte, in shared immutable buffers,
//! in segments that roll, expire and are cut off as Kafka's are.

mod batch_list;
pub mod cleaner;
pub mod config;
pub mod crc32c;
pub mod epoch_cache;
pub mod error;
pub mod partition_log;
pub mod producer_state;
pub mod ratio;
pub mod record_batch;
pub mod segment;
pub mod validator;
pub mod varint;

pub use cleaner::{Cleaning, LogToClean};
pub use config::{BrokerCompressionType, LogConfig};
pub use epoch_cache::LeaderEpochCache;
pub use error::{AppendError, OffsetOutOfRange};
pub use partition_log::{Appended, Deletion, DeletionReason, PartitionLog};
pub use producer_state::{AppendOrigin, ProducerError, ProducerState, VerificationGuard};
pub use ratio::Ratio;
pub use segment::LogSegment;
