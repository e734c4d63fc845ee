//! What the coordinator knows of one `transactional.id`.

use crate::collections::BTreeSet;

use super::TransactionState;
use crate::log::record_batch::{NO_PRODUCER_EPOCH, NO_PRODUCER_ID, TransactionResult};
use crate::protocol::{ErrorCode, TopicPartition};

/// Stands for no timestamp.
const NO_TIMESTAMP: i64 = -1;

/// A `transactional.id` with its producer and its last transaction
/// (`kafka.coordinator.transaction.TransactionMetadata`). Timestamps are in
/// epoch milliseconds.
///
/// It changes in two steps: a transition is prepared, and the record of it
/// written; when the record is committed, the transition is completed. In
/// between the transition is pending, and no other may begin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TransactionMetadata {
    /// The `transactional.id`.
    pub transactional_id: String,
    /// The producer's id.
    pub producer_id: i64,
    /// The id before the epochs of that one were used up; -1 for none.
    pub previous_producer_id: i64,
    /// The producer's epoch, -1 before it has one.
    pub producer_epoch: i16,
    /// The epoch before the producer itself asked for a new one; -1 for none.
    pub last_producer_epoch: i16,
    /// `transaction.timeout.ms` of the producer.
    pub txn_timeout_ms: i32,
    /// Where the transaction stands.
    pub state: TransactionState,
    /// The state whose record is being written.
    pub pending_state: Option<TransactionState>,
    /// The partitions of the transaction; once it is decided, those whose
    /// marker is not written yet.
    pub topic_partitions: BTreeSet<TopicPartition>,
    /// When the transaction began, -1 before the first.
    pub txn_start_timestamp: i64,
    /// When it last changed.
    pub txn_last_update_timestamp: i64,
    /// Whether the epoch was raised to fence the producer and the record of it
    /// could not be written: the next attempt does not raise it again.
    pub has_failed_epoch_fence: bool,
}

/// A transition that is prepared
/// (`kafka.coordinator.transaction.TxnTransitMetadata`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxnTransitMetadata {
    /// The producer's id.
    pub producer_id: i64,
    /// The id before.
    pub previous_producer_id: i64,
    /// The producer's epoch.
    pub producer_epoch: i16,
    /// The epoch before, when the producer asked for a new one.
    pub last_producer_epoch: i16,
    /// `transaction.timeout.ms`.
    pub txn_timeout_ms: i32,
    /// The state to come.
    pub txn_state: TransactionState,
    /// The partitions.
    pub topic_partitions: BTreeSet<TopicPartition>,
    /// When the transaction began.
    pub txn_start_timestamp: i64,
    /// When the transition was prepared.
    pub txn_last_update_timestamp: i64,
}

/// Asking.
impl TransactionMetadata {
    /// A new id, before its producer has an epoch.
    pub(super) fn new(
        transactional_id: &str,
        producer_id: i64,
        txn_timeout_ms: i32,
        now_ms: i64,
    ) -> TransactionMetadata {
        TransactionMetadata {
            transactional_id: transactional_id.to_owned(),
            producer_id,
            previous_producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            last_producer_epoch: NO_PRODUCER_EPOCH,
            txn_timeout_ms,
            state: TransactionState::Empty,
            pending_state: None,
            topic_partitions: BTreeSet::new(),
            txn_start_timestamp: NO_TIMESTAMP,
            txn_last_update_timestamp: now_ms,
            has_failed_epoch_fence: false,
        }
    }

    /// Whether the record of a transition is being written.
    pub fn is_pending(&self) -> bool {
        self.pending_state.is_some()
    }

    /// Whether no epoch is left for a producer to ask for: the last one is
    /// kept for fencing it.
    pub fn is_producer_epoch_exhausted(&self) -> bool {
        is_epoch_exhausted(self.producer_epoch)
    }

    /// Whether its transaction has been open for longer than its timeout.
    pub(super) fn is_timed_out(&self, now_ms: i64) -> bool {
        self.state == TransactionState::Ongoing
            && !self.is_pending()
            && self.txn_start_timestamp + i64::from(self.txn_timeout_ms) < now_ms
    }

    /// How the transaction ends whose markers are under way.
    pub fn result(&self) -> Option<TransactionResult> {
        match self.state {
            TransactionState::PrepareCommit => Some(TransactionResult::Commit),
            TransactionState::PrepareAbort => Some(TransactionResult::Abort),
            _ => None,
        }
    }
}

/// Whether no epoch is left after this one but the last, which is kept for
/// fencing (`TransactionMetadata.isEpochExhausted`).
pub(super) fn is_epoch_exhausted(epoch: i16) -> bool {
    epoch >= i16::MAX - 1
}

/// Preparing transitions.
impl TransactionMetadata {
    /// The next epoch, which only fences: no producer is ever given it.
    pub(super) fn prepare_fence_producer_epoch(&mut self) -> TxnTransitMetadata {
        let producer_epoch = match self.has_failed_epoch_fence {
            true => self.producer_epoch,
            false => self.producer_epoch + 1,
        };
        self.prepare(TxnTransitMetadata {
            producer_epoch,
            last_producer_epoch: NO_PRODUCER_EPOCH,
            txn_state: TransactionState::PrepareEpochFence,
            ..self.unchanged()
        })
    }

    /// The next epoch for a producer. One that says what epoch it has (KIP-360)
    /// gets the present one again when its last answer was lost.
    ///
    /// # Errors
    ///
    /// `PRODUCER_FENCED` when it has neither the present epoch nor the one
    /// before.
    pub(super) fn prepare_increment_producer_epoch(
        &mut self,
        txn_timeout_ms: i32,
        expected_epoch: Option<i16>,
        now_ms: i64,
    ) -> Result<TxnTransitMetadata, ErrorCode> {
        if self.is_producer_epoch_exhausted() {
            // Kafka: an IllegalStateException.
            return Err(ErrorCode::UnknownServerError);
        }
        let next = self.producer_epoch + 1;
        let is_new = self.producer_epoch == NO_PRODUCER_EPOCH;
        let (producer_epoch, last_producer_epoch) = match expected_epoch {
            None => (next, NO_PRODUCER_EPOCH),
            Some(epoch) if is_new || epoch == self.producer_epoch => (next, self.producer_epoch),
            Some(epoch) if epoch == self.last_producer_epoch => {
                (self.producer_epoch, self.last_producer_epoch)
            }
            Some(_) => return Err(ErrorCode::ProducerFenced),
        };
        Ok(self.prepare(TxnTransitMetadata {
            producer_epoch,
            last_producer_epoch,
            txn_timeout_ms,
            ..self.emptied(now_ms)
        }))
    }

    /// Another producer id, whose epochs begin at 0.
    pub(super) fn prepare_producer_id_rotation(
        &mut self,
        producer_id: i64,
        txn_timeout_ms: i32,
        now_ms: i64,
        records_last_epoch: bool,
    ) -> TxnTransitMetadata {
        let last_producer_epoch = match records_last_epoch {
            true => self.producer_epoch,
            false => NO_PRODUCER_EPOCH,
        };
        self.prepare(TxnTransitMetadata {
            producer_id,
            producer_epoch: 0,
            last_producer_epoch,
            txn_timeout_ms,
            ..self.emptied(now_ms)
        })
    }

    /// More partitions; the first begin a transaction.
    pub(super) fn prepare_add_partitions(
        &mut self,
        added: &[TopicPartition],
        now_ms: i64,
    ) -> TxnTransitMetadata {
        let txn_start_timestamp = match self.state {
            TransactionState::Empty
            | TransactionState::CompleteAbort
            | TransactionState::CompleteCommit => now_ms,
            _ => self.txn_start_timestamp,
        };
        let known = self.topic_partitions.iter();
        self.prepare(TxnTransitMetadata {
            txn_state: TransactionState::Ongoing,
            topic_partitions: known.chain(added).cloned().collect(),
            txn_start_timestamp,
            txn_last_update_timestamp: now_ms,
            ..self.unchanged()
        })
    }

    /// The decision.
    pub(super) fn prepare_abort_or_commit(
        &mut self,
        result: TransactionResult,
        now_ms: i64,
    ) -> TxnTransitMetadata {
        let txn_state = match result {
            TransactionResult::Commit => TransactionState::PrepareCommit,
            TransactionResult::Abort => TransactionState::PrepareAbort,
        };
        self.prepare(TxnTransitMetadata {
            txn_state,
            txn_last_update_timestamp: now_ms,
            ..self.unchanged()
        })
    }

    /// The end, once all markers are written.
    pub(super) fn prepare_complete(&mut self, now_ms: i64) -> TxnTransitMetadata {
        let txn_state = match self.state {
            TransactionState::PrepareCommit => TransactionState::CompleteCommit,
            _ => TransactionState::CompleteAbort,
        };
        // A fence that had failed is written with the decision.
        self.has_failed_epoch_fence = false;
        self.prepare(TxnTransitMetadata {
            txn_state,
            topic_partitions: BTreeSet::new(),
            txn_last_update_timestamp: now_ms,
            ..self.unchanged()
        })
    }

    /// The id is to be forgotten.
    pub(super) fn prepare_dead(&mut self) -> TxnTransitMetadata {
        self.prepare(TxnTransitMetadata {
            txn_state: TransactionState::Dead,
            topic_partitions: BTreeSet::new(),
            ..self.unchanged()
        })
    }

    fn prepare(&mut self, transition: TxnTransitMetadata) -> TxnTransitMetadata {
        let to = transition.txn_state;
        assert!(!self.is_pending(), "a transition of {self:?} is pending");
        assert!(to.may_follow(self.state), "{to} after {}", self.state);
        self.pending_state = Some(to);
        transition
    }

    fn unchanged(&self) -> TxnTransitMetadata {
        TxnTransitMetadata {
            producer_id: self.producer_id,
            previous_producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            last_producer_epoch: self.last_producer_epoch,
            txn_timeout_ms: self.txn_timeout_ms,
            txn_state: self.state,
            topic_partitions: self.topic_partitions.clone(),
            txn_start_timestamp: self.txn_start_timestamp,
            txn_last_update_timestamp: self.txn_last_update_timestamp,
        }
    }

    fn emptied(&self, now_ms: i64) -> TxnTransitMetadata {
        TxnTransitMetadata {
            txn_state: TransactionState::Empty,
            topic_partitions: BTreeSet::new(),
            txn_start_timestamp: NO_TIMESTAMP,
            txn_last_update_timestamp: now_ms,
            ..self.unchanged()
        }
    }
}

/// Completing them.
impl TransactionMetadata {
    /// The record of the transition is committed
    /// (`TransactionMetadata.completeTransitionTo`).
    pub(super) fn complete(&mut self, transition: &TxnTransitMetadata) {
        let to = transition.txn_state;
        assert_eq!(self.pending_state.take(), Some(to), "it was prepared");
        match to {
            TransactionState::Empty => {
                self.txn_timeout_ms = transition.txn_timeout_ms;
                self.producer_epoch = transition.producer_epoch;
                self.last_producer_epoch = transition.last_producer_epoch;
                self.producer_id = transition.producer_id;
                self.previous_producer_id = transition.previous_producer_id;
            }
            TransactionState::Ongoing => {
                self.txn_start_timestamp = transition.txn_start_timestamp;
                let added = transition.topic_partitions.iter().cloned();
                self.topic_partitions.extend(added);
            }
            TransactionState::CompleteAbort | TransactionState::CompleteCommit => {
                self.txn_start_timestamp = transition.txn_start_timestamp;
                self.topic_partitions.clear();
            }
            TransactionState::PrepareAbort | TransactionState::PrepareCommit => {}
            TransactionState::PrepareEpochFence | TransactionState::Dead => {
                unreachable!("{to} is never completed")
            }
        }
        self.txn_last_update_timestamp = transition.txn_last_update_timestamp;
        self.state = to;
    }
}
