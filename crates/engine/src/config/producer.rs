//! The settings a producer may have (`ProducerConfig`).

use super::client;
use super::config_def::DefaultValue::{Is, Null, Required};
use super::config_def::Importance::{High, Low, Medium};
use super::config_def::Type::{Boolean, Class, Int, List, Long, String};
use super::config_def::{ConfigDef, ConfigKey, key};
use super::validator::Validator::{Any, AtLeast, Between, BetweenOr, In, NonEmpty, NonNull};

/// The settings a producer may have.
pub const CONFIG: ConfigDef = ConfigDef {
    section: "producer",
    tables: &[KEYS, client::KEYS],
};

#[rustfmt::skip]
const KEYS: &[ConfigKey] = &[
    key("acks", String, Is("all"), In(&["all", "-1", "0", "1"]), Low),
    key("batch.size", Int, Is("16384"), AtLeast(0), Medium),
    key("bootstrap.servers", List, Is(""), NonNull, High),
    key("buffer.memory", Long, Is("33554432"), AtLeast(0), High),
    key("client.id", String, Is(""), Any, Medium),
    key("compression.gzip.level", Int, Is("-1"), BetweenOr(1, 9, -1), Medium),
    key("compression.lz4.level", Int, Is("9"), Between(1, 17), Medium),
    key("compression.type", String, Is("none"), In(&["none", "gzip", "snappy", "lz4", "zstd"]), High),
    key("compression.zstd.level", Int, Is("3"), Between(-131_072, 22), Medium),
    key("connections.max.idle.ms", Long, Is("540000"), Any, Medium),
    key("delivery.timeout.ms", Int, Is("120000"), AtLeast(0), Medium),
    key("enable.idempotence", Boolean, Is("true"), Any, Low),
    key("enable.metrics.push", Boolean, Is("true"), Any, Low),
    key("interceptor.classes", List, Is(""), NonNull, Low),
    key("key.serializer", Class, Required, Any, High),
    key("linger.ms", Long, Is("5"), AtLeast(0), Medium),
    key("max.block.ms", Long, Is("60000"), AtLeast(0), Medium),
    key("max.in.flight.requests.per.connection", Int, Is("5"), AtLeast(1), Low),
    key("max.request.size", Int, Is("1048576"), AtLeast(0), Medium),
    key("metadata.max.idle.ms", Long, Is("300000"), AtLeast(5000), Low),
    key("metric.reporters", List, Is("org.apache.kafka.common.metrics.JmxReporter"), NonNull, Low),
    key("partitioner.adaptive.partitioning.enable", Boolean, Is("true"), Any, Low),
    key("partitioner.availability.timeout.ms", Long, Is("0"), AtLeast(0), Low),
    key("partitioner.class", Class, Null, Any, Medium),
    key("partitioner.ignore.keys", Boolean, Is("false"), Any, Medium),
    key("receive.buffer.bytes", Int, Is("32768"), AtLeast(-1), Medium),
    key("retries", Int, Is("2147483647"), Between(0, i32::MAX), High),
    key("transaction.timeout.ms", Int, Is("60000"), Any, Low),
    key("transactional.id", String, Null, NonEmpty, Low),
    key("value.serializer", Class, Required, Any, High),
];
