//! The records that `send()` took and that have no answer yet: their sizes are
//! what the tool prints when one fails.

use std::collections::{BTreeMap, VecDeque};

use engine::TopicPartition;

/// How large a record's key and value are, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub key: Option<usize>,
    pub value: Option<usize>,
}

impl Sizes {
    pub fn of(key: Option<&Vec<u8>>, value: Option<&Vec<u8>>) -> Sizes {
        Sizes {
            key: key.map(Vec::len),
            value: value.map(Vec::len),
        }
    }
}

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
    by_partition: BTreeMap<TopicPartition, VecDeque<Sizes>>,
}

impl Unanswered {
    pub fn is_empty(&self) -> bool {
        self.by_partition.is_empty()
    }

    /// A record is in the accumulator.
    pub fn add(&mut self, partition: &TopicPartition, sizes: Sizes) {
        let queue = self.by_partition.entry(partition.clone()).or_default();
        queue.push_back(sizes);
    }

    /// The oldest so many records of a partition have their answer.
    pub fn take(&mut self, partition: &TopicPartition, records: i32) -> Vec<Sizes> {
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
