use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{BitAnd, RangeBounds, Sub};

use super::column::{Column, Place};
use super::walk::{Elements, IntoElements};

/// An ordered set (`std::collections::BTreeSet`).
#[derive(Clone)]
pub struct BTreeSet<T> {
    /// In order, none twice.
    elements: Column<T>,
}

impl<T> BTreeSet<T> {
    /// A set that holds nothing.
    pub const fn new() -> Self {
        BTreeSet {
            elements: Column::new(),
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The elements, in order.
    pub fn iter(&self) -> Elements<'_, T> {
        self.elements.elements()
    }

    /// The least element.
    pub fn first(&self) -> Option<&T> {
        self.elements.first()
    }

    /// The greatest element.
    pub fn last(&self) -> Option<&T> {
        let at = self.elements.last()?;
        Some(self.elements.get(at))
    }

    /// Takes out the least element.
    pub fn pop_first(&mut self) -> Option<T> {
        (!self.is_empty()).then(|| self.elements.remove(Place::FIRST))
    }

    /// Takes out the greatest element.
    pub fn pop_last(&mut self) -> Option<T> {
        let at = self.elements.last()?;
        Some(self.elements.remove(at))
    }

    /// Keeps the elements that `is_kept` is true of.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&T) -> bool) {
        let is_taken: Vec<bool> = self.iter().map(|it| !is_kept(it)).collect();
        if is_taken.contains(&true) {
            self.elements.extract(&is_taken);
        }
    }
}

impl<T: Ord> BTreeSet<T> {
    /// Whether an element is there.
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.elements.find(element).is_ok()
    }

    /// The element that is equal to this one.
    pub fn get<Q: Ord + ?Sized>(&self, element: &Q) -> Option<&T>
    where
        T: Borrow<Q>,
    {
        let at = self.elements.find(element).ok()?;
        Some(self.elements.get(at))
    }

    /// Puts in an element; whether it was not there. One that is there stays.
    pub fn insert(&mut self, element: T) -> bool {
        match self.elements.find(&element) {
            Ok(_) => false,
            Err(at) => {
                self.elements.insert(at, element);
                true
            }
        }
    }

    /// Takes out an element; whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.take(element).is_some()
    }

    /// Takes out the element that is equal to this one.
    pub fn take<Q: Ord + ?Sized>(&mut self, element: &Q) -> Option<T>
    where
        T: Borrow<Q>,
    {
        let at = self.elements.find(element).ok()?;
        Some(self.elements.remove(at))
    }

    /// The elements that lie in a range, in order.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> Elements<'_, T>
    where
        T: Borrow<Q>,
    {
        let (from, to) = self
            .elements
            .between(range.start_bound(), range.end_bound());
        self.elements.part(from, to)
    }

    /// Takes all elements out of another set and puts them into this one.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }

    /// What is in this and not in the other, in order.
    pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        self.iter().filter(|it| !other.contains(*it))
    }

    /// What is in both, in order.
    pub fn intersection<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        self.iter().filter(|it| other.contains(*it))
    }

    /// Whether all that is in this is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|it| other.contains(it))
    }

    /// Whether all that is in the other is in this.
    pub fn is_superset(&self, other: &Self) -> bool {
        other.is_subset(self)
    }
}

impl<T> Default for BTreeSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: PartialEq> PartialEq for BTreeSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for BTreeSet<T> {}

impl<T: PartialOrd> PartialOrd for BTreeSet<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other.iter())
    }
}

impl<T: Ord> Ord for BTreeSet<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<T: Hash> Hash for BTreeSet<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for element in self {
            element.hash(state);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for BTreeSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<T: Ord> FromIterator<T> for BTreeSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut set = Self::new();
        set.extend(elements);
        set
    }
}

impl<T: Ord> Extend<T> for BTreeSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        for element in elements {
            self.insert(element);
        }
    }
}

impl<'a, T: Ord + Copy + 'a> Extend<&'a T> for BTreeSet<T> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, elements: I) {
        self.extend(elements.into_iter().copied());
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for BTreeSet<T> {
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<T> IntoIterator for BTreeSet<T> {
    type Item = T;
    type IntoIter = IntoElements<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.into_elements()
    }
}

impl<'a, T> IntoIterator for &'a BTreeSet<T> {
    type Item = &'a T;
    type IntoIter = Elements<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What is in both.
impl<T: Ord + Clone> BitAnd for &BTreeSet<T> {
    type Output = BTreeSet<T>;

    fn bitand(self, other: Self) -> BTreeSet<T> {
        self.intersection(other).cloned().collect()
    }
}

/// What is in the first and not in the second.
impl<T: Ord + Clone> Sub for &BTreeSet<T> {
    type Output = BTreeSet<T>;

    fn sub(self, other: Self) -> BTreeSet<T> {
        self.difference(other).cloned().collect()
    }
}
