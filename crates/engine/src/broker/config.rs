use super::RetentionSchedule;

/// The settings of a broker that it acts on, by Kafka's names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerConfig {
    /// `replica.lag.time.max.ms`.
    pub replica_lag_time_max_ms: i64,
    /// `replica.fetch.wait.max.ms`.
    pub replica_fetch_wait_max_ms: i32,
    /// `replica.fetch.min.bytes`.
    pub replica_fetch_min_bytes: i32,
    /// `replica.fetch.max.bytes`: of one partition.
    pub replica_fetch_max_bytes: i32,
    /// `replica.fetch.response.max.bytes`: of one answer.
    pub replica_fetch_response_max_bytes: i32,
    /// `replica.fetch.backoff.ms`.
    pub replica_fetch_backoff_ms: i64,
    /// `replica.socket.timeout.ms`.
    pub replica_socket_timeout_ms: i64,
    /// `replica.high.watermark.checkpoint.interval.ms`.
    pub replica_high_watermark_checkpoint_interval_ms: i64,
    /// `broker.heartbeat.interval.ms`.
    pub broker_heartbeat_interval_ms: i64,
    /// `controller.quorum.fetch.timeout.ms`.
    pub controller_quorum_fetch_timeout_ms: i64,
    /// `request.timeout.ms`: how long it waits for the controller.
    pub request_timeout_ms: i64,
    /// `queued.max.requests`.
    pub queued_max_requests: usize,
    /// When it looks for old segments.
    pub retention: RetentionSchedule,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        BrokerConfig {
            replica_lag_time_max_ms: 30_000,
            replica_fetch_wait_max_ms: 500,
            replica_fetch_min_bytes: 1,
            replica_fetch_max_bytes: 1_048_576,
            replica_fetch_response_max_bytes: 10_485_760,
            replica_fetch_backoff_ms: 1_000,
            replica_socket_timeout_ms: 30_000,
            replica_high_watermark_checkpoint_interval_ms: 5_000,
            broker_heartbeat_interval_ms: 2_000,
            controller_quorum_fetch_timeout_ms: 2_000,
            request_timeout_ms: 30_000,
            queued_max_requests: 500,
            retention: RetentionSchedule::default(),
        }
    }
}
