//! Processes of clients and servers that stand still (SIGSTOP, or a long pause
//! of the JVM) and go on (SIGCONT).
//!
//! A process that stands still does nothing and hears nothing, while its
//! operating system keeps its connections: what arrives lies in their buffers.
//! When it goes on, it reads what has arrived before it looks at its timeouts,
//! as `NetworkClient.poll` does.

use std::collections::VecDeque;

use super::World;
use crate::client::ClientTimer;
use crate::command::{ClientNumber, Command, Refusal};
use crate::event::{ClientNames, EventKind};
use crate::sim::{NodeId, Packet};

/// What waits for a process that stands still.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Frozen {
    /// What lies in the buffers of its connections, oldest first.
    arrived: VecDeque<Packet>,
    /// The timers that have gone off.
    due: VecDeque<Due>,
    /// It was told to close (SIGTERM), which it will hear of when it goes on.
    is_to_close: bool,
}

/// A timer that has gone off.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) enum Due {
    Client(ClientTimer),
    /// A server has but one, and looks itself at what is due.
    Server,
}

impl World {
    /// Whether a client's process stands still ([`Command::Freeze`]).
    pub fn is_frozen(&self, client: ClientNumber) -> bool {
        self.frozen.contains_key(&NodeId::Client(client))
    }

    /// Whether a broker or a controller stands still
    /// ([`Command::FreezeServer`]).
    pub fn is_server_frozen(&self, id: i32) -> bool {
        let mut process = self.server_process(id);
        process.any(|node| self.frozen.contains_key(&node))
    }

    /// Refuses what a process that stands still would have to do itself.
    pub(super) fn check_frozen(&self, command: &Command) -> Result<(), Refusal> {
        if let Command::FreezeServer { server: id } | Command::LoseDisk { broker: id } = command
            && self.is_server_frozen(*id)
        {
            return Err(Refusal::ServerIsFrozen(*id));
        }
        match acts(command).filter(|client| self.is_frozen(*client)) {
            Some(client) => Err(Refusal::ClientIsFrozen(client)),
            None => Ok(()),
        }
    }

    pub(super) fn check_thaw(&self, client: ClientNumber) -> Result<(), Refusal> {
        match self.is_frozen(client) {
            true => Ok(()),
            false => Err(Refusal::ClientRuns(client)),
        }
    }

    pub(super) fn freeze(&mut self, client: ClientNumber) {
        for number in self.process_of(client) {
            let node = NodeId::Client(number);
            self.frozen.insert(node, Frozen::default());
        }
        let client_id = self.name(client);
        self.fabric
            .emit(EventKind::ClientFrozen { client, client_id });
    }

    /// The process goes on: first with what has arrived, then with what is due.
    pub(super) fn thaw(&mut self, client: ClientNumber) {
        let process = self.process_of(client);
        let client_id = self.name(client);
        self.fabric
            .emit(EventKind::ClientThawed { client, client_id });
        self.go_on(process.into_iter().map(NodeId::Client).collect());
    }

    pub(super) fn freeze_server(&mut self, id: i32) {
        let process: Vec<NodeId> = self.server_process(id).collect();
        for node in process {
            self.frozen.insert(node, Frozen::default());
        }
        self.fabric.emit(EventKind::ServerFrozen { server: id });
    }

    pub(super) fn thaw_server(&mut self, id: i32) {
        self.fabric.emit(EventKind::ServerThawed { server: id });
        self.go_on(self.server_process(id).collect());
    }

    /// The broker of this id, and the controller that shares its process, or a
    /// controller alone.
    fn server_process(&self, id: i32) -> impl Iterator<Item = NodeId> + use<> {
        let broker = self.brokers.contains_key(&id);
        let controller = self.controllers.contains_key(&id);
        let broker = broker.then_some(NodeId::Broker(id)).into_iter();
        broker.chain(controller.then_some(NodeId::Controller(id)))
    }

    /// The nodes of a process hear of what has come meanwhile.
    fn go_on(&mut self, process: Vec<NodeId>) {
        let frozen = process.into_iter().map(|it| (it, self.frozen.remove(&it)));
        let frozen: Vec<(NodeId, Frozen)> = frozen
            .filter_map(|(node, frozen)| Some((node, frozen?)))
            .collect();
        for (node, frozen) in frozen {
            for packet in frozen.arrived {
                self.arrive_at(packet);
            }
            for due in frozen.due {
                self.timer_is_due(node, due);
            }
            if frozen.is_to_close {
                self.close_node(node);
            }
        }
    }

    fn close_node(&mut self, node: NodeId) {
        match node {
            NodeId::Client(number) => self.close(number),
            NodeId::Broker(id) => self.shut_down_broker(id),
            NodeId::Controller(_) | NodeId::ZooKeeper => {}
        }
    }

    /// Keeps a packet for a process that stands still; gives back one for a
    /// process that runs.
    pub(super) fn hold_packet(&mut self, packet: Packet) -> Option<Packet> {
        match self.frozen.get_mut(&packet.to) {
            Some(frozen) => {
                frozen.arrived.push_back(packet);
                None
            }
            None => Some(packet),
        }
    }

    /// Keeps a timer for a process that stands still, and says whether it did.
    pub(super) fn hold_timer(&mut self, node: NodeId, due: Due) -> bool {
        let frozen = self.frozen.get_mut(&node);
        frozen.map(|frozen| frozen.due.push_back(due)).is_some()
    }

    /// Keeps the wish that it closes, and says whether it did.
    pub(super) fn hold_close(&mut self, node: NodeId) -> bool {
        let frozen = self.frozen.get_mut(&node);
        frozen.map(|frozen| frozen.is_to_close = true).is_some()
    }
}

/// The client whose own program carries the command out.
fn acts(command: &Command) -> Option<ClientNumber> {
    Some(match command {
        Command::SetWorkload { producer, .. }
        | Command::Send { producer, .. }
        | Command::Poll { producer }
        | Command::Flush { producer }
        | Command::Transaction { producer, .. }
        | Command::CloseWithoutFlush { producer } => *producer,
        Command::SetAcknowledging { consumer, .. }
        | Command::SetShareProcessing { consumer, .. }
        | Command::Acknowledge { consumer, .. }
        | Command::Subscribe { consumer, .. }
        | Command::SetProcessing { consumer, .. }
        | Command::Seek { consumer, .. }
        | Command::Pause { consumer, .. }
        | Command::Resume { consumer, .. }
        | Command::Commit { consumer, .. }
        | Command::OffsetsForTimes { consumer, .. } => *consumer,
        Command::AdminCall { admin, .. } => *admin,
        Command::Freeze { client } => *client,
        _ => return None,
    })
}
