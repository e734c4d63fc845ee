//! A client's settings as they hold, by Kafka's names.

use engine::client::{
    Acks, Admin, AutoOffsetReset, Backoffs, Consumer, GroupProtocol, Originals, PartitionerChoice,
    Producer, ShareConsumer,
};
use engine::config::{self, ConfigDef};
use engine::protocol::IsolationLevel;

use crate::panels::inspector::sheet::Section;
use engine::sorting::sort_by_key;

/// Settings by name, with their values.
type Values = Vec<(&'static str, String)>;

pub(super) fn of_producer(producer: &Producer) -> Section {
    let it = &producer.config;
    let acks = match it.acks {
        Acks::All => "all",
        Acks::Leader => "1",
        Acks::None => "0",
    };
    let partitioner = match &it.partitioner {
        PartitionerChoice::BuiltIn => "",
        PartitionerChoice::RoundRobin => "org.apache.kafka.clients.producer.RoundRobinPartitioner",
        PartitionerChoice::Expression(_) => "an expression",
    };
    let mut values: Values = vec![
        ("acks", acks.to_owned()),
        ("batch.size", it.batch_size.to_string()),
        ("buffer.memory", it.buffer_memory.to_string()),
        ("client.id", it.client_id.clone()),
        ("compression.type", it.compression_type.name().to_owned()),
        ("delivery.timeout.ms", it.delivery_timeout_ms().to_string()),
        ("enable.idempotence", it.is_idempotent().to_string()),
        ("linger.ms", it.linger_ms.to_string()),
        ("max.block.ms", it.max_block_ms.to_string()),
        (
            "max.in.flight.requests.per.connection",
            it.max_in_flight_requests.to_string(),
        ),
        ("max.request.size", it.max_request_size.to_string()),
        ("metadata.max.age.ms", it.metadata_max_age_ms.to_string()),
        (
            "partitioner.adaptive.partitioning.enable",
            it.partitioner_adaptive.to_string(),
        ),
        (
            "partitioner.availability.timeout.ms",
            it.partitioner_availability_timeout_ms.to_string(),
        ),
        ("partitioner.class", partitioner.to_owned()),
        (
            "partitioner.ignore.keys",
            it.partitioner_ignore_keys.to_string(),
        ),
        ("request.timeout.ms", it.request_timeout_ms.to_string()),
        ("retries", it.retries.to_string()),
        (
            "transaction.timeout.ms",
            it.transaction_timeout_ms.to_string(),
        ),
        (
            "transactional.id",
            it.transactional_id.clone().unwrap_or_default(),
        ),
    ];
    values.extend(backoffs(&it.backoffs));
    section(&config::producer::CONFIG, values, Some(&it.given))
}

pub(super) fn of_consumer(consumer: &Consumer) -> Section {
    let it = &consumer.config;
    let protocol = match it.group_protocol {
        GroupProtocol::Classic => "classic",
        GroupProtocol::Consumer => "consumer",
    };
    let reset = match it.auto_offset_reset {
        AutoOffsetReset::Earliest => "earliest",
        AutoOffsetReset::Latest => "latest",
        AutoOffsetReset::None => "none",
    };
    let isolation = match it.isolation_level {
        IsolationLevel::ReadCommitted => "read_committed",
        IsolationLevel::ReadUncommitted => "read_uncommitted",
    };
    let assignors: Vec<String> = it
        .partition_assignment_strategy
        .iter()
        .map(|assignor| format!("class {}", assignor.class_name()))
        .collect();
    let mut values: Values = vec![
        (
            "auto.commit.interval.ms",
            it.auto_commit_interval_ms.to_string(),
        ),
        ("auto.offset.reset", reset.to_owned()),
        ("check.crcs", it.check_crcs.to_string()),
        ("client.id", it.client_id.clone()),
        ("client.rack", it.client_rack.clone().unwrap_or_default()),
        (
            "default.api.timeout.ms",
            it.default_api_timeout_ms.to_string(),
        ),
        ("enable.auto.commit", it.commits_automatically().to_string()),
        (
            "exclude.internal.topics",
            it.exclude_internal_topics.to_string(),
        ),
        ("fetch.max.bytes", it.fetch_max_bytes.to_string()),
        ("fetch.max.wait.ms", it.fetch_max_wait_ms.to_string()),
        ("fetch.min.bytes", it.fetch_min_bytes.to_string()),
        ("group.id", it.group_id.clone()),
        (
            "group.instance.id",
            it.group_instance_id.clone().unwrap_or_default(),
        ),
        ("group.protocol", protocol.to_owned()),
        (
            "group.remote.assignor",
            it.group_remote_assignor.clone().unwrap_or_default(),
        ),
        (
            "heartbeat.interval.ms",
            it.heartbeat_interval_ms.to_string(),
        ),
        ("isolation.level", isolation.to_owned()),
        (
            "max.partition.fetch.bytes",
            it.max_partition_fetch_bytes.to_string(),
        ),
        ("max.poll.interval.ms", it.max_poll_interval_ms.to_string()),
        ("max.poll.records", it.max_poll_records.to_string()),
        ("metadata.max.age.ms", it.metadata_max_age_ms.to_string()),
        ("partition.assignment.strategy", assignors.join(",")),
        ("request.timeout.ms", it.request_timeout_ms.to_string()),
        ("session.timeout.ms", it.session_timeout_ms.to_string()),
    ];
    values.extend(backoffs(&it.backoffs));
    section(&config::consumer::CONFIG, values, Some(&it.given))
}

pub(super) fn of_share_consumer(consumer: &ShareConsumer) -> Section {
    let it = &consumer.config;
    let values: Values = vec![
        ("client.id", it.client_id.clone()),
        ("client.rack", it.client_rack.clone().unwrap_or_default()),
        ("fetch.max.bytes", it.fetch_max_bytes.to_string()),
        ("fetch.max.wait.ms", it.fetch_max_wait_ms.to_string()),
        ("fetch.min.bytes", it.fetch_min_bytes.to_string()),
        ("group.id", it.group_id.clone()),
        (
            "max.partition.fetch.bytes",
            it.max_partition_fetch_bytes.to_string(),
        ),
        ("max.poll.records", it.max_poll_records.to_string()),
        ("metadata.max.age.ms", it.metadata_max_age_ms.to_string()),
        ("request.timeout.ms", it.request_timeout_ms.to_string()),
    ];
    section(&config::consumer::CONFIG, values, None)
}

pub(super) fn of_admin(admin: &Admin) -> Section {
    let it = &admin.config;
    let mut values: Values = vec![
        ("client.id", it.client_id.clone()),
        (
            "default.api.timeout.ms",
            it.default_api_timeout_ms().to_string(),
        ),
        ("metadata.max.age.ms", it.metadata_max_age_ms.to_string()),
        ("request.timeout.ms", it.request_timeout_ms.to_string()),
    ];
    values.extend(backoffs(&it.backoffs));
    section(&config::admin::CONFIG, values, Some(&it.given))
}

fn backoffs(it: &Backoffs) -> Values {
    vec![
        ("reconnect.backoff.max.ms", it.reconnect_max_ms.to_string()),
        ("reconnect.backoff.ms", it.reconnect_ms.to_string()),
        ("retry.backoff.max.ms", it.retry_max_ms.to_string()),
        ("retry.backoff.ms", it.retry_ms.to_string()),
    ]
}

/// The settings that differ from Kafka's defaults first, then the others; and
/// those that were given and that the simulation does not act on.
fn section(def: &ConfigDef, mut values: Values, given: Option<&Originals>) -> Section {
    for key in def.keys() {
        let is_new = values.iter().all(|(name, _)| *name != key.name);
        if let Some(value) = given
            .and_then(|given| given.get(key.name))
            .filter(|_| is_new)
        {
            values.push((key.name, value.to_owned()));
        }
    }
    let is_default = |name: &str, value: &str| {
        let default = def.find(name).and_then(|key| key.default_value());
        same(default.unwrap_or_default(), value)
    };
    sort_by_key(&mut values, |(name, value)| {
        (is_default(name, value), *name)
    });
    let section = Section::new("Settings").folded();
    values.into_iter().fold(section, |section, (name, value)| {
        let note = match is_default(name, &value) {
            true => "default".to_owned(),
            false => match def.find(name).and_then(|key| key.default_value()) {
                None | Some("") => "set".to_owned(),
                Some(default) => format!("set; the default is {default}"),
            },
        };
        section.row(name, value, &note)
    })
}

/// Lists as Kafka prints them have brackets and spaces.
fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| !matches!(c, ' ' | '[' | ']'));
        kept.collect::<String>().replace("class", "")
    };
    plain(one) == plain(other)
}
