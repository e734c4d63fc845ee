use super::network::Connection;
use super::{
    Channel, EventQueue, Host, Latency, Link, Network, NodeId, PacketId, Time, TimerHandle,
};
use crate::client::ClientTimer;
use crate::event::{Cause, Event, EventKind};
use crate::protocol::{Header, Payload, Request, Response};

/// What is scheduled to happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheduled {
    /// A packet reaches its receiver.
    Arrival(PacketId),
    /// Something of a broker's is due.
    BrokerTimer(i32),
    /// Something of a controller's is due.
    ControllerTimer(i32),
    /// A session with ZooKeeper may expire.
    ZooKeeperTimer,
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

    /// Epoch milliseconds at the beginning of virtual time.
    pub fn epoch_ms(&self) -> i64 {
        self.epoch_ms
    }

    /// The present instant as a record's timestamp, in epoch milliseconds.
    pub fn timestamp_ms(&self) -> i64 {
        self.epoch_ms + self.now.as_ms() as i64
    }

    /// Sends a request to a server, on the connection that the sender opened
    /// for such.
    pub fn request(&mut self, from: NodeId, to: NodeId, header: Header, request: Request) {
        let connection = Connection {
            client: from,
            server: to,
            channel: Channel::of_request(&request),
        };
        self.send(connection, from, header, Payload::Request(request));
    }

    /// Sends a response to who asked.
    pub fn respond(&mut self, from: NodeId, to: NodeId, header: Header, response: Response) {
        let connection = Connection {
            client: to,
            server: from,
            channel: Channel::of_response(&response),
        };
        self.send(connection, from, header, Payload::Response(response));
    }

    fn send(&mut self, on: Connection, from: NodeId, header: Header, payload: Payload) {
        let (id, arrival) = self.network.send(self.now, on, from, header, payload);
        if let Some(arrival) = arrival {
            let timer = self.queue.push(arrival, Scheduled::Arrival(id));
            self.network.scheduled(id, timer);
        }
    }

    /// Closes a connection, as a client does that has waited too long.
    pub fn close_connection(&mut self, connection: Connection) {
        for timer in self.network.close(connection) {
            self.queue.cancel(timer);
        }
    }

    /// A process has ended: its operating system closes its connections, and
    /// the other sides learn it as fast as packets travel.
    pub fn end_process(&mut self, node: NodeId) {
        let connections = self.network.connections_of(node);
        for timer in self.network.end_connections_of(node) {
            self.queue.cancel(timer);
        }
        for connection in connections {
            let payload = match connection.client == node {
                true => Payload::ClientClosed,
                false => Payload::ServerClosed,
            };
            self.send(connection, node, Header::none(), payload);
        }
    }

    /// A packet has come to where nobody listens.
    pub fn refuse(&mut self, connection: Connection) {
        let server = connection.server;
        self.send(connection, server, Header::none(), Payload::ServerClosed);
    }

    /// Loses a packet once: it and what follows on its connection come later.
    pub fn lose_packet(&mut self, id: PacketId) {
        for (id, timer, arrival) in self.network.lose(id) {
            self.queue.cancel(timer);
            let timer = self.queue.push(arrival, Scheduled::Arrival(id));
            self.network.scheduled(id, timer);
        }
    }

    /// Changes one direction of a link.
    pub fn set_link(&mut self, from: Host, to: Host, link: Link) {
        let change = self.network.set_link(self.now, from, to, link);
        for timer in change.held {
            self.queue.cancel(timer);
        }
        for (id, arrival) in change.released {
            let timer = self.queue.push(arrival, Scheduled::Arrival(id));
            self.network.scheduled(id, timer);
        }
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
