use super::{EventQueue, Latency, Network, NodeId, PacketId, Time, TimerHandle};
use crate::client::ClientTimer;
use crate::event::{Cause, Event, EventKind};
use crate::protocol::{Header, Payload};

/// What is scheduled to happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheduled {
    /// A packet reaches its receiver.
    Arrival(PacketId),
    /// A fetch has waited `max_wait_ms`, or a group's timer is due.
    BrokerTimer(i32),
    /// A client's own timer fires.
    ClientTimer(u32, ClientTimer),
}

/// What all nodes share: the instant it is, the network between them, what is
/// still to happen, and the list of what has happened. A node is handed it for
/// as long as it acts, and reaches nothing else.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Fabric {
    /// The instant it is.
    pub now: Time,
    /// The seed that every stream of random numbers starts from.
    pub seed: u64,
    /// Epoch milliseconds at the beginning of virtual time.
    epoch_ms: i64,
    /// What happens next.
    pub queue: EventQueue<Scheduled>,
    /// What is in flight.
    pub network: Network,
    /// Why the present node acts.
    pub cause: Cause,
    /// What has happened since the events were last taken.
    pub events: Vec<Event>,
}

impl Fabric {
    pub fn new(seed: u64, epoch_ms: i64, latency: Latency) -> Fabric {
        Fabric {
            now: Time::ZERO,
            seed,
            epoch_ms,
            queue: EventQueue::default(),
            network: Network::new(seed, latency),
            cause: Cause::Start,
            events: Vec::new(),
        }
    }

    /// The present instant as a record's timestamp, in epoch milliseconds.
    pub fn timestamp_ms(&self) -> i64 {
        self.epoch_ms + self.now.as_ms() as i64
    }

    /// Puts a packet on the network.
    pub fn send(&mut self, from: NodeId, to: NodeId, header: Header, payload: Payload) {
        let (id, arrival) = self.network.send(self.now, from, to, header, payload);
        self.queue.push(arrival, Scheduled::Arrival(id));
    }

    /// Sets a client's timer.
    pub fn client_timer(&mut self, at: Time, client: u32, timer: ClientTimer) -> TimerHandle {
        self.queue.push(at, Scheduled::ClientTimer(client, timer))
    }

    /// Notes that something happened.
    pub fn emit(&mut self, kind: EventKind) {
        self.events.push(Event {
            at: self.now,
            cause: self.cause.clone(),
            kind,
        });
    }
}
