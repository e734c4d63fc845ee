//! Control records: the markers that end a transaction, written to its
//! partitions by their leaders (KIP-98).
//!
//! Source: `org.apache.kafka.common.record.ControlRecordType` and
//! `EndTransactionMarker`.

use super::{Record, RecordView};

/// Bytes of a marker's key: version and type.
const KEY_SIZE: usize = 4;
/// Bytes of a marker's value: version and coordinator epoch.
const VALUE_SIZE: usize = 6;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionResult {
    /// Aborted: its records are hidden from `read_committed` consumers.
    Abort,
    /// Committed.
    Commit,
}

impl TransactionResult {
    /// Kafka's name of the control record's type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abort => "ABORT",
            Self::Commit => "COMMIT",
        }
    }
}

/// The marker that ends a transaction in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndTransactionMarker {
    /// How the transaction ended.
    pub result: TransactionResult,
    /// The epoch of the transaction coordinator that decided it, against
    /// markers of a coordinator that lost its office.
    pub coordinator_epoch: i32,
}

impl EndTransactionMarker {
    /// The marker as a record.
    pub fn to_record(self, timestamp_ms: i64) -> Record {
        let version = 0_i16.to_be_bytes();
        let kind = match self.result {
            TransactionResult::Abort => 0_i16,
            TransactionResult::Commit => 1,
        };
        Record {
            timestamp_ms,
            key: Some([version, kind.to_be_bytes()].concat()),
            value: Some([&version[..], &self.coordinator_epoch.to_be_bytes()].concat()),
            headers: Vec::new(),
        }
    }

    /// Reads a record of a control batch. `None` when it is another kind of
    /// control record (those of a KRaft metadata log) or not one at all.
    /// Later versions may only append fields, so longer values are read too.
    pub fn from_record(record: &RecordView<'_>) -> Option<Self> {
        let [_, _, kind @ ..] = record.key?.first_chunk::<KEY_SIZE>()?;
        let result = match i16::from_be_bytes(*kind) {
            0 => TransactionResult::Abort,
            1 => TransactionResult::Commit,
            _ => return None,
        };
        let [_, _, epoch @ ..] = record.value?.first_chunk::<VALUE_SIZE>()?;
        Some(Self {
            result,
            coordinator_epoch: i32::from_be_bytes(*epoch),
        })
    }
}
