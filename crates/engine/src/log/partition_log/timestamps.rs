//! Finding records by their timestamps.

use super::PartitionLog;
use crate::log::record_batch::RecordBatch;
use crate::log::segment::LogSegment;

impl PartitionLog {
    /// The first record at or after `timestamp_ms`: its offset and timestamp.
    /// It is looked for in the first segment that holds one that young.
    /// Source: `UnifiedLog.fetchOffsetByTimestamp`.
    pub fn offset_for_timestamp(&self, timestamp_ms: i64) -> Option<(i64, i64)> {
        let is_young = |segment: &&LogSegment| segment.largest_timestamp() >= timestamp_ms;
        let segment = self.segments().find(is_young)?;
        segment
            .batches_from(self.start_offset)
            .filter(|batch| batch.max_timestamp() >= timestamp_ms)
            .flat_map(|batch| batch.records().flatten())
            .find(|record| {
                record.timestamp_ms >= timestamp_ms && record.offset >= self.start_offset
            })
            .map(|record| (record.offset, record.timestamp_ms))
    }

    /// The first record with the largest timestamp of all: its offset and
    /// timestamp (KIP-734). It may lie before the log start.
    pub fn offset_of_max_timestamp(&self) -> Option<(i64, i64)> {
        // Of several segments the first: `max_by_key` would take the last.
        let segment = self
            .segments()
            .rev()
            .max_by_key(|segment| segment.max_timestamp())?;
        let largest = segment.max_timestamp();
        let batch = segment
            .batches()
            .find(|batch| batch.max_timestamp() == largest)?;
        batch
            .records()
            .flatten()
            .find(|record| record.timestamp_ms == largest)
            .map(|record| (record.offset, record.timestamp_ms))
    }

    /// The first batch younger than `timestamp_ms`, found quickly on the
    /// assumption that later batches are not older than earlier ones.
    pub fn first_batch_after(&self, timestamp_ms: i64) -> Option<&RecordBatch> {
        self.segments()
            .find(|segment| segment.max_timestamp() > timestamp_ms)?
            .first_batch_after(timestamp_ms)
    }
}
