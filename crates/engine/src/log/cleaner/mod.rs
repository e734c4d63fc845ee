//! Log compaction: of each key the last record stays
//! (`org.apache.kafka.storage.internals.log.LogCleaner`).
//!
//! The closed segments of a log fall into a clean part, compacted before, and
//! a dirty part after it. A cleaning notes the last offset of each key in the
//! dirty part and copies what must stay of both into new segments.

mod filter;
mod range;
mod transactions;

use crate::collections::BTreeMap;

use super::partition_log::PartitionLog;
use super::record_batch::RecordBatch;
use super::segment::LogSegment;
use filter::{Filter, filter_batch};
use transactions::CleanedTransactions;

pub use range::LogToClean;

/// The offset of the last record of each key
/// (`org.apache.kafka.storage.internals.log.OffsetMap`), by the keys
/// themselves.
#[derive(Debug, Default)]
struct OffsetMap {
    offsets: BTreeMap<Vec<u8>, i64>,
    /// The last offset that was looked at.
    latest: i64,
}

/// What a cleaning did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cleaning {
    /// Where the dirty part begins now.
    pub cleaned_to: i64,
    /// The size of the segments that were cleaned, before, in bytes.
    pub bytes_before: usize,
    /// Their size afterwards.
    pub bytes_after: usize,
    /// How many records they held.
    pub records_before: u64,
    /// How many of them stayed.
    pub records_after: u64,
}

impl PartitionLog {
    /// Compacts what `range` says, by the broker's clock in epoch
    /// milliseconds (`Cleaner.clean`). Only the batches change: offsets,
    /// log start and high watermark stay.
    pub fn clean(&mut self, range: &LogToClean, now_ms: i64) -> Cleaning {
        let map = self.offset_map(range);
        let end_offset = map.latest + 1;
        let segments: Vec<_> = self.segments_between(0, end_offset).collect();
        let mut transactions = CleanedTransactions::default();
        let mut cleaned = Vec::new();
        for group in self.group_by_size(&segments, range.first_uncleanable_offset) {
            cleaned.push(self.clean_group(group, range, &map, &mut transactions, now_ms));
        }
        let (bytes_before, records_before) = count(segments.iter().copied());
        let (bytes_after, records_after) = count(cleaned.iter());
        let replaced = segments.len();
        let cleaned_up_to = segments.last().map_or(0, |segment| segment.next_offset());
        self.replace_first_segments(replaced, cleaned);
        self.keep_aborted(cleaned_up_to, transactions.take_kept());
        Cleaning {
            cleaned_to: end_offset,
            bytes_before,
            bytes_after,
            records_before,
            records_after,
        }
    }

    /// Source: `Cleaner.buildOffsetMap`.
    fn offset_map(&self, range: &LogToClean) -> OffsetMap {
        let (start, end) = (range.first_dirty_offset, range.first_uncleanable_offset);
        let mut transactions = CleanedTransactions::default();
        transactions.add_aborted(self.producer_state().aborted().between(start, end));
        let mut map = OffsetMap {
            offsets: BTreeMap::new(),
            latest: end.max(start) - 1,
        };
        let segments = self.segments_between(start, end);
        for batch in segments.flat_map(LogSegment::batches) {
            if batch.is_control() {
                transactions.on_control_batch(batch);
            } else if !transactions.on_batch(batch) {
                note_keys(&mut map, batch, start);
            }
        }
        map
    }

    /// Neighbours that fit into one segment become one
    /// (`Cleaner.groupSegmentsBySize`).
    fn group_by_size<'a, 'b>(
        &self,
        segments: &'b [&'a LogSegment],
        first_uncleanable_offset: i64,
    ) -> Vec<&'b [&'a LogSegment]> {
        let config = self.config();
        let mut groups = Vec::new();
        let mut rest = segments;
        while let Some(first) = rest.first() {
            let (mut bytes, (mut offsets, mut times)) = (first.size_bytes(), first.index_bytes());
            let mut len = 1;
            while let Some(segment) = rest.get(len) {
                let index = segment.index_bytes();
                bytes += segment.size_bytes();
                offsets += index.0;
                times += index.1;
                let next = rest.get(len + 1).map(|segment| segment.base_offset());
                let last_offset = next.unwrap_or(first_uncleanable_offset) - 1;
                if bytes > config.segment_bytes
                    || offsets.max(times) > config.segment_index_bytes
                    || last_offset - first.base_offset() > i64::from(i32::MAX)
                {
                    break;
                }
                len += 1;
            }
            let (group, others) = rest.split_at(len);
            groups.push(group);
            rest = others;
        }
        groups
    }

    /// Makes one segment of several (`Cleaner.cleanSegments`).
    fn clean_group(
        &self,
        group: &[&LogSegment],
        range: &LogToClean,
        map: &OffsetMap,
        transactions: &mut CleanedTransactions,
        now_ms: i64,
    ) -> LogSegment {
        let config = self.config();
        let base_offset = group.first().map_or(0, |segment| segment.base_offset());
        let mut cleaned = LogSegment::new(base_offset, now_ms);
        let aborted = self.producer_state().aborted();
        for (index, segment) in group.iter().enumerate() {
            let next = group.get(index + 1).map(|next| next.base_offset());
            let end = next.unwrap_or_else(|| segment.next_offset());
            transactions.add_aborted(aborted.between(segment.base_offset(), end));
            let mut filter = Filter {
                map,
                transactions: &mut *transactions,
                producers: self.producer_state(),
                end_offset: range.first_uncleanable_offset,
                delete_retention_ms: config.delete_retention_ms,
                now_ms,
            };
            for batch in segment.batches() {
                if let Some(batch) = filter_batch(&mut filter, batch) {
                    cleaned.append(batch, config.index_interval_bytes, now_ms);
                }
            }
        }
        if let Some(last) = group.last() {
            cleaned.set_last_modified_ms(last.last_modified_ms());
        }
        cleaned
    }
}

fn note_keys(map: &mut OffsetMap, batch: &RecordBatch, start: i64) {
    for record in batch.records().map_while(Result::ok) {
        if let Some(key) = record.key.filter(|_| record.offset >= start) {
            map.offsets.insert(key.to_vec(), record.offset);
        }
    }
}

/// Bytes and records.
fn count<'a>(segments: impl Iterator<Item = &'a LogSegment> + Clone) -> (usize, u64) {
    let bytes = segments.clone().map(LogSegment::size_bytes).sum();
    let batches = segments.flat_map(LogSegment::batches);
    let records = batches.map(|batch| u64::try_from(batch.record_count()).unwrap_or(0));
    (bytes, records.sum())
}
