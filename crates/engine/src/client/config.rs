//! The settings of clients, by Kafka's names and with Kafka's defaults
//! (`ProducerConfig`, `ConsumerConfig`, `CommonClientConfigs`; 4.0).

use crate::command::Refusal;
use crate::log::record_batch::CompressionType;

/// Whose acknowledgement a producer waits for (`acks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acks {
    /// `0`: nobody's; the broker sends no answer.
    None,
    /// `1`: the leader's.
    Leader,
    /// `all` or `-1`: that of every in-sync replica.
    All,
}

impl Acks {
    /// The number in a produce request.
    pub fn number(self) -> i16 {
        match self {
            Acks::None => 0,
            Acks::Leader => 1,
            Acks::All => -1,
        }
    }
}

/// Where a consumer begins in a partition for which its group has committed no
/// offset (`auto.offset.reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AutoOffsetReset {
    /// At the log start offset.
    Earliest,
    /// At the high watermark.
    Latest,
    /// Nowhere: the consumer fails (`NoOffsetForPartitionException`).
    None,
}

/// A producer's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerConfig {
    /// `client.id`; the world gives `producer-N` when it is empty.
    pub client_id: String,
    /// `acks`.
    pub acks: Acks,
    /// `batch.size`, in bytes.
    pub batch_size: usize,
    /// `compression.type`.
    pub compression_type: CompressionType,
    /// `linger.ms`; 5 since 4.0 (KIP-1030).
    pub linger_ms: i64,
    /// `max.request.size`, in bytes.
    pub max_request_size: usize,
    /// `max.block.ms`.
    pub max_block_ms: i64,
    /// `delivery.timeout.ms`.
    pub delivery_timeout_ms: i64,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `max.in.flight.requests.per.connection`.
    pub max_in_flight_requests: usize,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
}

impl Default for ProducerConfig {
    fn default() -> Self {
        ProducerConfig {
            client_id: String::new(),
            acks: Acks::All,
            batch_size: 16_384,
            compression_type: CompressionType::None,
            linger_ms: 5,
            max_request_size: 1_048_576,
            max_block_ms: 60_000,
            delivery_timeout_ms: 120_000,
            request_timeout_ms: 30_000,
            max_in_flight_requests: 5,
            metadata_max_age_ms: 300_000,
        }
    }
}

/// A consumer's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerConfig {
    /// `client.id`; the world gives `consumer-GROUP-N` when it is empty.
    pub client_id: String,
    /// `group.id`; not empty.
    pub group_id: String,
    /// `group.instance.id`, for a static member.
    pub group_instance_id: Option<String>,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `heartbeat.interval.ms`.
    pub heartbeat_interval_ms: i32,
    /// `max.poll.interval.ms`.
    pub max_poll_interval_ms: i32,
    /// `enable.auto.commit`.
    pub enable_auto_commit: bool,
    /// `auto.commit.interval.ms`.
    pub auto_commit_interval_ms: i64,
    /// `auto.offset.reset`.
    pub auto_offset_reset: AutoOffsetReset,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: i32,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: i32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait_ms: i32,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: i32,
    /// `client.rack`.
    pub client_rack: Option<String>,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
}

impl ConsumerConfig {
    /// Kafka's defaults, for a consumer of this group.
    pub fn of_group(group_id: impl Into<String>) -> ConsumerConfig {
        ConsumerConfig {
            client_id: String::new(),
            group_id: group_id.into(),
            group_instance_id: None,
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 3_000,
            max_poll_interval_ms: 300_000,
            enable_auto_commit: true,
            auto_commit_interval_ms: 5_000,
            auto_offset_reset: AutoOffsetReset::Latest,
            fetch_min_bytes: 1,
            fetch_max_bytes: 52_428_800,
            fetch_max_wait_ms: 500,
            max_partition_fetch_bytes: 1_048_576,
            client_rack: None,
            request_timeout_ms: 30_000,
            metadata_max_age_ms: 300_000,
        }
    }
}

/// A number from the text of a setting, or Kafka's words for why not
/// (`ConfigDef.parseType` and `ConfigDef.Range`).
fn number(name: &str, text: &str, kind: &str, min: i64, max: i64) -> Result<i64, Refusal> {
    let invalid = |why: String| {
        Refusal::InvalidConfig(format!(
            "Invalid value {text} for configuration {name}: {why}"
        ))
    };
    let widest = if kind == "INT" {
        i64::from(i32::MAX)
    } else {
        i64::MAX
    };
    let least = if kind == "INT" {
        i64::from(i32::MIN)
    } else {
        i64::MIN
    };
    let value = text.trim().parse::<i64>().ok();
    let value = value
        .filter(|value| (least..=widest).contains(value))
        .ok_or_else(|| invalid(format!("Not a number of type {kind}")))?;
    if value < min {
        return Err(invalid(format!("Value must be at least {min}")));
    }
    if value > max {
        return Err(invalid(format!("Value must be no more than {max}")));
    }
    Ok(value)
}

fn int(name: &str, text: &str, min: i64) -> Result<i32, Refusal> {
    let value = number(name, text, "INT", min, i64::from(i32::MAX))?;
    Ok(i32::try_from(value).expect("the range was checked"))
}

fn long(name: &str, text: &str, min: i64) -> Result<i64, Refusal> {
    number(name, text, "LONG", min, i64::MAX)
}

fn one_of(name: &str, text: &str, allowed: &[&str]) -> Result<(), Refusal> {
    if allowed.contains(&text) {
        return Ok(());
    }
    Err(Refusal::InvalidConfig(format!(
        "Invalid value {text} for configuration {name}: String must be one of: {}",
        allowed.join(", ")
    )))
}

fn boolean(name: &str, text: &str) -> Result<bool, Refusal> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refusal::InvalidConfig(format!(
            "Invalid value {text} for configuration {name}: Expected value to be either true or false"
        ))),
    }
}

impl ProducerConfig {
    /// Sets one setting by Kafka's name.
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] with Kafka's message when the value is not
    /// allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        match name {
            "client.id" => self.client_id = value.to_owned(),
            "acks" => {
                one_of(name, value, &["all", "-1", "0", "1"])?;
                self.acks = match value {
                    "0" => Acks::None,
                    "1" => Acks::Leader,
                    _ => Acks::All,
                };
            }
            "batch.size" => self.batch_size = int(name, value, 0)? as usize,
            "linger.ms" => self.linger_ms = long(name, value, 0)?,
            "max.request.size" => self.max_request_size = int(name, value, 0)? as usize,
            "max.block.ms" => self.max_block_ms = long(name, value, 0)?,
            "delivery.timeout.ms" => self.delivery_timeout_ms = i64::from(int(name, value, 0)?),
            "request.timeout.ms" => self.request_timeout_ms = int(name, value, 0)?,
            "max.in.flight.requests.per.connection" => {
                self.max_in_flight_requests = int(name, value, 1)? as usize;
            }
            "metadata.max.age.ms" => self.metadata_max_age_ms = long(name, value, 0)?,
            "compression.type" => {
                one_of(
                    name,
                    value,
                    &CompressionType::ALL.map(CompressionType::name),
                )?;
                self.compression_type = CompressionType::from_name(value).unwrap_or_default();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] with Kafka's message when they contradict
    /// each other (`KafkaProducer.configureDeliveryTimeout`).
    pub fn check(&self) -> Result<(), Refusal> {
        let least = self
            .linger_ms
            .saturating_add(i64::from(self.request_timeout_ms));
        if self.delivery_timeout_ms < least.min(i64::from(i32::MAX)) {
            return Err(Refusal::InvalidConfig(
                "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

impl ConsumerConfig {
    /// Sets one setting by Kafka's name.
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] with Kafka's message when the value is not
    /// allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        match name {
            "client.id" => self.client_id = value.to_owned(),
            "group.id" => self.group_id = value.to_owned(),
            "group.instance.id" => self.group_instance_id = Some(value.to_owned()),
            "session.timeout.ms" => self.session_timeout_ms = int(name, value, 0)?,
            "heartbeat.interval.ms" => self.heartbeat_interval_ms = int(name, value, 0)?,
            "max.poll.interval.ms" => self.max_poll_interval_ms = int(name, value, 1)?,
            "enable.auto.commit" => self.enable_auto_commit = boolean(name, value)?,
            "auto.commit.interval.ms" => {
                self.auto_commit_interval_ms = i64::from(int(name, value, 0)?);
            }
            "auto.offset.reset" => {
                self.auto_offset_reset = match value {
                    "earliest" => AutoOffsetReset::Earliest,
                    "latest" => AutoOffsetReset::Latest,
                    "none" => AutoOffsetReset::None,
                    _ => {
                        return one_of(name, value, &["latest", "earliest", "none"]).map(|()| true);
                    }
                };
            }
            "fetch.min.bytes" => self.fetch_min_bytes = int(name, value, 0)?,
            "fetch.max.bytes" => self.fetch_max_bytes = int(name, value, 0)?,
            "fetch.max.wait.ms" => self.fetch_max_wait_ms = int(name, value, 0)?,
            "max.partition.fetch.bytes" => self.max_partition_fetch_bytes = int(name, value, 0)?,
            "client.rack" => self.client_rack = Some(value.to_owned()),
            "request.timeout.ms" => self.request_timeout_ms = int(name, value, 0)?,
            "metadata.max.age.ms" => self.metadata_max_age_ms = long(name, value, 0)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] when the group has no name, or when a member
    /// would be thought dead between two heartbeats (`Heartbeat`'s
    /// constructor).
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |text: &str| Err(Refusal::InvalidConfig(text.to_owned()));
        if self.group_id.trim().is_empty() {
            return refuse(
                "To use the group management or offset commit APIs, you must provide a valid \
                 group.id in the consumer configuration.",
            );
        }
        if self.heartbeat_interval_ms >= self.session_timeout_ms {
            return refuse("Heartbeat must be set lower than the session timeout");
        }
        Ok(())
    }
}
