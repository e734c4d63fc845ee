//! The settings of a producer, by Kafka's names and with Kafka's defaults
//! (`ProducerConfig`; 4.0).

use super::super::config::{checked, number};
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
        checked(&producer::CONFIG, name, value)?;
        match name {
            "client.id" => self.client_id = value.to_owned(),
            "acks" => {
                self.acks = match value.trim() {
                    "0" => Acks::None,
                    "1" => Acks::Leader,
                    _ => Acks::All,
                };
            }
            "batch.size" => self.batch_size = number(value),
            "linger.ms" => self.linger_ms = number(value),
            "max.request.size" => self.max_request_size = number(value),
            "max.block.ms" => self.max_block_ms = number(value),
            "delivery.timeout.ms" => self.delivery_timeout_ms = number(value),
            "request.timeout.ms" => self.request_timeout_ms = number(value),
            "max.in.flight.requests.per.connection" => {
                self.max_in_flight_requests = number(value);
            }
            "metadata.max.age.ms" => self.metadata_max_age_ms = number(value),
            "compression.type" => {
                self.compression_type =
                    CompressionType::from_name(value.trim()).unwrap_or_default();
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
