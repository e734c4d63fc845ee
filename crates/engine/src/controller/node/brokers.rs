//! What the active controller says to brokers
//! (`org.apache.kafka.controller.BrokerHeartbeatManager`,
//! `ClusterControlManager`).

use super::ControllerNode;
use crate::controller::partition::NO_LEADER;
use crate::controller::{MetadataRecord, PRODUCER_ID_BLOCK_SIZE};
use crate::protocol::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, AlterPartitionRequest,
    AlterPartitionResponse, AlteredPartition, BrokerHeartbeatRequest, BrokerHeartbeatResponse,
    BrokerRegistrationRequest, BrokerRegistrationResponse, ErrorCode, Response, TopicPartition,
};
use crate::sim::{Fabric, Time};

/// What the active controller knows of a broker besides its registration
/// (`BrokerHeartbeatManager.BrokerHeartbeatState`).
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Session {
    last_contact: Time,
    /// How much of the metadata log the broker has taken in.
    metadata_offset: i64,
    /// For a broker that wants to stop: the offset at which it has given up
    /// all it led, which the others must have taken in before it may go.
    shutdown_offset: Option<i64>,
}

impl Session {
    pub fn new(now: Time) -> Session {
        Session {
            last_contact: now,
            metadata_offset: -1,
            shutdown_offset: None,
        }
    }
}

type Answer = (Response, Vec<MetadataRecord>);

impl ControllerNode {
    /// A new active controller has heard of nobody yet, and gives everybody
    /// time to be heard.
    pub(super) fn begin_sessions(&mut self, now: Time) {
        let unfenced = self.controller.image().brokers.unfenced();
        self.sessions = unfenced.map(|id| (id, Session::new(now))).collect();
    }

    /// When a broker that takes part is fenced if nothing more is heard of it
    /// (`broker.session.timeout.ms`); `None` when it is fenced, or this is not
    /// the active controller.
    pub fn session_expiry(&self, broker: i32) -> Option<Time> {
        if !self.is_active() || self.controller.image().brokers.is_fenced(broker) {
            return None;
        }
        let session = self.sessions.get(&broker)?;
        let timeout_ms = self.config.lease.session_timeout_ms;
        Some(session.last_contact.plus_ms(timeout_ms))
    }

    pub(super) fn next_session_expiry(&self) -> Option<Time> {
        let timeout_ms = self.config.lease.session_timeout_ms;
        let brokers = &self.controller.image().brokers;
        let live = self
            .sessions
            .iter()
            .filter(|(id, _)| !brokers.is_fenced(**id));
        live.map(|(_, session)| session.last_contact.plus_ms(timeout_ms))
            .min()
    }

    /// Fences the brokers that have been silent for too long, one after the
    /// other.
    pub(super) fn expire_sessions(&mut self, fabric: &mut Fabric) {
        if !self.quorum.is_active() {
            return;
        }
        let timeout_ms = self.config.lease.session_timeout_ms;
        while self
            .next_session_expiry()
            .is_some_and(|at| at <= fabric.now)
        {
            let brokers = &self.controller.image().brokers;
            let silent = self.sessions.iter().find(|(id, session)| {
                let expires = session.last_contact.plus_ms(timeout_ms);
                expires <= fabric.now && !brokers.is_fenced(**id)
            });
            let Some((&id, _)) = silent else {
                return;
            };
            self.sessions.remove(&id);
            let records = self.controller.fence_broker(id);
            self.write(records);
        }
    }

    pub(super) fn register(&mut self, now: Time, request: BrokerRegistrationRequest) -> Answer {
        let answer = |error_code, broker_epoch| {
            Response::BrokerRegistration(BrokerRegistrationResponse {
                error_code,
                broker_epoch,
            })
        };
        let id = request.broker_id;
        let known = self.controller.image().brokers.get(id);
        let known = known.map(|known| (known.incarnation_id, known.broker_epoch, known.fenced));
        let mut records = Vec::new();
        if let Some((incarnation_id, broker_epoch, fenced)) = known {
            if incarnation_id == request.incarnation_id {
                return (answer(ErrorCode::None, broker_epoch), records);
            }
            // As long as the last run's session holds, that run may still live.
            if !fenced && self.sessions.contains_key(&id) {
                return (answer(ErrorCode::DuplicateBrokerRegistration, -1), records);
            }
            if !fenced {
                records.extend(self.controller.fence_broker(id));
            }
        }
        let broker_epoch = self.quorum.end_offset() + records.len() as i64;
        let run = (broker_epoch, request.incarnation_id);
        records.push(self.controller.register_broker(id, run, request.rack));
        self.sessions.insert(id, Session::new(now));
        (answer(ErrorCode::None, broker_epoch), records)
    }

    /// Gives a broker a block of producer ids (`ProducerIdControlManager`).
    pub(super) fn allocate_producer_ids(&mut self, request: &AllocateProducerIdsRequest) -> Answer {
        let answer = |error_code, producer_id_start, producer_id_len| {
            Response::AllocateProducerIds(AllocateProducerIdsResponse {
                error_code,
                producer_id_start,
                producer_id_len,
            })
        };
        let (id, broker_epoch) = (request.broker_id, request.broker_epoch);
        if let Err(error_code) = self.check_epoch(id, broker_epoch) {
            return (answer(error_code, -1, 0), Vec::new());
        }
        let (first, record) = self.controller.allocate_producer_ids(id, broker_epoch);
        let block = answer(ErrorCode::None, first, PRODUCER_ID_BLOCK_SIZE);
        (block, vec![record])
    }

    /// What a broker's wish comes to, by what it is now
    /// (`BrokerHeartbeatManager.calculateNextBrokerState`).
    pub(super) fn heartbeat(&mut self, now: Time, request: &BrokerHeartbeatRequest) -> Answer {
        let id = request.broker_id;
        if let Err(error_code) = self.check_epoch(id, request.broker_epoch) {
            return (heartbeat_answer(error_code, false, true, false), Vec::new());
        }
        let session = self.sessions.entry(id).or_insert(Session::new(now));
        session.last_contact = now;
        session.metadata_offset = request.current_metadata_offset;
        let is_caught_up = request.current_metadata_offset > request.broker_epoch;
        let brokers = &self.controller.image().brokers;
        let (fenced, stopping) = (brokers.is_fenced(id), brokers.is_stopping(id));
        let mut records = Vec::new();
        let mut should_shut_down = false;
        if fenced {
            if request.want_shut_down {
                should_shut_down = true;
            } else if !request.want_fence && is_caught_up {
                records = self.controller.unfence_broker(id);
            }
        } else if request.want_shut_down {
            (records, should_shut_down) = self.controlled_shutdown(id, stopping);
        } else if request.want_fence {
            records = self.controller.fence_broker(id);
        }
        let is_fenced = match records.is_empty() {
            true => fenced,
            false => self.controller.image().brokers.is_fenced(id),
        };
        let answer = heartbeat_answer(ErrorCode::None, is_caught_up, is_fenced, should_shut_down);
        (answer, records)
    }

    /// First the broker gives up what it leads; it may go when all others know
    /// of it.
    fn controlled_shutdown(&mut self, id: i32, stopping: bool) -> (Vec<MetadataRecord>, bool) {
        let mut records = Vec::new();
        if !stopping {
            records = self.controller.begin_controlled_shutdown(id);
            let offset = self.quorum.end_offset() + records.len() as i64;
            if let Some(session) = self.sessions.get_mut(&id) {
                session.shutdown_offset = Some(offset);
            }
        }
        let mut partitions = self.controller.image().partitions();
        if partitions.any(|(_, partition)| partition.leader == Some(id)) {
            return (records, false);
        }
        drop(partitions);
        let offset = self
            .sessions
            .get(&id)
            .and_then(|session| session.shutdown_offset);
        let brokers = &self.controller.image().brokers;
        let others = self
            .sessions
            .iter()
            .filter(|(other, _)| **other != id && !brokers.is_fenced(**other));
        let slowest = others.map(|(_, session)| session.metadata_offset).min();
        if slowest.is_some_and(|slowest| slowest < offset.unwrap_or_default()) {
            return (records, false);
        }
        records.extend(self.controller.fence_broker(id));
        (records, true)
    }

    fn check_epoch(&self, id: i32, broker_epoch: i64) -> Result<(), ErrorCode> {
        let known = self.controller.image().brokers.get(id);
        match known {
            None => Err(ErrorCode::BrokerIdNotRegistered),
            Some(known) if known.broker_epoch != broker_epoch => Err(ErrorCode::StaleBrokerEpoch),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn alter_partitions(&mut self, request: AlterPartitionRequest) -> Answer {
        let mut records = Vec::new();
        let mut partitions = Vec::new();
        let checked = self.check_epoch(request.broker_id, request.broker_epoch);
        if checked.is_ok() {
            for (partition, asked) in request.partitions {
                let (error_code, record) = self.controller.alter_partition(&partition, &asked);
                records.extend(record);
                let altered = self.altered(&partition, error_code);
                partitions.push((partition, altered));
            }
        }
        let response = Response::AlterPartition(AlterPartitionResponse {
            error_code: checked.err().unwrap_or(ErrorCode::None),
            partitions,
        });
        (response, records)
    }

    fn altered(&self, partition: &TopicPartition, error_code: ErrorCode) -> AlteredPartition {
        let registration = self.controller.image().partition(partition);
        match registration.filter(|_| error_code.is_none()) {
            Some(registration) => AlteredPartition {
                error_code,
                leader_id: registration.leader.unwrap_or(NO_LEADER),
                leader_epoch: registration.leader_epoch,
                isr: registration.isr.clone(),
                recovering: registration.recovering,
                partition_epoch: registration.partition_epoch,
            },
            None => AlteredPartition {
                error_code,
                leader_id: NO_LEADER,
                leader_epoch: -1,
                isr: Vec::new(),
                recovering: false,
                partition_epoch: -1,
            },
        }
    }
}

fn heartbeat_answer(
    error_code: ErrorCode,
    is_caught_up: bool,
    is_fenced: bool,
    should_shut_down: bool,
) -> Response {
    Response::BrokerHeartbeat(BrokerHeartbeatResponse {
        error_code,
        is_caught_up,
        is_fenced,
        should_shut_down,
    })
}
