//! What brokers and controllers say to each other.

use super::{ErrorCode, Request, Response, TopicPartition};
use crate::controller::MetadataRecord;

/// A broker that has started makes itself known to the controller (KIP-631).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerRegistrationRequest {
    /// Its `node.id`.
    pub broker_id: i32,
    /// Which run of the broker it is; each has another.
    pub incarnation_id: u64,
    /// Its `broker.rack`.
    pub rack: Option<String>,
}

/// Whether it was registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerRegistrationResponse {
    /// `NONE`, or why not.
    pub error_code: ErrorCode,
    /// Stands for this run of the broker from now on; -1 with an error.
    pub broker_epoch: i64,
}

/// A broker says that it lives, and what it wants (KIP-631).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerHeartbeatRequest {
    /// Its `node.id`.
    pub broker_id: i32,
    /// The epoch it was registered with.
    pub broker_epoch: i64,
    /// The end of the metadata log as far as it has taken it in.
    pub current_metadata_offset: i64,
    /// Whether it wants to stay fenced, since it is not ready yet.
    pub want_fence: bool,
    /// Whether it wants to stop.
    pub want_shut_down: bool,
}

/// What the controller makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerHeartbeatResponse {
    /// `NONE`, or why the heartbeat does not count.
    pub error_code: ErrorCode,
    /// Whether the broker has taken in all that it must before it may serve.
    pub is_caught_up: bool,
    /// Whether it is fenced.
    pub is_fenced: bool,
    /// Whether it may stop now.
    pub should_shut_down: bool,
}

/// A broker asks for other ISRs of partitions that it leads (KIP-497).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartitionRequest {
    /// Its `node.id`.
    pub broker_id: i32,
    /// The epoch it was registered with.
    pub broker_epoch: i64,
    /// The partitions, each with what is asked.
    pub partitions: Vec<(TopicPartition, AlterPartition)>,
}

/// What a leader asks of the controller when its ISR changes
/// (`AlterPartitionRequest.PartitionData`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartition {
    /// The broker that asks.
    pub broker_id: i32,
    /// The epoch in which it believes it leads.
    pub leader_epoch: i32,
    /// The partition epoch that it knows.
    pub partition_epoch: i32,
    /// The replicas in sync from now on.
    pub new_isr_with_epochs: Vec<IsrMember>,
    /// Whether it has yet to recover from an unclean election (KIP-704).
    pub recovering: bool,
}

impl AlterPartition {
    /// The replicas in sync from now on, by their `node.id`.
    pub fn new_isr(&self) -> Vec<i32> {
        let members = self.new_isr_with_epochs.iter();
        members.map(|member| member.broker_id).collect()
    }
}

/// A replica that shall be in sync, and the run of its broker for which that
/// holds: the next run may have another disk (KIP-903,
/// `AlterPartitionRequest.BrokerState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IsrMember {
    /// Its `node.id`.
    pub broker_id: i32,
    /// The epoch of its registration, or [`UNKNOWN_BROKER_EPOCH`].
    pub broker_epoch: i64,
}

/// Stands for a broker epoch that is not known, and matches every other.
pub const UNKNOWN_BROKER_EPOCH: i64 = -1;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartitionResponse {
    /// An error of the whole request.
    pub error_code: ErrorCode,
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, AlteredPartition)>,
}

/// A partition as it is after an [`AlterPartitionRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlteredPartition {
    /// `NONE`, or why it was not changed.
    pub error_code: ErrorCode,
    /// Who leads, -1 when nobody does.
    pub leader_id: i32,
    /// How often leadership has changed hands.
    pub leader_epoch: i32,
    /// The replicas in sync.
    pub isr: Vec<i32>,
    /// Whether the leader has yet to recover.
    pub recovering: bool,
    /// How often the partition has changed.
    pub partition_epoch: i32,
}

/// A client's request, passed on from a broker to the controller (KIP-590).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnvelopeRequest {
    /// The client's request.
    pub request: Box<Request>,
}

/// The controller's answer, for the broker to hand back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnvelopeResponse {
    /// `NONE`, or `NOT_CONTROLLER`.
    pub error_code: ErrorCode,
    /// The answer to the client.
    pub response: Option<Box<Response>>,
}

/// How far a copy of the metadata log goes in records that say nothing
/// (`NoOpRecord`, KIP-835). The active controller writes them so that readers are
/// answered though nothing happens. Here they are counted and not kept: who has
/// not read the last one does not wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoOps {
    /// The epoch of the controller that wrote them.
    pub leader_epoch: i32,
    /// How many it has written in that epoch.
    pub count: u64,
}

/// Reads the metadata log. Kafka uses `Fetch` of `__cluster_metadata-0` for
/// this (KIP-595); here the records travel as they are, not as bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchMetadataRequest {
    /// The controller's or broker's `node.id`.
    pub replica_id: i32,
    /// Whether a controller asks, whose copy counts for what is committed.
    pub is_voter: bool,
    /// The epoch of the leader it believes in.
    pub current_leader_epoch: i32,
    /// The end of its copy.
    pub fetch_offset: i64,
    /// The epoch of its last record, 0 when it has none.
    pub last_fetched_epoch: i32,
    /// The last `NoOpRecord` that it has read.
    pub no_ops_read: NoOps,
    /// How long the leader may wait for something new, in milliseconds.
    pub max_wait_ms: i32,
}

/// What was read of the metadata log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchMetadataResponse {
    /// `NONE`, or why nothing was read.
    pub error_code: ErrorCode,
    /// The epoch the answering node is in.
    pub leader_epoch: i32,
    /// The active controller as far as it knows, -1 when there is none.
    pub leader_id: i32,
    /// Where the reader's copy and the leader's part, by the epoch and its end
    /// offset: the reader cuts its copy there.
    pub diverging_epoch: Option<(i32, i64)>,
    /// The offset below which a majority has every record.
    pub high_watermark: i64,
    /// The last `NoOpRecord` among what was read.
    pub no_ops: NoOps,
    /// The records from the offset asked for on, each with its epoch.
    pub records: Vec<(i32, MetadataRecord)>,
}

/// A controller asks another for its vote (KIP-595).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VoteRequest {
    /// The epoch in which it would be the active one.
    pub candidate_epoch: i32,
    /// Its `node.id`.
    pub candidate_id: i32,
    /// The epoch of the last record it has.
    pub last_offset_epoch: i32,
    /// The end of its copy of the metadata log.
    pub last_offset: i64,
}

/// Whether the vote was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VoteResponse {
    /// The epoch the answering controller is in.
    pub leader_epoch: i32,
    /// The active controller as far as it knows, -1 when there is none.
    pub leader_id: i32,
    /// Whether the candidate has its vote.
    pub vote_granted: bool,
}

/// The new active controller makes itself known to the others (KIP-595).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BeginQuorumEpochRequest {
    /// Its `node.id`.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
}

/// Whether the other follows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BeginQuorumEpochResponse {
    /// The epoch the answering controller is in.
    pub leader_epoch: i32,
    /// The active controller as far as it knows, -1 when there is none.
    pub leader_id: i32,
}

/// A person asks for elections (KIP-460).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElectLeadersRequest {
    /// Who shall be elected.
    pub election_type: ElectionType,
    /// The partitions; `None` means all.
    pub partitions: Option<Vec<TopicPartition>>,
}

/// Who shall be elected on a person's request (`ElectionType`, KIP-460).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElectionType {
    /// The first of the replicas.
    Preferred,
    /// Anybody, if nobody leads.
    Unclean,
}

/// What became of the elections. When all partitions were asked for, those
/// that need none are left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElectLeadersResponse {
    /// One entry for each partition.
    pub results: Vec<PartitionResult>,
}

/// What became of one partition, where there is nothing to tell but the error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionResult {
    /// The partition.
    pub partition: TopicPartition,
    /// `NONE`, or why nothing was done.
    pub error_code: ErrorCode,
    /// The controller's words for the error.
    pub error_message: Option<String>,
}

/// Moves partitions to other brokers, or takes that back (KIP-455).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartitionReassignmentsRequest {
    /// The partitions, each with its new replicas; `None` takes the
    /// reassignment under way back.
    pub partitions: Vec<(TopicPartition, Option<Vec<i32>>)>,
}

/// What became of the reassignments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartitionReassignmentsResponse {
    /// One entry for each partition of the request.
    pub results: Vec<PartitionResult>,
}

/// Lists the reassignments under way (KIP-455).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListPartitionReassignmentsRequest {
    /// The partitions asked for; `None` asks for all.
    pub partitions: Option<Vec<TopicPartition>>,
}

/// The reassignments under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListPartitionReassignmentsResponse {
    /// The partitions on their way, by topic and number.
    pub partitions: Vec<(TopicPartition, OngoingReassignment)>,
}

/// A partition on its way to other brokers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OngoingReassignment {
    /// All replicas, those that come and those that go among them.
    pub replicas: Vec<i32>,
    /// The replicas that come.
    pub adding_replicas: Vec<i32>,
    /// The replicas that go.
    pub removing_replicas: Vec<i32>,
}
