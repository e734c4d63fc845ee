//! Which partitions have moved from whom to whom while the assignment was
//! evened out.

use std::collections::{BTreeMap, BTreeSet};

/// Remembers moves, so that not one partition of a topic goes from A to B and
/// another from B to A: that would be two moves for nothing.
///
/// Source: `AbstractStickyAssignor.PartitionMovements`.
#[derive(Default)]
pub(super) struct Movements {
    /// For each partition that moved, from whom it came at first and who has
    /// it now.
    pairs: BTreeMap<usize, (usize, usize)>,
    /// The partitions by topic and pair.
    partitions: BTreeMap<(usize, usize, usize), BTreeSet<usize>>,
}

impl Movements {
    /// The partition of the topic to be moved when `partition` is to go from
    /// `from` to `to`: one that came the opposite way, if there is any.
    pub(super) fn to_be_moved(
        &self,
        topic: usize,
        partition: usize,
        from: usize,
        to: usize,
    ) -> usize {
        let came_from = self.pairs.get(&partition).map(|(from, _)| *from);
        let opposite = (topic, to, came_from.unwrap_or(from));
        let candidates = self.partitions.get(&opposite);
        candidates
            .and_then(|candidates| candidates.first().copied())
            .unwrap_or(partition)
    }

    /// Notes that the partition of the topic goes from `from` to `to`.
    pub(super) fn add(&mut self, topic: usize, partition: usize, from: usize, to: usize) {
        let came_from = self.remove(topic, partition).unwrap_or(from);
        if came_from != to {
            self.pairs.insert(partition, (came_from, to));
            let all = self.partitions.entry((topic, came_from, to)).or_default();
            all.insert(partition);
        }
    }

    /// Forgets the partition's move; returns from whom it came.
    fn remove(&mut self, topic: usize, partition: usize) -> Option<usize> {
        let (from, to) = self.pairs.remove(&partition)?;
        let key = (topic, from, to);
        if let Some(all) = self.partitions.get_mut(&key) {
            all.remove(&partition);
            if all.is_empty() {
                self.partitions.remove(&key);
            }
        }
        Some(from)
    }
}
