//! What is written to `__consumer_offsets` of a share group.

use crate::collections::BTreeSet;

use crate::assignor::server::PartitionsByTopic;
use crate::coordinator::modern::ModernGroupRecord;
use crate::protocol::TopicName;

/// A record of a share group.
pub type ShareGroupRecord = ModernGroupRecord<ShareMemberMetadata, ShareMemberAssignment>;

/// Who a member is (`ShareGroupMemberMetadataValue`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareMemberMetadata {
    /// Its `client.rack`.
    pub rack_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from, such as `/127.0.0.1`.
    pub client_host: String,
    /// The topics it subscribes to.
    pub subscribed_topic_names: BTreeSet<TopicName>,
}

/// How far a member is (`ShareGroupCurrentMemberAssignmentValue`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareMemberAssignment {
    /// Its epoch; 0 before the first assignment.
    pub member_epoch: i32,
    /// The epoch before, with which a heartbeat still counts.
    pub previous_member_epoch: i32,
    /// What it may fetch.
    pub partitions: PartitionsByTopic,
}
