//! The group's leader, one of the consumers, decides who reads what
//! (`ConsumerCoordinator.onLeaderElected`).

use std::collections::BTreeMap;

use super::{Consumer, Membership};
use crate::assignor::{ClientAssignor, MemberSubscription, TopicPartitions, Topics};
use crate::client::consumer_protocol::{Subscription, encode_assignment};
use crate::protocol::{JoinGroupResponse, TopicName, TopicPartition};
use crate::sim::Fabric;

impl Consumer {
    /// Assigns, as soon as all topics of all members are known.
    pub(super) fn lead(&mut self, fabric: &mut Fabric, response: JoinGroupResponse) {
        for member in &response.members {
            let subscription = Subscription::decode(&member.metadata).unwrap_or_default();
            for topic in &subscription.topics {
                self.connection.metadata.want(topic);
            }
        }
        if self.connection.metadata.is_behind() {
            self.group.assigning = Some(response);
            self.connection.metadata.request_update_now();
        } else {
            self.assign(fabric, response);
        }
    }

    /// There is new metadata, for which the assignment may have waited.
    pub(super) fn go_on_assigning(&mut self, fabric: &mut Fabric) {
        let is_leader = self.group.state == Membership::CompletingRebalance;
        if let Some(response) = self.group.assigning.take().filter(|_| is_leader) {
            self.assign(fabric, response);
        }
    }

    fn assign(&mut self, fabric: &mut Fabric, response: JoinGroupResponse) {
        // The group has agreed on one that this member named.
        let assignor = self.assignor().unwrap_or(ClientAssignor::Range);
        let members = response.members.iter().map(|member| {
            let subscription = Subscription::decode(&member.metadata).unwrap_or_default();
            let instance = member.group_instance_id.as_deref();
            subscription.of_member(assignor, &member.member_id, instance)
        });
        let members: Vec<MemberSubscription> = members.collect();
        let wanted = members.iter().flat_map(|member| &member.topics);
        let wanted: Vec<TopicName> = wanted.map(|topic| topic.as_str().into()).collect();
        let counts = self.partition_counts(wanted.iter());
        let topics: Topics = counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(topic, count)| {
                let count = i32::try_from(*count).unwrap_or(i32::MAX);
                (topic.to_string(), TopicPartitions::without_racks(count))
            })
            .collect();
        self.group.assigned_from = Some(counts);
        // A static member that is back leads on with the assignment that stands
        // (KIP-814).
        if response.skip_assignment {
            return self.sync(fabric, Vec::new());
        }
        let assignments = assignor
            .assign(&topics, &members)
            .into_iter()
            .map(|(member, partitions)| {
                let partitions: Vec<TopicPartition> = partitions
                    .into_iter()
                    .map(|(topic, partition)| TopicPartition::new(topic, partition))
                    .collect();
                (member, encode_assignment(&partitions))
            })
            .collect();
        self.sync(fabric, assignments);
    }

    pub(super) fn partition_counts<'a>(
        &self,
        topics: impl Iterator<Item = &'a TopicName>,
    ) -> BTreeMap<TopicName, usize> {
        let metadata = &self.connection.metadata;
        topics
            .map(|topic| {
                let partitions = metadata.partitions(topic).unwrap_or_default();
                (topic.clone(), partitions.len())
            })
            .collect()
    }
}
