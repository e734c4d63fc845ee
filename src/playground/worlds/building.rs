//! What ready-made worlds are built with.

use engine::collections::BTreeMap;

use engine::Command;
use engine::client::{
    AutoOffsetReset, ConsumerConfig, KeyPattern, Processing, ProducerConfig, Workload,
};
use engine::command::ClientNumber;
use engine::protocol::TopicName;

use crate::playground::{BOARD_METADATA_MAX_AGE_MS, Playground};

/// How long a cluster is given to make its topics, in microseconds.
const TOPICS_TAKE_US: u64 = 2_000_000;

impl Playground {
    /// Makes topics, and waits until they are there.
    pub(super) fn set_topics(&mut self, topics: &[(&str, i32)]) -> Result<(), String> {
        for (name, partitions) in topics {
            self.create_topic(name, *partitions, -1, BTreeMap::new())?;
        }
        self.advance_us(TOPICS_TAKE_US);
        Ok(())
    }

    /// Makes a topic with settings of its own, and waits until it is there.
    pub(super) fn set_topic_with(
        &mut self,
        name: &str,
        partitions: i32,
        settings: &[(&str, &str)],
    ) -> Result<(), String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        self.create_topic(name, partitions, -1, settings.iter().map(owned).collect())?;
        self.advance_us(TOPICS_TAKE_US);
        Ok(())
    }

    /// Starts a consumer that takes so many milliseconds for each record.
    pub(super) fn set_consumer(
        &mut self,
        config: ConsumerConfig,
        topic: &str,
        per_record_ms: u64,
    ) -> Result<ClientNumber, String> {
        let consumer = self.add_consumer(config, &[topic])?;
        let processing = Processing {
            per_record_us: per_record_ms * 1_000,
            commit: None,
        };
        self.execute(Command::SetProcessing {
            consumer,
            processing,
        })?;
        Ok(consumer)
    }

    /// Starts as many consumers of a group.
    pub(super) fn set_group(
        &mut self,
        group: &str,
        topic: &str,
        members: u32,
    ) -> Result<(), String> {
        for _ in 0..members {
            self.add_consumer(of_group(group), &[topic])?;
        }
        Ok(())
    }

    /// Starts a producer of this name.
    pub(super) fn set_producer(
        &mut self,
        name: &str,
        workload: Workload,
    ) -> Result<ClientNumber, String> {
        let config = ProducerConfig {
            client_id: name.to_owned(),
            ..ProducerConfig::default()
        };
        self.add_producer(config, Some(workload))
    }
}

/// A consumer of a group that begins with what is there.
pub(super) fn of_group(group: &str) -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group(group)
    }
}

/// A consumer as [`Command::AddConsumer`] takes it, with a name of its own.
pub(super) fn named(name: &str, group: &str) -> ConsumerConfig {
    ConsumerConfig {
        client_id: name.to_owned(),
        metadata_max_age_ms: BOARD_METADATA_MAX_AGE_MS,
        ..of_group(group)
    }
}

/// One record every so many milliseconds.
pub(super) fn records(topic: &str, every_ms: u64, keys: KeyPattern, value: &str) -> Workload {
    Workload {
        topic: TopicName::from(topic),
        keys,
        interval_us: every_ms * 1_000,
        burst: 1,
        value_prefix: value.to_owned(),
        value_bytes: 0,
    }
}

/// A key drawn at random from so many.
pub(super) fn random_keys(prefix: &str, count: u32) -> KeyPattern {
    KeyPattern::Random {
        prefix: prefix.to_owned(),
        count,
    }
}
