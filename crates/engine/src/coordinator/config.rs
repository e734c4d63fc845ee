use crate::config::BrokerConfig;

/// What a broker's settings say about the groups it coordinates
/// (`GroupCoordinatorConfig`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupCoordinatorConfig {
    /// How long the first rebalance of an empty group waits for more members,
    /// in milliseconds (`group.initial.rebalance.delay.ms`).
    pub initial_rebalance_delay_ms: i32,
    /// The shortest session timeout a member may ask for, in milliseconds
    /// (`group.min.session.timeout.ms`).
    pub min_session_timeout_ms: i32,
    /// The longest session timeout a member may ask for, in milliseconds
    /// (`group.max.session.timeout.ms`).
    pub max_session_timeout_ms: i32,
    /// How many members a group may have (`group.max.size`).
    pub max_size: i32,
    /// How long a member that was never in a generation may wait for its first
    /// JoinGroup answer, in milliseconds. No setting of Kafka's.
    pub new_member_join_timeout_ms: i32,
    /// How long a committed offset is kept once its group no longer needs it,
    /// in milliseconds (`offsets.retention.minutes`, KIP-211).
    pub offsets_retention_ms: i64,
    /// How often expired offsets and empty groups are looked for, in
    /// milliseconds (`offsets.retention.check.interval.ms`). Not below 1.
    pub offsets_retention_check_interval_ms: i64,
    /// How long a write may wait until it is committed, in milliseconds
    /// (`offsets.commit.timeout.ms`).
    pub offset_commit_timeout_ms: i64,
    /// The longest note that may be committed with an offset, in bytes
    /// (`offset.metadata.max.bytes`).
    pub offset_metadata_max_bytes: usize,
    /// What holds for share groups.
    pub share: ShareGroupConfig,
}

/// What a broker's settings say about share groups (`group.share.*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupConfig {
    /// How often members call, in milliseconds
    /// (`group.share.heartbeat.interval.ms`).
    pub heartbeat_interval_ms: i32,
    /// After how many milliseconds of silence a member counts as dead
    /// (`group.share.session.timeout.ms`).
    pub session_timeout_ms: i32,
    /// How many members a group may have (`group.share.max.size`).
    pub max_size: i32,
    /// How often a record is delivered at most
    /// (`group.share.delivery.count.limit`).
    pub delivery_count_limit: i16,
    /// How long a member has a record, in milliseconds
    /// (`group.share.record.lock.duration.ms`).
    pub record_lock_duration_ms: i64,
    /// How many records of a partition may be in flight
    /// (`group.share.partition.max.record.locks`).
    pub partition_max_record_locks: i64,
    /// How many records an answer may hold (`share.fetch.max.fetch.records`).
    pub fetch_max_records: i64,
}

impl GroupCoordinatorConfig {
    /// How long Kafka lets a member wait for its first JoinGroup answer.
    pub const NEW_MEMBER_JOIN_TIMEOUT_MS: i32 = 5 * 60 * 1_000;
}

impl Default for GroupCoordinatorConfig {
    /// Those of a broker with no settings of its own.
    fn default() -> Self {
        BrokerConfig::default().coordinator
    }
}
