//! The records that `send()` took and that have no answer yet: their sizes are
//! what the tool prints when one fails.

use engine::collections::BTreeMap;
use std::collections::VecDeque;

use engine::{RecordSizes, TopicPartition};

/// `null`, or `5 bytes`.
pub(super) fn size_text(size: Option<usize>) -> String {
    match size {
        None => "null".to_owned(),
        Some(bytes) => format!("{bytes} bytes"),
    }
}

/// Records without an answer, by partition, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Unanswered {
    by_partition: BTreeMap<TopicPartition, VecDeque<RecordSizes>>,
}

impl Unanswered {
    pub fn is_empty(&self) -> bool {
        self.by_partition.is_empty()
    }

    /// Records are in the accumulator.
    pub fn add(&mut self, partition: &TopicPartition, records: &[RecordSizes]) {
        let queue = self.by_partition.entry(partition.clone()).or_default();
        queue.extend(records);
    }

    /// The oldest so many records of a partition have their answer.
    pub fn take(&mut self, partition: &TopicPartition, records: i32) -> Vec<RecordSizes> {
        let Some(queue) = self.by_partition.get_mut(partition) else {
            return Vec::new();
        };
        let count = usize::try_from(records)
            .unwrap_or_default()
            .min(queue.len());
        let taken = queue.drain(..count).collect();
        if queue.is_empty() {
            self.by_partition.remove(partition);
        }
        taken
    }
}
