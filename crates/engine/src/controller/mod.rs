//! The controller: which topics there are, where their replicas lie and who
//! leads (`org.apache.kafka.controller.ReplicationControlManager`).
//!
//! It shares a node with the broker, as with
//! `process.roles=broker,controller`, so that a broker's question to it takes
//! no time.

pub mod brokers;
pub mod election;
mod hash_order;
pub mod partition;
pub mod partition_change;
pub mod placement;
pub mod reassignment;
mod replication;
pub mod topic_config;
mod topic_name;

pub use partition::PartitionRegistration;
pub use replication::PartitionUpdate;
pub use topic_name::{INTERNAL_TOPICS, collides, validate_topic_name};

use std::collections::BTreeMap;

use self::brokers::Brokers;
use crate::protocol::{
    CreatableTopic, CreatableTopicResult, CreatePartitionsTopic, ErrorCode, TopicId, TopicName,
    TopicResult,
};
use crate::sim::{Random, Stream};

/// A topic as the controller has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// Its partitions, by number.
    pub partitions: Vec<PartitionRegistration>,
    /// The settings given for it, by Kafka's names.
    pub configs: BTreeMap<String, String>,
}

/// What a topic gets that does not say (`num.partitions`,
/// `default.replication.factor`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopicDefaults {
    /// `num.partitions`.
    pub num_partitions: i32,
    /// `default.replication.factor`.
    pub replication_factor: i16,
}

/// What the controller has decided; each broker takes it in
/// (`org.apache.kafka.common.metadata`'s records).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MetadataChange {
    /// A topic was made.
    TopicCreated {
        /// Its name.
        name: TopicName,
        /// What it is.
        topic: Topic,
    },
    /// A topic is gone.
    TopicDeleted {
        /// Its name.
        name: TopicName,
        /// What it was.
        topic: Topic,
    },
    /// A topic has more partitions.
    PartitionsCreated {
        /// Its name.
        name: TopicName,
        /// The number of the first new one.
        first: i32,
        /// The new ones.
        partitions: Vec<PartitionRegistration>,
    },
}

/// Kafka's error and the controller's words for it.
pub type ApiError = (ErrorCode, String);

/// The active controller.
#[derive(Clone, Debug, Hash)]
pub struct Controller {
    brokers: Brokers,
    defaults: TopicDefaults,
    topics: BTreeMap<TopicName, Topic>,
    random: Random,
}

impl Controller {
    /// The controller of these brokers, without topics.
    pub fn new(brokers: &[i32], defaults: TopicDefaults, seed: u64) -> Controller {
        Controller {
            brokers: Brokers::up(brokers),
            defaults,
            topics: BTreeMap::new(),
            random: Random::new(seed, Stream::Controller),
        }
    }

    /// All topics, by name.
    pub fn topics(&self) -> &BTreeMap<TopicName, Topic> {
        &self.topics
    }

    /// Makes a topic, or says why not.
    pub fn create_topic(
        &mut self,
        request: CreatableTopic,
    ) -> (CreatableTopicResult, Option<MetadataChange>) {
        let name = request.name.clone();
        match self.try_create_topic(request) {
            Ok(topic) => {
                let result = CreatableTopicResult {
                    name: name.clone(),
                    error_code: ErrorCode::None,
                    error_message: None,
                    topic_id: topic.id,
                    num_partitions: count(&topic.partitions),
                    replication_factor: topic.partitions[0].replicas.len() as i16,
                };
                self.topics.insert(name.clone(), topic.clone());
                (result, Some(MetadataChange::TopicCreated { name, topic }))
            }
            Err((error_code, message)) => {
                let result = CreatableTopicResult {
                    name,
                    error_code,
                    error_message: Some(message),
                    topic_id: TopicId::default(),
                    num_partitions: -1,
                    replication_factor: -1,
                };
                (result, None)
            }
        }
    }

    fn try_create_topic(&mut self, request: CreatableTopic) -> Result<Topic, ApiError> {
        validate_topic_name(&request.name)
            .map_err(|message| (ErrorCode::InvalidTopicException, message))?;
        if self.topics.contains_key(&request.name) {
            let message = format!("Topic '{}' already exists.", request.name);
            return Err((ErrorCode::TopicAlreadyExists, message));
        }
        if let Some(existing) = self
            .topics
            .keys()
            .find(|name| collides(name, &request.name))
        {
            let message = format!(
                "Topic '{}' collides with existing topic: {existing}",
                request.name
            );
            return Err((ErrorCode::InvalidTopicException, message));
        }
        topic_config::validate(&request.configs)?;
        let partitions = match request.num_partitions {
            -1 => self.defaults.num_partitions,
            wanted => wanted,
        };
        let replication_factor = match request.replication_factor {
            -1 => self.defaults.replication_factor,
            wanted => wanted,
        };
        check_counts(partitions, replication_factor)?;
        let partitions = self.place(partitions, replication_factor)?;
        Ok(Topic {
            id: TopicId(self.random.uuid()),
            partitions,
            configs: request.configs,
        })
    }

    /// Removes a topic, or says why not.
    pub fn delete_topic(&mut self, name: &TopicName) -> (TopicResult, Option<MetadataChange>) {
        match self.topics.remove(name) {
            Some(topic) => {
                let name = name.clone();
                (
                    succeeded(&name),
                    Some(MetadataChange::TopicDeleted { name, topic }),
                )
            }
            None => {
                let error_code = ErrorCode::UnknownTopicOrPartition;
                let error_message = Some(error_code.message().to_owned());
                let name = name.clone();
                (
                    TopicResult {
                        name,
                        error_code,
                        error_message,
                    },
                    None,
                )
            }
        }
    }

    /// Adds partitions to a topic, or says why not.
    pub fn create_partitions(
        &mut self,
        request: &CreatePartitionsTopic,
    ) -> (TopicResult, Option<MetadataChange>) {
        match self.try_create_partitions(request) {
            Ok(change) => (succeeded(&request.name), Some(change)),
            Err((error_code, message)) => (
                TopicResult {
                    name: request.name.clone(),
                    error_code,
                    error_message: Some(message),
                },
                None,
            ),
        }
    }

    fn try_create_partitions(
        &mut self,
        request: &CreatePartitionsTopic,
    ) -> Result<MetadataChange, ApiError> {
        let name = &request.name;
        let topic = self.topics.get(name).ok_or_else(|| {
            let error = ErrorCode::UnknownTopicOrPartition;
            (error, error.message().to_owned())
        })?;
        let present = count(&topic.partitions);
        if request.count == present {
            let message = format!("Topic already has {present} partition(s).");
            return Err((ErrorCode::InvalidPartitions, message));
        }
        if request.count < present {
            let message = format!(
                "The topic {name} currently has {present} partition(s); {} would not be an increase.",
                request.count
            );
            return Err((ErrorCode::InvalidPartitions, message));
        }
        let replication_factor = topic.partitions[0].replicas.len() as i16;
        let added = request.count - present;
        check_counts(request.count, replication_factor)?;
        let partitions = self.place(added, replication_factor)?;
        let topic = self.topics.get_mut(name).expect("it was there just now");
        topic.partitions.extend(partitions.iter().cloned());
        Ok(MetadataChange::PartitionsCreated {
            name: name.clone(),
            first: present,
            partitions,
        })
    }

    /// New partitions on brokers of the placer's choice. All replicas that are
    /// up are in sync: none has anything yet.
    fn place(
        &mut self,
        partitions: i32,
        replication_factor: i16,
    ) -> Result<Vec<PartitionRegistration>, ApiError> {
        let refuse = |why: String| {
            let message =
                format!("Unable to replicate the partition {replication_factor} time(s): {why}");
            (ErrorCode::InvalidReplicationFactor, message)
        };
        let partitions = usize::try_from(partitions).unwrap_or_default();
        let usable = self.brokers.usable();
        let placed = placement::place(&usable, partitions, replication_factor, &mut self.random)
            .map_err(refuse)?;
        let register = |replicas: Vec<i32>| {
            let up = replicas.iter().copied();
            let isr: Vec<i32> = up.filter(|id| self.brokers.is_active(*id)).collect();
            match isr.is_empty() {
                false => Ok(PartitionRegistration::new(replicas, isr)),
                true => Err(refuse(
                    "All brokers are currently fenced or in controlled shutdown.".to_owned(),
                )),
            }
        };
        placed.into_iter().map(register).collect()
    }
}

/// The most partitions one topic may have here. Kafka has no such limit; a
/// browser tab does.
pub const PARTITIONS_MAX: i32 = 10_000;

fn check_counts(partitions: i32, replication_factor: i16) -> Result<(), ApiError> {
    if replication_factor < 1 {
        let message = "Replication factor must be larger than 0, or -1 to use the default value.";
        return Err((ErrorCode::InvalidReplicationFactor, message.to_owned()));
    }
    if partitions < 1 {
        let message = "Number of partitions was set to an invalid non-positive value.";
        return Err((ErrorCode::InvalidPartitions, message.to_owned()));
    }
    if partitions > PARTITIONS_MAX {
        let message = format!(
            "A topic of this playground has at most {PARTITIONS_MAX} partitions: choose fewer."
        );
        return Err((ErrorCode::InvalidPartitions, message));
    }
    Ok(())
}

fn count(partitions: &[PartitionRegistration]) -> i32 {
    i32::try_from(partitions.len()).expect("PARTITIONS_MAX bounds them")
}

fn succeeded(name: &TopicName) -> TopicResult {
    TopicResult {
        name: name.clone(),
        error_code: ErrorCode::None,
        error_message: None,
    }
}
