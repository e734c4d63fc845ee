use super::OutgoingRecord;
use crate::protocol::TopicName;
use crate::sim::{Random, Stream};

/// What a producer makes up: one record after another, at an even pace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// The topic it sends to.
    pub topic: TopicName,
    /// The keys.
    pub keys: KeyPattern,
    /// The time from one record to the next, in microseconds; at least 1 is
    /// used.
    pub interval_us: u64,
    /// What each value begins with; the record's number follows.
    pub value_prefix: String,
}

/// The keys of a [`Workload`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyPattern {
    /// No key: the partitioner chooses.
    None,
    /// The same key each time.
    Fixed(String),
    /// `prefix` followed by 0, 1, … `count - 1`, and over again.
    Cycle {
        /// What each key begins with.
        prefix: String,
        /// How many different keys.
        count: u32,
    },
    /// `prefix` followed by a number below `count`, drawn at random.
    Random {
        /// What each key begins with.
        prefix: String,
        /// How many different keys.
        count: u32,
    },
}

/// A workload and how far it has come.
#[derive(Clone, Debug, Hash)]
pub(crate) struct RunningWorkload {
    pub workload: Workload,
    made: u64,
    random: Random,
}

impl RunningWorkload {
    pub fn new(workload: Workload, seed: u64, client: u32) -> RunningWorkload {
        RunningWorkload {
            workload,
            made: 0,
            random: Random::new(seed, Stream::Workload(client)),
        }
    }

    /// The next record.
    pub fn next(&mut self) -> OutgoingRecord {
        let number = self.made;
        self.made += 1;
        let key = match &self.workload.keys {
            KeyPattern::None => None,
            KeyPattern::Fixed(key) => Some(key.clone()),
            KeyPattern::Cycle { prefix, count } => {
                Some(format!("{prefix}{}", number % u64::from((*count).max(1))))
            }
            KeyPattern::Random { prefix, count } => {
                Some(format!("{prefix}{}", self.random.below((*count).max(1))))
            }
        };
        let value = format!("{}{number}", self.workload.value_prefix);
        OutgoingRecord {
            topic: self.workload.topic.clone(),
            partition: None,
            key: key.map(String::into_bytes),
            value: Some(value.into_bytes()),
        }
    }
}
