use super::Broker;
use crate::controller::{Topic, is_internal, validate_topic_name};
use crate::protocol::{
    ErrorCode, MetadataBroker, MetadataPartition, MetadataRequest, MetadataResponse, MetadataTopic,
    TopicId, TopicName,
};

impl Broker {
    /// Tells what is known of the topics asked for. Unknown ones are not made
    /// (`auto.create.topics.enable=false`).
    pub(super) fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let topics = match &request.topics {
            None => self
                .image
                .topics
                .iter()
                .map(|(name, topic)| describe(name, topic))
                .collect(),
            Some(names) => names
                .iter()
                .map(|name| match self.image.topics.get(name) {
                    Some(topic) => describe(name, topic),
                    None => unknown(name),
                })
                .collect(),
        };
        let brokers = self.image.brokers.unfenced().map(|node_id| {
            let broker = self.image.brokers.get(node_id);
            let rack = broker.and_then(|broker| broker.rack.clone());
            MetadataBroker { node_id, rack }
        });
        MetadataResponse {
            brokers: brokers.collect(),
            topics,
        }
    }
}

fn describe(name: &TopicName, topic: &Topic) -> MetadataTopic {
    let partitions = (0..).zip(&topic.partitions);
    MetadataTopic {
        error_code: ErrorCode::None,
        name: name.clone(),
        topic_id: topic.id,
        is_internal: is_internal(name),
        partitions: partitions
            .map(|(partition_index, registration)| MetadataPartition {
                partition_index,
                leader_id: registration.leader.unwrap_or(-1),
                leader_epoch: registration.leader_epoch,
                replica_nodes: registration.replicas.clone(),
                isr_nodes: registration.isr.clone(),
            })
            .collect(),
    }
}

fn unknown(name: &TopicName) -> MetadataTopic {
    let error_code = match validate_topic_name(name) {
        Ok(()) => ErrorCode::UnknownTopicOrPartition,
        Err(_) => ErrorCode::InvalidTopicException,
    };
    MetadataTopic {
        error_code,
        name: name.clone(),
        topic_id: TopicId::default(),
        is_internal: false,
        partitions: Vec::new(),
    }
}
