//! What a log refuses of an idempotent or transactional producer.

use crate::protocol::{ErrorCode, TopicPartition};

/// Why a producer's batch, or a coordinator's marker, was not appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProducerError {
    /// A batch before it is missing, or it lies further back than is
    /// remembered.
    OutOfOrderSequence {
        /// The producer.
        producer_id: i64,
        /// The sequence number of its first record.
        sequence: i32,
        /// The one that comes next.
        expected: i32,
    },
    /// Another instance of the producer has a later epoch.
    InvalidProducerEpoch {
        /// The producer.
        producer_id: i64,
        /// The epoch of the batch.
        epoch: i16,
        /// The latest epoch known.
        current: i16,
    },
    /// The producer writes outside its open transaction.
    InvalidTxnState {
        /// The producer.
        producer_id: i64,
    },
    /// The marker is from a coordinator that lost its office.
    TransactionCoordinatorFenced {
        /// The producer.
        producer_id: i64,
        /// The coordinator's epoch.
        coordinator_epoch: i32,
        /// The latest coordinator epoch known.
        current: i32,
    },
}

impl ProducerError {
    /// Kafka's error.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            ProducerError::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
            ProducerError::InvalidProducerEpoch { .. } => ErrorCode::InvalidProducerEpoch,
            ProducerError::InvalidTxnState { .. } => ErrorCode::InvalidTxnState,
            ProducerError::TransactionCoordinatorFenced { .. } => {
                ErrorCode::TransactionCoordinatorFenced
            }
        }
    }

    /// What is wrong, in words.
    pub fn message(&self, partition: &TopicPartition) -> String {
        match self {
            ProducerError::OutOfOrderSequence {
                producer_id,
                sequence,
                expected,
            } => format!(
                "Producer {producer_id} sent sequence number {sequence} to {partition}, which \
                 expects {expected}."
            ),
            ProducerError::InvalidProducerEpoch {
                producer_id,
                epoch,
                current,
            } => format!(
                "Producer {producer_id} wrote to {partition} with epoch {epoch}; its latest epoch \
                 there is {current}."
            ),
            ProducerError::InvalidTxnState { producer_id } => format!(
                "Producer {producer_id} has an open transaction in {partition} and wrote outside \
                 it."
            ),
            ProducerError::TransactionCoordinatorFenced {
                producer_id,
                coordinator_epoch,
                current,
            } => format!(
                "The marker for producer {producer_id} in {partition} is of coordinator epoch \
                 {coordinator_epoch}; the latest is {current}."
            ),
        }
    }
}
