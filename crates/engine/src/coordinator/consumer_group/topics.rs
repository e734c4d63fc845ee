use crate::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::protocol::{TopicId, TopicName};

/// What a group has to know of a topic it subscribes to
/// (`org.apache.kafka.coordinator.group.modern.TopicMetadata`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicMetadata {
    /// Its id.
    pub id: TopicId,
    /// How many partitions it has.
    pub num_partitions: i32,
    /// The racks of the replicas of each partition, where any are known.
    pub partition_racks: BTreeMap<i32, BTreeSet<String>>,
}

/// The topics of the cluster by name, as the coordinator's broker knows them;
/// all its shards share them (`org.apache.kafka.image.TopicsImage`).
pub type TopicsImage = Arc<BTreeMap<TopicName, TopicMetadata>>;

/// The name of the topic with this id.
pub(super) fn name_of(image: &TopicsImage, id: TopicId) -> Option<&TopicName> {
    let mut all = image.iter();
    all.find(|(_, topic)| topic.id == id).map(|(name, _)| name)
}
