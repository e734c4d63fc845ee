use crate::collections::BTreeMap;

use crate::sim::{EventQueue, Time, TimerHandle};

/// A timer of the coordinator. There is at most one of each: setting it again
/// replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Ends the join phase of a rebalance; while an empty group's first
    /// rebalance waits for members, ends that wait or extends it.
    Join {
        /// The group.
        group: String,
    },
    /// Removes the members that have not sent SyncGroup.
    Sync {
        /// The group.
        group: String,
    },
    /// Removes a member that has been silent for too long.
    Session {
        /// The group.
        group: String,
        /// The member, or the newcomer that was given this id.
        member_id: String,
    },
    /// Removes expired offsets and empty groups.
    Cleanup,
}

impl Timer {
    /// The group it is set for; `None` for the one that is set for all.
    pub fn group(&self) -> Option<&str> {
        match self {
            Timer::Join { group } | Timer::Sync { group } | Timer::Session { group, .. } => {
                Some(group)
            }
            Timer::Cleanup => None,
        }
    }
}

/// The timers that are set. Those due at the same instant run in the order in
/// which they were set; in Kafka that order is open.
#[derive(Clone, Debug, Hash)]
pub(super) struct Timers<T = Timer> {
    queue: EventQueue<T>,
    deadlines: BTreeMap<T, (Time, TimerHandle)>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Timers {
            queue: EventQueue::default(),
            deadlines: BTreeMap::new(),
        }
    }
}

impl<T: Clone + Ord> Timers<T> {
    pub fn schedule(&mut self, at: Time, timer: T) {
        self.cancel(&timer);
        let handle = self.queue.push(at, timer.clone());
        self.deadlines.insert(timer, (at, handle));
    }

    /// Takes a timer back, and tells when it was due.
    pub fn cancel(&mut self, timer: &T) -> Option<Time> {
        let (at, handle) = self.deadlines.remove(timer)?;
        self.queue.cancel(handle);
        Some(at)
    }

    pub fn deadline(&self, timer: &T) -> Option<Time> {
        self.deadlines.get(timer).map(|(at, _)| *at)
    }

    pub fn next(&self) -> Option<Time> {
        self.queue.next_time()
    }

    pub fn pop_until(&mut self, until: Time) -> Option<(Time, T)> {
        let (at, timer) = self.queue.pop_until(until)?;
        self.deadlines.remove(&timer);
        Some((at, timer))
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&T, Time)> {
        self.deadlines.iter().map(|(timer, (at, _))| (timer, *at))
    }
}

impl Timers {
    /// Takes every timer of a group back.
    pub fn cancel_group(&mut self, name: &str) {
        let timers = self.deadlines.keys();
        let of_group: Vec<Timer> = timers
            .filter(|timer| timer.group() == Some(name))
            .cloned()
            .collect();
        for timer in of_group {
            self.cancel(&timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(member: &str) -> Timer {
        Timer::Session {
            group: "g".to_owned(),
            member_id: member.to_owned(),
        }
    }

    #[test]
    fn a_new_timer_replaces_the_old_one() {
        let mut timers = Timers::default();
        timers.schedule(Time::from_ms(10), session("a"));
        timers.schedule(Time::from_ms(20), session("b"));
        timers.schedule(Time::from_ms(30), session("a"));
        assert_eq!(timers.next(), Some(Time::from_ms(20)));
        assert_eq!(timers.deadline(&session("a")), Some(Time::from_ms(30)));
        assert_eq!(timers.cancel(&session("b")), Some(Time::from_ms(20)));
        let until = Time::from_ms(30);
        assert_eq!(timers.pop_until(until), Some((until, session("a"))));
        assert_eq!(timers.pop_until(until), None);
        assert_eq!(timers.iter().len(), 0);
    }
}
