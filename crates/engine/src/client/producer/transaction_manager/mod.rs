//! What makes a producer idempotent: its id and epoch, and the sequence
//! numbers of its records in each partition (KIP-98, KIP-360, KIP-679;
//! `org.apache.kafka.clients.producer.internals.TransactionManager`).
//!
//! A state machine without a network: the sender asks it what to do and tells
//! it what came of it.

mod partitions;
mod transactional;

use crate::collections::{BTreeMap, BTreeSet};

use self::partitions::PartitionEntry;
pub use self::transactional::{ConsumerGroupMetadata, TransactionCall};
pub(super) use self::transactional::{Failure, TimedOutCall, Transactional, TxnRequest, failure};
use super::accumulator::{BatchSequence, ProducerBatch, ProducerIdAndEpoch};
use crate::log::record_batch::NO_SEQUENCE;
use crate::protocol::{ErrorCode, PartitionProduceResponse, TopicPartition};
use crate::sim::Time;

/// Where the producer stands (`TransactionManager.State`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionState {
    /// It has no producer id, and has not asked for one.
    Uninitialized,
    /// It has asked for a producer id.
    Initializing,
    /// It has a producer id.
    Ready,
    /// Records are part of a transaction.
    InTransaction,
    /// The transaction is being committed.
    CommittingTransaction,
    /// The transaction is being aborted.
    AbortingTransaction,
    /// The transaction can only be aborted.
    AbortableError,
    /// It can send no more.
    FatalError,
}

impl TransactionState {
    /// Kafka's name of the state.
    pub fn name(self) -> &'static str {
        match self {
            TransactionState::Uninitialized => "UNINITIALIZED",
            TransactionState::Initializing => "INITIALIZING",
            TransactionState::Ready => "READY",
            TransactionState::InTransaction => "IN_TRANSACTION",
            TransactionState::CommittingTransaction => "COMMITTING_TRANSACTION",
            TransactionState::AbortingTransaction => "ABORTING_TRANSACTION",
            TransactionState::AbortableError => "ABORTABLE_ERROR",
            TransactionState::FatalError => "FATAL_ERROR",
        }
    }

    /// Whether an application's call may lead from that state to this one
    /// (`State.isTransitionValid`).
    pub(super) fn may_follow(self, source: TransactionState) -> bool {
        match self {
            TransactionState::Initializing => source == TransactionState::Uninitialized,
            TransactionState::InTransaction => source == TransactionState::Ready,
            TransactionState::CommittingTransaction => source == TransactionState::InTransaction,
            TransactionState::AbortingTransaction => matches!(
                source,
                TransactionState::InTransaction | TransactionState::AbortableError
            ),
            _ => true,
        }
    }
}

/// An `InitProducerId` that is to be asked, or is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum InitProducerId {
    /// Not before this instant.
    Due(Time),
    /// Under this correlation id.
    InFlight(i32),
}

/// A batch that gets another sequence: its partition, its number, and the
/// sequence.
pub(super) type Rewrite = (TopicPartition, u64, BatchSequence);

/// The id, the epoch and the sequences of an idempotent producer.
#[derive(Clone, Debug, Hash)]
pub struct TransactionManager {
    state: TransactionState,
    producer: Option<ProducerIdAndEpoch>,
    init: Option<InitProducerId>,
    partitions: BTreeMap<TopicPartition, PartitionEntry>,
    /// Where batches were given up of which nobody knows whether they are
    /// stored, each with the sequence number behind the last of them.
    unresolved: BTreeMap<TopicPartition, i32>,
    to_rewrite: BTreeSet<TopicPartition>,
    is_epoch_bump_required: bool,
    last_error: Option<ErrorCode>,
    transactional: Option<Transactional>,
}

/// Asking.
impl TransactionManager {
    /// That of an idempotent producer that is not transactional.
    pub fn idempotent() -> TransactionManager {
        TransactionManager {
            state: TransactionState::Uninitialized,
            producer: None,
            init: None,
            partitions: BTreeMap::new(),
            unresolved: BTreeMap::new(),
            to_rewrite: BTreeSet::new(),
            is_epoch_bump_required: false,
            last_error: None,
            transactional: None,
        }
    }

    /// That of a producer with this `transactional.id`.
    pub fn transactional(id: String, timeout_ms: i32) -> TransactionManager {
        TransactionManager {
            transactional: Some(Transactional::new(id, timeout_ms)),
            ..TransactionManager::idempotent()
        }
    }

    /// Its transaction, and where it stands.
    pub(super) fn transactional_mut(
        &mut self,
    ) -> Option<(&mut TransactionState, &mut Transactional)> {
        let transactional = self.transactional.as_mut()?;
        Some((&mut self.state, transactional))
    }

    /// The partitions that are part of the open transaction.
    pub fn partitions_in_transaction(&self) -> impl Iterator<Item = &TopicPartition> {
        let transactional = self.transactional.iter();
        transactional.flat_map(|transactional| &transactional.partitions)
    }

    /// Where it stands.
    pub fn state(&self) -> TransactionState {
        self.state
    }

    /// Whether it has a `transactional.id`.
    pub fn is_transactional(&self) -> bool {
        self.transactional.is_some()
    }

    /// The producer's id and epoch; `None` while it has none.
    pub fn producer_id_and_epoch(&self) -> Option<ProducerIdAndEpoch> {
        self.producer
    }

    /// The error after which it can send no more.
    pub fn fatal_error(&self) -> Option<ErrorCode> {
        let is_fatal = self.state == TransactionState::FatalError;
        self.last_error.filter(|_| is_fatal)
    }

    /// The exception, without its package, and its message after which a
    /// transaction can only be aborted, or nothing be sent any more.
    pub fn transaction_error(&self) -> Option<(&str, &str)> {
        let (exception, message) = self.transactional.as_ref()?.last_error.as_ref()?;
        Some((exception, message))
    }

    /// The sequence number that the next record of a partition gets.
    pub fn next_sequence(&self, of: &TopicPartition) -> i32 {
        let entry = self.partitions.get(of);
        entry.map_or(0, |entry| entry.next_sequence)
    }

    /// The sequence number of the last record that is known to be stored.
    pub fn last_acked_sequence(&self, of: &TopicPartition) -> Option<i32> {
        self.partitions.get(of)?.last_acked_sequence
    }

    /// Whether batches of the partition wait for an answer, or to be sent
    /// again.
    pub fn has_in_flight(&self, of: &TopicPartition) -> bool {
        let entry = self.partitions.get(of);
        entry.is_some_and(|entry| !entry.in_flight.is_empty())
    }

    fn has_unresolved(&self, of: &TopicPartition) -> bool {
        self.unresolved.contains_key(of)
    }

    /// Whether this batch, the first of its partition, must wait: there is no
    /// producer id yet, batches of another epoch are under way, it is not
    /// known what became of those before it, or one before it has to be sent
    /// again first (`RecordAccumulator.shouldStopDrainBatchesForPartition`).
    pub(super) fn holds_back(&self, first: &ProducerBatch) -> bool {
        if self.producer.is_none() || self.state == TransactionState::FatalError {
            return true;
        }
        let of = &first.topic_partition;
        let transactional = self.transactional.as_ref();
        if transactional.is_some_and(|it| !it.partitions.contains(of)) {
            return true;
        }
        let Some(entry) = self.partitions.get(of) else {
            return false;
        };
        if first.sequence().is_none() {
            let is_stale = entry.producer != self.producer;
            return is_stale && !entry.in_flight.is_empty() || self.has_unresolved(of);
        }
        let oldest = entry.in_flight.first();
        oldest.is_some_and(|oldest| oldest.base_sequence != first.base_sequence())
    }
}

/// The producer id.
impl TransactionManager {
    /// Bumps the epoch when that is needed: the partitions that needed it begin
    /// at 0, and what is under way of them is to be sent with the sequences
    /// returned. A producer without an id is to ask for one
    /// (`bumpIdempotentEpochAndResetIdIfNeeded`).
    pub(super) fn prepare(&mut self, now: Time) -> Vec<Rewrite> {
        if self.is_transactional() {
            return Vec::new();
        }
        let rewrites = match std::mem::take(&mut self.is_epoch_bump_required) {
            true => self.bump_epoch(),
            false => Vec::new(),
        };
        if self.producer.is_none() && self.init.is_none() {
            self.state = TransactionState::Initializing;
            self.init = Some(InitProducerId::Due(now));
        }
        rewrites
    }

    fn bump_epoch(&mut self) -> Vec<Rewrite> {
        let next = self.producer.and_then(|of| {
            let epoch = of.epoch.checked_add(1)?;
            Some(ProducerIdAndEpoch { epoch, ..of })
        });
        // After the last epoch comes another id.
        self.producer = next;
        let mut rewrites = Vec::new();
        for of in std::mem::take(&mut self.to_rewrite) {
            self.unresolved.remove(&of);
            let Some(entry) = self.partitions.get_mut(&of) else {
                continue;
            };
            match next {
                Some(next) => rewrites.extend(
                    entry
                        .start_at_beginning(next)
                        .map(|(id, sequence)| (of.clone(), id, sequence)),
                ),
                None => entry.producer = None,
            }
        }
        rewrites
    }

    /// When it is to ask for a producer id; `None` while it has one or asks.
    pub(super) fn init_due_at(&self) -> Option<Time> {
        match self.init {
            Some(InitProducerId::Due(at)) => Some(at),
            _ => None,
        }
    }

    /// It has asked for a producer id.
    pub(super) fn asked(&mut self, correlation_id: i32) {
        self.init = Some(InitProducerId::InFlight(correlation_id));
    }

    /// Whether this is its request for a producer id.
    pub(super) fn is_asked(&self, correlation_id: i32) -> bool {
        self.init == Some(InitProducerId::InFlight(correlation_id))
    }

    /// Here is the producer id.
    pub(super) fn initialized(&mut self, producer: ProducerIdAndEpoch) {
        self.init = None;
        self.producer = Some(producer);
        self.state = TransactionState::Ready;
    }

    /// There was no id this time: it asks again at this instant.
    pub(super) fn ask_again_at(&mut self, at: Time) {
        self.init = Some(InitProducerId::Due(at));
    }

    /// It can send no more.
    pub(super) fn fail(&mut self, error: ErrorCode) {
        self.state = TransactionState::FatalError;
        self.init = None;
        self.last_error = Some(error);
    }
}

/// Sequences.
impl TransactionManager {
    /// Numbers the records of a batch that is sent for the first time; returns
    /// the first number. Under another epoch than the last batch of the
    /// partition they begin at 0 (`maybeUpdateProducerIdAndEpoch`).
    pub(super) fn take_sequences(&mut self, of: &TopicPartition, count: i32) -> i32 {
        let producer = self.producer;
        let entry = self.partitions.entry(of.clone()).or_default();
        if entry.producer != producer && entry.in_flight.is_empty() {
            *entry = PartitionEntry {
                producer,
                last_acked_offset: entry.last_acked_offset,
                ..PartitionEntry::default()
            };
        }
        entry.take(count)
    }

    /// A batch with a sequence is under way.
    pub(super) fn add_in_flight(&mut self, batch: &ProducerBatch) {
        let entry = self.partitions.entry(batch.topic_partition.clone());
        entry.or_default().add(batch);
    }

    /// A batch is done, or stands for no records any more.
    pub(super) fn remove_in_flight(&mut self, batch: &ProducerBatch) {
        if let Some(entry) = self.partitions.get_mut(&batch.topic_partition) {
            entry.in_flight.retain(|known| known.id != batch.id);
        }
    }

    /// The broker has stored a batch, or had stored it before.
    pub(super) fn completed(&mut self, batch: &ProducerBatch, base_offset: i64) {
        let entry = self.partitions.entry(batch.topic_partition.clone());
        let entry = entry.or_default();
        entry.acked(batch, base_offset);
        self.remove_in_flight(batch);
    }

    /// A batch was given up. `is_settled` says whether it is certain that the
    /// broker has not stored it (`handleFailedBatch`).
    pub(super) fn failed(&mut self, batch: &ProducerBatch, error: ErrorCode, is_settled: bool) {
        self.remove_in_flight(batch);
        if self.is_transactional() {
            return self.failed_in_transaction(error);
        }
        match error {
            ErrorCode::ProducerFenced => self.fail(error),
            ErrorCode::OutOfOrderSequenceNumber => self.request_epoch_bump(&batch.topic_partition),
            ErrorCode::UnknownProducerId => {
                self.partitions.remove(&batch.topic_partition);
                self.unresolved.remove(&batch.topic_partition);
            }
            _ if is_settled => self.request_epoch_bump(&batch.topic_partition),
            _ => {}
        }
    }

    /// What was sent of the transaction is not all stored: it can only be
    /// aborted, and the epoch is raised then; or nothing can be done any more
    /// (`maybeTransitionToErrorState`).
    fn failed_in_transaction(&mut self, error: ErrorCode) {
        let is_fatal = matches!(
            error,
            ErrorCode::ProducerFenced
                | ErrorCode::InvalidProducerIdMapping
                | ErrorCode::TransactionalIdAuthorizationFailed
        );
        let Some((state, transactional)) = self.transactional_mut() else {
            return;
        };
        if *state == TransactionState::FatalError || *state == TransactionState::AbortingTransaction
        {
            return;
        }
        *state = match is_fatal {
            true => TransactionState::FatalError,
            false => TransactionState::AbortableError,
        };
        transactional.bumps_epoch = true;
        transactional.last_error = Some(failure(error));
    }

    fn request_epoch_bump(&mut self, of: &TopicPartition) {
        self.is_epoch_bump_required = true;
        self.to_rewrite.insert(of.clone());
    }

    /// A batch that was sent before was given up without an answer: nobody
    /// knows whether it is stored.
    pub(super) fn mark_unresolved(&mut self, batch: &ProducerBatch) {
        if batch.base_sequence() == NO_SEQUENCE {
            return;
        }
        let next = batch.last_sequence() + 1;
        let of = batch.topic_partition.clone();
        let known = self.unresolved.entry(of).or_insert(next);
        *known = (*known).max(next);
    }

    /// Where nothing is under way any more it shows what became of the batches
    /// that were given up: when all numbers are acknowledged they are stored;
    /// else the epoch is bumped.
    pub(super) fn resolve_sequences(&mut self) {
        let unresolved: Vec<TopicPartition> = self.unresolved.keys().cloned().collect();
        for of in unresolved {
            if self.has_in_flight(&of) {
                continue;
            }
            self.unresolved.remove(&of);
            if !self.is_next(&of, self.next_sequence(&of)) {
                match self.is_transactional() {
                    true => self.failed_in_transaction(ErrorCode::RequestTimedOut),
                    false => self.request_epoch_bump(&of),
                }
            }
        }
    }

    fn is_next(&self, of: &TopicPartition, sequence: i32) -> bool {
        sequence - self.last_acked_sequence(of).unwrap_or(NO_SEQUENCE) == 1
    }

    /// Whether a batch that the broker has refused is worth another try
    /// (`TransactionManager.canRetry`).
    pub(super) fn can_retry(
        &mut self,
        batch: &ProducerBatch,
        answer: &PartitionProduceResponse,
    ) -> bool {
        let of = &batch.topic_partition;
        match answer.error_code {
            ErrorCode::UnknownProducerId if self.is_transactional() => false,
            ErrorCode::UnknownProducerId => {
                // Without the log's start nothing can be told; and those that
                // were reset since need no other reset.
                if answer.log_start_offset != -1 && !batch.sequence_has_been_reset() {
                    self.request_epoch_bump(of);
                }
                true
            }
            ErrorCode::OutOfOrderSequenceNumber => {
                let waits_for_another = !self.has_unresolved(of)
                    && (batch.sequence_has_been_reset()
                        || !self.is_next(of, batch.base_sequence()));
                let follows_unresolved = match self.unresolved.get(of) {
                    Some(next) => *next == batch.base_sequence(),
                    None => true,
                };
                if !waits_for_another && self.is_transactional() {
                    return false;
                }
                if !waits_for_another && follows_unresolved {
                    self.request_epoch_bump(of);
                }
                true
            }
            error => error.is_retriable(),
        }
    }
}
