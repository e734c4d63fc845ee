//! Reading batches, and the records in them, from bytes that may be damaged
//! or hostile.

use super::header::{ATTRIBUTES, BATCH_LENGTH, LOG_OVERHEAD, MAGIC, RECORD_BATCH_OVERHEAD};
use super::record::{Origin, read_record};
use super::{CompressionType, CorruptRecord, RecordBatch, RecordView, TimestampType};
use crate::log::crc32c::crc32c;

/// How many bytes the compressed records of one read may become in all: a
/// small batch can claim to hold gigabytes. A batch that is built here may
/// hold more.
pub const DECOMPRESSED_MAX: usize = 128 << 20;

impl RecordBatch {
    /// Reads a batch that stands alone: `bytes` is the whole of it and nothing
    /// else. It is checked before it is believed: length, version, checksum,
    /// codec, offsets, and every record in it.
    ///
    /// # Errors
    ///
    /// [`CorruptRecord`], saying what is wrong first.
    pub fn parse(bytes: &[u8]) -> Result<Self, CorruptRecord> {
        let (batch, rest) = Self::split_from(bytes, DECOMPRESSED_MAX)?;
        if rest.is_empty() {
            Ok(batch)
        } else {
            Err(CorruptRecord::TrailingBytes {
                count: rest.len() as u64,
            })
        }
    }

    /// Takes the bytes that somebody sent as a batch, of whose header only the
    /// length is looked at: whoever is to keep it checks the rest.
    ///
    /// # Errors
    ///
    /// [`CorruptRecord`] when it is not the bytes of one batch.
    pub fn received(bytes: &[u8]) -> Result<Self, CorruptRecord> {
        let (batch, rest) = split_batch(bytes)?;
        if !rest.is_empty() {
            let count = rest.len() as u64;
            return Err(CorruptRecord::TrailingBytes { count });
        }
        let mut batch = Self {
            bytes: batch.into(),
            decompressed: None,
            is_crc_known: false,
        };
        // What cannot be decompressed cannot be read either.
        let _ = batch.decompress(DECOMPRESSED_MAX);
        Ok(batch)
    }

    /// Reads the batch that `bytes` begin with, whose records become at most
    /// `limit` bytes, and returns what follows it.
    fn split_from(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), CorruptRecord> {
        let (batch, rest) = split_batch(bytes)?;
        let mut batch = Self {
            bytes: batch.into(),
            decompressed: None,
            is_crc_known: false,
        };
        batch.check_header()?;
        batch.is_crc_known = true;
        batch.decompress(limit)?;
        for record in batch.records() {
            record?;
        }
        Ok((batch, rest))
    }

    /// As in Kafka, nothing is decompressed where there are no records.
    fn decompress(&mut self, limit: usize) -> Result<(), CorruptRecord> {
        let codec = self.compression_type();
        if codec != CompressionType::None && self.record_count() > 0 {
            let records = codec.decompress(&self.bytes[RECORD_BATCH_OVERHEAD..], limit);
            let records = records.map_err(|error| CorruptRecord::Decompression { codec, error })?;
            self.decompressed = Some(records.into());
        }
        Ok(())
    }

    /// The records' bytes, as they are before compression.
    pub(super) fn record_bytes(&self) -> &[u8] {
        match &self.decompressed {
            Some(records) => records,
            None => &self.bytes[RECORD_BATCH_OVERHEAD..],
        }
    }

    fn check_header(&self) -> Result<(), CorruptRecord> {
        if self.magic() != MAGIC {
            return Err(CorruptRecord::Magic {
                magic: self.magic(),
            });
        }
        let (stored, computed) = (self.crc(), crc32c(&self.bytes[ATTRIBUTES..]));
        if stored != computed {
            return Err(CorruptRecord::Crc { stored, computed });
        }
        let id = self.compression_id();
        if CompressionType::from_id(id).is_none() {
            return Err(CorruptRecord::UnknownCompression { id });
        }
        self.check_offsets()?;
        self.check_record_count()
    }

    fn check_offsets(&self) -> Result<(), CorruptRecord> {
        let (base_offset, last_offset_delta) = (self.base_offset(), self.last_offset_delta());
        let room = i64::MAX - base_offset.max(0);
        if base_offset < 0 || last_offset_delta < 0 || i64::from(last_offset_delta) >= room {
            return Err(CorruptRecord::OffsetRange {
                base_offset,
                last_offset_delta,
            });
        }
        Ok(())
    }

    /// There are at most as many records as offsets; an empty batch is what
    /// compaction may leave.
    fn check_record_count(&self) -> Result<(), CorruptRecord> {
        let count = self.record_count();
        if count < 0 || i64::from(count) > i64::from(self.last_offset_delta()) + 1 {
            return Err(CorruptRecord::RecordCount { count });
        }
        Ok(())
    }

    /// The records, in order, as views of the batch's bytes, or of what those
    /// are decompressed.
    ///
    /// A batch from [`parse`](Self::parse) or a builder yields no error.
    pub fn records(&self) -> RecordIter<'_> {
        RecordIter {
            origin: self.origin(),
            bytes: self.record_bytes(),
            left: self.record_count(),
            last_offset: None,
            is_over: false,
        }
    }

    fn origin(&self) -> Origin {
        Origin {
            base_offset: self.base_offset(),
            last_offset_delta: self.last_offset_delta(),
            base_timestamp: self.base_timestamp(),
            base_sequence: self.base_sequence(),
            log_append_time: match self.timestamp_type() {
                TimestampType::CreateTime => None,
                TimestampType::LogAppendTime => Some(self.max_timestamp()),
            },
        }
    }
}

/// Divides `bytes` after the first batch, by its length field alone.
fn split_batch(bytes: &[u8]) -> Result<(&[u8], &[u8]), CorruptRecord> {
    let truncated = |needed: u64| CorruptRecord::Truncated {
        needed,
        available: bytes.len() as u64,
    };
    let length_field = bytes
        .get(BATCH_LENGTH..)
        .and_then(|rest| rest.first_chunk::<4>())
        .ok_or(truncated(RECORD_BATCH_OVERHEAD as u64))?;
    let length = i32::from_be_bytes(*length_field);
    let size = usize::try_from(length)
        .ok()
        .and_then(|length| length.checked_add(LOG_OVERHEAD))
        .filter(|size| *size >= RECORD_BATCH_OVERHEAD)
        .ok_or(CorruptRecord::BatchLength { length })?;
    bytes.split_at_checked(size).ok_or(truncated(size as u64))
}

/// The batches that `bytes` hold one after another: a segment file, or the
/// records of a produce request or a fetch response.
///
/// The iterator ends after the first error. A [`CorruptRecord::Truncated`]
/// there is a batch that was not written or not fetched to its end, which
/// Kafka's clients pass over and its brokers cut off when they recover a log.
pub fn read_batches(bytes: &[u8]) -> BatchReader<'_> {
    BatchReader {
        bytes,
        position: 0,
        may_decompress: DECOMPRESSED_MAX,
    }
}

/// An iterator over the batches in a buffer; see [`read_batches`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchReader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// How many bytes the compressed records ahead may become.
    may_decompress: usize,
}

impl BatchReader<'_> {
    /// Where the next batch begins, in bytes from the start: after an error,
    /// where the bytes stopped being sound.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl Iterator for BatchReader<'_> {
    type Item = Result<RecordBatch, CorruptRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        Some(
            match RecordBatch::split_from(self.bytes, self.may_decompress) {
                Ok((batch, rest)) => {
                    self.position += batch.size_in_bytes();
                    let decompressed = batch.decompressed.as_ref();
                    self.may_decompress -= decompressed.map_or(0, |records| records.len());
                    self.bytes = rest;
                    Ok(batch)
                }
                Err(error) => {
                    self.bytes = &[];
                    Err(error)
                }
            },
        )
    }
}

/// An iterator over the records of a batch; see [`RecordBatch::records`]. It
/// ends after the first error.
#[derive(Clone, Debug)]
pub struct RecordIter<'a> {
    origin: Origin,
    bytes: &'a [u8],
    left: i32,
    last_offset: Option<i64>,
    is_over: bool,
}

impl<'a> RecordIter<'a> {
    fn read_next(&mut self) -> Result<Option<RecordView<'a>>, CorruptRecord> {
        if self.left == 0 {
            return match self.bytes.len() {
                0 => Ok(None),
                left => Err(CorruptRecord::UnreadBytesInBatch { count: left as u64 }),
            };
        }
        let record = read_record(&mut self.bytes, &self.origin)?;
        if self.last_offset.is_some_and(|last| record.offset <= last) {
            let delta = record.offset - self.origin.base_offset;
            return Err(CorruptRecord::OffsetDelta {
                delta: delta as i32,
            });
        }
        self.left -= 1;
        self.last_offset = Some(record.offset);
        Ok(Some(record))
    }
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Result<RecordView<'a>, CorruptRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.read_next().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}
