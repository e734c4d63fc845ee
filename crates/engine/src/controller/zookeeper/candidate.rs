//! A broker's part: it keeps a session, and tries to be the controller whenever
//! there is none (`kafka.zk.KafkaZkClient`, `KafkaController.elect`).
//!
//! What it sends arrives some time, since ZooKeeper never fails and the
//! connection is TCP: nothing is ever sent again.

use super::{PING_INTERVAL_MS, SESSION_TIMEOUT_MS};
use crate::controller::MetadataRecord;
use crate::controller::quorum::{LogEntry, read_committed};
use crate::protocol::{
    ErrorCode, FetchMetadataRequest, FetchMetadataResponse, NoOps, Operation, OperationResult,
    SessionId, ZooKeeperRequest, ZooKeeperResponse,
};
use crate::sim::Time;

/// How far a broker has come on its way to be the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It waits for its session with ZooKeeper to begin.
    Connecting,
    /// It has asked for `/controller` to be made.
    Creating,
    /// Another is the controller.
    Standby,
    /// It has made `/controller`, and reads the cluster's state.
    Reading,
    /// It is the controller.
    Active,
}

/// One broker's part in the election of the controller.
#[derive(Clone, Debug, Hash)]
pub struct Candidate {
    session: SessionId,
    standing: Standing,
    /// Who is the controller, as far as it has heard.
    controller: Option<i32>,
    epoch: i32,
    log: Vec<LogEntry>,
    /// How much of the log ZooKeeper is known to have.
    high_watermark: i64,
    /// How much of the log was sent to ZooKeeper.
    sent: i64,
    /// When the last sign of life was sent that is answered.
    answered_at: Time,
    /// When the one was sent that is not answered yet.
    asked_at: Option<Time>,
}

impl Candidate {
    /// The part of this broker, before it has started.
    pub fn new(id: i32) -> Candidate {
        Candidate {
            session: SessionId {
                broker: id,
                number: 0,
            },
            standing: Standing::Connecting,
            controller: None,
            epoch: 0,
            log: Vec::new(),
            high_watermark: 0,
            sent: 0,
            answered_at: Time::ZERO,
            asked_at: None,
        }
    }

    /// Its session with ZooKeeper, the present one or the one it asks for.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// How far it has come.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The epoch of the controller it has last heard of.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// The controller, as far as it has heard.
    pub fn leader(&self) -> Option<i32> {
        self.controller
    }

    /// Whether it is the controller and knows the cluster.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// The state of the cluster as it was last read or written.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }

    /// How much of the log ZooKeeper is known to have.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// The process starts, and with it a session.
    pub fn start(&mut self, now: Time) -> Vec<ZooKeeperRequest> {
        self.resign();
        self.connect(now)
    }

    /// It runs since before the world began; `first` is the controller.
    pub(crate) fn begin(&mut self, now: Time, first: i32) {
        self.session.number = 1;
        self.controller = Some(first);
        self.epoch = 1;
        self.answered_at = now;
        self.standing = match first == self.session.broker {
            true => Standing::Active,
            false => Standing::Standby,
        };
    }

    /// ZooKeeper has this log.
    pub(crate) fn begin_with(&mut self, log: &[LogEntry]) {
        self.log = log.to_vec();
        self.high_watermark = log.len() as i64;
        self.sent = self.high_watermark;
    }

    /// The process ends in an orderly way.
    pub fn close(&self) -> Vec<ZooKeeperRequest> {
        self.ask(Operation::CloseSession)
    }

    /// When it next does something by itself: it pings, or gives its session
    /// up.
    pub fn next_deadline(&self) -> Option<Time> {
        let wait_ms = match self.asked_at {
            _ if self.standing == Standing::Connecting => return None,
            None => PING_INTERVAL_MS,
            Some(_) => SESSION_TIMEOUT_MS,
        };
        Some(self.answered_at.plus_ms(wait_ms))
    }

    /// Something is due.
    pub fn on_deadline(&mut self, now: Time) -> Vec<ZooKeeperRequest> {
        if self.next_deadline().is_none_or(|at| at > now) {
            return Vec::new();
        }
        match self.asked_at {
            None => {
                self.asked_at = Some(now);
                self.ask(Operation::Ping)
            }
            // ZooKeeper may have dropped the session, and another may be the
            // controller.
            Some(_) => {
                self.resign();
                self.connect(now)
            }
        }
    }

    /// ZooKeeper has answered, or told of `/controller`.
    pub fn on_response(&mut self, now: Time, response: ZooKeeperResponse) -> Vec<ZooKeeperRequest> {
        if response.session != self.session {
            return Vec::new();
        }
        match response.result {
            OperationResult::Connected => {
                self.note_answer();
                // What was under way for so long may have expired already.
                let is_old = self.answered_at.plus_ms(SESSION_TIMEOUT_MS) <= now;
                return match is_old {
                    true => self.connect(now),
                    false => self.create(),
                };
            }
            OperationResult::Pong => self.note_answer(),
            OperationResult::Created { controller_epoch } => {
                self.standing = Standing::Reading;
                self.controller = Some(self.session.broker);
                self.epoch = controller_epoch;
                let from = self.high_watermark;
                return self.ask(Operation::GetData { from });
            }
            OperationResult::Data { records } => {
                self.log.extend(records);
                let log = std::mem::take(&mut self.log);
                self.begin_with(&log);
                self.standing = Standing::Active;
            }
            OperationResult::Written { end_offset } => self.high_watermark = end_offset,
            OperationResult::NodeExists {
                controller,
                controller_epoch,
            } => self.stand_by(Some(controller), controller_epoch),
            OperationResult::ControllerChanged {
                controller,
                controller_epoch,
            } => {
                self.stand_by(controller, controller_epoch);
                if controller.is_none() {
                    return self.create();
                }
            }
            OperationResult::BadVersion => self.resign(),
            OperationResult::SessionExpired => {
                self.resign();
                return self.connect(now);
            }
        }
        Vec::new()
    }

    /// Decides something as the controller. It is committed once ZooKeeper has
    /// it.
    ///
    /// # Panics
    ///
    /// When it is not the controller.
    pub fn append(&mut self, records: Vec<MetadataRecord>) {
        assert!(self.is_active(), "only the controller writes");
        let epoch = self.epoch;
        self.log
            .extend(records.into_iter().map(|record| (epoch, record)));
    }

    /// What was decided and ZooKeeper was not told yet.
    pub fn writes(&mut self) -> Vec<ZooKeeperRequest> {
        let unsent = &self.log[self.sent as usize..];
        if unsent.is_empty() {
            return Vec::new();
        }
        let records = unsent.iter().map(|(_, record)| record.clone()).collect();
        self.sent = self.log.len() as i64;
        self.ask(Operation::Multi {
            controller_epoch: self.epoch,
            records,
        })
    }

    /// Answers a broker that reads the state of the cluster. `None` when there
    /// is nothing new and it may wait.
    pub fn on_fetch(
        &self,
        request: &FetchMetadataRequest,
        may_wait: bool,
    ) -> Option<FetchMetadataResponse> {
        let is_active = self.is_active();
        let response = FetchMetadataResponse {
            error_code: match is_active {
                true => ErrorCode::None,
                false => ErrorCode::NotLeaderOrFollower,
            },
            leader_epoch: self.epoch,
            leader_id: self.controller.unwrap_or(-1),
            diverging_epoch: None,
            high_watermark: self.high_watermark,
            no_ops: NoOps::default(),
            records: Vec::new(),
        };
        match is_active {
            true => {
                let committed = &self.log[..self.high_watermark as usize];
                read_committed(committed, request, may_wait, response)
            }
            false => Some(response),
        }
    }

    fn connect(&mut self, now: Time) -> Vec<ZooKeeperRequest> {
        self.session.number += 1;
        self.standing = Standing::Connecting;
        self.asked_at = Some(now);
        self.ask(Operation::Connect)
    }

    /// Counts the session from when the sign of life was sent: ZooKeeper cannot
    /// have begun to count before.
    fn note_answer(&mut self) {
        self.answered_at = self.asked_at.take().unwrap_or(self.answered_at);
    }

    fn create(&mut self) -> Vec<ZooKeeperRequest> {
        self.standing = Standing::Creating;
        self.ask(Operation::Create)
    }

    /// It is not the controller any more, if it was, and does not know who is.
    /// What ZooKeeper has not confirmed it takes back; if ZooKeeper has it all
    /// the same, it is read with the rest.
    fn resign(&mut self) {
        self.standing = Standing::Standby;
        self.controller = None;
        self.log.truncate(self.high_watermark as usize);
        self.sent = self.high_watermark;
    }

    fn stand_by(&mut self, controller: Option<i32>, epoch: i32) {
        self.resign();
        self.controller = controller;
        self.epoch = epoch;
    }

    fn ask(&self, operation: Operation) -> Vec<ZooKeeperRequest> {
        let session = self.session;
        vec![ZooKeeperRequest { session, operation }]
    }
}
