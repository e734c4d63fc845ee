//! What a person opens to do something: forms for producers, consumers,
//! records and topics, the event log, and the keys.

mod browser;
mod bytes;
mod connector;
mod consumer;
mod fields;
mod forms;
mod gallery;
mod help;
pub mod inspector;
mod keys_view;
mod log;
mod metrics;
mod requests;
mod search;
mod settings;

pub use browser::{Browsed, Browser, Cursor, Filter, Page, browse};
pub use connector::{AddConnector, ConnectorRequest};
pub use consumer::{AddConsumer, ConsumerRequest, Reader, ReaderKind};
pub use forms::{AddProducer, NewTopic, SendRecord};
pub use gallery::{Gallery, WORLD_SEED};
pub use help::Help;
pub use keys_view::Keys;
pub use log::EventLog;
pub use metrics::Metrics;
pub use requests::{ProducerRequest, RecordRequest, TopicRequest};
pub use search::{Hit, Search, search};
pub use settings::{Setting, SettingsFields, SettingsOf, set_all};

use engine::command::ClientNumber;
use engine::protocol::TopicName;

use crate::stage::Subject;

/// What is open beside the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Panel {
    /// What a thing on the board is.
    Inspector(Subject),
    /// The records of a topic.
    Browser(TopicName),
    /// Which partition a key goes to, and what more partitions would change.
    Keys(TopicName),
    /// One search over all that has a name.
    Search,
    /// What is measured of the world.
    Metrics,
    /// The form that starts a producer.
    AddProducer,
    /// The form that sends one record, with this producer chosen beforehand.
    SendRecord(Option<ClientNumber>),
    /// The form that starts a consumer, with this group filled in.
    AddConsumer(Option<String>),
    /// The form that makes a connector.
    AddConnector,
    /// The form that makes a topic.
    NewTopic,
    /// The ready-made worlds.
    Gallery,
    /// What has happened.
    EventLog,
    /// The keys, and what the page is.
    Help,
}

impl Panel {
    /// Whether it stands beside the board, where the board is wide enough: what
    /// is looked at together with it.
    pub fn is_beside(&self) -> bool {
        matches!(
            self,
            Panel::Inspector(_)
                | Panel::Browser(_)
                | Panel::Keys(_)
                | Panel::Search
                | Panel::Metrics
        )
    }
}
