use engine::command::ClientNumber;
use engine::protocol::TopicName;

use super::{Subject, ViewChange};

/// What a button on the board asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum BoardAction {
    /// To know all of a thing: its panel.
    Inspect(Subject),
    /// To look at the board in another way.
    Look(ViewChange),
    /// One more partition for a topic.
    AddPartition {
        /// The topic.
        topic: TopicName,
    },
    /// The end of a topic.
    DeleteTopic {
        /// The topic.
        topic: TopicName,
    },
    /// One record, by hand.
    SendRecord {
        /// The producer.
        producer: ClientNumber,
    },
    /// A producer stops making up records, or goes on with what it made up
    /// before: [`last_workload`](super::last_workload).
    ToggleWorkload {
        /// The producer.
        producer: ClientNumber,
    },
    /// A client closes as `close()` does.
    Close {
        /// The client.
        client: ClientNumber,
    },
    /// A client ends as `kill -9` does.
    Crash {
        /// The client.
        client: ClientNumber,
    },
    /// One more consumer for a group, reading what its members read.
    AddConsumer {
        /// The group (`group.id`).
        group: String,
        /// The topics to subscribe to; empty when nobody in the group says.
        topics: Vec<TopicName>,
    },
    /// A connector's task neither reads nor writes from now on, or goes on.
    ToggleConnector {
        /// Its name.
        connector: String,
        /// Whether it is to go on.
        resumes: bool,
    },
    /// A connector's task is started anew.
    RestartConnector {
        /// Its name.
        connector: String,
    },
}
