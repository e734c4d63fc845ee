//! The settings an admin client may have (`AdminClientConfig`).

use super::client;
use super::config_def::DefaultValue::Is;
use super::config_def::Importance::{High, Low, Medium};
use super::config_def::Type::{Boolean, Int, List, Long, String};
use super::config_def::{ConfigDef, ConfigKey, key};
use super::validator::Validator::{Any, AtLeast, Between};

/// The settings an admin client may have.
pub const CONFIG: ConfigDef = ConfigDef {
    section: "admin",
    tables: &[KEYS, client::KEYS],
};

#[rustfmt::skip]
const KEYS: &[ConfigKey] = &[
    key("bootstrap.controllers", List, Is(""), Any, High),
    key("bootstrap.servers", List, Is(""), Any, High),
    key("client.id", String, Is(""), Any, Medium),
    key("connections.max.idle.ms", Long, Is("300000"), Any, Medium),
    key("default.api.timeout.ms", Int, Is("60000"), AtLeast(0), Medium),
    key("enable.metrics.push", Boolean, Is("false"), Any, Low),
    key("metric.reporters", List, Is("org.apache.kafka.common.metrics.JmxReporter"), Any, Low),
    key("receive.buffer.bytes", Int, Is("65536"), AtLeast(-1), Medium),
    key("retries", Int, Is("2147483647"), Between(0, i32::MAX), Low),
];
