//! The replicas that a broker holds, and which of them have changed: fetches of
//! thousands of partitions look at those only.

use std::collections::VecDeque;
use std::ops::Deref;

use super::Partition;
use crate::collections::BTreeMap;
use crate::protocol::TopicPartition;

/// The replicas, by partition. They are read as in any map; whoever reaches for
/// one to change it leaves a note of that.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct HeldPartitions {
    held: BTreeMap<TopicPartition, Partition>,
    /// How many looks were taken.
    looks: u64,
    /// What may have changed, with the count of looks then, oldest first. Once
    /// between two looks is enough.
    changes: VecDeque<(u64, TopicPartition)>,
    /// Not all is known of what changed before the look with this number.
    floor: u64,
}

/// How many notes are kept besides those of replicas.
const NOTES_MIN: usize = 64;

impl HeldPartitions {
    /// A look at what is now: [`HeldPartitions::changed_since`] tells from its
    /// number what has changed after it.
    pub fn take_a_look(&mut self) -> u64 {
        self.looks += 1;
        self.looks
    }

    /// The partitions that may have changed since a look, some perhaps more than
    /// once; `None` when that is not known, or everything has.
    pub fn changed_since(
        &self,
        look: u64,
    ) -> Option<impl ExactSizeIterator<Item = &TopicPartition>> {
        if look < self.floor {
            return None;
        }
        let known = self.changes.partition_point(|(then, _)| *then < look);
        Some(self.changes.range(known..).map(|(_, of)| of))
    }

    /// A replica, to be changed.
    pub fn get_mut(&mut self, of: &TopicPartition) -> Option<&mut Partition> {
        let partition = self.held.get_mut(of)?;
        if partition.changed_at != self.looks {
            partition.changed_at = self.looks;
            self.changes.push_back((self.looks, of.clone()));
            if self.changes.len() > 2 * self.held.len() + NOTES_MIN {
                self.forget_old_changes();
            }
        }
        self.held.get_mut(of)
    }

    /// A replica, which is made when there is none.
    pub fn get_or_insert_with(
        &mut self,
        of: &TopicPartition,
        make: impl FnOnce() -> Partition,
    ) -> &mut Partition {
        if !self.held.contains_key(of) {
            self.insert(of.clone(), make());
        }
        self.get_mut(of).expect("it is there")
    }

    /// Adds a replica.
    pub fn insert(&mut self, of: TopicPartition, mut partition: Partition) {
        partition.changed_at = self.looks;
        self.changes.push_back((self.looks, of.clone()));
        self.held.insert(of, partition);
    }

    /// Takes a replica away.
    pub fn remove(&mut self, of: &TopicPartition) -> Option<Partition> {
        let removed = self.held.remove(of)?;
        self.changes.push_back((self.looks, of.clone()));
        Some(removed)
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.held.clear();
        self.everything_changed();
    }

    /// All replicas, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.everything_changed();
        self.held.values_mut()
    }

    /// All replicas, for changes that no fetch can tell: of what is known of
    /// followers, and of what lies on the disk.
    pub fn unnoticed(&mut self) -> &mut BTreeMap<TopicPartition, Partition> {
        &mut self.held
    }

    fn everything_changed(&mut self) {
        self.changes.clear();
        self.looks += 1;
        self.floor = self.looks;
    }

    /// Keeps of each replica the last note.
    fn forget_old_changes(&mut self) {
        let (held, floor) = (&self.held, &mut self.floor);
        self.changes.retain(|(at, of)| match held.get(of) {
            Some(partition) => partition.changed_at == *at,
            None => {
                *floor = *at + 1;
                false
            }
        });
    }
}

impl Deref for HeldPartitions {
    type Target = BTreeMap<TopicPartition, Partition>;

    fn deref(&self) -> &Self::Target {
        &self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Role;
    use crate::log::{LogConfig, PartitionLog};
    use crate::protocol::TopicId;

    fn of(number: i32) -> TopicPartition {
        TopicPartition::new("orders", number)
    }

    fn held(count: i32) -> HeldPartitions {
        let mut held = HeldPartitions::default();
        for number in 0..count {
            let partition = Partition {
                topic_id: TopicId::default(),
                log: PartitionLog::new(LogConfig::default(), 0),
                role: Role::Offline,
                min_insync_replicas: 1,
                checkpointed_high_watermark: 0,
                cleaned_to: None,
                changed_at: 0,
            };
            held.insert(of(number), partition);
        }
        held
    }

    fn changed(held: &HeldPartitions, look: u64) -> Option<Vec<i32>> {
        let changed = held.changed_since(look)?;
        Some(changed.map(|of| of.partition).collect())
    }

    #[test]
    fn a_look_tells_what_was_reached_for_after_it() {
        let mut held = held(3);
        let first = held.take_a_look();
        assert_eq!(changed(&held, first), Some(vec![]));
        for number in [2, 0, 2] {
            held.get_mut(&of(number));
        }
        let second = held.take_a_look();
        held.get_mut(&of(2));
        held.remove(&of(1));
        held.unnoticed().get_mut(&of(0));
        assert_eq!(changed(&held, first), Some(vec![2, 0, 2, 1]));
        assert_eq!(changed(&held, second), Some(vec![2, 1]));
    }

    #[test]
    fn when_everything_has_changed_no_look_before_tells_anything() {
        let mut held = held(3);
        let look = held.take_a_look();
        assert_eq!(held.values_mut().count(), 3);
        assert_eq!(changed(&held, look), None);
        let look = held.take_a_look();
        assert_eq!(changed(&held, look), Some(vec![]));
    }

    /// Of each replica the last change is kept, and of one that is gone that
    /// something is missing.
    #[test]
    fn notes_do_not_pile_up() {
        let mut held = held(3);
        let first = held.take_a_look();
        held.get_mut(&of(0));
        for _ in 0..1_000 {
            held.take_a_look();
            held.get_mut(&of(1));
        }
        assert!(held.changes.len() <= 2 * held.len() + NOTES_MIN);
        let since_first = changed(&held, first).expect("nothing is missing");
        assert!(since_first.contains(&0) && since_first.contains(&1));
        held.remove(&of(2));
        for _ in 0..1_000 {
            held.take_a_look();
            held.get_mut(&of(1));
        }
        assert_eq!(changed(&held, first), None);
    }
}
