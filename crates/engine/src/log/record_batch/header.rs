//! The header of a record batch: where its fields lie, and what its
//! attributes say (`org.apache.kafka.common.record.DefaultRecordBatch`).

use std::str::FromStr;

/// Bytes of a batch before its records
/// (`DefaultRecordBatch.RECORD_BATCH_OVERHEAD`).
pub const RECORD_BATCH_OVERHEAD: usize = 61;

/// Bytes of a batch that its length field does not count: the base offset and
/// that field (`Records.LOG_OVERHEAD`).
pub const LOG_OVERHEAD: usize = 12;

/// The format version of every batch (`RecordBatch.MAGIC_VALUE_V2`).
pub const MAGIC: i8 = 2;

/// The timestamp of a record that has none, in milliseconds.
pub const NO_TIMESTAMP: i64 = -1;
/// The producer id of a batch whose producer is not idempotent.
pub const NO_PRODUCER_ID: i64 = -1;
/// The producer epoch of a batch whose producer is not idempotent.
pub const NO_PRODUCER_EPOCH: i16 = -1;
/// The sequence number of a record whose producer is not idempotent, and of a
/// control record.
pub const NO_SEQUENCE: i32 = -1;
/// The partition leader epoch of a batch that no leader has appended yet.
pub const NO_PARTITION_LEADER_EPOCH: i32 = -1;

pub(super) const BASE_OFFSET: usize = 0;
pub(super) const BATCH_LENGTH: usize = 8;
pub(super) const PARTITION_LEADER_EPOCH: usize = 12;
pub(super) const MAGIC_AT: usize = 16;
pub(super) const CRC: usize = 17;
/// Also where the bytes begin that the checksum covers.
pub(super) const ATTRIBUTES: usize = 21;
pub(super) const LAST_OFFSET_DELTA: usize = 23;
pub(super) const BASE_TIMESTAMP: usize = 27;
pub(super) const MAX_TIMESTAMP: usize = 35;
pub(super) const PRODUCER_ID: usize = 43;
pub(super) const PRODUCER_EPOCH: usize = 51;
pub(super) const BASE_SEQUENCE: usize = 53;
pub(super) const RECORD_COUNT: usize = 57;

pub(super) const COMPRESSION_MASK: i16 = 0x07;
pub(super) const LOG_APPEND_TIME_FLAG: i16 = 0x08;
pub(super) const TRANSACTIONAL_FLAG: i16 = 0x10;
pub(super) const CONTROL_FLAG: i16 = 0x20;
pub(super) const DELETE_HORIZON_FLAG: i16 = 0x40;

/// Whose clock a batch's timestamps are from: the values of the topic setting
/// `message.timestamp.type` (KIP-32,
/// `org.apache.kafka.common.record.TimestampType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimestampType {
    /// The producer's; every record has its own.
    #[default]
    CreateTime,
    /// The broker's when it appended; all records of the batch share it.
    LogAppendTime,
}

impl TimestampType {
    /// The type's name, as a value of `message.timestamp.type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateTime => "CreateTime",
            Self::LogAppendTime => "LogAppendTime",
        }
    }
}

impl FromStr for TimestampType {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let mut types = [Self::CreateTime, Self::LogAppendTime].into_iter();
        types.find(|of| of.name() == name).ok_or(())
    }
}

/// The sequence number `increment` after `sequence`. After `i32::MAX` comes 0
/// (`DefaultRecordBatch.incrementSequence`). Both are not negative.
pub const fn increment_sequence(sequence: i32, increment: i32) -> i32 {
    sequence.wrapping_add(increment) & i32::MAX
}

/// The sequence number `decrement` before `sequence`. Before 0 comes
/// `i32::MAX` (`DefaultRecordBatch.decrementSequence`). Both are not negative.
pub const fn decrement_sequence(sequence: i32, decrement: i32) -> i32 {
    sequence.wrapping_sub(decrement) & i32::MAX
}
