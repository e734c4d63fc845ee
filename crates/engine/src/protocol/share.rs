//! Share groups (KIP-932): their members, what they fetch and acknowledge, and
//! the state that brokers keep of it with the share coordinator.

use super::{
    DescribedModernGroup, ErrorCode, GroupDescribedPartitions, GroupHeartbeatResponse, TopicId,
    TopicName,
};
use crate::log::record_batch::RecordBatch;

/// The epoch of a share session that is to be opened
/// (`ShareRequestMetadata.INITIAL_EPOCH`).
pub const INITIAL_SHARE_SESSION_EPOCH: i32 = 0;

/// The epoch of a share session that is to be closed
/// (`ShareRequestMetadata.FINAL_EPOCH`).
pub const FINAL_SHARE_SESSION_EPOCH: i32 = -1;

/// One partition of a topic by the topic's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIdPartition {
    /// The topic.
    pub topic_id: TopicId,
    /// The partition's number.
    pub partition: i32,
}

/// A member of a share group joins, lives or leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupHeartbeatRequest {
    /// The group.
    pub group_id: String,
    /// The member, by the id that it made up.
    pub member_id: String,
    /// Its epoch; 0 to join, -1 to leave.
    pub member_epoch: i32,
    /// Its `client.rack`; `None` when that has not changed.
    pub rack_id: Option<String>,
    /// The topics it subscribes to; `None` when these have not changed.
    pub subscribed_topic_names: Option<Vec<TopicName>>,
}

/// How the group sees the member.
pub type ShareGroupHeartbeatResponse = GroupHeartbeatResponse;

/// Describes share groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupDescribeRequest {
    /// The groups.
    pub group_ids: Vec<String>,
}

/// The share groups described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupDescribeResponse {
    /// One entry for each group of the request.
    pub groups: Vec<DescribedShareGroup>,
}

/// A share group described.
pub type DescribedShareGroup = DescribedModernGroup<DescribedShareGroupMember>;

/// A member of a share group described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedShareGroupMember {
    /// Its id.
    pub member_id: String,
    /// Its `client.rack`.
    pub rack_id: Option<String>,
    /// Its epoch.
    pub member_epoch: i32,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from, such as `/127.0.0.1`.
    pub client_host: String,
    /// The topics it subscribes to.
    pub subscribed_topic_names: Vec<TopicName>,
    /// What it may fetch.
    pub assignment: Vec<GroupDescribedPartitions>,
}

/// What a consumer says of a record
/// (`org.apache.kafka.clients.consumer.AcknowledgeType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AcknowledgeType {
    /// It is done.
    Accept,
    /// It could not be done now: another try may do.
    Release,
    /// It can never be done.
    Reject,
}

impl AcknowledgeType {
    /// The number on the wire.
    pub fn id(self) -> i8 {
        match self {
            AcknowledgeType::Accept => 1,
            AcknowledgeType::Release => 2,
            AcknowledgeType::Reject => 3,
        }
    }

    /// Kafka's name in the consumer's log and tools: `accept`, `release` or
    /// `reject`.
    pub fn name(self) -> &'static str {
        match self {
            AcknowledgeType::Accept => "accept",
            AcknowledgeType::Release => "release",
            AcknowledgeType::Reject => "reject",
        }
    }
}

/// What is said of records in a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AcknowledgementBatch {
    /// The first offset.
    pub first_offset: i64,
    /// The last offset.
    pub last_offset: i64,
    /// One [`AcknowledgeType::id`] for all, or one for each; 0 stands for an
    /// offset at which there is no record.
    pub acknowledge_types: Vec<i8>,
}

/// Acquires records for a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareFetchRequest {
    /// The group.
    pub group_id: String,
    /// The member.
    pub member_id: String,
    /// 0 opens a session, -1 closes it; else the count of its requests.
    pub share_session_epoch: i32,
    /// How long to wait for records, in milliseconds.
    pub max_wait_ms: i32,
    /// For how many bytes to wait.
    pub min_bytes: i32,
    /// The most bytes of an answer.
    pub max_bytes: i32,
    /// How many records a batch of acquired ones is to have, where record
    /// batches allow.
    pub batch_size: i32,
    /// The partitions that are new to the session, and those with
    /// acknowledgements.
    pub partitions: Vec<ShareFetchPartition>,
    /// The partitions that the session is to forget.
    pub forgotten: Vec<TopicIdPartition>,
}

/// A partition of a [`ShareFetchRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareFetchPartition {
    /// Which.
    pub of: TopicIdPartition,
    /// The most bytes of it; 0 when it is only acknowledged.
    pub partition_max_bytes: i32,
    /// What is said of records that were acquired before.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}

/// What was acquired.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareFetchResponse {
    /// An error of the whole request, such as `SHARE_SESSION_NOT_FOUND`.
    pub error_code: ErrorCode,
    /// The partitions of which there is something to tell.
    pub partitions: Vec<(TopicIdPartition, ShareFetchedPartition)>,
}

/// What was acquired of a partition, and what became of acknowledgements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareFetchedPartition {
    /// Why nothing could be fetched.
    pub error_code: ErrorCode,
    /// Why the acknowledgements did not count.
    pub acknowledge_error_code: ErrorCode,
    /// The batches that hold what was acquired, and perhaps more.
    pub records: Vec<RecordBatch>,
    /// What was acquired.
    pub acquired_records: Vec<AcquiredRecords>,
}

impl Default for ShareFetchedPartition {
    /// Nothing, and nothing wrong.
    fn default() -> Self {
        ShareFetchedPartition {
            error_code: ErrorCode::None,
            acknowledge_error_code: ErrorCode::None,
            records: Vec::new(),
            acquired_records: Vec::new(),
        }
    }
}

/// Records in a row that a member has acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AcquiredRecords {
    /// The first offset.
    pub first_offset: i64,
    /// The last offset.
    pub last_offset: i64,
    /// How often they have been delivered, this time included.
    pub delivery_count: i16,
}

/// Says what has become of acquired records, without fetching.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareAcknowledgeRequest {
    /// The group.
    pub group_id: String,
    /// The member.
    pub member_id: String,
    /// -1 closes the session; else the count of its requests.
    pub share_session_epoch: i32,
    /// What is said.
    pub partitions: Vec<(TopicIdPartition, Vec<AcknowledgementBatch>)>,
}

/// Whether that counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareAcknowledgeResponse {
    /// An error of the whole request.
    pub error_code: ErrorCode,
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicIdPartition, ErrorCode)>,
}

/// How often records in a row were delivered, and what has become of them
/// (`PersisterStateBatch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PersisterStateBatch {
    /// The first offset.
    pub first_offset: i64,
    /// The last offset.
    pub last_offset: i64,
    /// `RecordState`'s number: 0 available, 2 acknowledged, 4 archived.
    pub delivery_state: i8,
    /// How often they were delivered.
    pub delivery_count: i16,
}

/// The start offset of a share-partition that has none yet
/// (`PartitionFactory.UNINITIALIZED_START_OFFSET`).
pub const UNINITIALIZED_START_OFFSET: i64 = -1;

/// Reads the state of share-partitions. A new leader of a partition fences the
/// writes of the old one with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadShareGroupStateRequest {
    /// The group.
    pub group_id: String,
    /// The partitions, each with the reader's leader epoch.
    pub partitions: Vec<(TopicIdPartition, i32)>,
}

/// The state of share-partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadShareGroupStateResponse {
    /// One entry for each partition of the request.
    pub results: Vec<(TopicIdPartition, SharePartitionStateRead)>,
}

/// The state of a share-partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharePartitionStateRead {
    /// `NONE`, or why it could not be read.
    pub error_code: ErrorCode,
    /// How often the state was set anew.
    pub state_epoch: i32,
    /// Where the share-partition begins; -1 when nothing was written yet.
    pub start_offset: i64,
    /// What is known of the records from there on.
    pub state_batches: Vec<PersisterStateBatch>,
}

/// Writes changes of the state of share-partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteShareGroupStateRequest {
    /// The group.
    pub group_id: String,
    /// The partitions.
    pub partitions: Vec<(TopicIdPartition, SharePartitionStateWrite)>,
}

/// A change of the state of a share-partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharePartitionStateWrite {
    /// The state epoch that the writer has read.
    pub state_epoch: i32,
    /// The writer's leader epoch; -1 to leave it as it is.
    pub leader_epoch: i32,
    /// Where the share-partition begins; -1 to leave it as it is.
    pub start_offset: i64,
    /// What has changed.
    pub state_batches: Vec<PersisterStateBatch>,
}

/// Whether each of these was done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupStateResults {
    /// One entry for each partition of the request: `NONE`,
    /// `FENCED_LEADER_EPOCH`, `FENCED_STATE_EPOCH` and so on.
    pub results: Vec<(TopicIdPartition, ErrorCode)>,
}

/// Reads where share-partitions begin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadShareGroupStateSummaryRequest {
    /// The group.
    pub group_id: String,
    /// The partitions.
    pub partitions: Vec<TopicIdPartition>,
}

/// Where share-partitions begin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadShareGroupStateSummaryResponse {
    /// For each partition of the request the error, the state epoch and the
    /// start offset, -1 when nothing was written yet.
    pub results: Vec<(TopicIdPartition, ErrorCode, i32, i64)>,
}

/// Sets the state of share-partitions anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitializeShareGroupStateRequest {
    /// The group.
    pub group_id: String,
    /// The partitions, each with its new state epoch and start offset.
    pub partitions: Vec<(TopicIdPartition, i32, i64)>,
}

/// Forgets the state of share-partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteShareGroupStateRequest {
    /// The group.
    pub group_id: String,
    /// The partitions.
    pub partitions: Vec<TopicIdPartition>,
}
