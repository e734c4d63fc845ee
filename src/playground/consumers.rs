//! Starting what reads: consumers, share consumers, and applications that read,
//! transform and write.

use engine::client::{
    AutoOffsetReset, Client, ConsumerConfig, GroupProtocol, Processing, ProducerConfig,
    ShareConsumerConfig, SubscriptionType,
};
use engine::command::ClientNumber;
use engine::protocol::TopicName;
use engine::{Command, TopicPartition};

use super::{BOARD_METADATA_MAX_AGE_MS, METADATA_MAX_AGE, Playground};
use crate::panels::{ConsumerRequest, Reader, ReaderKind};

/// What a consumer without a group is called.
const ALONE: &str = "reader";

impl Playground {
    /// Starts what a form asks for.
    ///
    /// # Errors
    ///
    /// Why nothing was started.
    pub fn add_reader(&mut self, request: ConsumerRequest) -> Result<ClientNumber, String> {
        let topics: Vec<&str> = request.topics.iter().map(String::as_str).collect();
        let per_record_us = request.per_record_us;
        let consumer = match request.reader {
            Reader::Member(config) => self.add_consumer(*config, &topics)?,
            Reader::Alone(config, partitions) => self.add_alone(*config, &topics, &partitions)?,
            Reader::Share(mut config) => {
                config.processing_us = per_record_us;
                return self.add_share_consumer(*config, &topics);
            }
            Reader::Processor {
                consumer,
                producer,
                output,
            } => self.add_processor(*consumer, *producer, &topics, &output)?,
        };
        if per_record_us > 0 {
            self.take_time(consumer, per_record_us)?;
        }
        Ok(consumer)
    }

    /// Has a consumer's application take so many microseconds for each record.
    pub(super) fn take_time(
        &mut self,
        consumer: ClientNumber,
        per_record_us: u64,
    ) -> Result<(), String> {
        let processing = Processing {
            per_record_us,
            commit: None,
        };
        let set = Command::SetProcessing {
            consumer,
            processing,
        };
        self.execute(set).map(|_| ())
    }

    /// Starts a consumer of a group.
    ///
    /// # Errors
    ///
    /// Why none was started.
    pub fn add_consumer(
        &mut self,
        config: ConsumerConfig,
        topics: &[&str],
    ) -> Result<ClientNumber, String> {
        let topics = self.known_topics(topics)?;
        let config = self.of_board(config)?;
        self.started(Command::AddConsumer { config, topics })
    }

    /// Starts one more member of a group, of the kind that its members are: by
    /// their protocol, or a share consumer that does what they do. It begins
    /// with the first record where nothing is committed.
    ///
    /// # Errors
    ///
    /// Why none was started.
    pub fn add_member(&mut self, group: &str, topics: &[&str]) -> Result<ClientNumber, String> {
        let kind = ReaderKind::of_group(&self.world, group);
        if kind == Some(ReaderKind::Share) {
            let clients = self.world.clients().values();
            let mut others = clients.filter_map(|client| match client {
                Client::ShareConsumer(it) if it.config.group_id == group => Some(it.config.clone()),
                _ => None,
            });
            let other = others.next();
            let like = other.unwrap_or_else(|| ShareConsumerConfig::of_group(group));
            let client_id = String::new();
            return self.add_share_consumer(ShareConsumerConfig { client_id, ..like }, topics);
        }
        let config = ConsumerConfig {
            auto_offset_reset: AutoOffsetReset::Earliest,
            group_protocol: match kind {
                Some(ReaderKind::Consumer) => GroupProtocol::Consumer,
                _ => GroupProtocol::Classic,
            },
            ..ConsumerConfig::of_group(group)
        };
        self.add_consumer(config, topics)
    }

    /// Starts a consumer without a group, of these partitions of each topic, or
    /// of all.
    ///
    /// # Errors
    ///
    /// Why none was started.
    pub fn add_alone(
        &mut self,
        config: ConsumerConfig,
        topics: &[&str],
        partitions: &[i32],
    ) -> Result<ClientNumber, String> {
        let mut assigned = Vec::new();
        for topic in self.known_topics(topics)? {
            let count = self.world.topics()[&topic].partitions.len();
            let count = i32::try_from(count).unwrap_or(i32::MAX);
            if let Some(number) = partitions.iter().find(|number| **number >= count) {
                return Err(format!(
                    "There is no partition {topic}-{number}: choose from 0 to {}.",
                    count - 1
                ));
            }
            let all: Vec<i32> = (0..count).collect();
            let numbers = match partitions {
                [] => &all,
                chosen => chosen,
            };
            let numbers = numbers.iter();
            assigned.extend(numbers.map(|number| TopicPartition::new(topic.clone(), *number)));
        }
        let config = self.of_board(config)?;
        let topics = Vec::new();
        let consumer = self.started(Command::AddConsumer { config, topics })?;
        let to = SubscriptionType::Partitions(assigned);
        self.execute(Command::Subscribe { consumer, to })?;
        Ok(consumer)
    }

    /// Starts a share consumer.
    ///
    /// # Errors
    ///
    /// Why none was started.
    pub fn add_share_consumer(
        &mut self,
        mut config: ShareConsumerConfig,
        topics: &[&str],
    ) -> Result<ClientNumber, String> {
        let topics = self.known_topics(topics)?;
        self.check_name_is_free(&config.client_id)?;
        if !config.given.contains(METADATA_MAX_AGE) {
            config.metadata_max_age_ms = BOARD_METADATA_MAX_AGE_MS;
        }
        if config.client_id.is_empty() {
            config.client_id = self.free_name(&config.group_id);
        }
        self.started(Command::AddShareConsumer { config, topics })
    }

    /// Starts an application that reads, transforms and writes; tells the
    /// number of its consumer.
    ///
    /// # Errors
    ///
    /// Why none was started.
    pub fn add_processor(
        &mut self,
        consumer: ConsumerConfig,
        mut producer: ProducerConfig,
        input: &[&str],
        output: &str,
    ) -> Result<ClientNumber, String> {
        let input = self.known_topics(input)?;
        let output = self.known_topic(output)?;
        let consumer = self.of_board(consumer)?;
        if !producer.given.contains(METADATA_MAX_AGE) {
            producer.metadata_max_age_ms = BOARD_METADATA_MAX_AGE_MS;
        }
        if producer.client_id.is_empty() {
            let id = producer.transactional_id.clone().unwrap_or_default();
            let is_free = self.check_name_is_free(&id).is_ok() && id != consumer.client_id;
            producer.client_id = match is_free {
                true => id,
                false => self.free_name(&format!("{id}-producer")),
            };
        }
        self.started(Command::AddProcessor {
            consumer,
            producer,
            input,
            output,
        })
    }

    /// With a name that nobody has, and the board's `metadata.max.age.ms` unless
    /// another was asked for.
    fn of_board(&self, mut config: ConsumerConfig) -> Result<ConsumerConfig, String> {
        self.check_name_is_free(&config.client_id)?;
        if !config.given.contains(METADATA_MAX_AGE) {
            config.metadata_max_age_ms = BOARD_METADATA_MAX_AGE_MS;
        }
        if config.client_id.is_empty() {
            config.client_id = self.free_name(match config.has_group() {
                true => &config.group_id,
                false => ALONE,
            });
        }
        Ok(config)
    }

    fn known_topics(&self, names: &[&str]) -> Result<Vec<TopicName>, String> {
        let names = names.iter().copied();
        names.map(|name| self.known_topic(name)).collect()
    }

    fn started(&mut self, command: Command) -> Result<ClientNumber, String> {
        let client = self.execute(command)?;
        client.ok_or_else(|| "The client did not start.".to_owned())
    }
}
