//! Internal topics: made when they are first asked for, and the broker that
//! coordinates by them (`kafka.server.AutoTopicCreationManager`,
//! `KafkaApis.getCoordinator`).

use crate::collections::BTreeMap;

use super::Broker;
use super::controller_channel::Purpose;
use crate::controller::{
    GROUP_METADATA_TOPIC_NAME, SHARE_GROUP_STATE_TOPIC_NAME, TRANSACTION_STATE_TOPIC_NAME,
};
use crate::coordinator::partition_for;
use crate::protocol::{
    Coordinator, CoordinatorType, CreatableTopic, CreateTopicsRequest, ErrorCode,
    FindCoordinatorRequest, FindCoordinatorResponse, Request, TopicName, TopicPartition,
};
use crate::sim::Fabric;

/// The internal topic by which these are coordinated.
pub(super) fn topic_of(key_type: CoordinatorType) -> &'static str {
    match key_type {
        CoordinatorType::Group => GROUP_METADATA_TOPIC_NAME,
        CoordinatorType::Transaction => TRANSACTION_STATE_TOPIC_NAME,
        CoordinatorType::Share => SHARE_GROUP_STATE_TOPIC_NAME,
    }
}

impl Broker {
    /// Tells who coordinates what the keys name.
    pub(super) fn find_coordinator(
        &mut self,
        fabric: &mut Fabric,
        request: &FindCoordinatorRequest,
    ) -> FindCoordinatorResponse {
        let coordinators = request.coordinator_keys.iter().map(|key| {
            let found = self.coordinator_of(fabric, request.key_type, key);
            Coordinator {
                key: key.clone(),
                error_code: found.err().unwrap_or(ErrorCode::None),
                node_id: found.unwrap_or(-1),
            }
        });
        FindCoordinatorResponse {
            coordinators: coordinators.collect(),
        }
    }

    fn coordinator_of(
        &mut self,
        fabric: &mut Fabric,
        key_type: CoordinatorType,
        key: &str,
    ) -> Result<i32, ErrorCode> {
        if key_type == CoordinatorType::Group && key.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        let topic = topic_of(key_type);
        let Some(partition) = self.coordinating_partition(key_type, key) else {
            self.create_internal_topic(fabric, key_type);
            return Err(ErrorCode::CoordinatorNotAvailable);
        };
        let of = TopicPartition::new(topic, partition);
        let registration = self.image.partition(&of);
        let leader = registration.and_then(|registration| registration.leader);
        let leader = leader.filter(|leader| self.image.brokers.is_active(*leader));
        leader.ok_or(ErrorCode::CoordinatorNotAvailable)
    }

    /// The partition of the internal topic that a key belongs to; `None` when
    /// there is no such topic yet.
    pub(super) fn coordinating_partition(
        &self,
        key_type: CoordinatorType,
        key: &str,
    ) -> Option<i32> {
        let topic = self.image.topics.get(topic_of(key_type))?;
        let partitions = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        Some(partition_for(key, partitions))
    }

    /// Asks the controller to make the topic, unless an answer to that is out
    /// (`DefaultAutoTopicCreationManager.createTopics`).
    pub(super) fn create_internal_topic(&mut self, fabric: &mut Fabric, key_type: CoordinatorType) {
        let name = TopicName::from(topic_of(key_type));
        if !self.topics_in_creation.insert(name.clone()) {
            return;
        }
        let config = match key_type {
            CoordinatorType::Group => &self.config.offsets_topic,
            CoordinatorType::Transaction => &self.config.transaction_state_log,
            CoordinatorType::Share => &self.config.share_state_topic,
        };
        let mut configs: BTreeMap<String, String> = BTreeMap::new();
        let mut set = |name: &str, value: &str| configs.insert(name.to_owned(), value.to_owned());
        set("segment.bytes", &config.segment_bytes.to_string());
        if let Some(min_isr) = config.min_isr {
            set("min.insync.replicas", &min_isr.to_string());
        }
        match key_type {
            CoordinatorType::Group => {
                set("cleanup.policy", "compact");
                set("compression.type", "producer");
            }
            CoordinatorType::Transaction => {
                set("cleanup.policy", "compact");
                set("compression.type", "uncompressed");
                set("unclean.leader.election.enable", "false");
            }
            CoordinatorType::Share => {
                set("cleanup.policy", "delete");
                set("compression.type", "producer");
                set("retention.ms", "-1");
            }
        }
        let topic = CreatableTopic {
            name: name.clone(),
            num_partitions: config.num_partitions,
            replication_factor: config.replication_factor,
            assignments: BTreeMap::new(),
            configs,
        };
        let request = Request::CreateTopics(CreateTopicsRequest {
            topics: vec![topic],
        });
        self.forward_for(fabric, Purpose::InternalTopic(name), request);
    }

    /// The controller has made the topic, or not: whoever asks next may have
    /// it made again.
    pub(super) fn on_internal_topic_answered(&mut self, name: &TopicName) {
        self.topics_in_creation.remove(name);
    }
}
