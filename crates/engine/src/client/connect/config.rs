//! The settings of a connector and of the worker that runs it, by Kafka
//! Connect's names (`ConnectorConfig`, `WorkerConfig`); what belongs to a
//! class has the names that known connectors have for the same.

use crate::client::{Acks, AdminConfig, AutoOffsetReset, ConsumerConfig, ProducerConfig};
use crate::command::Refusal;
use crate::controller::validate_topic_name;
use crate::protocol::TopicName;

/// What a connector is (`connector.class`). The classes are Kafka Lanes' own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectorClass {
    /// Makes a record of each row that it is given, as `FileStreamSource` does
    /// of each line of a file.
    RowsSource,
    /// Makes a record of each change of a table, as sources do that capture
    /// the changes of a database.
    TableSource,
    /// Keeps a table up to date with the records of topics, by key, as the JDBC
    /// sink does with `insert.mode=upsert`, `pk.mode=record_key` and
    /// `delete.enabled=true`.
    TableSink,
}

impl ConnectorClass {
    /// All of them.
    pub const ALL: [ConnectorClass; 3] = [
        ConnectorClass::RowsSource,
        ConnectorClass::TableSource,
        ConnectorClass::TableSink,
    ];

    /// Its name in `connector.class`.
    pub fn name(self) -> &'static str {
        match self {
            ConnectorClass::RowsSource => "RowsSource",
            ConnectorClass::TableSource => "TableSource",
            ConnectorClass::TableSink => "TableSink",
        }
    }

    /// Whether it brings records to topics.
    pub fn is_source(self) -> bool {
        self != ConnectorClass::TableSink
    }
}

/// What becomes of a record that cannot be converted or sent
/// (`errors.tolerance`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ErrorsTolerance {
    /// The task fails.
    #[default]
    None,
    /// It is skipped.
    All,
}

/// The settings that take one value only here, and this.
const FIXED: [(&str, &str); 7] = [
    ("tasks.max", "1"),
    ("insert.mode", "upsert"),
    ("pk.mode", "record_key"),
    ("delete.enabled", "true"),
    (
        "key.converter",
        "org.apache.kafka.connect.storage.StringConverter",
    ),
    (
        "value.converter",
        "org.apache.kafka.connect.json.JsonConverter",
    ),
    ("value.converter.schemas.enable", "false"),
];

/// What stands for the topic's name in `table.name.format`.
const TOPIC: &str = "${topic}";

/// The longest name of a connector, in characters.
const NAME_MAX: usize = 100;

/// How many rows one poll takes at most: as many as `send()` can hold back.
const BATCH_MAX: u32 = 1_000;

/// A connector's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectorConfig {
    /// `name`.
    pub name: String,
    /// `connector.class`.
    pub class: ConnectorClass,
    /// `topic` of a source, `topics` of a sink.
    pub topics: Vec<TopicName>,
    /// `key.field`: the field of a row whose text is the record's key. It stands
    /// for the transformations `ValueToKey` and `ExtractField$Key`.
    pub key_field: Option<String>,
    /// `batch.max.rows`: how many rows one poll of a source takes at most.
    pub batch_max_rows: u32,
    /// `poll.interval.ms`: how long a source waits between two polls.
    pub poll_interval_ms: i64,
    /// `table.name.format`: the table for a topic, whose name `${topic}` stands
    /// for.
    pub table_name_format: String,
    /// `errors.tolerance`.
    pub errors_tolerance: ErrorsTolerance,
    /// `offset.flush.interval.ms`: how often offsets are committed. In Kafka it
    /// is the worker's.
    pub offset_flush_interval_ms: i64,
    /// `offset.flush.timeout.ms`: how long committing them may take.
    pub offset_flush_timeout_ms: i64,
    /// The task's producer, with what `producer.override.` changes.
    pub producer: ProducerConfig,
    /// The task's consumer, with what `consumer.override.` changes.
    pub consumer: ConsumerConfig,
}

impl ConnectorConfig {
    /// The defaults, for a connector of this name, with the settings that a
    /// worker gives its clients (`Worker.baseProducerConfigs`,
    /// `baseConsumerConfigs`).
    pub fn new(name: impl Into<String>, class: ConnectorClass) -> ConnectorConfig {
        let name = name.into();
        ConnectorConfig {
            producer: ProducerConfig {
                client_id: format!("connector-producer-{name}-0"),
                acks: Acks::All,
                enable_idempotence: false,
                max_block_ms: i64::MAX,
                delivery_timeout_ms: i64::from(i32::MAX),
                max_in_flight_requests: 1,
                ..ProducerConfig::default()
            },
            consumer: ConsumerConfig {
                client_id: format!("connector-consumer-{name}-0"),
                enable_auto_commit: false,
                auto_offset_reset: AutoOffsetReset::Earliest,
                ..ConsumerConfig::of_group(format!("connect-{name}"))
            },
            name,
            class,
            topics: Vec::new(),
            key_field: None,
            batch_max_rows: 100,
            poll_interval_ms: 1_000,
            table_name_format: TOPIC.to_owned(),
            errors_tolerance: ErrorsTolerance::None,
            offset_flush_interval_ms: 60_000,
            offset_flush_timeout_ms: 5_000,
        }
    }

    /// Sets one setting by its name; `name` and `connector.class` are given to
    /// [`ConnectorConfig::new`].
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when the value is not allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        if let Some(setting) = name.strip_prefix("producer.override.") {
            return self.producer.set(setting, value);
        }
        if let Some(setting) = name.strip_prefix("consumer.override.") {
            return self.consumer.set(setting, value);
        }
        let value = value.trim();
        if let Some((_, only)) = FIXED.iter().find(|(known, _)| *known == name) {
            return match value == *only {
                true => Ok(true),
                false => invalid(name, value, &format!("it can only be {only} here")),
            };
        }
        match name {
            "topic" | "topics" => {
                let topics = value.split(',').map(str::trim).filter(|it| !it.is_empty());
                self.topics = topics.map(TopicName::from).collect();
            }
            "key.field" => self.key_field = Some(value.to_owned()).filter(|it| !it.is_empty()),
            "table.name.format" => self.table_name_format = value.to_owned(),
            "batch.max.rows" => {
                self.batch_max_rows = number(name, value, 1, i64::from(BATCH_MAX))? as u32;
            }
            "poll.interval.ms" => self.poll_interval_ms = number(name, value, 1, MS_MAX)?,
            "offset.flush.interval.ms" => {
                self.offset_flush_interval_ms = number(name, value, 1, MS_MAX)?;
            }
            "offset.flush.timeout.ms" => {
                self.offset_flush_timeout_ms = number(name, value, 1, MS_MAX)?;
            }
            "errors.tolerance" => {
                self.errors_tolerance = match value {
                    "none" => ErrorsTolerance::None,
                    "all" => ErrorsTolerance::All,
                    _ => return invalid(name, value, "String must be one of: none, all"),
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`], where there are such in the words of
    /// `ConnectorConfig` or `SinkConnectorConfig`.
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |text: String| Err(Refusal::InvalidConfig(text));
        let is_plain = |of: char| of.is_ascii_alphanumeric() || "-_.".contains(of);
        let is_name = !self.name.is_empty() && self.name.chars().all(is_plain);
        if !is_name || self.name.len() > NAME_MAX {
            return refuse(format!(
                "A connector's name has 1 to {NAME_MAX} letters, digits, points, hyphens and \
                 underscores: choose another than '{}'.",
                self.name
            ));
        }
        for topic in &self.topics {
            validate_topic_name(topic).map_err(Refusal::InvalidConfig)?;
        }
        let class = self.class.name();
        match (self.class, self.topics.len()) {
            (ConnectorClass::TableSink, 0) => {
                return refuse("Must configure one of topics or topics.regex".to_owned());
            }
            (ConnectorClass::TableSink, _) => return self.consumer.check(),
            (_, 1) => {}
            _ => return refuse(format!("A {class} writes to one topic: name it in topic.")),
        }
        if self.class == ConnectorClass::TableSource && self.key_field.is_none() {
            return refuse(format!(
                "A {class} needs key.field: the field by which its table knows a row."
            ));
        }
        self.producer.check()
    }

    /// The topic that a source writes to.
    pub(super) fn topic(&self) -> TopicName {
        self.topics.first().cloned().unwrap_or_default()
    }

    /// The table for the records of a topic.
    pub fn table_of(&self, topic: &str) -> String {
        self.table_name_format.replace(TOPIC, topic)
    }

    /// The admin client by which a source's worker finds the topic with the
    /// offsets.
    pub(crate) fn admin(&self) -> AdminConfig {
        AdminConfig::named(format!("connector-adminclient-{}-0", self.name))
    }

    /// The consumer by which a source's offsets are read back.
    pub(crate) fn offsets_reader(&self) -> ConsumerConfig {
        ConsumerConfig {
            client_id: self.consumer.client_id.clone(),
            auto_offset_reset: AutoOffsetReset::Earliest,
            ..ConsumerConfig::without_group()
        }
    }
}

/// The longest time that a setting takes, in milliseconds.
const MS_MAX: i64 = i32::MAX as i64;

fn number(name: &str, value: &str, least: i64, most: i64) -> Result<i64, Refusal> {
    let Ok(number) = value.parse() else {
        return invalid(name, value, "Not a number of type LONG");
    };
    if number < least {
        return invalid(name, value, &format!("Value must be at least {least}"));
    }
    match number > most {
        true => invalid(name, value, &format!("Value must be no more than {most}")),
        false => Ok(number),
    }
}

/// (`ConfigException`).
fn invalid<T>(name: &str, value: &str, why: &str) -> Result<T, Refusal> {
    Err(Refusal::InvalidConfig(format!(
        "Invalid value {value} for configuration {name}: {why}"
    )))
}
