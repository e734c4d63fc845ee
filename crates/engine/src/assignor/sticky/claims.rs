//! What the members say they have, and whom of several to believe.

use super::group::Group;

/// The generation of a member that knows none.
const DEFAULT_GENERATION: i32 = -1;

/// The members' claims to partitions that are still to be assigned.
pub(super) struct Claims {
    /// For each partition the member that is believed to have it.
    pub(super) owners: Vec<Option<usize>>,
    /// Whether two members of one generation claim the partition.
    pub(super) is_disputed: Vec<bool>,
    /// For each member all that it claims, as it says.
    by_member: Vec<Vec<usize>>,
    generations: Vec<i32>,
}

impl Claims {
    /// Believes the member with the later generation; of two of the same,
    /// neither.
    ///
    /// The generation of the one that came first is the one that its
    /// subscription names, not the one that it tells with its claims.
    ///
    /// Source: `AbstractStickyAssignor.allSubscriptionsEqual`.
    pub(super) fn new(group: &Group<'_>) -> Claims {
        let mut claims = Claims::of_members(group);
        let mut last_claimed = vec![None; group.partition_count()];
        for &member in &group.in_hash_order {
            for &partition in &claims.by_member[member] {
                let generation = claims.generations[member];
                let owner = &mut claims.owners[partition];
                let Some(other) = last_claimed[partition] else {
                    *owner = Some(member);
                    last_claimed[partition] = Some(member);
                    continue;
                };
                let others = group.members[other].generation_id;
                let others = others.unwrap_or(DEFAULT_GENERATION);
                if generation == others {
                    claims.is_disputed[partition] = true;
                    *owner = owner.filter(|owner| *owner != other);
                    last_claimed[partition] = Some(member);
                } else if generation > others {
                    *owner = Some(member);
                    last_claimed[partition] = Some(member);
                }
            }
        }
        claims
    }

    fn of_members(group: &Group<'_>) -> Claims {
        let members = group.members.iter();
        let by_member = members.clone().map(|member| {
            let owned = member.owned_partitions.iter();
            owned
                .filter_map(|(topic, number)| group.partition(topic, *number))
                .collect()
        });
        let generations = members.map(|member| {
            let generation = member.owned_in_generation;
            generation.unwrap_or(DEFAULT_GENERATION)
        });
        Claims {
            owners: vec![None; group.partition_count()],
            is_disputed: vec![false; group.partition_count()],
            by_member: by_member.collect(),
            generations: generations.collect(),
        }
    }

    /// For each partition the member that had it before the latest
    /// generation, as far as anyone tells.
    ///
    /// Source: `GeneralAssignmentBuilder.prepopulateCurrentAssignments`.
    pub(super) fn previous_owners(&self, group: &Group<'_>) -> Vec<Option<usize>> {
        let latest = self.generations.iter().copied().max();
        let mut previous: Vec<Option<usize>> = vec![None; self.owners.len()];
        for &member in &group.in_hash_order {
            let generation = self.generations[member];
            if Some(generation) == latest {
                continue;
            }
            for &partition in &self.by_member[member] {
                let known = previous[partition].map(|other| self.generations[other]);
                if known.is_none_or(|known| generation > known) {
                    previous[partition] = Some(member);
                }
            }
        }
        previous
    }

    /// The partitions that go to a member which does not claim them, while one
    /// that does is to lose them.
    ///
    /// Source: `CooperativeStickyAssignor.computePartitionsTransferringOwnership`.
    pub(super) fn transferring(&self, owners: &[Option<usize>]) -> Vec<usize> {
        let mut is_revoked = vec![false; owners.len()];
        let mut is_kept = vec![false; owners.len()];
        for (member, claimed) in self.by_member.iter().enumerate() {
            for &partition in claimed {
                let keeps = owners[partition] == Some(member);
                is_kept[partition] |= keeps;
                is_revoked[partition] |= !keeps;
            }
        }
        let partitions = 0..owners.len();
        partitions
            .filter(|&partition| is_revoked[partition] && !is_kept[partition])
            .collect()
    }
}
