//! The settings a topic may have: their types, defaults and what values they
//! take (`org.apache.kafka.storage.internals.log.LogConfig`).

use std::collections::BTreeMap;

use super::ApiError;
use crate::protocol::ErrorCode;

/// How many replicas must be in sync for `acks=all` to be taken.
pub const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
/// Whether one that is not in sync may lead when nobody else can.
pub const UNCLEAN_LEADER_ELECTION_ENABLE: &str = "unclean.leader.election.enable";

/// What values a setting takes (`ConfigDef.Type` with its validator).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 32 bits, from here to there.
    Int(i32, i32),
    /// 32 bits from here to there, or this value, which stands for a default.
    IntOr(i32, i32, i32),
    /// 64 bits, from here on.
    Long(i64),
    /// A decimal number from 0 to 1.
    Ratio,
    /// `true` or `false`.
    Boolean,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A comma-separated list of these.
    ListOf(&'static [&'static str]),
    /// `*`, or a comma-separated list of `partition:broker`.
    ThrottledReplicas,
    /// A version of Kafka's metadata, or a release, such as `3.0`.
    MetadataVersion,
}

use Kind::{Boolean, Int, IntOr, ListOf, Long, MetadataVersion, OneOf, Ratio, ThrottledReplicas};

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value it has when nobody has set it.
    pub default: &'static str,
}

const fn setting(name: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting {
        name,
        kind,
        default,
    }
}

const MAX: i32 = i32::MAX;
const NEVER: &str = "9223372036854775807";
const CODECS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];
const TIMESTAMPS: &[&str] = &["CreateTime", "LogAppendTime"];
const POLICIES: &[&str] = &["compact", "delete"];

/// `org.apache.kafka.server.common.MetadataVersion`, before 4.0 as released.
const METADATA_VERSIONS: &[&str] = &[
    "0.8.0",
    "0.8.1",
    "0.8.2",
    "0.9.0",
    "0.10.0-IV0",
    "0.10.0-IV1",
    "0.10.1-IV0",
    "0.10.1-IV1",
    "0.10.1-IV2",
    "0.10.2-IV0",
    "0.11.0-IV0",
    "0.11.0-IV1",
    "0.11.0-IV2",
    "1.0-IV0",
    "1.1-IV0",
    "2.0-IV0",
    "2.0-IV1",
    "2.1-IV0",
    "2.1-IV1",
    "2.1-IV2",
    "2.2-IV0",
    "2.2-IV1",
    "2.3-IV0",
    "2.3-IV1",
    "2.4-IV0",
    "2.4-IV1",
    "2.5-IV0",
    "2.6-IV0",
    "2.7-IV0",
    "2.7-IV1",
    "2.7-IV2",
    "2.8-IV0",
    "2.8-IV1",
    "3.0-IV0",
    "3.0-IV1",
    "3.1-IV0",
    "3.2-IV0",
    "3.3-IV0",
    "3.3-IV1",
    "3.3-IV2",
    "3.3-IV3",
    "3.4-IV0",
    "3.5-IV0",
    "3.5-IV1",
    "3.5-IV2",
    "3.6-IV0",
    "3.6-IV1",
    "3.6-IV2",
    "3.7-IV0",
    "3.7-IV1",
    "3.7-IV2",
    "3.7-IV3",
    "3.7-IV4",
    "3.8-IV0",
    "3.9-IV0",
    "4.0-IV0",
    "4.0-IV1",
    "4.0-IV2",
    "4.0-IV3",
];

/// All settings, by name. Some do nothing any more, but may still be given.
pub const SETTINGS: &[Setting] = &[
    setting("cleanup.policy", ListOf(POLICIES), "delete"),
    setting("compression.gzip.level", IntOr(1, 9, -1), "-1"),
    setting("compression.lz4.level", Int(1, 17), "9"),
    setting("compression.type", OneOf(CODECS), "producer"),
    setting("compression.zstd.level", Int(-131_072, 22), "3"),
    setting("delete.retention.ms", Long(0), "86400000"),
    setting("file.delete.delay.ms", Long(0), "60000"),
    setting("flush.messages", Long(1), NEVER),
    setting("flush.ms", Long(0), NEVER),
    setting(
        "follower.replication.throttled.replicas",
        ThrottledReplicas,
        "",
    ),
    setting("index.interval.bytes", Int(0, MAX), "4096"),
    setting(
        "leader.replication.throttled.replicas",
        ThrottledReplicas,
        "",
    ),
    setting("local.retention.bytes", Long(-2), "-2"),
    setting("local.retention.ms", Long(-2), "-2"),
    setting("max.compaction.lag.ms", Long(1), NEVER),
    setting("max.message.bytes", Int(0, MAX), "1048588"),
    setting("message.downconversion.enable", Boolean, "true"),
    setting("message.format.version", MetadataVersion, "3.0-IV1"),
    setting("message.timestamp.after.max.ms", Long(0), "3600000"),
    setting("message.timestamp.before.max.ms", Long(0), NEVER),
    setting("message.timestamp.difference.max.ms", Long(0), NEVER),
    setting("message.timestamp.type", OneOf(TIMESTAMPS), "CreateTime"),
    setting("min.cleanable.dirty.ratio", Ratio, "0.5"),
    setting("min.compaction.lag.ms", Long(0), "0"),
    setting(MIN_INSYNC_REPLICAS, Int(1, MAX), "1"),
    setting("preallocate", Boolean, "false"),
    setting("remote.log.copy.disable", Boolean, "false"),
    setting("remote.log.delete.on.disable", Boolean, "false"),
    setting("remote.storage.enable", Boolean, "false"),
    setting("retention.bytes", Long(i64::MIN), "-1"),
    setting("retention.ms", Long(-1), "604800000"),
    setting("segment.bytes", Int(14, MAX), "1073741824"),
    setting("segment.index.bytes", Int(4, MAX), "10485760"),
    setting("segment.jitter.ms", Long(0), "0"),
    setting("segment.ms", Long(1), "604800000"),
    setting(UNCLEAN_LEADER_ELECTION_ENABLE, Boolean, "false"),
];

fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The value that holds for a topic of these settings.
fn value<'a>(configs: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    let default = || find(name).map(|setting| setting.default);
    let own = configs.get(name).map(String::as_str);
    own.or_else(default).unwrap_or_default().trim()
}

/// The number that holds for a topic of these settings.
pub(super) fn number(configs: &BTreeMap<String, String>, name: &str) -> i64 {
    let number = value(configs, name).parse();
    number.expect("a topic has no setting that is not valid")
}

/// Whether a topic of these settings has this one on.
pub(super) fn is_true(configs: &BTreeMap<String, String>, name: &str) -> bool {
    value(configs, name).eq_ignore_ascii_case("true")
}

/// Refuses a setting that there is not, or a value it cannot have, with
/// Kafka's words.
pub(super) fn validate(configs: &BTreeMap<String, String>) -> Result<(), ApiError> {
    for (name, value) in configs {
        let Some(setting) = find(name) else {
            let message = format!("Unknown topic config name: {name}");
            return Err((ErrorCode::InvalidConfig, message));
        };
        if let Err(Wrong { shown, why }) = setting.check(value.trim()) {
            let shown = shown.as_ref().unwrap_or(value);
            let message = format!("Invalid value {shown} for configuration {name}: {why}");
            return Err((ErrorCode::InvalidConfig, message));
        }
    }
    Ok(())
}

/// What is wrong with a value.
#[derive(Debug, PartialEq)]
struct Wrong {
    /// The part of it that is, where Kafka shows that instead.
    shown: Option<String>,
    why: String,
}

impl From<String> for Wrong {
    fn from(why: String) -> Wrong {
        Wrong { shown: None, why }
    }
}

impl Setting {
    /// The name of its type (`ConfigDef.Type`).
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Int(..) | IntOr(..) => "INT",
            Long(_) => "LONG",
            Ratio => "DOUBLE",
            Boolean => "BOOLEAN",
            OneOf(_) | MetadataVersion => "STRING",
            ListOf(_) | ThrottledReplicas => "LIST",
        }
    }

    /// What values it takes, as Kafka's documentation says it; `None` when it
    /// takes every value of its type.
    pub fn valid_values(&self) -> Option<String> {
        Some(match self.kind {
            Boolean | Long(i64::MIN) => return None,
            Int(min, MAX) => format!("[{min},...]"),
            Int(min, max) => format!("[{min},...,{max}]"),
            IntOr(min, max, or) => format!("[{min},...,{max}] or {or}"),
            Long(min) => format!("[{min},...]"),
            Ratio => "[0,...,1]".to_owned(),
            OneOf(allowed) | ListOf(allowed) => format!("[{}]", allowed.join(", ")),
            MetadataVersion => format!("[{}]", METADATA_VERSIONS.join(", ")),
            ThrottledReplicas => "[partitionId]:[brokerId],[partitionId]:[brokerId],...".to_owned(),
        })
    }

    fn check(&self, value: &str) -> Result<(), Wrong> {
        match self.kind {
            Int(min, max) => within(int(value)?, min.into(), max.into())?,
            IntOr(min, max, or) => level(int(value)?, min, max, or)?,
            Long(min) => within(long(value)?, min, i64::MAX)?,
            Ratio => ratio(value)?,
            Boolean => boolean(value)?,
            OneOf(allowed) => one_of(value, allowed)?,
            ListOf(allowed) => list_of(value, allowed)?,
            ThrottledReplicas => throttled_replicas(self.name, value)?,
            MetadataVersion => metadata_version(value)?,
        }
        Ok(())
    }
}

fn boolean(value: &str) -> Result<(), String> {
    match value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
        true => Ok(()),
        false => Err("Expected value to be either true or false".to_owned()),
    }
}

fn int(value: &str) -> Result<i64, String> {
    let number = value.parse::<i32>().map(i64::from);
    number.map_err(|_| "Not a number of type INT".to_owned())
}

fn long(value: &str) -> Result<i64, String> {
    let number = value.parse();
    number.map_err(|_| "Not a number of type LONG".to_owned())
}

fn level(number: i64, min: i32, max: i32, or: i32) -> Result<(), String> {
    let is_in = (i64::from(min)..=i64::from(max)).contains(&number);
    match is_in || number == i64::from(or) {
        true => Ok(()),
        false => Err(format!(
            "Value must be between {min} and {max} or equal to {or}"
        )),
    }
}

fn within(number: i64, min: i64, max: i64) -> Result<(), String> {
    if number < min {
        return Err(format!("Value must be at least {min}"));
    }
    if number > max {
        return Err(format!("Value must be no more than {max}"));
    }
    Ok(())
}

fn one_of(value: &str, allowed: &[&str]) -> Result<(), String> {
    match allowed.contains(&value) {
        true => Ok(()),
        false => Err(format!("String must be one of: {}", allowed.join(", "))),
    }
}

fn list_of(value: &str, allowed: &[&str]) -> Result<(), Wrong> {
    let check = |item: &str| {
        one_of(item, allowed).map_err(|why| Wrong {
            shown: Some(item.to_owned()),
            why,
        })
    };
    items(value).try_for_each(check)
}

/// What a list holds; nothing, when it is empty.
fn items(list: &str) -> impl Iterator<Item = &str> {
    let items = list.split(',').map(str::trim);
    items.filter(move |_| !list.is_empty())
}

fn throttled_replicas(name: &str, value: &str) -> Result<(), Wrong> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_pair = |item: &str| {
        let pair = item.split_once(':');
        pair.is_some_and(|(partition, broker)| is_number(partition) && is_number(broker))
    };
    if value == "*" || items(value).all(|item| item.is_empty() || is_pair(item)) {
        return Ok(());
    }
    let shown: Vec<&str> = items(value).collect();
    Err(Wrong {
        shown: Some(format!("[{}]", shown.join(", "))),
        why: format!(
            "{name} must be the literal '*' or a list of replicas in the following format: \
             [partitionId]:[brokerId],[partitionId]:[brokerId],..."
        ),
    })
}

fn metadata_version(value: &str) -> Result<(), String> {
    let is_of = |version: &&str| {
        let rest = version.strip_prefix(value);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("-IV"))
    };
    match METADATA_VERSIONS.iter().any(is_of) {
        true => Ok(()),
        false => Err(format!("Version {value} is not a valid version")),
    }
}

/// A decimal number from 0 to 1, checked without reckoning in floats.
fn ratio(value: &str) -> Result<(), String> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_the_setting_takes() {
        for setting in SETTINGS {
            assert_eq!(setting.check(setting.default), Ok(()), "{}", setting.name);
        }
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
    }

    #[test]
    fn what_a_setting_does_not_take_is_refused_in_kafkas_words() {
        let refused = |name: &str, value: &str| {
            let configs = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            validate(&configs).unwrap_err().1
        };
        for (name, value, why) in [
            ("retention.ms", "soon", "Not a number of type LONG"),
            ("retention.ms", "-2", "Value must be at least -1"),
            (
                "min.insync.replicas",
                "2147483648",
                "Not a number of type INT",
            ),
            (
                "compression.lz4.level",
                "18",
                "Value must be no more than 17",
            ),
            (
                "preallocate",
                "yes",
                "Expected value to be either true or false",
            ),
            (
                "cleanup.policy",
                "burn",
                "String must be one of: compact, delete",
            ),
        ] {
            let message = format!("Invalid value {value} for configuration {name}: {why}");
            assert_eq!(refused(name, value), message);
        }
        let list = refused("cleanup.policy", "delete, burn");
        assert!(list.starts_with("Invalid value burn for configuration cleanup.policy: "));
        assert_eq!(
            refused("retention", "1"),
            "Unknown topic config name: retention"
        );
    }
}
