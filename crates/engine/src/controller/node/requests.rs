//! What a controller asks of the others, and how long it waits
//! (`org.apache.kafka.raft.RequestManager`, `KafkaNetworkChannel`).

use super::ControllerNode;
use super::log::OwnFetch;
use crate::collections::BTreeSet;
use crate::controller::consensus::Outgoing;
use crate::protocol::{Header, Request, Response};
use crate::sim::{Channel, Connection, Fabric, NodeId, Time};

/// A request to another controller that is out.
#[derive(Clone, Debug, Hash)]
pub(super) struct Asked {
    correlation_id: i32,
    /// Until when its answer is waited for.
    deadline: Time,
    /// What is asked next: the last of what there was to ask meanwhile.
    next: Option<Request>,
}

impl ControllerNode {
    /// One request at a time to each controller; one that is not answered in
    /// time ends the connection (`controller.quorum.request.timeout.ms`). What
    /// goes to ZooKeeper may wait in line.
    ///
    /// One that has just won does not wait for the last vote before it tells
    /// so (`KafkaRaftClient.resetConnections`): that goes out as soon as the
    /// vote is there.
    pub(super) fn send_all(&mut self, fabric: &mut Fabric, sendings: Vec<Outgoing>) {
        for (to, request) in sendings {
            match to {
                NodeId::Controller(controller) => self.ask_once(fabric, controller, request),
                to => {
                    self.send(fabric, to, request);
                }
            }
        }
    }

    pub(super) fn ask_once(&mut self, fabric: &mut Fabric, controller: i32, request: Request) {
        if let Some(asked) = self.unanswered.get_mut(&controller) {
            asked.next = Some(request);
            return;
        }
        let asked = Asked {
            correlation_id: self.send(fabric, NodeId::Controller(controller), request),
            deadline: self.answer_deadline(fabric.now),
            next: None,
        };
        self.unanswered.insert(controller, asked);
    }

    pub(super) fn send(&mut self, fabric: &mut Fabric, to: NodeId, request: Request) -> i32 {
        let header = Header::next(&mut self.next_correlation_id, &self.client_id);
        let correlation_id = header.correlation_id;
        fabric.request(NodeId::Controller(self.id), to, header, request);
        correlation_id
    }

    pub(super) fn respond(
        &self,
        fabric: &mut Fabric,
        to: NodeId,
        header: Header,
        response: Response,
    ) {
        fabric.respond(NodeId::Controller(self.id), to, header, response);
    }

    /// Until when the answer to what is asked now is waited for.
    pub(super) fn answer_deadline(&self, now: Time) -> Time {
        now.plus_ms(self.config.quorum.request_timeout_ms)
    }

    /// Another controller has answered; what is to be asked of it next.
    pub(super) fn answered(&mut self, controller: i32, correlation_id: i32) -> Option<Request> {
        let asked = self.unanswered.get(&controller)?;
        match asked.correlation_id == correlation_id {
            true => self.unanswered.remove(&controller)?.next,
            false => None,
        }
    }

    /// When it waits no longer for the next of the answers that are out.
    pub(super) fn next_answer_deadline(&self) -> Option<Time> {
        let asked = self.unanswered.values().map(|asked| asked.deadline);
        asked.chain(self.own_fetch.deadline()).min()
    }

    /// It waits no longer for controllers that do not answer in time.
    pub(super) fn close_silent(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let asked = self.unanswered.iter();
        let mut silent: BTreeSet<i32> = asked
            .filter(|(_, asked)| asked.deadline <= now)
            .map(|(controller, _)| *controller)
            .collect();
        if let OwnFetch::InFlight {
            leader, deadline, ..
        } = self.own_fetch
            && deadline <= now
        {
            silent.insert(leader);
        }
        for controller in silent {
            fabric.close_connection(Connection {
                client: NodeId::Controller(self.id),
                server: NodeId::Controller(controller),
                channel: Channel::Quorum,
            });
            self.fetch_failed(now, controller);
            let asked = self.unanswered.remove(&controller);
            if let Some(request) = asked.and_then(|asked| asked.next) {
                self.ask_once(fabric, controller, request);
            }
        }
    }

    pub(super) fn on_server_closed(&mut self, fabric: &mut Fabric, connection: Connection) {
        if let NodeId::Controller(server) = connection.server {
            self.unanswered.remove(&server);
            self.fetch_failed(fabric.now, server);
        }
    }
}
