//! The ground the cluster stands on: virtual time, the event queue, the
//! network, and seeded randomness.

mod alarm;
mod channel;
mod digest;
mod fabric;
mod link;
mod network;
mod node;
mod queue;
mod random;
mod time;

pub(crate) use alarm::Alarm;
pub use channel::Channel;
pub use digest::Digest;
pub(crate) use fabric::{Fabric, Scheduled};
pub use link::{LOSS_PER_MILLE_MAX, Latency, Link};
pub use network::{Connection, Network, Packet, PacketId};
pub use node::{ClientNumber, Host, NodeId};
pub use queue::{EventQueue, TimerHandle};
pub use random::{Random, Stream};
pub use time::Time;
