//! One replica's log of one partition: batches in a row, each record with an
//! offset of its own.

use super::record_batch::RecordBatch;

/// A replica's log (`org.apache.kafka.storage.internals.log.UnifiedLog`). All
/// of it lies in one segment for now: nothing rolls and nothing expires.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartitionLog {
    batches: Vec<RecordBatch>,
    start_offset: i64,
    end_offset: i64,
    size_bytes: usize,
}

impl PartitionLog {
    /// The offset of the first record.
    pub fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The offset that the next record will get (LEO).
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// The size of all batches, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// All batches, oldest first.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Appends a producer's batch as the leader: its records get the next
    /// offsets. Returns the first of them.
    pub fn append_as_leader(&mut self, batch: &RecordBatch, leader_epoch: i32) -> i64 {
        let base_offset = self.end_offset;
        let batch = batch.with_base_offset_and_epoch(base_offset, leader_epoch);
        self.end_offset = batch.next_offset();
        self.size_bytes += batch.size_in_bytes();
        self.batches.push(batch);
        base_offset
    }

    /// The batches from the one that holds `offset` on, below `limit`, of at
    /// most `max_bytes`; the first is taken whole however large it is
    /// (KIP-74).
    ///
    /// Returns `None` when `offset` lies outside the log.
    pub fn read(&self, offset: i64, limit: i64, max_bytes: usize) -> Option<Vec<RecordBatch>> {
        if offset < self.start_offset || offset > self.end_offset {
            return None;
        }
        let mut size = 0;
        let batches = self.batches_from(offset).iter().take_while(|batch| {
            let first = size == 0;
            size += batch.size_in_bytes();
            batch.next_offset() <= limit && (first || size <= max_bytes)
        });
        Some(batches.cloned().collect())
    }

    /// The bytes between `offset` and `limit`, counted in whole batches.
    pub fn bytes_between(&self, offset: i64, limit: i64) -> usize {
        let batches = self.batches_from(offset).iter();
        batches
            .take_while(|batch| batch.next_offset() <= limit)
            .map(RecordBatch::size_in_bytes)
            .sum()
    }

    /// The first record at or after `timestamp_ms`: its offset and timestamp
    /// (`UnifiedLog.fetchOffsetByTimestamp`).
    pub fn offset_for_timestamp(&self, timestamp_ms: i64) -> Option<(i64, i64)> {
        self.batches
            .iter()
            .filter(|batch| batch.max_timestamp() >= timestamp_ms)
            .flat_map(|batch| batch.records().flatten())
            .find(|record| record.timestamp_ms >= timestamp_ms)
            .map(|record| (record.offset, record.timestamp_ms))
    }

    /// The batches from the one that holds `offset` on.
    pub fn batches_from(&self, offset: i64) -> &[RecordBatch] {
        let first = self
            .batches
            .partition_point(|batch| batch.next_offset() <= offset);
        &self.batches[first..]
    }
}
