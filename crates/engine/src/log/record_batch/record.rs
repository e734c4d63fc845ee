//! One record inside a batch: what it holds, how many bytes it takes, and how
//! it is written and read.
//!
//! Length and numbers are varints; offset and timestamp are differences from
//! the batch's (`org.apache.kafka.common.record.DefaultRecord`, KIP-98; headers
//! KIP-82).

use std::borrow::Cow;

use super::{CorruptRecord, NO_SEQUENCE, RECORD_BATCH_OVERHEAD, increment_sequence};
use crate::log::varint::{
    read_varint, read_varlong, size_of_varint, size_of_varlong, write_varint, write_varlong,
};

/// The most bytes a record takes besides key, value and headers: length 5,
/// attributes 1, timestamp 10, offset 5 (`DefaultRecord.MAX_RECORD_OVERHEAD`).
pub const MAX_RECORD_OVERHEAD: usize = 21;

/// A header: its name, and its value, which may be null.
pub type Header = (String, Option<Vec<u8>>);

/// A record on its own, not yet in a batch and so without an offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Record {
    /// Milliseconds since the epoch; -1 when there is none.
    pub timestamp_ms: i64,
    /// The key, `None` for null, which is not the same as empty.
    pub key: Option<Vec<u8>>,
    /// The value, `None` for null: a tombstone in a compacted topic.
    pub value: Option<Vec<u8>>,
    /// The headers in order; names may repeat.
    pub headers: Vec<Header>,
}

impl Record {
    /// How many bytes the record takes in a batch, its length field included,
    /// at the given distances from the batch's base offset and base timestamp
    /// (in milliseconds). Source: `DefaultRecord.sizeInBytes`.
    pub fn size_in_bytes(&self, offset_delta: i32, timestamp_delta: i64) -> usize {
        let body = body_size(offset_delta, timestamp_delta, self.contents_size());
        size_of_length(body).saturating_add(body)
    }

    /// The most bytes a batch of this record alone can take, before
    /// compression.
    ///
    /// The producer holds this against `max.request.size` and
    /// `buffer.memory`, and takes the larger of it and `batch.size` as the
    /// size of a new batch. Source:
    /// `AbstractRecords.estimateSizeInBytesUpperBound`.
    pub fn estimate_size_in_bytes_upper_bound(&self) -> usize {
        estimate_size_in_bytes_upper_bound(
            self.key.as_deref(),
            self.value.as_deref(),
            &self.headers,
        )
    }

    /// Bytes of key, value and headers with their lengths.
    pub(super) fn contents_size(&self) -> usize {
        contents_size(
            self.key.as_deref(),
            self.value.as_deref(),
            headers_size(&self.headers),
        )
    }
}

/// The most bytes a batch of one record with these contents can take, before
/// compression: [`Record::estimate_size_in_bytes_upper_bound`] for a record
/// that is not assembled yet.
///
/// Source: `AbstractRecords.estimateSizeInBytesUpperBound`.
pub fn estimate_size_in_bytes_upper_bound(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header],
) -> usize {
    contents_size(key, value, headers_size(headers))
        .saturating_add(RECORD_BATCH_OVERHEAD + MAX_RECORD_OVERHEAD)
}

/// Sizes are added with saturation: on a 32-bit machine nothing that fits in
/// memory reaches the limit, and nothing that does may wrap around.
fn contents_size(key: Option<&[u8]>, value: Option<&[u8]>, headers: usize) -> usize {
    sized_bytes(key)
        .saturating_add(sized_bytes(value))
        .saturating_add(headers)
}

fn headers_size(headers: &[Header]) -> usize {
    headers
        .iter()
        .fold(size_of_length(headers.len()), |size, (name, value)| {
            size.saturating_add(sized_bytes(Some(name.as_bytes())))
                .saturating_add(sized_bytes(value.as_deref()))
        })
}

fn sized_bytes(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(size_of_varint(-1), |bytes| {
        size_of_length(bytes.len()).saturating_add(bytes.len())
    })
}

fn size_of_length(length: usize) -> usize {
    size_of_varint(i32::try_from(length).unwrap_or(i32::MAX))
}

/// Bytes after the length field; one of them is the attributes.
pub(super) fn body_size(offset_delta: i32, timestamp_delta: i64, contents: usize) -> usize {
    (1 + size_of_varint(offset_delta) + size_of_varlong(timestamp_delta)).saturating_add(contents)
}

/// Writes what stands before key, value and headers. The caller has checked
/// that the batch stays below `i32::MAX` bytes.
pub(super) fn write_prefix(
    out: &mut Vec<u8>,
    body: usize,
    timestamp_delta: i64,
    offset_delta: i32,
) {
    write_length(body, out);
    out.push(0);
    write_varlong(timestamp_delta, out);
    write_varint(offset_delta, out);
}

/// Writes key, value and headers.
pub(super) fn write_contents(out: &mut Vec<u8>, record: &Record) {
    write_sized_bytes(record.key.as_deref(), out);
    write_sized_bytes(record.value.as_deref(), out);
    write_length(record.headers.len(), out);
    for (name, value) in &record.headers {
        write_sized_bytes(Some(name.as_bytes()), out);
        write_sized_bytes(value.as_deref(), out);
    }
}

fn write_sized_bytes(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes {
        None => write_varint(-1, out),
        Some(bytes) => {
            write_length(bytes.len(), out);
            out.extend_from_slice(bytes);
        }
    }
}

fn write_length(length: usize, out: &mut Vec<u8>) {
    write_varint(i32::try_from(length).unwrap_or(i32::MAX), out);
}

/// A record as it lies in a batch: a view of the batch's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordView<'a> {
    /// Its offset in the partition.
    pub offset: i64,
    /// Its timestamp in milliseconds: the one its producer gave it, or the
    /// batch's max timestamp when the topic's `message.timestamp.type` is
    /// `LogAppendTime`; -1 when there is none.
    pub timestamp_ms: i64,
    /// Its sequence number, -1 when the batch has none.
    pub sequence: i32,
    /// Its key, `None` for null.
    pub key: Option<&'a [u8]>,
    /// Its value, `None` for null.
    pub value: Option<&'a [u8]>,
    /// Its headers, in order: an iterator.
    pub headers: Headers<'a>,
    /// Bytes it takes in the batch, its length field included.
    pub size_in_bytes: usize,
    /// Key, value and headers as they are encoded.
    pub(super) contents: &'a [u8],
}

impl RecordView<'_> {
    /// A copy that stands on its own. Bytes of a header's name that are not
    /// UTF-8 become U+FFFD.
    pub fn to_record(&self) -> Record {
        Record {
            timestamp_ms: self.timestamp_ms,
            key: self.key.map(<[u8]>::to_vec),
            value: self.value.map(<[u8]>::to_vec),
            headers: self
                .headers
                .map(|(name, value)| (name.into_owned(), value.map(<[u8]>::to_vec)))
                .collect(),
        }
    }
}

/// The headers of a record: an iterator over name and value.
///
/// They were checked when the record was read, so reading them cannot fail.
/// Bytes of a name that are not UTF-8 read as U+FFFD, as in Kafka's clients
/// (`RecordHeader`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Headers<'a> {
    left: i32,
    bytes: &'a [u8],
}

impl<'a> Iterator for Headers<'a> {
    type Item = (Cow<'a, str>, Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.left <= 0 {
            return None;
        }
        self.left -= 1;
        let (name, value) = read_header(&mut self.bytes).ok()?;
        Some((String::from_utf8_lossy(name), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(0);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Headers<'_> {}

/// What a record's fields are reckoned from: fields of its batch's header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub base_offset: i64,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub base_sequence: i32,
    /// The timestamp of all records, when the broker's clock gave it.
    pub log_append_time: Option<i64>,
}

/// Reads one record and moves `input` past it.
pub(super) fn read_record<'a>(
    input: &mut &'a [u8],
    origin: &Origin,
) -> Result<RecordView<'a>, CorruptRecord> {
    let before = input.len();
    let declared = read_varint(input)?;
    let mut body = take(input, declared)?.ok_or(CorruptRecord::Length {
        declared,
        available: input.len() as u64,
    })?;
    let size_in_bytes = before - input.len();

    let _attributes = take(&mut body, 1)?;
    let timestamp_delta = read_varlong(&mut body)?;
    let offset_delta = read_varint(&mut body)?;
    if !(0..=origin.last_offset_delta).contains(&offset_delta) {
        return Err(CorruptRecord::OffsetDelta {
            delta: offset_delta,
        });
    }
    let contents = body;
    let key = read_sized_bytes(&mut body)?;
    let value = read_sized_bytes(&mut body)?;
    let headers = read_headers(&mut body)?;
    if !body.is_empty() {
        return Err(CorruptRecord::UnreadBytesInRecord {
            count: body.len() as u64,
        });
    }
    Ok(RecordView {
        offset: origin.base_offset.wrapping_add(i64::from(offset_delta)),
        timestamp_ms: origin
            .log_append_time
            .unwrap_or(origin.base_timestamp.wrapping_add(timestamp_delta)),
        sequence: if origin.base_sequence < 0 {
            NO_SEQUENCE
        } else {
            increment_sequence(origin.base_sequence, offset_delta)
        },
        key,
        value,
        headers,
        size_in_bytes,
        contents,
    })
}

fn read_headers<'a>(input: &mut &'a [u8]) -> Result<Headers<'a>, CorruptRecord> {
    let count = read_varint(input)?;
    let most = input.len();
    if usize::try_from(count).map_or(true, |count| count > most) {
        return Err(CorruptRecord::HeaderCount { count });
    }
    let headers = Headers {
        left: count,
        bytes: input,
    };
    for _ in 0..count {
        read_header(input)?;
    }
    Ok(headers)
}

type HeaderBytes<'a> = (&'a [u8], Option<&'a [u8]>);

fn read_header<'a>(input: &mut &'a [u8]) -> Result<HeaderBytes<'a>, CorruptRecord> {
    let declared = read_varint(input)?;
    let name = take(input, declared)?.ok_or(CorruptRecord::Length {
        declared,
        available: input.len() as u64,
    })?;
    Ok((name, read_sized_bytes(input)?))
}

fn read_sized_bytes<'a>(input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, CorruptRecord> {
    let declared = read_varint(input)?;
    take(input, declared)
}

/// Takes the next `length` bytes; null when it is negative.
fn take<'a>(input: &mut &'a [u8], length: i32) -> Result<Option<&'a [u8]>, CorruptRecord> {
    let Ok(count) = usize::try_from(length) else {
        return Ok(None);
    };
    let (taken, rest) = input.split_at_checked(count).ok_or(CorruptRecord::Length {
        declared: length,
        available: input.len() as u64,
    })?;
    *input = rest;
    Ok(Some(taken))
}
