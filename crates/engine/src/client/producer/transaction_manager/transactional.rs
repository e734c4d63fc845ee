//! What a transactional producer knows of its transaction
//! (`TransactionManager`, with a `transactional.id`).

use crate::collections::BTreeSet;
use std::collections::VecDeque;

use crate::client::Consumer;
use crate::log::record_batch::TransactionResult;
use crate::protocol::{CommittedOffset, CoordinatorType, ErrorCode, TopicPartition};
use crate::sim::Time;

/// A call of the application's that is about transactions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransactionCall {
    /// `initTransactions()`
    Init,
    /// `beginTransaction()`
    Begin,
    /// `sendOffsetsToTransaction(offsets, groupMetadata)`
    SendOffsets(
        ConsumerGroupMetadata,
        Vec<(TopicPartition, CommittedOffset)>,
    ),
    /// `commitTransaction()`
    Commit,
    /// `abortTransaction()`
    Abort,
}

impl TransactionCall {
    /// The method's name.
    pub fn name(&self) -> &'static str {
        match self {
            TransactionCall::Init => "initTransactions",
            TransactionCall::Begin => "beginTransaction",
            TransactionCall::SendOffsets(..) => "sendOffsetsToTransaction",
            TransactionCall::Commit => "commitTransaction",
            TransactionCall::Abort => "abortTransaction",
        }
    }

    /// Whether it leads to another state, so that nothing else can be done
    /// before it was made again after a timeout.
    pub(in super::super) fn must_be_retried(&self) -> bool {
        matches!(
            self,
            TransactionCall::Init | TransactionCall::Commit | TransactionCall::Abort
        )
    }

    /// What a call that takes too long says it was waiting for.
    pub(in super::super) fn awaited(&self) -> &'static str {
        match self {
            TransactionCall::Init => "InitProducerId",
            TransactionCall::Begin => "",
            TransactionCall::SendOffsets(..) => "AddOffsetsToTxn",
            TransactionCall::Commit => "EndTxn(true)",
            TransactionCall::Abort => "EndTxn(false)",
        }
    }
}

/// A consumer as its group knows it (`ConsumerGroupMetadata`, KIP-447).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupMetadata {
    /// The group.
    pub group_id: String,
    /// Its generation, -1 when it is not told.
    pub generation_id: i32,
    /// The member's id, empty when it is not told.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
}

impl ConsumerGroupMetadata {
    /// What a consumer knows of itself (`KafkaConsumer.groupMetadata`); also one
    /// that has left since tells the generation it was in.
    pub fn of(consumer: &Consumer) -> ConsumerGroupMetadata {
        let (generation_id, member_id) = consumer.last_generation().unwrap_or((-1, ""));
        ConsumerGroupMetadata {
            group_id: consumer.config.group_id.clone(),
            generation_id,
            member_id: member_id.to_owned(),
            group_instance_id: consumer.config.group_instance_id.clone(),
        }
    }
}

/// An exception and its message.
pub(in super::super) type Failure = (String, String);

/// What is to be asked of a coordinator, in the order of importance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum TxnRequest {
    FindCoordinator(CoordinatorType, String),
    InitProducerId,
    AddPartitions(BTreeSet<TopicPartition>),
    AddOffsets(
        ConsumerGroupMetadata,
        Vec<(TopicPartition, CommittedOffset)>,
    ),
    CommitOffsets(
        ConsumerGroupMetadata,
        Vec<(TopicPartition, CommittedOffset)>,
    ),
    EndTxn(TransactionResult),
}

impl TxnRequest {
    fn priority(&self) -> u8 {
        match self {
            TxnRequest::FindCoordinator(..) => 0,
            TxnRequest::InitProducerId => 1,
            TxnRequest::AddPartitions(_)
            | TxnRequest::AddOffsets(..)
            | TxnRequest::CommitOffsets(..) => 2,
            TxnRequest::EndTxn(_) => 3,
        }
    }
}

/// A call that the application was told has timed out, while the producer goes
/// on with it.
#[derive(Clone, Debug, Hash)]
pub(in super::super) struct TimedOutCall {
    pub call: TransactionCall,
    /// What came of it, once that is known.
    pub outcome: Option<Result<(), Failure>>,
}

/// The transaction of a producer.
#[derive(Clone, Debug, Hash)]
pub(in super::super) struct Transactional {
    pub id: String,
    pub timeout_ms: i32,
    pub coordinator: Option<i32>,
    pub group_coordinator: Option<i32>,
    /// The partitions that are part of the transaction.
    pub partitions: BTreeSet<TopicPartition>,
    /// Those that are to become so.
    pub new_partitions: BTreeSet<TopicPartition>,
    /// Whether the coordinator knows of the transaction.
    pub has_started: bool,
    /// Whether the epoch is to be raised after the abort (KIP-360).
    pub bumps_epoch: bool,
    to_do: VecDeque<TxnRequest>,
    pub in_flight: Option<(i32, TxnRequest)>,
    /// Nothing is asked before this instant.
    pub not_before: Time,
    /// What the application waits for, and until when.
    pub call: Option<(TransactionCall, Time)>,
    /// The call that took too long, until it is made again
    /// (`TransactionManager.PendingStateTransition`).
    pub timed_out: Option<TimedOutCall>,
    /// Why the transaction can only be aborted, or nothing at all be done.
    pub last_error: Option<Failure>,
}

impl Transactional {
    pub fn new(id: String, timeout_ms: i32) -> Transactional {
        Transactional {
            id,
            timeout_ms,
            coordinator: None,
            group_coordinator: None,
            partitions: BTreeSet::new(),
            new_partitions: BTreeSet::new(),
            has_started: false,
            bumps_epoch: false,
            to_do: VecDeque::new(),
            in_flight: None,
            not_before: Time::ZERO,
            call: None,
            timed_out: None,
            last_error: None,
        }
    }

    /// Puts a request in line, behind those that are as important.
    pub fn enqueue(&mut self, request: TxnRequest) {
        let is_later = |it: &TxnRequest| it.priority() > request.priority();
        let at = self.to_do.iter().position(is_later);
        self.to_do.insert(at.unwrap_or(self.to_do.len()), request);
    }

    /// Takes what is to be asked next; the end of the transaction only when
    /// nothing of it is under way any more (`TransactionManager.nextRequest`).
    pub fn next(&mut self, has_incomplete: bool) -> Option<TxnRequest> {
        if !self.new_partitions.is_empty() {
            let added = std::mem::take(&mut self.new_partitions);
            self.enqueue(TxnRequest::AddPartitions(added));
        }
        let is_end = matches!(self.to_do.front()?, TxnRequest::EndTxn(_));
        match is_end && has_incomplete {
            true => None,
            false => self.to_do.pop_front(),
        }
    }

    /// Whether something waits to be asked.
    pub fn has_to_do(&self) -> bool {
        !self.to_do.is_empty() || !self.new_partitions.is_empty()
    }

    /// Nothing more is asked.
    pub fn clear(&mut self) {
        self.to_do.clear();
        self.new_partitions.clear();
        self.in_flight = None;
    }

    /// The transaction is over.
    pub fn ended(&mut self) {
        self.partitions.clear();
        self.new_partitions.clear();
        self.has_started = false;
        self.last_error = None;
    }
}

/// An error as the exception that a Java client raises for it.
pub(in super::super) fn failure(error: ErrorCode) -> Failure {
    (error.exception().to_owned(), error.message().to_owned())
}
