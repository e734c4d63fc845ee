//! What has just happened to replicas, as the world remembers it.

use engine::collections::BTreeMap;

use engine::{EventKind, TopicPartition, World};

use super::{Change, Offsets};

/// For how long an election, and a change of the ISR, is marked as new, in
/// microseconds of virtual time.
const FRESH_US: u64 = 8_000_000;
/// For how long it is marked where records were lost or cut off.
const LOSS_US: u64 = 20_000_000;

/// The latest of each kind, by where it happened.
#[derive(Default)]
pub(super) struct Recent<'a> {
    changes: BTreeMap<(&'a TopicPartition, i32), Change>,
    cut: BTreeMap<(&'a TopicPartition, i32), Offsets>,
    lost: BTreeMap<&'a TopicPartition, Offsets>,
}

impl<'a> Recent<'a> {
    pub fn of(world: &'a World) -> Recent<'a> {
        let mut recent = Recent::default();
        for event in world.recent_changes() {
            let age_us = world.now().us_since(event.at);
            recent.take_in(&event.kind, age_us);
        }
        recent
    }

    fn take_in(&mut self, event: &'a EventKind, age_us: u64) {
        match event {
            EventKind::LeaderElected {
                topic_partition,
                leader: Some(leader),
                is_unclean,
                ..
            } if age_us < FRESH_US => {
                let is_unclean = *is_unclean;
                self.set(topic_partition, *leader, Change::Elected { is_unclean });
            }
            EventKind::IsrChanged {
                topic_partition,
                from,
                to,
            } if age_us < FRESH_US => {
                for left in from.iter().filter(|id| !to.contains(id)) {
                    self.set(topic_partition, *left, Change::LeftIsr);
                }
                for joined in to.iter().filter(|id| !from.contains(id)) {
                    let known = self.changes.get(&(topic_partition, *joined));
                    // An unclean leader joins the ISR by being elected.
                    if !matches!(known, Some(Change::Elected { .. })) {
                        self.set(topic_partition, *joined, Change::JoinedIsr);
                    }
                }
            }
            EventKind::RecordsTruncated {
                broker,
                topic_partition,
                from,
                to,
            } if age_us < LOSS_US => {
                let offsets = (*from, *to - 1);
                self.cut.insert((topic_partition, *broker), offsets);
            }
            EventKind::RecordsLost {
                topic_partition,
                from,
                to,
            } if age_us < LOSS_US => {
                self.lost.insert(topic_partition, (*from, *to - 1));
            }
            _ => {}
        }
    }

    fn set(&mut self, of: &'a TopicPartition, broker: i32, change: Change) {
        self.changes.insert((of, broker), change);
    }

    pub fn change(&self, of: &TopicPartition, broker: i32) -> Option<Change> {
        self.changes.get(&(of, broker)).copied()
    }

    pub fn cut(&self, of: &TopicPartition, broker: i32) -> Option<Offsets> {
        self.cut.get(&(of, broker)).copied()
    }

    pub fn lost(&self, of: &TopicPartition) -> Option<Offsets> {
        self.lost.get(of).copied()
    }
}
