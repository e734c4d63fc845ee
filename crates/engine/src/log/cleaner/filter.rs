//! What stays of a batch.

use super::OffsetMap;
use super::transactions::CleanedTransactions;
use crate::log::producer_state::ProducerState;
use crate::log::record_batch::{BatchOptions, RecordBatch, RecordBatchBuilder, RecordView};

/// What decides about batches and records.
pub(super) struct Filter<'a> {
    /// The last offset of each key in the dirty part.
    pub map: &'a OffsetMap,
    /// Where among the transactions the cleaning is.
    pub transactions: &'a mut CleanedTransactions,
    /// The last of what each producer wrote.
    pub producers: &'a ProducerState,
    /// Where the cleaning ends.
    pub end_offset: i64,
    /// `delete.retention.ms`.
    pub delete_retention_ms: i64,
    /// The broker's clock in epoch milliseconds.
    pub now_ms: i64,
}

impl Filter<'_> {
    /// Whether the delete horizon of the batch has come (KIP-534).
    fn is_past_horizon(&self, batch: &RecordBatch) -> bool {
        let horizon = batch.delete_horizon_ms();
        horizon.is_some_and(|horizon| horizon <= self.now_ms)
    }

    /// Whether the batch tells the last sequence number of its producer, or,
    /// when that wrote nothing under its epoch, the epoch.
    fn is_last_of_producer(&self, batch: &RecordBatch) -> bool {
        let last = self.producers.producer(batch.producer_id());
        batch.has_producer_id()
            && last.is_some_and(|last| match last.last_offset() {
                -1 => batch.is_control() && batch.producer_epoch() == last.producer_epoch(),
                offset => batch.last_offset() == offset,
            })
    }

    /// Whether the header stays when no record does: for its producer's sake,
    /// or so that the cleaned part keeps its last offset.
    fn keeps_header(&self, batch: &RecordBatch) -> bool {
        self.is_last_of_producer(batch) || batch.next_offset() == self.end_offset
    }

    /// Source: `Cleaner.shouldRetainRecord`.
    fn keeps(&self, batch: &RecordBatch, record: &RecordView<'_>) -> bool {
        if batch.is_control() || record.offset > self.map.latest {
            return true;
        }
        let Some(key) = record.key else {
            return false;
        };
        let found = self.map.offsets.get(key);
        let is_latest = found.is_none_or(|found| record.offset >= *found);
        is_latest && (record.value.is_some() || !self.is_past_horizon(batch))
    }
}

/// What stays of the batch: it as it is, less of it, nothing but its
/// header, or nothing.
/// Source: `Cleaner.cleanInto` and `MemoryRecords.filterTo`.
pub(super) fn filter_batch(filter: &mut Filter<'_>, batch: &RecordBatch) -> Option<RecordBatch> {
    let is_over = if batch.is_control() {
        filter.transactions.on_control_batch(batch)
    } else {
        filter.transactions.on_batch(batch)
    };
    let discards = is_over && (!batch.is_control() || filter.is_past_horizon(batch));
    let kept: Vec<_> = batch
        .records()
        .map_while(Result::ok)
        .filter(|record| !discards && filter.keeps(batch, record))
        .collect();
    if kept.is_empty() {
        return filter.keeps_header(batch).then(|| emptied(batch));
    }
    let can_go = batch.is_control() && is_over;
    let has_tombstones = kept.iter().any(|record| record.value.is_none());
    let horizon = batch.delete_horizon_ms().or_else(|| {
        let starts = has_tombstones || can_go;
        starts.then(|| filter.now_ms.saturating_add(filter.delete_retention_ms))
    });
    let is_whole = usize::try_from(batch.record_count()) == Ok(kept.len());
    if is_whole && horizon == batch.delete_horizon_ms() {
        return Some(batch.clone());
    }
    Some(rebuilt(batch, &kept, horizon))
}

/// The batch with these records only, in the codec that it had.
fn rebuilt(batch: &RecordBatch, kept: &[RecordView<'_>], horizon: Option<i64>) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        delete_horizon_ms: horizon,
        ..BatchOptions::of(batch)
    });
    for record in kept {
        builder
            .append_view(record)
            .expect("some records of a batch fit into one");
    }
    builder
        .build_with_last_offset(batch.last_offset(), batch.max_timestamp())
        .expect("a batch with fewer records is as sound")
}

fn emptied(batch: &RecordBatch) -> RecordBatch {
    rebuilt(batch, &[], None)
}
