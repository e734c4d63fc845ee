//! The tables, the words with which values are refused, and what a broker's
//! settings come to.

use crate::collections::BTreeMap;

use super::synonyms::SYNONYMS;
use super::*;
use crate::client::{ConsumerConfig, ProducerConfig};

const SECTIONS: [&str; 6] = ["topic", "broker", "producer", "consumer", "admin", "group"];

fn configs(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    given.iter().map(owned).collect()
}

fn broker(given: &[(&str, &str)]) -> BrokerConfig {
    BrokerConfig::new(configs(given)).unwrap()
}

fn refused(given: &[(&str, &str)]) -> String {
    BrokerConfig::new(configs(given)).unwrap_err().to_string()
}

#[test]
fn tables_are_sorted_and_take_their_own_defaults() {
    for section in SECTIONS.map(|name| section(name).unwrap()) {
        for table in section.tables {
            assert!(table.is_sorted_by(|one, next| one.name < next.name));
        }
        for key in section.keys() {
            assert_eq!(section.find(key.name), Some(key));
            let checked = key.default_value().map(|value| key.check(value));
            assert_eq!(checked.unwrap_or(Ok(())), Ok(()), "{}", key.name);
        }
    }
    assert!(SYNONYMS.is_sorted_by_key(|(name, _)| name));
}

#[test]
fn what_a_setting_does_not_take_is_refused_in_kafkas_words() {
    for (section_name, name, value, why) in [
        ("topic", "retention.ms", "soon", "Not a number of type LONG"),
        ("topic", "retention.ms", "-2", "Value must be at least -1"),
        (
            "topic",
            "min.insync.replicas",
            "2147483648",
            "Not a number of type INT",
        ),
        (
            "topic",
            "compression.lz4.level",
            "18",
            "Value must be no more than 17",
        ),
        (
            "topic",
            "compression.gzip.level",
            "0",
            "Value must be between 1 and 9 or equal to -1",
        ),
        (
            "topic",
            "preallocate",
            "yes",
            "Expected value to be either true or false",
        ),
        (
            "topic",
            "cleanup.policy",
            "burn",
            "String must be one of: compact, delete",
        ),
        (
            "topic",
            "min.cleanable.dirty.ratio",
            "1.5",
            "Value must be no more than 1",
        ),
        (
            "topic",
            "min.cleanable.dirty.ratio",
            "half",
            "Not a number of type DOUBLE",
        ),
        (
            "broker",
            "offsets.topic.replication.factor",
            "40000",
            "Not a number of type SHORT",
        ),
        (
            "producer",
            "sasl.login.refresh.window.factor",
            "0.25",
            "Value must be at least 0.5",
        ),
        (
            "producer",
            "transactional.id",
            "",
            "String must be non-empty",
        ),
        (
            "consumer",
            "group.protocol",
            "modern",
            "String must be one of (case insensitive): CONSUMER, CLASSIC",
        ),
    ] {
        let key = section(section_name).unwrap().find(name).unwrap();
        let message = format!("Invalid value {value} for configuration {name}: {why}");
        assert_eq!(key.check(value).unwrap_err().to_string(), message);
    }
}

/// What could not be read is shown as it was given; what could, as Kafka then
/// holds it; of a list, the part that is wrong.
#[test]
fn a_refusal_shows_the_value_as_kafka_does() {
    let shown = |name: &str, value: &str| {
        let error = topic::CONFIG.find(name).unwrap().check(value).unwrap_err();
        let message = error.to_string();
        let value = message.strip_prefix("Invalid value ").unwrap();
        value
            .split(" for configuration ")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(shown("retention.ms", " x "), " x ");
    assert_eq!(shown("retention.ms", " -007 "), "-7");
    assert_eq!(shown("min.cleanable.dirty.ratio", "2"), "2.0");
    assert_eq!(shown("cleanup.policy", "delete, burn"), "burn");
    let throttled = "leader.replication.throttled.replicas";
    assert_eq!(shown(throttled, "0:1,2"), "[0:1, 2]");
}

#[test]
fn spaces_around_a_value_and_capitals_of_a_boolean_do_not_matter() {
    let given = [
        ("retention.ms", " 5 "),
        ("preallocate", "TRUE"),
        ("cleanup.policy", " compact , delete "),
        ("min.cleanable.dirty.ratio", "5e-1"),
    ];
    assert_eq!(topic::CONFIG.validate(&configs(&given)), Ok(()));
    let unknown = topic::CONFIG.validate(&configs(&[("retention", "1")]));
    let message = "Unknown topic config name: retention";
    assert_eq!(unknown.unwrap_err().to_string(), message);
}

/// So a topic of a broker with no settings has the defaults of topics.
#[test]
fn synonyms_have_the_same_default() {
    for (name, synonyms) in SYNONYMS {
        let of_broker = synonyms.iter().find_map(|synonym| {
            let key = broker::CONFIG.find(synonym.name).expect(synonym.name);
            Some(synonym.convert(key.default_value()?))
        });
        let of_topic = topic::CONFIG.find(name).unwrap().default_value();
        assert_eq!(of_broker.as_deref(), of_topic, "{name}");
    }
}

#[test]
fn a_topic_without_a_setting_takes_the_brokers() {
    let broker = broker(&[
        ("log.retention.hours", "2"),
        ("log.segment.bytes", "1000"),
        ("message.max.bytes", "500"),
    ]);
    let own = configs(&[("segment.bytes", "77")]);
    let log = broker.log_config(&own);
    assert_eq!((log.retention_ms, log.segment_bytes), (7_200_000, 77));
    assert_eq!(log.max_message_bytes, 500);
    // What neither has been given keeps its default.
    assert_eq!(log.segment_ms, 604_800_000);
    assert_eq!(BrokerConfig::default().topic_configs(&own), own);
}

#[test]
fn milliseconds_count_before_minutes_before_hours() {
    let hours = ("log.retention.hours", "1");
    let minutes = ("log.retention.minutes", "1");
    let ms = ("log.retention.ms", "1");
    let retention = |given: &[(&str, &str)]| broker(given).topic_default("retention.ms");
    assert_eq!(retention(&[hours]).as_deref(), Some("3600000"));
    assert_eq!(retention(&[hours, minutes]).as_deref(), Some("60000"));
    assert_eq!(retention(&[hours, minutes, ms]).as_deref(), Some("1"));
    let forever = retention(&[("log.retention.hours", "-1")]);
    assert_eq!(forever.as_deref(), Some("-1"));
}

#[test]
fn a_brokers_settings_are_read_by_kafkas_names() {
    let given = broker(&[
        ("replica.lag.time.max.ms", "10000"),
        ("group.initial.rebalance.delay.ms", "0"),
        ("auto.create.topics.enable", "False"),
        ("broker.heartbeat.interval.ms", "0"),
        ("default.replication.factor", "3"),
    ]);
    assert_eq!(given.replication.lag_time_max_ms, 10_000);
    assert_eq!(given.coordinator.initial_rebalance_delay_ms, 0);
    assert!(!given.auto_create_topics_enable);
    assert_eq!(given.default_replication_factor, 3);
    assert_eq!(given.lease.heartbeat_interval_ms, 1, "time must go on");
    assert_eq!(given.lease.session_timeout_ms, 9_000);
    assert_eq!(given.value("log.retention.ms"), None);
    assert_eq!(given.value("log.retention.hours"), Some("168"));
    assert_eq!(given.transaction_state_log.min_isr, Some(2));
    assert_eq!(given.leader_balance.check_interval_ms, 300_000);
}

#[test]
fn settings_of_a_broker_that_do_not_go_together_are_refused() {
    assert_eq!(
        refused(&[("replica.fetch.wait.max.ms", "30001")]),
        "requirement failed: replica.socket.timeout.ms should always be at least \
         replica.fetch.wait.max.ms to prevent unnecessary socket timeouts"
    );
    assert_eq!(
        refused(&[("log.retention.minutes", "0")]),
        "requirement failed: log.retention.ms must be unlimited (-1) or, equal or greater than 1"
    );
    assert_eq!(
        refused(&[("log.roll.ms", "0")]),
        "requirement failed: log.roll.ms must be greater than or equal to 1"
    );
    assert_eq!(
        refused(&[("num.partition", "3")]),
        "Unknown broker config name: num.partition"
    );
}

/// The clients hold their defaults as numbers, so that the page need not hold
/// the tables.
#[test]
fn the_clients_defaults_are_those_of_the_tables() {
    let number = |section_name: &str, name: &str| {
        let key = section(section_name).unwrap().find(name).unwrap();
        key.default_value().unwrap().parse::<i64>().unwrap()
    };
    let producer = ProducerConfig::default();
    for (name, value) in [
        ("batch.size", producer.batch_size as i64),
        ("linger.ms", producer.linger_ms),
        ("max.request.size", producer.max_request_size as i64),
        ("max.block.ms", producer.max_block_ms),
        ("delivery.timeout.ms", producer.delivery_timeout_ms),
        ("request.timeout.ms", producer.request_timeout_ms.into()),
        ("metadata.max.age.ms", producer.metadata_max_age_ms),
        (
            "max.in.flight.requests.per.connection",
            producer.max_in_flight_requests as i64,
        ),
    ] {
        assert_eq!(value, number("producer", name), "{name}");
    }
    let consumer = ConsumerConfig::of_group("g");
    for (name, value) in [
        ("session.timeout.ms", consumer.session_timeout_ms.into()),
        (
            "heartbeat.interval.ms",
            consumer.heartbeat_interval_ms.into(),
        ),
        ("max.poll.interval.ms", consumer.max_poll_interval_ms.into()),
        ("auto.commit.interval.ms", consumer.auto_commit_interval_ms),
        ("fetch.min.bytes", consumer.fetch_min_bytes.into()),
        ("fetch.max.bytes", consumer.fetch_max_bytes.into()),
        ("fetch.max.wait.ms", consumer.fetch_max_wait_ms.into()),
        (
            "max.partition.fetch.bytes",
            consumer.max_partition_fetch_bytes.into(),
        ),
        ("metadata.max.age.ms", consumer.metadata_max_age_ms),
    ] {
        assert_eq!(value, number("consumer", name), "{name}");
    }
}
