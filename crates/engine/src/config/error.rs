//! Why settings are refused.

use std::fmt;

/// What is wrong with a setting that somebody gave
/// (`org.apache.kafka.common.config.ConfigException`). Shown, it is Kafka's
/// message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigException {
    /// There is no setting of this name.
    Unknown {
        /// What has no such setting: `topic` or `broker`.
        section: &'static str,
        /// The name.
        name: String,
    },
    /// The setting does not take this value.
    InvalidValue {
        /// Its name.
        name: String,
        /// The value, or the part of it that is wrong.
        value: String,
        /// Why not.
        why: String,
    },
    /// Settings that are valid one by one do not go together; why not.
    Requirement(&'static str),
    /// The same where Kafka says so in plain words: these.
    Contradiction(String),
}

impl fmt::Display for ConfigException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigException::Unknown { section, name } => {
                write!(f, "Unknown {section} config name: {name}")
            }
            ConfigException::InvalidValue { name, value, why } => {
                write!(f, "Invalid value {value} for configuration {name}: {why}")
            }
            ConfigException::Requirement(why) => write!(f, "requirement failed: {why}"),
            ConfigException::Contradiction(why) => f.write_str(why),
        }
    }
}
