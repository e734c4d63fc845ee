use std::sync::Arc;

use super::{ErrorCode, TopicPartition};

/// Bytes that the coordinator stores and hands on without reading: a member's
/// subscription or its assignment.
pub type Opaque = Arc<[u8]>;

/// Finds the brokers that coordinate groups, transactions or share groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FindCoordinatorRequest {
    /// What the keys name.
    pub key_type: CoordinatorType,
    /// The keys, such as `group.id`s; several since version 4 (KIP-699).
    pub coordinator_keys: Vec<String>,
}

impl FindCoordinatorRequest {
    /// Asks for the coordinator of one group.
    pub fn group(group_id: &str) -> FindCoordinatorRequest {
        FindCoordinatorRequest {
            key_type: CoordinatorType::Group,
            coordinator_keys: vec![group_id.to_owned()],
        }
    }
}

/// What a coordinator coordinates (`FindCoordinatorRequest.CoordinatorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoordinatorType {
    /// A group, by its `group.id`; in `__consumer_offsets`.
    Group = 0,
    /// A producer's transactions, by its `transactional.id`; in
    /// `__transaction_state`.
    Transaction = 1,
    /// The state of a partition that a share group reads, by
    /// `group:topic id:partition` (KIP-932); in `__share_group_state`.
    Share = 2,
}

/// The brokers that coordinate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FindCoordinatorResponse {
    /// One entry for each key of the request.
    pub coordinators: Vec<Coordinator>,
}

/// The broker that coordinates what a key names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coordinator {
    /// The key.
    pub key: String,
    /// `NONE`, `COORDINATOR_NOT_AVAILABLE` or `INVALID_GROUP_ID`.
    pub error_code: ErrorCode,
    /// The broker's id, -1 with an error.
    pub node_id: i32,
}

/// Enters a group, or its next generation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinGroupRequest {
    /// The group (`group.id`).
    pub group_id: String,
    /// After how long without a heartbeat the member counts as dead
    /// (`session.timeout.ms`).
    pub session_timeout_ms: i32,
    /// How long the member may take to rejoin (`max.poll.interval.ms`).
    pub rebalance_timeout_ms: i32,
    /// The id the coordinator gave; empty at first.
    pub member_id: String,
    /// `group.instance.id`, for a static member (KIP-345).
    pub group_instance_id: Option<String>,
    /// `consumer` for consumers.
    pub protocol_type: String,
    /// The assignors the member knows, the preferred one first.
    pub protocols: Vec<JoinGroupProtocol>,
    /// Why it joins, in the client's words (KIP-800).
    pub reason: Option<String>,
}

/// An assignor that a member knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinGroupProtocol {
    /// The assignor's name, such as `range`.
    pub name: String,
    /// What the assignor has to know of the member: its subscription.
    pub metadata: Opaque,
}

/// The generation that was entered, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinGroupResponse {
    /// `NONE`, or why the member did not enter.
    pub error_code: ErrorCode,
    /// The generation, -1 with an error.
    pub generation_id: i32,
    /// The protocol type of the group.
    pub protocol_type: Option<String>,
    /// The assignor that all members know.
    pub protocol_name: Option<String>,
    /// The member that computes the assignment; empty with an error.
    pub leader: String,
    /// The assignment stands already: the leader is not to compute it
    /// (KIP-814).
    pub skip_assignment: bool,
    /// The id of the member that asked.
    pub member_id: String,
    /// All members, for the leader alone.
    pub members: Vec<JoinGroupMember>,
}

impl JoinGroupResponse {
    /// The answer to a member that does not enter.
    pub fn error(error_code: ErrorCode, member_id: impl Into<String>) -> JoinGroupResponse {
        JoinGroupResponse {
            error_code,
            generation_id: -1,
            protocol_type: None,
            protocol_name: None,
            leader: String::new(),
            skip_assignment: false,
            member_id: member_id.into(),
            members: Vec::new(),
        }
    }
}

/// A member as the leader is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinGroupMember {
    /// Its id.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// Its subscription, for the assignor chosen.
    pub metadata: Opaque,
}

/// Asks for the member's part of the assignment; the leader hands in all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyncGroupRequest {
    /// The group.
    pub group_id: String,
    /// The generation that the member entered.
    pub generation_id: i32,
    /// The member.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// The protocol type the member believes in.
    pub protocol_type: Option<String>,
    /// The assignor the member believes in.
    pub protocol_name: Option<String>,
    /// Each member's part, from the leader; empty from all others.
    pub assignments: Vec<(String, Opaque)>,
}

/// The member's part of the assignment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyncGroupResponse {
    /// `NONE`, or why there is none.
    pub error_code: ErrorCode,
    /// The protocol type of the group.
    pub protocol_type: Option<String>,
    /// The assignor.
    pub protocol_name: Option<String>,
    /// The part; empty with an error.
    pub assignment: Opaque,
}

/// Says that a member lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeartbeatRequest {
    /// The group.
    pub group_id: String,
    /// The member's generation.
    pub generation_id: i32,
    /// The member.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
}

/// Whether the member may go on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeartbeatResponse {
    /// `NONE`; `REBALANCE_IN_PROGRESS` asks the member to rejoin.
    pub error_code: ErrorCode,
}

/// Leaves a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaveGroupRequest {
    /// The group.
    pub group_id: String,
    /// Who leaves.
    pub members: Vec<LeavingMember>,
}

/// A member that leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeavingMember {
    /// Its id; may be empty for a static member.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// Why, in the client's words (KIP-800).
    pub reason: Option<String>,
}

/// Whether they left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaveGroupResponse {
    /// An error of the whole request.
    pub error_code: ErrorCode,
    /// One entry for each member of the request.
    pub members: Vec<LeftMember>,
}

/// Whether one member left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeftMember {
    /// The member.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// `NONE`, or why it did not leave.
    pub error_code: ErrorCode,
}

/// Stores the offsets up to which a group has read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetCommitRequest {
    /// The group.
    pub group_id: String,
    /// The member's generation; -1 from outside any generation.
    pub generation_id: i32,
    /// The member; empty from outside any generation.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// For each partition the offset of the next record to read.
    pub offsets: Vec<(TopicPartition, CommittedOffset)>,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommittedOffset {
    /// The offset of the next record to read.
    pub offset: i64,
    /// The leader epoch of the last record read, -1 when not known.
    pub leader_epoch: i32,
    /// The committer's note.
    pub metadata: String,
}

/// Whether they were stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetCommitResponse {
    /// One entry for each partition of the request.
    pub partitions: Vec<(TopicPartition, ErrorCode)>,
}

/// Reads a group's offsets back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetFetchRequest {
    /// The group.
    pub group_id: String,
    /// The partitions; `None` asks for all that have an offset.
    pub partitions: Option<Vec<TopicPartition>>,
    /// Whether to tell nothing of a partition that a transaction under way has
    /// committed an offset of (KIP-447).
    pub require_stable: bool,
    /// The member of a group of KIP-848 that asks; `None` for tools.
    pub member_id: Option<String>,
    /// Its epoch, -1 for none.
    pub member_epoch: i32,
}

/// A group's offsets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetFetchResponse {
    /// An error of the whole request.
    pub error_code: ErrorCode,
    /// For each partition its offset; `None` where nothing was committed.
    pub partitions: Vec<(TopicPartition, Option<CommittedOffset>)>,
    /// The partitions with the error `UNSTABLE_OFFSET_COMMIT`.
    pub unstable: Vec<TopicPartition>,
}

/// Forgets a group's offsets (KIP-496).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetDeleteRequest {
    /// The group.
    pub group_id: String,
    /// The partitions.
    pub partitions: Vec<TopicPartition>,
}

/// Whether they were forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetDeleteResponse {
    /// An error of the whole request, such as `GROUP_ID_NOT_FOUND`.
    pub error_code: ErrorCode,
    /// One entry for each partition of the request, such as
    /// `GROUP_SUBSCRIBED_TO_TOPIC`.
    pub partitions: Vec<(TopicPartition, ErrorCode)>,
}

/// Deletes groups with their offsets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteGroupsRequest {
    /// The groups.
    pub groups_names: Vec<String>,
}

/// Whether they were deleted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteGroupsResponse {
    /// One entry for each group of the request: `NONE`, `NON_EMPTY_GROUP` or
    /// `GROUP_ID_NOT_FOUND`, among others.
    pub results: Vec<(String, ErrorCode)>,
}

/// Lists the groups that the receiver coordinates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ListGroupsRequest {
    /// The states wanted, by Kafka's names in any case; all when there is none.
    pub states_filter: Vec<String>,
    /// The types wanted, such as `consumer`, in any case; all when there is
    /// none (KIP-848).
    pub types_filter: Vec<String>,
}

impl ListGroupsRequest {
    /// Whether a group is one of those that are asked for.
    pub(crate) fn takes(&self, group: &ListedGroup) -> bool {
        let takes = |filter: &[String], value: &str| {
            filter.is_empty() || filter.iter().any(|it| it.eq_ignore_ascii_case(value))
        };
        takes(&self.states_filter, &group.group_state)
            && takes(&self.types_filter, &group.group_type)
    }
}

/// The groups that a broker coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListGroupsResponse {
    /// `NONE`, or `COORDINATOR_LOAD_IN_PROGRESS`.
    pub error_code: ErrorCode,
    /// The groups, by name.
    pub groups: Vec<ListedGroup>,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedGroup {
    /// The group.
    pub group_id: String,
    /// Its protocol type; empty for a group that only stores offsets.
    pub protocol_type: String,
    /// Its state, by Kafka's name, such as `Stable`.
    pub group_state: String,
    /// Its type, by Kafka's name: `Classic`, `Consumer` or `Share`.
    pub group_type: String,
}

/// Describes groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeGroupsRequest {
    /// The groups.
    pub groups: Vec<String>,
}

/// The groups described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeGroupsResponse {
    /// One entry for each group of the request.
    pub groups: Vec<DescribedGroup>,
}

/// A group described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedGroup {
    /// `NONE`, or `GROUP_ID_NOT_FOUND` (since KIP-1043).
    pub error_code: ErrorCode,
    /// The group.
    pub group_id: String,
    /// Its state, by Kafka's name; `Dead` when it is unknown.
    pub group_state: String,
    /// Its protocol type.
    pub protocol_type: String,
    /// The assignor in use; empty unless the group is stable.
    pub protocol_data: String,
    /// Its members.
    pub members: Vec<DescribedGroupMember>,
}

/// A member of a group described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedGroupMember {
    /// Its id.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from, such as `/127.0.0.1`.
    pub client_host: String,
    /// Its subscription; empty unless the group is stable.
    pub member_metadata: Opaque,
    /// Its part of the last assignment.
    pub member_assignment: Opaque,
}
