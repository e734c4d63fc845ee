//! The settings a group may have
//! (`org.apache.kafka.coordinator.group.GroupConfig`; KIP-848, KIP-932).

use crate::collections::BTreeMap;
use std::sync::Arc;

use super::config_def::DefaultValue::Is;
use super::config_def::Importance::Medium;
use super::config_def::Type::{Int, String as Text};
use super::config_def::{ConfigDef, ConfigKey, key};
use super::error::ConfigException;
use super::validator::Validator::{AtLeast, In};
use super::{BrokerConfig, broker};

/// The settings a group may have.
pub const CONFIG: ConfigDef = ConfigDef {
    section: "group",
    tables: &[KEYS],
};

#[rustfmt::skip]
const KEYS: &[ConfigKey] = &[
    key("consumer.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium),
    key("consumer.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium),
    key("share.auto.offset.reset", Text, Is("latest"), In(&["latest", "earliest"]), Medium),
    key("share.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium),
    key("share.record.lock.duration.ms", Int, Is("30000"), AtLeast(1000), Medium),
    key("share.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium),
];

/// The settings that a broker bounds, `consumer.session.timeout.ms` by
/// `group.consumer.min.session.timeout.ms` and `group.consumer.max.` and so on,
/// in the order in which Kafka looks at them.
const BOUNDED: &[&str] = &[
    "consumer.heartbeat.interval.ms",
    "consumer.session.timeout.ms",
    "share.heartbeat.interval.ms",
    "share.session.timeout.ms",
    "share.record.lock.duration.ms",
];

/// Where a share group begins to read a partition that it has not read yet
/// (`share.auto.offset.reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShareGroupAutoOffsetReset {
    /// Behind the last record.
    Latest,
    /// With the first record.
    Earliest,
}

/// What holds for a group that has settings of its own: these, and the
/// broker's for the rest (`GroupConfig.fromProps`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupConfig {
    /// `consumer.session.timeout.ms`: after how many milliseconds of silence a
    /// member of a consumer group counts as dead.
    pub consumer_session_timeout_ms: i32,
    /// `consumer.heartbeat.interval.ms`: how often it is to call.
    pub consumer_heartbeat_interval_ms: i32,
    /// `share.session.timeout.ms`: the same of a share group.
    pub share_session_timeout_ms: i32,
    /// `share.heartbeat.interval.ms`.
    pub share_heartbeat_interval_ms: i32,
    /// `share.record.lock.duration.ms`: how long a member has a record, in
    /// milliseconds.
    pub share_record_lock_duration_ms: i32,
    /// `share.auto.offset.reset`.
    pub share_auto_offset_reset: ShareGroupAutoOffsetReset,
}

impl GroupConfig {
    /// That of a group with these settings, which are valid, on a broker with
    /// these.
    pub fn new(own: &BTreeMap<String, String>, broker: &BrokerConfig) -> GroupConfig {
        let value = |name: &str| effective_value(own, broker, name);
        let number = |name: &str| {
            let number = value(name).parse();
            number.unwrap_or_else(|_| panic!("{name} is a number of 32 bits"))
        };
        GroupConfig {
            consumer_session_timeout_ms: number("consumer.session.timeout.ms"),
            consumer_heartbeat_interval_ms: number("consumer.heartbeat.interval.ms"),
            share_session_timeout_ms: number("share.session.timeout.ms"),
            share_heartbeat_interval_ms: number("share.heartbeat.interval.ms"),
            share_record_lock_duration_ms: number("share.record.lock.duration.ms"),
            share_auto_offset_reset: match value("share.auto.offset.reset") {
                "earliest" => ShareGroupAutoOffsetReset::Earliest,
                _ => ShareGroupAutoOffsetReset::Latest,
            },
        }
    }

    /// Refuses settings that there are not, values they do not take, what is
    /// out of the broker's bounds (`group.consumer.min.session.timeout.ms` and
    /// so on), and what contradicts itself (`GroupConfig.validate`). What a
    /// group does not say itself counts as Kafka's default here, not as the
    /// broker's.
    ///
    /// # Errors
    ///
    /// [`ConfigException`] with Kafka's words.
    pub fn validate(
        own: &BTreeMap<String, String>,
        broker: &BrokerConfig,
    ) -> Result<(), ConfigException> {
        let is_unknown = |name: &&String| CONFIG.find(name).is_none();
        if let Some(name) = own.keys().find(is_unknown) {
            let (section, name) = (CONFIG.section, name.clone());
            return Err(ConfigException::Unknown { section, name });
        }
        CONFIG.validate(own)?;
        for name in BOUNDED {
            check_bounds(own, broker, name)?;
        }
        for group_type in ["consumer", "share"] {
            let session = format!("{group_type}.session.timeout.ms");
            let heartbeat = format!("{group_type}.heartbeat.interval.ms");
            if number(own, &session) <= number(own, &heartbeat) {
                let why = format!("{session} must be greater than {heartbeat}");
                return Err(ConfigException::Contradiction(why));
            }
        }
        Ok(())
    }
}

/// The value that holds for a group with these settings on such a broker. Of
/// each setting but `share.auto.offset.reset` there is one of the broker's, with
/// `group.` before its name.
pub fn effective_value<'a>(
    own: &'a BTreeMap<String, String>,
    broker: &'a BrokerConfig,
    name: &str,
) -> &'a str {
    let of_broker = format!("group.{name}");
    let inherited = match broker::CONFIG.find(&of_broker) {
        Some(_) if !own.contains_key(name) => broker.value(&of_broker),
        _ => CONFIG.value(own, name),
    };
    inherited.unwrap_or_else(|| panic!("groups have no value of {name}"))
}

fn number(own: &BTreeMap<String, String>, name: &str) -> i64 {
    let number = CONFIG.value(own, name).and_then(|value| value.parse().ok());
    number.unwrap_or_else(|| panic!("{name} is a number"))
}

fn check_bounds(
    own: &BTreeMap<String, String>,
    broker: &BrokerConfig,
    name: &str,
) -> Result<(), ConfigException> {
    let (group_type, setting) = name.split_once('.').expect("it has a group's type");
    let bound = |which: &str| {
        let name = format!("group.{group_type}.{which}.{setting}");
        let value = broker.value(&name).and_then(|value| value.parse().ok());
        let value: i64 = value.unwrap_or_else(|| panic!("brokers have a number for {name}"));
        (name, value)
    };
    let number = number(own, name);
    let (min_name, min) = bound("min");
    let (max_name, max) = bound("max");
    let refuse = |relation: &str, bound: &str| {
        let why = format!("{name} must be {relation} than or equal to {bound}");
        Err(ConfigException::Contradiction(why))
    };
    match number {
        number if number < min => refuse("greater", &min_name),
        number if number > max => refuse("less", &max_name),
        _ => Ok(()),
    }
}

/// The groups that have settings of their own, by name
/// (`org.apache.kafka.coordinator.group.GroupConfigManager`). Shared, since each
/// partition of `__consumer_offsets` has a coordinator that reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupConfigs(Arc<BTreeMap<String, GroupConfig>>);

impl GroupConfigs {
    /// These groups and what holds for each.
    pub fn new(groups: impl IntoIterator<Item = (String, GroupConfig)>) -> GroupConfigs {
        GroupConfigs(Arc::new(groups.into_iter().collect()))
    }

    /// What holds for a group with settings of its own; `None` where the
    /// broker's hold.
    pub fn get(&self, group: &str) -> Option<&GroupConfig> {
        self.0.get(group)
    }
}
