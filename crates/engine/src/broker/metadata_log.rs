//! Reading the metadata log from the active controller (KIP-595, as an
//! observer).

use super::Broker;
use crate::controller::quorum::FETCH_MAX_WAIT_MS;
use crate::protocol::{FetchMetadataRequest, FetchMetadataResponse, Header, Request};
use crate::sim::{Fabric, NodeId, Time};

/// How a broker reads the metadata log.
#[derive(Clone, Debug, Hash)]
pub(super) struct MetadataReader {
    voters: Vec<i32>,
    /// Which of the voters is asked.
    target: i32,
    /// The active controller, as far as is known.
    leader: Option<i32>,
    in_flight: Option<(i32, Time)>,
    retry_at: Option<Time>,
    /// How much of the log was read.
    pub offset: i64,
}

/// How long it waits before it asks the next controller, in milliseconds.
const RETRY_MS: i64 = 100;

impl MetadataReader {
    pub fn new(voters: Vec<i32>) -> MetadataReader {
        MetadataReader {
            target: voters[0],
            voters,
            leader: None,
            in_flight: None,
            retry_at: None,
            offset: 0,
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
        self.in_flight = None;
        self.retry_at = None;
    }

    pub fn next_deadline(&self) -> Option<Time> {
        let deadline = self.in_flight.map(|(_, deadline)| deadline);
        deadline.into_iter().chain(self.retry_at).min()
    }

    /// It was told that its controller is not the active one.
    pub fn lose_leader(&mut self, now: Time) {
        self.leader = None;
        if self.in_flight.is_none() {
            self.retry_at = Some(now.plus_ms(RETRY_MS));
        }
    }

    /// The connection to a controller is gone: the next one is asked.
    pub fn failed(&mut self, now: Time, controller: i32) {
        if controller != self.target {
            return;
        }
        self.leader = None;
        self.in_flight = None;
        self.retry_at = Some(now.plus_ms(RETRY_MS));
        let next = self.voters.iter().position(|voter| *voter == controller);
        let next = next.map_or(0, |index| (index + 1) % self.voters.len());
        self.target = self.voters[next];
    }

    fn learn_leader(&mut self, now: Time, response: &FetchMetadataResponse) {
        if response.error_code.is_none() {
            self.leader = Some(self.target);
            return;
        }
        self.leader = None;
        self.retry_at = Some(now.plus_ms(RETRY_MS));
        if response.leader_id >= 0 && response.leader_id != self.target {
            self.target = response.leader_id;
        } else {
            self.failed(now, self.target);
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
            self.drop_controller(fabric, controller);
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
            max_wait_ms: FETCH_MAX_WAIT_MS,
        });
        let timeout_ms = self.config.quorum.fetch_timeout_ms;
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
        self.metadata_reader.offset += response.records.len() as i64;
        self.apply(fabric, response.records.iter().map(|(_, record)| record));
        if !response.records.is_empty() {
            self.on_image_advanced(fabric);
        }
        self.run_channels(fabric);
        self.read_metadata(fabric);
    }
}
