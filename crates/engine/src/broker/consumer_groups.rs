//! Groups of KIP-848 on a broker: their requests, and what their coordinators
//! have to know of the topics.

use crate::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Broker;
use super::groups::CLIENT_HOST;
use crate::controller::{MetadataImage, MetadataRecord};
use crate::coordinator::consumer_group::{TopicMetadata, TopicsImage};
use crate::protocol::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerGroupDescribedGroup,
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, ErrorCode, Header, Response,
    TopicName,
};
use crate::sim::{Fabric, NodeId};

impl Broker {
    /// Hands a heartbeat to the shard of its group
    /// (`KafkaApis.handleConsumerGroupHeartbeat`).
    pub(super) fn consumer_group_heartbeat(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ConsumerGroupHeartbeatRequest,
    ) {
        let client_id = header.client_id.clone();
        let group = request.group_id.clone();
        let refuse = |error: ErrorCode| {
            let response = ConsumerGroupHeartbeatResponse::error(error, error.message());
            Response::ConsumerGroupHeartbeat(response)
        };
        let now = fabric.now;
        let asked = (from, header, Vec::new());
        self.with_group(fabric, asked, &group, refuse, |shard, token, out| {
            shard.consumer_group_heartbeat(now, token, &client_id, CLIENT_HOST, &request, out);
        });
    }

    pub(super) fn describe_consumer_groups(
        &self,
        request: &ConsumerGroupDescribeRequest,
    ) -> ConsumerGroupDescribeResponse {
        let describe = |group: &String| match self.group_shard(group) {
            Ok(shard) => {
                let request = ConsumerGroupDescribeRequest {
                    group_ids: vec![group.clone()],
                };
                shard.describe_consumer_groups(&request).groups
            }
            Err(error) => vec![ConsumerGroupDescribedGroup::error(
                group,
                error,
                error.message(),
            )],
        };
        ConsumerGroupDescribeResponse {
            groups: request.group_ids.iter().flat_map(describe).collect(),
        }
    }

    /// What the coordinators have to know of the topics.
    pub(super) fn topics_image(&self) -> TopicsImage {
        self.topics_image.clone()
    }

    /// Looks at all topics anew.
    pub(super) fn rebuild_topics_image(&mut self) {
        let topics = self.image.topics.keys();
        let of_topic = |name: &TopicName| Some((name.clone(), known_of(&self.image, name)?));
        self.topics_image = Arc::new(topics.filter_map(of_topic).collect());
    }

    /// Takes in what these records have changed, and tells the coordinators.
    pub(super) fn update_topics_image<'r>(
        &mut self,
        records: impl Iterator<Item = &'r MetadataRecord>,
    ) {
        let mut touched: BTreeSet<TopicName> = BTreeSet::new();
        for record in records {
            match record {
                MetadataRecord::TopicCreated { name, .. }
                | MetadataRecord::TopicDeleted { name }
                | MetadataRecord::PartitionsCreated { name, .. } => {
                    touched.insert(name.clone());
                }
                MetadataRecord::PartitionChanged { partition, .. } => {
                    touched.insert(partition.topic.clone());
                }
                // It may be in another rack than before.
                MetadataRecord::BrokerRegistered { .. } => {
                    touched.extend(self.image.topics.keys().cloned());
                }
                _ => {}
            }
        }
        touched.retain(|name| self.topics_image.get(name) != known_of(&self.image, name).as_ref());
        if touched.is_empty() {
            return;
        }
        let topics = Arc::make_mut(&mut self.topics_image);
        for name in &touched {
            match known_of(&self.image, name) {
                Some(known) => topics.insert(name.clone(), known),
                None => topics.remove(name),
            };
        }
        let changed: Vec<&str> = touched.iter().map(|name| &**name).collect();
        let image = self.topics_image.clone();
        for shard in self.groups.shards_mut() {
            shard.on_new_metadata_image(image.clone(), &changed);
        }
    }
}

/// What a coordinator has to know of a topic, if it is there.
fn known_of(image: &MetadataImage, name: &str) -> Option<TopicMetadata> {
    let topic = image.topics.get(name)?;
    let racks_of = |replicas: &[i32]| -> BTreeSet<String> {
        let racks = replicas.iter();
        racks
            .filter_map(|id| image.brokers.get(*id)?.rack.clone())
            .collect()
    };
    let racks = (0..).zip(&topic.partitions);
    let racks = racks.map(|(number, partition)| (number, racks_of(&partition.replicas)));
    let partition_racks: BTreeMap<i32, BTreeSet<String>> =
        racks.filter(|(_, racks)| !racks.is_empty()).collect();
    Some(TopicMetadata {
        id: topic.id,
        num_partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
        partition_racks,
    })
}
