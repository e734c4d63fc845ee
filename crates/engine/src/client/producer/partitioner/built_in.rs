/// Where records without a key go: to one partition until `batch.size` bytes
/// went there and its batches are full, then to another drawn at random; the
/// shorter a partition's queue, the likelier
/// (`org.apache.kafka.clients.producer.internals.BuiltInPartitioner`; KIP-480,
/// KIP-794).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BuiltInPartitioner {
    sticky_batch_size: usize,
    current: Option<StickyPartition>,
    /// `None` while all partitions are alike.
    load: Option<CumulativeLoad>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct StickyPartition {
    partition: i32,
    produced_bytes: usize,
}

/// The queues of a topic's partitions that can be sent to.
#[derive(Clone, Debug, Default)]
pub(in crate::client::producer) struct PartitionLoad {
    partitions: Vec<i32>,
    lengths: Vec<usize>,
}

impl PartitionLoad {
    pub fn push(&mut self, partition: i32, queue_length: usize) {
        self.partitions.push(partition);
        self.lengths.push(queue_length);
    }
}

/// Each partition's share of the random numbers ends where its entry says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CumulativeLoad {
    partitions: Vec<i32>,
    ends: Vec<u32>,
}

impl BuiltInPartitioner {
    /// A partitioner of one topic that sticks to no partition yet.
    pub fn new(sticky_batch_size: usize) -> BuiltInPartitioner {
        BuiltInPartitioner {
            sticky_batch_size,
            current: None,
            load: None,
        }
    }

    /// The partition it sticks to.
    pub fn current(&self) -> Option<i32> {
        self.current.map(|sticky| sticky.partition)
    }

    /// The partition that 31 random bits point to: by the lengths of the
    /// queues, else one of those that have a leader, of all `count` when none
    /// has one.
    pub fn next_partition(
        &self,
        random: u32,
        available: impl FnOnce() -> Vec<i32>,
        count: usize,
    ) -> i32 {
        let Some(load) = &self.load else {
            let available = available();
            return match available.len() {
                0 => (random as usize % count.max(1)) as i32,
                led => available[random as usize % led],
            };
        };
        let end = load.ends.last().copied().unwrap_or(1);
        let drawn = random % end.max(1);
        let index = load.ends.partition_point(|end| *end <= drawn);
        load.partitions[index]
    }

    /// The partition it sticks to, drawn if there is none yet.
    pub fn peek(&mut self, draw: &mut impl FnMut(&BuiltInPartitioner) -> i32) -> i32 {
        match self.current {
            Some(sticky) => sticky.partition,
            None => self.stick_to_another(draw),
        }
    }

    /// Notes that so much was added to the partition it sticks to. When that
    /// has had its share, and holds full batches only or twice its share, it
    /// draws another; returns whether it did.
    pub fn appended(
        &mut self,
        bytes: usize,
        all_batches_full: bool,
        draw: &mut impl FnMut(&BuiltInPartitioner) -> i32,
    ) -> bool {
        let Some(sticky) = &mut self.current else {
            return false;
        };
        sticky.produced_bytes += bytes;
        let (produced, share) = (sticky.produced_bytes, self.sticky_batch_size);
        let has_had_its_share =
            produced >= share && all_batches_full || produced >= share.saturating_mul(2);
        if has_had_its_share {
            self.stick_to_another(draw);
        }
        has_had_its_share
    }

    fn stick_to_another(&mut self, draw: &mut impl FnMut(&BuiltInPartitioner) -> i32) -> i32 {
        let partition = draw(self);
        self.current = Some(StickyPartition {
            partition,
            produced_bytes: 0,
        });
        partition
    }

    /// Learns how long the queues of the partitions are that can be sent to,
    /// of `partitions` in all (`BuiltInPartitioner.updatePartitionLoadStats`).
    pub(in crate::client::producer) fn set_load(
        &mut self,
        load: Option<PartitionLoad>,
        partitions: usize,
    ) {
        let is_telling = |load: &PartitionLoad| {
            let first = load.lengths.first();
            let are_alike = load.lengths.iter().all(|length| Some(length) == first);
            let are_all = load.lengths.len() == partitions;
            !load.lengths.is_empty() && partitions >= 2 && !(are_alike && are_all)
        };
        self.load = load.filter(is_telling).map(|load| {
            let longest = load.lengths.iter().max().copied().unwrap_or_default();
            let mut end = 0;
            let ends = load.lengths.iter().map(|length| {
                end += (longest + 1 - length) as u32;
                end
            });
            CumulativeLoad {
                ends: ends.collect(),
                partitions: load.partitions,
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(lengths: &[usize]) -> PartitionLoad {
        let mut load = PartitionLoad::default();
        for (partition, length) in (0..).zip(lengths) {
            load.push(partition, *length);
        }
        load
    }

    #[test]
    fn the_shorter_a_queue_the_more_numbers_point_to_it() {
        let mut partitioner = BuiltInPartitioner::new(100);
        partitioner.set_load(Some(load(&[0, 3, 1])), 3);
        let drawn = |random| partitioner.next_partition(random, Vec::new, 3);
        let drawn: Vec<i32> = (0..8).map(drawn).collect();
        assert_eq!(drawn, [0, 0, 0, 0, 1, 2, 2, 2]);
    }

    #[test]
    fn queues_of_one_length_make_no_difference() {
        let mut partitioner = BuiltInPartitioner::new(100);
        partitioner.set_load(Some(load(&[2, 2])), 2);
        assert_eq!(partitioner.load, None);
        partitioner.set_load(Some(load(&[2, 2])), 3);
        assert_ne!(partitioner.load, None, "one of three cannot be sent to");
    }
}
