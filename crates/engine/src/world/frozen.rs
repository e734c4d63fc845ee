//! Processes of clients that stand still (SIGSTOP) and go on (SIGCONT).
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
use crate::sim::Packet;

/// What waits for a process that stands still.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Frozen {
    /// What lies in the buffers of its connections, oldest first.
    arrived: VecDeque<Packet>,
    /// The timers that have gone off.
    due: VecDeque<ClientTimer>,
    /// It was told to close (SIGTERM), which it will hear of when it goes on.
    is_to_close: bool,
}

impl World {
    /// Whether a client's process stands still ([`Command::Freeze`]).
    pub fn is_frozen(&self, client: ClientNumber) -> bool {
        self.frozen.contains_key(&client)
    }

    /// Refuses what a process that stands still would have to do itself.
    pub(super) fn check_frozen(&self, command: &Command) -> Result<(), Refusal> {
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
            self.frozen.insert(number, Frozen::default());
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
        let frozen = process.into_iter().map(|it| (it, self.frozen.remove(&it)));
        let frozen: Vec<(ClientNumber, Frozen)> = frozen
            .filter_map(|(number, frozen)| Some((number, frozen?)))
            .collect();
        for (number, frozen) in frozen {
            for packet in frozen.arrived {
                self.arrive_at_client(number, packet);
            }
            for timer in frozen.due {
                self.client_timer_is_due(number, timer);
            }
            if frozen.is_to_close {
                self.close(number);
            }
        }
    }

    /// Keeps a packet for a process that stands still; gives back one for a
    /// process that runs.
    pub(super) fn hold_packet(&mut self, client: ClientNumber, packet: Packet) -> Option<Packet> {
        match self.frozen.get_mut(&client) {
            Some(frozen) => {
                frozen.arrived.push_back(packet);
                None
            }
            None => Some(packet),
        }
    }

    /// Keeps a timer for a process that stands still, and says whether it did.
    pub(super) fn hold_timer(&mut self, client: ClientNumber, timer: ClientTimer) -> bool {
        let frozen = self.frozen.get_mut(&client);
        frozen.map(|frozen| frozen.due.push_back(timer)).is_some()
    }

    /// Keeps the wish that it closes, and says whether it did.
    pub(super) fn hold_close(&mut self, client: ClientNumber) -> bool {
        let frozen = self.frozen.get_mut(&client);
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
