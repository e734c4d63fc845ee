use crate::collections::BTreeMap;
use std::sync::Arc;

use super::ClientTimer;
use super::config::{Backoffs, Originals, rebootstraps, warnings};
use super::metadata::{ClientMetadata, MetadataAnswer};
use crate::config::ConfigDef;
use crate::event::{EventKind, LogLevel};
use crate::protocol::{Header, MetadataRequest, MetadataResponse, Request};
use crate::sim::{
    Alarm, ClientNumber, Connection as TcpConnection, Fabric, NodeId, Random, Scheduled, Stream,
    Time,
};

/// The logger of what concerns connections.
const NETWORK_CLIENT: &str = "org.apache.kafka.clients.NetworkClient";

/// The logger of what concerns the settings that all clients have.
const COMMON_CLIENT_CONFIGS: &str = "org.apache.kafka.clients.CommonClientConfigs";

/// What every client has: its name, its requests, its connections and its view
/// of the cluster (`org.apache.kafka.clients.NetworkClient`).
#[derive(Clone, Debug, Hash)]
pub struct Connection {
    /// The number the world gave it.
    pub number: ClientNumber,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// What it knows of the cluster.
    pub metadata: ClientMetadata,
    request_timeout_ms: i64,
    backoffs: Backoffs,
    /// See [`rebootstraps`].
    rebootstraps: bool,
    next_correlation_id: i32,
    /// The requests that wait for an answer, by correlation id.
    in_flight: BTreeMap<i32, InFlightRequest>,
    peers: BTreeMap<i32, Peer>,
    alarm: Alarm,
    random: Random,
}

#[derive(Clone, Debug, Hash)]
struct InFlightRequest {
    broker: i32,
    deadline: Time,
}

/// The connection to one broker (`ClusterConnectionStates.NodeConnectionState`).
#[derive(Clone, Debug, Default, Hash)]
struct Peer {
    /// The broker has answered on it.
    is_established: bool,
    /// That it cannot be made has been logged.
    has_complained: bool,
    /// How often in a row it has ended or could not be made.
    failures: u32,
    last_attempt: Time,
    /// No request goes there before this instant (`reconnect.backoff.ms`).
    backoff_until: Time,
}

impl Connection {
    /// A client that has not connected yet. `request_timeout_ms` is
    /// `request.timeout.ms`.
    pub(crate) fn new(
        number: ClientNumber,
        client_id: Arc<str>,
        bootstrap: Vec<i32>,
        request_timeout_ms: i64,
        metadata_max_age_ms: i64,
        seed: u64,
    ) -> Connection {
        Connection {
            number,
            client_id,
            metadata: ClientMetadata::new(bootstrap, metadata_max_age_ms),
            request_timeout_ms,
            backoffs: Backoffs::default(),
            rebootstraps: true,
            next_correlation_id: 0,
            in_flight: BTreeMap::new(),
            peers: BTreeMap::new(),
            alarm: Alarm::default(),
            random: Random::new(seed, Stream::Client(number)),
        }
    }

    /// Has it go by the settings that all clients have.
    pub(crate) fn configure(&mut self, backoffs: Backoffs, given: &Originals) {
        self.backoffs = backoffs.where_given(given);
        self.rebootstraps = rebootstraps(given);
    }

    /// Logs what is odd about the settings.
    pub(crate) fn warn(&self, fabric: &mut Fabric, section: &ConfigDef, given: &Originals) {
        for text in warnings(section, given) {
            self.log(fabric, LogLevel::Warn, COMMON_CLIENT_CONFIGS, text);
        }
    }

    /// How many requests to a broker wait for an answer.
    pub fn requests_in_flight(&self, broker: i32) -> usize {
        let requests = self.in_flight.values();
        requests.filter(|sent| sent.broker == broker).count()
    }

    /// Until when no request goes to a broker, because the connection to it
    /// has ended (`reconnect.backoff.ms`); `None` when one may.
    pub fn backoff_until(&self, now: Time, broker: i32) -> Option<Time> {
        let until = self.peers.get(&broker)?.backoff_until;
        (until > now).then_some(until)
    }

    pub(crate) fn is_ready(&self, now: Time, broker: i32) -> bool {
        self.backoff_until(now, broker).is_none()
    }

    /// Sends a request to a broker; returns the number its answer will carry.
    pub(crate) fn send(&mut self, fabric: &mut Fabric, broker: i32, request: Request) -> i32 {
        self.send_within(fabric, broker, request, self.request_timeout_ms)
    }

    /// The same, for a request that may take longer or less long than
    /// `request.timeout.ms`.
    pub(crate) fn send_within(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        request: Request,
        timeout_ms: i64,
    ) -> i32 {
        let deadline = fabric.now.plus_ms(timeout_ms.max(1));
        let correlation_id = self.send_unanswered(fabric, broker, request);
        let sent = InFlightRequest { broker, deadline };
        self.in_flight.insert(correlation_id, sent);
        correlation_id
    }

    /// Sends a request that is not answered (`acks=0`).
    pub(crate) fn send_unanswered(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        request: Request,
    ) -> i32 {
        debug_assert!(self.is_ready(fabric.now, broker), "it backs off");
        self.peers.entry(broker).or_default().last_attempt = fabric.now;
        let header = Header::next(&mut self.next_correlation_id, &self.client_id);
        let correlation_id = header.correlation_id;
        let (client, server) = (NodeId::Client(self.number), NodeId::Broker(broker));
        fabric.request(client, server, header, request);
        correlation_id
    }

    /// A response has come; says whether anybody still waits for it.
    pub(crate) fn arrived(&mut self, correlation_id: i32) -> bool {
        let Some(sent) = self.in_flight.remove(&correlation_id) else {
            return false;
        };
        let peer = self.peers.entry(sent.broker).or_default();
        peer.is_established = true;
        peer.has_complained = false;
        peer.failures = 0;
        true
    }

    /// The broker to ask when any will do: one that answers, with the fewest
    /// requests in flight, else the one that was tried longest ago; `None`
    /// while all back off (`NetworkClient.leastLoadedNode`).
    pub(crate) fn least_loaded(&mut self, now: Time) -> Option<i32> {
        let count = u32::try_from(self.metadata.nodes().len()).unwrap_or(u32::MAX);
        let offset = self.random.below(count.max(1)) as usize;
        let nodes = self.metadata.nodes();
        let in_turn = nodes.iter().cycle().skip(offset).take(nodes.len());
        let ready = in_turn.filter(|broker| self.is_ready(now, **broker));
        let load = |broker: &&i32| match self.peers.get(*broker) {
            Some(peer) if peer.is_established => {
                (false, self.requests_in_flight(**broker), Time::ZERO)
            }
            Some(peer) => (true, 0, peer.last_attempt),
            None => (true, 0, Time::ZERO),
        };
        ready.min_by_key(load).copied()
    }

    /// A uuid of this client's own.
    pub(crate) fn uuid(&mut self) -> [u8; 16] {
        self.random.uuid()
    }

    /// How long to wait before the next try, in microseconds
    /// (`retry.backoff.ms`, KIP-580).
    pub(crate) fn backoff_us(&mut self, failures: u32) -> u64 {
        let Backoffs {
            retry_ms,
            retry_max_ms,
            ..
        } = self.backoffs;
        self.exponential_us(retry_ms, retry_max_ms, failures)
    }

    /// `first_ms` doubled so often, a fifth more or less at random, at most
    /// `max_ms`, in microseconds; always `max_ms` when that is no more than
    /// `first_ms` (`org.apache.kafka.common.utils.ExponentialBackoff`).
    fn exponential_us(&mut self, first_ms: i64, max_ms: i64, times: u32) -> u64 {
        let (first_ms, max_ms) = (first_ms.max(0) as u64, max_ms.max(0) as u64);
        let max_us = max_ms.saturating_mul(1_000);
        if first_ms >= max_ms {
            return max_us;
        }
        let doubled_ms = first_ms.saturating_mul(1 << times.min(40)).min(max_ms);
        let percent = 80 + u64::from(self.random.below(41));
        doubled_ms.saturating_mul(10 * percent).min(max_us)
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
}

/// The end of connections.
impl Connection {
    /// The broker has closed the connection, or nobody listens there. Returns
    /// the requests that were lost with it.
    pub(crate) fn server_closed(&mut self, fabric: &mut Fabric, broker: i32) -> Vec<i32> {
        self.complain(fabric, broker);
        self.disconnect(fabric, broker)
    }

    /// The connection to a broker is no more. All that waits for an answer on
    /// it waits in vain: returns those requests, oldest first.
    fn disconnect(&mut self, fabric: &mut Fabric, broker: i32) -> Vec<i32> {
        let (client, server) = (NodeId::Client(self.number), NodeId::Broker(broker));
        fabric.close_connection(TcpConnection::general(client, server));
        let peer = self.peers.entry(broker).or_default();
        peer.is_established = false;
        let failures = peer.failures;
        peer.failures = failures.saturating_add(1);
        let Backoffs {
            reconnect_ms,
            reconnect_max_ms,
            ..
        } = self.backoffs;
        let backoff_us = self.exponential_us(reconnect_ms, reconnect_max_ms, failures);
        let until = fabric.now.plus_us(backoff_us);
        self.peers.entry(broker).or_default().backoff_until = until;
        let requests = self.in_flight.iter();
        let lost: Vec<i32> = requests
            .filter(|(_, sent)| sent.broker == broker)
            .map(|(correlation_id, _)| *correlation_id)
            .collect();
        for correlation_id in &lost {
            self.in_flight.remove(correlation_id);
            if self.metadata.is_asked(*correlation_id) {
                self.metadata_failed(fabric.now);
            }
        }
        self.metadata.request_update();
        lost
    }

    /// What Kafka's client logs when a connection cannot be made; here once,
    /// until the broker is there again, and not for each try.
    fn complain(&mut self, fabric: &mut Fabric, broker: i32) {
        let peer = self.peers.entry(broker).or_default();
        if peer.is_established || std::mem::replace(&mut peer.has_complained, true) {
            return;
        }
        let bootstrap = self.metadata.bootstrap();
        let index = bootstrap.iter().position(|of| *of == broker);
        let port = 9_092 + index.map_or(i64::from(broker) - 1, |index| index as i64);
        let is_bootstrap = self.metadata.brokers().is_empty();
        let id = match index {
            Some(index) if is_bootstrap => -1 - index as i64,
            _ => i64::from(broker),
        };
        let text = format!(
            "Connection to node {id} (localhost/127.0.0.1:{port}) could not be established. Node \
             may not be available."
        );
        self.log(fabric, LogLevel::Warn, NETWORK_CLIENT, text);
        if is_bootstrap {
            let text =
                format!("Bootstrap broker localhost:{port} (id: {id} rack: null) disconnected");
            self.log(fabric, LogLevel::Warn, NETWORK_CLIENT, text);
        }
    }

    /// Gives up the connections on which an answer is overdue
    /// (`request.timeout.ms`). Returns the requests that were lost with them.
    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric) -> Vec<i32> {
        self.alarm.went_off();
        let mut lost = Vec::new();
        loop {
            let mut requests = self.in_flight.values();
            let overdue = requests.find(|sent| sent.deadline <= fabric.now);
            let Some(broker) = overdue.map(|sent| sent.broker) else {
                return lost;
            };
            lost.extend(self.disconnect(fabric, broker));
        }
    }

    /// Asks for metadata when that is due, and sets the timer for whatever
    /// comes first: to be called when a client has done all it can.
    pub(crate) fn go_on(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        if self.metadata.due_at().is_some_and(|at| at <= now) {
            self.ask_for_metadata(fabric);
        }
        let deadlines = self.in_flight.values().map(|sent| sent.deadline);
        let backoffs = self.peers.values().map(|peer| peer.backoff_until);
        let metadata = self.metadata.due_at();
        let next = deadlines.chain(backoffs).chain(metadata);
        let next = next.filter(|at| *at > now).min();
        let scheduled = Scheduled::ClientTimer(self.number, ClientTimer::Connection);
        self.alarm.set(fabric, next, scheduled);
    }
}

/// Metadata.
impl Connection {
    /// Asks any broker. When none that is known can be asked, the client
    /// begins anew with `bootstrap.servers`, if it may (KIP-899).
    fn ask_for_metadata(&mut self, fabric: &mut Fabric) {
        let mut broker = self.least_loaded(fabric.now);
        let is_connected = self.peers.values().any(|peer| peer.is_established);
        let may_rebootstrap = self.rebootstraps && !self.metadata.brokers().is_empty();
        if broker.is_none() && !is_connected && may_rebootstrap {
            self.metadata.rebootstrap();
            broker = self.least_loaded(fabric.now);
        }
        let Some(broker) = broker else {
            return;
        };
        let request = Request::Metadata(MetadataRequest {
            topics: match self.metadata.wants_all() {
                true => None,
                false => Some(self.metadata.wanted().cloned().collect()),
            },
        });
        let correlation_id = self.send(fabric, broker, request);
        self.metadata.asked(correlation_id);
    }

    /// Takes in a metadata response: says on the log what is wrong with it,
    /// and tries again where something was left open. `None` when it says
    /// nothing.
    pub(crate) fn on_metadata(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: MetadataResponse,
    ) -> Option<MetadataAnswer> {
        if response.brokers.is_empty() {
            self.metadata_failed(fabric.now);
            return None;
        }
        let answer = self.metadata.update(fabric.now, response);
        let without_news = self.metadata.without_news();
        let wait_us = self.backoff_us(without_news.saturating_sub(1));
        let is_behind = self.metadata.is_behind();
        let wait_us = if is_behind { 0 } else { wait_us };
        self.metadata.wait_until(fabric.now.plus_us(wait_us));
        if let Some(errors) = answer.errors_text() {
            let text = format!(
                "The metadata response from the cluster reported a recoverable issue with \
                 correlation id {correlation_id} : {{{errors}}}"
            );
            self.log(fabric, LogLevel::Warn, NETWORK_CLIENT, text);
            if let Some(invalid) = answer.invalid_topics_text() {
                let text = format!("Metadata response reported invalid topics [{invalid}]");
                let logger = "org.apache.kafka.clients.Metadata";
                self.log(fabric, LogLevel::Error, logger, text);
            }
        }
        Some(answer)
    }

    fn metadata_failed(&mut self, now: Time) {
        let failures = self.metadata.failed();
        let wait_us = self.backoff_us(failures - 1);
        self.metadata.wait_until(now.plus_us(wait_us));
    }
}
