//! A topic's settings, as far as its logs act on them.

use crate::collections::BTreeMap;
use std::str::FromStr;

use super::ratio::Ratio;
use super::record_batch::{CompressionType, TimestampType};
use crate::config::topic;

/// What becomes of old segments (`cleanup.policy`). Both may be set, or
/// neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CleanupPolicy {
    /// `delete`: segments go when they are too old or too many.
    pub delete: bool,
    /// `compact`: the last record of each key stays.
    pub compact: bool,
}

impl FromStr for CleanupPolicy {
    type Err = ();

    fn from_str(list: &str) -> Result<Self, ()> {
        let has = |policy| list.split(',').any(|named| named.trim() == policy);
        Ok(CleanupPolicy {
            delete: has("delete"),
            compact: has("compact"),
        })
    }
}

/// In which codec a topic's batches are kept (`compression.type`,
/// `org.apache.kafka.server.record.BrokerCompressionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BrokerCompressionType {
    /// `producer`: the one that the producer chose.
    Producer,
    /// This one, whatever the producer chose; `uncompressed` is none.
    Always(CompressionType),
}

impl BrokerCompressionType {
    /// The codec in which a batch is kept that came in `source`.
    pub fn target(self, source: CompressionType) -> CompressionType {
        match self {
            BrokerCompressionType::Producer => source,
            BrokerCompressionType::Always(codec) => codec,
        }
    }
}

impl FromStr for BrokerCompressionType {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "producer" => Ok(BrokerCompressionType::Producer),
            "uncompressed" => Ok(BrokerCompressionType::Always(CompressionType::None)),
            // Here Kafka's name for no codec is another.
            "none" => Err(()),
            _ => CompressionType::from_name(name)
                .map(BrokerCompressionType::Always)
                .ok_or(()),
        }
    }
}

/// The settings of one topic's logs, with Kafka's defaults
/// (`org.apache.kafka.storage.internals.log.LogConfig`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogConfig {
    /// `cleanup.policy`.
    pub cleanup_policy: CleanupPolicy,
    /// `compression.type`.
    pub compression_type: BrokerCompressionType,
    /// `segment.bytes`: the most bytes a segment may hold.
    pub segment_bytes: usize,
    /// `segment.ms`: a segment rolls when a batch comes that is more than this
    /// younger than the segment's first one.
    pub segment_ms: i64,
    /// `segment.index.bytes`: the most bytes each index of a segment may have.
    pub segment_index_bytes: usize,
    /// `index.interval.bytes`: how many bytes go by between index entries.
    pub index_interval_bytes: usize,
    /// `retention.ms`: segments whose youngest record is older go; -1 for
    /// never.
    pub retention_ms: i64,
    /// `retention.bytes`: the oldest segments go while the others hold as
    /// much; -1 for any size.
    pub retention_bytes: i64,
    /// `max.compaction.lag.ms`: with `compact`, a segment rolls no later.
    pub max_compaction_lag_ms: i64,
    /// `min.compaction.lag.ms`: how long a record is safe from compaction.
    pub min_compaction_lag_ms: i64,
    /// `min.cleanable.dirty.ratio`: a log is compacted when more than this
    /// part of it has not been yet.
    pub min_cleanable_dirty_ratio: Ratio,
    /// `delete.retention.ms`: how long compaction lets tombstones lie.
    pub delete_retention_ms: i64,
    /// `max.message.bytes`: the largest batch that is taken.
    pub max_message_bytes: usize,
    /// `message.timestamp.type`: whose clock the records' timestamps are from.
    pub message_timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`: how much older than the broker's
    /// clock a record may be.
    pub message_timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`: how much younger it may be.
    pub message_timestamp_after_max_ms: i64,
}

impl Default for LogConfig {
    /// Those of a topic with no settings of its own.
    fn default() -> Self {
        LogConfig::from_topic_configs(&BTreeMap::new())
    }
}

impl LogConfig {
    /// The settings given for a topic, by Kafka's names; the defaults for the
    /// rest. The controller has checked the values: one that cannot be read
    /// counts as not given.
    pub fn from_topic_configs(configs: &BTreeMap<String, String>) -> LogConfig {
        LogConfig {
            cleanup_policy: read(configs, "cleanup.policy"),
            compression_type: read(configs, "compression.type"),
            segment_bytes: read(configs, "segment.bytes"),
            segment_ms: read(configs, "segment.ms"),
            segment_index_bytes: read(configs, "segment.index.bytes"),
            index_interval_bytes: read(configs, "index.interval.bytes"),
            retention_ms: read(configs, "retention.ms"),
            retention_bytes: read(configs, "retention.bytes"),
            max_compaction_lag_ms: read(configs, "max.compaction.lag.ms"),
            min_compaction_lag_ms: read(configs, "min.compaction.lag.ms"),
            min_cleanable_dirty_ratio: read(configs, "min.cleanable.dirty.ratio"),
            delete_retention_ms: read(configs, "delete.retention.ms"),
            max_message_bytes: read(configs, "max.message.bytes"),
            message_timestamp_type: read(configs, "message.timestamp.type"),
            message_timestamp_before_max_ms: read(configs, "message.timestamp.before.max.ms"),
            message_timestamp_after_max_ms: read(configs, "message.timestamp.after.max.ms"),
        }
    }

    /// After how long a segment rolls, in milliseconds
    /// (`LogConfig.maxSegmentMs`).
    pub fn max_segment_ms(&self) -> i64 {
        if self.cleanup_policy.compact {
            self.segment_ms.min(self.max_compaction_lag_ms)
        } else {
            self.segment_ms
        }
    }
}

fn read<T: FromStr>(configs: &BTreeMap<String, String>, name: &str) -> T {
    let given = topic::CONFIG.value(configs, name);
    let given = given.and_then(|value| value.parse().ok());
    given.unwrap_or_else(|| {
        let default = topic::CONFIG.find(name).and_then(|key| key.default_value());
        let default = default.and_then(|value| value.parse().ok());
        default.unwrap_or_else(|| panic!("{name} has a default that can be read"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_by_kafkas_names() {
        let configs = [
            ("cleanup.policy", "compact, delete"),
            ("retention.ms", "-1"),
            ("segment.bytes", "1048576"),
            ("message.timestamp.type", "LogAppendTime"),
            ("compression.type", "uncompressed"),
        ];
        let configs = configs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let config = LogConfig::from_topic_configs(&configs);
        let both = CleanupPolicy {
            delete: true,
            compact: true,
        };
        let expected = LogConfig {
            cleanup_policy: both,
            retention_ms: -1,
            segment_bytes: 1_048_576,
            message_timestamp_type: TimestampType::LogAppendTime,
            compression_type: BrokerCompressionType::Always(CompressionType::None),
            ..LogConfig::default()
        };
        assert_eq!(config, expected);
        assert_eq!(LogConfig::default().retention_ms, 604_800_000);
    }
}
