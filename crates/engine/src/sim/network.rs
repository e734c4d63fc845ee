use crate::collections::{BTreeMap, BTreeSet};

use super::link::{Link, RETRANSMISSION_US};
use super::{Channel, Host, Latency, NodeId, Random, Stream, Time, TimerHandle};
use crate::protocol::{Header, Payload};

/// Numbers the packets of a world in the order in which they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(pub u64);

/// A request or a response on its way from one node to another.
#[derive(Clone, Debug, Hash)]
pub struct Packet {
    /// Its number.
    pub id: PacketId,
    /// Who sent it.
    pub from: NodeId,
    /// Who receives it.
    pub to: NodeId,
    /// Which of the connections between the two it travels on.
    pub channel: Channel,
    /// When it left.
    pub departure: Time,
    /// When it arrives; nobody knows while it waits at a cut link.
    pub arrival: Time,
    /// Whether it waits at its sender, because the link is cut.
    pub is_held: bool,
    /// Which request it is, or answers.
    pub header: Header,
    /// What it carries.
    pub payload: Payload,
}

/// A TCP connection, by who opened it and who took it, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// Who opened it, and sends requests on it.
    pub client: NodeId,
    /// Who answers on it.
    pub server: NodeId,
    /// What it is for.
    pub channel: Channel,
}

impl Connection {
    /// The connection between the two that is for nothing in particular.
    pub fn general(client: NodeId, server: NodeId) -> Connection {
        Connection {
            client,
            server,
            channel: Channel::General,
        }
    }
}

/// The time between two nodes on one machine, in microseconds.
const LOOPBACK_US: u64 = 1;

/// The network: what is in flight, and how long the next packet takes.
///
/// Packets on one connection arrive in the order in which they were sent, each
/// once, or not at all when the connection is closed: it is TCP.
#[derive(Clone, Debug, Hash)]
pub struct Network {
    latency: Latency,
    random: Random,
    next_id: u64,
    in_flight: BTreeMap<PacketId, (Packet, Option<TimerHandle>)>,
    /// When the last packet of each connection arrives, to either side.
    connections: BTreeMap<Connection, LastArrivals>,
    /// Only the links with which something is wrong.
    links: BTreeMap<(Host, Host), Link>,
}

#[derive(Clone, Copy, Debug, Default, Hash)]
struct LastArrivals {
    at_server: Time,
    at_client: Time,
}

impl Network {
    /// An idle network.
    pub fn new(seed: u64, latency: Latency) -> Network {
        Network {
            latency,
            random: Random::new(seed, Stream::Latency),
            next_id: 0,
            in_flight: BTreeMap::new(),
            connections: BTreeMap::new(),
            links: BTreeMap::new(),
        }
    }

    /// Takes a packet on. The caller schedules the arrival that is returned,
    /// and says so by [`scheduled`](Self::scheduled); at a cut link there is
    /// none yet.
    pub(super) fn send(
        &mut self,
        now: Time,
        connection: Connection,
        from: NodeId,
        header: Header,
        payload: Payload,
    ) -> (PacketId, Option<Time>) {
        let to = match from == connection.client {
            true => connection.server,
            false => connection.client,
        };
        let id = PacketId(self.next_id);
        self.next_id += 1;
        let is_held = self.link(from.host(), to.host()).is_cut;
        let arrival = match is_held {
            true => now,
            false => self.arrival(now, connection, from, to),
        };
        if is_held {
            self.connections.entry(connection).or_default();
        }
        let packet = Packet {
            id,
            from,
            to,
            channel: connection.channel,
            departure: now,
            arrival,
            is_held,
            header,
            payload,
        };
        self.in_flight.insert(id, (packet, None));
        (id, (!is_held).then_some(arrival))
    }

    /// Notes the timer of a packet's arrival.
    pub(super) fn scheduled(&mut self, id: PacketId, timer: TimerHandle) {
        if let Some((_, slot)) = self.in_flight.get_mut(&id) {
            *slot = Some(timer);
        }
    }

    /// Takes an arriving packet off the network.
    pub fn deliver(&mut self, id: PacketId) -> Option<Packet> {
        self.in_flight.remove(&id).map(|(packet, _)| packet)
    }

    /// Every packet under way, oldest first.
    pub fn in_flight(&self) -> impl Iterator<Item = &Packet> {
        self.in_flight.values().map(|(packet, _)| packet)
    }

    /// How long packets take.
    pub fn latency(&self) -> Latency {
        self.latency
    }

    /// Changes how long packets take, from the next one on.
    pub fn set_latency(&mut self, latency: Latency) {
        self.latency = latency;
    }

    fn arrival(&mut self, now: Time, connection: Connection, from: NodeId, to: NodeId) -> Time {
        let (sender, receiver) = (from.host(), to.host());
        let under_way_us = match sender == receiver {
            true => LOOPBACK_US,
            false => {
                let link = self.link(sender, receiver);
                let latency = link.latency.unwrap_or(self.latency);
                latency.draw(&mut self.random) + link.draw_retransmissions(&mut self.random)
            }
        };
        let last = self.connections.entry(connection).or_default();
        let last = match from == connection.client {
            true => &mut last.at_server,
            false => &mut last.at_client,
        };
        let earliest = match *last == Time::ZERO {
            true => Time::ZERO,
            false => last.plus_us(1),
        };
        *last = now.plus_us(under_way_us).max(earliest);
        *last
    }
}

/// Connections.
impl Network {
    /// The connections on which a node takes part.
    pub fn connections_of(&self, node: NodeId) -> Vec<Connection> {
        let all = self.connections.keys();
        all.filter(|connection| connection.client == node || connection.server == node)
            .copied()
            .collect()
    }

    /// Closes a connection: what is under way on it arrives nowhere. Returns
    /// the timers of the arrivals that will not be.
    pub(super) fn close(&mut self, connection: Connection) -> Vec<TimerHandle> {
        self.connections.remove(&connection);
        self.drop_packets(|packet| packet.connection() == connection)
    }

    /// A process ends: its connections are closed; what it has sent is still
    /// delivered, unless it waits at a cut link.
    pub(super) fn end_connections_of(&mut self, node: NodeId) -> Vec<TimerHandle> {
        let touches =
            |connection: &Connection| connection.client == node || connection.server == node;
        self.connections
            .retain(|connection, _| !touches(connection));
        self.drop_packets(|packet| packet.from == node && packet.is_held)
    }

    fn drop_packets(&mut self, dropped: impl Fn(&Packet) -> bool) -> Vec<TimerHandle> {
        let ids: BTreeSet<PacketId> = self
            .in_flight
            .values()
            .filter(|(packet, _)| dropped(packet))
            .map(|(packet, _)| packet.id)
            .collect();
        let dropped = ids.iter().filter_map(|id| self.in_flight.remove(id));
        dropped.filter_map(|(_, timer)| timer).collect()
    }
}

impl Packet {
    /// The connection it travels on.
    pub fn connection(&self) -> Connection {
        let (client, server) = match self.payload.is_from_client() {
            true => (self.from, self.to),
            false => (self.to, self.from),
        };
        Connection {
            client,
            server,
            channel: self.channel,
        }
    }
}

/// What is wrong with the network.
impl Network {
    /// The way from one host to another.
    pub fn link(&self, from: Host, to: Host) -> Link {
        self.links.get(&(from, to)).copied().unwrap_or_default()
    }

    /// The links with which something is wrong.
    pub fn faulty_links(&self) -> impl Iterator<Item = ((Host, Host), Link)> {
        self.links.iter().map(|(hosts, link)| (*hosts, *link))
    }

    /// Changes one direction of a link. Returns the timers of the packets that
    /// are held from now on, and the new arrivals of those that no longer are.
    pub(super) fn set_link(&mut self, now: Time, from: Host, to: Host, link: Link) -> LinkChange {
        let was_cut = self.link(from, to).is_cut;
        match link == Link::default() {
            true => self.links.remove(&(from, to)),
            false => self.links.insert((from, to), link),
        };
        let on_link: Vec<PacketId> = self
            .in_flight()
            .filter(|packet| packet.from.host() == from && packet.to.host() == to)
            .map(|packet| packet.id)
            .collect();
        let mut change = LinkChange::default();
        if link.is_cut && !was_cut {
            change.held = on_link.iter().filter_map(|id| self.hold(*id)).collect();
        } else if was_cut && !link.is_cut {
            let released = on_link.iter().map(|id| (*id, self.release(now, *id)));
            change.released = released.collect();
        }
        change
    }

    /// Whether a packet of this number is on its way from one machine to
    /// another.
    pub fn can_lose(&self, id: PacketId) -> bool {
        let packet = self.in_flight.get(&id).map(|(packet, _)| packet);
        packet.is_some_and(|packet| !packet.is_held && packet.from.host() != packet.to.host())
    }

    /// Loses a packet that is under way: TCP sends it again when no
    /// acknowledgement has come, and what was sent after it on the connection
    /// is not handed out before it. Returns what comes later: the packets, the
    /// timers that no longer hold, and the new arrivals.
    pub(super) fn lose(&mut self, id: PacketId) -> Vec<(PacketId, TimerHandle, Time)> {
        let Some((lost, _)) = self.in_flight.get(&id) else {
            return Vec::new();
        };
        let (connection, from) = (lost.connection(), lost.from);
        let mut earliest = lost.arrival.plus_us(RETRANSMISSION_US);
        let mut later = Vec::new();
        for (id, (packet, timer)) in self.in_flight.range_mut(id..) {
            let is_behind = packet.connection() == connection && packet.from == from;
            if !is_behind || packet.is_held || packet.arrival >= earliest {
                continue;
            }
            packet.arrival = earliest;
            later.extend(timer.take().map(|timer| (*id, timer, earliest)));
            earliest = earliest.plus_us(1);
        }
        if let (Some(last), Some((.., latest))) =
            (self.connections.get_mut(&connection), later.last())
        {
            let last = match from == connection.client {
                true => &mut last.at_server,
                false => &mut last.at_client,
            };
            *last = (*last).max(*latest);
        }
        later
    }

    /// A packet that has not arrived when its link is cut is lost on the way,
    /// and TCP keeps it to send it again.
    fn hold(&mut self, id: PacketId) -> Option<TimerHandle> {
        let (packet, timer) = self.in_flight.get_mut(&id)?;
        packet.is_held = true;
        timer.take()
    }

    fn release(&mut self, now: Time, id: PacketId) -> Time {
        let (packet, _) = &self.in_flight[&id];
        let (connection, from, to) = (packet.connection(), packet.from, packet.to);
        let arrival = self.arrival(now, connection, from, to);
        let (packet, _) = self.in_flight.get_mut(&id).expect("it was there just now");
        packet.is_held = false;
        packet.departure = now;
        packet.arrival = arrival;
        arrival
    }
}

/// What a change of a link means for the packets on it.
#[derive(Debug, Default)]
pub(super) struct LinkChange {
    pub held: Vec<TimerHandle>,
    pub released: Vec<(PacketId, Time)>,
}
