//! The messages of the consumer group protocol of KIP-848.

use super::{ErrorCode, TopicId, TopicName};

/// The epoch with which a member joins, or rejoins after it was fenced.
pub const JOIN_GROUP_MEMBER_EPOCH: i32 = 0;

/// The epoch with which a member leaves.
pub const LEAVE_GROUP_MEMBER_EPOCH: i32 = -1;

/// The epoch with which a static member leaves that will be back.
pub const LEAVE_GROUP_STATIC_MEMBER_EPOCH: i32 = -2;

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupTopicPartitions {
    /// The topic's id.
    pub topic_id: TopicId,
    /// The partitions' numbers.
    pub partitions: Vec<i32>,
}

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
    pub topic_partitions: Option<Vec<ConsumerGroupTopicPartitions>>,
}

/// How the member stands, and what it is to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupHeartbeatResponse {
    /// `NONE`, or why the heartbeat does not count.
    pub error_code: ErrorCode,
    /// The error in words.
    pub error_message: Option<String>,
    /// The member's id; `None` with an error.
    pub member_id: Option<String>,
    /// The member's epoch; 0 with an error.
    pub member_epoch: i32,
    /// After how many milliseconds the next heartbeat is due.
    pub heartbeat_interval_ms: i32,
    /// What the member may read; `None` when it has not changed.
    pub assignment: Option<Vec<ConsumerGroupTopicPartitions>>,
}

impl ConsumerGroupHeartbeatResponse {
    /// The answer to a heartbeat that does not count.
    pub fn error(error_code: ErrorCode, message: &str) -> ConsumerGroupHeartbeatResponse {
        ConsumerGroupHeartbeatResponse {
            error_code,
            error_message: Some(message.to_owned()),
            member_id: None,
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            assignment: None,
        }
    }
}

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupDescribedGroup {
    /// `NONE`, or `GROUP_ID_NOT_FOUND`.
    pub error_code: ErrorCode,
    /// The error in words.
    pub error_message: Option<String>,
    /// The group.
    pub group_id: String,
    /// Its state, by Kafka's name; empty with an error.
    pub group_state: String,
    /// How often its members, their subscriptions or its topics have changed.
    pub group_epoch: i32,
    /// The group epoch for which the target assignment was computed.
    pub assignment_epoch: i32,
    /// The assignor's name.
    pub assignor_name: String,
    /// Its members.
    pub members: Vec<ConsumerGroupDescribedMember>,
}

impl ConsumerGroupDescribedGroup {
    /// What is told of a group that cannot be described.
    pub fn error(group_id: &str, error_code: ErrorCode, message: &str) -> Self {
        ConsumerGroupDescribedGroup {
            error_code,
            error_message: Some(message.to_owned()),
            group_id: group_id.to_owned(),
            group_state: String::new(),
            group_epoch: 0,
            assignment_epoch: 0,
            assignor_name: String::new(),
            members: Vec::new(),
        }
    }
}

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
    pub assignment: Vec<ConsumerGroupDescribedPartitions>,
    /// What it is to read when the group is stable.
    pub target_assignment: Vec<ConsumerGroupDescribedPartitions>,
}

/// Partitions of one topic, with its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupDescribedPartitions {
    /// The topic's id.
    pub topic_id: TopicId,
    /// Its name.
    pub topic_name: TopicName,
    /// The partitions' numbers.
    pub partitions: Vec<i32>,
}
