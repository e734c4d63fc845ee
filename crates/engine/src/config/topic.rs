//! The settings a topic may have
//! (`org.apache.kafka.storage.internals.log.LogConfig`). Some do nothing any
//! more, but may still be given.

use super::config_def::DefaultValue::Is;
use super::config_def::Importance::{Low, Medium};
use super::config_def::Type::{Boolean, Double, Int, List, Long, String};
use super::config_def::{ConfigDef, ConfigKey, key};
use super::validator::Validator::{
    Any, AtLeast, Between, BetweenOr, Decimals, In, MetadataVersion, ThrottledReplicas,
};

pub(super) const CLEANUP_POLICIES: &[&str] = &["compact", "delete"];

pub(super) const CODECS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];

pub(super) const TIMESTAMP_TYPES: &[&str] = &["CreateTime", "LogAppendTime"];

/// The settings a topic may have.
pub const CONFIG: ConfigDef = ConfigDef {
    section: "topic",
    tables: &[KEYS],
};

#[rustfmt::skip]
const KEYS: &[ConfigKey] = &[
    key("cleanup.policy", List, Is("delete"), In(CLEANUP_POLICIES), Medium),
    key("compression.gzip.level", Int, Is("-1"), BetweenOr(1, 9, -1), Medium),
    key("compression.lz4.level", Int, Is("9"), Between(1, 17), Medium),
    key("compression.type", String, Is("producer"), In(CODECS), Medium),
    key("compression.zstd.level", Int, Is("3"), Between(-131_072, 22), Medium),
    key("delete.retention.ms", Long, Is("86400000"), AtLeast(0), Medium),
    key("file.delete.delay.ms", Long, Is("60000"), AtLeast(0), Medium),
    key("flush.messages", Long, Is("9223372036854775807"), AtLeast(1), Medium),
    key("flush.ms", Long, Is("9223372036854775807"), AtLeast(0), Medium),
    key("follower.replication.throttled.replicas", List, Is(""), ThrottledReplicas, Medium),
    key("index.interval.bytes", Int, Is("4096"), AtLeast(0), Medium),
    key("leader.replication.throttled.replicas", List, Is(""), ThrottledReplicas, Medium),
    key("local.retention.bytes", Long, Is("-2"), AtLeast(-2), Medium),
    key("local.retention.ms", Long, Is("-2"), AtLeast(-2), Medium),
    key("max.compaction.lag.ms", Long, Is("9223372036854775807"), AtLeast(1), Medium),
    key("max.message.bytes", Int, Is("1048588"), AtLeast(0), Medium),
    key("message.downconversion.enable", Boolean, Is("true"), Any, Low),
    key("message.format.version", String, Is("3.0-IV1"), MetadataVersion, Medium),
    key("message.timestamp.after.max.ms", Long, Is("3600000"), AtLeast(0), Medium),
    key("message.timestamp.before.max.ms", Long, Is("9223372036854775807"), AtLeast(0), Medium),
    key("message.timestamp.difference.max.ms", Long, Is("9223372036854775807"), AtLeast(0), Medium),
    key("message.timestamp.type", String, Is("CreateTime"), In(TIMESTAMP_TYPES), Medium),
    key("min.cleanable.dirty.ratio", Double, Is("0.5"), Decimals("0", "1"), Medium),
    key("min.compaction.lag.ms", Long, Is("0"), AtLeast(0), Medium),
    key("min.insync.replicas", Int, Is("1"), AtLeast(1), Medium),
    key("preallocate", Boolean, Is("false"), Any, Medium),
    key("remote.log.copy.disable", Boolean, Is("false"), Any, Medium),
    key("remote.log.delete.on.disable", Boolean, Is("false"), Any, Medium),
    key("remote.storage.enable", Boolean, Is("false"), Any, Medium),
    key("retention.bytes", Long, Is("-1"), Any, Medium),
    key("retention.ms", Long, Is("604800000"), AtLeast(-1), Medium),
    key("segment.bytes", Int, Is("1073741824"), AtLeast(14), Medium),
    key("segment.index.bytes", Int, Is("10485760"), AtLeast(4), Medium),
    key("segment.jitter.ms", Long, Is("0"), AtLeast(0), Medium),
    key("segment.ms", Long, Is("604800000"), AtLeast(1), Medium),
    key("unclean.leader.election.enable", Boolean, Is("false"), Any, Medium),
];
