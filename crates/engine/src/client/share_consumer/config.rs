//! The settings of a share consumer, by Kafka's names and with Kafka's defaults
//! (`ConsumerConfig`; 4.0), and what its application does.

use super::super::addresses::check_bootstrap;
use super::super::config::{Backoffs, Originals, check_common, checked, number, text};
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

/// The settings of a consumer that a share consumer does not have
/// (`ShareConsumerConfig.SHARE_GROUP_UNSUPPORTED_CONFIGS`).
pub const SHARE_GROUP_UNSUPPORTED: &[&str] = &[
    "auto.offset.reset",
    "enable.auto.commit",
    "group.instance.id",
    "isolation.level",
    "partition.assignment.strategy",
    "interceptor.classes",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "group.protocol",
    "group.remote.assignor",
];

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
    /// `retry.backoff.ms`, `reconnect.backoff.ms` and their `.max.ms`.
    pub backoffs: Backoffs,
    /// The settings that were given by [`ShareConsumerConfig::set`].
    pub given: Originals,
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
            backoffs: Backoffs::default(),
            given: Originals::default(),
            processing_us: 0,
            acknowledging: Acknowledging::Implicit,
        }
    }

    /// Sets one setting by Kafka's name. One that a share consumer does not have
    /// is refused by [`ShareConsumerConfig::check`], whatever its value.
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] or [`Refusal::CannotConstruct`] with Kafka's
    /// message when the value is not allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        if !SHARE_GROUP_UNSUPPORTED.contains(&name) {
            checked(&consumer::CONFIG, name, value)?;
        }
        let mut is_known = true;
        match name {
            "client.id" => self.client_id = text(value),
            "group.id" => self.group_id = text(value),
            "client.rack" => {
                self.client_rack = Some(text(value)).filter(|rack| !rack.is_empty());
            }
            "fetch.min.bytes" => self.fetch_min_bytes = number(value),
            "fetch.max.bytes" => self.fetch_max_bytes = number(value),
            "fetch.max.wait.ms" => self.fetch_max_wait_ms = number(value),
            "max.partition.fetch.bytes" => self.max_partition_fetch_bytes = number(value),
            "max.poll.records" => self.max_poll_records = number(value),
            "request.timeout.ms" => self.request_timeout_ms = number(value),
            "metadata.max.age.ms" => self.metadata_max_age_ms = number(value),
            "metadata.recovery.strategy" => {}
            _ => is_known = self.backoffs.set(name, value),
        }
        self.given.insert(name, value);
        Ok(is_known)
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// Kafka's message when one was given that a share consumer does not have
    /// (`ShareConsumerConfig.checkUnsupportedConfigs`), when the group has no
    /// name (`ShareConsumerImpl.maybeThrowInvalidGroupIdException`), or no client
    /// could have such settings.
    pub fn check(&self) -> Result<(), Refusal> {
        let given = SHARE_GROUP_UNSUPPORTED
            .iter()
            .filter(|name| self.given.contains(name));
        let given: Vec<&str> = given.copied().collect();
        if !given.is_empty() {
            let given = given.join(", ");
            let message = format!("{given} cannot be set when using a share group.");
            return Err(Refusal::InvalidConfig(message));
        }
        check_common(&self.given)?;
        if self.group_id.trim().is_empty() {
            return Err(Refusal::CannotConstruct {
                exception: "InvalidGroupIdException",
                message: "You must provide a valid group.id in the consumer configuration."
                    .to_owned(),
            });
        }
        check_bootstrap(&self.given)
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
