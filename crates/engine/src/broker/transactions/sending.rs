//! Sending markers to the leaders (`TransactionMarkerChannelManager`).

use crate::collections::BTreeMap;

use super::super::Broker;
use crate::controller::MetadataImage;
use crate::coordinator::transaction::MarkerDestination;
use crate::protocol::{Header, Request, TopicPartition, WriteTxnMarkersResponse};
use crate::sim::{Connection, Fabric, NodeId, Time};

/// After how many milliseconds what could not be written is sent again. Kafka
/// sends it again at once.
const RETRY_MS: i64 = 100;

/// What is on its way to each broker.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct MarkerChannels {
    in_flight: BTreeMap<i32, InFlight>,
    retry_at: Option<Time>,
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    correlation_id: i32,
    deadline: Time,
}

impl MarkerChannels {
    pub fn next_deadline(&self) -> Option<Time> {
        let deadlines = self.in_flight.values().map(|it| it.deadline);
        deadlines.chain(self.retry_at).min()
    }
}

impl Broker {
    /// Sends what can be sent, and gives up on answers that do not come.
    pub(super) fn send_markers(&mut self, fabric: &mut Fabric) {
        self.drop_silent_brokers(fabric);
        let now = fabric.now;
        let channels = &mut self.transactions.channels;
        if channels.retry_at.is_some_and(|at| at > now) {
            return;
        }
        channels.retry_at = None;
        let coordinator = &mut self.transactions.coordinator;
        if !coordinator.markers().has_queued() && !coordinator.has_unwritten() {
            return;
        }
        let image = &self.image;
        let mut out = Vec::new();
        coordinator.write_again(&mut out);
        let requests = coordinator.next_markers(|of| destination(image, of), &mut out);
        for (broker, request) in requests {
            let request = Request::WriteTxnMarkers(request);
            let correlation_id = self.ask(fabric, NodeId::Broker(broker), request);
            let deadline = now.plus_ms(self.config.request_timeout_ms);
            let in_flight = InFlight {
                correlation_id,
                deadline,
            };
            self.transactions
                .channels
                .in_flight
                .insert(broker, in_flight);
        }
        // What nobody leads, or whose leader has not answered yet.
        if self.transactions.coordinator.markers().has_queued() {
            self.transactions.channels.retry_at = Some(now.plus_ms(RETRY_MS));
        }
        self.hand_out_transactions(fabric, out);
        self.complete_appends(fabric);
    }

    /// What ends a transaction and could not be written is written again, but
    /// not at once: time would stand still.
    pub(super) fn plan_writing_again(&mut self, now: Time) {
        let transactions = &mut self.transactions;
        if transactions.coordinator.has_unwritten() {
            let retry_at = &mut transactions.channels.retry_at;
            retry_at.get_or_insert(now.plus_ms(RETRY_MS));
        }
    }

    fn drop_silent_brokers(&mut self, fabric: &mut Fabric) {
        let in_flight = self.transactions.channels.in_flight.iter();
        let silent = in_flight.filter(|(_, it)| it.deadline <= fabric.now);
        let silent: Vec<i32> = silent.map(|(broker, _)| *broker).collect();
        for broker in silent {
            self.drop_broker(fabric, broker);
        }
    }

    /// A broker has written markers.
    pub(in super::super) fn on_markers_written(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        header: &Header,
        response: &WriteTxnMarkersResponse,
    ) {
        let in_flight = &mut self.transactions.channels.in_flight;
        let is_awaited = in_flight
            .get(&broker)
            .is_some_and(|it| it.correlation_id == header.correlation_id);
        if !is_awaited {
            return;
        }
        in_flight.remove(&broker);
        let mut out = Vec::new();
        let coordinator = &mut self.transactions.coordinator;
        coordinator.markers_answered(broker, response, &mut out);
        // What failed is not sent again at once.
        let mut results = response.markers.iter().flat_map(|(_, results)| results);
        let has_failed = results.any(|(_, error)| !error.is_none());
        self.transactions.channels.retry_at = has_failed.then(|| fabric.now.plus_ms(RETRY_MS));
        self.hand_out_transactions(fabric, out);
        self.complete_appends(fabric);
        self.send_markers(fabric);
    }

    /// The connection to a broker is gone.
    pub(super) fn marker_channel_failed(&mut self, fabric: &Fabric, broker: i32) {
        let channels = &mut self.transactions.channels;
        if channels.in_flight.remove(&broker).is_some() {
            channels.retry_at = Some(fabric.now.plus_ms(RETRY_MS));
            self.transactions.coordinator.markers_failed(broker);
        }
    }

    /// It waits no longer for a broker that does not answer: with the
    /// connection goes all that was asked on it.
    pub(in super::super) fn drop_broker(&mut self, fabric: &mut Fabric, broker: i32) {
        let (client, server) = (NodeId::Broker(self.id), NodeId::Broker(broker));
        fabric.close_connection(Connection::general(client, server));
        self.fetcher_failed(fabric, broker);
        self.transaction_channel_failed(fabric, broker);
    }

    /// The connection to a broker is gone, and with it what was asked there
    /// about transactions.
    pub(in super::super) fn transaction_channel_failed(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
    ) {
        self.marker_channel_failed(fabric, broker);
        self.verification_failed(fabric, broker);
    }
}

fn destination(image: &MetadataImage, of: &TopicPartition) -> MarkerDestination {
    match image.partition(of).map(|it| it.leader) {
        Some(Some(leader)) => MarkerDestination::Leader(leader),
        Some(None) => MarkerDestination::NoLeader,
        None => MarkerDestination::NoPartition,
    }
}
