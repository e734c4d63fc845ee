use std::fmt;
use std::sync::Arc;

use super::{ErrorCode, TopicId, TopicPartition};
use crate::log::record_batch::RecordBatch;

/// Appends record batches to partitions that the receiver leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProduceRequest {
    /// The producer's `transactional.id`, when it has one.
    pub transactional_id: Option<Arc<str>>,
    /// 0: no answer; 1: the leader has it; -1 (`all`): every in-sync replica
    /// has it.
    pub acks: i16,
    /// How long the broker may wait for the replicas, in milliseconds.
    pub timeout_ms: i32,
    /// One batch for each partition.
    pub partitions: Vec<(TopicPartition, RecordBatch)>,
}

/// Where the batches landed. With `acks=0` none is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProduceResponse {
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, PartitionProduceResponse)>,
}

/// Where one batch landed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionProduceResponse {
    /// `NONE`, or why it was not appended.
    pub error_code: ErrorCode,
    /// The offset of its first record, -1 with an error.
    pub base_offset: i64,
    /// The partition's first offset, -1 with an error.
    pub log_start_offset: i64,
    /// The broker's words for the error.
    pub error_message: Option<String>,
    /// Which records the topic does not take (KIP-467).
    pub record_errors: Vec<RecordError>,
}

/// A record for which its batch was refused (`BatchIndexAndErrorMessage`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordError {
    /// Its place in the batch, from 0.
    pub batch_index: i32,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for RecordError {
    /// As Kafka shows it within other messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordError {
            batch_index,
            message,
        } = self;
        write!(
            f,
            "RecordError(batchIndex={batch_index}, message='{message}')"
        )
    }
}

/// Which records a consumer is shown (`isolation.level`, KIP-98).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IsolationLevel {
    /// All up to the high watermark.
    #[default]
    ReadUncommitted,
    /// Those up to the last stable offset, without what was aborted.
    ReadCommitted,
}

/// Reads record batches: those of a partition that the receiver leads, and for
/// a consumer also those of one that it follows (KIP-392).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchRequest {
    /// The follower that asks; `None` is a consumer.
    pub replica_state: Option<ReplicaState>,
    /// How long the broker may wait for `min_bytes`, in milliseconds
    /// (`fetch.max.wait.ms`).
    pub max_wait_ms: i32,
    /// How much is worth an answer before that (`fetch.min.bytes`).
    pub min_bytes: i32,
    /// How much the answer may hold in all (`fetch.max.bytes`); the first batch
    /// is sent whole even when it is larger.
    pub max_bytes: i32,
    /// Which records a consumer wants to see.
    pub isolation_level: IsolationLevel,
    /// A consumer's `client.rack`, so that the leader can name a replica near
    /// it (KIP-392).
    pub rack_id: Option<String>,
    /// Where to read. Shared, since a follower asks for thousands, and for the
    /// same again and again.
    pub partitions: Arc<Vec<FetchPartition>>,
}

impl FetchRequest {
    /// The `node.id` of the follower that asks; `None` is a consumer.
    pub fn replica_id(&self) -> Option<i32> {
        self.replica_state.map(|state| state.replica_id)
    }
}

/// The follower that asks (KIP-903).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaState {
    /// Its `node.id`.
    pub replica_id: i32,
    /// The epoch its broker is registered with, or
    /// [`super::UNKNOWN_BROKER_EPOCH`].
    pub replica_epoch: i64,
}

/// Where to read in one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchPartition {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The topic's id, so that another topic of the same name is not taken for
    /// it (KIP-516); `None` where the asker goes by the name.
    pub topic_id: Option<TopicId>,
    /// The first offset wanted.
    pub fetch_offset: i64,
    /// The leader epoch that the asker knows, -1 when it knows none.
    pub current_leader_epoch: i32,
    /// The epoch of a follower's last record (KIP-595), so that the leader
    /// can tell whether their logs agree up to there; -1 when it has none.
    pub last_fetched_epoch: i32,
    /// Where a follower's log starts; -1 for a consumer.
    pub log_start_offset: i64,
    /// How many bytes of this partition at most
    /// (`max.partition.fetch.bytes`).
    pub partition_max_bytes: i32,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchResponse {
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, FetchedPartition)>,
}

/// What was read of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchedPartition {
    /// `NONE`, or why nothing was read.
    pub error_code: ErrorCode,
    /// The offset below which all in-sync replicas have every record; -1 with
    /// an error.
    pub high_watermark: i64,
    /// The offset below which no transaction is open; -1 with an error.
    pub last_stable_offset: i64,
    /// The partition's first offset; -1 with an error.
    pub log_start_offset: i64,
    /// For `read_committed` the transactions that were aborted and have records
    /// in the answer, by their first offsets.
    pub aborted_transactions: Vec<AbortedTransactionInfo>,
    /// Where a follower's log and the leader's part, by the epoch and where it
    /// ended on the leader (KIP-595): the follower cuts its log there.
    pub diverging_epoch: Option<(i32, i64)>,
    /// The replica from which the consumer is to read instead (KIP-392); then
    /// there are no records here.
    pub preferred_read_replica: Option<i32>,
    /// Whole batches; the first may begin before the offset asked for.
    pub records: Vec<RecordBatch>,
}

/// An aborted transaction, as a consumer is told of it
/// (`FetchResponse.AbortedTransaction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbortedTransactionInfo {
    /// Its producer.
    pub producer_id: i64,
    /// Its first offset in the partition.
    pub first_offset: i64,
}

/// Finds an offset by a timestamp, or at either end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListOffsetsRequest {
    /// The follower that asks, by its `node.id`, which is told of all there
    /// is; `None` is a client, which is told of what is committed.
    pub replica_id: Option<i32>,
    /// Up to where a client is told of records.
    pub isolation_level: IsolationLevel,
    /// The partitions, each with a timestamp in epoch milliseconds, or one of
    /// the constants.
    pub partitions: Vec<(TopicPartition, i64)>,
}

impl ListOffsetsRequest {
    /// Asks for the high watermark.
    pub const LATEST: i64 = -1;
    /// Asks for the log start offset.
    pub const EARLIEST: i64 = -2;
    /// Asks for the first record with the largest timestamp (KIP-734).
    pub const MAX_TIMESTAMP: i64 = -3;
    /// Asks for the first record on the leader's own disk (KIP-405).
    pub const EARLIEST_LOCAL: i64 = -4;
    /// Asks for the last record in remote storage, of which there is none
    /// (KIP-1005).
    pub const LATEST_TIERED: i64 = -5;
}

/// The offsets found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListOffsetsResponse {
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, ListedOffset)>,
}

/// The offset found in one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedOffset {
    /// `NONE`, or why none was looked for.
    pub error_code: ErrorCode,
    /// The timestamp of the record found, -1 for either end or none.
    pub timestamp: i64,
    /// The offset, -1 when there is none.
    pub offset: i64,
}

/// Deletes the records before an offset (KIP-107).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteRecordsRequest {
    /// The partitions, each with the offset of the first record that stays, or
    /// [`DeleteRecordsRequest::HIGH_WATERMARK`].
    pub partitions: Vec<(TopicPartition, i64)>,
    /// How long the broker may wait for the replicas, in milliseconds.
    pub timeout_ms: i32,
}

impl DeleteRecordsRequest {
    /// Deletes all that every in-sync replica has.
    pub const HIGH_WATERMARK: i64 = -1;
}

/// Where the logs start now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteRecordsResponse {
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, DeletedRecords)>,
}

/// Where one log starts now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeletedRecords {
    /// The smallest log start of all replicas;
    /// [`DeletedRecords::INVALID_LOW_WATERMARK`] with an error.
    pub low_watermark: i64,
    /// `NONE`, or why nothing was deleted.
    pub error_code: ErrorCode,
}

impl DeletedRecords {
    /// Stands for no low watermark.
    pub const INVALID_LOW_WATERMARK: i64 = -1;
}

/// Asks where leader epochs ended (`OffsetsForLeaderEpoch`, KIP-320): a
/// consumer finds out whether what it has read is still in the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetForLeaderEpochRequest {
    /// The partitions.
    pub partitions: Vec<OffsetForLeaderPartition>,
}

/// One partition of an [`OffsetForLeaderEpochRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetForLeaderPartition {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The leader epoch that the asker knows, -1 when it knows none.
    pub current_leader_epoch: i32,
    /// The epoch whose end is asked for.
    pub leader_epoch: i32,
}

/// Where the epochs ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetForLeaderEpochResponse {
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, EpochEndOffset)>,
}

/// Where an epoch ended in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EpochEndOffset {
    /// `NONE`, or why it is not told.
    pub error_code: ErrorCode,
    /// The last epoch that is not younger than the one asked for; -1 when there
    /// is none.
    pub leader_epoch: i32,
    /// Where it ended; -1 when there is none.
    pub end_offset: i64,
}
