use std::collections::BTreeMap;

use super::ApiError;
use crate::protocol::ErrorCode;

/// How a setting's value is read.
enum Kind {
    Int {
        min: i64,
    },
    Long {
        min: i64,
    },
    OneOf(&'static [&'static str]),
    /// A comma-separated list of these.
    ListOf(&'static [&'static str]),
    Boolean,
    /// A number from 0 to 1.
    Ratio,
    /// Anything.
    Text,
}

/// The settings a topic may have (`org.apache.kafka.storage.internals.log.LogConfig`).
const SETTINGS: &[(&str, Kind)] = &[
    ("cleanup.policy", Kind::ListOf(&["compact", "delete"])),
    (
        "compression.type",
        Kind::OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
    ),
    ("delete.retention.ms", Kind::Long { min: 0 }),
    ("file.delete.delay.ms", Kind::Long { min: 0 }),
    ("flush.messages", Kind::Long { min: 1 }),
    ("flush.ms", Kind::Long { min: 0 }),
    ("index.interval.bytes", Kind::Int { min: 0 }),
    ("local.retention.bytes", Kind::Long { min: -2 }),
    ("local.retention.ms", Kind::Long { min: -2 }),
    ("max.compaction.lag.ms", Kind::Long { min: 1 }),
    ("max.message.bytes", Kind::Int { min: 0 }),
    ("message.timestamp.after.max.ms", Kind::Long { min: 0 }),
    ("message.timestamp.before.max.ms", Kind::Long { min: 0 }),
    (
        "message.timestamp.type",
        Kind::OneOf(&["CreateTime", "LogAppendTime"]),
    ),
    ("min.cleanable.dirty.ratio", Kind::Ratio),
    ("min.compaction.lag.ms", Kind::Long { min: 0 }),
    ("min.insync.replicas", Kind::Int { min: 1 }),
    ("preallocate", Kind::Boolean),
    ("remote.storage.enable", Kind::Boolean),
    ("retention.bytes", Kind::Long { min: i64::MIN }),
    ("retention.ms", Kind::Long { min: -1 }),
    ("segment.bytes", Kind::Int { min: 14 }),
    ("segment.index.bytes", Kind::Int { min: 4 }),
    ("segment.jitter.ms", Kind::Long { min: 0 }),
    ("segment.ms", Kind::Long { min: 1 }),
    ("unclean.leader.election.enable", Kind::Boolean),
    ("leader.replication.throttled.replicas", Kind::Text),
    ("follower.replication.throttled.replicas", Kind::Text),
];

/// Refuses a setting that there is not, or a value it cannot have, with
/// Kafka's words.
pub(super) fn validate(configs: &BTreeMap<String, String>) -> Result<(), ApiError> {
    for (name, value) in configs {
        let setting = SETTINGS.iter().find(|(known, _)| known == name);
        let Some((_, kind)) = setting else {
            let message = format!("Unknown topic config name: {name}");
            return Err((ErrorCode::InvalidConfig, message));
        };
        if let Err(why) = kind.check(value) {
            let message = format!("Invalid value {value} for configuration {name}: {why}");
            return Err((ErrorCode::InvalidConfig, message));
        }
    }
    Ok(())
}

impl Kind {
    fn check(&self, value: &str) -> Result<(), String> {
        match self {
            Kind::Int { min } => number(value, "INT", i64::from(i32::MAX), *min),
            Kind::Long { min } => number(value, "LONG", i64::MAX, *min),
            Kind::OneOf(allowed) if allowed.contains(&value) => Ok(()),
            Kind::ListOf(allowed) if value.split(',').all(|v| allowed.contains(&v.trim())) => {
                Ok(())
            }
            Kind::OneOf(allowed) | Kind::ListOf(allowed) => {
                Err(format!("String must be one of: {}", allowed.join(", ")))
            }
            Kind::Boolean if value == "true" || value == "false" => Ok(()),
            Kind::Boolean => Err("Expected value to be either true or false".to_owned()),
            Kind::Ratio => ratio(value),
            Kind::Text => Ok(()),
        }
    }
}

fn number(value: &str, kind: &str, max: i64, min: i64) -> Result<(), String> {
    let number = value.trim().parse::<i64>().ok();
    match number.filter(|number| *number <= max && *number >= -max - 1) {
        None => Err(format!("Not a number of type {kind}")),
        Some(number) if number < min => Err(format!("Value must be at least {min}")),
        Some(_) => Ok(()),
    }
}

/// A decimal number from 0 to 1, checked without reckoning in floats.
fn ratio(value: &str) -> Result<(), String> {
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err("Not a number of type DOUBLE".to_owned());
    }
    let more_than_0 = fraction.bytes().any(|digit| digit != b'0');
    match whole.trim_start_matches('0') {
        "" => Ok(()),
        "1" if !more_than_0 => Ok(()),
        _ => Err("Value must be no more than 1".to_owned()),
    }
}
