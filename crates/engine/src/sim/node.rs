use std::fmt;

/// The number the world gives to a producer, consumer or admin client when it
/// starts. A number is never given twice.
pub type ClientNumber = u32;

/// A node of the network: a process that sends and receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A broker, by its `node.id`.
    Broker(i32),
    /// A controller, by its `node.id`.
    Controller(i32),
    /// A producer, consumer or admin client, by its number in this world.
    Client(ClientNumber),
    /// ZooKeeper, where a world has it.
    ZooKeeper,
}

impl NodeId {
    /// The machine it runs on.
    pub fn host(self) -> Host {
        match self {
            NodeId::Broker(id) | NodeId::Controller(id) => Host::Server(id),
            NodeId::Client(number) => Host::Client(number),
            NodeId::ZooKeeper => Host::ZooKeeper,
        }
    }
}

/// A machine: what links lead to and what is cut off. A broker and a
/// controller of the same `node.id` share one
/// (`process.roles=broker,controller`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// The machine of the broker or controller with this `node.id`.
    Server(i32),
    /// The machine of this client.
    Client(ClientNumber),
    /// ZooKeeper's.
    ZooKeeper,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Server(id) => write!(f, "server {id}"),
            Host::Client(number) => write!(f, "client {number}"),
            Host::ZooKeeper => f.write_str("ZooKeeper"),
        }
    }
}
