use super::OutgoingRecord;
use crate::protocol::TopicName;
use crate::sim::{Random, Stream};

/// What a producer makes up: records, one or some at a time, at an even pace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// The topic it sends to.
    pub topic: TopicName,
    /// The keys.
    pub keys: KeyPattern,
    /// The time from one record to the next, in microseconds; at least 1 is
    /// used.
    pub interval_us: u64,
    /// How many records it sends each time, one right after the other; at
    /// least 1 is used.
    pub burst: u32,
    /// What each value begins with; the record's number follows.
    pub value_prefix: String,
    /// The least size of a value, in bytes: dots fill up what is missing.
    pub value_bytes: u32,
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
            KeyPattern::Fixed(key) => Some(key.clone().into_bytes()),
            KeyPattern::Cycle { prefix, count } => {
                Some(numbered(prefix, number % u64::from((*count).max(1)), 0))
            }
            KeyPattern::Random { prefix, count } => {
                let number = self.random.below((*count).max(1));
                Some(numbered(prefix, u64::from(number), 0))
            }
        };
        let least = self.workload.value_bytes as usize;
        OutgoingRecord {
            topic: self.workload.topic.clone(),
            key,
            value: Some(numbered(&self.workload.value_prefix, number, least)),
            ..OutgoingRecord::default()
        }
    }
}

/// Text with a number behind it, filled up to `least` bytes.
fn numbered(prefix: &str, number: u64, least: usize) -> Vec<u8> {
    let digits = number
        .checked_ilog10()
        .map_or(1, |power| power as usize + 1);
    let mut text = vec![b'.'; least.max(prefix.len() + digits)];
    let (before, rest) = text.split_at_mut(prefix.len());
    before.copy_from_slice(prefix.as_bytes());
    // Every record has a number: the formatter would take as long as all else.
    let mut left = number;
    for digit in rest[..digits].iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_count_up_and_have_at_least_the_size_asked_for() {
        let mut running = RunningWorkload::new(
            Workload {
                topic: "orders".into(),
                keys: KeyPattern::Fixed("cart".to_owned()),
                interval_us: 1,
                burst: 1,
                value_prefix: "order ".to_owned(),
                value_bytes: 9,
            },
            1,
            1,
        );
        let mut next = || running.next().value.unwrap();
        assert_eq!(next(), b"order 0..");
        assert_eq!(next(), b"order 1..");
        running.made = 12_345;
        let record = running.next();
        assert_eq!(record.value.unwrap(), b"order 12345");
        assert_eq!(record.key.unwrap(), b"cart");
    }
}
