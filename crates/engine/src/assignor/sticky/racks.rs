//! Which members are on a rack that holds a replica (KIP-881).

use crate::collections::BTreeMap;

use super::group::Group;
use crate::assignor::racks_matter;

/// The racks of members and partitions, by numbers; empty where they make no
/// difference to the assignment.
///
/// Source: `AbstractStickyAssignor.RackInfo`.
#[derive(Default)]
pub(super) struct Racks {
    /// For each member its rack.
    of_member: Vec<Option<usize>>,
    /// For each partition the racks that hold a replica and have a member.
    of_partition: Vec<Vec<usize>>,
    /// For each rack, how many members are on it.
    members_on: Vec<usize>,
}

impl Racks {
    /// The racks of a group whose members and topics are known.
    pub(super) fn new(group: &Group<'_>) -> Racks {
        let rack_of = |member: usize| {
            let rack = group.members[member].rack_id.as_deref();
            rack.filter(|rack| !rack.is_empty())
        };
        let members = 0..group.members.len();
        let known = members.clone().filter_map(rack_of);
        let topics = group.topics.iter().map(|topic| topic.partitions);
        if !racks_matter(topics, known.clone()) {
            return Racks::default();
        }
        let mut numbers: BTreeMap<&str, usize> = known.map(|rack| (rack, 0)).collect();
        for (number, rack) in numbers.values_mut().enumerate() {
            *rack = number;
        }
        let of_member: Vec<Option<usize>> = members
            .map(|member| rack_of(member).map(|rack| numbers[rack]))
            .collect();
        let mut members_on = vec![0; numbers.len()];
        for rack in of_member.iter().flatten() {
            members_on[*rack] += 1;
        }
        let of_partition = (0..group.partition_count())
            .map(|partition| {
                let topic = group.topics[group.topic_of[partition]].partitions;
                let racks = topic.racks_of(group.number(partition));
                let racks = racks.filter_map(|rack| numbers.get(rack).copied());
                racks.collect()
            })
            .collect();
        Racks {
            of_member,
            of_partition,
            members_on,
        }
    }

    /// Whether they make a difference.
    pub(super) fn matter(&self) -> bool {
        !self.members_on.is_empty()
    }

    /// Whether the member is on a rack, and the partition is not on that.
    pub(super) fn mismatch(&self, member: usize, partition: usize) -> bool {
        self.matter()
            && self.of_member[member]
                .is_some_and(|rack| !self.of_partition[partition].contains(&rack))
    }

    /// Whether both are on the same rack.
    pub(super) fn match_up(&self, member: usize, partition: usize) -> bool {
        self.matter()
            && self.of_member[member]
                .is_some_and(|rack| self.of_partition[partition].contains(&rack))
    }

    /// How many members are on a rack with the partition.
    pub(super) fn members_near(&self, partition: usize) -> usize {
        let racks = self.of_partition.get(partition).into_iter().flatten();
        racks.map(|rack| self.members_on[*rack]).sum()
    }
}
