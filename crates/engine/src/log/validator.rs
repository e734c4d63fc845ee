//! What a leader asks of a batch before it appends it
//! (`UnifiedLog.analyzeAndValidateRecords`,
//! `org.apache.kafka.storage.internals.log.LogValidator`).

use super::config::LogConfig;
use super::error::AppendError;
use super::producer_state::AppendOrigin;
use super::record_batch::{MAGIC, NO_TIMESTAMP, RecordBatch, RecordView, TimestampType};
use crate::protocol::{ErrorCode, RecordError, TopicPartition};

/// What is wrong with a batch as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchFault {
    /// It is not of format version 2.
    Magic,
    /// A client's batch does not begin at offset 0.
    BaseOffset(i64),
    /// Its checksum is not that of its bytes.
    Crc(u32),
    /// Its last offset lies before its base offset.
    OffsetRange(i64, i64),
    /// It claims to hold no record, or fewer than none.
    RecordCount(i32),
    /// It claims to hold more or fewer records than it has offsets.
    Count {
        /// Its base offset and its last offset.
        offsets: (i64, i64),
        /// Its count of records.
        count: i32,
    },
    /// A client has written a transaction's marker.
    Control,
    /// It names a producer but no sequence number.
    Sequence {
        /// The producer.
        producer_id: i64,
        /// The sequence number.
        base_sequence: i32,
    },
    /// Its records cannot be read.
    Unreadable,
}

impl BatchFault {
    /// Kafka's error.
    pub fn error_code(self) -> ErrorCode {
        match self {
            BatchFault::Crc(_) => ErrorCode::CorruptMessage,
            _ => ErrorCode::InvalidRecord,
        }
    }

    /// The broker's words for it.
    pub fn message(self, of: &TopicPartition) -> String {
        match self {
            BatchFault::Magic => "Produce requests with version 12 are only allowed to contain \
                                  record batches with magic version 2"
                .to_owned(),
            BatchFault::BaseOffset(offset) => format!(
                "The baseOffset of the record batch in the append to {of} should be 0, but it is \
                 {offset}"
            ),
            BatchFault::Crc(crc) => {
                format!("Record is corrupt (stored crc = {crc}) in topic partition {of}.")
            }
            BatchFault::OffsetRange(base, last) => format!(
                "Batch has an invalid offset range: [{base}, {last}] in topic partition {of}"
            ),
            BatchFault::RecordCount(count) => {
                format!("Invalid reported count for record batch: {count} in topic partition {of}")
            }
            BatchFault::Count {
                offsets: (base, last),
                count,
            } => format!(
                "Inconsistent batch offset range [{base}, {last}] and count of records {count} in \
                 topic partition {of}"
            ),
            BatchFault::Control => {
                format!("Clients are not allowed to write control records in topic partition {of}")
            }
            BatchFault::Sequence {
                producer_id,
                base_sequence,
            } => format!(
                "Invalid sequence number {base_sequence} in record batch with producerId \
                 {producer_id} in topic partition {of}"
            ),
            BatchFault::Unreadable => format!("Found invalid record in topic partition {of}"),
        }
    }
}

/// A record that the topic does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefusedRecord {
    /// Its place in the batch, from 0.
    pub batch_index: i32,
    /// What is wrong with it.
    pub fault: RecordFault,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordFault {
    /// It has no key, and the topic is compacted.
    NoKey,
    /// Its timestamp is too far from the broker's clock
    /// (`message.timestamp.before.max.ms`, `message.timestamp.after.max.ms`).
    Timestamp {
        /// Its timestamp in epoch milliseconds.
        timestamp_ms: i64,
        /// Its offset within the batch.
        offset: i64,
        /// The oldest and the youngest that would be taken.
        range: (i64, i64),
    },
    /// Its batch claims that a broker has stamped it.
    TimestampType {
        /// Its offset within the batch.
        offset: i64,
        /// Its timestamp in epoch milliseconds.
        timestamp_ms: i64,
        /// How long its key and its value are, in bytes.
        sizes: (usize, usize),
    },
}

impl RefusedRecord {
    /// Kafka's error.
    pub fn error_code(&self) -> ErrorCode {
        match self.fault {
            RecordFault::NoKey => ErrorCode::InvalidRecord,
            RecordFault::Timestamp { .. } | RecordFault::TimestampType { .. } => {
                ErrorCode::InvalidTimestamp
            }
        }
    }

    /// As the producer is told of it.
    pub fn told(&self, of: &TopicPartition) -> RecordError {
        let message = match self.fault {
            RecordFault::NoKey => {
                format!("Compacted topic cannot accept message without key in topic partition {of}")
            }
            RecordFault::Timestamp {
                timestamp_ms,
                offset,
                range: (from, to),
            } => format!(
                "Timestamp {timestamp_ms} of message with offset {offset} is out of range. The \
                 timestamp should be within [{from}, {to}]"
            ),
            RecordFault::TimestampType {
                offset,
                timestamp_ms,
                sizes: (key, value),
            } => format!(
                "Invalid timestamp type in message DefaultRecord(offset={offset}, \
                 timestamp={timestamp_ms}, key={key} bytes, value={value} bytes). Producer \
                 should not set timestamp type to LogAppendTime."
            ),
        };
        RecordError {
            batch_index: self.batch_index,
            message,
        }
    }
}

/// Refuses a batch that a leader must not append, by its clock in epoch
/// milliseconds.
///
/// # Errors
///
/// [`AppendError`]: what is wrong with the batch, or with which of its
/// records.
pub(super) fn validate(
    batch: &RecordBatch,
    origin: AppendOrigin,
    config: &LogConfig,
    now_ms: i64,
) -> Result<(), AppendError> {
    check_batch(batch, origin, config)?;
    let mut refused = Vec::new();
    for (batch_index, record) in (0..).zip(batch.records()) {
        let record = record.map_err(|_| AppendError::Batch(BatchFault::Unreadable))?;
        if let Some(fault) = fault_of(batch, &record, config, now_ms) {
            refused.push(RefusedRecord { batch_index, fault });
        }
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(AppendError::Records(refused)),
    }
}

fn check_batch(
    batch: &RecordBatch,
    origin: AppendOrigin,
    config: &LogConfig,
) -> Result<(), AppendError> {
    let is_from_client = origin == AppendOrigin::Client;
    let fault = |fault| Err(AppendError::Batch(fault));
    if batch.magic() != MAGIC {
        return fault(BatchFault::Magic);
    }
    if is_from_client && batch.base_offset() != 0 {
        return fault(BatchFault::BaseOffset(batch.base_offset()));
    }
    let size = batch.size_in_bytes();
    if size > config.max_message_bytes {
        return Err(AppendError::RecordTooLarge { size });
    }
    if !batch.is_crc_valid() {
        return fault(BatchFault::Crc(batch.crc()));
    }
    match is_from_client {
        true => check_claims(batch).map_or(Ok(()), fault),
        false => Ok(()),
    }
}

/// Source: `LogValidator.validateBatch`.
fn check_claims(batch: &RecordBatch) -> Option<BatchFault> {
    let (base, last, count) = (
        batch.base_offset(),
        batch.last_offset(),
        batch.record_count(),
    );
    if last < base {
        Some(BatchFault::OffsetRange(base, last))
    } else if count <= 0 {
        Some(BatchFault::RecordCount(count))
    } else if i64::from(count) != last - base + 1 {
        let offsets = (base, last);
        Some(BatchFault::Count { offsets, count })
    } else if batch.is_control() {
        Some(BatchFault::Control)
    } else if batch.has_producer_id() && batch.base_sequence() < 0 {
        Some(BatchFault::Sequence {
            producer_id: batch.producer_id(),
            base_sequence: batch.base_sequence(),
        })
    } else {
        None
    }
}

/// Source: `LogValidator.validateKey` and `validateTimestamp`.
fn fault_of(
    batch: &RecordBatch,
    record: &RecordView<'_>,
    config: &LogConfig,
    now_ms: i64,
) -> Option<RecordFault> {
    let timestamp_ms = record.timestamp_ms;
    if config.cleanup_policy.compact && record.key.is_none() {
        return Some(RecordFault::NoKey);
    }
    let is_create_time = config.message_timestamp_type == TimestampType::CreateTime;
    if is_create_time && timestamp_ms != NO_TIMESTAMP {
        let (before, after) = (
            config.message_timestamp_before_max_ms,
            config.message_timestamp_after_max_ms,
        );
        let age_ms = now_ms.saturating_sub(timestamp_ms);
        let is_out_of_range = age_ms > before || age_ms.saturating_neg() > after;
        // As Java adds: what is too large begins anew below.
        let range = (now_ms.wrapping_sub(before), now_ms.wrapping_add(after));
        return is_out_of_range.then_some(RecordFault::Timestamp {
            timestamp_ms,
            offset: record.offset,
            range,
        });
    }
    let is_stamped = batch.timestamp_type() == TimestampType::LogAppendTime;
    let len = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
    is_stamped.then_some(RecordFault::TimestampType {
        offset: record.offset,
        timestamp_ms,
        sizes: (len(record.key), len(record.value)),
    })
}
