//! Key to partition, explained: which partition a key goes to and why, and
//! which keys would go elsewhere if there were more partitions.

use engine::collections::{BTreeMap, BTreeSet};

use engine::client::murmur2::{murmur2, partition_for_key, to_positive};
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

/// How a key comes to its partition, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyToPartition {
    /// The key's bytes, in hexadecimal.
    pub bytes: String,
    /// murmur2 of them, with Kafka's seed.
    pub murmur2: i32,
    /// That without its sign bit.
    pub positive: i32,
    /// How many partitions the topic has.
    pub partitions: i32,
    /// The remainder: the partition.
    pub partition: i32,
}

/// The most bytes of a key that are written out.
const BYTES_SHOWN: usize = 64;

impl KeyToPartition {
    /// The way of a key in a topic of so many partitions; `None` where there is
    /// none to go to.
    pub fn of(key: &[u8], partitions: i32) -> Option<KeyToPartition> {
        if partitions < 1 {
            return None;
        }
        let hash = murmur2(key);
        let shown = key.iter().take(BYTES_SHOWN);
        let mut bytes: Vec<String> = shown.map(|byte| format!("{byte:02x}")).collect();
        if key.len() > BYTES_SHOWN {
            bytes.push("…".to_owned());
        }
        Some(KeyToPartition {
            bytes: bytes.join(" "),
            murmur2: hash,
            positive: to_positive(hash),
            partitions,
            partition: partition_for_key(key, partitions),
        })
    }

    /// The steps: what is done, and what comes of it.
    pub fn steps(&self) -> [(&'static str, String); 4] {
        [
            ("bytes of the key", self.bytes.clone()),
            ("murmur2(bytes)", self.murmur2.to_string()),
            ("& 0x7fffffff", self.positive.to_string()),
            (
                "% number of partitions",
                format!(
                    "{} % {} = {}",
                    self.positive, self.partitions, self.partition
                ),
            ),
        ]
    }
}

/// The keys that a topic's records have, with where the records lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicKeys {
    /// The topic.
    pub topic: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// The keys, by their bytes, each with how many of its records lie in which
    /// partition.
    pub keys: BTreeMap<Vec<u8>, BTreeMap<i32, usize>>,
    /// Whether there were more records or keys than were looked at.
    pub is_part: bool,
}

/// How many records of each partition are looked at, the newest.
const RECORDS_MAX: i64 = 5_000;
/// How many for a forecast on the board, which is made again and again.
const RECORDS_GLANCED: i64 = 200;
/// How many different keys are kept.
const KEYS_MAX: usize = 500;

/// The keys of a topic: of its newest records, when there are very many. `None`
/// when there is no such topic.
pub fn topic_keys(world: &World, topic: &TopicName) -> Option<TopicKeys> {
    newest(world, topic, RECORDS_MAX)
}

/// What one more partition would do to the keys of a topic's newest records.
pub(super) fn forecast(world: &World, topic: &TopicName) -> Option<Forecast> {
    let keys = newest(world, topic, RECORDS_GLANCED)?;
    Some(keys.forecast(keys.partitions.saturating_add(1)))
}

fn newest(world: &World, topic: &TopicName, records: i64) -> Option<TopicKeys> {
    let partitions = world.topics().get(topic)?.partitions.len();
    let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
    let mut found = TopicKeys {
        topic: topic.to_string(),
        partitions,
        ..TopicKeys::default()
    };
    for partition in 0..partitions {
        found.take(
            world,
            &TopicPartition::new(topic.clone(), partition),
            records,
        );
    }
    Some(found)
}

impl TopicKeys {
    fn take(&mut self, world: &World, of: &TopicPartition, records: i64) {
        let Some(partition) = world.partition(of) else {
            return;
        };
        let log = &partition.log;
        let from = log.end_offset() - records;
        self.is_part |= from > log.start_offset();
        for batch in log.batches_from(from.max(log.start_offset())) {
            if batch.is_control() {
                continue;
            }
            for key in batch.records().filter_map(|record| record.ok()?.key) {
                if !self.keys.contains_key(key) && self.keys.len() >= KEYS_MAX {
                    self.is_part = true;
                    continue;
                }
                let places = self.keys.entry(key.to_vec()).or_default();
                *places.entry(of.partition).or_default() += 1;
            }
        }
    }

    /// What would become of each key if the topic had so many partitions.
    pub fn moves(&self, partitions: i32) -> Vec<KeyMove> {
        let moves = self.keys.iter().filter_map(|(key, places)| {
            Some(KeyMove {
                key: super::scene::readable(key),
                before: KeyToPartition::of(key, self.partitions)?.partition,
                after: KeyToPartition::of(key, partitions)?.partition,
                lies_in: places.keys().copied().collect(),
                records: places.values().sum(),
            })
        });
        moves.collect()
    }

    /// The same in numbers.
    pub fn forecast(&self, partitions: i32) -> Forecast {
        let moves = self.moves(partitions);
        Forecast {
            partitions,
            keys: moves.len(),
            moved: moves.iter().filter(|it| it.moves()).count(),
            split: moves.iter().filter(|it| it.is_split()).count(),
            is_part: self.is_part,
        }
    }
}

/// What would become of a topic's keys if it had more partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How many partitions it would have.
    pub partitions: i32,
    /// How many different keys there are.
    pub keys: usize,
    /// New records of so many would go to another partition.
    pub moved: usize,
    /// The records of so many would lie in more than one partition.
    pub split: usize,
    /// Whether only the newest records were looked at.
    pub is_part: bool,
}

impl Forecast {
    /// It in a sentence.
    pub fn sentence(&self) -> String {
        let Forecast {
            keys, moved, split, ..
        } = self;
        let part = match self.is_part {
            true => " of the newest records",
            false => "",
        };
        match keys {
            0 => format!("There are no keys{part} yet."),
            _ => format!(
                "Of {keys} keys{part}, {moved} would go to another partition; of {split} the \
                 history would lie in more than one, and nothing keeps those in order."
            ),
        }
    }
}

/// A key, and where its records go before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMove {
    /// The key, as text.
    pub key: String,
    /// The partition that new records of it go to now.
    pub before: i32,
    /// The one they would go to then.
    pub after: i32,
    /// The partitions in which records of it lie.
    pub lies_in: BTreeSet<i32>,
    /// How many records it has.
    pub records: usize,
}

impl KeyMove {
    /// Whether new records of it would go elsewhere.
    pub fn moves(&self) -> bool {
        self.before != self.after
    }

    /// Whether its history would lie in more than one partition, so that
    /// nothing keeps its records in order.
    pub fn is_split(&self) -> bool {
        self.lies_in.iter().any(|place| *place != self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_to_its_partition_by_hash_mask_and_remainder() {
        let way = KeyToPartition::of(b"user-1", 3).expect("there are partitions");
        assert_eq!(way.bytes, "75 73 65 72 2d 31");
        assert_eq!(way.positive, way.murmur2 & 0x7fff_ffff);
        assert_eq!(way.partition, way.positive % 3);
        assert_eq!(KeyToPartition::of(b"user-1", 0), None);
    }

    #[test]
    fn more_partitions_move_keys_and_split_their_histories() {
        let keys = (0..20).map(|number| {
            let key = format!("user-{number}").into_bytes();
            let place = partition_for_key(&key, 3);
            (key, BTreeMap::from([(place, 4)]))
        });
        let keys = TopicKeys {
            topic: "orders".to_owned(),
            partitions: 3,
            keys: keys.collect(),
            is_part: false,
        };
        assert!(keys.moves(3).iter().all(|it| !it.moves() && !it.is_split()));
        let moves = keys.moves(4);
        assert_eq!(moves.len(), 20);
        let moved = moves.iter().filter(|it| it.moves()).count();
        assert!((1..20).contains(&moved), "{moved}");
        for key in moves {
            assert_eq!(key.after, partition_for_key(key.key.as_bytes(), 4));
            assert_eq!(key.is_split(), key.moves(), "{key:?}");
        }
    }
}
