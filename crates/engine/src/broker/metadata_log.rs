//! Reading the metadata log from the active controller (KIP-595, as an
//! observer).

use super::Broker;
use crate::controller::quorum::FETCH_MAX_WAIT_MS;
use crate::protocol::{FetchMetadataRequest, FetchMetadataResponse, Header, NoOps, Request};
use crate::sim::{Channel, Connection, Fabric, NodeId, Time};

/// How a broker reads the metadata log.
#[derive(Clone, Debug, Hash)]
pub(super) struct MetadataReader {
    voters: Vec<i32>,
    /// Which of the voters is asked.
    target: i32,
    /// The active controller, as far as is known: whoever is silent stays it
    /// until another is heard of.
    leader: Option<i32>,
    /// In which epoch.
    leader_epoch: i32,
    in_flight: Option<(i32, Time)>,
    retry_at: Option<Time>,
    /// How much of the log was read.
    pub offset: i64,
    /// The last `NoOpRecord` that was read.
    no_ops_read: NoOps,
}

/// How long it waits before it asks the next controller, in milliseconds.
const RETRY_MS: i64 = 100;

impl MetadataReader {
    pub fn new(voters: Vec<i32>) -> MetadataReader {
        MetadataReader {
            target: voters[0],
            voters,
            leader: None,
            leader_epoch: 0,
            in_flight: None,
            retry_at: None,
            offset: 0,
            no_ops_read: NoOps::default(),
        }
    }

    /// The active controller, as far as is known.
    pub fn leader(&self) -> Option<i32> {
        self.leader
    }

    /// Starts out with what is known already.
    pub fn begin(&mut self, leader: i32, offset: i64) {
        self.target = leader;
        self.leader = Some(leader);
        self.offset = offset;
    }

    /// The process ends: what it has read stays.
    pub fn stop(&mut self) {
        self.leader = None;
        self.leader_epoch = 0;
        self.in_flight = None;
        self.retry_at = None;
        self.no_ops_read = NoOps::default();
    }

    pub fn next_deadline(&self) -> Option<Time> {
        let deadline = self.in_flight.map(|(_, deadline)| deadline);
        deadline.into_iter().chain(self.retry_at).min()
    }

    /// The connection to a controller is gone: the next one is asked, whether
    /// there is another leader meanwhile.
    pub fn failed(&mut self, now: Time, controller: i32) {
        if controller == self.target {
            self.in_flight = None;
            self.ask_next(now);
        }
    }

    fn ask_next(&mut self, now: Time) {
        self.retry_at = Some(now.plus_ms(RETRY_MS));
        let next = self.voters.iter().position(|voter| *voter == self.target);
        let next = next.map_or(0, |index| (index + 1) % self.voters.len());
        self.target = self.voters[next];
    }

    /// What an answer says of who leads. Of what was before it says nothing new
    /// (`KafkaRaftClient.maybeHandleCommonResponse`).
    fn learn_leader(&mut self, now: Time, response: &FetchMetadataResponse) {
        let (epoch, is_leader) = (response.leader_epoch, response.error_code.is_none());
        let leader = match is_leader {
            true => Some(self.target),
            false => Some(response.leader_id).filter(|id| *id >= 0),
        };
        let is_news = epoch > self.leader_epoch || self.leader.is_none();
        if epoch >= self.leader_epoch && (is_leader || is_news) {
            self.leader = leader;
            self.leader_epoch = epoch;
        }
        match self.leader {
            Some(leader) if leader == self.target && is_leader => {}
            Some(leader) if leader != self.target => {
                self.retry_at = Some(now.plus_ms(RETRY_MS));
                self.target = leader;
            }
            _ => self.ask_next(now),
        }
    }
}

impl Broker {
    /// Asks for more, unless a question is out or it has to wait; gives up on
    /// a controller that does not answer.
    pub(super) fn read_metadata(&mut self, fabric: &mut Fabric) {
        let reader = &mut self.metadata_reader;
        if let Some((_, deadline)) = reader.in_flight {
            if deadline > fabric.now {
                return;
            }
            let controller = reader.target;
            fabric.close_connection(Connection {
                client: NodeId::Broker(self.id),
                server: NodeId::Controller(controller),
                channel: Channel::Quorum,
            });
            reader.failed(fabric.now, controller);
        }
        let reader = &mut self.metadata_reader;
        if reader.retry_at.is_some_and(|at| at > fabric.now) {
            return;
        }
        reader.retry_at = None;
        let target = reader.target;
        let request = Request::FetchMetadata(FetchMetadataRequest {
            replica_id: self.id,
            is_voter: false,
            current_leader_epoch: -1,
            fetch_offset: reader.offset,
            last_fetched_epoch: -1,
            no_ops_read: reader.no_ops_read,
            max_wait_ms: FETCH_MAX_WAIT_MS,
        });
        let timeout_ms = self.config.quorum.request_timeout_ms;
        let deadline = fabric.now.plus_ms(timeout_ms);
        let correlation_id = self.ask(fabric, NodeId::Controller(target), request);
        self.metadata_reader.in_flight = Some((correlation_id, deadline));
    }

    pub(super) fn on_metadata_fetched(
        &mut self,
        fabric: &mut Fabric,
        controller: i32,
        header: &Header,
        response: FetchMetadataResponse,
    ) {
        let reader = &mut self.metadata_reader;
        let is_current = reader.target == controller
            && reader
                .in_flight
                .is_some_and(|(correlation_id, _)| correlation_id == header.correlation_id);
        if !is_current {
            return;
        }
        reader.in_flight = None;
        reader.learn_leader(fabric.now, &response);
        if response.error_code.is_none() {
            self.metadata_reader.no_ops_read = response.no_ops;
        }
        self.metadata_reader.offset += response.records.len() as i64;
        self.apply(fabric, response.records.iter().map(|(_, record)| record));
        if !response.records.is_empty() {
            self.on_image_advanced(fabric);
        }
        self.run_channels(fabric);
        self.read_metadata(fabric);
    }
}
