//! The group's leader, one of the consumers, decides who reads what
//! (`ConsumerCoordinator.onLeaderElected`).

use crate::collections::BTreeSet;

use super::{Consumer, Membership};
use crate::assignor::{ClientAssignor, MemberSubscription, TopicPartitions, Topics};
use crate::client::PartitionInfo;
use crate::client::consumer_protocol::{Subscription, encode_assignment};
use crate::protocol::{JoinGroupResponse, TopicPartition};
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
        // Most members subscribe to the same.
        let wanted: BTreeSet<&str> = wanted.map(String::as_str).collect();
        let topics = self.topics_with_racks(wanted.into_iter());
        self.group.assigned_from = Some(self.snapshot(topics.clone()));
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

    /// Topics as an assignor takes them; those that are not known have no
    /// partitions.
    fn topics_with_racks<'a>(&self, topics: impl Iterator<Item = &'a str>) -> Topics {
        let metadata = &self.connection.metadata;
        let racks = |of: &PartitionInfo| -> BTreeSet<String> {
            let replicas = of.replicas.iter();
            let racks = replicas.filter_map(|broker| metadata.rack(*broker));
            racks.map(str::to_owned).collect()
        };
        let topics = topics.map(|topic| {
            let partitions = metadata.partitions(topic).unwrap_or_default();
            let of_topic = TopicPartitions {
                count: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
                replica_racks: partitions.iter().map(racks).collect(),
            };
            (topic.to_owned(), of_topic)
        });
        topics.collect()
    }

    /// What must stay as it is for an assignment to stand: partitions, and their
    /// racks if the leader is in one
    /// (`ConsumerCoordinator.MetadataSnapshot`, KIP-881).
    fn snapshot(&self, mut topics: Topics) -> Topics {
        if self.config.client_rack.is_none() {
            for topic in topics.values_mut() {
                topic.replica_racks.clear();
            }
        }
        topics
    }

    /// Whether this leader would see other topics now than when it assigned.
    pub(super) fn topics_have_changed(&self) -> bool {
        let Some(before) = &self.group.assigned_from else {
            return false;
        };
        let now = self.topics_with_racks(before.keys().map(String::as_str));
        *before != self.snapshot(now)
    }
}
