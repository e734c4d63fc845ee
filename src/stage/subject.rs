//! What a person can point at.

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::protocol::TopicName;
use engine::sim::PacketId;

/// A thing on the board that can be opened and asked what it is. It names the
/// thing and holds nothing of it: the thing may change, or be gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A topic.
    Topic(TopicName),
    /// A partition: its lane.
    Partition(TopicPartition),
    /// One record of a partition, by its offset.
    Record(TopicPartition, i64),
    /// A group (`group.id`).
    Group(String),
    /// A client: a producer, a consumer of any kind, a processor, an admin.
    Client(ClientNumber),
    /// A broker (`node.id`).
    Broker(i32),
    /// A controller of the quorum that is no broker (`node.id`).
    Controller(i32),
    /// A replica of a partition on a broker.
    Replica(TopicPartition, i32),
    /// A packet in flight.
    Packet(PacketId),
}
