//! The settings of a producer, by Kafka's names and with Kafka's defaults
//! (`ProducerConfig`; 4.0).

use super::accumulator::AccumulatorConfig;
use super::partitioner::{Expression, Partitioner, RoundRobinPartitioner};
use super::transaction_manager::TransactionManager;
use crate::client::addresses::check_bootstrap;
use crate::client::classes::ROUND_ROBIN_PARTITIONER;
use crate::client::config::{Backoffs, Originals, boolean, check_common, checked, number, text};
use crate::command::Refusal;
use crate::config::producer;
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

/// What chooses a record's partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum PartitionerChoice {
    /// What is built in.
    #[default]
    BuiltIn,
    /// `partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner`.
    RoundRobin,
    /// `partitioner.expression`.
    Expression(Expression),
}

/// A producer's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerConfig {
    /// `client.id`; the world gives `producer-N` when it is empty.
    pub client_id: String,
    /// `acks`.
    pub acks: Acks,
    /// `enable.idempotence`; see [`ProducerConfig::is_idempotent`].
    pub enable_idempotence: bool,
    /// `transactional.id`.
    pub transactional_id: Option<String>,
    /// `transaction.timeout.ms`.
    pub transaction_timeout_ms: i32,
    /// `batch.size`, in bytes.
    pub batch_size: usize,
    /// `buffer.memory`, in bytes.
    pub buffer_memory: u64,
    /// `compression.type`.
    pub compression_type: CompressionType,
    /// `linger.ms`; 5 since 4.0 (KIP-1030).
    pub linger_ms: i64,
    /// `max.request.size`, in bytes.
    pub max_request_size: usize,
    /// `max.block.ms`.
    pub max_block_ms: i64,
    /// `delivery.timeout.ms`; see [`ProducerConfig::delivery_timeout_ms`].
    pub delivery_timeout_ms: i64,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `retries`.
    pub retries: u32,
    /// `retry.backoff.ms`, `reconnect.backoff.ms` and their `.max.ms`.
    pub backoffs: Backoffs,
    /// `max.in.flight.requests.per.connection`.
    pub max_in_flight_requests: usize,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
    /// `partitioner.class`, or `partitioner.expression`.
    pub partitioner: PartitionerChoice,
    /// `partitioner.ignore.keys`.
    pub partitioner_ignore_keys: bool,
    /// `partitioner.adaptive.partitioning.enable`.
    pub partitioner_adaptive: bool,
    /// `partitioner.availability.timeout.ms`; 0 for never.
    pub partitioner_availability_timeout_ms: i64,
    /// `delivery.callbacks.on.poll`, which is Kafka Lanes' own: callbacks wait
    /// for `poll()` or `flush()`, as in librdkafka and its Python client.
    pub callbacks_on_poll: bool,
    /// The settings that were given, by [`ProducerConfig::set`].
    pub given: Originals,
}

/// The default of `delivery.timeout.ms`.
const DELIVERY_TIMEOUT_MS: i64 = 120_000;

/// `MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION_FOR_IDEMPOTENCE`.
const IN_FLIGHT_MAX_FOR_IDEMPOTENCE: usize = 5;

impl Default for ProducerConfig {
    fn default() -> Self {
        ProducerConfig {
            client_id: String::new(),
            acks: Acks::All,
            enable_idempotence: true,
            transactional_id: None,
            transaction_timeout_ms: 60_000,
            batch_size: 16_384,
            buffer_memory: 33_554_432,
            compression_type: CompressionType::None,
            linger_ms: 5,
            max_request_size: 1_048_576,
            max_block_ms: 60_000,
            delivery_timeout_ms: DELIVERY_TIMEOUT_MS,
            request_timeout_ms: 30_000,
            retries: i32::MAX as u32,
            backoffs: Backoffs::default(),
            max_in_flight_requests: 5,
            metadata_max_age_ms: 300_000,
            partitioner: PartitionerChoice::BuiltIn,
            partitioner_ignore_keys: false,
            partitioner_adaptive: true,
            partitioner_availability_timeout_ms: 0,
            callbacks_on_poll: false,
            given: Originals::default(),
        }
    }
}

impl ProducerConfig {
    /// Sets one setting by Kafka's name, or one of Kafka Lanes' own:
    /// `partitioner.expression` and `delivery.callbacks.on.poll`.
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] or [`Refusal::CannotConstruct`] with Kafka's
    /// message when the value is not allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        checked(&producer::CONFIG, name, value)?;
        let is_known = self.set_delivery(name, value)
            || self.set_batching(name, value)
            || self.set_times(name, value)
            || self.backoffs.set(name, value)
            || name == "metadata.recovery.strategy"
            || self.set_partitioner(name, value)?;
        self.given.insert(name, value);
        Ok(is_known)
    }

    fn set_delivery(&mut self, name: &str, value: &str) -> bool {
        match name {
            "client.id" => self.client_id = text(value),
            "acks" => {
                self.acks = match value.trim() {
                    "0" => Acks::None,
                    "1" => Acks::Leader,
                    _ => Acks::All,
                };
            }
            "enable.idempotence" => self.enable_idempotence = boolean(value),
            "transactional.id" => self.transactional_id = Some(text(value)),
            "transaction.timeout.ms" => self.transaction_timeout_ms = number(value),
            "retries" => self.retries = number(value),
            "max.in.flight.requests.per.connection" => {
                self.max_in_flight_requests = number(value);
            }
            _ => return false,
        }
        true
    }

    fn set_batching(&mut self, name: &str, value: &str) -> bool {
        match name {
            "batch.size" => self.batch_size = number(value),
            "buffer.memory" => self.buffer_memory = number(value),
            "linger.ms" => self.linger_ms = number(value),
            "max.request.size" => self.max_request_size = number(value),
            "compression.type" => {
                self.compression_type =
                    CompressionType::from_name(value.trim()).unwrap_or_default();
            }
            _ => return false,
        }
        true
    }

    fn set_times(&mut self, name: &str, value: &str) -> bool {
        match name {
            "max.block.ms" => self.max_block_ms = number(value),
            "delivery.timeout.ms" => self.delivery_timeout_ms = number(value),
            "request.timeout.ms" => self.request_timeout_ms = number(value),
            "metadata.max.age.ms" => self.metadata_max_age_ms = number(value),
            _ => return false,
        }
        true
    }

    fn set_partitioner(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        match name {
            "partitioner.class" => {
                self.partitioner = match value.trim() {
                    ROUND_ROBIN_PARTITIONER => PartitionerChoice::RoundRobin,
                    class => {
                        return Err(Refusal::CannotConstruct {
                            exception: "KafkaException",
                            message: format!(
                                "class {class} is not an instance of \
                                 org.apache.kafka.clients.producer.Partitioner"
                            ),
                        });
                    }
                };
            }
            "partitioner.expression" => {
                let expression = Expression::parse(value).map_err(|error| {
                    Refusal::InvalidConfig(format!(
                        "Invalid value {value} for configuration partitioner.expression: {error}"
                    ))
                })?;
                self.partitioner = PartitionerChoice::Expression(expression);
            }
            "partitioner.ignore.keys" => self.partitioner_ignore_keys = boolean(value),
            "partitioner.adaptive.partitioning.enable" => {
                self.partitioner_adaptive = boolean(value);
            }
            "partitioner.availability.timeout.ms" => {
                self.partitioner_availability_timeout_ms = number(value);
            }
            "delivery.callbacks.on.poll" => {
                self.callbacks_on_poll = match value.trim() {
                    "true" => true,
                    "false" => false,
                    _ => {
                        return Err(Refusal::InvalidConfig(format!(
                            "Invalid value {value} for configuration {name}: Expected value to be \
                             either true or false"
                        )));
                    }
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What keeps the producer's id, epoch and sequences, and its transaction.
    pub(super) fn transaction_manager(&self) -> Option<TransactionManager> {
        let manager = || match &self.transactional_id {
            Some(id) => TransactionManager::transactional(id.clone(), self.transaction_timeout_ms),
            None => TransactionManager::idempotent(),
        };
        self.is_idempotent().then(manager)
    }

    /// Whether the producer is idempotent: `enable.idempotence`, unless that
    /// was not given and `acks` or `retries` speak against it
    /// (`ProducerConfig.postProcessAndValidateIdempotenceConfigs`).
    pub fn is_idempotent(&self) -> bool {
        let has_conflict = self.retries == 0 || self.acks != Acks::All;
        let is_given = self.given.contains("enable.idempotence");
        self.enable_idempotence && (is_given || !has_conflict)
    }

    /// `delivery.timeout.ms`; where it was not given and is less than
    /// `linger.ms` and `request.timeout.ms` together, those
    /// (`KafkaProducer.configureDeliveryTimeout`).
    pub fn delivery_timeout_ms(&self) -> i64 {
        match self.is_delivery_timeout_given() {
            true => self.delivery_timeout_ms,
            false => self
                .delivery_timeout_ms
                .max(self.least_delivery_timeout_ms()),
        }
    }

    /// What the producer warns of when `delivery.timeout.ms` gives way.
    pub(super) fn delivery_timeout_warning(&self) -> Option<String> {
        let holds = self.delivery_timeout_ms();
        (holds != self.delivery_timeout_ms).then(|| {
            format!(
                "delivery.timeout.ms should be equal to or larger than linger.ms + \
                 request.timeout.ms. Setting it to {holds}."
            )
        })
    }

    fn is_delivery_timeout_given(&self) -> bool {
        self.given.contains("delivery.timeout.ms")
            || self.delivery_timeout_ms != DELIVERY_TIMEOUT_MS
    }

    fn least_delivery_timeout_ms(&self) -> i64 {
        let request_timeout_ms = i64::from(self.request_timeout_ms);
        let least = self.linger_ms.saturating_add(request_timeout_ms);
        least.min(i64::from(i32::MAX))
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] with Kafka's message when they contradict
    /// each other (`KafkaProducer.configureDeliveryTimeout`,
    /// `ProducerConfig.postProcessAndValidateIdempotenceConfigs`).
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |message: &str| Err(Refusal::InvalidConfig(message.to_owned()));
        check_common(&self.given)?;
        check_bootstrap(&self.given)?;
        if self.enable_idempotence {
            let is_given = self.given.contains("enable.idempotence");
            if is_given && self.retries == 0 {
                return refuse("Must set retries to non-zero when using the idempotent producer.");
            }
            if is_given && self.acks != Acks::All {
                return refuse(
                    "Must set acks to all in order to use the idempotent producer. Otherwise we \
                     cannot guarantee idempotence.",
                );
            }
            // Even where idempotence gives way to acks or retries.
            let in_flight = self.max_in_flight_requests;
            if in_flight > IN_FLIGHT_MAX_FOR_IDEMPOTENCE {
                return refuse(&format!(
                    "To use the idempotent producer, max.in.flight.requests.per.connection must \
                     be set to at most 5. Current value is {in_flight}."
                ));
            }
        }
        if !self.is_idempotent() && self.transactional_id.is_some() {
            return refuse("Cannot set a transactional.id without also enabling idempotence.");
        }
        let least = self.least_delivery_timeout_ms();
        if self.is_delivery_timeout_given() && self.delivery_timeout_ms < least {
            return refuse(
                "delivery.timeout.ms should be equal to or larger than linger.ms + \
                 request.timeout.ms",
            );
        }
        let has_class = self.given.contains("partitioner.class");
        if has_class && self.given.contains("partitioner.expression") {
            return refuse(
                "partitioner.expression stands for a class of one's own: set it or \
                 partitioner.class, not both.",
            );
        }
        Ok(())
    }

    /// The settings of its accumulator.
    pub(super) fn accumulator(&self) -> AccumulatorConfig {
        let is_built_in = self.partitioner == PartitionerChoice::BuiltIn;
        AccumulatorConfig {
            batch_size: self.batch_size,
            linger_ms: self.linger_ms,
            compression_type: self.compression_type,
            buffer_memory: self.buffer_memory,
            delivery_timeout_ms: self.delivery_timeout_ms(),
            adaptive_partitioning: self.partitioner_adaptive && is_built_in,
            availability_timeout_ms: self.partitioner_availability_timeout_ms,
        }
    }

    pub(super) fn partitioner(&self) -> Partitioner {
        match &self.partitioner {
            PartitionerChoice::BuiltIn => Partitioner::BuiltIn {
                ignores_keys: self.partitioner_ignore_keys,
            },
            PartitionerChoice::RoundRobin => {
                Partitioner::RoundRobin(RoundRobinPartitioner::default())
            }
            PartitionerChoice::Expression(expression) => {
                Partitioner::Expression(expression.clone())
            }
        }
    }
}
