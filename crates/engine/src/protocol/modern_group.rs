//! What the messages of groups have in common whose members the coordinator
//! gives their partitions: groups of KIP-848, and share groups.

use super::{ErrorCode, TopicId, TopicName};

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupTopicPartitions {
    /// The topic's id.
    pub topic_id: TopicId,
    /// The partitions' numbers.
    pub partitions: Vec<i32>,
}

/// How a member stands, and what it is to read
/// (`ConsumerGroupHeartbeatResponse.json`, `ShareGroupHeartbeatResponse.json`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupHeartbeatResponse {
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
    pub assignment: Option<Vec<GroupTopicPartitions>>,
}

impl GroupHeartbeatResponse {
    /// The answer to a heartbeat that does not count.
    pub fn error(error_code: ErrorCode, message: &str) -> GroupHeartbeatResponse {
        GroupHeartbeatResponse {
            error_code,
            error_message: Some(message.to_owned()),
            member_id: None,
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            assignment: None,
        }
    }
}

/// A group described, with its members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedModernGroup<M> {
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
    pub members: Vec<M>,
}

impl<M> DescribedModernGroup<M> {
    /// What is told of a group that cannot be described.
    pub fn error(group_id: &str, error_code: ErrorCode, message: &str) -> Self {
        DescribedModernGroup {
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

/// Partitions of one topic, with its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupDescribedPartitions {
    /// The topic's id.
    pub topic_id: TopicId,
    /// Its name.
    pub topic_name: TopicName,
    /// The partitions' numbers.
    pub partitions: Vec<i32>,
}
