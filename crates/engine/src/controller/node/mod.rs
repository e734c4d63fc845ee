//! A controller as a process: it keeps the metadata log with the other
//! controllers, or in ZooKeeper, and when it is the active one answers brokers.

mod administer;
mod balance;
mod brokers;
mod log;
mod requests;
mod unclean;

use crate::collections::BTreeMap;
use std::sync::Arc;

use self::balance::Balance;
use self::brokers::Session;
use self::log::{DelayedFetch, OwnFetch, Waiting};
use self::requests::Asked;
use self::unclean::UncleanElections;
use super::consensus::{Consensus, to_controllers};
use super::quorum::LogEntry;
use super::{Controller, MetadataRecord};
use crate::config::BrokerConfig;
use crate::event::EventKind;
use crate::protocol::{
    AllocateProducerIdsResponse, AlterPartitionResponse, BrokerHeartbeatResponse,
    BrokerRegistrationResponse, EnvelopeResponse, ErrorCode, Header, Payload, Request, Response,
};
use crate::sim::{Alarm, Fabric, NodeId, Packet, Random, Scheduled, Time};

/// A controller (`kafka.server.ControllerServer`).
#[derive(Clone, Debug, Hash)]
pub struct ControllerNode {
    id: i32,
    is_up: bool,
    started_at: Time,
    config: Arc<BrokerConfig>,
    quorum: Consensus,
    controller: Controller,
    /// How much of the log the controller's image holds.
    applied: i64,
    was_leader: bool,
    was_active: bool,
    sessions: BTreeMap<i32, Session>,
    balance: Balance,
    unclean: UncleanElections,
    waiting: Vec<Waiting>,
    delayed_fetches: Vec<DelayedFetch>,
    own_fetch: OwnFetch,
    /// What is asked of each other controller.
    unanswered: BTreeMap<i32, Asked>,
    next_correlation_id: i32,
    client_id: Arc<str>,
    alarm: Alarm,
}

impl ControllerNode {
    pub(crate) fn new(
        id: i32,
        quorum: Consensus,
        config: Arc<BrokerConfig>,
        random: Random,
    ) -> ControllerNode {
        ControllerNode {
            id,
            is_up: false,
            started_at: Time::ZERO,
            quorum,
            controller: Controller::new(config.clone(), random),
            config,
            applied: 0,
            was_leader: false,
            was_active: false,
            sessions: BTreeMap::new(),
            balance: Balance::default(),
            unclean: UncleanElections::default(),
            waiting: Vec::new(),
            delayed_fetches: Vec::new(),
            own_fetch: OwnFetch::Idle,
            unanswered: BTreeMap::new(),
            next_correlation_id: 0,
            client_id: format!("raft-client-{id}").into(),
            alarm: Alarm::default(),
        }
    }

    /// Its `node.id`.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.is_up
    }

    /// Whether it is the active controller.
    pub fn is_active(&self) -> bool {
        self.is_up && self.quorum.is_active()
    }

    /// Its part in the quorum, with the metadata log; or what stands for that
    /// with ZooKeeper.
    pub fn quorum(&self) -> &Consensus {
        &self.quorum
    }

    /// What it knows and decides.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// The process starts.
    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        self.is_up = true;
        self.started_at = fabric.now;
        let sendings = self.quorum.start(fabric.now);
        self.send_all(fabric, sendings);
        self.settle(fabric);
    }

    /// The process is about to end in an orderly way.
    pub(crate) fn close(&mut self, fabric: &mut Fabric) {
        let sendings = self.quorum.close();
        self.send_all(fabric, sendings);
    }

    /// The process ends. What was written stays on its disk.
    pub(crate) fn stop(&mut self, fabric: &mut Fabric) {
        self.is_up = false;
        self.waiting.clear();
        self.sessions.clear();
        self.balance.stop();
        self.unclean.stop();
        self.delayed_fetches.clear();
        self.own_fetch = OwnFetch::Idle;
        self.unanswered.clear();
        self.was_active = false;
        self.rebuild_image();
        self.alarm.cancel(fabric);
    }

    /// It runs since before the world began; `first` is the active one.
    pub(crate) fn begin(&mut self, now: Time, first: i32) {
        self.is_up = true;
        self.quorum.begin(now, first);
        self.was_leader = self.id == first;
        self.was_active = self.id == first;
    }

    /// All controllers hold what the first has written before the world began.
    pub(crate) fn begin_with(&mut self, log: &[LogEntry]) {
        self.quorum.begin_with(log);
        if !self.was_leader {
            self.rebuild_image();
        }
        self.applied = log.len() as i64;
    }

    /// The world begins.
    pub(crate) fn go_on(&mut self, fabric: &mut Fabric) {
        self.settle(fabric);
    }

    /// When the process was started.
    pub(crate) fn started_at(&self) -> Time {
        self.started_at
    }

    /// Registers a broker that is up since before the world began; returns its
    /// broker epoch.
    pub(crate) fn register_running_broker(
        &mut self,
        now: Time,
        id: i32,
        rack: Option<String>,
    ) -> i64 {
        let broker_epoch = self.quorum.end_offset();
        let registered = self.controller.register_broker(id, (broker_epoch, 0), rack);
        let mut records = vec![registered];
        records.extend(self.controller.unfence_broker(id));
        self.quorum.append(records);
        self.applied = self.quorum.end_offset();
        self.sessions.insert(id, Session::new(now));
        broker_epoch
    }

    pub(crate) fn on_packet(&mut self, fabric: &mut Fabric, packet: Packet) {
        let connection = packet.connection();
        let Packet {
            from,
            header,
            payload,
            ..
        } = packet;
        match payload {
            Payload::Request(request) => self.on_request(fabric, from, header, request),
            Payload::Response(response) => self.on_response(fabric, from, &header, response),
            Payload::ClientClosed => self.forget(from),
            Payload::ServerClosed => self.on_server_closed(fabric, connection),
        }
        self.settle(fabric);
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric) {
        self.alarm.went_off();
        self.close_silent(fabric);
        let sendings = self.quorum.on_deadline(fabric.now);
        self.send_all(fabric, sendings);
        self.expire_sessions(fabric);
        self.balance_leaders(fabric.now);
        self.elect_unclean_leaders(fabric.now);
        self.settle(fabric);
    }

    fn on_request(&mut self, fabric: &mut Fabric, from: NodeId, header: Header, request: Request) {
        let now = fabric.now;
        let response = match request {
            Request::Vote(request) => Response::Vote(self.quorum.quorum().on_vote(now, &request)),
            Request::BeginQuorumEpoch(request) => {
                Response::BeginQuorumEpoch(self.quorum.quorum().on_begin_epoch(now, &request))
            }
            Request::FetchMetadata(request) => {
                return self.on_fetch(fabric, from, header, request);
            }
            request => return self.on_cluster_request(fabric, from, header, request),
        };
        self.respond(fabric, from, header, response);
    }

    /// What only the active controller answers.
    fn on_cluster_request(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: Request,
    ) {
        let refusal = refusal(&request);
        if !self.quorum.is_active() {
            return self.respond(fabric, from, header, refusal);
        }
        let (response, records) = match request {
            Request::BrokerRegistration(request) => self.register(fabric.now, request),
            Request::BrokerHeartbeat(request) => self.heartbeat(fabric.now, &request),
            Request::AlterPartition(request) => self.alter_partitions(request),
            Request::AllocateProducerIds(request) => self.allocate_producer_ids(&request),
            Request::Envelope(request) => self.administer(*request.request),
            other => unreachable!("{} is not for a controller", other.api()),
        };
        self.write(records);
        self.waiting.push(Waiting {
            offset: self.quorum.end_offset(),
            from,
            header,
            response,
            refusal,
        });
    }

    fn write(&mut self, records: Vec<MetadataRecord>) {
        if !records.is_empty() {
            self.quorum.append(records);
            self.applied = self.quorum.end_offset();
            self.balance.note_change();
            self.unclean.note_change();
        }
    }

    fn on_response(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: &Header,
        response: Response,
    ) {
        let now = fabric.now;
        if let Response::ZooKeeper(response) = response {
            let sendings = self.quorum.on_zookeeper(now, response);
            return self.send_all(fabric, sendings);
        }
        let NodeId::Controller(from) = from else {
            return;
        };
        let next = self.answered(from, header.correlation_id);
        match response {
            Response::Vote(response) => {
                let sendings = self.quorum.quorum().on_voted(now, from, &response);
                self.send_all(fabric, to_controllers(sendings));
            }
            Response::BeginQuorumEpoch(response) => {
                self.quorum.quorum().on_epoch_begun(now, from, &response);
            }
            Response::FetchMetadata(response) => self.on_fetched(now, from, header, response),
            _ => {}
        }
        if let Some(request) = next {
            self.ask_once(fabric, from, request);
        }
    }

    /// Brings everything in line with the quorum after something has happened.
    fn settle(&mut self, fabric: &mut Fabric) {
        if !self.is_up {
            return;
        }
        self.follow_quorum(fabric);
        let writes = self.quorum.writes();
        self.send_all(fabric, writes);
        self.answer_committed(fabric);
        self.answer_fetches(fabric);
        self.fetch(fabric);
        let next = [
            self.quorum.next_deadline(),
            self.next_session_expiry(),
            self.next_fetch_deadline(),
            self.next_answer_deadline(),
            self.plan_balance(fabric.now),
            self.plan_unclean_elections(fabric.now),
        ];
        let next = next.into_iter().flatten().min();
        self.alarm
            .set(fabric, next, Scheduled::ControllerTimer(self.id));
    }

    /// Takes in what has been committed, and notices when it has become, or
    /// ceased to be, the active controller.
    fn follow_quorum(&mut self, fabric: &mut Fabric) {
        let leads = self.quorum.leader() == Some(self.id);
        if self.was_leader && !leads {
            self.rebuild_image();
            self.sessions.clear();
            self.balance.stop();
            self.unclean.stop();
            self.refuse_waiting(fabric);
        }
        self.was_leader = leads;
        let known = match leads {
            true => self.quorum.end_offset(),
            false => self.quorum.high_watermark(),
        };
        for (_, record) in &self.quorum.log()[self.applied as usize..known as usize] {
            self.controller.replay(record);
        }
        self.applied = known;
        let is_active = self.quorum.is_active();
        if is_active && !self.was_active {
            self.begin_sessions(fabric.now);
            self.balance.note_change();
            self.unclean.note_change();
            fabric.emit(EventKind::ControllerElected {
                controller: self.id,
                epoch: self.quorum.epoch(),
            });
        }
        self.was_active = is_active;
    }

    /// What was not committed may have been for nothing.
    fn rebuild_image(&mut self) {
        let committed = self.quorum.high_watermark();
        let log = &self.quorum.log()[..committed as usize];
        self.controller
            .replay_all(log.iter().map(|(_, record)| record));
        self.applied = committed;
        self.was_leader = false;
    }

    /// Another process has gone: nobody waits for its answers.
    fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|waiting| waiting.from != node);
        self.delayed_fetches.retain(|fetch| fetch.from != node);
    }
}

/// How a controller that is not active answers.
fn refusal(request: &Request) -> Response {
    let error_code = ErrorCode::NotController;
    match request {
        Request::BrokerRegistration(_) => {
            Response::BrokerRegistration(BrokerRegistrationResponse {
                error_code,
                broker_epoch: -1,
            })
        }
        Request::BrokerHeartbeat(_) => Response::BrokerHeartbeat(BrokerHeartbeatResponse {
            error_code,
            is_caught_up: false,
            is_fenced: true,
            should_shut_down: false,
        }),
        Request::AlterPartition(_) => Response::AlterPartition(AlterPartitionResponse {
            error_code,
            partitions: Vec::new(),
        }),
        Request::AllocateProducerIds(_) => {
            Response::AllocateProducerIds(AllocateProducerIdsResponse {
                error_code,
                producer_id_start: -1,
                producer_id_len: 0,
            })
        }
        _ => Response::Envelope(EnvelopeResponse {
            error_code,
            response: None,
        }),
    }
}
