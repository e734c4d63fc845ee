//! When members subscribe to different topics: everyone keeps what it had, the
//! rest goes to whoever has least, then partitions move one by one until no
//! move would even things out.

use super::Plan;
use super::claims::Claims;
use super::group::Group;
use super::movements::Movements;
use crate::sorting::{sort, sort_by_key};

/// Members keep what they had, the rest is given out, then it is evened out.
///
/// Source: `AbstractStickyAssignor.GeneralAssignmentBuilder`.
pub(super) fn plan(group: &Group<'_>, claims: &Claims) -> Plan {
    let mut builder = Builder::new(group, claims);
    let has_kept = builder.keep_owned(claims);
    builder.balance(has_kept);
    Plan {
        owners: builder.owners,
        transferring: None,
    }
}

/// What was there before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Everything that anyone had.
    All,
    /// Not all of it: something does not belong to whom it belonged any more.
    Some,
}

struct Builder<'a> {
    group: &'a Group<'a>,
    /// Who had a partition in an earlier generation.
    previous: Vec<Option<usize>>,
    owners: Vec<Option<usize>>,
    sizes: Vec<usize>,
    /// How many partitions each member could have at most.
    max_sizes: Vec<usize>,
    /// Whether a member could give or take anything.
    takes_part: Vec<bool>,
    movements: Movements,
    /// How often something moved.
    version: usize,
    /// Whether it was balanced then.
    was_balanced: Option<(usize, bool)>,
    /// For each topic, its member with the least, as of then.
    least: Vec<Option<(usize, usize)>>,
}

impl<'a> Builder<'a> {
    fn new(group: &'a Group<'a>, claims: &Claims) -> Self {
        let max_sizes = group.subscribed.iter().map(|topics| {
            let counts = topics.iter().map(|topic| group.topics[*topic].count);
            counts.sum()
        });
        Builder {
            group,
            previous: claims.previous_owners(group),
            owners: vec![None; group.partition_count()],
            sizes: vec![0; group.members.len()],
            max_sizes: max_sizes.collect(),
            takes_part: vec![true; group.members.len()],
            movements: Movements::default(),
            version: 0,
            was_balanced: None,
            least: vec![None; group.topics.len()],
        }
    }

    /// Leaves with every member what it had and still subscribes to; with
    /// racks, only what is on its rack.
    fn keep_owned(&mut self, claims: &Claims) -> Kept {
        let mut kept = Kept::All;
        for (partition, owner) in claims.owners.iter().enumerate() {
            let Some(owner) = *owner else { continue };
            let subscribes = self.group.subscribes(owner, self.group.topic_of[partition]);
            if subscribes && !self.group.racks.mismatch(owner, partition) {
                self.owners[partition] = Some(owner);
                self.sizes[owner] += 1;
            } else {
                kept = Kept::Some;
            }
        }
        kept
    }

    fn balance(&mut self, kept: Kept) {
        let is_first_assignment = self.sizes.iter().all(|size| *size == 0);
        let mut all = self.partitions_by_subscribers();
        let is_unassigned = |partition: &usize| self.owners[*partition].is_none();
        let mut unassigned: Vec<usize> = all.iter().copied().filter(is_unassigned).collect();
        self.assign_to_least(&unassigned);

        // What only one member can have stays where it is.
        let group = self.group;
        let can_move = |partition: &usize| {
            let topic = &group.topics[group.topic_of[*partition]];
            topic.subscribers.len() > 1
        };
        all.retain(can_move);
        unassigned.retain(can_move);
        self.find_who_takes_part();

        let before = (self.owners.clone(), self.sizes.clone());
        // What is new may move before what is not.
        if kept == Kept::All {
            self.reassign(&unassigned);
        }
        let has_moved = self.reassign(&all);
        let is_no_better = || self.score(&self.sizes) >= self.score(&before.1);
        if !is_first_assignment && has_moved && is_no_better() {
            (self.owners, self.sizes) = before;
        }
    }

    /// All partitions, those of topics with the fewest members first.
    fn partitions_by_subscribers(&self) -> Vec<usize> {
        let mut topics: Vec<_> = self.group.topics.iter().collect();
        sort_by_key(&mut topics, |topic| topic.subscribers.len());
        let partitions = topics
            .iter()
            .flat_map(|topic| topic.first..topic.first + topic.count);
        partitions.collect()
    }

    /// Gives each to the member that has the least; with racks, first all that
    /// are on a member's rack.
    fn assign_to_least(&mut self, unassigned: &[usize]) {
        if self.group.racks.matter() {
            for &partition in unassigned {
                self.assign_to_least_of(partition, |builder, member| {
                    !builder.group.racks.mismatch(member, partition)
                });
            }
        }
        for &partition in unassigned {
            if self.owners[partition].is_none() {
                self.assign_to_least_of(partition, |_, _| true);
            }
        }
    }

    fn assign_to_least_of(&mut self, partition: usize, may_have: impl Fn(&Self, usize) -> bool) {
        let topic = &self.group.topics[self.group.topic_of[partition]];
        let candidates = topic.subscribers.iter().copied();
        let least = candidates
            .filter(|member| may_have(self, *member))
            .min_by_key(|member| self.sizes[*member]);
        if let Some(member) = least {
            self.owners[partition] = Some(member);
            self.sizes[member] += 1;
        }
    }

    /// Leaves out the members that have all they can have, if nobody else can
    /// have any of it.
    fn find_who_takes_part(&mut self) {
        for (member, topics) in self.group.subscribed.iter().enumerate() {
            let is_shared = |topic: &usize| self.group.topics[*topic].subscribers.len() > 1;
            self.takes_part[member] =
                self.sizes[member] < self.max_sizes[member] || topics.iter().any(is_shared);
        }
    }

    /// Moves partitions from members that have more to members that have less,
    /// until nothing can be gained; returns whether any moved.
    fn reassign(&mut self, partitions: &[usize]) -> bool {
        let before = self.version;
        loop {
            let start = self.version;
            for &partition in partitions {
                if self.is_balanced(partition) {
                    break;
                }
                self.reassign_one(partition);
            }
            if self.version == start {
                return self.version > before;
            }
        }
    }

    /// Moves the partition, or one in its place, if its member has at least
    /// two more than another: the one that had it before, or the one that has
    /// the least. Kafka's gives it back also to one that does not subscribe to
    /// it any more.
    fn reassign_one(&mut self, partition: usize) {
        let Some(owner) = self.owners[partition] else {
            return;
        };
        let would_help = |size: usize| self.sizes[owner] > size + 1;
        let topic = self.group.topic_of[partition];
        if let Some(previous) = self.previous[partition]
            && self.group.subscribes(previous, topic)
            && would_help(self.sizes[previous])
        {
            return self.move_to(partition, owner, previous);
        }
        let least = self.least(topic);
        if self.sizes[owner] > self.sizes[least] + 1 {
            self.move_to(partition, owner, least);
        }
    }

    /// The topic's member with the least, the first of several.
    fn least(&mut self, topic: usize) -> usize {
        if let Some((version, member)) = self.least[topic]
            && version == self.version
        {
            return member;
        }
        let subscribers = self.group.topics[topic].subscribers.iter().copied();
        let least = subscribers.min_by_key(|member| self.sizes[*member]);
        let least = least.expect("someone subscribes to each topic");
        self.least[topic] = Some((self.version, least));
        least
    }

    fn move_to(&mut self, partition: usize, owner: usize, to: usize) {
        let topic = self.group.topic_of[partition];
        let moved = self.movements.to_be_moved(self.group, partition, owner, to);
        let from = self.owners[moved].expect("what moved before has an owner");
        self.movements.add(topic, moved, from, to);
        self.sizes[from] -= 1;
        self.sizes[to] += 1;
        self.owners[moved] = Some(to);
        self.version += 1;
    }

    /// Whether no member could get a partition from one that has at least two
    /// more. The look begins with the topic of `near`, where it ends soonest.
    fn is_balanced(&mut self, near: usize) -> bool {
        if let Some((version, is_balanced)) = self.was_balanced
            && version == self.version
        {
            return is_balanced;
        }
        let first = self.group.topic_of[near];
        let topics = (first..self.group.topics.len()).chain(0..first);
        let is_balanced = topics.into_iter().all(|topic| self.is_even(topic));
        self.was_balanced = Some((self.version, is_balanced));
        is_balanced
    }

    fn is_even(&self, topic: usize) -> bool {
        let topic = &self.group.topics[topic];
        let takes_more = |member: &usize| {
            self.takes_part[*member] && self.sizes[*member] != self.max_sizes[*member]
        };
        let takers = topic.subscribers.iter().copied().filter(takes_more);
        let Some(least) = takers.map(|member| self.sizes[member]).min() else {
            return true;
        };
        let owners = &self.owners[topic.first..topic.first + topic.count];
        let mut sizes = owners.iter().flatten().map(|owner| self.sizes[*owner]);
        sizes.all(|size| size <= least + 1)
    }

    /// How uneven it is: the differences of all pairs of members that take
    /// part, added up.
    fn score(&self, sizes: &[usize]) -> usize {
        let sizes = sizes.iter().zip(&self.takes_part);
        let mut sizes: Vec<usize> = sizes.filter(|it| *it.1).map(|it| *it.0).collect();
        sort(&mut sizes);
        let mut smaller = 0;
        let mut score = 0;
        for (index, size) in sizes.into_iter().enumerate() {
            score += index * size - smaller;
            smaller += size;
        }
        score
    }
}
