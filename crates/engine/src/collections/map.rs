use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Index, RangeBounds};

use super::column::{Column, Place};
use super::entry::{Entry, OccupiedEntry, VacantEntry};
use super::walk::{Elements, ElementsMut, IntoElements, Pairs};

/// An ordered map (`std::collections::BTreeMap`).
#[derive(Clone)]
pub struct BTreeMap<K, V> {
    /// In order, none twice.
    pub(super) keys: Column<K>,
    /// Each at the place of its key.
    pub(super) values: Column<V>,
}

/// The entries of a [`BTreeMap`], or those in a range, in the order of their keys.
pub type Range<'a, K, V> = Pairs<Elements<'a, K>, Elements<'a, V>>;

/// The same with values that may be changed.
pub type RangeMut<'a, K, V> = Pairs<Elements<'a, K>, ElementsMut<'a, V>>;

/// The entries of a [`BTreeMap`], taken out of it.
pub type IntoIter<K, V> = Pairs<IntoElements<K>, IntoElements<V>>;

impl<K, V> BTreeMap<K, V> {
    /// A map that holds nothing.
    pub const fn new() -> Self {
        BTreeMap {
            keys: Column::new(),
            values: Column::new(),
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The entries, in the order of their keys.
    pub fn iter(&self) -> Range<'_, K, V> {
        Pairs::new(self.keys.elements(), self.values.elements())
    }

    /// The entries, in the order of their keys; values may be changed.
    pub fn iter_mut(&mut self) -> RangeMut<'_, K, V> {
        Pairs::new(self.keys.elements(), self.values.elements_mut())
    }

    /// The keys, in order.
    pub fn keys(&self) -> Elements<'_, K> {
        self.keys.elements()
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> Elements<'_, V> {
        self.values.elements()
    }

    /// The values, in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> ElementsMut<'_, V> {
        self.values.elements_mut()
    }

    /// The keys, in order.
    pub fn into_keys(self) -> IntoElements<K> {
        self.keys.into_elements()
    }

    /// The values, in the order of their keys.
    pub fn into_values(self) -> IntoElements<V> {
        self.values.into_elements()
    }

    /// The entry with the least key.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        Some((self.keys.first()?, self.values.first()?))
    }

    /// The entry with the greatest key.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        let at = self.keys.last()?;
        Some((self.keys.get(at), self.values.get(at)))
    }

    /// Takes out the entry with the least key.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.is_empty()).then(|| self.remove_at(Place::FIRST))
    }

    /// Takes out the entry with the greatest key.
    pub fn pop_last(&mut self) -> Option<(K, V)> {
        let at = self.keys.last()?;
        Some(self.remove_at(at))
    }

    pub(super) fn remove_at(&mut self, at: Place) -> (K, V) {
        (self.keys.remove(at), self.values.remove(at))
    }

    /// Keeps the entries that `is_kept` is true of.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&K, &mut V) -> bool) {
        self.extract_if(|key, value| !is_kept(key, value));
    }

    /// Takes out the entries that `is_taken` is true of.
    pub fn extract_if(&mut self, mut is_taken: impl FnMut(&K, &mut V) -> bool) -> Self {
        let is_taken: Vec<bool> = self
            .iter_mut()
            .map(|(key, value)| is_taken(key, value))
            .collect();
        if !is_taken.contains(&true) {
            return Self::new();
        }
        BTreeMap {
            keys: self.keys.extract(&is_taken),
            values: self.values.extract(&is_taken),
        }
    }
}

impl<K: Ord, V> BTreeMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.keys.find(key).ok()?;
        Some(self.values.get(at))
    }

    /// A key as it is in the map, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let at = self.keys.find(key).ok()?;
        Some((self.keys.get(at), self.values.get(at)))
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.keys.find(key).ok()?;
        Some(self.values.get_mut(at))
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.find(key).is_ok()
    }

    /// Puts in an entry; the value that the key had before. A key that is there
    /// stays as it is.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.keys.find(&key) {
            Ok(at) => Some(std::mem::replace(self.values.get_mut(at), value)),
            Err(at) => {
                self.insert_at(at, key, value);
                None
            }
        }
    }

    pub(super) fn insert_at(&mut self, at: Place, key: K, value: V) -> &mut V {
        self.keys.insert(at, key);
        self.values.insert(at, value)
    }

    /// Takes out an entry; the value that it had.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Takes out an entry.
    pub fn remove_entry<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let at = self.keys.find(key).ok()?;
        Some(self.remove_at(at))
    }

    /// The place of a key, where there is an entry or may be put one.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        match self.keys.find(&key) {
            Ok(at) => Entry::Occupied(OccupiedEntry { map: self, at }),
            Err(at) => Entry::Vacant(VacantEntry { map: self, at, key }),
        }
    }

    /// The entry with the least key, to be changed or taken out.
    pub fn first_entry(&mut self) -> Option<OccupiedEntry<'_, K, V>> {
        let at = Place::FIRST;
        (!self.is_empty()).then_some(OccupiedEntry { map: self, at })
    }

    /// The entry with the greatest key, to be changed or taken out.
    pub fn last_entry(&mut self) -> Option<OccupiedEntry<'_, K, V>> {
        let at = self.keys.last()?;
        Some(OccupiedEntry { map: self, at })
    }

    /// The entries whose keys lie in a range, in order.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> Range<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let (from, to) = self.keys.between(range.start_bound(), range.end_bound());
        Pairs::new(self.keys.part(from, to), self.values.part(from, to))
    }

    /// The entries whose keys lie in a range, in order; values may be changed.
    pub fn range_mut<Q: Ord + ?Sized>(&mut self, range: impl RangeBounds<Q>) -> RangeMut<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let (from, to) = self.keys.between(range.start_bound(), range.end_bound());
        Pairs::new(self.keys.part(from, to), self.values.part_mut(from, to))
    }

    /// Takes all entries out of another map and puts them into this one.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }
}

impl<K, V> Default for BTreeMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for BTreeMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for BTreeMap<K, V> {}

impl<K: PartialOrd, V: PartialOrd> PartialOrd for BTreeMap<K, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other.iter())
    }
}

impl<K: Ord, V: Ord> Ord for BTreeMap<K, V> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<K: Hash, V: Hash> Hash for BTreeMap<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for entry in self {
            entry.hash(state);
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for BTreeMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for BTreeMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V> Extend<(K, V)> for BTreeMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for BTreeMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K, V> IntoIterator for BTreeMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        Pairs::new(self.keys.into_elements(), self.values.into_elements())
    }
}

impl<'a, K, V> IntoIterator for &'a BTreeMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Range<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut BTreeMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = RangeMut<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<K: Borrow<Q> + Ord, Q: ?Sized + Ord, V> Index<&Q> for BTreeMap<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("an entry with this key")
    }
}
