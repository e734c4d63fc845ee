//! Where a new partition's replicas go
//! (`org.apache.kafka.metadata.placement.StripedReplicaPlacer`, KIP-36 for
//! racks).
//!
//! Racks take turns, and within a rack its brokers do; each partition begins
//! one further on than the one before. Unfenced brokers go before fenced ones,
//! and the first replica, which will lead, never lies on a fenced broker. Once
//! there are as many partitions as unfenced brokers, everything is shuffled.
//!
//! The random numbers are drawn in Kafka's order, so that with Kafka's own
//! numbers the placement is Kafka's too.

use crate::collections::BTreeMap;

use crate::hash_order::{hash_of_text, in_hash_order};
use crate::sim::Random;
use crate::sorting::sort;

/// What placement draws its random numbers from.
pub trait RandomSource {
    /// A number from 0 to `bound - 1`, for a `bound` above 0.
    fn next_int(&mut self, bound: usize) -> usize;
}

impl RandomSource for Random {
    fn next_int(&mut self, bound: usize) -> usize {
        self.below(u32::try_from(bound).expect("there are not that many brokers")) as usize
    }
}

/// A broker that may be given replicas (`UsableBroker`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UsableBroker {
    /// Its `node.id`.
    pub id: i32,
    /// Its `broker.rack`.
    pub rack: Option<String>,
    /// Whether the controller has not heard from it for too long.
    pub fenced: bool,
}

/// Places `partitions` partitions of `replication_factor` replicas each on
/// these brokers: for each partition its replicas, the preferred leader first.
///
/// Partitions that a topic has already make no difference: Kafka hands over
/// the number of the first new one (`PlacementSpec`), and its placer takes no
/// notice.
///
/// # Errors
///
/// The message of Kafka's `InvalidReplicationFactorException`.
pub fn place(
    brokers: &[UsableBroker],
    partitions: usize,
    replication_factor: i16,
    random: &mut impl RandomSource,
) -> Result<Vec<Vec<i32>>, String> {
    let mut racks = Racks::new(brokers, random);
    let replicas = match usize::try_from(replication_factor) {
        Ok(replicas) if replicas > 0 => replicas,
        _ => {
            return Err(format!(
                "Invalid replication factor {replication_factor}: the replication factor must be \
                 positive."
            ));
        }
    };
    if racks.unfenced == 0 {
        return Err("All brokers are currently fenced.".to_owned());
    }
    if replicas > brokers.len() {
        return Err(format!(
            "The target replication factor of {replicas} cannot be reached because only {} \
             broker(s) are registered.",
            brokers.len()
        ));
    }
    Ok((0..partitions)
        .map(|_| racks.place(replicas, random))
        .collect())
}

/// Brokers that take turns.
#[derive(Default)]
struct Ring {
    brokers: Vec<i32>,
    /// The place in `brokers` where this round begins.
    offset: usize,
    /// How many this round has given.
    given: usize,
    round: usize,
}

impl Ring {
    fn start(&mut self, random: &mut impl RandomSource) {
        if !self.brokers.is_empty() {
            sort(&mut self.brokers);
            self.offset = random.next_int(self.brokers.len());
        }
    }

    /// The next broker of this round, if there is one left. Each round begins
    /// one further on.
    fn next(&mut self, round: usize) -> Option<i32> {
        let count = self.brokers.len();
        if count == 0 {
            return None;
        }
        if self.round != round {
            self.round = round;
            self.given = 0;
            self.offset = (self.offset + 1) % count;
        }
        if self.given == count {
            return None;
        }
        let broker = self.brokers[(self.given + self.offset) % count];
        self.given += 1;
        Some(broker)
    }
}

#[derive(Default)]
struct Rack {
    fenced: Ring,
    unfenced: Ring,
}

struct Racks {
    /// In the order in which Kafka goes through them all.
    racks: Vec<Rack>,
    /// Places in `racks`, in the order in which they take turns.
    turns: Vec<usize>,
    unfenced: usize,
    /// The place in `turns` where the next partition begins.
    offset: usize,
    round: usize,
}

impl Racks {
    fn new(brokers: &[UsableBroker], random: &mut impl RandomSource) -> Racks {
        let mut names: Vec<Option<&str>> = Vec::new();
        for broker in brokers {
            if !names.contains(&broker.rack.as_deref()) {
                names.push(broker.rack.as_deref());
            }
        }
        // The order in which their brokers draw random numbers.
        let names = in_hash_order(names, |name| hash_of_text(name.unwrap_or_default()));
        let mut racks: Vec<Rack> = names.iter().map(|_| Rack::default()).collect();
        for broker in brokers {
            let index = names.iter().position(|n| *n == broker.rack.as_deref());
            let rack = &mut racks[index.expect("every rack is among the names")];
            match broker.fenced {
                true => rack.fenced.brokers.push(broker.id),
                false => rack.unfenced.brokers.push(broker.id),
            }
        }
        for rack in &mut racks {
            rack.fenced.start(random);
            rack.unfenced.start(random);
        }
        // No rack goes before every name; names go by their letters' numbers.
        let by_name: BTreeMap<_, usize> = names.iter().zip(0..).map(|(n, i)| (key(n), i)).collect();
        let offset = match names.len() {
            0 => 0,
            count => random.next_int(count),
        };
        Racks {
            racks,
            turns: by_name.into_values().collect(),
            unfenced: brokers.iter().filter(|broker| !broker.fenced).count(),
            offset,
            round: 0,
        }
    }

    /// One partition's replicas. There is an unfenced broker, and there are at
    /// least as many brokers as replicas.
    fn place(&mut self, replicas: usize, random: &mut impl RandomSource) -> Vec<i32> {
        if self.round == self.unfenced && self.unfenced > 1 {
            self.shuffle(random);
            self.round = 0;
        }
        if self.offset == self.turns.len() {
            self.offset = 0;
        }
        let (leader, leaders_turn) = self.leader();
        let mut placed = vec![leader];
        let mut turn = self.offset;
        // The leader's rack is passed over once: it has had its turn.
        let mut passed_over = Some(leaders_turn);
        while placed.len() < replicas {
            if passed_over == Some(turn) {
                passed_over = None;
            } else {
                let rack = &mut self.racks[self.turns[turn]];
                let unfenced = rack.unfenced.next(self.round);
                placed.extend(unfenced.or_else(|| rack.fenced.next(self.round)));
            }
            turn = (turn + 1) % self.turns.len();
        }
        self.round += 1;
        self.offset += 1;
        placed
    }

    /// The first unfenced broker from the offset on, and the turn of its rack.
    fn leader(&mut self) -> (i32, usize) {
        let count = self.turns.len();
        let turns = (0..count).map(|step| (self.offset + step) % count);
        for turn in turns {
            let rack = &mut self.racks[self.turns[turn]];
            if let Some(leader) = rack.unfenced.next(self.round) {
                return (leader, turn);
            }
        }
        unreachable!("a round ends before its unfenced brokers do")
    }

    fn shuffle(&mut self, random: &mut impl RandomSource) {
        shuffle(&mut self.turns, random);
        for rack in &mut self.racks {
            shuffle(&mut rack.fenced.brokers, random);
            shuffle(&mut rack.unfenced.brokers, random);
        }
    }
}

/// `java.util.Collections.shuffle`.
fn shuffle<T>(items: &mut [T], random: &mut impl RandomSource) {
    for count in (2..=items.len()).rev() {
        items.swap(count - 1, random.next_int(count));
    }
}

/// Java compares strings by their UTF-16 units.
fn key(rack: &Option<&str>) -> Option<Vec<u16>> {
    rack.map(|name| name.encode_utf16().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;

    impl RandomSource for Zero {
        fn next_int(&mut self, _: usize) -> usize {
            0
        }
    }

    fn broker(id: i32, rack: &str) -> UsableBroker {
        UsableBroker {
            id,
            rack: Some(rack.to_owned()),
            fenced: false,
        }
    }

    #[test]
    fn racks_take_turns_and_each_partition_begins_one_further_on() {
        let brokers: Vec<_> = (0..6)
            .map(|id| broker(id, ["a", "b", "c"][id as usize / 2]))
            .collect();
        let placed = place(&brokers, 3, 3, &mut Zero).unwrap();
        assert_eq!(placed, [[0, 2, 4], [3, 5, 1], [4, 0, 2]]);
    }

    #[test]
    fn the_error_is_the_first_that_kafka_finds() {
        let fenced = UsableBroker {
            fenced: true,
            ..broker(1, "a")
        };
        let error = |brokers: &[UsableBroker], factor| place(brokers, 1, factor, &mut Zero);
        let message = "Invalid replication factor 0: the replication factor must be positive.";
        assert_eq!(error(&[], 0), Err(message.into()));
        let message = "All brokers are currently fenced.";
        assert_eq!(error(&[fenced], 2), Err(message.into()));
        let message = "The target replication factor of 2 cannot be reached because only 1 \
                       broker(s) are registered.";
        assert_eq!(error(&[broker(1, "a")], 2), Err(message.into()));
    }
}
