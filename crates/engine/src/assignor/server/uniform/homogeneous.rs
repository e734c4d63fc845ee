//! All members subscribe to the same topics: each has a quota, the first
//! members one more than the others when the partitions do not divide evenly.
//! Who has more than that loses the last ones; then members below theirs are
//! filled up in turn, first with what nobody had, then with what was taken.
//!
//! Which are a member's last ones, and which topic comes first, is a matter of
//! hash order, as in Kafka
//! (`org.apache.kafka.coordinator.group.assignor.UniformHomogeneousAssignmentBuilder`).

use crate::collections::BTreeSet;

use crate::assignor::server::{GroupAssignment, MemberSpec, PartitionCounts, PartitionsByTopic};
use crate::hash_order::{hash_of_number, hash_of_topic_id, in_copied_hash_order, in_hash_order};
use crate::protocol::TopicId;

pub(super) fn assign(members: &[MemberSpec], topics: &PartitionCounts) -> GroupAssignment {
    let Some(first) = members.first() else {
        return GroupAssignment::new();
    };
    let subscribed = first.subscribed.iter().copied();
    let subscribed: Vec<TopicId> = subscribed.filter(|id| topics.contains_key(id)).collect();
    let mut spare = unassigned(members, &subscribed, topics);

    let total: usize = subscribed.iter().map(|topic| count(topics, topic)).sum();
    let (quota, longer) = (total / members.len(), total % members.len());
    let mut assignment = GroupAssignment::new();
    let mut unfilled = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let mut room = quota + usize::from(index < longer);
        let kept = keep(member, &subscribed, &mut room, &mut spare);
        assignment.insert(member.member_id.clone(), kept);
        if room > 0 {
            unfilled.push((&member.member_id, room));
        }
    }

    let mut spare = spare.into_iter();
    for (member_id, room) in unfilled {
        let assigned = assignment.entry(member_id.clone()).or_default();
        for (topic, partition) in spare.by_ref().take(room) {
            assigned.entry(topic).or_default().insert(partition);
        }
    }
    assignment
}

fn count(topics: &PartitionCounts, topic: &TopicId) -> usize {
    let count = topics.get(topic).copied();
    count.and_then(|it| usize::try_from(it).ok()).unwrap_or(0)
}

/// The partitions that no member had.
fn unassigned(
    members: &[MemberSpec],
    subscribed: &[TopicId],
    topics: &PartitionCounts,
) -> Vec<(TopicId, i32)> {
    let mut spare = Vec::new();
    for topic in in_copied_hash_order(subscribed.to_vec(), hash_of_topic_id) {
        let of_members = members.iter().filter_map(|it| it.assigned.get(&topic));
        let taken: BTreeSet<i32> = of_members.flatten().copied().collect();
        let free = (0..topics[&topic]).filter(|partition| !taken.contains(partition));
        spare.extend(free.map(|partition| (topic, partition)));
    }
    spare
}

/// What the member keeps of what it had: as much as there is `room` for, which
/// shrinks. The rest goes to `spare`; topics it no longer subscribes to are
/// forgotten.
fn keep(
    member: &MemberSpec,
    subscribed: &[TopicId],
    room: &mut usize,
    spare: &mut Vec<(TopicId, i32)>,
) -> PartitionsByTopic {
    let had = member.assigned.keys().copied();
    let had: Vec<TopicId> = had.filter(|topic| subscribed.contains(topic)).collect();
    let mut kept = PartitionsByTopic::new();
    for topic in in_hash_order(had, hash_of_topic_id) {
        let partitions = &member.assigned[&topic];
        if partitions.len() <= *room {
            kept.insert(topic, partitions.clone());
            *room -= partitions.len();
            continue;
        }
        let partitions = partitions.iter().copied().collect();
        let mut partitions =
            in_copied_hash_order(partitions, |partition| hash_of_number(*partition));
        let taken = partitions.split_off(std::mem::take(room));
        spare.extend(taken.into_iter().map(|partition| (topic, partition)));
        if !partitions.is_empty() {
            kept.insert(topic, partitions.into_iter().collect());
        }
    }
    kept
}
