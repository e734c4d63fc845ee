//! What was processed, and how often.

use crate::collections::BTreeMap;

/// How often each offset of a partition was processed: ranges with counts, so
/// that it stays small however many records there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OffsetCounts {
    /// From each key on to the next one the count is this. The last is 0.
    changes: BTreeMap<i64, u32>,
}

impl OffsetCounts {
    /// How often the offset was processed.
    pub fn count(&self, offset: i64) -> u32 {
        let before = self.changes.range(..=offset).next_back();
        before.map_or(0, |(_, count)| *count)
    }

    /// The first offset that was processed; `None` when none was.
    pub fn start(&self) -> Option<i64> {
        self.changes.first_key_value().map(|(offset, _)| *offset)
    }

    /// The offset after the last one that was processed; `None` when none was.
    pub fn end(&self) -> Option<i64> {
        self.changes.last_key_value().map(|(offset, _)| *offset)
    }

    /// The ranges by offset: the first offset, the one after the last, and how
    /// often they were processed. What lies between and was never processed has
    /// the count 0.
    pub fn ranges(&self) -> impl Iterator<Item = (i64, i64, u32)> {
        let ends = self.changes.keys().skip(1);
        let ranges = self.changes.iter().zip(ends);
        ranges.map(|((from, count), to)| (*from, *to, *count))
    }

    /// How many offsets were processed more than once, each further time
    /// counted.
    pub fn repeated(&self) -> u64 {
        let repeated = self.ranges().map(|(from, to, count)| {
            (to - from).unsigned_abs() * u64::from(count.saturating_sub(1))
        });
        repeated.sum()
    }

    /// How many offsets were never processed though a later one was.
    pub fn skipped(&self) -> u64 {
        let gaps = self.ranges().filter(|(_, _, count)| *count == 0);
        gaps.map(|(from, to, _)| (to - from).unsigned_abs()).sum()
    }

    /// The parts of a range that were processed before.
    pub fn processed_within(&self, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut parts: Vec<(i64, i64)> = Vec::new();
        if self.end().is_none_or(|end| end <= from) {
            return parts;
        }
        let done = self.ranges().filter(|(.., count)| *count > 0);
        for (first, end, _) in done {
            let (first, end) = (first.max(from), end.min(to));
            match parts.last_mut() {
                _ if first >= end => {}
                Some(last) if last.1 == first => last.1 = end,
                _ => parts.push((first, end)),
            }
        }
        parts
    }

    /// Counts the offsets of a range once more.
    pub fn add(&mut self, from: i64, to: i64) {
        if from >= to {
            return;
        }
        self.split(from);
        self.split(to);
        for (_, count) in self.changes.range_mut(from..to) {
            *count = count.saturating_add(1);
        }
        self.join(to);
        self.join(from);
    }

    /// Lets a range begin at this offset.
    fn split(&mut self, offset: i64) {
        let count = self.count(offset);
        self.changes.entry(offset).or_insert(count);
    }

    /// A range that has the same count as the one before is no range of its
    /// own.
    fn join(&mut self, offset: i64) {
        let before = self.changes.range(..offset).next_back();
        let before = before.map_or(0, |(_, count)| *count);
        if self.changes.get(&offset) == Some(&before) {
            self.changes.remove(&offset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(ranges: &[(i64, i64)]) -> OffsetCounts {
        let mut counts = OffsetCounts::default();
        for (from, to) in ranges {
            counts.add(*from, *to);
        }
        counts
    }

    #[test]
    fn what_follows_is_one_range() {
        let counts = counts(&[(3, 5), (5, 9), (9, 10)]);
        assert_eq!(counts.ranges().collect::<Vec<_>>(), [(3, 10, 1)]);
        assert_eq!((counts.start(), counts.end()), (Some(3), Some(10)));
        assert_eq!((counts.repeated(), counts.skipped()), (0, 0));
    }

    #[test]
    fn what_is_repeated_is_counted_each_time() {
        let counts = counts(&[(0, 10), (4, 6), (4, 7)]);
        let ranges: Vec<_> = counts.ranges().collect();
        assert_eq!(ranges, [(0, 4, 1), (4, 6, 3), (6, 7, 2), (7, 10, 1)]);
        assert_eq!(counts.repeated(), 5);
        assert_eq!(counts.processed_within(8, 20), [(8, 10)]);
        assert_eq!(counts.processed_within(3, 8), [(3, 8)]);
        assert_eq!(counts.processed_within(10, 20), []);
        assert_eq!(counts.count(5), 3);
    }

    #[test]
    fn what_is_left_out_is_skipped_until_it_is_done() {
        let mut counts = counts(&[(0, 3), (10, 12)]);
        assert_eq!(counts.skipped(), 7);
        counts.add(3, 10);
        assert_eq!(counts.ranges().collect::<Vec<_>>(), [(0, 12, 1)]);
        assert_eq!(counts.skipped(), 0);
    }
}
