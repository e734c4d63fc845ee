use crate::collections::BTreeMap;

use crate::client::murmur2::to_positive;
use crate::protocol::TopicName;

/// Spreads the records of each topic evenly, whatever their keys
/// (`org.apache.kafka.clients.producer.RoundRobinPartitioner`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoundRobinPartitioner {
    /// How many records each topic had.
    counters: BTreeMap<TopicName, i32>,
}

impl RoundRobinPartitioner {
    /// The partition of the topic's next record: the next of those that have a
    /// leader, of all `count` when none has one.
    pub fn partition(&mut self, topic: &TopicName, available: &[i32], count: i32) -> i32 {
        let counter = self.counters.entry(topic.clone()).or_insert(0);
        let next = to_positive(*counter);
        *counter = counter.wrapping_add(1);
        match i32::try_from(available.len()).unwrap_or(i32::MAX) {
            0 => next % count.max(1),
            led => available[(next % led) as usize],
        }
    }
}
