//! Building a batch record by record
//! (`org.apache.kafka.common.record.MemoryRecordsBuilder`).

use std::sync::Arc;

use super::header::{
    ATTRIBUTES, BASE_OFFSET, BASE_SEQUENCE, BASE_TIMESTAMP, BATCH_LENGTH, CONTROL_FLAG, CRC,
    DELETE_HORIZON_FLAG, LAST_OFFSET_DELTA, LOG_APPEND_TIME_FLAG, LOG_OVERHEAD, MAGIC, MAGIC_AT,
    MAX_TIMESTAMP, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE,
    NO_TIMESTAMP, PARTITION_LEADER_EPOCH, PRODUCER_EPOCH, PRODUCER_ID, RECORD_BATCH_OVERHEAD,
    RECORD_COUNT, TRANSACTIONAL_FLAG,
};
use super::record::{body_size, write_contents, write_prefix};
use super::{
    CompressionType, EndTransactionMarker, InvalidBatch, Record, RecordBatch, RecordView,
    TimestampType,
};
use crate::log::crc32c::crc32c;
use crate::log::varint::size_of_varint;

/// What records that do not shrink when they are compressed have as their
/// ratio: the parts per thousand that are left of them.
pub const INCOMPRESSIBLE: u32 = 1_000;

/// What an estimate of the compressed size is multiplied with, in percent, so
/// that it is rather too large
/// (`MemoryRecordsBuilder.COMPRESSION_RATE_ESTIMATION_FACTOR`).
const ESTIMATION_FACTOR: u64 = 105;

/// What the header of a batch says besides what follows from its records.
///
/// The default is what a producer sends that is neither idempotent nor
/// transactional.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchOptions {
    /// The offset from which the records' offsets are reckoned. A producer
    /// writes 0; the broker assigns the real one.
    pub base_offset: i64,
    /// The epoch of the leader that appended the batch, -1 before.
    pub partition_leader_epoch: i32,
    /// The producer's id, -1 when it is not idempotent.
    pub producer_id: i64,
    /// The producer's epoch, -1 when it is not idempotent.
    pub producer_epoch: i16,
    /// The sequence number of the first record, -1 when there is none.
    pub base_sequence: i32,
    /// How the records are compressed.
    pub compression_type: CompressionType,
    /// Whether the records belong to a transaction.
    pub is_transactional: bool,
    /// Whether the batch holds control records instead of data.
    pub is_control: bool,
    /// For `message.timestamp.type=LogAppendTime`: the broker's clock when it
    /// appended, in milliseconds. `None` for `CreateTime`.
    pub log_append_time_ms: Option<i64>,
    /// When the cleaner may drop the batch's tombstones or marker, in
    /// milliseconds; set by the cleaner when it first sees them (KIP-534).
    pub delete_horizon_ms: Option<i64>,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            base_offset: 0,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
            compression_type: CompressionType::None,
            is_transactional: false,
            is_control: false,
            log_append_time_ms: None,
            delete_horizon_ms: None,
        }
    }
}

impl BatchOptions {
    /// What the header of this batch says, for a batch that is to take its
    /// place.
    pub fn of(batch: &RecordBatch) -> Self {
        Self {
            base_offset: batch.base_offset(),
            partition_leader_epoch: batch.partition_leader_epoch(),
            producer_id: batch.producer_id(),
            producer_epoch: batch.producer_epoch(),
            base_sequence: batch.base_sequence(),
            compression_type: batch.compression_type(),
            is_transactional: batch.is_transactional(),
            is_control: batch.is_control(),
            log_append_time_ms: match batch.timestamp_type() {
                TimestampType::CreateTime => None,
                TimestampType::LogAppendTime => Some(batch.max_timestamp()),
            },
            delete_horizon_ms: batch.delete_horizon_ms(),
        }
    }

    fn attributes(&self) -> i16 {
        let flag = |set: bool, flag: i16| if set { flag } else { 0 };
        i16::from(self.compression_type.id())
            | flag(self.log_append_time_ms.is_some(), LOG_APPEND_TIME_FLAG)
            | flag(self.is_transactional, TRANSACTIONAL_FLAG)
            | flag(self.is_control, CONTROL_FLAG)
            | flag(self.delete_horizon_ms.is_some(), DELETE_HORIZON_FLAG)
    }

    fn check_producer_state(&self) -> Result<(), InvalidBatch> {
        if self.producer_id == NO_PRODUCER_ID {
            return if self.is_transactional {
                Err(InvalidBatch::TransactionalWithoutProducerId)
            } else {
                Ok(())
            };
        }
        if self.producer_epoch == NO_PRODUCER_EPOCH {
            return Err(InvalidBatch::ProducerEpoch);
        }
        if self.base_sequence < 0 && !self.is_control {
            return Err(InvalidBatch::BaseSequence);
        }
        Ok(())
    }
}

/// A batch under construction. Its records are compressed when it is finished;
/// until then its size is an estimate, which is exact without compression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordBatchBuilder {
    options: BatchOptions,
    /// The delete horizon or the first record's timestamp.
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    last_offset: Option<i64>,
    record_count: i32,
    /// What compression is thought to leave of the records, in parts per
    /// thousand.
    estimated_ratio: u32,
    /// Room for the header, then the records, not compressed.
    bytes: Vec<u8>,
}

impl Default for RecordBatchBuilder {
    fn default() -> Self {
        Self::new(BatchOptions::default())
    }
}

impl RecordBatchBuilder {
    /// A batch with no records yet.
    pub fn new(options: BatchOptions) -> Self {
        Self {
            base_timestamp: options.delete_horizon_ms,
            max_timestamp: NO_TIMESTAMP,
            last_offset: None,
            record_count: 0,
            estimated_ratio: INCOMPRESSIBLE,
            bytes: vec![0; RECORD_BATCH_OVERHEAD],
            options,
        }
    }

    /// How many records it holds.
    pub fn record_count(&self) -> i32 {
        self.record_count
    }

    /// Sets what compression is thought to leave of the records, in parts per
    /// thousand; until then nothing is thought to be gained
    /// (`MemoryRecordsBuilder.setEstimatedCompressionRatio`).
    pub fn set_estimated_compression_ratio(&mut self, ratio: u32) {
        self.estimated_ratio = ratio;
    }

    /// Bytes of the batch so far, header included. Without compression that is
    /// exactly the size of what [`build`](Self::build) would return; with it,
    /// an estimate by the ratio set before.
    /// Source: `MemoryRecordsBuilder.estimatedBytesWritten`.
    pub fn size_in_bytes(&self) -> usize {
        let records = self.bytes.len() - RECORD_BATCH_OVERHEAD;
        RECORD_BATCH_OVERHEAD
            + match self.options.compression_type {
                CompressionType::None => records,
                _ => {
                    let ratio = u64::from(self.estimated_ratio) * ESTIMATION_FACTOR;
                    (records as u64 * ratio / (100 * u64::from(INCOMPRESSIBLE))) as usize
                }
            }
    }

    /// Bytes that `record` would add, appended next, before compression.
    pub fn size_of_next(&self, record: &Record) -> usize {
        // Deltas that do not fit are refused when the record is appended.
        let offset_delta = self.offset_delta(self.next_offset()).unwrap_or(i32::MAX);
        record.size_in_bytes(offset_delta, self.timestamp_delta(record.timestamp_ms))
    }

    /// Whether `record` fits, the batch growing to at most `write_limit`
    /// bytes (the producer's `batch.size`). The first record always fits, so
    /// that a record larger than the limit gets a batch of its own.
    /// Source: `MemoryRecordsBuilder.hasRoomFor`.
    pub fn has_room_for(&self, record: &Record, write_limit: usize) -> bool {
        // A batch that is full has no room for any record.
        self.record_count == 0
            || self
                .size_in_bytes()
                .saturating_add(self.size_of_next(record))
                <= write_limit
    }

    /// Whether the batch holds a record and has reached `write_limit` bytes.
    /// Source: `MemoryRecordsBuilder.isFull`.
    pub fn is_full(&self, write_limit: usize) -> bool {
        self.record_count > 0 && write_limit <= self.size_in_bytes()
    }

    /// Sets the producer's state, which a producer assigns when it drains the
    /// batch from its accumulator (`MemoryRecordsBuilder.setProducerState`).
    pub fn set_producer_state(
        &mut self,
        producer_id: i64,
        producer_epoch: i16,
        base_sequence: i32,
        is_transactional: bool,
    ) {
        self.options.producer_id = producer_id;
        self.options.producer_epoch = producer_epoch;
        self.options.base_sequence = base_sequence;
        self.options.is_transactional = is_transactional;
    }

    /// Appends a record at the offset after the last one. Key, value and
    /// headers are copied.
    ///
    /// # Errors
    ///
    /// [`InvalidBatch`] when its timestamp is negative and not -1, the batch
    /// would outgrow `i32::MAX` bytes, or it is a batch of control records;
    /// the batch is then unchanged.
    pub fn append(&mut self, record: &Record) -> Result<(), InvalidBatch> {
        if self.options.is_control {
            return Err(InvalidBatch::ControlMismatch);
        }
        self.append_record(record)
    }

    /// Appends the marker that ends a transaction.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append), but the batch must be one of control
    /// records.
    pub fn append_end_transaction_marker(
        &mut self,
        timestamp_ms: i64,
        marker: EndTransactionMarker,
    ) -> Result<(), InvalidBatch> {
        if !self.options.is_control {
            return Err(InvalidBatch::ControlMismatch);
        }
        self.append_record(&marker.to_record(timestamp_ms))
    }

    /// Appends a record of another batch at the offset it has there, as the
    /// log cleaner does.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append); also when the offset is not after the last
    /// one.
    pub fn append_view(&mut self, record: &RecordView<'_>) -> Result<(), InvalidBatch> {
        self.append_at(
            record.offset,
            record.timestamp_ms,
            record.contents.len(),
            |out| {
                out.extend_from_slice(record.contents);
            },
        )
    }

    /// Finishes the batch.
    ///
    /// # Errors
    ///
    /// [`InvalidBatch`] when there is no record in it, or its producer id,
    /// epoch and sequence contradict each other.
    pub fn build(self) -> Result<RecordBatch, InvalidBatch> {
        let last_offset = self.last_offset.ok_or(InvalidBatch::NoRecords)?;
        self.finish(last_offset)
    }

    /// Finishes a batch whose last records were removed: it keeps the last
    /// offset it had, and with it the producer's last sequence number. It may
    /// hold no record at all; its max timestamp is then `max_timestamp_ms`.
    ///
    /// Source: `MemoryRecordsBuilder.overrideLastOffset` and
    /// `DefaultRecordBatch.writeEmptyHeader`.
    ///
    /// # Errors
    ///
    /// [`InvalidBatch`] when `last_offset` lies before the last record, or as
    /// [`build`](Self::build).
    pub fn build_with_last_offset(
        mut self,
        last_offset: i64,
        max_timestamp_ms: i64,
    ) -> Result<RecordBatch, InvalidBatch> {
        if self.last_offset.is_some_and(|last| last_offset < last) {
            return Err(InvalidBatch::Offset {
                offset: last_offset,
            });
        }
        if self.record_count == 0 {
            self.max_timestamp = max_timestamp_ms;
        }
        self.finish(last_offset)
    }

    fn append_record(&mut self, record: &Record) -> Result<(), InvalidBatch> {
        let contents = record.contents_size();
        self.append_at(self.next_offset(), record.timestamp_ms, contents, |out| {
            write_contents(out, record);
        })
    }

    fn append_at(
        &mut self,
        offset: i64,
        timestamp_ms: i64,
        contents_size: usize,
        write_contents: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), InvalidBatch> {
        if timestamp_ms < 0 && timestamp_ms != NO_TIMESTAMP {
            return Err(InvalidBatch::Timestamp { timestamp_ms });
        }
        if self.last_offset.is_some_and(|last| offset <= last) {
            return Err(InvalidBatch::Offset { offset });
        }
        let offset_delta = self.offset_delta(offset)?;
        let timestamp_delta = self.timestamp_delta(timestamp_ms);
        let body = body_size(offset_delta, timestamp_delta, contents_size);
        self.check_room(body)?;

        write_prefix(&mut self.bytes, body, timestamp_delta, offset_delta);
        write_contents(&mut self.bytes);
        self.base_timestamp.get_or_insert(timestamp_ms);
        self.max_timestamp = self.max_timestamp.max(timestamp_ms);
        self.last_offset = Some(offset);
        self.record_count += 1;
        Ok(())
    }

    /// A batch's length is a field of 32 bits. It also bounds the number of
    /// records, each being several bytes long.
    fn check_room(&self, body: usize) -> Result<(), InvalidBatch> {
        let most = i32::MAX as usize;
        let size = self
            .bytes
            .len()
            .saturating_add(body)
            .saturating_add(size_of_varint(i32::MAX));
        if size > most {
            Err(InvalidBatch::TooLarge)
        } else {
            Ok(())
        }
    }

    fn next_offset(&self) -> i64 {
        self.last_offset
            .map_or(self.options.base_offset, |last| last.saturating_add(1))
    }

    fn offset_delta(&self, offset: i64) -> Result<i32, InvalidBatch> {
        offset
            .checked_sub(self.options.base_offset)
            .and_then(|delta| i32::try_from(delta).ok())
            .filter(|delta| *delta >= 0 && offset < i64::MAX && self.options.base_offset >= 0)
            .ok_or(InvalidBatch::Offset { offset })
    }

    fn timestamp_delta(&self, timestamp_ms: i64) -> i64 {
        timestamp_ms.wrapping_sub(self.base_timestamp.unwrap_or(timestamp_ms))
    }

    fn finish(self, last_offset: i64) -> Result<RecordBatch, InvalidBatch> {
        self.options.check_producer_state()?;
        let last_offset_delta = self.offset_delta(last_offset)?;
        let Self {
            mut options,
            base_timestamp,
            max_timestamp,
            record_count,
            mut bytes,
            ..
        } = self;
        let mut decompressed = None;
        if record_count == 0 {
            options.compression_type = CompressionType::None;
        } else if options.compression_type != CompressionType::None {
            let records = bytes.split_off(RECORD_BATCH_OVERHEAD);
            bytes.extend(options.compression_type.compress(&records));
            decompressed = Some(Arc::from(records));
        }
        let batch_length =
            i32::try_from(bytes.len() - LOG_OVERHEAD).map_err(|_| InvalidBatch::TooLarge)?;
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(BASE_OFFSET, &options.base_offset.to_be_bytes());
        put(BATCH_LENGTH, &batch_length.to_be_bytes());
        put(
            PARTITION_LEADER_EPOCH,
            &options.partition_leader_epoch.to_be_bytes(),
        );
        put(MAGIC_AT, &MAGIC.to_be_bytes());
        put(ATTRIBUTES, &options.attributes().to_be_bytes());
        put(LAST_OFFSET_DELTA, &last_offset_delta.to_be_bytes());
        put(
            BASE_TIMESTAMP,
            &base_timestamp.unwrap_or(NO_TIMESTAMP).to_be_bytes(),
        );
        put(
            MAX_TIMESTAMP,
            &options
                .log_append_time_ms
                .unwrap_or(max_timestamp)
                .to_be_bytes(),
        );
        put(PRODUCER_ID, &options.producer_id.to_be_bytes());
        put(PRODUCER_EPOCH, &options.producer_epoch.to_be_bytes());
        put(BASE_SEQUENCE, &options.base_sequence.to_be_bytes());
        put(RECORD_COUNT, &record_count.to_be_bytes());
        let crc = crc32c(&bytes[ATTRIBUTES..]);
        bytes[CRC..ATTRIBUTES].copy_from_slice(&crc.to_be_bytes());
        Ok(RecordBatch {
            bytes: bytes.into(),
            decompressed,
            is_crc_known: true,
        })
    }
}
