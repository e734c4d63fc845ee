//! Which partitions have moved from whom to whom while the assignment was
//! evened out.

use crate::collections::BTreeMap;

use super::group::Group;
use crate::hash_order::{hash_of_text, in_hash_order};

/// Remembers moves, so that not one partition of a topic goes from A to B and
/// another from B to A: that would be two moves for nothing.
///
/// Source: `AbstractStickyAssignor.PartitionMovements`.
#[derive(Default)]
pub(super) struct Movements {
    /// For each partition that moved, from whom it came at first and who has
    /// it now.
    pairs: BTreeMap<usize, (usize, usize)>,
    /// The partitions by topic and pair, as they moved.
    partitions: BTreeMap<(usize, usize, usize), Vec<usize>>,
}

impl Movements {
    /// The partition to be moved when this one is to go from `from` to `to`:
    /// one of its topic that came the opposite way, if there is any; of several
    /// the first in a Java `HashSet`.
    pub(super) fn to_be_moved(
        &self,
        group: &Group<'_>,
        partition: usize,
        from: usize,
        to: usize,
    ) -> usize {
        let topic = group.topic_of[partition];
        let came_from = self.pairs.get(&partition).map(|(from, _)| *from);
        let opposite = (topic, to, came_from.unwrap_or(from));
        let Some(candidates) = self.partitions.get(&opposite) else {
            return partition;
        };
        let topic_hash = hash_of_text(group.topics[topic].name);
        let hash = |partition: &usize| hash_of_partition(topic_hash, group.number(*partition));
        in_hash_order(candidates.clone(), hash)[0]
    }

    /// Notes that the partition of the topic goes from `from` to `to`.
    pub(super) fn add(&mut self, topic: usize, partition: usize, from: usize, to: usize) {
        let came_from = self.remove(topic, partition).unwrap_or(from);
        if came_from != to {
            self.pairs.insert(partition, (came_from, to));
            let all = self.partitions.entry((topic, came_from, to)).or_default();
            all.push(partition);
        }
    }

    /// Forgets the partition's move; returns from whom it came.
    fn remove(&mut self, topic: usize, partition: usize) -> Option<usize> {
        let (from, to) = self.pairs.remove(&partition)?;
        let key = (topic, from, to);
        if let Some(all) = self.partitions.get_mut(&key) {
            all.retain(|it| *it != partition);
            if all.is_empty() {
                self.partitions.remove(&key);
            }
        }
        Some(from)
    }
}

/// `org.apache.kafka.common.TopicPartition.hashCode`.
fn hash_of_partition(topic_hash: u32, number: usize) -> u32 {
    let hash = (number as u32).wrapping_add(31);
    hash.wrapping_mul(31).wrapping_add(topic_hash)
}
