//! The settings of a share consumer, by Kafka's names and with Kafka's defaults
//! (`ConsumerConfig`; 4.0), and what its application does.

use super::super::config::{checked, number};
use crate::command::Refusal;
use crate::config::consumer;
use crate::protocol::AcknowledgeType;

/// What the application says of the records that it is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acknowledging {
    /// Nothing: its next `poll()` accepts them all (implicit acknowledgement).
    Implicit,
    /// It calls `acknowledge()` for each, by this rule.
    ByRule(AcknowledgementRule),
    /// It calls `acknowledge()` when a person says so
    /// ([`Command::Acknowledge`](crate::Command::Acknowledge)), and polls again
    /// when that was done for all.
    ByCommand,
}

/// Which records an application has trouble with, the same ones at each try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AcknowledgementRule {
    /// It is every so-manieth record of a partition: with 1 all, with 3 those
    /// at the offsets 2, 5, 8, …; 0 is none. The others are accepted.
    pub every: u32,
    /// What it says of them.
    pub with: AcknowledgeType,
}

/// A share consumer's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareConsumerConfig {
    /// `client.id`; the world gives `consumer-GROUP-N` when it is empty.
    pub client_id: String,
    /// `group.id`; not empty.
    pub group_id: String,
    /// `client.rack`.
    pub client_rack: Option<String>,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: i32,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: i32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait_ms: i32,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: i32,
    /// `max.poll.records`: how many records `poll()` hands out at most.
    pub max_poll_records: i32,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
    /// How long the application takes for a record, in microseconds. No
    /// setting of Kafka's.
    pub processing_us: u64,
    /// What the application says of the records.
    pub acknowledging: Acknowledging,
}

impl ShareConsumerConfig {
    /// Kafka's defaults, for a consumer of this group whose application is done
    /// with each record at once.
    pub fn of_group(group_id: impl Into<String>) -> ShareConsumerConfig {
        ShareConsumerConfig {
            client_id: String::new(),
            group_id: group_id.into(),
            client_rack: None,
            fetch_min_bytes: 1,
            fetch_max_bytes: 52_428_800,
            fetch_max_wait_ms: 500,
            max_partition_fetch_bytes: 1_048_576,
            max_poll_records: 500,
            request_timeout_ms: 30_000,
            metadata_max_age_ms: 300_000,
            processing_us: 0,
            acknowledging: Acknowledging::Implicit,
        }
    }

    /// Sets one setting by Kafka's name.
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] with Kafka's message when the value is not
    /// allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        checked(&consumer::CONFIG, name, value)?;
        match name {
            "client.id" => self.client_id = value.to_owned(),
            "group.id" => self.group_id = value.to_owned(),
            "client.rack" => self.client_rack = Some(value.to_owned()),
            "fetch.min.bytes" => self.fetch_min_bytes = number(value),
            "fetch.max.bytes" => self.fetch_max_bytes = number(value),
            "fetch.max.wait.ms" => self.fetch_max_wait_ms = number(value),
            "max.partition.fetch.bytes" => self.max_partition_fetch_bytes = number(value),
            "max.poll.records" => self.max_poll_records = number(value),
            "request.timeout.ms" => self.request_timeout_ms = number(value),
            "metadata.max.age.ms" => self.metadata_max_age_ms = number(value),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] when the group has no name.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.group_id.trim().is_empty() {
            true => Err(Refusal::InvalidConfig(
                "To use the group management or offset commit APIs, you must provide a valid \
                 group.id in the consumer configuration."
                    .to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// What the application says of the record at an offset; `None` when that
    /// is for a person to say.
    pub(super) fn decide(&self, offset: i64) -> Option<AcknowledgeType> {
        match self.acknowledging {
            Acknowledging::Implicit => Some(AcknowledgeType::Accept),
            Acknowledging::ByRule(AcknowledgementRule { every, with }) => {
                let place = (offset + 1).checked_rem(i64::from(every));
                Some(match place {
                    Some(0) => with,
                    _ => AcknowledgeType::Accept,
                })
            }
            Acknowledging::ByCommand => None,
        }
    }
}
