use crate::collections::BTreeMap;

use super::{ErrorCode, TopicId, TopicName};

/// Makes topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateTopicsRequest {
    /// The topics to make.
    pub topics: Vec<CreatableTopic>,
}

/// A topic to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreatableTopic {
    /// Its name.
    pub name: TopicName,
    /// How many partitions; -1 leaves it to the broker's `num.partitions`, or
    /// to `assignments`.
    pub num_partitions: i32,
    /// How many replicas of each; -1 leaves it to the broker's
    /// `default.replication.factor`, or to `assignments`.
    pub replication_factor: i16,
    /// For each partition the brokers that are to hold it, the preferred
    /// leader first; empty leaves it to the controller.
    pub assignments: BTreeMap<i32, Vec<i32>>,
    /// Settings that differ from the broker's, by Kafka's names.
    pub configs: BTreeMap<String, String>,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateTopicsResponse {
    /// One entry for each topic of the request.
    pub topics: Vec<CreatableTopicResult>,
}

/// What became of one topic to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreatableTopicResult {
    /// The topic.
    pub name: TopicName,
    /// `NONE`, or why it was not made.
    pub error_code: ErrorCode,
    /// The broker's words for the error.
    pub error_message: Option<String>,
    /// Its id when it was made.
    pub topic_id: TopicId,
    /// Its partitions when it was made, else -1.
    pub num_partitions: i32,
    /// Its replicas when it was made, else -1.
    pub replication_factor: i16,
}

/// Removes topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteTopicsRequest {
    /// Their names.
    pub topics: Vec<TopicName>,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteTopicsResponse {
    /// One entry for each topic of the request.
    pub responses: Vec<TopicResult>,
}

/// What became of one topic, where there is nothing to tell but the error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicResult {
    /// The topic.
    pub name: TopicName,
    /// `NONE`, or why nothing was done.
    pub error_code: ErrorCode,
    /// The broker's words for the error.
    pub error_message: Option<String>,
}

/// Adds partitions to topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreatePartitionsRequest {
    /// The topics, each with its new number of partitions.
    pub topics: Vec<CreatePartitionsTopic>,
}

/// A topic that is to have more partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreatePartitionsTopic {
    /// The topic.
    pub name: TopicName,
    /// How many partitions it is to have in all.
    pub count: i32,
    /// For each new partition the brokers that are to hold it, the preferred
    /// leader first; `None` leaves it to the controller.
    pub assignments: Option<Vec<Vec<i32>>>,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreatePartitionsResponse {
    /// One entry for each topic of the request.
    pub results: Vec<TopicResult>,
}
