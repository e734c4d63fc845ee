//! Who may fetch what: the epoch is bumped when topics or subscriptions change, a
//! new assignment follows from that, and each member gets its part of it when it
//! asks.

use super::{ShareGroup, ShareGroupRecord, ShareGroups, ShareMemberAssignment, Topics, write};
use crate::assignor::server::{
    GroupSpec, MemberSpec, PartitionCounts, PartitionsByTopic, SubscriptionType, simple,
};
use crate::coordinator::step::Step;
use crate::hash_order::{hash_of_text, in_hash_order};

/// Looks at the topics, and bumps the epoch when these or the subscriptions
/// have changed.
pub(super) fn bump_if_changed(
    groups: &mut ShareGroups,
    step: &mut Step,
    (group_id, topics): (&String, &Topics),
    has_subscribed: impl Fn(&ShareGroup) -> bool,
) {
    let Some(group) = groups.get(group_id) else {
        return;
    };
    let (epoch, has_subscribed) = (group.epoch, has_subscribed(group));
    let names = group.subscribed_topics();
    let known = names
        .into_iter()
        .filter_map(|name| Some((name.clone(), topics.get(name)?.clone())));
    let known: Topics = known.collect();
    let have_changed = known != group.topics;
    if have_changed {
        let record = ShareGroupRecord::partition_metadata(group_id, known);
        write(groups, step, record);
    }
    if have_changed || has_subscribed {
        let record = ShareGroupRecord::metadata(group_id, epoch + 1);
        write(groups, step, record);
    }
}

/// Computes a new assignment when the epoch was bumped, and gives the member its
/// part of it.
pub(super) fn reconcile(
    groups: &mut ShareGroups,
    step: &mut Step,
    group_id: &String,
    member_id: &String,
) -> ShareMemberAssignment {
    if groups
        .get(group_id)
        .is_some_and(|it| it.epoch > it.assignment_epoch)
    {
        assign(groups, step, group_id);
    }
    let Some(group) = groups.get(group_id) else {
        return ShareMemberAssignment::default();
    };
    let member = group.members.get(member_id);
    let before = member
        .map(|member| member.assignment.clone())
        .unwrap_or_default();
    if before.member_epoch == group.assignment_epoch {
        return before;
    }
    let part = group.target_assignment.get(member_id);
    let now = ShareMemberAssignment {
        member_epoch: group.assignment_epoch,
        previous_member_epoch: before.member_epoch,
        partitions: part.cloned().unwrap_or_default(),
    };
    let record = ShareGroupRecord::current_assignment(group_id, member_id, now.clone());
    write(groups, step, record);
    now
}

/// Computes who may fetch what (`updateTargetAssignment`).
fn assign(groups: &mut ShareGroups, step: &mut Step, group_id: &String) {
    let Some(group) = groups.get(group_id) else {
        return;
    };
    let counts = group.topics.values();
    let counts: PartitionCounts = counts
        .map(|topic| (topic.id, topic.num_partitions))
        .collect();
    let assignment = simple::assign(&spec(group), &counts);
    let changed: Vec<(String, PartitionsByTopic)> = assignment
        .into_iter()
        .filter(|(member, part)| group.target_assignment.get(member) != Some(part))
        .collect();
    let epoch = group.epoch;
    for (member_id, partitions) in changed {
        let record = ShareGroupRecord::target_assignment(group_id, &member_id, partitions);
        write(groups, step, record);
    }
    let record = ShareGroupRecord::target_assignment_epoch(group_id, epoch);
    write(groups, step, record);
}

/// The members in the order of the hash table that Kafka has them in.
fn spec(group: &ShareGroup) -> GroupSpec {
    let members = group.members.iter().map(|(id, member)| {
        let names = member.metadata.subscribed_topic_names.iter();
        let part = group.target_assignment.get(id);
        MemberSpec {
            member_id: id.clone(),
            instance_id: None,
            subscribed: names
                .filter_map(|name| Some(group.topics.get(name)?.id))
                .collect(),
            assigned: part.cloned().unwrap_or_default(),
        }
    });
    let members = in_hash_order(members.collect(), |it: &MemberSpec| {
        hash_of_text(&it.member_id)
    });
    let mut subscriptions = group.members.values();
    let mut subscriptions = subscriptions
        .by_ref()
        .map(|member| &member.metadata.subscribed_topic_names);
    let first = subscriptions.next();
    let subscription_type = match subscriptions.all(|topics| Some(topics) == first) {
        true => SubscriptionType::Homogeneous,
        false => SubscriptionType::Heterogeneous,
    };
    GroupSpec {
        members,
        subscription_type,
    }
}
