//! What a log refuses.

use super::config::LogConfig;
use super::producer_state::ProducerError;
use super::record_batch::InvalidBatch;
use super::validator::{BatchFault, RefusedRecord};
use crate::protocol::{ErrorCode, RecordError, TopicPartition};

/// Why a batch was not appended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AppendError {
    /// The batch is not what a batch should be.
    Batch(BatchFault),
    /// The topic does not take these records of it, and so none of it; at
    /// least one.
    Records(Vec<RefusedRecord>),
    /// It is larger than `max.message.bytes`.
    RecordTooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// In the topic's codec it is larger than `max.message.bytes`.
    RecompressedTooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// Its records cannot be written into a batch of the topic's codec.
    Unwritable(InvalidBatch),
    /// It is larger than a whole segment may be (`segment.bytes`).
    RecordBatchTooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// What a follower was given begins before the end of its log.
    UnexpectedAppendOffset {
        /// The offset it begins at.
        first: i64,
        /// The end of the log.
        end: i64,
    },
    /// Its producer may not write it.
    Producer(ProducerError),
}

impl AppendError {
    /// Kafka's error.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            AppendError::Batch(fault) => fault.error_code(),
            AppendError::Records(refused) => {
                let mut codes = refused.iter().map(RefusedRecord::error_code);
                match codes.any(|code| code == ErrorCode::InvalidTimestamp) {
                    true => ErrorCode::InvalidTimestamp,
                    false => ErrorCode::InvalidRecord,
                }
            }
            AppendError::RecordTooLarge { .. } | AppendError::RecompressedTooLarge { .. } => {
                ErrorCode::MessageTooLarge
            }
            AppendError::RecordBatchTooLarge { .. } => ErrorCode::RecordListTooLarge,
            AppendError::Unwritable(_) | AppendError::UnexpectedAppendOffset { .. } => {
                ErrorCode::UnknownServerError
            }
            AppendError::Producer(error) => error.error_code(),
        }
    }

    /// The broker's words for it, about a log with this configuration.
    pub fn message(&self, partition: &TopicPartition, config: &LogConfig) -> String {
        match self {
            AppendError::Batch(fault) => fault.message(partition),
            AppendError::Records(_) => self.records_message(partition),
            AppendError::RecordTooLarge { size } => format!(
                "The record batch size in the append to {partition} is {size} bytes which exceeds \
                 the maximum configured value of {}.",
                config.max_message_bytes
            ),
            // Kafka leaves out a space here.
            AppendError::RecompressedTooLarge { size } => format!(
                "Message batch size is {size} bytes in append topartition {partition} which \
                 exceeds the maximum configured size of {}.",
                config.max_message_bytes
            ),
            AppendError::Unwritable(error) => error.to_string(),
            AppendError::RecordBatchTooLarge { size } => format!(
                "Message batch size is {size} bytes in append to partition {partition}, which \
                 exceeds the maximum configured segment size of {}.",
                config.segment_bytes
            ),
            AppendError::UnexpectedAppendOffset { first, end } => format!(
                "Unexpected offset in append to {partition}. First offset {first} is less than \
                 the next offset {end}."
            ),
            AppendError::Producer(error) => error.message(partition),
        }
    }

    /// Which records the topic does not take, as the producer is told.
    pub fn record_errors(&self, partition: &TopicPartition) -> Vec<RecordError> {
        match self {
            AppendError::Records(refused) => {
                let refused = refused.iter();
                refused.map(|refused| refused.told(partition)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Source: `LogValidator.processRecordErrors`.
    fn records_message(&self, partition: &TopicPartition) -> String {
        if self.error_code() == ErrorCode::InvalidTimestamp {
            return "One or more records have been rejected due to invalid timestamp".to_owned();
        }
        let errors = self.record_errors(partition);
        let shown: Vec<String> = errors.iter().take(3).map(ToString::to_string).collect();
        format!(
            "One or more records have been rejected due to {} record errors in total, and only \
             showing the first three errors at most: [{}]",
            errors.len(),
            shown.join(", ")
        )
    }
}

/// The log start cannot be put beyond the high watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OffsetOutOfRange {
    /// The offset asked for.
    pub offset: i64,
    /// The high watermark.
    pub high_watermark: i64,
}

impl OffsetOutOfRange {
    /// Kafka's error.
    pub fn error_code(&self) -> ErrorCode {
        ErrorCode::OffsetOutOfRange
    }
}
