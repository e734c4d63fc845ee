//! Ordered maps and sets: the standard library's, but for how they are
//! collected.
//!
//! The standard library sorts what it collects into a map before it builds it,
//! with a sort of its own for every type of key and value: in a page that is a
//! seventh of all the code that is loaded. These insert one entry after the
//! other, which takes no code that a map does not have anyway. Of two entries
//! with one key the last stays, as there.

#![allow(
    clippy::disallowed_types,
    reason = "this is what stands for the standard library's maps"
)]

use std::borrow::Borrow;
use std::collections::{btree_map, btree_set};
use std::fmt;
use std::ops::{BitAnd, Deref, DerefMut, Index, Sub};

/// An ordered map (`std::collections::BTreeMap`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BTreeMap<K, V>(btree_map::BTreeMap<K, V>);

/// An ordered set (`std::collections::BTreeSet`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BTreeSet<T>(btree_set::BTreeSet<T>);

impl<K, V> BTreeMap<K, V> {
    /// A map that holds nothing.
    pub const fn new() -> Self {
        Self(btree_map::BTreeMap::new())
    }

    /// The keys, in order.
    pub fn into_keys(self) -> btree_map::IntoKeys<K, V> {
        self.0.into_keys()
    }

    /// The values, in the order of their keys.
    pub fn into_values(self) -> btree_map::IntoValues<K, V> {
        self.0.into_values()
    }
}

impl<K: Ord, V> BTreeMap<K, V> {
    /// Takes out the entries from this key on.
    pub fn split_off<Q: ?Sized + Ord>(&mut self, key: &Q) -> Self
    where
        K: Borrow<Q>,
    {
        Self(self.0.split_off(key))
    }
}

impl<T> BTreeSet<T> {
    /// A set that holds nothing.
    pub const fn new() -> Self {
        Self(btree_set::BTreeSet::new())
    }
}

impl<T: Ord> BTreeSet<T> {
    /// Takes out the elements from this one on.
    pub fn split_off<Q: ?Sized + Ord>(&mut self, from: &Q) -> Self
    where
        T: Borrow<Q>,
    {
        Self(self.0.split_off(from))
    }
}

impl<K, V> Default for BTreeMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Default for BTreeSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for BTreeMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for BTreeSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K, V> Deref for BTreeMap<K, V> {
    type Target = btree_map::BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K, V> DerefMut for BTreeMap<K, V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<T> Deref for BTreeSet<T> {
    type Target = btree_set::BTreeSet<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> DerefMut for BTreeSet<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for BTreeMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<T: Ord> FromIterator<T> for BTreeSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut set = Self::new();
        set.extend(elements);
        set
    }
}

impl<K: Ord, V> Extend<(K, V)> for BTreeMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.0.extend(entries);
    }
}

impl<T: Ord> Extend<T> for BTreeSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        self.0.extend(elements);
    }
}

impl<'a, T: Ord + Copy + 'a> Extend<&'a T> for BTreeSet<T> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, elements: I) {
        self.0.extend(elements);
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for BTreeMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for BTreeSet<T> {
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<K, V> IntoIterator for BTreeMap<K, V> {
    type Item = (K, V);
    type IntoIter = btree_map::IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a BTreeMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut BTreeMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = btree_map::IterMut<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

impl<T> IntoIterator for BTreeSet<T> {
    type Item = T;
    type IntoIter = btree_set::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a BTreeSet<T> {
    type Item = &'a T;
    type IntoIter = btree_set::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<K: Borrow<Q> + Ord, Q: ?Sized + Ord, V> Index<&Q> for BTreeMap<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        &self.0[key]
    }
}

/// What is in both.
impl<T: Ord + Clone> BitAnd for &BTreeSet<T> {
    type Output = BTreeSet<T>;

    fn bitand(self, other: Self) -> BTreeSet<T> {
        BTreeSet(&self.0 & &other.0)
    }
}

/// What is in the first and not in the second.
impl<T: Ord + Clone> Sub for &BTreeSet<T> {
    type Output = BTreeSet<T>;

    fn sub(self, other: Self) -> BTreeSet<T> {
        BTreeSet(&self.0 - &other.0)
    }
}
