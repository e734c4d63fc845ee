//! Which settings of a broker stand for those of a topic that has not set them
//! (`org.apache.kafka.server.config.ServerTopicConfigSynonyms`).

/// A broker's setting that stands for one of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synonym {
    /// Its name.
    pub name: &'static str,
    /// How many of the topic's unit one of its unit is, where both are numbers
    /// and differ: milliseconds a minute or an hour.
    pub factor: Option<i64>,
}

impl Synonym {
    /// What the broker's value is as the topic's. `value` is one that the
    /// broker's setting takes.
    pub fn convert(&self, value: &str) -> String {
        let value = value.trim();
        let scaled = |factor: i64| {
            let number: i64 = value.parse().expect("times are numbers");
            (number * factor).to_string()
        };
        self.factor.map_or_else(|| value.to_owned(), scaled)
    }
}

const MINUTE_MS: i64 = 60 * 1_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

const fn same(name: &'static str) -> Synonym {
    Synonym { name, factor: None }
}

const fn times(name: &'static str, factor: i64) -> Synonym {
    Synonym {
        name,
        factor: Some(factor),
    }
}

/// The topic's settings that have synonyms, by name, each with them: the first
/// one that is set holds.
#[rustfmt::skip]
pub const SYNONYMS: &[(&str, &[Synonym])] = &[
    ("cleanup.policy", &[same("log.cleanup.policy")]),
    ("compression.gzip.level", &[same("compression.gzip.level")]),
    ("compression.lz4.level", &[same("compression.lz4.level")]),
    ("compression.type", &[same("compression.type")]),
    ("compression.zstd.level", &[same("compression.zstd.level")]),
    ("delete.retention.ms", &[same("log.cleaner.delete.retention.ms")]),
    ("file.delete.delay.ms", &[same("log.segment.delete.delay.ms")]),
    ("flush.messages", &[same("log.flush.interval.messages")]),
    ("flush.ms", &[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")]),
    ("index.interval.bytes", &[same("log.index.interval.bytes")]),
    ("local.retention.bytes", &[same("log.local.retention.bytes")]),
    ("local.retention.ms", &[same("log.local.retention.ms")]),
    ("max.compaction.lag.ms", &[same("log.cleaner.max.compaction.lag.ms")]),
    ("max.message.bytes", &[same("message.max.bytes")]),
    ("message.downconversion.enable", &[same("log.message.downconversion.enable")]),
    ("message.format.version", &[same("log.message.format.version")]),
    ("message.timestamp.after.max.ms", &[same("log.message.timestamp.after.max.ms")]),
    ("message.timestamp.before.max.ms", &[same("log.message.timestamp.before.max.ms")]),
    ("message.timestamp.difference.max.ms", &[same("log.message.timestamp.difference.max.ms")]),
    ("message.timestamp.type", &[same("log.message.timestamp.type")]),
    ("min.cleanable.dirty.ratio", &[same("log.cleaner.min.cleanable.ratio")]),
    ("min.compaction.lag.ms", &[same("log.cleaner.min.compaction.lag.ms")]),
    ("min.insync.replicas", &[same("min.insync.replicas")]),
    ("preallocate", &[same("log.preallocate")]),
    ("retention.bytes", &[same("log.retention.bytes")]),
    ("retention.ms", &[same("log.retention.ms"), times("log.retention.minutes", MINUTE_MS), times("log.retention.hours", HOUR_MS)]),
    ("segment.bytes", &[same("log.segment.bytes")]),
    ("segment.index.bytes", &[same("log.index.size.max.bytes")]),
    ("segment.jitter.ms", &[same("log.roll.jitter.ms"), times("log.roll.jitter.hours", HOUR_MS)]),
    ("segment.ms", &[same("log.roll.ms"), times("log.roll.hours", HOUR_MS)]),
    ("unclean.leader.election.enable", &[same("unclean.leader.election.enable")]),
];

/// The broker's settings that stand for this one of a topic, the first one that
/// is set before the others; none, when there are none.
pub fn of_topic_config(name: &str) -> &'static [Synonym] {
    let found = SYNONYMS.binary_search_by_key(&name, |(name, _)| name);
    found.map_or(&[], |index| SYNONYMS[index].1)
}
