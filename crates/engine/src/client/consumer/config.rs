//! The settings of a consumer, by Kafka's names and with Kafka's defaults
//! (`ConsumerConfig`; 4.0).

use super::super::addresses::check_bootstrap;
use super::super::config::{Backoffs, Originals, boolean, check_common, checked, number, text};
use super::strategy;
use crate::assignor::ClientAssignor;
use crate::command::Refusal;
use crate::config::consumer;
use crate::controller::topic_name::validate_name;
use crate::protocol::IsolationLevel;

/// Where a consumer begins in a partition for which its group has committed no
/// offset (`auto.offset.reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AutoOffsetReset {
    /// At the log start offset.
    Earliest,
    /// At the high watermark.
    Latest,
    /// Nowhere: the consumer fails (`NoOffsetForPartitionException`).
    None,
}

/// By which protocol a consumer is a member of its group (`group.protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupProtocol {
    /// JoinGroup and SyncGroup: a member computes the assignment.
    Classic,
    /// That of KIP-848: the coordinator computes the assignment.
    Consumer,
}

impl GroupProtocol {
    /// The settings that a member by this protocol does not have
    /// (`ConsumerConfig.checkUnsupportedConfigsPostProcess`).
    pub fn unsupported(self) -> &'static [&'static str] {
        match self {
            GroupProtocol::Classic => &CONSUMER_ONLY,
            GroupProtocol::Consumer => &CLASSIC_ONLY,
        }
    }
}

/// The settings that the consumer group protocol does not have
/// (`ConsumerConfig.CONSUMER_PROTOCOL_UNSUPPORTED_CONFIGS`).
const CLASSIC_ONLY: [&str; 3] = [
    "partition.assignment.strategy",
    "heartbeat.interval.ms",
    "session.timeout.ms",
];

/// The settings that the classic protocol does not have
/// (`CLASSIC_PROTOCOL_UNSUPPORTED_CONFIGS`).
const CONSUMER_ONLY: [&str; 1] = ["group.remote.assignor"];

/// A consumer's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerConfig {
    /// `client.id`; the world gives `consumer-GROUP-N` when it is empty.
    pub client_id: String,
    /// `group.id`; empty stands for none.
    pub group_id: String,
    /// `group.instance.id`, for a static member.
    pub group_instance_id: Option<String>,
    /// `group.protocol`.
    pub group_protocol: GroupProtocol,
    /// `group.remote.assignor`: the coordinator's assignor that it asks for.
    pub group_remote_assignor: Option<String>,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `heartbeat.interval.ms`.
    pub heartbeat_interval_ms: i32,
    /// `max.poll.interval.ms`.
    pub max_poll_interval_ms: i32,
    /// `max.poll.records`.
    pub max_poll_records: i32,
    /// `partition.assignment.strategy`, the preferred one first.
    pub partition_assignment_strategy: Vec<ClientAssignor>,
    /// `internal.leave.group.on.close`.
    pub leave_group_on_close: bool,
    /// `enable.auto.commit`.
    pub enable_auto_commit: bool,
    /// `auto.commit.interval.ms`.
    pub auto_commit_interval_ms: i64,
    /// `auto.offset.reset`.
    pub auto_offset_reset: AutoOffsetReset,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: i32,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: i32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait_ms: i32,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: i32,
    /// `check.crcs`.
    pub check_crcs: bool,
    /// `isolation.level`.
    pub isolation_level: IsolationLevel,
    /// `exclude.internal.topics`: a pattern does not match them.
    pub exclude_internal_topics: bool,
    /// `default.api.timeout.ms`: how long `commitSync()` may take.
    pub default_api_timeout_ms: i32,
    /// `client.rack`.
    pub client_rack: Option<String>,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
    /// `retry.backoff.ms`, `reconnect.backoff.ms` and their `.max.ms`.
    pub backoffs: Backoffs,
    /// The settings that were given by [`ConsumerConfig::set`].
    pub given: Originals,
}

impl ConsumerConfig {
    /// Kafka's defaults, for a consumer of this group.
    pub fn of_group(group_id: impl Into<String>) -> ConsumerConfig {
        ConsumerConfig {
            client_id: String::new(),
            group_id: group_id.into(),
            group_instance_id: None,
            group_protocol: GroupProtocol::Classic,
            group_remote_assignor: None,
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 3_000,
            max_poll_interval_ms: 300_000,
            max_poll_records: 500,
            partition_assignment_strategy: vec![
                ClientAssignor::Range,
                ClientAssignor::CooperativeSticky,
            ],
            leave_group_on_close: true,
            enable_auto_commit: true,
            auto_commit_interval_ms: 5_000,
            auto_offset_reset: AutoOffsetReset::Latest,
            fetch_min_bytes: 1,
            fetch_max_bytes: 52_428_800,
            fetch_max_wait_ms: 500,
            max_partition_fetch_bytes: 1_048_576,
            check_crcs: true,
            isolation_level: IsolationLevel::ReadUncommitted,
            exclude_internal_topics: true,
            default_api_timeout_ms: 60_000,
            client_rack: None,
            request_timeout_ms: 30_000,
            metadata_max_age_ms: 300_000,
            backoffs: Backoffs::default(),
            given: Originals::default(),
        }
    }

    /// Kafka's defaults for a consumer without a group, which is assigned its
    /// partitions by hand and commits nothing.
    pub fn without_group() -> ConsumerConfig {
        ConsumerConfig {
            enable_auto_commit: false,
            ..ConsumerConfig::of_group("")
        }
    }

    /// Whether it has a group to commit for.
    pub fn has_group(&self) -> bool {
        !self.group_id.is_empty()
    }
}

impl ConsumerConfig {
    /// Sets one setting by Kafka's name.
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] or [`Refusal::CannotConstruct`] with Kafka's
    /// message when the value is not allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        checked(&consumer::CONFIG, name, value)?;
        let is_known = self.set_membership(name, value)?
            || self.set_fetching(name, value)
            || self.backoffs.set(name, value)
            || name == "metadata.recovery.strategy";
        self.given.insert(name, value);
        Ok(is_known)
    }

    fn set_membership(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        match name {
            "group.id" if value.trim().is_empty() => {
                return Err(Refusal::CannotConstruct {
                    exception: "InvalidGroupIdException",
                    message: "The configured group.id should not be an empty string or whitespace."
                        .to_owned(),
                });
            }
            "group.id" => self.group_id = text(value),
            "group.instance.id" => {
                let validated = validate_name(value.trim(), "Group instance id");
                validated.map_err(|message| Refusal::CannotConstruct {
                    exception: "InvalidConfigurationException",
                    message,
                })?;
                self.group_instance_id = Some(text(value));
            }
            "group.protocol" => {
                self.group_protocol = match value.trim().eq_ignore_ascii_case("consumer") {
                    true => GroupProtocol::Consumer,
                    false => GroupProtocol::Classic,
                };
            }
            "group.remote.assignor" => self.group_remote_assignor = Some(value.to_owned()),
            "session.timeout.ms" => self.session_timeout_ms = number(value),
            "heartbeat.interval.ms" => self.heartbeat_interval_ms = number(value),
            "max.poll.interval.ms" => self.max_poll_interval_ms = number(value),
            "max.poll.records" => self.max_poll_records = number(value),
            "partition.assignment.strategy" => {
                self.partition_assignment_strategy = strategy::read(value)?;
            }
            "internal.leave.group.on.close" => self.leave_group_on_close = boolean(value),
            "enable.auto.commit" => self.enable_auto_commit = boolean(value),
            "auto.commit.interval.ms" => self.auto_commit_interval_ms = number(value),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_fetching(&mut self, name: &str, value: &str) -> bool {
        match name {
            "client.id" => self.client_id = text(value),
            "check.crcs" => self.check_crcs = boolean(value),
            "isolation.level" => {
                self.isolation_level = match value.trim() {
                    "read_committed" => IsolationLevel::ReadCommitted,
                    _ => IsolationLevel::ReadUncommitted,
                };
            }
            "exclude.internal.topics" => self.exclude_internal_topics = boolean(value),
            "default.api.timeout.ms" => self.default_api_timeout_ms = number(value),
            "auto.offset.reset" => {
                self.auto_offset_reset = match value.trim() {
                    "earliest" => AutoOffsetReset::Earliest,
                    "none" => AutoOffsetReset::None,
                    _ => AutoOffsetReset::Latest,
                };
            }
            "fetch.min.bytes" => self.fetch_min_bytes = number(value),
            "fetch.max.bytes" => self.fetch_max_bytes = number(value),
            "fetch.max.wait.ms" => self.fetch_max_wait_ms = number(value),
            "max.partition.fetch.bytes" => self.max_partition_fetch_bytes = number(value),
            "client.rack" => {
                self.client_rack = Some(text(value)).filter(|rack| !rack.is_empty());
            }
            "request.timeout.ms" => self.request_timeout_ms = number(value),
            "metadata.max.age.ms" => self.metadata_max_age_ms = number(value),
            _ => return false,
        }
        true
    }

    /// Whether it commits by itself: `enable.auto.commit`, unless that was not
    /// given and there is no group to commit for
    /// (`ConsumerConfig.maybeOverrideEnableAutoCommit`).
    pub fn commits_automatically(&self) -> bool {
        self.enable_auto_commit && self.has_group()
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// Kafka's message when a member would be thought dead between two
    /// heartbeats (`Heartbeat`'s constructor), a setting is one that its protocol
    /// does not have (`ConsumerConfig.checkUnsupportedConfigsPostProcess`),
    /// offsets are to be committed for no group
    /// (`ConsumerConfig.maybeOverrideEnableAutoCommit`), or no client could have
    /// such settings.
    pub fn check(&self) -> Result<(), Refusal> {
        check_common(&self.given)?;
        check_bootstrap(&self.given)?;
        let refuse = |exception, text: &str| {
            let message = text.to_owned();
            Err(Refusal::CannotConstruct { exception, message })
        };
        let is_given = self.given.contains("enable.auto.commit");
        if is_given && self.enable_auto_commit && !self.has_group() {
            return refuse(
                "InvalidConfigurationException",
                "enable.auto.commit cannot be set to true when default group id (null) is used.",
            );
        }
        let name = match self.group_protocol {
            GroupProtocol::Classic => "CLASSIC",
            GroupProtocol::Consumer => "CONSUMER",
        };
        let unsupported = self.group_protocol.unsupported();
        let is_set = |setting: &&&str| {
            let given = self.given.get(setting);
            given.is_some_and(|value| !value.is_empty())
        };
        let wrong: Vec<&str> = unsupported.iter().filter(is_set).copied().collect();
        if !wrong.is_empty() {
            let wrong = wrong.join(", ");
            let message = format!("{wrong} cannot be set when group.protocol={name}");
            return Err(Refusal::InvalidConfig(message));
        }
        let is_classic = self.group_protocol == GroupProtocol::Classic;
        if is_classic && self.has_group() && self.heartbeat_interval_ms >= self.session_timeout_ms {
            return refuse(
                "IllegalArgumentException",
                "Heartbeat must be set lower than the session timeout",
            );
        }
        Ok(())
    }

    /// Checks that the consumer may be a member of its group.
    ///
    /// # Errors
    ///
    /// Kafka's message when it has no group
    /// (`KafkaConsumer.maybeThrowInvalidGroupIdException`), or no assignor
    /// (`throwIfNoAssignorsConfigured`).
    pub fn check_group_management(&self) -> Result<(), Refusal> {
        let refuse = |exception, text: &str| {
            let message = text.to_owned();
            Err(Refusal::CannotConstruct { exception, message })
        };
        if self.group_id.trim().is_empty() {
            return refuse(
                "InvalidGroupIdException",
                "To use the group management or offset commit APIs, you must provide a valid \
                 group.id in the consumer configuration.",
            );
        }
        let is_classic = self.group_protocol == GroupProtocol::Classic;
        if is_classic && self.partition_assignment_strategy.is_empty() {
            return refuse(
                "IllegalStateException",
                "Must configure at least one partition assigner class name to \
                 partition.assignment.strategy configuration property",
            );
        }
        Ok(())
    }
}
