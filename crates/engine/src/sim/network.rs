use std::collections::BTreeMap;

use super::{NodeId, Random, Stream, Time};
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
    /// When it left.
    pub departure: Time,
    /// When it arrives.
    pub arrival: Time,
    /// Which request it is, or answers.
    pub header: Header,
    /// What it carries.
    pub payload: Payload,
}

/// How long a packet is under way: `base_us` and up to `jitter_us` more, drawn
/// evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latency {
    /// The least time, in microseconds; at least 1 is used.
    pub base_us: u64,
    /// The most that is added, in microseconds.
    pub jitter_us: u32,
}

/// The network: what is in flight, and how long the next packet takes.
///
/// Packets from one node to another arrive in the order in which they were
/// sent, as on Kafka's TCP connections.
#[derive(Clone, Debug, Hash)]
pub struct Network {
    latency: Latency,
    random: Random,
    next_id: u64,
    in_flight: BTreeMap<PacketId, Packet>,
    last_arrival: BTreeMap<(NodeId, NodeId), Time>,
}

impl Network {
    /// An idle network.
    pub fn new(seed: u64, latency: Latency) -> Network {
        Network {
            latency,
            random: Random::new(seed, Stream::Latency),
            next_id: 0,
            in_flight: BTreeMap::new(),
            last_arrival: BTreeMap::new(),
        }
    }

    /// Takes a packet on; the caller schedules its arrival, which is returned.
    pub fn send(
        &mut self,
        now: Time,
        from: NodeId,
        to: NodeId,
        header: Header,
        payload: Payload,
    ) -> (PacketId, Time) {
        let id = PacketId(self.next_id);
        self.next_id += 1;
        let arrival = self.arrival(now, from, to);
        let packet = Packet {
            id,
            from,
            to,
            departure: now,
            arrival,
            header,
            payload,
        };
        self.in_flight.insert(id, packet);
        (id, arrival)
    }

    /// Takes an arriving packet off the network.
    pub fn deliver(&mut self, id: PacketId) -> Option<Packet> {
        self.in_flight.remove(&id)
    }

    /// Forgets the connections of a node that is gone for good.
    pub fn forget(&mut self, node: NodeId) {
        self.last_arrival
            .retain(|(from, to), _| *from != node && *to != node);
    }

    /// Every packet under way, oldest first.
    pub fn in_flight(&self) -> impl Iterator<Item = &Packet> {
        self.in_flight.values()
    }

    /// How long packets take.
    pub fn latency(&self) -> Latency {
        self.latency
    }

    /// Changes how long packets take, from the next one on.
    pub fn set_latency(&mut self, latency: Latency) {
        self.latency = latency;
    }

    fn arrival(&mut self, now: Time, from: NodeId, to: NodeId) -> Time {
        let jitter = self.random.below(self.latency.jitter_us.saturating_add(1));
        let under_way_us = self.latency.base_us.max(1) + u64::from(jitter);
        let earliest = match self.last_arrival.get(&(from, to)) {
            Some(last) => last.plus_us(1),
            None => Time::ZERO,
        };
        let arrival = now.plus_us(under_way_us).max(earliest);
        self.last_arrival.insert((from, to), arrival);
        arrival
    }
}
