//! The controller: which topics there are, where their replicas lie, who leads
//! and who is in sync (`org.apache.kafka.controller.QuorumController`).
//!
//! [`Controller`] decides; each decision is a [`MetadataRecord`]. A
//! [`ControllerNode`] is the process around it: it keeps the metadata log with
//! the other controllers of the [`quorum`], or in [`zookeeper`], and answers
//! brokers.

pub mod brokers;
pub(crate) mod configs;
mod consensus;
pub mod election;
mod image;
mod node;
pub mod partition;
pub mod partition_change;
pub mod placement;
mod producer_ids;
pub mod quorum;
pub mod reassignment;
pub mod replica_list;
mod replication;
pub mod topic_config;
pub(crate) mod topic_name;
mod topics;
pub mod zookeeper;

pub use consensus::Consensus;
pub use image::{MetadataImage, MetadataRecord, Topic};
pub use node::ControllerNode;
pub use partition::PartitionRegistration;
pub use producer_ids::PRODUCER_ID_BLOCK_SIZE;
pub use topic_name::{
    GROUP_METADATA_TOPIC_NAME, INTERNAL_TOPICS, SHARE_GROUP_STATE_TOPIC_NAME,
    TRANSACTION_STATE_TOPIC_NAME, collides, is_internal, validate_topic_name,
};
pub use topics::PARTITIONS_MAX;

use std::sync::Arc;

use crate::config::BrokerConfig;
use crate::protocol::ErrorCode;
use crate::sim::Random;

/// Kafka's error and the controller's words for it.
pub type ApiError = (ErrorCode, String);

/// What decides: the cluster as it is, and the rules.
#[derive(Clone, Debug, Hash)]
pub struct Controller {
    image: MetadataImage,
    /// What stands in `server.properties`.
    static_config: Arc<BrokerConfig>,
    /// With what brokers were given while they ran.
    config: Arc<BrokerConfig>,
    random: Random,
}

impl Controller {
    /// A controller that knows of no broker and no topic yet. What a topic
    /// does not say itself, these settings say. Of several controllers each
    /// draws from its own numbers.
    pub fn new(config: Arc<BrokerConfig>, random: Random) -> Controller {
        Controller {
            image: MetadataImage::default(),
            static_config: config.clone(),
            config,
            random,
        }
    }

    /// The cluster as it knows it.
    pub fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// Takes in what another controller has decided.
    pub(crate) fn replay(&mut self, record: &MetadataRecord) {
        self.image.apply(record);
        self.take_in_configs(record);
    }

    /// Puts the image back to what these records tell.
    pub(crate) fn replay_all<'a>(&mut self, records: impl Iterator<Item = &'a MetadataRecord>) {
        self.image = MetadataImage::default();
        for record in records {
            self.image.apply(record);
        }
        self.refresh_config();
    }

    /// Takes in what this controller has decided itself.
    fn take_in(&mut self, record: MetadataRecord) -> MetadataRecord {
        self.replay(&record);
        record
    }
}
