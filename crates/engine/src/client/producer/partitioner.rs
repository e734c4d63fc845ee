use super::accumulator::Appended;
use crate::client::metadata::PartitionInfo;

/// Where records without a key go: to one partition until `batch.size` bytes
/// went there and its batches are full, then to another drawn at random
/// (KIP-480, KIP-794; `BuiltInPartitioner`). Partitions are drawn evenly: the
/// queue-size weights of `partitioner.adaptive.partitioning.enable` are not
/// modelled yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct StickyPartitioner {
    partition: Option<i32>,
    produced_bytes: usize,
}

/// The partition that these random bits point to: one of those with a leader,
/// or of all when none has one.
pub(super) fn draw(partitions: &[PartitionInfo], random: u32) -> i32 {
    let led = || (0..).zip(partitions).filter(|(_, to)| to.leader.is_some());
    let drawn = |count: usize| random as usize % count;
    match led().count() {
        0 => drawn(partitions.len()) as i32,
        count => led().nth(drawn(count)).expect("so many are led").0,
    }
}

impl StickyPartitioner {
    pub fn current(&self) -> Option<i32> {
        self.partition
    }

    /// The partition for the next record. `all_batches_full` tells whether a
    /// partition's queue is empty or ends with a full batch: then a switch
    /// that an unfinished batch prevented is made up for.
    pub fn choose(
        &mut self,
        batch_size: usize,
        all_batches_full: impl Fn(i32) -> bool,
        mut draw: impl FnMut() -> i32,
    ) -> i32 {
        loop {
            let partition = match self.partition {
                Some(partition) => partition,
                None => self.stick_to(draw()),
            };
            if self.produced_bytes < batch_size.max(1) || !all_batches_full(partition) {
                return partition;
            }
            self.stick_to(draw());
        }
    }

    /// Notes that the partition's queue has grown, and leaves the partition
    /// when it had its share: with full batches only, or at twice the share.
    pub fn appended(&mut self, appended: Appended, batch_size: usize, draw: impl FnOnce() -> i32) {
        self.produced_bytes += appended.bytes;
        let share = batch_size.max(1);
        let had_its_share = self.produced_bytes >= share && appended.all_batches_full;
        if had_its_share || self.produced_bytes >= share.saturating_mul(2) {
            self.stick_to(draw());
        }
    }

    fn stick_to(&mut self, partition: i32) -> i32 {
        self.produced_bytes = 0;
        *self.partition.insert(partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws 0, 1, 2, … and appends 40 bytes a record; a batch is full at 100.
    fn partitions_of(records: usize) -> Vec<i32> {
        let mut sticky = StickyPartitioner::default();
        let mut draws = 0..;
        let mut filled = [0usize; 3];
        let mut chosen = Vec::new();
        for _ in 0..records {
            let full = |bytes: usize| bytes == 0 || bytes >= 100;
            let mut draw = || draws.next().unwrap_or_default() % 3;
            let partition = sticky.choose(100, |p| full(filled[p as usize]), &mut draw);
            let bytes = &mut filled[partition as usize];
            *bytes += 40;
            let appended = Appended {
                bytes: 40,
                all_batches_full: full(*bytes),
            };
            sticky.appended(appended, 100, &mut draw);
            chosen.push(partition);
        }
        chosen
    }

    #[test]
    fn keyless_records_stick_until_the_batch_is_full() {
        assert_eq!(partitions_of(7), [0, 0, 0, 1, 1, 1, 2]);
    }
}
