//! The record batch, format version 2: the unit in which records are sent,
//! replicated and kept.
//!
//! A [`RecordBatch`] is the bytes themselves, as they lie in a segment file
//! of a real broker, in a shared buffer that nothing changes: a replica, a
//! fetch response and a checkpoint of the world hold the same ones. Its
//! fields are read from the bytes when they are asked for.
//!
//! Source: `org.apache.kafka.common.record.DefaultRecordBatch` and
//! `DefaultRecord` (KIP-98); the delete horizon is KIP-534.

mod builder;
mod compression;
mod control;
mod error;
mod header;
mod read;
mod record;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use builder::{BatchOptions, INCOMPRESSIBLE, RecordBatchBuilder};
pub use compression::{CompressionType, DecompressionError};
pub use control::{EndTransactionMarker, TransactionResult};
pub use error::{CorruptRecord, InvalidBatch};
pub use header::{
    LOG_OVERHEAD, MAGIC, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE,
    NO_TIMESTAMP, RECORD_BATCH_OVERHEAD, TimestampType, decrement_sequence, increment_sequence,
};
pub use read::{BatchReader, DECOMPRESSED_MAX, RecordIter, read_batches};
pub use record::{
    Header, Headers, MAX_RECORD_OVERHEAD, Record, RecordView, estimate_size_in_bytes_upper_bound,
};

use crate::log::crc32c::crc32c;
use header::{
    ATTRIBUTES, BASE_OFFSET, BASE_SEQUENCE, BASE_TIMESTAMP, BATCH_LENGTH, COMPRESSION_MASK,
    CONTROL_FLAG, CRC, DELETE_HORIZON_FLAG, LAST_OFFSET_DELTA, LOG_APPEND_TIME_FLAG, MAGIC_AT,
    MAX_TIMESTAMP, PARTITION_LEADER_EPOCH, PRODUCER_EPOCH, PRODUCER_ID, RECORD_COUNT,
    TRANSACTIONAL_FLAG,
};

/// An immutable record batch; a clone shares the bytes.
///
/// It is made by a [`RecordBatchBuilder`] or by [`RecordBatch::parse`], so
/// its header is sound, its checksum right and its records readable. Only one
/// that was [`received`](RecordBatch::received) may be damaged: no log takes
/// it then.
#[derive(Clone)]
pub struct RecordBatch {
    /// At least a header long.
    bytes: Arc<[u8]>,
    /// The records of a compressed batch, decompressed: once, however often
    /// they are read. They follow from the bytes, so that those alone tell
    /// whether two batches are the same.
    decompressed: Option<Arc<[u8]>>,
    /// The checksum was reckoned from these bytes, or compared with them: they
    /// cannot change, so nobody need do it again.
    is_crc_known: bool,
}

impl PartialEq for RecordBatch {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for RecordBatch {}

impl Hash for RecordBatch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl RecordBatch {
    /// The batch as it is sent and stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its size: header and records.
    pub fn size_in_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The offset of its first record, or the one it had before compaction.
    pub fn base_offset(&self) -> i64 {
        i64::from_be_bytes(self.field(BASE_OFFSET))
    }

    /// Bytes after the length field itself: the size less [`LOG_OVERHEAD`].
    pub fn batch_length(&self) -> i32 {
        i32::from_be_bytes(self.field(BATCH_LENGTH))
    }

    /// The epoch of the leader that appended it, -1 before that.
    pub fn partition_leader_epoch(&self) -> i32 {
        i32::from_be_bytes(self.field(PARTITION_LEADER_EPOCH))
    }

    /// The format version: 2.
    pub fn magic(&self) -> i8 {
        i8::from_be_bytes(self.field(MAGIC_AT))
    }

    /// The stored CRC-32C of all that follows it. The base offset and the
    /// leader epoch stand before it, so that a broker can set them without
    /// reckoning it anew.
    pub fn crc(&self) -> u32 {
        u32::from_be_bytes(self.field(CRC))
    }

    /// Whether the stored checksum is that of the bytes.
    pub fn is_crc_valid(&self) -> bool {
        self.is_crc_known || self.crc() == crc32c(&self.bytes[ATTRIBUTES..])
    }

    /// The attributes: compression in bits 0 to 2, then flags for
    /// `LogAppendTime`, transactional, control and delete horizon.
    pub fn attributes(&self) -> i16 {
        i16::from_be_bytes(self.field(ATTRIBUTES))
    }

    /// How its records are compressed.
    pub fn compression_type(&self) -> CompressionType {
        // Only the five codecs are let in by `parse`.
        CompressionType::from_id(self.compression_id()).unwrap_or_default()
    }

    fn compression_id(&self) -> u8 {
        (self.attributes() & COMPRESSION_MASK) as u8
    }

    /// Whose clock its timestamps are from.
    pub fn timestamp_type(&self) -> TimestampType {
        if self.has_flag(LOG_APPEND_TIME_FLAG) {
            TimestampType::LogAppendTime
        } else {
            TimestampType::CreateTime
        }
    }

    /// Whether its records belong to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.has_flag(TRANSACTIONAL_FLAG)
    }

    /// Whether it holds control records, which no consumer is given.
    pub fn is_control(&self) -> bool {
        self.has_flag(CONTROL_FLAG)
    }

    /// When the cleaner may drop its tombstones or marker, in milliseconds,
    /// once the cleaner has decided that.
    pub fn delete_horizon_ms(&self) -> Option<i64> {
        self.has_flag(DELETE_HORIZON_FLAG)
            .then(|| self.base_timestamp())
    }

    /// The last offset minus the base offset.
    pub fn last_offset_delta(&self) -> i32 {
        i32::from_be_bytes(self.field(LAST_OFFSET_DELTA))
    }

    /// The offset of its last record, or the one it had before compaction.
    pub fn last_offset(&self) -> i64 {
        self.base_offset() + i64::from(self.last_offset_delta())
    }

    /// The offset after the last one.
    pub fn next_offset(&self) -> i64 {
        self.last_offset() + 1
    }

    /// The raw field from which its records' timestamps are reckoned, in
    /// milliseconds: the first record's as its producer set it, the delete
    /// horizon when there is one, -1 when no record is left.
    pub fn base_timestamp(&self) -> i64 {
        i64::from_be_bytes(self.field(BASE_TIMESTAMP))
    }

    /// The largest timestamp of its records in milliseconds; the broker's
    /// time when the type is `LogAppendTime`.
    pub fn max_timestamp(&self) -> i64 {
        i64::from_be_bytes(self.field(MAX_TIMESTAMP))
    }

    /// The id of its producer, -1 when that is not idempotent.
    pub fn producer_id(&self) -> i64 {
        i64::from_be_bytes(self.field(PRODUCER_ID))
    }

    /// Whether its producer is idempotent or transactional.
    pub fn has_producer_id(&self) -> bool {
        self.producer_id() > NO_PRODUCER_ID
    }

    /// The epoch of its producer, -1 when that is not idempotent.
    pub fn producer_epoch(&self) -> i16 {
        i16::from_be_bytes(self.field(PRODUCER_EPOCH))
    }

    /// The sequence number of its first record, -1 when there is none.
    pub fn base_sequence(&self) -> i32 {
        i32::from_be_bytes(self.field(BASE_SEQUENCE))
    }

    /// The sequence number of its last record, -1 when there is none.
    pub fn last_sequence(&self) -> i32 {
        match self.base_sequence() {
            NO_SEQUENCE => NO_SEQUENCE,
            base => increment_sequence(base, self.last_offset_delta()),
        }
    }

    /// How many records it holds: fewer than its offsets once compacted.
    pub fn record_count(&self) -> i32 {
        i32::from_be_bytes(self.field(RECORD_COUNT))
    }

    /// How many data records it holds: none in a batch of markers.
    pub fn data_record_count(&self) -> i64 {
        match self.is_control() {
            true => 0,
            false => i64::from(self.record_count()),
        }
    }

    /// How many of its data records have offsets before this one.
    pub fn data_records_before(&self, offset: i64) -> i64 {
        if self.is_control() || offset <= self.base_offset() {
            return 0;
        }
        let records = self.records().flatten();
        let before = records.take_while(|record| record.offset < offset);
        before.count() as i64
    }

    /// What compression left of its records, in parts per thousand
    /// (`MemoryRecordsBuilder.compressionRatio`).
    pub fn compression_ratio(&self) -> u32 {
        let written = (self.size_in_bytes() - RECORD_BATCH_OVERHEAD) as u64;
        let before = self.record_bytes().len() as u64;
        let ratio = (written * u64::from(INCOMPRESSIBLE)).checked_div(before);
        ratio.map_or(INCOMPRESSIBLE, |ratio| {
            u32::try_from(ratio).unwrap_or(u32::MAX)
        })
    }

    fn has_flag(&self, flag: i16) -> bool {
        self.attributes() & flag != 0
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        let field = self.bytes[at..].first_chunk();
        *field.expect("a batch is at least a header long")
    }
}

/// What a broker or a producer changes in a batch: each method copies it once.
impl RecordBatch {
    /// The batch as the partition's leader appends it: at `base_offset`, under
    /// `leader_epoch`. The checksum covers neither.
    pub fn with_base_offset_and_epoch(&self, base_offset: i64, leader_epoch: i32) -> Self {
        self.patched(|bytes| {
            put(bytes, BASE_OFFSET, base_offset.to_be_bytes());
            put(bytes, PARTITION_LEADER_EPOCH, leader_epoch.to_be_bytes());
        })
    }

    /// The batch with the broker's time instead of its producer's, in
    /// milliseconds, for topics with `message.timestamp.type=LogAppendTime`.
    /// Source: `DefaultRecordBatch.setMaxTimestamp`.
    pub fn with_log_append_time(&self, now_ms: i64) -> Self {
        let attributes = self.attributes() | LOG_APPEND_TIME_FLAG;
        self.patched(|bytes| {
            put(bytes, ATTRIBUTES, attributes.to_be_bytes());
            put(bytes, MAX_TIMESTAMP, now_ms.to_be_bytes());
            put_crc(bytes);
        })
    }

    /// The batch under another producer epoch and sequence, as a producer
    /// sends it again after its epoch was bumped (KIP-360).
    /// Source: `MemoryRecordsBuilder.reopenAndRewriteProducerState`.
    pub fn with_producer_state(
        &self,
        producer_id: i64,
        producer_epoch: i16,
        base_sequence: i32,
        is_transactional: bool,
    ) -> Self {
        let others = self.attributes() & !TRANSACTIONAL_FLAG;
        let attributes = others
            | if is_transactional {
                TRANSACTIONAL_FLAG
            } else {
                0
            };
        self.patched(|bytes| {
            put(bytes, ATTRIBUTES, attributes.to_be_bytes());
            put(bytes, PRODUCER_ID, producer_id.to_be_bytes());
            put(bytes, PRODUCER_EPOCH, producer_epoch.to_be_bytes());
            put(bytes, BASE_SEQUENCE, base_sequence.to_be_bytes());
            put_crc(bytes);
        })
    }

    fn patched(&self, patch: impl FnOnce(&mut [u8])) -> Self {
        let mut bytes = Arc::clone(&self.bytes);
        patch(Arc::make_mut(&mut bytes));
        Self {
            bytes,
            decompressed: self.decompressed.clone(),
            is_crc_known: self.is_crc_known,
        }
    }
}

fn put<const N: usize>(bytes: &mut [u8], at: usize, field: [u8; N]) {
    bytes[at..at + N].copy_from_slice(&field);
}

fn put_crc(bytes: &mut [u8]) {
    let crc = crc32c(&bytes[ATTRIBUTES..]);
    put(bytes, CRC, crc.to_be_bytes());
}

/// The header's fields; the records would drown them.
impl fmt::Debug for RecordBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBatch")
            .field("offsets", &(self.base_offset()..=self.last_offset()))
            .field("partition_leader_epoch", &self.partition_leader_epoch())
            .field("size_in_bytes", &self.size_in_bytes())
            .field("crc", &self.crc())
            .field("attributes", &self.attributes())
            .field("timestamps", &(self.base_timestamp(), self.max_timestamp()))
            .field(
                "producer",
                &(
                    self.producer_id(),
                    self.producer_epoch(),
                    self.base_sequence(),
                ),
            )
            .field("record_count", &self.record_count())
            .finish()
    }
}

#[cfg(test)]
mod tests;
