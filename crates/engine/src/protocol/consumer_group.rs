//! The messages of the consumer group protocol of KIP-848.

use super::{
    DescribedModernGroup, GroupDescribedPartitions, GroupHeartbeatResponse, GroupTopicPartitions,
    TopicName,
};

/// The epoch with which a member joins, or rejoins after it was fenced.
pub const JOIN_GROUP_MEMBER_EPOCH: i32 = 0;

/// The epoch with which a member leaves.
pub const LEAVE_GROUP_MEMBER_EPOCH: i32 = -1;

/// The epoch with which a static member leaves that will be back.
pub const LEAVE_GROUP_STATIC_MEMBER_EPOCH: i32 = -2;

/// Joins a group, says that a member lives and what has changed with it, or
/// leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupHeartbeatRequest {
    /// The group (`group.id`).
    pub group_id: String,
    /// The id the coordinator gave; empty at first.
    pub member_id: String,
    /// The member's epoch; [`JOIN_GROUP_MEMBER_EPOCH`],
    /// [`LEAVE_GROUP_MEMBER_EPOCH`] or [`LEAVE_GROUP_STATIC_MEMBER_EPOCH`].
    pub member_epoch: i32,
    /// `group.instance.id`; `None` when there is none, or it has not changed.
    pub instance_id: Option<String>,
    /// `client.rack`; `None` when there is none, or it has not changed.
    pub rack_id: Option<String>,
    /// How long the member may take to give partitions up
    /// (`max.poll.interval.ms`), in milliseconds; -1 when it has not changed.
    pub rebalance_timeout_ms: i32,
    /// The topics it subscribes to; `None` when they have not changed.
    pub subscribed_topic_names: Option<Vec<TopicName>>,
    /// `group.remote.assignor`; `None` when there is none, or it has not
    /// changed.
    pub server_assignor: Option<String>,
    /// The partitions it has; `None` when they have not changed.
    pub topic_partitions: Option<Vec<GroupTopicPartitions>>,
}

/// How the member stands, and what it is to read.
pub type ConsumerGroupHeartbeatResponse = GroupHeartbeatResponse;

/// Describes groups of this protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupDescribeRequest {
    /// The groups.
    pub group_ids: Vec<String>,
}

/// The groups described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupDescribeResponse {
    /// One entry for each group of the request.
    pub groups: Vec<ConsumerGroupDescribedGroup>,
}

/// A group described.
pub type ConsumerGroupDescribedGroup = DescribedModernGroup<ConsumerGroupDescribedMember>;

/// A member of a group described.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupDescribedMember {
    /// Its id.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub instance_id: Option<String>,
    /// Its `client.rack`.
    pub rack_id: Option<String>,
    /// The assignment epoch it has been brought to.
    pub member_epoch: i32,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from, such as `/127.0.0.1`.
    pub client_host: String,
    /// The topics it subscribes to, in order.
    pub subscribed_topic_names: Vec<TopicName>,
    /// What it may read.
    pub assignment: Vec<GroupDescribedPartitions>,
    /// What it is to read when the group is stable.
    pub target_assignment: Vec<GroupDescribedPartitions>,
}
