//! What is written to `__consumer_offsets` of a group of this protocol.

use crate::collections::BTreeSet;

use super::member::MemberState;
use crate::assignor::server::PartitionsByTopic;
use crate::coordinator::modern::ModernGroupRecord;
use crate::protocol::TopicName;

/// A record of a group of this protocol.
pub type ConsumerGroupRecord = ModernGroupRecord<MemberMetadata, CurrentMemberAssignment>;

/// Who a member is, and what it asks for (`ConsumerGroupMemberMetadataValue`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberMetadata {
    /// Its `group.instance.id`.
    pub instance_id: Option<String>,
    /// Its `client.rack`.
    pub rack_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from, such as `/127.0.0.1`.
    pub client_host: String,
    /// The topics it subscribes to.
    pub subscribed_topic_names: BTreeSet<TopicName>,
    /// How many milliseconds it may take to give partitions up.
    pub rebalance_timeout_ms: i32,
    /// The assignor it asks for.
    pub server_assignor: Option<String>,
}

impl Default for MemberMetadata {
    /// Of a member that has not said anything yet.
    fn default() -> Self {
        MemberMetadata {
            instance_id: None,
            rack_id: None,
            client_id: String::new(),
            client_host: String::new(),
            subscribed_topic_names: BTreeSet::new(),
            rebalance_timeout_ms: -1,
            server_assignor: None,
        }
    }
}

/// How far a member is (`ConsumerGroupCurrentMemberAssignmentValue`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CurrentMemberAssignment {
    /// Its epoch.
    pub member_epoch: i32,
    /// The epoch before.
    pub previous_member_epoch: i32,
    /// Its state.
    pub state: MemberState,
    /// What it may read.
    pub assigned_partitions: PartitionsByTopic,
    /// What it is to give up.
    pub partitions_pending_revocation: PartitionsByTopic,
}
