//! What an onlooker remembers of the last while, to show what has just
//! changed. It follows from the journal, decides nothing, and is no part of
//! [`World::digest`].
//!
//! It is the world's own, so that whoever has a world alone, also one that was
//! replayed from its journal, can tell a leader that is new from one that has
//! led for long. What an onlooker makes of all events, of which some are many
//! and large, it keeps by itself; the page's marks are such.

use crate::collections::BTreeMap;
use std::collections::VecDeque;

use super::World;
use crate::event::{Event, EventKind};
use crate::protocol::TopicPartition;

/// For how long changes of partitions are remembered, in milliseconds.
const REMEMBERED_MS: i64 = 30_000;
/// How many of them at most; older ones are forgotten first.
const REMEMBERED_MAX: usize = 4_000;

/// What is remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// Changes of partitions, oldest first.
    changes: VecDeque<Event>,
    /// How the process of each broker ended last.
    ends: BTreeMap<i32, Event>,
}

impl World {
    /// What has changed about partitions in the last 30 seconds, oldest first:
    /// `LeaderElected`, `IsrChanged`, `ReplicasChanged`, `RecordsTruncated` and
    /// `RecordsLost`, of topics that still exist. Of more than 4,000 the newest.
    pub fn recent_changes(&self) -> impl DoubleEndedIterator<Item = &Event> {
        let now = self.now();
        let is_fresh = move |event: &&Event| now <= event.at.plus_ms(REMEMBERED_MS);
        self.memory.changes.iter().filter(is_fresh)
    }

    /// How a broker's process ended when it last did: `BrokerStopped`,
    /// `BrokerKilled` or `DiskLost`; `None` when it never has. It may have been
    /// started again since.
    pub fn last_end(&self, broker: i32) -> Option<&Event> {
        self.memory.ends.get(&broker)
    }

    /// Remembers what has happened, from the event of this number on.
    pub(super) fn remember(&mut self, first_event: usize) {
        for event in &self.fabric.events[first_event..] {
            self.memory.take_in(event);
        }
    }
}

impl Memory {
    fn take_in(&mut self, event: &Event) {
        match &event.kind {
            EventKind::BrokerStopped { broker }
            | EventKind::BrokerKilled { broker }
            | EventKind::DiskLost { broker } => {
                self.ends.insert(*broker, event.clone());
            }
            EventKind::TopicDeleted { topic } => {
                let is_of_another = |it: &Event| partition(it).is_none_or(|of| of.topic != *topic);
                self.changes.retain(is_of_another);
            }
            _ if partition(event).is_some() => {
                self.changes.push_back(event.clone());
                let is_stale = |first: &Event| event.at > first.at.plus_ms(REMEMBERED_MS);
                while self.changes.len() > REMEMBERED_MAX
                    || self.changes.front().is_some_and(is_stale)
                {
                    self.changes.pop_front();
                }
            }
            _ => {}
        }
    }
}

/// The partition that a remembered change is about; `None` for any other
/// event.
fn partition(event: &Event) -> Option<&TopicPartition> {
    match &event.kind {
        EventKind::LeaderElected {
            topic_partition, ..
        }
        | EventKind::IsrChanged {
            topic_partition, ..
        }
        | EventKind::ReplicasChanged {
            topic_partition, ..
        }
        | EventKind::RecordsTruncated {
            topic_partition, ..
        }
        | EventKind::RecordsLost {
            topic_partition, ..
        } => Some(topic_partition),
        _ => None,
    }
}
