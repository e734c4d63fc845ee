use crate::collections::BTreeMap;

use super::Time;

/// Names one entry of an [`EventQueue`], so that it can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerHandle {
    at: Time,
    sequence: u64,
}

/// What is still to happen, in order of time; what falls on the same instant
/// happens in the order in which it was put in.
#[derive(Clone, Debug, Hash)]
pub struct EventQueue<T> {
    entries: BTreeMap<TimerHandle, T>,
    next_sequence: u64,
}

impl<T> Default for EventQueue<T> {
    fn default() -> Self {
        EventQueue {
            entries: BTreeMap::new(),
            next_sequence: 0,
        }
    }
}

impl<T> EventQueue<T> {
    /// Puts `entry` in to happen at `at`.
    pub fn push(&mut self, at: Time, entry: T) -> TimerHandle {
        let handle = TimerHandle {
            at,
            sequence: self.next_sequence,
        };
        self.next_sequence += 1;
        self.entries.insert(handle, entry);
        handle
    }

    /// Takes an entry back; `None` when it has happened already.
    pub fn cancel(&mut self, handle: TimerHandle) -> Option<T> {
        self.entries.remove(&handle)
    }

    /// When the next entry happens.
    pub fn next_time(&self) -> Option<Time> {
        self.entries.first_key_value().map(|(handle, _)| handle.at)
    }

    /// Takes out the next entry that happens at `until` or before.
    pub fn pop_until(&mut self, until: Time) -> Option<(Time, T)> {
        if self.next_time()? > until {
            return None;
        }
        let (handle, entry) = self.entries.pop_first()?;
        Some((handle.at, entry))
    }

    /// How many entries are waiting.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
