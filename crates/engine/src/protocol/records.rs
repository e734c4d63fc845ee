use std::fmt;
use std::sync::Arc;

use super::{ErrorCode, IsolationLevel, TopicPartition};
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
