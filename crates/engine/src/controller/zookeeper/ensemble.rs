//! ZooKeeper: one node that never fails, for an ensemble of which a majority
//! is always there.

use crate::collections::BTreeMap;

use super::SESSION_TIMEOUT_MS;
use crate::controller::quorum::LogEntry;
use crate::event::EventKind;
use crate::protocol::{
    Header, Operation, OperationResult, Payload, Request, Response, SessionId, ZooKeeperRequest,
    ZooKeeperResponse,
};
use crate::sim::{Alarm, Fabric, NodeId, Packet, Scheduled, Time};

/// What ZooKeeper holds: sessions, `/controller`, `/controller_epoch`, and the
/// state of the cluster.
#[derive(Clone, Debug, Default, Hash)]
pub struct ZooKeeper {
    /// When each session expires.
    sessions: BTreeMap<SessionId, Time>,
    controller: Option<SessionId>,
    controller_epoch: i32,
    log: Vec<LogEntry>,
    alarm: Alarm,
}

impl ZooKeeper {
    /// The broker that `/controller` names, if there is the node.
    pub fn controller(&self) -> Option<i32> {
        self.controller.map(|session| session.broker)
    }

    /// `/controller_epoch`.
    pub fn controller_epoch(&self) -> i32 {
        self.controller_epoch
    }

    /// The sessions, each with when it expires if nothing is heard of it.
    pub fn sessions(&self) -> &BTreeMap<SessionId, Time> {
        &self.sessions
    }

    /// The state of the cluster, as the records that have led to it.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }

    /// It runs since before the world began, and has seen these sessions begin,
    /// the first of which has made `/controller`.
    pub(crate) fn begin(&mut self, fabric: &mut Fabric, sessions: &[SessionId], log: &[LogEntry]) {
        let expires = fabric.now.plus_ms(SESSION_TIMEOUT_MS);
        self.sessions = sessions.iter().map(|session| (*session, expires)).collect();
        self.controller = sessions.first().copied();
        self.controller_epoch = 1;
        self.log = log.to_vec();
        self.set_alarm(fabric);
    }

    pub(crate) fn on_packet(&mut self, fabric: &mut Fabric, packet: Packet) {
        // The end of a connection is not the end of a session.
        if let Payload::Request(Request::ZooKeeper(request)) = packet.payload {
            let session = request.session;
            if let Some(result) = self.on_request(fabric, request) {
                tell(fabric, session, packet.header, result);
            }
        }
        self.set_alarm(fabric);
    }

    /// Sessions may have expired.
    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric) {
        self.alarm.went_off();
        let silent = self.sessions.iter().filter(|(_, at)| **at <= fabric.now);
        let silent: Vec<SessionId> = silent.map(|(session, _)| *session).collect();
        for session in silent {
            self.end_session(fabric, session, true);
        }
        self.set_alarm(fabric);
    }

    fn on_request(
        &mut self,
        fabric: &mut Fabric,
        request: ZooKeeperRequest,
    ) -> Option<OperationResult> {
        let session = request.session;
        let expires = fabric.now.plus_ms(SESSION_TIMEOUT_MS);
        if request.operation == Operation::Connect {
            self.sessions.insert(session, expires);
            return Some(OperationResult::Connected);
        }
        let Some(expires_at) = self.sessions.get_mut(&session) else {
            self.tell_refused(fabric, &request);
            return Some(OperationResult::SessionExpired);
        };
        // Whatever is heard is a sign of life.
        *expires_at = expires;
        Some(match request.operation {
            Operation::Connect | Operation::Ping => OperationResult::Pong,
            Operation::Create => self.create_controller(fabric, session),
            Operation::GetData { from } => OperationResult::Data {
                records: self.log[from as usize..].to_vec(),
            },
            Operation::Multi {
                controller_epoch, ..
            } if controller_epoch != self.controller_epoch => {
                self.tell_refused(fabric, &request);
                OperationResult::BadVersion
            }
            Operation::Multi { records, .. } => {
                let epoch = self.controller_epoch;
                self.log
                    .extend(records.into_iter().map(|record| (epoch, record)));
                OperationResult::Written {
                    end_offset: self.log.len() as i64,
                }
            }
            Operation::CloseSession => {
                self.end_session(fabric, session, false);
                return None;
            }
        })
    }

    /// The first to come has it, and its epoch is the next one.
    fn create_controller(&mut self, fabric: &mut Fabric, session: SessionId) -> OperationResult {
        if let Some(controller) = self.controller() {
            return OperationResult::NodeExists {
                controller,
                controller_epoch: self.controller_epoch,
            };
        }
        self.controller = Some(session);
        self.controller_epoch += 1;
        fabric.emit(EventKind::ControllerNodeCreated {
            broker: session.broker,
            epoch: self.controller_epoch,
        });
        self.trigger_watches(fabric, Some(session));
        OperationResult::Created {
            controller_epoch: self.controller_epoch,
        }
    }

    fn end_session(&mut self, fabric: &mut Fabric, session: SessionId, has_expired: bool) {
        self.sessions.remove(&session);
        if self.controller == Some(session) {
            self.controller = None;
            fabric.emit(EventKind::ControllerNodeDeleted {
                broker: session.broker,
                has_expired,
            });
            self.trigger_watches(fabric, None);
        }
    }

    /// All sessions but the one that has brought it about watch `/controller`.
    fn trigger_watches(&self, fabric: &mut Fabric, but: Option<SessionId>) {
        let watchers = self
            .sessions
            .keys()
            .filter(|session| Some(**session) != but);
        for session in watchers {
            let result = OperationResult::ControllerChanged {
                controller: self.controller(),
                controller_epoch: self.controller_epoch,
            };
            tell(fabric, *session, Header::none(), result);
        }
    }

    fn tell_refused(&self, fabric: &mut Fabric, request: &ZooKeeperRequest) {
        if let Operation::Multi {
            controller_epoch, ..
        } = request.operation
        {
            fabric.emit(EventKind::ControllerWriteRefused {
                broker: request.session.broker,
                epoch: controller_epoch,
                current_epoch: self.controller_epoch,
            });
        }
    }

    fn set_alarm(&mut self, fabric: &mut Fabric) {
        let next = self.sessions.values().min().copied();
        self.alarm.set(fabric, next, Scheduled::ZooKeeperTimer);
    }
}

fn tell(fabric: &mut Fabric, session: SessionId, header: Header, result: OperationResult) {
    let response = Response::ZooKeeper(ZooKeeperResponse { session, result });
    let to = NodeId::Controller(session.broker);
    fabric.respond(NodeId::ZooKeeper, to, header, response);
}
