//! The cluster as an accumulator sees it: a client's metadata.

use super::accumulator::ClusterView;
use crate::client::ClientMetadata;
use crate::protocol::TopicPartition;

/// Partitions come by their numbers, topics by their names; in Kafka the order
/// is that of a hash table.
impl ClusterView for ClientMetadata {
    fn partition_count(&self, topic: &str) -> usize {
        self.partitions(topic).map_or(0, <[_]>::len)
    }

    fn leader(&self, of: &TopicPartition) -> Option<(i32, i32)> {
        let known = self.partition(&of.topic, of.partition)?;
        Some((known.leader?, known.leader_epoch))
    }

    fn available(&self, topic: &str) -> Vec<i32> {
        let all = (0..).zip(self.partitions(topic).unwrap_or_default());
        let led = all.filter(|(_, known)| known.leader.is_some());
        led.map(|(number, _)| number).collect()
    }

    fn led_by(&self, broker: i32) -> Vec<TopicPartition> {
        let mut led = Vec::new();
        for topic in self.wanted() {
            let all = (0..).zip(self.partitions(topic).unwrap_or_default());
            let its = all.filter(|(_, known)| known.leader == Some(broker));
            led.extend(its.map(|(number, _)| TopicPartition::new(topic.clone(), number)));
        }
        led
    }
}
