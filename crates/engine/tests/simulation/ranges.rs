//! Sets of offsets.

use engine::collections::BTreeMap;

/// A set of offsets, as ranges that neither touch nor overlap.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// The offset after the last, by the first.
    ends: BTreeMap<i64, i64>,
}

impl Ranges {
    pub fn add(&mut self, mut from: i64, mut to: i64) {
        if from >= to {
            return;
        }
        while let Some((first, end)) = self.touching(from, to) {
            self.ends.remove(&first);
            from = from.min(first);
            to = to.max(end);
        }
        self.ends.insert(from, to);
    }

    /// The last range that overlaps this one or lies next to it.
    fn touching(&self, from: i64, to: i64) -> Option<(i64, i64)> {
        let (first, end) = self.ends.range(..=to).next_back()?;
        (*end >= from).then_some((*first, *end))
    }

    /// The first offset from 0 on that is not in it.
    pub fn end_from_zero(&self) -> i64 {
        self.ends.get(&0).copied().unwrap_or(0)
    }

    /// A part of this range that is in it.
    pub fn overlap(&self, from: i64, to: i64) -> Option<(i64, i64)> {
        let (first, end) = self.ends.range(..to).next_back()?;
        let part = (from.max(*first), to.min(*end));
        (part.0 < part.1).then_some(part)
    }

    /// Takes out what is at or behind this offset.
    pub fn cut_off(&mut self, offset: i64) {
        self.ends.retain(|first, _| *first < offset);
        if let Some((_, end)) = self.ends.iter_mut().next_back() {
            *end = offset.min(*end);
        }
    }
}
