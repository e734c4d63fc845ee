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
    /// JoinGroup answer, in milliseconds. Five minutes; no setting of Kafka's.
    pub new_member_join_timeout_ms: i32,
    /// How long a committed offset is kept once its group no longer needs it,
    /// in milliseconds (`offsets.retention.minutes`, KIP-211).
    pub offsets_retention_ms: i64,
    /// How often expired offsets and empty groups are looked for, in
    /// milliseconds (`offsets.retention.check.interval.ms`). Not below 1.
    pub offsets_retention_check_interval_ms: i64,
    /// The longest note that may be committed with an offset, in bytes
    /// (`offset.metadata.max.bytes`).
    pub offset_metadata_max_bytes: usize,
}

impl Default for GroupCoordinatorConfig {
    /// The defaults of Kafka 4.0.
    fn default() -> Self {
        GroupCoordinatorConfig {
            initial_rebalance_delay_ms: 3_000,
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
            max_size: i32::MAX,
            new_member_join_timeout_ms: 5 * 60 * 1_000,
            offsets_retention_ms: 7 * 24 * 60 * 60 * 1_000,
            offsets_retention_check_interval_ms: 10 * 60 * 1_000,
            offset_metadata_max_bytes: 4_096,
        }
    }
}
