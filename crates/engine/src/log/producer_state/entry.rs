//! What is known of one producer.

use std::collections::VecDeque;

use super::error::ProducerError;
use crate::log::record_batch::{
    EndTransactionMarker, NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP, RecordBatch,
    increment_sequence,
};

/// How many of a producer's last batches are remembered, so that one sent
/// again is recognised. A producer has no more of them under way
/// (`max.in.flight.requests.per.connection` with idempotence).
pub const BATCHES_TO_RETAIN: usize = 5;

/// One of a producer's last batches
/// (`org.apache.kafka.storage.internals.log.BatchMetadata`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchMetadata {
    /// The sequence number of its first record.
    pub first_sequence: i32,
    /// The sequence number of its last record.
    pub last_sequence: i32,
    /// The offset of its first record.
    pub first_offset: i64,
    /// The offset of its last record.
    pub last_offset: i64,
    /// Its largest timestamp in milliseconds.
    pub timestamp_ms: i64,
}

/// A producer, as one log knows it
/// (`org.apache.kafka.storage.internals.log.ProducerStateEntry`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerEntry {
    producer_epoch: i16,
    coordinator_epoch: i32,
    last_timestamp: i64,
    transaction_first_offset: Option<i64>,
    /// The oldest first; all of its present epoch.
    batches: VecDeque<BatchMetadata>,
}

impl Default for ProducerEntry {
    fn default() -> Self {
        ProducerEntry {
            producer_epoch: NO_PRODUCER_EPOCH,
            coordinator_epoch: -1,
            last_timestamp: NO_TIMESTAMP,
            transaction_first_offset: None,
            batches: VecDeque::new(),
        }
    }
}

impl ProducerEntry {
    /// Its epoch, -1 before it wrote anything.
    pub fn producer_epoch(&self) -> i16 {
        self.producer_epoch
    }

    /// The epoch of the coordinator that wrote its last marker, -1 before.
    pub fn coordinator_epoch(&self) -> i32 {
        self.coordinator_epoch
    }

    /// When it last wrote, or its last marker was written, in milliseconds.
    pub fn last_timestamp(&self) -> i64 {
        self.last_timestamp
    }

    /// Where its open transaction begins.
    pub fn transaction_first_offset(&self) -> Option<i64> {
        self.transaction_first_offset
    }

    /// Its last batches under its present epoch, the oldest first.
    pub fn batches(&self) -> impl DoubleEndedIterator<Item = &BatchMetadata> {
        self.batches.iter()
    }

    /// The sequence number of its last record, -1 when its epoch has none.
    pub fn last_sequence(&self) -> i32 {
        let last = self.batches.back();
        last.map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }

    /// The offset of its last record, -1 when its epoch has none.
    pub fn last_offset(&self) -> i64 {
        self.batches.back().map_or(-1, |batch| batch.last_offset)
    }

    pub(super) fn find_duplicate(&self, batch: &RecordBatch) -> Option<&BatchMetadata> {
        if batch.producer_epoch() != self.producer_epoch {
            return None;
        }
        let sequences = (batch.base_sequence(), batch.last_sequence());
        self.batches
            .iter()
            .find(|known| (known.first_sequence, known.last_sequence) == sequences)
    }

    /// As a snapshot holds it.
    pub(super) fn snapshot(&self) -> ProducerEntry {
        ProducerEntry {
            batches: self.batches.back().copied().into_iter().collect(),
            ..self.clone()
        }
    }
}

/// Refusing.
impl ProducerEntry {
    pub(super) fn check_data(
        &self,
        batch: &RecordBatch,
        check_sequence: bool,
        lowest_waiting_sequence: Option<i32>,
    ) -> Result<(), ProducerError> {
        self.check_epoch(batch)?;
        if check_sequence {
            if let Some(lowest) = lowest_waiting_sequence {
                self.check_turn(batch, lowest)?;
            }
            self.check_sequence(batch)?;
        }
        if self.transaction_first_offset.is_some() && !batch.is_transactional() {
            return Err(ProducerError::InvalidTxnState {
                producer_id: batch.producer_id(),
            });
        }
        Ok(())
    }

    pub(super) fn check_marker(
        &self,
        batch: &RecordBatch,
        marker: EndTransactionMarker,
    ) -> Result<(), ProducerError> {
        self.check_epoch(batch)?;
        if marker.coordinator_epoch < self.coordinator_epoch {
            return Err(ProducerError::TransactionCoordinatorFenced {
                producer_id: batch.producer_id(),
                coordinator_epoch: marker.coordinator_epoch,
                current: self.coordinator_epoch,
            });
        }
        Ok(())
    }

    fn check_epoch(&self, batch: &RecordBatch) -> Result<(), ProducerError> {
        if batch.producer_epoch() < self.producer_epoch {
            return Err(ProducerError::InvalidProducerEpoch {
                producer_id: batch.producer_id(),
                epoch: batch.producer_epoch(),
                current: self.producer_epoch,
            });
        }
        Ok(())
    }

    /// Of the batches that waited for the coordinator the first goes first.
    fn check_turn(&self, batch: &RecordBatch, lowest_sequence: i32) -> Result<(), ProducerError> {
        if batch.base_sequence() <= lowest_sequence {
            return Ok(());
        }
        Err(ProducerError::OutOfOrderSequence {
            producer_id: batch.producer_id(),
            sequence: batch.base_sequence(),
            expected: lowest_sequence,
        })
    }

    /// A new epoch begins at 0; a producer that is not known (any more) may
    /// begin anywhere.
    fn check_sequence(&self, batch: &RecordBatch) -> Result<(), ProducerError> {
        let sequence = batch.base_sequence();
        let expected = if batch.producer_epoch() == self.producer_epoch {
            match self.last_sequence() {
                NO_SEQUENCE => 0,
                last => increment_sequence(last, 1),
            }
        } else {
            0
        };
        if self.producer_epoch == NO_PRODUCER_EPOCH || sequence == expected {
            return Ok(());
        }
        Err(ProducerError::OutOfOrderSequence {
            producer_id: batch.producer_id(),
            sequence,
            expected,
        })
    }
}

/// Taking in what was written.
impl ProducerEntry {
    /// Returns whether a transaction begins with it.
    pub(super) fn append_data(&mut self, batch: &RecordBatch) -> bool {
        self.set_epoch(batch.producer_epoch());
        if self.batches.len() == BATCHES_TO_RETAIN {
            self.batches.pop_front();
        }
        self.batches.push_back(BatchMetadata {
            first_sequence: batch.base_sequence(),
            last_sequence: batch.last_sequence(),
            first_offset: batch.base_offset(),
            last_offset: batch.last_offset(),
            timestamp_ms: batch.max_timestamp(),
        });
        self.last_timestamp = batch.max_timestamp();
        let begins = batch.is_transactional() && self.transaction_first_offset.is_none();
        if begins {
            self.transaction_first_offset = Some(batch.base_offset());
        }
        begins
    }

    /// Returns where the transaction began that it ends.
    pub(super) fn append_marker(
        &mut self,
        batch: &RecordBatch,
        marker: EndTransactionMarker,
    ) -> Option<i64> {
        self.set_epoch(batch.producer_epoch());
        self.coordinator_epoch = marker.coordinator_epoch;
        self.last_timestamp = batch.max_timestamp();
        self.transaction_first_offset.take()
    }

    fn set_epoch(&mut self, producer_epoch: i16) {
        if self.producer_epoch != producer_epoch {
            self.producer_epoch = producer_epoch;
            self.batches.clear();
        }
    }
}
