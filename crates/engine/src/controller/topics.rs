//! Topics made, enlarged and removed.

use std::sync::Arc;

use super::{
    ApiError, Controller, MetadataRecord, PartitionRegistration, Topic, collides, placement,
    topic_config, validate_topic_name,
};
use crate::protocol::{
    CreatableTopic, CreatableTopicResult, CreatePartitionsTopic, ErrorCode, TopicId, TopicName,
    TopicResult,
};

impl Controller {
    /// Makes a topic, or says why not.
    pub fn create_topic(
        &mut self,
        request: CreatableTopic,
    ) -> (CreatableTopicResult, Option<MetadataRecord>) {
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
                let record = MetadataRecord::TopicCreated { name, topic };
                (result, Some(self.take_in(record)))
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
        if self.image.topics.contains_key(&request.name) {
            let message = format!("Topic '{}' already exists.", request.name);
            return Err((ErrorCode::TopicAlreadyExists, message));
        }
        if let Some(existing) = self
            .image
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
            -1 => self.config.num_partitions,
            wanted => wanted,
        };
        let replication_factor = match request.replication_factor {
            -1 => self.config.default_replication_factor,
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
    pub fn delete_topic(&mut self, name: &TopicName) -> (TopicResult, Option<MetadataRecord>) {
        match self.image.topics.contains_key(name) {
            true => {
                let name = name.clone();
                let record = MetadataRecord::TopicDeleted { name: name.clone() };
                (succeeded(&name), Some(self.take_in(record)))
            }
            false => {
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
    ) -> (TopicResult, Option<MetadataRecord>) {
        match self.try_create_partitions(request) {
            Ok(record) => (succeeded(&request.name), Some(self.take_in(record))),
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
    ) -> Result<MetadataRecord, ApiError> {
        let name = &request.name;
        let topic = self.image.topics.get(name).ok_or_else(|| {
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
        Ok(MetadataRecord::PartitionsCreated {
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
    ) -> Result<Vec<Arc<PartitionRegistration>>, ApiError> {
        let refuse = |why: String| {
            let message =
                format!("Unable to replicate the partition {replication_factor} time(s): {why}");
            (ErrorCode::InvalidReplicationFactor, message)
        };
        let partitions = usize::try_from(partitions).unwrap_or_default();
        let usable = self.image.brokers.usable();
        let placed = placement::place(&usable, partitions, replication_factor, &mut self.random)
            .map_err(refuse)?;
        let register = |replicas: Vec<i32>| {
            let up = replicas.iter().copied();
            let isr: Vec<i32> = up.filter(|id| self.image.brokers.is_active(*id)).collect();
            match isr.is_empty() {
                false => Ok(Arc::new(PartitionRegistration::new(replicas, isr))),
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

fn count(partitions: &[Arc<PartitionRegistration>]) -> i32 {
    i32::try_from(partitions.len()).expect("PARTITIONS_MAX bounds them")
}

fn succeeded(name: &TopicName) -> TopicResult {
    TopicResult {
        name: name.clone(),
        error_code: ErrorCode::None,
        error_message: None,
    }
}
