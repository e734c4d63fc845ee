//! The cluster as the metadata log tells it.

use crate::collections::BTreeMap;
use std::sync::Arc;

use super::brokers::Brokers;
use super::partition::PartitionRegistration;
use crate::protocol::{ConfigResource, ConfigResourceType, TopicId, TopicName, TopicPartition};

/// A topic as the controller has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// Its partitions, by number. All nodes share those that have not changed.
    pub partitions: Vec<Arc<PartitionRegistration>>,
    /// The settings given for it, by Kafka's names.
    pub configs: BTreeMap<String, String>,
}

/// A record of the metadata log: what the controller has decided, for every
/// node to take in (`org.apache.kafka.common.metadata`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MetadataRecord {
    /// A controller became the active one (`LeaderChangeMessage`).
    LeaderChange {
        /// Its `node.id`.
        leader: i32,
    },
    /// A broker was registered, fenced at first (`RegisterBrokerRecord`).
    BrokerRegistered {
        /// Its `node.id`.
        id: i32,
        /// Stands for this run of it.
        broker_epoch: i64,
        /// As it sent it.
        incarnation_id: u64,
        /// Its `broker.rack`.
        rack: Option<String>,
    },
    /// A broker counts as gone (`BrokerRegistrationChangeRecord`).
    BrokerFenced {
        /// Its `node.id`.
        id: i32,
    },
    /// A broker is there (again).
    BrokerUnfenced {
        /// Its `node.id`.
        id: i32,
    },
    /// A broker has asked to stop (KIP-841).
    BrokerInControlledShutdown {
        /// Its `node.id`.
        id: i32,
    },
    /// A block of producer ids was given to a broker (`ProducerIdsRecord`).
    ProducerIds {
        /// Its `node.id`.
        broker_id: i32,
        /// The epoch it was registered with.
        broker_epoch: i64,
        /// The first id behind the block.
        next_producer_id: i64,
    },
    /// A topic was made (`TopicRecord`, `PartitionRecord`s, `ConfigRecord`s).
    TopicCreated {
        /// Its name.
        name: TopicName,
        /// What it is.
        topic: Topic,
    },
    /// A topic is gone (`RemoveTopicRecord`).
    TopicDeleted {
        /// Its name.
        name: TopicName,
    },
    /// A topic has more partitions (`PartitionRecord`s).
    PartitionsCreated {
        /// Its name.
        name: TopicName,
        /// The number of the first new one.
        first: i32,
        /// The new ones.
        partitions: Vec<Arc<PartitionRegistration>>,
    },
    /// A partition has changed (`PartitionChangeRecord`).
    PartitionChanged {
        /// Which one.
        partition: TopicPartition,
        /// As it is now.
        registration: Arc<PartitionRegistration>,
    },
    /// A setting was given a value, or lost it (`ConfigRecord`).
    ConfigChanged {
        /// Whose setting.
        resource: ConfigResource,
        /// Its name.
        name: String,
        /// The value; `None` when the default holds again.
        value: Option<String>,
    },
}

/// All brokers and topics, up to some offset of the metadata log
/// (`org.apache.kafka.image.MetadataImage`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MetadataImage {
    /// The brokers as they are registered.
    pub brokers: Brokers,
    /// All topics, by name.
    pub topics: BTreeMap<TopicName, Topic>,
    /// The first producer id that no broker was given.
    pub next_producer_id: i64,
    /// The settings that brokers and groups were given while the cluster ran.
    /// Those of topics are with the topics.
    pub configs: BTreeMap<ConfigResource, BTreeMap<String, String>>,
}

impl MetadataImage {
    /// The partition, if there is one.
    pub fn partition(&self, of: &TopicPartition) -> Option<&Arc<PartitionRegistration>> {
        let index = usize::try_from(of.partition).ok()?;
        self.topics.get(&of.topic)?.partitions.get(index)
    }

    /// The settings that something was given while the cluster ran, by name;
    /// `None` when it was given none.
    pub fn configs_of(&self, resource: &ConfigResource) -> Option<&BTreeMap<String, String>> {
        match resource.resource_type {
            ConfigResourceType::Topic => {
                let topic = self.topics.get(resource.resource_name.as_str())?;
                Some(&topic.configs)
            }
            _ => self.configs.get(resource),
        }
    }

    fn change_config(&mut self, resource: &ConfigResource, name: &str, value: Option<&String>) {
        let configs = match resource.resource_type {
            ConfigResourceType::Topic => {
                let topic = self.topics.get_mut(resource.resource_name.as_str());
                topic.map(|topic| &mut topic.configs)
            }
            _ => Some(self.configs.entry(resource.clone()).or_default()),
        };
        if let Some(configs) = configs {
            match value {
                Some(value) => configs.insert(name.to_owned(), value.clone()),
                None => configs.remove(name),
            };
        }
        self.configs.retain(|_, configs| !configs.is_empty());
    }

    /// All partitions, by topic and number.
    pub fn partitions(
        &self,
    ) -> impl Iterator<Item = (TopicPartition, &Arc<PartitionRegistration>)> {
        self.topics.iter().flat_map(|(name, topic)| {
            let numbered = (0..).zip(&topic.partitions);
            numbered
                .map(|(number, partition)| (TopicPartition::new(name.clone(), number), partition))
        })
    }

    /// Takes a record in.
    pub fn apply(&mut self, record: &MetadataRecord) {
        match record {
            MetadataRecord::LeaderChange { .. } => {}
            MetadataRecord::BrokerRegistered {
                id,
                broker_epoch,
                incarnation_id,
                rack,
            } => {
                let run = (*broker_epoch, *incarnation_id);
                self.brokers.register(*id, run, rack.clone());
            }
            MetadataRecord::BrokerFenced { id } => self.brokers.fence(*id),
            MetadataRecord::BrokerUnfenced { id } => self.brokers.unfence(*id),
            MetadataRecord::BrokerInControlledShutdown { id } => {
                self.brokers.begin_controlled_shutdown(*id);
            }
            MetadataRecord::ProducerIds {
                next_producer_id, ..
            } => self.next_producer_id = *next_producer_id,
            MetadataRecord::TopicCreated { name, topic } => {
                self.topics.insert(name.clone(), topic.clone());
            }
            MetadataRecord::TopicDeleted { name } => {
                self.topics.remove(name);
            }
            MetadataRecord::PartitionsCreated {
                name, partitions, ..
            } => {
                if let Some(topic) = self.topics.get_mut(name) {
                    topic.partitions.extend(partitions.iter().cloned());
                }
            }
            MetadataRecord::PartitionChanged {
                partition,
                registration,
            } => {
                let topic = self.topics.get_mut(&partition.topic);
                let slot =
                    topic.and_then(|topic| topic.partitions.get_mut(partition.partition as usize));
                if let Some(slot) = slot {
                    *slot = registration.clone();
                }
            }
            MetadataRecord::ConfigChanged {
                resource,
                name,
                value,
            } => self.change_config(resource, name, value.as_ref()),
        }
    }
}
