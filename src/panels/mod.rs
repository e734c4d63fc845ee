//! What a person opens to do something: forms for producers, consumers,
//! records and topics, the event log, and the keys.

mod fields;
mod forms;
mod gallery;
mod help;
mod log;
mod requests;

pub use forms::{AddConsumer, AddProducer, NewTopic, SendRecord};
pub use gallery::{Gallery, WORLD_SEED};
pub use help::Help;
pub use log::EventLog;
pub use requests::{ConsumerRequest, ProducerRequest, RecordRequest, TopicRequest};

use engine::command::ClientNumber;

use crate::stage::Subject;

/// What is open beside the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Panel {
    /// What a thing on the board is.
    Inspector(Subject),
    /// The form that starts a producer.
    AddProducer,
    /// The form that sends one record, with this producer chosen beforehand.
    SendRecord(Option<ClientNumber>),
    /// The form that starts a consumer, with this group filled in.
    AddConsumer(Option<String>),
    /// The form that makes a topic.
    NewTopic,
    /// The ready-made worlds.
    Gallery,
    /// What has happened.
    EventLog,
    /// The keys, and what the page is.
    Help,
}
