//! When all members subscribe to the same topics: every one gets the same
//! number of partitions, some of them one more.

use super::Plan;
use super::claims::Claims;
use super::group::Group;
use crate::sorting::{sort, sort_by_key};

/// Members keep what they had up to their share; the rest goes to those that
/// have less, in turn.
///
/// Source: `AbstractStickyAssignor.ConstrainedAssignmentBuilder`.
pub(super) fn plan(group: &Group<'_>, claims: &Claims) -> Plan {
    let mut builder = Builder::new(group, claims);
    if !group.members.is_empty() {
        builder.keep_owned();
        let mut unassigned = builder.unassigned();
        builder.assign_near(&mut unassigned);
        builder.assign_in_turn(&unassigned);
    }
    Plan {
        owners: builder.owners,
        transferring: Some(builder.transferring),
    }
}

struct Builder<'a> {
    group: &'a Group<'a>,
    claims: &'a Claims,
    /// What every member gets.
    min_quota: usize,
    /// What some get; the same when they divide evenly.
    max_quota: usize,
    /// How many members may still get more than `min_quota`.
    extras_left: usize,
    owners: Vec<Option<usize>>,
    sizes: Vec<usize>,
    /// Who had a partition and has not kept it.
    maybe_revoked: Vec<Option<usize>>,
    /// The members with less than `min_quota`, in order.
    under_min: Vec<usize>,
    /// Those with just that, which may get one more.
    exactly_min: Vec<usize>,
    /// The partitions that go from one member to another.
    transferring: Vec<usize>,
}

impl<'a> Builder<'a> {
    fn new(group: &'a Group<'a>, claims: &'a Claims) -> Self {
        let (partitions, members) = (group.partition_count(), group.members.len());
        let divisor = members.max(1);
        Builder {
            group,
            claims,
            min_quota: partitions / divisor,
            max_quota: partitions.div_ceil(divisor),
            extras_left: partitions % divisor,
            owners: vec![None; partitions],
            sizes: vec![0; members],
            maybe_revoked: vec![None; partitions],
            under_min: Vec::new(),
            exactly_min: Vec::new(),
            transferring: Vec::new(),
        }
    }

    /// Each member keeps its share of what it had: the partitions with the
    /// lowest numbers. The first to have `max_quota` keep that many.
    fn keep_owned(&mut self) {
        let group = self.group;
        let owned = self.owned();
        for &member in &group.in_hash_order {
            let owned = &owned[member];
            let kept = if owned.len() < self.min_quota {
                self.under_min.push(member);
                owned.len()
            } else if owned.len() >= self.max_quota && self.extras_left > 0 {
                self.use_extra();
                self.max_quota
            } else {
                if self.extras_left > 0 {
                    self.exactly_min.push(member);
                }
                self.min_quota
            };
            for &partition in &owned[..kept] {
                self.owners[partition] = Some(member);
            }
            for &partition in &owned[kept..] {
                self.maybe_revoked[partition] = Some(member);
            }
            self.sizes[member] = kept;
        }
        sort(&mut self.under_min);
        sort(&mut self.exactly_min);
    }

    /// For each member what it may keep, by number and topic. What is not on
    /// its rack it may not.
    fn owned(&mut self) -> Vec<Vec<usize>> {
        let mut owned = vec![Vec::new(); self.sizes.len()];
        for (partition, owner) in self.claims.owners.iter().enumerate() {
            let Some(owner) = *owner else { continue };
            if self.group.racks.mismatch(owner, partition) {
                self.maybe_revoked[partition] = Some(owner);
            } else if !self.claims.is_disputed[partition] {
                owned[owner].push(partition);
            }
        }
        for owned in &mut owned {
            sort_by_key(owned, |&partition| {
                (self.group.number(partition), partition)
            });
        }
        owned
    }

    /// A member has reached `max_quota`. When no other may, those with
    /// `min_quota` have enough.
    fn use_extra(&mut self) {
        self.extras_left -= 1;
        if self.extras_left == 0 {
            self.exactly_min.clear();
        }
    }

    /// By topic and number; with racks, those first that the fewest members
    /// are near to.
    fn unassigned(&self) -> Vec<usize> {
        let all = 0..self.owners.len();
        let mut unassigned: Vec<usize> = all.filter(|&it| self.owners[it].is_none()).collect();
        sort_by_key(&mut unassigned, |&partition| {
            self.group.racks.members_near(partition)
        });
        unassigned
    }

    /// Gives out what has a replica on the rack of a member that may still
    /// have more, in turn; leaves the rest in `unassigned`.
    fn assign_near(&mut self, unassigned: &mut Vec<usize>) {
        if !self.group.racks.matter() {
            return;
        }
        let mut turn = 0;
        unassigned.retain(|&partition| match self.take_near(partition, &mut turn) {
            Some(member) => {
                self.assign(partition, member);
                false
            }
            None => true,
        });
    }

    /// The member near to the partition whose turn it is, those with less than
    /// `min_quota` first. It is told to have one more.
    fn take_near(&mut self, partition: usize, turn: &mut usize) -> Option<usize> {
        if let Some(index) = self.next_near(partition, &self.under_min, *turn) {
            let member = self.under_min[index];
            let mut next = index + 1;
            let size = self.sizes[member] + 1;
            if size >= self.min_quota {
                self.under_min.remove(index);
                next = index;
                if size < self.max_quota && self.extras_left > 0 {
                    self.exactly_min.push(member);
                }
            }
            *turn = next.checked_rem(self.under_min.len()).unwrap_or(0);
            return Some(member);
        }
        let index = self.next_near(partition, &self.exactly_min, 0)?;
        let member = self.exactly_min[index];
        if self.sizes[member] + 1 == self.max_quota {
            self.exactly_min.remove(index);
            self.use_extra();
        }
        Some(member)
    }

    /// The place of the first of `members` on a rack with the partition,
    /// beginning at `from` and going round.
    fn next_near(&self, partition: usize, members: &[usize], from: usize) -> Option<usize> {
        let is_near = |index: &usize| self.group.racks.match_up(members[*index], partition);
        (from..members.len()).chain(0..from).find(is_near)
    }

    /// Deals out the rest: to the members with less than `min_quota` in turn,
    /// then one more each to the others.
    fn assign_in_turn(&mut self, unassigned: &[usize]) {
        let mut turn = 0;
        for &partition in unassigned {
            if self.under_min.is_empty() {
                // The quotas add up to all partitions.
                let member = self.exactly_min.remove(0);
                self.assign(partition, member);
                continue;
            }
            turn %= self.under_min.len();
            let member = self.under_min[turn];
            self.assign(partition, member);
            if self.sizes[member] == self.min_quota {
                self.under_min.remove(turn);
                self.exactly_min.push(member);
            } else {
                turn += 1;
            }
        }
    }

    fn assign(&mut self, partition: usize, member: usize) {
        self.owners[partition] = Some(member);
        self.sizes[member] += 1;
        let previous = self.maybe_revoked[partition];
        if previous.is_some_and(|previous| previous != member) || self.claims.is_disputed[partition]
        {
            self.transferring.push(partition);
        }
    }
}
