//! The assignor of share groups: each partition has some members, and a member
//! may have several partitions, also those that others have
//! (`org.apache.kafka.coordinator.group.assignor.SimpleAssignor`).

use std::collections::{BTreeMap, BTreeSet};

use super::{GroupAssignment, GroupSpec, MemberSpec, PartitionCounts, SubscriptionType};
use crate::hash_order::{hash_of_text, hash_of_topic_id, in_hash_order};
use crate::protocol::TopicId;

type Partition = (TopicId, i32);

/// What each member may fetch. A member keeps what it had; one that is new gets
/// the partition that the hash of its id points at, and what nobody has goes
/// round.
pub fn assign(group: &GroupSpec, topics: &PartitionCounts) -> GroupAssignment {
    let members = &group.members;
    let mut assigned = Assigned::new(members, topics);
    match (group.subscription_type, members.first()) {
        (_, None) => {}
        (SubscriptionType::Homogeneous, Some(member)) => {
            let targets = targets(&member.subscribed, topics);
            for member in members {
                assigned.by_hash(member, &targets);
            }
            assigned.in_turn(members, &targets);
        }
        (SubscriptionType::Heterogeneous, _) => {
            let mut by_topic: BTreeMap<TopicId, Vec<MemberSpec>> = BTreeMap::new();
            let mut order = Vec::new();
            for member in members {
                assigned.by_hash(member, &self::targets(&member.subscribed, topics));
                for topic in by_hash(&member.subscribed) {
                    let subscribers = by_topic.entry(topic).or_default();
                    if subscribers.is_empty() {
                        order.push(topic);
                    }
                    subscribers.push(member.clone());
                }
            }
            for topic in order {
                let targets = targets(&BTreeSet::from([topic]), topics);
                assigned.in_turn(&by_topic[&topic], &targets);
            }
        }
    }
    assigned.result
}

/// What is known while the assignment is made.
struct Assigned {
    /// The partitions that somebody has, or is given now.
    taken: BTreeSet<Partition>,
    result: GroupAssignment,
}

impl Assigned {
    /// What members keep: of topics that there are and that they subscribe to.
    fn new(members: &[MemberSpec], topics: &PartitionCounts) -> Assigned {
        let mut assigned = Assigned {
            taken: BTreeSet::new(),
            result: GroupAssignment::new(),
        };
        for member in members {
            let part = assigned.result.entry(member.member_id.clone()).or_default();
            for (topic, partitions) in &member.assigned {
                let partitions = partitions.iter();
                assigned
                    .taken
                    .extend(partitions.clone().map(|it| (*topic, *it)));
                if member.subscribed.contains(topic) && topics.contains_key(topic) {
                    part.insert(*topic, partitions.copied().collect());
                }
            }
        }
        assigned
    }

    fn give(&mut self, member: &MemberSpec, (topic, partition): Partition) {
        let part = self.result.entry(member.member_id.clone()).or_default();
        part.entry(topic).or_default().insert(partition);
        self.taken.insert((topic, partition));
    }

    /// A member gets the partition that its id points at
    /// (`memberHashAssignment`).
    fn by_hash(&mut self, member: &MemberSpec, targets: &[Partition]) {
        let hash = i64::from(hash_of_text(&member.member_id).cast_signed());
        let count = targets.len() as i64;
        if count > 0 {
            let index = (hash % count).unsigned_abs() as usize;
            self.give(member, targets[index]);
        }
    }

    /// What nobody has goes round (`roundRobinAssignment`).
    fn in_turn(&mut self, members: &[MemberSpec], targets: &[Partition]) {
        let is_free = |partition: &&Partition| !self.taken.contains(*partition);
        let free: Vec<Partition> = targets.iter().filter(is_free).copied().collect();
        for (partition, member) in free.into_iter().zip(members.iter().cycle()) {
            self.give(member, partition);
        }
    }
}

fn by_hash(topics: &BTreeSet<TopicId>) -> Vec<TopicId> {
    in_hash_order(topics.iter().copied().collect(), hash_of_topic_id)
}

/// All partitions of these topics, those that there are.
fn targets(topics: &BTreeSet<TopicId>, counts: &PartitionCounts) -> Vec<Partition> {
    let known = by_hash(topics).into_iter();
    let known = known.filter_map(|topic| Some((topic, *counts.get(&topic)?)));
    known
        .flat_map(|(topic, count)| (0..count).map(move |partition| (topic, partition)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: TopicId = TopicId([1; 16]);

    fn group(members: &[(&str, &[i32])]) -> GroupSpec {
        let members = members.iter().map(|(id, has)| MemberSpec {
            member_id: (*id).to_owned(),
            instance_id: None,
            subscribed: BTreeSet::from([TOPIC]),
            assigned: match has.is_empty() {
                true => BTreeMap::new(),
                false => BTreeMap::from([(TOPIC, has.iter().copied().collect())]),
            },
        });
        GroupSpec {
            members: members.collect(),
            subscription_type: SubscriptionType::Homogeneous,
        }
    }

    fn parts(group: &GroupSpec, count: i32) -> Vec<Vec<i32>> {
        let assignment = assign(group, &BTreeMap::from([(TOPIC, count)]));
        let parts = assignment.values();
        parts
            .map(|part| part.get(&TOPIC).into_iter().flatten().copied().collect())
            .collect()
    }

    #[test]
    fn members_may_be_more_than_partitions() {
        let three = group(&[("a", &[]), ("b", &[]), ("c", &[])]);
        assert_eq!(parts(&three, 1), [[0], [0], [0]]);
    }

    #[test]
    fn the_hash_of_its_id_says_where_a_member_begins_and_the_rest_goes_round() {
        // "a" is 97, "b" 98: partitions 1 and 2 of 4. 0 and 3 are left.
        let two = group(&[("a", &[]), ("b", &[])]);
        assert_eq!(parts(&two, 4), [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn a_member_keeps_what_it_had() {
        let two = group(&[("a", &[0, 1, 2, 3]), ("b", &[])]);
        assert_eq!(parts(&two, 4), [vec![0, 1, 2, 3], vec![2]]);
    }
}
