//! The settings a group may have
//! (`org.apache.kafka.coordinator.group.GroupConfig`).

use super::config_def::DefaultValue::Is;
use super::config_def::Importance::Medium;
use super::config_def::Type::Int;
use super::config_def::{ConfigDef, ConfigKey, key};
use super::validator::Validator::AtLeast;

/// The settings a group may have.
pub const CONFIG: ConfigDef = ConfigDef {
    section: "group",
    tables: &[KEYS],
};

#[rustfmt::skip]
const KEYS: &[ConfigKey] = &[
    key("consumer.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium),
    key("consumer.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium),
    key("share.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium),
    key("share.record.lock.duration.ms", Int, Is("30000"), AtLeast(1000), Medium),
    key("share.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium),
];
