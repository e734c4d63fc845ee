//! What can be wrong with a batch that is read or written.

use std::fmt;

use super::{CompressionType, DecompressionError};
use crate::log::varint::VarintError;

/// Why bytes are not a record batch of format version 2, or its records
/// cannot be read. [`CorruptRecord::kafka_name`] is the error a broker or a
/// client of Kafka reports for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CorruptRecord {
    /// The bytes end before the batch does.
    Truncated {
        /// Bytes the batch needs: its header's size until its length is known.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// Bytes follow the end of a batch that should have stood alone.
    TrailingBytes {
        /// How many.
        count: u64,
    },
    /// The length field is negative or smaller than a header.
    BatchLength {
        /// The field, in bytes after itself.
        length: i32,
    },
    /// The format version is not 2.
    Magic {
        /// The version found.
        magic: i8,
    },
    /// The checksum stored in the batch is not that of its bytes.
    Crc {
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// The attributes name a compression codec that does not exist.
    UnknownCompression {
        /// The three bits that name the codec.
        id: u8,
    },
    /// The compressed records cannot be decompressed.
    Decompression {
        /// Their codec.
        codec: CompressionType,
        /// Why not.
        error: DecompressionError,
    },
    /// The base offset is negative, the last offset lies before it, or
    /// offsets go beyond 64 bits.
    OffsetRange {
        /// The base offset.
        base_offset: i64,
        /// The last offset minus the base offset, as stored.
        last_offset_delta: i32,
    },
    /// The number of records is negative or larger than the batch can hold.
    RecordCount {
        /// The number found.
        count: i32,
    },
    /// A record has an offset outside its batch, or not after its predecessor.
    OffsetDelta {
        /// The record's offset minus the base offset.
        delta: i32,
    },
    /// A variable-length integer of a record is malformed.
    Varint(VarintError),
    /// A record, or a key, value or header inside one, is declared longer
    /// than the bytes that hold it, or a length that must not be is negative.
    Length {
        /// The declared length in bytes.
        declared: i32,
        /// Bytes left where it was declared.
        available: u64,
    },
    /// The number of a record's headers is negative or larger than the bytes
    /// that could hold them.
    HeaderCount {
        /// The number found.
        count: i32,
    },
    /// A record's contents end before its declared length.
    UnreadBytesInRecord {
        /// Bytes left over.
        count: u64,
    },
    /// Bytes are left in the batch after its last record.
    UnreadBytesInBatch {
        /// Bytes left over.
        count: u64,
    },
}

impl CorruptRecord {
    /// Kafka's name for the error (`org.apache.kafka.common.protocol.Errors`).
    ///
    /// A damaged batch is `CORRUPT_MESSAGE`; an intact batch whose records
    /// cannot be read is `INVALID_RECORD` (Kafka's `InvalidRecordException`).
    pub const fn kafka_name(&self) -> &'static str {
        match self {
            Self::Truncated { .. }
            | Self::TrailingBytes { .. }
            | Self::BatchLength { .. }
            | Self::Magic { .. }
            | Self::Crc { .. }
            | Self::UnknownCompression { .. }
            | Self::OffsetRange { .. } => "CORRUPT_MESSAGE",
            Self::Decompression { .. }
            | Self::RecordCount { .. }
            | Self::OffsetDelta { .. }
            | Self::Varint(_)
            | Self::Length { .. }
            | Self::HeaderCount { .. }
            | Self::UnreadBytesInRecord { .. }
            | Self::UnreadBytesInBatch { .. } => "INVALID_RECORD",
        }
    }
}

impl From<VarintError> for CorruptRecord {
    fn from(error: VarintError) -> Self {
        Self::Varint(error)
    }
}

impl fmt::Display for CorruptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, available } => {
                write!(f, "the batch needs {needed} bytes, there are {available}")
            }
            Self::TrailingBytes { count } => write!(f, "{count} bytes follow the batch"),
            Self::BatchLength { length } => {
                write!(f, "the batch length {length} is too small for a header")
            }
            Self::Magic { magic } => write!(f, "magic is {magic}, only 2 is read"),
            Self::Crc { stored, computed } => {
                write!(f, "the stored crc is {stored}, the computed one {computed}")
            }
            Self::UnknownCompression { id } => write!(f, "no compression codec has id {id}"),
            Self::Decompression { codec, error } => {
                let codec = codec.name();
                write!(f, "records compressed with {codec} cannot be read: {error}")
            }
            Self::OffsetRange {
                base_offset,
                last_offset_delta,
            } => {
                write!(
                    f,
                    "base offset {base_offset} with last offset delta {last_offset_delta}"
                )
            }
            Self::RecordCount { count } => write!(f, "the batch cannot hold {count} records"),
            Self::OffsetDelta { delta } => {
                write!(
                    f,
                    "a record's offset delta {delta} is out of order or outside its batch"
                )
            }
            Self::Varint(error) => error.fmt(f),
            Self::Length {
                declared,
                available,
            } => {
                write!(f, "a field of {declared} bytes in {available} bytes")
            }
            Self::HeaderCount { count } => write!(f, "a record cannot hold {count} headers"),
            Self::UnreadBytesInRecord { count } => {
                write!(f, "{count} bytes are left at the end of a record")
            }
            Self::UnreadBytesInBatch { count } => {
                write!(f, "{count} bytes are left after the last record")
            }
        }
    }
}

impl std::error::Error for CorruptRecord {}

/// Why a batch cannot be built, or a record not be added to it: the caller's
/// mistake, which Kafka reports as an `IllegalArgumentException` of
/// `MemoryRecordsBuilder`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvalidBatch {
    /// There is nothing in the batch.
    NoRecords,
    /// The timestamp is negative and not -1, which means none.
    Timestamp {
        /// The timestamp, in milliseconds.
        timestamp_ms: i64,
    },
    /// The offset is not after the last one, or too far from the base offset.
    Offset {
        /// The offset.
        offset: i64,
    },
    /// The batch would be larger than `i32::MAX` bytes.
    TooLarge,
    /// A control record for a batch of data, or the reverse.
    ControlMismatch,
    /// A transactional batch needs a producer id.
    TransactionalWithoutProducerId,
    /// A batch with a producer id needs a producer epoch.
    ProducerEpoch,
    /// A batch of data with a producer id needs a sequence number.
    BaseSequence,
}

impl fmt::Display for InvalidBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecords => f.write_str("a batch needs a record"),
            Self::Timestamp { timestamp_ms } => write!(f, "invalid timestamp {timestamp_ms}"),
            Self::Offset { offset } => write!(f, "offset {offset} does not fit in the batch"),
            Self::TooLarge => f.write_str("the batch would be larger than 2147483647 bytes"),
            Self::ControlMismatch => f.write_str("control records and data cannot share a batch"),
            Self::TransactionalWithoutProducerId => {
                f.write_str("a transactional batch needs a producer id")
            }
            Self::ProducerEpoch => f.write_str("a producer id needs a producer epoch"),
            Self::BaseSequence => f.write_str("a producer id needs a sequence number"),
        }
    }
}

impl std::error::Error for InvalidBatch {}
