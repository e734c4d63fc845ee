use std::collections::{BTreeMap, BTreeSet};

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

/// The topics of the cluster, as the coordinator's broker knows them
/// (`org.apache.kafka.image.TopicsImage`).
pub trait TopicsImage {
    /// The topic with this name.
    fn topic(&self, name: &str) -> Option<TopicMetadata>;

    /// The name of the topic with this id.
    fn name(&self, id: TopicId) -> Option<TopicName>;
}

impl TopicsImage for BTreeMap<TopicName, TopicMetadata> {
    fn topic(&self, name: &str) -> Option<TopicMetadata> {
        self.get(name).cloned()
    }

    fn name(&self, id: TopicId) -> Option<TopicName> {
        let mut all = self.iter();
        all.find(|(_, topic)| topic.id == id)
            .map(|(name, _)| name.clone())
    }
}
