//! Settings of topics, brokers and groups that can be changed while the cluster
//! runs (KIP-226, KIP-339, KIP-848).

use std::fmt;

use super::ErrorCode;
use crate::config::Type;

/// What kind of thing has settings (`ConfigResource.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigResourceType {
    /// A topic.
    Topic,
    /// A broker, or all of them.
    Broker,
    /// A group.
    Group,
}

impl ConfigResourceType {
    /// Kafka's name of it, such as `TOPIC`.
    pub fn name(self) -> &'static str {
        match self {
            ConfigResourceType::Topic => "TOPIC",
            ConfigResourceType::Broker => "BROKER",
            ConfigResourceType::Group => "GROUP",
        }
    }
}

/// What has settings (`ConfigResource`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigResource {
    /// Of which kind.
    pub resource_type: ConfigResourceType,
    /// Its name; of a broker its `node.id`, or nothing for all brokers.
    pub resource_name: String,
}

impl ConfigResource {
    /// The topic of this name.
    pub fn topic(name: impl Into<String>) -> ConfigResource {
        ConfigResource::new(ConfigResourceType::Topic, name)
    }

    /// The broker with this `node.id`.
    pub fn broker(id: i32) -> ConfigResource {
        ConfigResource::new(ConfigResourceType::Broker, id.to_string())
    }

    /// All brokers: what holds where one has nothing of its own.
    pub fn all_brokers() -> ConfigResource {
        ConfigResource::new(ConfigResourceType::Broker, "")
    }

    /// The group of this name.
    pub fn group(name: impl Into<String>) -> ConfigResource {
        ConfigResource::new(ConfigResourceType::Group, name)
    }

    fn new(resource_type: ConfigResourceType, name: impl Into<String>) -> ConfigResource {
        ConfigResource {
            resource_type,
            resource_name: name.into(),
        }
    }
}

impl fmt::Display for ConfigResource {
    /// In words: `topic orders`, `broker 1`, `the brokers`, `group g`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.resource_name;
        match self.resource_type {
            ConfigResourceType::Topic => write!(f, "topic {name}"),
            ConfigResourceType::Broker if name.is_empty() => f.write_str("the brokers"),
            ConfigResourceType::Broker => write!(f, "broker {name}"),
            ConfigResourceType::Group => write!(f, "group {name}"),
        }
    }
}

/// Changes some settings and leaves the others as they are (KIP-339).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IncrementalAlterConfigsRequest {
    /// What is to be changed.
    pub resources: Vec<AlterConfigsResource>,
    /// Whether it is only asked if it could be.
    pub validate_only: bool,
}

/// What is to be changed of one thing: all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterConfigsResource {
    /// Of what.
    pub resource: ConfigResource,
    /// The changes.
    pub configs: Vec<AlterableConfig>,
}

/// A change of one setting.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterableConfig {
    /// The setting.
    pub name: String,
    /// What is to be done with it.
    pub config_operation: ConfigOperation,
    /// The value; none where it is deleted.
    pub value: Option<String>,
}

impl AlterableConfig {
    /// Gives a setting a value.
    pub fn set(name: impl Into<String>, value: impl Into<String>) -> AlterableConfig {
        AlterableConfig {
            name: name.into(),
            config_operation: ConfigOperation::Set,
            value: Some(value.into()),
        }
    }

    /// Takes a setting's value back.
    pub fn delete(name: impl Into<String>) -> AlterableConfig {
        AlterableConfig {
            name: name.into(),
            config_operation: ConfigOperation::Delete,
            value: None,
        }
    }
}

/// What is to be done with a setting (`AlterConfigOp.OpType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigOperation {
    /// It gets the value.
    Set,
    /// It loses its value: the default holds again.
    Delete,
    /// What is listed is added to the list that it has.
    Append,
    /// What is listed is taken out of the list that it has.
    Subtract,
}

impl ConfigOperation {
    /// Kafka's name of it, such as `APPEND`.
    pub fn name(self) -> &'static str {
        match self {
            ConfigOperation::Set => "SET",
            ConfigOperation::Delete => "DELETE",
            ConfigOperation::Append => "APPEND",
            ConfigOperation::Subtract => "SUBTRACT",
        }
    }
}

/// What became of the changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IncrementalAlterConfigsResponse {
    /// One entry for each thing of the request, in its order.
    pub responses: Vec<AlterConfigsResourceResponse>,
}

/// What became of the changes of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterConfigsResourceResponse {
    /// `NONE`, or why nothing was changed.
    pub error_code: ErrorCode,
    /// The words for the error.
    pub error_message: Option<String>,
    /// Of what.
    pub resource: ConfigResource,
}

/// Asks for settings (KIP-133).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeConfigsRequest {
    /// Whose.
    pub resources: Vec<DescribeConfigsResource>,
    /// Whether it is to be told where the values come from.
    pub include_synonyms: bool,
}

/// What to describe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeConfigsResource {
    /// Whose settings.
    pub resource: ConfigResource,
    /// Which; `None` for all.
    pub configuration_keys: Option<Vec<String>>,
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeConfigsResponse {
    /// One entry for each thing of the request, in its order.
    pub results: Vec<DescribeConfigsResult>,
}

/// The settings of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeConfigsResult {
    /// `NONE`, or why they are not told.
    pub error_code: ErrorCode,
    /// The broker's words for the error.
    pub error_message: Option<String>,
    /// Whose they are.
    pub resource: ConfigResource,
    /// The settings, by name.
    pub configs: Vec<DescribedConfig>,
}

/// A setting as it is (`DescribeConfigsResourceResult`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedConfig {
    /// Its name.
    pub name: String,
    /// The value that holds; `None` for Kafka's `null`, and for what is secret.
    pub value: Option<String>,
    /// Whether it can only be changed by a restart.
    pub read_only: bool,
    /// Where the value comes from.
    pub config_source: ConfigSource,
    /// Whether it is secret.
    pub is_sensitive: bool,
    /// All values it was given, the one that holds first; empty unless asked
    /// for.
    pub synonyms: Vec<ConfigSynonym>,
    /// What kind of value it has; `None` where nobody knows.
    pub config_type: Option<Type>,
}

/// A value that a setting was given somewhere, under this name or another
/// (`DescribeConfigsSynonym`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigSynonym {
    /// The name.
    pub name: String,
    /// The value; `None` for what is secret.
    pub value: Option<String>,
    /// Where.
    pub source: ConfigSource,
}

/// Where a value comes from (`ConfigEntry.ConfigSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigSource {
    /// The topic has it.
    DynamicTopicConfig,
    /// The broker was given it while it ran.
    DynamicBrokerConfig,
    /// All brokers were given it while they ran.
    DynamicDefaultBrokerConfig,
    /// It stands in the broker's `server.properties`.
    StaticBrokerConfig,
    /// Nobody has set it.
    DefaultConfig,
    /// The group has it.
    DynamicGroupConfig,
}

impl ConfigSource {
    /// Kafka's name of it, such as `DYNAMIC_TOPIC_CONFIG`.
    pub fn name(self) -> &'static str {
        match self {
            ConfigSource::DynamicTopicConfig => "DYNAMIC_TOPIC_CONFIG",
            ConfigSource::DynamicBrokerConfig => "DYNAMIC_BROKER_CONFIG",
            ConfigSource::DynamicDefaultBrokerConfig => "DYNAMIC_DEFAULT_BROKER_CONFIG",
            ConfigSource::StaticBrokerConfig => "STATIC_BROKER_CONFIG",
            ConfigSource::DefaultConfig => "DEFAULT_CONFIG",
            ConfigSource::DynamicGroupConfig => "DYNAMIC_GROUP_CONFIG",
        }
    }
}
