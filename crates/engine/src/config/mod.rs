//! The settings of topics, brokers, clients and groups: their names, types,
//! defaults and what values they take, as Kafka defines them
//! (`org.apache.kafka.common.config.ConfigDef`).
//!
//! A table a section, a line a setting. [`topic`] and [`broker`] are what the
//! engine goes by; [`broker_config`] holds what a broker acts on.

pub mod admin;
pub mod broker;
pub mod broker_config;
mod client;
pub mod config_def;
pub mod consumer;
mod decimal;
pub mod dynamic;
mod error;
pub mod group;
mod metadata_version;
pub mod producer;
pub mod synonyms;
pub mod topic;
mod validator;

pub use broker_config::{BrokerConfig, TransactionConfig};
pub use config_def::{ConfigDef, ConfigKey, DefaultValue, Importance, Type};
pub use decimal::Decimal;
pub use error::ConfigException;
pub use group::{GroupConfig, GroupConfigs, ShareGroupAutoOffsetReset};
pub use validator::Validator;

/// The settings of a section, by the name of what they are given to: `topic`,
/// `broker`, `producer`, `consumer`, `admin` or `group`.
pub fn section(name: &str) -> Option<&'static ConfigDef> {
    Some(match name {
        "topic" => &topic::CONFIG,
        "broker" => &broker::CONFIG,
        "producer" => &producer::CONFIG,
        "consumer" => &consumer::CONFIG,
        "admin" => &admin::CONFIG,
        "group" => &group::CONFIG,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
