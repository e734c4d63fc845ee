use std::sync::Arc;

use super::ClientTimer;
use super::metadata::{ClientMetadata, MetadataAnswer};
use crate::event::{EventKind, LogLevel};
use crate::protocol::{Header, MetadataRequest, MetadataResponse, Request};
use crate::sim::{ClientNumber, Fabric, NodeId, Random, Stream, Time};

/// `retry.backoff.ms`: the first wait before something is tried again, in
/// milliseconds.
const RETRY_BACKOFF_MS: u64 = 100;
/// `retry.backoff.max.ms`: the longest such wait, in milliseconds.
const RETRY_BACKOFF_MAX_MS: u64 = 1_000;

/// What every client has: its name, its count of requests, and its view of the
/// cluster (`org.apache.kafka.clients.NetworkClient`).
#[derive(Clone, Debug, Hash)]
pub struct Connection {
    /// The number the world gave it.
    pub number: ClientNumber,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// What it knows of the cluster.
    pub metadata: ClientMetadata,
    next_correlation_id: i32,
    random: Random,
}

impl Connection {
    pub(crate) fn new(
        number: ClientNumber,
        client_id: Arc<str>,
        bootstrap: Vec<i32>,
        metadata_max_age_ms: i64,
        seed: u64,
    ) -> Connection {
        Connection {
            number,
            client_id,
            metadata: ClientMetadata::new(bootstrap, metadata_max_age_ms),
            next_correlation_id: 0,
            random: Random::new(seed, Stream::Client(number)),
        }
    }

    /// Sends a request to a broker; returns the number its answer will carry.
    pub(crate) fn send(&mut self, fabric: &mut Fabric, broker: i32, request: Request) -> i32 {
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id = self.next_correlation_id.wrapping_add(1) & i32::MAX;
        fabric.request(
            NodeId::Client(self.number),
            NodeId::Broker(broker),
            Header {
                correlation_id,
                client_id: self.client_id.clone(),
            },
            request,
        );
        correlation_id
    }

    /// 31 random bits of this client's own.
    pub(crate) fn random(&mut self) -> u32 {
        self.random.next_u32() & 0x7fff_ffff
    }

    /// How long to wait before the next try, in microseconds: doubling from
    /// `retry.backoff.ms` to `retry.backoff.max.ms`, a fifth more or less at
    /// random (KIP-580).
    pub(crate) fn backoff_us(&mut self, failures: u32) -> u64 {
        let full_ms = RETRY_BACKOFF_MAX_MS.min(RETRY_BACKOFF_MS << failures.min(4));
        let percent = 80 + u64::from(self.random.below(41));
        full_ms * 10 * percent
    }

    /// Asks for metadata, unless that is under way or backing off already.
    pub(crate) fn update_metadata(&mut self, fabric: &mut Fabric) {
        if self.metadata.is_busy() {
            return;
        }
        let request = Request::Metadata(MetadataRequest {
            topics: Some(self.metadata.wanted().cloned().collect()),
        });
        let broker = self.metadata.any_broker();
        let correlation_id = self.send(fabric, broker, request);
        self.metadata.asked(correlation_id);
    }

    /// Takes in a metadata response: says on the log what is wrong with it,
    /// and tries again where something was left open.
    pub(crate) fn on_metadata(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: MetadataResponse,
    ) -> MetadataAnswer {
        let answer = self.metadata.update(fabric.now, correlation_id, response);
        if let Some(errors) = answer.errors_text() {
            let text = format!(
                "The metadata response from the cluster reported a recoverable issue with \
                 correlation id {correlation_id} : {{{errors}}}"
            );
            self.log(
                fabric,
                LogLevel::Warn,
                "org.apache.kafka.clients.NetworkClient",
                text,
            );
            if let Some(invalid) = answer.invalid_topics_text() {
                let text = format!("Metadata response reported invalid topics [{invalid}]");
                self.log(
                    fabric,
                    LogLevel::Error,
                    "org.apache.kafka.clients.Metadata",
                    text,
                );
            }
            let wait_us = self.backoff_us(self.metadata.failures());
            let at = fabric.now.plus_us(wait_us);
            self.metadata.back_off();
            fabric.client_timer(at, self.number, ClientTimer::MetadataRetry);
        }
        self.schedule_expiry(fabric);
        answer
    }

    /// Writes a line to the client's log.
    pub(crate) fn log(
        &self,
        fabric: &mut Fabric,
        level: LogLevel,
        logger: &'static str,
        text: String,
    ) {
        fabric.emit(EventKind::ClientLog {
            client: self.number,
            level,
            logger,
            text,
        });
    }

    /// `retry.backoff.ms` after an incomplete answer is over.
    pub(crate) fn on_metadata_retry(&mut self, fabric: &mut Fabric) {
        if self.metadata.backed_off() {
            self.update_metadata(fabric);
        }
    }

    /// The metadata may have reached `metadata.max.age.ms`.
    pub(crate) fn on_metadata_expiry(&mut self, fabric: &mut Fabric) {
        if self.metadata.is_expired(fabric.now) {
            self.update_metadata(fabric);
        }
    }

    fn schedule_expiry(&mut self, fabric: &mut Fabric) {
        let at: Time = self.metadata.expires_at();
        fabric.client_timer(at, self.number, ClientTimer::MetadataExpiry);
    }
}
