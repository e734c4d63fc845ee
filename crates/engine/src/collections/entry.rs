use super::column::Place;
use super::map::BTreeMap;

/// The place of a key in a [`BTreeMap`] (`std::collections::btree_map::Entry`).
pub enum Entry<'a, K, V> {
    /// The key is not there.
    Vacant(VacantEntry<'a, K, V>),
    /// The key is there.
    Occupied(OccupiedEntry<'a, K, V>),
}

/// Where a key that is not there would be.
pub struct VacantEntry<'a, K, V> {
    pub(super) map: &'a mut BTreeMap<K, V>,
    pub(super) at: Place,
    pub(super) key: K,
}

/// Where a key is.
pub struct OccupiedEntry<'a, K, V> {
    pub(super) map: &'a mut BTreeMap<K, V>,
    pub(super) at: Place,
}

impl<'a, K: Ord, V> Entry<'a, K, V> {
    /// The value that is there, else this one.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value that is there, else the default.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// The value that is there, else what `value` makes.
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        match self {
            Entry::Vacant(entry) => entry.insert(value()),
            Entry::Occupied(entry) => entry.into_mut(),
        }
    }

    /// Changes the value that is there.
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Entry::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<'a, K: Ord, V> VacantEntry<'a, K, V> {
    /// Puts in a value.
    pub fn insert(self, value: V) -> &'a mut V {
        self.map.insert_at(self.at, self.key, value)
    }
}

impl<'a, K, V> OccupiedEntry<'a, K, V> {
    /// The key.
    pub fn key(&self) -> &K {
        self.map.keys.get(self.at)
    }

    /// The value.
    pub fn get(&self) -> &V {
        self.map.values.get(self.at)
    }

    /// The value, to be changed.
    pub fn get_mut(&mut self) -> &mut V {
        self.map.values.get_mut(self.at)
    }

    /// The value, to be changed for as long as the map may be.
    pub fn into_mut(self) -> &'a mut V {
        self.map.values.get_mut(self.at)
    }

    /// Takes out the entry; the value that it had.
    pub fn remove(self) -> V {
        self.map.remove_at(self.at).1
    }
}
