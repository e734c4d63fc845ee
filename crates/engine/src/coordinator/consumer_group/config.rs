use crate::assignor::server::ServerAssignor;
use crate::config::BrokerConfig;

/// What a broker's settings say about the groups of this protocol that it
/// coordinates (`GroupCoordinatorConfig`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupConfig {
    /// After how many milliseconds of silence a member counts as dead
    /// (`group.consumer.session.timeout.ms`).
    pub session_timeout_ms: i32,
    /// After how many milliseconds members are to send the next heartbeat
    /// (`group.consumer.heartbeat.interval.ms`).
    pub heartbeat_interval_ms: i32,
    /// How many members a group may have (`group.consumer.max.size`).
    pub max_size: i32,
    /// The assignors that members may ask for, the one used unless they do
    /// first (`group.consumer.assignors`). Classes that are not Kafka's own are
    /// passed over; without any, the uniform one is used.
    pub assignors: Vec<ServerAssignor>,
    /// For how long what is known of a group's topics counts, in milliseconds.
    /// No setting of Kafka's.
    pub metadata_refresh_interval_ms: i64,
}

impl ConsumerGroupConfig {
    /// For how long Kafka takes what is known of a group's topics to be true,
    /// unless it hears of a change.
    pub const METADATA_REFRESH_INTERVAL_MS: i64 = 5 * 60 * 1_000;

    pub(super) fn default_assignor(&self) -> ServerAssignor {
        self.assignors
            .first()
            .copied()
            .unwrap_or(ServerAssignor::Uniform)
    }
}

impl Default for ConsumerGroupConfig {
    /// Those of a broker with no settings of its own.
    fn default() -> Self {
        BrokerConfig::default().consumer_groups
    }
}
