use super::{ErrorCode, TopicName};

/// A topic's id: a uuid, written as 22 characters of URL-safe base64
/// (`org.apache.kafka.common.Uuid`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId(pub [u8; 16]);

impl std::fmt::Display for TopicId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::with_capacity(22);
        for chunk in self.0.chunks(3) {
            let mut three = [0; 3];
            three[..chunk.len()].copy_from_slice(chunk);
            let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            for sextet in 0..=chunk.len() {
                let index = bits >> (18 - 6 * sextet) & 63;
                text.push(char::from(ALPHABET[index as usize]));
            }
        }
        f.write_str(&text)
    }
}

/// Asks for the brokers and for topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataRequest {
    /// The topics asked for; `None` asks for all.
    pub topics: Option<Vec<TopicName>>,
}

/// Who is in the cluster, and what the topics asked for look like.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataResponse {
    /// The live brokers, by id.
    pub brokers: Vec<MetadataBroker>,
    /// The topics, by name, or why one is not told.
    pub topics: Vec<MetadataTopic>,
}

/// One broker of a [`MetadataResponse`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataBroker {
    /// Its `node.id`.
    pub node_id: i32,
    /// Its `broker.rack`.
    pub rack: Option<String>,
}

/// One topic of a [`MetadataResponse`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataTopic {
    /// `NONE`, `UNKNOWN_TOPIC_OR_PARTITION` or `INVALID_TOPIC_EXCEPTION`.
    pub error_code: ErrorCode,
    /// The name asked for.
    pub name: TopicName,
    /// Its id; zero when there is an error.
    pub topic_id: TopicId,
    /// Whether the cluster keeps it for itself.
    pub is_internal: bool,
    /// Its partitions, by number; empty when there is an error.
    pub partitions: Vec<MetadataPartition>,
}

/// One partition of a [`MetadataTopic`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataPartition {
    /// Its number.
    pub partition_index: i32,
    /// The broker that leads it, -1 when none does.
    pub leader_id: i32,
    /// How often leadership has changed hands.
    pub leader_epoch: i32,
    /// The brokers that hold a replica, the preferred leader first.
    pub replica_nodes: Vec<i32>,
    /// The replicas in sync.
    pub isr_nodes: Vec<i32>,
}
