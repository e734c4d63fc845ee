//! What holds for every assignor in every group: random groups whose members
//! come and go, whose subscriptions change and whose topics grow.

use engine::collections::{BTreeMap, BTreeSet};

use engine::assignor::{Assignment, ClientAssignor, MemberSubscription, TopicPartitions, Topics};
use engine::sim::{Random, Stream};

const SEEDS: u64 = 300;
const ROUNDS: i32 = 12;

/// The partition of a topic.
type Partition = (String, i32);

/// A group, its topics, and what its members had in the last generation.
struct Group {
    random: Random,
    /// Whether all members subscribe to all topics.
    is_homogeneous: bool,
    has_racks: bool,
    topics: Topics,
    members: Vec<MemberSubscription>,
    generation: i32,
    next_member: u32,
}

impl Group {
    fn random(seed: u64) -> Group {
        let mut group = Group {
            random: Random::new(seed, Stream::Tool),
            is_homogeneous: seed.is_multiple_of(2),
            has_racks: seed % 3 == 2,
            topics: Topics::new(),
            members: Vec::new(),
            generation: 0,
            next_member: 0,
        };
        for topic in 0..=group.random.below(6) {
            let name = format!("t{topic}");
            let topic = TopicPartitions::without_racks(0);
            group.topics.insert(name.clone(), topic);
            group.grow(&name);
        }
        for _ in 0..=group.random.below(10) {
            group.join();
        }
        group
    }

    fn join(&mut self) {
        self.next_member += 1;
        let uuid = self.random.next_u32();
        let is_static = self.random.below(3) == 0;
        let rack = self.random.below(4);
        let member = MemberSubscription {
            member_id: format!("consumer-{}-{uuid:08x}", self.next_member),
            group_instance_id: is_static.then(|| format!("instance-{uuid}")),
            rack_id: (self.has_racks && rack < 3).then(|| format!("rack-{rack}")),
            topics: self.subscription(),
            ..MemberSubscription::default()
        };
        self.members.push(member);
    }

    fn subscription(&mut self) -> Vec<String> {
        let mut topics: Vec<String> = self.topics.keys().cloned().collect();
        topics.push("there-is-none".to_owned());
        if !self.is_homogeneous {
            topics.retain(|_| self.random.below(2) == 0);
        }
        topics
    }

    /// Some more partitions for a topic, each on two racks.
    fn grow(&mut self, topic: &str) {
        let more = self.random.below(5);
        let has_racks = self.has_racks;
        let mut rack = || format!("rack-{}", self.random.below(4));
        let topic = self.topics.get_mut(topic).expect("it is there");
        for _ in 0..more {
            topic.count += 1;
            if has_racks {
                topic.replica_racks.push(BTreeSet::from([rack(), rack()]));
            }
        }
    }

    fn any_member(&mut self) -> usize {
        self.random.below(self.members.len() as u32) as usize
    }

    /// Something that makes a group rebalance.
    fn change(&mut self) {
        match self.random.below(4) {
            0 => self.join(),
            1 if self.members.len() > 1 => {
                let member = self.any_member();
                self.members.remove(member);
            }
            2 => {
                let member = self.any_member();
                self.members[member].topics = self.subscription();
            }
            _ => {
                let topic = self.random.below(self.topics.len() as u32);
                self.grow(&format!("t{topic}"));
            }
        }
    }

    /// The members take what they are assigned, in a new generation.
    fn take(&mut self, assignment: &Assignment) {
        self.generation += 1;
        for member in &mut self.members {
            member.owned_partitions = assignment[&member.member_id].clone();
            member.owned_in_generation = Some(self.generation);
            member.generation_id = Some(self.generation);
        }
    }

    /// The members say that they have what others have too, or what there is
    /// not, in generations long past, or in none.
    fn claim_anything(&mut self) {
        for member in &mut self.members {
            let mut below = |bound| self.random.below(bound);
            let mut generation = || Some(below(4) as i32).filter(|it| *it > 0);
            member.owned_in_generation = generation();
            member.generation_id = generation();
            for _ in 0..below(12) {
                let partition = (format!("t{}", below(8)), below(7) as i32 - 1);
                member.owned_partitions.push(partition);
            }
        }
    }

    /// With the cooperative protocol, a member joins without the partitions of
    /// topics that it no longer subscribes to.
    fn give_up_unsubscribed(&mut self) {
        for member in &mut self.members {
            let topics = &member.topics;
            member
                .owned_partitions
                .retain(|(topic, _)| topics.contains(topic));
        }
    }

    /// All partitions of all topics that someone reads.
    fn subscribed_partitions(&self) -> BTreeSet<Partition> {
        let read: BTreeSet<&String> = self.members.iter().flat_map(|it| &it.topics).collect();
        let topics = self.topics.iter().filter(|(name, _)| read.contains(name));
        topics
            .flat_map(|(name, topic)| (0..topic.count).map(|number| (name.clone(), number)))
            .collect()
    }

    /// What each member had.
    fn owned(&self) -> BTreeMap<String, BTreeSet<Partition>> {
        let members = self.members.iter();
        members
            .map(|it| {
                (
                    it.member_id.clone(),
                    it.owned_partitions.iter().cloned().collect(),
                )
            })
            .collect()
    }
}

/// Runs `check` on many groups in many generations: with the group as it was
/// before the rebalance, and what was assigned.
fn in_many_groups(assignor: ClientAssignor, mut check: impl FnMut(u64, &Group, &Assignment)) {
    for seed in 0..SEEDS {
        let mut group = Group::random(seed);
        for _ in 0..ROUNDS {
            if assignor == ClientAssignor::CooperativeSticky {
                group.give_up_unsubscribed();
            }
            let assignment = assignor.assign(&group.topics, &group.members);
            check(seed, &group, &assignment);
            group.take(&assignment);
            group.change();
        }
    }
}

/// Every partition with its owner; nobody gets what another has, or what it
/// does not subscribe to.
fn owners(seed: u64, group: &Group, assignment: &Assignment) -> BTreeMap<Partition, String> {
    let mut owners = BTreeMap::new();
    for member in &group.members {
        for partition in &assignment[&member.member_id] {
            assert!(member.topics.contains(&partition.0), "seed {seed}");
            let other = owners.insert(partition.clone(), member.member_id.clone());
            assert_eq!(other, None, "seed {seed}: {partition:?}");
        }
    }
    assert_eq!(assignment.len(), group.members.len(), "seed {seed}");
    owners
}

fn sizes_differ_by_one_at_most(assignment: &Assignment) -> bool {
    let sizes = || assignment.values().map(Vec::len);
    sizes().max() <= sizes().min().map(|least| least + 1)
}

#[test]
fn every_partition_that_is_read_has_one_owner_who_subscribes_to_it() {
    use ClientAssignor::{Range, RoundRobin, Sticky};
    for assignor in [Range, RoundRobin, Sticky] {
        in_many_groups(assignor, |seed, group, assignment| {
            let owned: BTreeSet<Partition> = owners(seed, group, assignment).into_keys().collect();
            assert_eq!(owned, group.subscribed_partitions(), "seed {seed}");
        });
    }
}

#[test]
fn members_with_the_same_topics_have_the_same_number_of_partitions() {
    for assignor in [ClientAssignor::RoundRobin, ClientAssignor::Sticky] {
        in_many_groups(assignor, |seed, group, assignment| {
            let is_even = sizes_differ_by_one_at_most(assignment);
            assert!(is_even || !group.is_homogeneous, "seed {seed}");
        });
    }
}

#[test]
fn the_sticky_assignors_move_nothing_while_nothing_changes() {
    for assignor in [ClientAssignor::Sticky, ClientAssignor::CooperativeSticky] {
        in_many_groups(assignor, |seed, group, assignment| {
            // What could not be had on the right rack is looked for anew.
            if group.has_racks {
                return;
            }
            let settled = settle(seed, group, assignment.clone());
            let again = assignor.assign(&group.topics, &settled);
            assert_eq!(again, owned_by(&settled), "seed {seed}");
        });
    }
}

#[test]
fn a_member_that_leaves_moves_only_its_own_partitions() {
    in_many_groups(ClientAssignor::Sticky, |seed, group, assignment| {
        if !group.is_homogeneous || group.has_racks || group.members.len() < 2 {
            return;
        }
        let mut left = holding(group, assignment);
        left.remove(seed as usize % left.len());
        let after = ClientAssignor::Sticky.assign(&group.topics, &left);
        for member in &left {
            let kept = &after[&member.member_id];
            let had = &member.owned_partitions;
            assert!(had.iter().all(|it| kept.contains(it)), "seed {seed}");
        }
    });
}

#[test]
fn cooperatively_nobody_gets_what_another_still_owns() {
    in_many_groups(
        ClientAssignor::CooperativeSticky,
        |seed, group, assignment| {
            let owned = group.owned();
            for (partition, owner) in owners(seed, group, assignment) {
                let mut others = owned.iter().filter(|(member, _)| **member != owner);
                assert!(
                    others.all(|(_, partitions)| !partitions.contains(&partition)),
                    "seed {seed}: {partition:?}"
                );
            }
        },
    );
}

#[test]
fn cooperatively_every_partition_is_read_in_the_end() {
    let assignor = ClientAssignor::CooperativeSticky;
    in_many_groups(assignor, |seed, group, assignment| {
        // With both, Kafka's algorithm may never come to an end: it takes from
        // a member what is on another rack, and then, to even things out,
        // gives another partition to a member on another rack.
        if group.has_racks && !group.is_homogeneous {
            return;
        }
        let settled = settle(seed, group, assignment.clone());
        let owned: BTreeSet<Partition> = owners(seed, group, &owned_by(&settled))
            .into_keys()
            .collect();
        assert_eq!(owned, group.subscribed_partitions(), "seed {seed}");
    });
}

#[test]
fn whatever_members_claim_each_partition_has_one_owner() {
    for seed in 0..SEEDS * 4 {
        let mut group = Group::random(seed);
        group.claim_anything();
        for assignor in ClientAssignor::ALL {
            let assignment = assignor.assign(&group.topics, &group.members);
            let owned: BTreeSet<Partition> =
                owners(seed, &group, &assignment).into_keys().collect();
            let is_whole = owned == group.subscribed_partitions();
            let may_lack = assignor == ClientAssignor::CooperativeSticky;
            assert!(is_whole || may_lack, "seed {seed}");
        }
    }
}

/// The group's members, with what they are assigned.
fn holding(group: &Group, assignment: &Assignment) -> Vec<MemberSubscription> {
    let mut members = group.members.clone();
    for member in &mut members {
        member.owned_partitions = assignment[&member.member_id].clone();
        member.owned_in_generation = Some(group.generation + 1);
        member.generation_id = Some(group.generation + 1);
    }
    members
}

fn owned_by(members: &[MemberSubscription]) -> Assignment {
    let members = members.iter();
    members
        .map(|it| (it.member_id.clone(), it.owned_partitions.clone()))
        .collect()
}

/// Rebalances until all that was given up is taken, as cooperative members do.
/// An eager assignment is whole already.
fn settle(seed: u64, group: &Group, mut assignment: Assignment) -> Vec<MemberSubscription> {
    let count = group.subscribed_partitions().len();
    for _ in 0..4 {
        let members = holding(group, &assignment);
        if assignment.values().map(Vec::len).sum::<usize>() == count {
            return members;
        }
        assignment = ClientAssignor::CooperativeSticky.assign(&group.topics, &members);
    }
    panic!("seed {seed}: it does not settle");
}
