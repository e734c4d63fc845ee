use std::hash::{Hash, Hasher};

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng;

/// What a stream of random numbers is drawn for. Each purpose, and within a
/// purpose each client, has a stream of its own, so that one more draw in one
/// place moves nothing elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The time a packet spends on the network.
    Latency,
    /// A controller's own draws: topic ids, and where replicas are placed. The
    /// number is its place among the voters. With one stream for all, the next
    /// active controller would give a new topic an id that there is already.
    Controller(u32),
    /// The uuid in a group member's id.
    MemberId,
    /// The uuid that is the id of a member of a group of KIP-848.
    ConsumerGroupMemberId,
    /// A client's own draws, such as the jitter of its retries. The number is
    /// the client's.
    Client(u32),
    /// The partitions that a producer's records without a key stick to. The
    /// number is the client's.
    Partitioner(u32),
    /// The choices of a producer that makes up records. The number is the
    /// client's.
    Workload(u32),
    /// When a controller stands for election. The number is its `node.id`.
    Quorum(i32),
    /// The ids of a broker's fetch sessions. The number is its `node.id`.
    FetchSession(i32),
    /// Names a tool makes up, such as the console consumer's group.
    Tool,
}

impl Stream {
    fn number(self) -> u64 {
        match self {
            Stream::Latency => 1,
            Stream::Controller(0) => 2,
            Stream::MemberId => 3,
            Stream::Tool => 4,
            Stream::ConsumerGroupMemberId => 5,
            Stream::Quorum(id) => 0x3_0000_0000 | u64::from(id.cast_unsigned()),
            Stream::Client(client) => 0x1_0000_0000 | u64::from(client),
            Stream::Controller(place) => 0x4_0000_0000 | u64::from(place),
            Stream::Partitioner(client) => 0x5_0000_0000 | u64::from(client),
            Stream::FetchSession(id) => 0x6_0000_0000 | u64::from(id.cast_unsigned()),
            Stream::Workload(client) => 0x2_0000_0000 | u64::from(client),
        }
    }
}

/// A seeded source of numbers: PCG-XSH-RR 64/32, one stream for a [`Stream`].
#[derive(Clone, Debug)]
pub struct Random {
    generator: Pcg32,
    seed: u64,
    stream: u64,
    draws: u64,
}

impl Random {
    /// The stream for one purpose of the world with this seed.
    pub fn new(seed: u64, stream: Stream) -> Random {
        let stream = stream.number();
        Random {
            generator: Pcg32::new(seed, stream),
            seed,
            stream,
            draws: 0,
        }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.draws += 1;
        self.generator.next_u32()
    }

    /// A number from 0 to `bound - 1`; 0 when `bound` is 0. Kafka's clients
    /// take the remainder too (`toPositive(random) % n`).
    pub fn below(&mut self, bound: u32) -> u32 {
        match bound {
            0 => 0,
            bound => (self.next_u32() & 0x7fff_ffff) % bound,
        }
    }

    /// 16 random bytes marked as a version 4 uuid (RFC 9562).
    pub fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.next_u32().to_be_bytes());
        }
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }
}

/// A stream stands where its seed, its number and its count of draws put it.
impl Hash for Random {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.seed, self.stream, self.draws).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |stream| {
            let mut random = Random::new(7, stream);
            [random.next_u32(), random.next_u32()]
        };
        assert_eq!(draw(Stream::Latency), draw(Stream::Latency));
        assert_ne!(draw(Stream::Latency), draw(Stream::Controller(0)));
        assert_ne!(draw(Stream::Controller(0)), draw(Stream::Controller(1)));
        assert_ne!(draw(Stream::Client(1)), draw(Stream::Client(2)));
        assert_ne!(draw(Stream::Client(1)), draw(Stream::Workload(1)));
    }

    #[test]
    fn a_uuid_says_it_is_version_4() {
        let uuid = Random::new(1, Stream::MemberId).uuid();
        assert_eq!(uuid[6] >> 4, 4);
        assert_eq!(uuid[8] >> 6, 0b10);
    }
}
