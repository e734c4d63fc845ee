//! Settings that name Java classes. A world's clients have those that come with
//! Kafka, and no others.

use crate::command::Refusal;
use crate::config::{ConfigKey, Type};

/// What a serializer or a deserializer is for.
const SERIALIZED: [&str; 13] = [
    "Boolean",
    "ByteArray",
    "ByteBuffer",
    "Bytes",
    "Double",
    "Float",
    "Integer",
    "List",
    "Long",
    "Short",
    "String",
    "UUID",
    "Void",
];

/// The partitioner that Kafka has besides the one that is built in.
pub(super) const ROUND_ROBIN_PARTITIONER: &str =
    "org.apache.kafka.clients.producer.RoundRobinPartitioner";

/// Other classes of Kafka's that a setting may name.
const OTHERS: [&str; 7] = [
    ROUND_ROBIN_PARTITIONER,
    "org.apache.kafka.common.security.authenticator.DefaultLogin",
    "org.apache.kafka.common.security.authenticator.SaslClientCallbackHandler",
    "org.apache.kafka.common.security.kerberos.KerberosLogin",
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
    "org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerRefreshingLogin",
    "org.apache.kafka.common.security.ssl.DefaultSslEngineFactory",
];

/// The one reporter of metrics that Kafka has.
const JMX_REPORTER: &str = "org.apache.kafka.common.metrics.JmxReporter";

/// Refuses a class that there is not, where the setting names one
/// (`ConfigDef.parseType`) or several (`AbstractConfig.getConfiguredInstances`).
pub(super) fn check(key: &ConfigKey, value: &str) -> Result<(), Refusal> {
    let name = key.name;
    match (key.value_type, name) {
        (Type::Class, _) if !exists(value.trim()) => Err(Refusal::InvalidConfig(format!(
            "Invalid value {value} for configuration {name}: Class {value} could not be found."
        ))),
        (Type::List, "interceptor.classes" | "metric.reporters") => {
            let classes = value.split(',').map(str::trim);
            let mut classes = classes.filter(|_| !value.trim().is_empty());
            let unknown = classes.find(|class| *class != JMX_REPORTER);
            unknown.map_or(Ok(()), |class| {
                Err(Refusal::CannotConstruct {
                    exception: "KafkaException",
                    message: format!("Class {class} cannot be found"),
                })
            })
        }
        _ => Ok(()),
    }
}

fn exists(class: &str) -> bool {
    let simple = class.strip_prefix("org.apache.kafka.common.serialization.");
    let of = simple.and_then(|name| {
        let serializer = name.strip_suffix("Serializer");
        serializer.or_else(|| name.strip_suffix("Deserializer"))
    });
    OTHERS.contains(&class) || of.is_some_and(|of| SERIALIZED.contains(&of))
}
