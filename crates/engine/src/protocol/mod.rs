//! Kafka's protocol messages: the names and fields of the requests and
//! responses that travel between nodes, and the errors they carry.
//!
//! Fields that nothing here reads yet are left out; what is there has Kafka's
//! name (in Rust's spelling), type and meaning. The source is Kafka's own
//! message definitions (`clients/src/main/resources/common/message`).

mod admin;
mod cluster;
mod configs;
mod consumer_group;
mod error;
mod fetch;
mod group;
mod metadata;
mod modern_group;
mod records;
mod share;
mod transaction;
pub mod wire;
mod zookeeper;

pub use admin::*;
pub use cluster::*;
pub use configs::*;
pub use consumer_group::*;
pub use error::ErrorCode;
pub use fetch::*;
pub use group::*;
pub use metadata::*;
pub use modern_group::*;
pub use records::*;
pub use share::*;
pub use transaction::*;
pub use zookeeper::*;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A topic's name. Shared, since every record, packet and lane carries it.
pub type TopicName = Arc<str>;

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition's number, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// The partition with this number of this topic.
    pub fn new(topic: impl Into<TopicName>, partition: i32) -> TopicPartition {
        TopicPartition {
            topic: topic.into(),
            partition,
        }
    }
}

impl Ord for TopicPartition {
    /// By the topic's name, then by number. Names are shared, so that two of one
    /// topic are mostly told to be that without reading them.
    fn cmp(&self, other: &TopicPartition) -> Ordering {
        let by_topic = match Arc::ptr_eq(&self.topic, &other.topic) {
            true => Ordering::Equal,
            false => self.topic.cmp(&other.topic),
        };
        by_topic.then_with(|| self.partition.cmp(&other.partition))
    }
}

impl PartialOrd for TopicPartition {
    fn partial_cmp(&self, other: &TopicPartition) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for TopicPartition {
    /// As Kafka writes it: `topic-0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// What precedes every request; its answer carries the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Matches a response to its request; counted by the client.
    pub correlation_id: i32,
    /// The client's `client.id`.
    pub client_id: Arc<str>,
}

impl Header {
    /// That of a node's next request, by its count of requests.
    pub(crate) fn next(count: &mut i32, client_id: &Arc<str>) -> Header {
        let correlation_id = *count;
        *count = count.wrapping_add(1) & i32::MAX;
        Header {
            correlation_id,
            client_id: client_id.clone(),
        }
    }

    /// That of a packet which is neither request nor response.
    pub(crate) fn none() -> Header {
        Header {
            correlation_id: -1,
            client_id: "".into(),
        }
    }
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// A question, on its way to a broker.
    Request(Request),
    /// An answer, on its way back.
    Response(Response),
    /// The end of a connection, told by the side that opened it (TCP's FIN).
    ClientClosed,
    /// The end of a connection, told by the side that took it, or that there
    /// is nobody to take it (TCP's FIN or RST).
    ServerClosed,
}

impl Payload {
    /// The API's name, such as `Produce`, for a request and its response alike;
    /// `Disconnect` for the end of a connection; with ZooKeeper the operation's
    /// name.
    pub fn api(&self) -> &'static str {
        match self {
            Payload::Request(Request::ZooKeeper(request)) => request.operation.name(),
            Payload::Response(Response::ZooKeeper(response)) => response.result.name(),
            Payload::Request(request) => request.api(),
            Payload::Response(response) => response.api(),
            Payload::ClientClosed | Payload::ServerClosed => "Disconnect",
        }
    }

    /// Whether it comes from the side that opened the connection.
    pub fn is_from_client(&self) -> bool {
        matches!(self, Payload::Request(_) | Payload::ClientClosed)
    }
}

macro_rules! apis {
    ($($(#[$doc:meta])* $api:ident($request:ty, $response:ty)),+ $(,)?) => {
        /// A request of Kafka's protocol.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Request {
            $($(#[$doc])* $api($request)),+
        }

        /// A response of Kafka's protocol.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Response {
            $($(#[$doc])* $api($response)),+
        }

        impl Request {
            /// The API's name, as in Kafka's `ApiKeys`.
            pub fn api(&self) -> &'static str {
                match self {
                    $(Request::$api(_) => stringify!($api)),+
                }
            }
        }

        impl Response {
            /// The API's name, as in Kafka's `ApiKeys`.
            pub fn api(&self) -> &'static str {
                match self {
                    $(Response::$api(_) => stringify!($api)),+
                }
            }
        }
    };
}

apis! {
    /// Which brokers and topics there are, and who leads what.
    Metadata(MetadataRequest, MetadataResponse),
    /// Makes topics.
    CreateTopics(CreateTopicsRequest, CreateTopicsResponse),
    /// Removes topics.
    DeleteTopics(DeleteTopicsRequest, DeleteTopicsResponse),
    /// Adds partitions to topics.
    CreatePartitions(CreatePartitionsRequest, CreatePartitionsResponse),
    /// Changes settings of topics, brokers and groups.
    IncrementalAlterConfigs(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse),
    /// Tells settings of topics, brokers and groups.
    DescribeConfigs(DescribeConfigsRequest, DescribeConfigsResponse),
    /// Appends record batches.
    Produce(ProduceRequest, ProduceResponse),
    /// Reads record batches.
    Fetch(FetchRequest, FetchResponse),
    /// Finds the first, the last, or a timestamp's offset.
    ListOffsets(ListOffsetsRequest, ListOffsetsResponse),
    /// Finds where a leader's epoch ended.
    OffsetForLeaderEpoch(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse),
    /// Moves log starts, so that records before them are gone.
    DeleteRecords(DeleteRecordsRequest, DeleteRecordsResponse),
    /// Gives a producer the id and epoch that its batches carry.
    InitProducerId(InitProducerIdRequest, InitProducerIdResponse),
    /// Gives a broker a block of producer ids.
    AllocateProducerIds(AllocateProducerIdsRequest, AllocateProducerIdsResponse),
    /// Makes partitions part of a transaction, or asks whether they are.
    AddPartitionsToTxn(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse),
    /// Makes a group's offsets part of a transaction.
    AddOffsetsToTxn(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse),
    /// Stores a group's offsets, to count when the transaction is committed.
    TxnOffsetCommit(TxnOffsetCommitRequest, TxnOffsetCommitResponse),
    /// Commits or aborts a transaction.
    EndTxn(EndTxnRequest, EndTxnResponse),
    /// Writes the markers that end transactions.
    WriteTxnMarkers(WriteTxnMarkersRequest, WriteTxnMarkersResponse),
    /// Describes transactions.
    DescribeTransactions(DescribeTransactionsRequest, DescribeTransactionsResponse),
    /// Lists the transactions a broker coordinates.
    ListTransactions(ListTransactionsRequest, ListTransactionsResponse),
    /// Describes the producers that a partition's log knows.
    DescribeProducers(DescribeProducersRequest, DescribeProducersResponse),
    /// Finds the brokers that coordinate groups, transactions or share groups.
    FindCoordinator(FindCoordinatorRequest, FindCoordinatorResponse),
    /// Enters a group, or its next generation.
    JoinGroup(JoinGroupRequest, JoinGroupResponse),
    /// Fetches (the leader: hands in) a generation's assignment.
    SyncGroup(SyncGroupRequest, SyncGroupResponse),
    /// Says that a member lives.
    Heartbeat(HeartbeatRequest, HeartbeatResponse),
    /// Leaves a group.
    LeaveGroup(LeaveGroupRequest, LeaveGroupResponse),
    /// Joins, stays in and leaves a group of KIP-848.
    ConsumerGroupHeartbeat(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse),
    /// Describes groups of KIP-848.
    ConsumerGroupDescribe(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse),
    /// Stores the offsets up to which a group has read.
    OffsetCommit(OffsetCommitRequest, OffsetCommitResponse),
    /// Reads them back.
    OffsetFetch(OffsetFetchRequest, OffsetFetchResponse),
    /// Lists the groups a broker coordinates.
    ListGroups(ListGroupsRequest, ListGroupsResponse),
    /// Describes groups: state, members, assignment.
    DescribeGroups(DescribeGroupsRequest, DescribeGroupsResponse),
    /// Forgets offsets of a group.
    OffsetDelete(OffsetDeleteRequest, OffsetDeleteResponse),
    /// Deletes groups.
    DeleteGroups(DeleteGroupsRequest, DeleteGroupsResponse),
    /// A broker makes itself known to the controller.
    BrokerRegistration(BrokerRegistrationRequest, BrokerRegistrationResponse),
    /// A broker says that it lives, or wants to stop.
    BrokerHeartbeat(BrokerHeartbeatRequest, BrokerHeartbeatResponse),
    /// A leader asks for another ISR.
    AlterPartition(AlterPartitionRequest, AlterPartitionResponse),
    /// A client's request, passed on to the controller.
    Envelope(EnvelopeRequest, EnvelopeResponse),
    /// Reads the metadata log (in Kafka a `Fetch` of `__cluster_metadata-0`).
    FetchMetadata(FetchMetadataRequest, FetchMetadataResponse),
    /// A controller wants to become the active one.
    Vote(VoteRequest, VoteResponse),
    /// A controller has become the active one.
    BeginQuorumEpoch(BeginQuorumEpochRequest, BeginQuorumEpochResponse),
    /// Elects leaders.
    ElectLeaders(ElectLeadersRequest, ElectLeadersResponse),
    /// Moves partitions to other brokers.
    AlterPartitionReassignments(
        AlterPartitionReassignmentsRequest,
        AlterPartitionReassignmentsResponse
    ),
    /// Lists the moves under way.
    ListPartitionReassignments(
        ListPartitionReassignmentsRequest,
        ListPartitionReassignmentsResponse
    ),
    /// A member of a share group joins, lives or leaves (KIP-932).
    ShareGroupHeartbeat(ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse),
    /// Describes share groups.
    ShareGroupDescribe(ShareGroupDescribeRequest, ShareGroupDescribeResponse),
    /// Acquires records for a member of a share group.
    ShareFetch(ShareFetchRequest, ShareFetchResponse),
    /// Says what has become of acquired records.
    ShareAcknowledge(ShareAcknowledgeRequest, ShareAcknowledgeResponse),
    /// Sets the state of share-partitions anew.
    InitializeShareGroupState(InitializeShareGroupStateRequest, ShareGroupStateResults),
    /// Reads the state of share-partitions.
    ReadShareGroupState(ReadShareGroupStateRequest, ReadShareGroupStateResponse),
    /// Writes changes of it.
    WriteShareGroupState(WriteShareGroupStateRequest, ShareGroupStateResults),
    /// Forgets it.
    DeleteShareGroupState(DeleteShareGroupStateRequest, ShareGroupStateResults),
    /// Reads where share-partitions begin.
    ReadShareGroupStateSummary(
        ReadShareGroupStateSummaryRequest,
        ReadShareGroupStateSummaryResponse
    ),
    /// An operation of ZooKeeper's, which is not of Kafka's protocol.
    ZooKeeper(ZooKeeperRequest, ZooKeeperResponse),
}
