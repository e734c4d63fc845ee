//! What idempotent and transactional producers say to brokers.

use super::{CommittedOffset, ErrorCode, TopicPartition};
use crate::log::record_batch::TransactionResult;

/// A producer asks for the id and the epoch that its batches will carry
/// (KIP-98; with what it had before: KIP-360).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitProducerIdRequest {
    /// `transactional.id`; `None` for a producer that is idempotent only.
    pub transactional_id: Option<String>,
    /// How long a transaction may stay open, in milliseconds
    /// (`transaction.timeout.ms`); `i32::MAX` without a `transactional.id`.
    pub transaction_timeout_ms: i32,
    /// The id it has, -1 when it has none.
    pub producer_id: i64,
    /// The epoch it has, -1 when it has none.
    pub producer_epoch: i16,
}

/// The id and the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitProducerIdResponse {
    /// `NONE`, or why there is none.
    pub error_code: ErrorCode,
    /// The producer's id, -1 with an error.
    pub producer_id: i64,
    /// Its epoch, -1 with an error.
    pub producer_epoch: i16,
}

/// A broker asks the controller for a block of producer ids that nobody else
/// gets (KIP-730).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllocateProducerIdsRequest {
    /// Its `node.id`.
    pub broker_id: i32,
    /// The epoch it was registered with.
    pub broker_epoch: i64,
}

/// The block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllocateProducerIdsResponse {
    /// `NONE`, or why there is none.
    pub error_code: ErrorCode,
    /// The first id of the block, -1 with an error.
    pub producer_id_start: i64,
    /// How many ids it has.
    pub producer_id_len: i32,
}

/// For each partition `NONE`, or what is wrong.
pub type PartitionErrors = Vec<(TopicPartition, ErrorCode)>;

/// Makes partitions part of the transactions of producers, and begins those
/// that are not open; or asks whether they are part of them (KIP-98, KIP-890).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddPartitionsToTxnRequest {
    /// The transactions: one from a producer, several from a broker.
    pub transactions: Vec<AddPartitionsToTxnTransaction>,
}

/// The partitions of one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddPartitionsToTxnTransaction {
    /// The producer's `transactional.id`.
    pub transactional_id: String,
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// Whether it is only asked if the partitions are part of it: so a
    /// partition's leader asks before a producer's first batch (KIP-890).
    pub verify_only: bool,
    /// The partitions.
    pub partitions: Vec<TopicPartition>,
}

/// What became of the partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddPartitionsToTxnResponse {
    /// One entry for each transaction, by its `transactional.id`.
    pub results_by_transaction: Vec<(String, PartitionErrors)>,
}

/// Makes a group's offsets part of a producer's transaction (KIP-98).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddOffsetsToTxnRequest {
    /// The producer's `transactional.id`.
    pub transactional_id: String,
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The group.
    pub group_id: String,
}

/// Whether they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddOffsetsToTxnResponse {
    /// `NONE`, or why not.
    pub error_code: ErrorCode,
}

/// Stores a group's offsets, which count once the producer's transaction is
/// committed (KIP-98, KIP-447).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxnOffsetCommitRequest {
    /// The producer's `transactional.id`.
    pub transactional_id: String,
    /// The group.
    pub group_id: String,
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The consumer's generation, -1 when it is not told (KIP-447).
    pub generation_id: i32,
    /// The consumer's id, empty when it is not told.
    pub member_id: String,
    /// The consumer's `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// The offsets.
    pub offsets: Vec<(TopicPartition, CommittedOffset)>,
}

/// What became of the offsets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxnOffsetCommitResponse {
    /// One entry for each partition of the request.
    pub partitions: PartitionErrors,
}

/// Commits or aborts a producer's transaction (KIP-98).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndTxnRequest {
    /// The producer's `transactional.id`.
    pub transactional_id: String,
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// Whether it is committed (`committed`).
    pub result: TransactionResult,
}

/// Whether the coordinator has decided so. The markers may still be under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndTxnResponse {
    /// `NONE`, or why not.
    pub error_code: ErrorCode,
}

/// A coordinator has the leaders of partitions write the markers that end
/// transactions (KIP-98).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteTxnMarkersRequest {
    /// The transactions.
    pub markers: Vec<WritableTxnMarker>,
}

/// The end of one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WritableTxnMarker {
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// How the transaction ended.
    pub result: TransactionResult,
    /// The partitions to write it to.
    pub partitions: Vec<TopicPartition>,
    /// The epoch in which the coordinator leads its partition of
    /// `__transaction_state`.
    pub coordinator_epoch: i32,
}

/// What became of the markers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteTxnMarkersResponse {
    /// One entry for each transaction, in the order of the request, with its
    /// producer's id.
    pub markers: Vec<(i64, PartitionErrors)>,
}

/// Describes transactions (KIP-664).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeTransactionsRequest {
    /// The producers' `transactional.id`s.
    pub transactional_ids: Vec<String>,
}

/// The transactions described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeTransactionsResponse {
    /// One entry for each id of the request.
    pub transaction_states: Vec<DescribedTransaction>,
}

/// A transaction described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedTransaction {
    /// `NONE`, `TRANSACTIONAL_ID_NOT_FOUND`, or why the broker cannot tell.
    pub error_code: ErrorCode,
    /// The `transactional.id`.
    pub transactional_id: String,
    /// Its state, by Kafka's name, such as `Ongoing`; empty with an error.
    pub transaction_state: String,
    /// `transaction.timeout.ms` of the producer.
    pub transaction_timeout_ms: i32,
    /// When the last transaction began, in epoch milliseconds; -1 when none
    /// has.
    pub transaction_start_time_ms: i64,
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The partitions of the open transaction.
    pub topic_partitions: Vec<TopicPartition>,
}

impl DescribedTransaction {
    /// The answer where there is nothing to describe.
    pub fn error(error_code: ErrorCode, transactional_id: &str) -> DescribedTransaction {
        DescribedTransaction {
            error_code,
            transactional_id: transactional_id.to_owned(),
            transaction_state: String::new(),
            transaction_timeout_ms: 0,
            transaction_start_time_ms: 0,
            producer_id: 0,
            producer_epoch: 0,
            topic_partitions: Vec::new(),
        }
    }
}

/// Lists the transactions that the receiver coordinates (KIP-664).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListTransactionsRequest {
    /// Only those in these states, by Kafka's names; empty for all.
    pub state_filters: Vec<String>,
    /// Only those of these producers; empty for all.
    pub producer_id_filters: Vec<i64>,
    /// Only those that have run for longer, in milliseconds; -1 for all
    /// (KIP-994).
    pub duration_filter: i64,
}

/// The transactions that a broker coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListTransactionsResponse {
    /// `NONE`, or `COORDINATOR_LOAD_IN_PROGRESS`.
    pub error_code: ErrorCode,
    /// The names among the state filters that no state has.
    pub unknown_state_filters: Vec<String>,
    /// The transactions, by `transactional.id`.
    pub transaction_states: Vec<ListedTransaction>,
}

/// A transaction in a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedTransaction {
    /// The `transactional.id`.
    pub transactional_id: String,
    /// The producer's id.
    pub producer_id: i64,
    /// Its state, by Kafka's name, such as `Ongoing`.
    pub transaction_state: String,
}

/// Describes the producers that the logs of partitions know (KIP-664).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeProducersRequest {
    /// The partitions.
    pub partitions: Vec<TopicPartition>,
}

/// The producers described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeProducersResponse {
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, PartitionProducers)>,
}

/// The producers that one log knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionProducers {
    /// `NONE`, or why the broker cannot tell.
    pub error_code: ErrorCode,
    /// The producers, by id.
    pub active_producers: Vec<ActiveProducer>,
}

/// A producer as a log knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActiveProducer {
    /// Its id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The sequence number of its last record, -1 when its epoch has none.
    pub last_sequence: i32,
    /// When it last wrote, in epoch milliseconds.
    pub last_timestamp: i64,
    /// The epoch of the coordinator that wrote its last marker, -1 before.
    pub coordinator_epoch: i32,
    /// Where its open transaction begins, -1 when it has none.
    pub current_txn_start_offset: i64,
}
