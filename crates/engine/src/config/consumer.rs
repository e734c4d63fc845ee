//! The settings a consumer may have (`ConsumerConfig`).

use super::client;
use super::config_def::DefaultValue::{Is, Null, Required};
use super::config_def::Importance::{High, Low, Medium};
use super::config_def::Type::{Boolean, Class, Int, List, Long, String};
use super::config_def::{ConfigDef, ConfigKey, key};
use super::validator::Validator::{Any, AtLeast, In, InIgnoringCase, NonEmpty, NonNull};

/// The settings a consumer may have.
pub const CONFIG: ConfigDef = ConfigDef {
    section: "consumer",
    tables: &[KEYS, client::KEYS],
};

#[rustfmt::skip]
const KEYS: &[ConfigKey] = &[
    key("allow.auto.create.topics", Boolean, Is("true"), Any, Medium),
    key("auto.commit.interval.ms", Int, Is("5000"), AtLeast(0), Low),
    key("auto.offset.reset", String, Is("latest"), In(&["latest", "earliest", "none"]), Medium),
    key("bootstrap.servers", List, Is(""), NonNull, High),
    key("check.crcs", Boolean, Is("true"), Any, Low),
    key("client.id", String, Is(""), Any, Low),
    key("client.rack", String, Is(""), Any, Low),
    key("connections.max.idle.ms", Long, Is("540000"), Any, Medium),
    key("default.api.timeout.ms", Int, Is("60000"), AtLeast(0), Medium),
    key("enable.auto.commit", Boolean, Is("true"), Any, Medium),
    key("enable.metrics.push", Boolean, Is("true"), Any, Low),
    key("exclude.internal.topics", Boolean, Is("true"), Any, Medium),
    key("fetch.max.bytes", Int, Is("52428800"), AtLeast(0), Medium),
    key("fetch.max.wait.ms", Int, Is("500"), AtLeast(0), Low),
    key("fetch.min.bytes", Int, Is("1"), AtLeast(0), High),
    key("group.id", String, Null, Any, High),
    key("group.instance.id", String, Null, NonEmpty, Medium),
    key("group.protocol", String, Is("classic"), InIgnoringCase(&["CONSUMER", "CLASSIC"]), High),
    key("group.remote.assignor", String, Null, Any, Medium),
    key("heartbeat.interval.ms", Int, Is("3000"), Any, High),
    key("interceptor.classes", List, Is(""), NonNull, Low),
    key("internal.leave.group.on.close", Boolean, Is("true"), Any, Low),
    key("internal.throw.on.fetch.stable.offset.unsupported", Boolean, Is("false"), Any, Low),
    key("isolation.level", String, Is("read_uncommitted"), In(&["read_committed", "read_uncommitted"]), Medium),
    key("key.deserializer", Class, Required, Any, High),
    key("max.partition.fetch.bytes", Int, Is("1048576"), AtLeast(0), High),
    key("max.poll.interval.ms", Int, Is("300000"), AtLeast(1), Medium),
    key("max.poll.records", Int, Is("500"), AtLeast(1), Medium),
    key("metric.reporters", List, Is("org.apache.kafka.common.metrics.JmxReporter"), NonNull, Low),
    key("partition.assignment.strategy", List, Is("class org.apache.kafka.clients.consumer.RangeAssignor,class org.apache.kafka.clients.consumer.CooperativeStickyAssignor"), NonNull, Medium),
    key("receive.buffer.bytes", Int, Is("65536"), AtLeast(-1), Medium),
    key("session.timeout.ms", Int, Is("45000"), Any, High),
    key("value.deserializer", Class, Required, Any, High),
];
