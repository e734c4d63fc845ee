//! Topics made, enlarged and removed.

use std::sync::Arc;

use super::{
    ApiError, Controller, MetadataRecord, PartitionRegistration, Topic, collides, placement,
    replica_list, topic_config, validate_topic_name,
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
        let partitions = match request.assignments.is_empty() {
            true => self.place_new_topic(&request)?,
            false => self.assign_new_topic(&request)?,
        };
        Ok(Topic {
            id: TopicId(self.random.uuid()),
            partitions,
            configs: request.configs,
        })
    }

    fn place_new_topic(
        &mut self,
        request: &CreatableTopic,
    ) -> Result<Vec<Arc<PartitionRegistration>>, ApiError> {
        let partitions = match request.num_partitions {
            -1 => self.config.num_partitions,
            wanted => wanted,
        };
        let replication_factor = match request.replication_factor {
            -1 => self.config.default_replication_factor,
            wanted => wanted,
        };
        check_counts(partitions, replication_factor)?;
        self.place(partitions, replication_factor)
    }

    /// The partitions of a topic where a person wants them; how many and how
    /// often then follows from that.
    fn assign_new_topic(
        &self,
        request: &CreatableTopic,
    ) -> Result<Vec<Arc<PartitionRegistration>>, ApiError> {
        let specified = "A manual partition assignment was specified, but";
        for (number, what) in [
            (i32::from(request.replication_factor), "replication factor"),
            (request.num_partitions, "numPartitions"),
        ] {
            if number != -1 {
                let message = format!("{specified} {what} was not set to -1.");
                return Err((ErrorCode::InvalidRequest, message));
            }
        }
        let mut partitions = Vec::new();
        let mut replication_factor = None;
        for (number, replicas) in &request.assignments {
            partitions.push(self.assign(*number, replicas, replication_factor)?);
            replication_factor = Some(replicas.len());
        }
        if !(0..)
            .zip(request.assignments.keys())
            .all(|(n, key)| n == *key)
        {
            let message = "partitions should be a consecutive 0-based integer sequence";
            return Err((ErrorCode::InvalidReplicaAssignment, message.to_owned()));
        }
        check_counts(count(&partitions), 1)?;
        Ok(partitions)
    }

    /// A new partition on these brokers
    /// (`ReplicationControlManager.validateManualPartitionAssignment`).
    fn assign(
        &self,
        number: i32,
        replicas: &[i32],
        replication_factor: Option<usize>,
    ) -> Result<Arc<PartitionRegistration>, ApiError> {
        let refuse = |message: String| (ErrorCode::InvalidReplicaAssignment, message);
        replica_list::validate(replicas, &self.image.brokers)
            .map_err(|invalid| refuse(invalid.to_string()))?;
        let wanted = replication_factor.unwrap_or(replicas.len());
        if wanted != replicas.len() {
            return Err(refuse(format!(
                "The manual partition assignment includes a partition with {} replica(s), but \
                 this is not consistent with previous partitions, which have {wanted} replica(s).",
                replicas.len()
            )));
        }
        let active = replicas.iter().copied();
        let isr: Vec<i32> = active
            .filter(|id| self.image.brokers.is_active(*id))
            .collect();
        match isr.is_empty() {
            false => Ok(Arc::new(PartitionRegistration::new(replicas.to_vec(), isr))),
            true => Err(refuse(format!(
                "All brokers specified in the manual partition assignment for partition {number} \
                 are fenced or in controlled shutdown."
            ))),
        }
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
        let replication_factor = topic.partitions[0].replicas.len();
        let added = request.count - present;
        check_counts(request.count, replication_factor as i16)?;
        let partitions = match &request.assignments {
            None => self.place(added, replication_factor as i16)?,
            Some(assignments) => {
                self.assign_added(present, added, assignments, replication_factor)?
            }
        };
        Ok(MetadataRecord::PartitionsCreated {
            name: name.clone(),
            first: present,
            partitions,
        })
    }

    fn assign_added(
        &self,
        first: i32,
        added: i32,
        assignments: &[Vec<i32>],
        replication_factor: usize,
    ) -> Result<Vec<Arc<PartitionRegistration>>, ApiError> {
        let specified = assignments.len();
        if i64::from(added) != specified as i64 {
            let message = format!(
                "Attempted to add {added} additional partition(s), but only {specified} \
                 assignment(s) were specified."
            );
            return Err((ErrorCode::InvalidReplicaAssignment, message));
        }
        let numbered = (first..).zip(assignments);
        numbered
            .map(|(number, replicas)| self.assign(number, replicas, Some(replication_factor)))
            .collect()
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
