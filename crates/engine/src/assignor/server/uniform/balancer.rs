//! Who of a topic's subscribers is to get the next partition, and who is to
//! give one away.
//!
//! The subscribers stand in a row by how many partitions they have. From the
//! left grows a range of those that have least: all in it are raised to the
//! same level, one partition each in turn, and when they are, the next in the
//! row that stand at that level join them. From the right grows the range of
//! those that have most, which is lowered the same way.
//!
//! Source: `MemberAssignmentBalancer` in
//! `org.apache.kafka.coordinator.group.assignor.UniformHeterogeneousAssignmentBuilder`.

use crate::sorting::sort_by_key;

/// Levels are one more or less than any member has at first, so they are signed.
type Level = i64;

pub(super) struct Balancer {
    /// Members by how many partitions they had at first, then by their place.
    row: Vec<usize>,
    /// The range of those with least is `row[..least_end]`.
    least_end: usize,
    /// What those have that have not been raised in this turn.
    least_level: Level,
    /// Who of them is raised next.
    next_least: usize,
    /// The range of those with most is `row[most_start..most_end]`; beyond are
    /// those that have nothing to give away.
    most_start: usize,
    most_end: usize,
    /// What those have that have not been lowered in this turn.
    most_level: Level,
    /// One past who of them is lowered next.
    after_next_most: usize,
}

impl Balancer {
    /// For these subscribers, at least one; `sizes` tells how many partitions
    /// each member has.
    pub fn new(subscribers: &[usize], sizes: &[usize]) -> Self {
        let mut row = subscribers.to_vec();
        sort_by_key(&mut row, |&member| (sizes[member], member));
        let level = |member: Option<&usize>| member.map_or(0, |&member| sizes[member] as Level);
        Self {
            least_end: 0,
            least_level: level(row.first()) - 1,
            next_least: 0,
            most_start: row.len(),
            most_end: row.len(),
            most_level: level(row.last()) + 1,
            after_next_most: row.len(),
            row,
        }
    }

    /// Who gets the next partition. It counts as given.
    pub fn next_least_loaded(&mut self, sizes: &[usize]) -> usize {
        if self.next_least >= self.least_end {
            self.least_level += 1;
            while self.level_at(self.least_end, sizes) == Some(self.least_level) {
                self.least_end += 1;
            }
            self.next_least = 0;
        }
        let member = self.row[self.next_least];
        self.next_least += 1;
        member
    }

    /// Who gives a partition away; `None` when nobody is left that could. It
    /// counts as given away.
    pub fn next_most_loaded(&mut self, sizes: &[usize]) -> Option<usize> {
        if self.after_next_most <= self.most_start {
            let before = self.most_start.checked_sub(1);
            let before = before.and_then(|place| self.level_at(place, sizes));
            self.most_level = match before {
                // All in the range had nothing to give: it begins anew.
                Some(level) if self.most_end <= self.most_start => level,
                _ => self.most_level - 1,
            };
            while self.most_start > 0
                && self.level_at(self.most_start - 1, sizes) == Some(self.most_level)
            {
                self.most_start -= 1;
            }
            self.after_next_most = self.most_end;
        }
        self.after_next_most = self.after_next_most.checked_sub(1)?;
        Some(self.row[self.after_next_most])
    }

    /// Takes whom [`next_most_loaded`](Self::next_most_loaded) named last out of
    /// the range: it had nothing to give away.
    pub fn exclude_most_loaded(&mut self) {
        self.most_end -= 1;
        self.row.swap(self.after_next_most, self.most_end);
    }

    /// Whether those with most have at most one more than those with least.
    pub fn is_balanced(&self) -> bool {
        self.most_level - self.least_level <= 1
    }

    fn level_at(&self, place: usize, sizes: &[usize]) -> Option<Level> {
        let member = self.row.get(place)?;
        Some(sizes[*member] as Level)
    }
}
