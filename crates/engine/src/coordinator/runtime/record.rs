use std::sync::Arc;

use crate::log::record_batch::{
    BatchOptions, InvalidBatch, Record, RecordBatch, RecordBatchBuilder,
};

/// A record of an internal topic, as bytes (`CoordinatorRecord`): what a
/// coordinator writes, and reads again when it loads. A type's own file
/// encodes and decodes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CoordinatorRecord {
    /// The key: its first two bytes say what the record is about.
    pub key: Arc<[u8]>,
    /// The value; `None` for a tombstone, which takes back what an earlier
    /// record of the same key said.
    pub value: Option<Arc<[u8]>>,
}

impl CoordinatorRecord {
    /// What takes back all that was said under this key.
    pub fn tombstone(key: impl Into<Arc<[u8]>>) -> CoordinatorRecord {
        CoordinatorRecord {
            key: key.into(),
            value: None,
        }
    }
}

/// The transactional producer for which a coordinator writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerIdAndEpoch {
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
}

/// One batch of these records, stamped with the broker's time. As in Kafka its
/// base sequence is 0 even without a producer.
/// Source: `CoordinatorRuntime.maybeAllocateNewBatch`.
///
/// # Errors
///
/// [`InvalidBatch`] when there are too many records for one batch, or none.
pub fn batch_of(
    records: &[CoordinatorRecord],
    producer: Option<ProducerIdAndEpoch>,
    now_ms: i64,
) -> Result<RecordBatch, InvalidBatch> {
    let mut options = BatchOptions {
        base_sequence: 0,
        ..BatchOptions::default()
    };
    if let Some(producer) = producer {
        options.producer_id = producer.producer_id;
        options.producer_epoch = producer.producer_epoch;
        options.is_transactional = true;
    }
    let mut builder = RecordBatchBuilder::new(options);
    for record in records {
        builder.append(&Record {
            timestamp_ms: now_ms,
            key: Some(record.key.to_vec()),
            value: record.value.as_ref().map(|value| value.to_vec()),
            headers: Vec::new(),
        })?;
    }
    builder.build()
}
