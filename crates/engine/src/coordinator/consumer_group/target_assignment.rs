//! Computing who of a group is to read what in the end
//! (`TargetAssignmentBuilder`).

use crate::collections::{BTreeMap, BTreeSet};

use super::config::ConsumerGroupConfig;
use super::group::ConsumerGroup;
use super::member::ConsumerGroupMember;
use super::record::ConsumerGroupRecord;
use super::topics::TopicMetadata;
use crate::assignor::server::{
    GroupAssignment, GroupSpec, MemberSpec, PartitionCounts, PartitionsByTopic, ServerAssignor,
    SubscriptionType,
};
use crate::hash_order::{hash_of_text, in_hash_order};
use crate::protocol::TopicName;
use crate::sorting::sort_by;

/// A group that is to be assigned anew, with what is not written yet.
pub(super) struct NewGroup<'a> {
    /// As it is written.
    pub group: &'a ConsumerGroup,
    /// The epoch it is assigned for.
    pub epoch: i32,
    /// A member that joins or has changed.
    pub updated: &'a ConsumerGroupMember,
    /// The member that a static member takes the place of.
    pub replaced: Option<&'a str>,
    /// What is known of the topics.
    pub topics: &'a BTreeMap<TopicName, TopicMetadata>,
    /// Whether all subscribe to the same.
    pub subscription_type: SubscriptionType,
}

impl NewGroup<'_> {
    /// The assignor that most members ask for, or the broker's first
    /// (`ConsumerGroup.computePreferredServerAssignor`).
    pub fn assignor(&self, config: &ConsumerGroupConfig) -> ServerAssignor {
        let others = self.others().chain([self.updated]);
        preferred_assignor(others).unwrap_or_else(|| config.default_assignor())
    }

    /// What each member is to read.
    pub fn assign(&self, assignor: ServerAssignor) -> GroupAssignment {
        let spec = GroupSpec {
            members: self.members(),
            subscription_type: self.subscription_type,
        };
        let counts = self.topics.values();
        let counts: PartitionCounts = counts
            .map(|topic| (topic.id, topic.num_partitions))
            .collect();
        assignor.assign(&spec, &counts)
    }

    /// What is to be written of an assignment: what has changed, and its epoch.
    pub fn records(&self, assignment: &GroupAssignment) -> Vec<ConsumerGroupRecord> {
        let group = self.group;
        let changed = assignment
            .iter()
            .filter(|(member_id, part)| group.target_part(member_id) != Some(part));
        let mut records: Vec<_> = changed
            .map(|(member_id, part)| {
                ConsumerGroupRecord::target_assignment(group.id(), member_id, part.clone())
            })
            .collect();
        let epoch = ConsumerGroupRecord::target_assignment_epoch(group.id(), self.epoch);
        records.push(epoch);
        records
    }

    /// The members in the order of the hash table that Kafka has them in.
    fn members(&self) -> Vec<MemberSpec> {
        let updated = self.updated;
        let mut specs: Vec<MemberSpec> = self
            .others()
            .map(|member| self.spec(member, self.group.target_assignment(&member.id)))
            .collect();
        // A static member takes over what its former self was to read.
        let before = self.replaced.unwrap_or(&updated.id);
        specs.push(self.spec(updated, self.group.target_assignment(before)));
        sort_by(&mut specs, |a, b| a.member_id.cmp(&b.member_id));
        in_hash_order(specs, |member| hash_of_text(&member.member_id))
    }

    fn others(&self) -> impl Iterator<Item = &ConsumerGroupMember> {
        let is_other = |member: &&ConsumerGroupMember| {
            member.id != self.updated.id && Some(member.id.as_str()) != self.replaced
        };
        self.group.members().filter(is_other)
    }

    fn spec(&self, member: &ConsumerGroupMember, assigned: PartitionsByTopic) -> MemberSpec {
        let names = member.subscribed_topic_names().iter();
        let subscribed: BTreeSet<_> = names
            .filter_map(|name| Some(self.topics.get(name)?.id))
            .collect();
        MemberSpec {
            member_id: member.id.clone(),
            instance_id: member.instance_id().map(Into::into),
            subscribed,
            assigned,
        }
    }
}

/// The assignor that most of these members ask for; `None` when none does.
pub(super) fn preferred_assignor<'a>(
    members: impl Iterator<Item = &'a ConsumerGroupMember>,
) -> Option<ServerAssignor> {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for name in members.filter_map(|it| it.metadata.server_assignor.as_deref()) {
        *votes.entry(name).or_default() += 1;
    }
    let votes = in_hash_order(votes.into_iter().collect(), |(name, _)| hash_of_text(name));
    // Among equals the first in Kafka's hash table.
    let (name, _) = votes.into_iter().rev().max_by_key(|(_, count)| *count)?;
    ServerAssignor::by_name(name)
}
