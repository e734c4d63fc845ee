use crate::collections::BTreeMap;
use std::collections::VecDeque;

/// The number of a write, counted by the shard that makes it from 1 on.
pub type WriteNumber = u64;

/// A map that remembers what each write changed until the write is committed
/// or taken back, so that it can be read as it was at the last commit
/// (`TimelineHashMap` with its `SnapshotRegistry`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimelineMap<K: Ord, V> {
    current: BTreeMap<K, V>,
    /// What was there before each change that is not committed, oldest first.
    changes: VecDeque<Change<K, V>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Change<K, V> {
    write: WriteNumber,
    key: K,
    before: Option<V>,
}

impl<K: Ord, V> Default for TimelineMap<K, V> {
    fn default() -> Self {
        TimelineMap {
            current: BTreeMap::new(),
            changes: VecDeque::new(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> TimelineMap<K, V> {
    /// What is there, with all that was written.
    pub fn current(&self) -> &BTreeMap<K, V> {
        &self.current
    }

    /// What a key has, with all that was written.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.current.get(key)
    }

    /// What a key had at the last commit.
    pub fn get_committed(&self, key: &K) -> Option<&V> {
        match self.changes.iter().find(|change| change.key == *key) {
            Some(change) => change.before.as_ref(),
            None => self.current.get(key),
        }
    }

    /// All that was there at the last commit.
    pub fn committed(&self) -> BTreeMap<&K, &V> {
        let mut committed: BTreeMap<&K, &V> = self.current.iter().collect();
        for change in self.changes.iter().rev() {
            match &change.before {
                Some(before) => committed.insert(&change.key, before),
                None => committed.remove(&change.key),
            };
        }
        committed
    }

    /// What a key has, to change in it what no record says.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.current.get_mut(key)
    }

    /// All that is there, to change in it what no record says.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.current.values_mut()
    }

    /// The same with all that will be there again if a write comes to nothing:
    /// for values that remember changes of their own.
    pub fn remembered_mut(&mut self) -> impl Iterator<Item = &mut V> {
        let before = self.changes.iter_mut().filter_map(|it| it.before.as_mut());
        self.current.values_mut().chain(before)
    }

    /// Sets what a key has, as part of a write.
    pub fn insert(&mut self, write: WriteNumber, key: K, value: V) {
        let before = self.current.insert(key.clone(), value);
        self.changes.push_back(Change { write, key, before });
    }

    /// What a key has, to be changed as part of a write.
    pub fn change(&mut self, write: WriteNumber, key: &K) -> Option<&mut V> {
        let value = self.current.get_mut(key)?;
        let of_write = self.changes.iter().rev();
        let mut of_write = of_write.take_while(|change| change.write >= write);
        if !of_write.any(|change| change.key == *key) {
            self.changes.push_back(Change {
                write,
                key: key.clone(),
                before: Some(value.clone()),
            });
        }
        Some(value)
    }

    /// Takes a key out, as part of a write.
    pub fn remove(&mut self, write: WriteNumber, key: &K) {
        if let Some(before) = self.current.remove(key) {
            self.changes.push_back(Change {
                write,
                key: key.clone(),
                before: Some(before),
            });
        }
    }

    /// All writes up to this one are committed.
    pub fn commit(&mut self, until: WriteNumber) {
        let is_open = |change: &Change<K, V>| change.write > until;
        let count = self.changes.iter().position(is_open);
        self.changes.drain(..count.unwrap_or(self.changes.len()));
    }

    /// This write and all after it have come to nothing.
    pub fn revert(&mut self, from: WriteNumber) {
        while self.changes.back().is_some_and(|it| it.write >= from) {
            let change = self.changes.pop_back();
            match change.map(|change| (change.key, change.before)) {
                Some((key, Some(before))) => self.current.insert(key, before),
                Some((key, None)) => self.current.remove(&key),
                None => None,
            };
        }
    }
}

/// One value that remembers what each write changed, as [`TimelineMap`] does
/// (`TimelineObject`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimelineObject<T> {
    current: T,
    /// What it was before each change that is not committed, oldest first.
    changes: VecDeque<(WriteNumber, T)>,
}

impl<T> TimelineObject<T> {
    /// This value, as if it had always been.
    pub fn new(value: T) -> TimelineObject<T> {
        TimelineObject {
            current: value,
            changes: VecDeque::new(),
        }
    }

    /// The value, with all that was written.
    pub fn get(&self) -> &T {
        &self.current
    }

    /// Sets the value, as part of a write.
    pub fn set(&mut self, write: WriteNumber, value: T) {
        let before = std::mem::replace(&mut self.current, value);
        self.changes.push_back((write, before));
    }

    /// All writes up to this one are committed.
    pub fn commit(&mut self, until: WriteNumber) {
        let is_settled = |change: &mut (WriteNumber, T)| change.0 <= until;
        while self.changes.pop_front_if(is_settled).is_some() {}
    }

    /// This write and all after it have come to nothing.
    pub fn revert(&mut self, from: WriteNumber) {
        let has_failed = |change: &mut (WriteNumber, T)| change.0 >= from;
        while let Some((_, before)) = self.changes.pop_back_if(has_failed) {
            self.current = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(map: &TimelineMap<char, i32>) -> Vec<(char, i32)> {
        map.committed().into_iter().map(|(k, v)| (*k, *v)).collect()
    }

    #[test]
    fn what_is_not_committed_is_not_read() {
        let mut map = TimelineMap::default();
        map.insert(1, 'a', 1);
        map.insert(2, 'a', 2);
        map.insert(2, 'b', 2);
        map.remove(3, &'a');
        assert_eq!(map.get(&'a'), None);
        assert_eq!(map.get_committed(&'a'), None);
        assert_eq!(committed(&map), []);
        map.commit(1);
        assert_eq!(map.get_committed(&'a'), Some(&1));
        map.commit(2);
        assert_eq!(committed(&map), [('a', 2), ('b', 2)]);
        map.commit(3);
        assert_eq!(committed(&map), [('b', 2)]);
    }

    #[test]
    fn what_a_write_changes_it_remembers_once() {
        let mut map = TimelineMap::default();
        map.insert(1, 'a', 1);
        map.commit(1);
        for value in [2, 3] {
            *map.change(2, &'a').unwrap() = value;
        }
        assert_eq!(
            (map.get(&'a'), map.get_committed(&'a')),
            (Some(&3), Some(&1))
        );
        assert_eq!(map.change(2, &'b'), None);
        *map.change(3, &'a').unwrap() = 4;
        map.revert(3);
        assert_eq!(map.get(&'a'), Some(&3));
        map.revert(2);
        assert_eq!(map.get(&'a'), Some(&1));
    }

    #[test]
    fn a_single_value_goes_back_write_by_write() {
        let mut object = TimelineObject::new(0);
        for write in [1, 2, 2, 3] {
            object.set(write, object.get() + 1);
        }
        object.revert(3);
        assert_eq!(*object.get(), 3);
        object.commit(1);
        object.revert(1);
        assert_eq!(*object.get(), 1, "what is committed stays");
    }

    #[test]
    fn a_value_that_is_taken_out_is_remembered_until_that_is_committed() {
        let mut map = TimelineMap::default();
        map.insert(1, 'a', TimelineObject::new(1));
        map.commit(1);
        map.remove(2, &'a');
        map.insert(2, 'b', TimelineObject::new(2));
        assert_eq!(map.remembered_mut().count(), 2);
        map.commit(2);
        assert_eq!(map.remembered_mut().count(), 1);
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let mut map = TimelineMap::default();
        map.insert(1, 'a', 1);
        map.commit(1);
        map.insert(2, 'a', 2);
        map.insert(3, 'b', 3);
        map.remove(3, &'a');
        map.revert(3);
        assert_eq!((map.get(&'a'), map.get(&'b')), (Some(&2), None));
        map.revert(2);
        assert_eq!(map.get(&'a'), Some(&1));
        assert_eq!(committed(&map), [('a', 1)]);
    }
}
