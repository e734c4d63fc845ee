//! What a person can point at.

use std::fmt;
use std::str::FromStr;

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::protocol::TopicName;
use engine::sim::PacketId;

/// A thing on the board that can be opened and asked what it is. It names the
/// thing and holds nothing of it: the thing may change, or be gone.
///
/// As text it is what the board's drawing carries in `data-open`, such as
/// `record:orders:0:5`.
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
    /// A connector, by its name.
    Connector(String),
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

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Topic(name) => write!(f, "topic:{name}"),
            Subject::Partition(of) => write!(f, "partition:{}:{}", of.topic, of.partition),
            Subject::Record(of, offset) => {
                write!(f, "record:{}:{}:{offset}", of.topic, of.partition)
            }
            Subject::Group(id) => write!(f, "group:{id}"),
            Subject::Connector(name) => write!(f, "connector:{name}"),
            Subject::Client(number) => write!(f, "client:{number}"),
            Subject::Broker(id) => write!(f, "broker:{id}"),
            Subject::Controller(id) => write!(f, "controller:{id}"),
            Subject::Replica(of, broker) => {
                write!(f, "replica:{}:{}:{broker}", of.topic, of.partition)
            }
            Subject::Packet(id) => write!(f, "packet:{}", id.0),
        }
    }
}

impl FromStr for Subject {
    type Err = ();

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Subject, ()> {
        let (kind, name) = text.split_once(':').ok_or(())?;
        Ok(match kind {
            "topic" => Subject::Topic(name.into()),
            "group" => Subject::Group(name.to_owned()),
            "connector" => Subject::Connector(name.to_owned()),
            "client" => Subject::Client(number(name)?),
            "broker" => Subject::Broker(number(name)?),
            "controller" => Subject::Controller(number(name)?),
            "packet" => Subject::Packet(PacketId(number(name)?)),
            "partition" => Subject::Partition(partition(name)?),
            "record" | "replica" => {
                let (of, last) = name.rsplit_once(':').ok_or(())?;
                match kind {
                    "record" => Subject::Record(partition(of)?, number(last)?),
                    _ => Subject::Replica(partition(of)?, number(last)?),
                }
            }
            _ => return Err(()),
        })
    }
}

/// Topic names have no colon.
fn partition(text: &str) -> Result<TopicPartition, ()> {
    let (topic, partition) = text.rsplit_once(':').ok_or(())?;
    Ok(TopicPartition::new(topic, number(partition)?))
}

fn number<T: FromStr>(text: &str) -> Result<T, ()> {
    text.parse().map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_survives_being_text() {
        let lane = TopicPartition::new("post.office", 2);
        let subjects = [
            Subject::Topic("orders".into()),
            Subject::Partition(lane.clone()),
            Subject::Record(lane.clone(), 1_000_000),
            Subject::Group("a: group, with:colons".to_owned()),
            Subject::Connector("people-source".to_owned()),
            Subject::Client(7),
            Subject::Broker(1),
            Subject::Controller(101),
            Subject::Replica(lane, 3),
            Subject::Packet(PacketId(99)),
        ];
        for subject in subjects {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        for nothing in ["", "topic", "record:orders:0", "client:x", "thing:1"] {
            assert_eq!(nothing.parse::<Subject>(), Err(()), "{nothing}");
        }
    }
}
