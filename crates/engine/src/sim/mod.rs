//! The ground the cluster stands on: virtual time, the event queue, the
//! network, and seeded randomness.

mod digest;
mod fabric;
mod network;
mod queue;
mod random;
mod time;

pub use digest::Digest;
pub(crate) use fabric::{Fabric, Scheduled};
pub use network::{Latency, Network, Packet, PacketId};
pub use queue::{EventQueue, TimerHandle};
pub use random::{Random, Stream};
pub use time::Time;

/// The number the world gives to a producer, consumer or admin client when it
/// starts. A number is never given twice.
pub type ClientNumber = u32;

/// A node of the network: a broker by its `node.id`, or a client by the number
/// the world gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A broker, by its `node.id`.
    Broker(i32),
    /// A producer, consumer or admin client, by its number in this world.
    Client(ClientNumber),
}
