//! What a broker's settings say, as far as the engine acts on them.

use crate::collections::BTreeMap;

use super::error::ConfigException;
use super::{broker, synonyms};
use crate::assignor::server::ServerAssignor;
use crate::coordinator::consumer_group::ConsumerGroupConfig;
use crate::coordinator::share_state::ShareCoordinatorConfig;
use crate::coordinator::{GroupCoordinatorConfig, ShareGroupConfig};
use crate::log::LogConfig;

/// A broker's settings (`kafka.server.KafkaConfig`): those given, and what
/// follows from them. Made by [`BrokerConfig::new`]; the fields are to be read.
///
/// What a setting takes is Kafka's rule. Where that lets an interval be less
/// than 1 ms, at which simulated time would stand still, 1 ms counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerConfig {
    overrides: BTreeMap<String, String>,
    /// `num.partitions`: how many a topic has that asks for no number.
    pub num_partitions: i32,
    /// `default.replication.factor`: that of a topic that asks for none.
    pub default_replication_factor: i16,
    /// `auto.create.topics.enable`: whether asking for a topic makes it.
    pub auto_create_topics_enable: bool,
    /// `request.timeout.ms`: how long the broker waits for an answer.
    pub request_timeout_ms: i64,
    /// `controller.socket.timeout.ms`: how long a broker waits for an answer of
    /// the controller; not below 1.
    pub controller_socket_timeout_ms: i64,
    /// `queued.max.requests`: how many may wait for a request handler.
    pub queued_max_requests: usize,
    /// `max.incremental.fetch.session.cache.slots`: how many fetch sessions a
    /// broker has at most (KIP-227).
    pub max_incremental_fetch_session_cache_slots: usize,
    /// How partitions are replicated.
    pub replication: ReplicationConfig,
    /// How the broker shows the controller that it lives.
    pub lease: BrokerLeaseConfig,
    /// How the broker leaves.
    pub controlled_shutdown: ControlledShutdownConfig,
    /// How the controllers agree.
    pub quorum: QuorumConfig,
    /// How the controller gives leadership back to preferred replicas.
    pub leader_balance: LeaderBalanceConfig,
    /// The thread that looks after logs.
    pub log_manager: LogManagerConfig,
    /// The log cleaner.
    pub cleaner: CleanerConfig,
    /// The group coordinator.
    pub coordinator: GroupCoordinatorConfig,
    /// The same for groups of the consumer group protocol (KIP-848).
    pub consumer_groups: ConsumerGroupConfig,
    /// `__consumer_offsets` (`offsets.topic.*`).
    pub offsets_topic: InternalTopicConfig,
    /// `__transaction_state` (`transaction.state.log.*`).
    pub transaction_state_log: InternalTopicConfig,
    /// `__share_group_state` (`share.coordinator.state.topic.*`).
    pub share_state_topic: InternalTopicConfig,
    /// The share coordinator.
    pub share_coordinator: ShareCoordinatorConfig,
    /// Transactions and idempotent producers.
    pub transactions: TransactionConfig,
    /// After how many requests what has been answered leaves the purgatories.
    pub purgatory: PurgatoryConfig,
}

/// How partitions are replicated (`replica.*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplicationConfig {
    /// `replica.lag.time.max.ms`: how long a follower may not have caught up
    /// before it is out of sync.
    pub lag_time_max_ms: i64,
    /// `replica.fetch.wait.max.ms`: how long a follower's fetch may wait.
    pub fetch_wait_max_ms: i64,
    /// `replica.fetch.min.bytes`: for how much it waits.
    pub fetch_min_bytes: i32,
    /// `replica.fetch.max.bytes`: how much of a partition it takes.
    pub fetch_max_bytes: usize,
    /// `replica.fetch.response.max.bytes`: how much it takes altogether.
    pub fetch_response_max_bytes: usize,
    /// `replica.fetch.backoff.ms`: how long a partition is let be after an
    /// error.
    pub fetch_backoff_ms: i64,
    /// `replica.socket.timeout.ms`: how long a follower waits for an answer.
    pub socket_timeout_ms: i64,
    /// `replica.high.watermark.checkpoint.interval.ms`; not below 1.
    pub high_watermark_checkpoint_interval_ms: i64,
}

/// How a broker shows the controller that it lives (`broker.*`, KIP-631).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerLeaseConfig {
    /// `broker.session.timeout.ms`: without a heartbeat for so long, the
    /// controller fences it.
    pub session_timeout_ms: i64,
    /// `broker.heartbeat.interval.ms`; not below 1.
    pub heartbeat_interval_ms: i64,
}

/// How a broker leaves (`controlled.shutdown.*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ControlledShutdownConfig {
    /// `controlled.shutdown.enable`: whether others take over first.
    pub enable: bool,
    /// `controlled.shutdown.max.retries`.
    pub max_retries: i32,
    /// `controlled.shutdown.retry.backoff.ms`.
    pub retry_backoff_ms: i64,
}

/// How controllers agree (`controller.quorum.*`, KIP-595).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuorumConfig {
    /// `controller.quorum.election.timeout.ms`; not below 1.
    pub election_timeout_ms: i64,
    /// `controller.quorum.election.backoff.max.ms`.
    pub election_backoff_max_ms: i64,
    /// `controller.quorum.fetch.timeout.ms`; not below 1.
    pub fetch_timeout_ms: i64,
    /// `controller.quorum.request.timeout.ms`; not below 1.
    pub request_timeout_ms: i64,
    /// `controller.quorum.retry.backoff.ms`; not below 1.
    pub retry_backoff_ms: i64,
    /// `controller.quorum.append.linger.ms`.
    pub append_linger_ms: i64,
    /// `metadata.max.idle.interval.ms`: how often the active controller writes a
    /// record that says nothing (KIP-835); 0 for never.
    pub max_idle_interval_ms: i64,
}

/// How leadership goes back to preferred replicas (`leader.imbalance.*`), and
/// to those out of sync where that is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderBalanceConfig {
    /// `auto.leader.rebalance.enable`.
    pub auto_rebalance_enable: bool,
    /// `leader.imbalance.check.interval.seconds`, in milliseconds.
    pub check_interval_ms: i64,
    /// `leader.imbalance.per.broker.percentage`.
    pub per_broker_percentage: i32,
    /// `unclean.leader.election.interval.ms`: how often leaderless partitions
    /// are looked for.
    pub unclean_election_interval_ms: i64,
}

/// The thread that looks after logs (`log.*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogManagerConfig {
    /// `log.initial.task.delay.ms`: how long after the start it begins.
    pub initial_task_delay_ms: i64,
    /// `log.retention.check.interval.ms`.
    pub retention_check_interval_ms: i64,
}

/// The log cleaner (`log.cleaner.*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CleanerConfig {
    /// `log.cleaner.enable`.
    pub enable: bool,
    /// `log.cleaner.threads`: how many logs are cleaned at a time.
    pub threads: usize,
    /// `log.cleaner.backoff.ms`: how long a thread that found nothing to clean
    /// sleeps; not below 1.
    pub backoff_ms: i64,
}

/// A topic that the brokers keep for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InternalTopicConfig {
    /// How many partitions it has.
    pub num_partitions: i32,
    /// How many replicas each has.
    pub replication_factor: i16,
    /// `segment.bytes` of its logs.
    pub segment_bytes: usize,
    /// `min.insync.replicas` of its own, where it has one.
    pub min_isr: Option<i32>,
}

/// Transactions and idempotent producers (`transaction.*`, `producer.id.*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TransactionConfig {
    /// `transaction.max.timeout.ms`: the longest a producer may ask for.
    pub max_timeout_ms: i64,
    /// `transactional.id.expiration.ms`: how long an unused id is kept.
    pub transactional_id_expiration_ms: i64,
    /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`.
    pub abort_timed_out_interval_ms: i64,
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`.
    pub remove_expired_interval_ms: i64,
    /// `transaction.partition.verification.enable`.
    pub partition_verification_enable: bool,
    /// `producer.id.expiration.ms`: how long a log remembers an idle producer.
    pub producer_id_expiration_ms: i64,
    /// `producer.id.expiration.check.interval.ms`.
    pub producer_id_expiration_check_interval_ms: i64,
}

/// After how many requests what has been answered leaves the purgatories
/// (`*.purgatory.purge.interval.requests`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PurgatoryConfig {
    /// That of fetches.
    pub fetch: i32,
    /// That of produce requests.
    pub producer: i32,
    /// That of deletions of records.
    pub delete_records: i32,
}

impl Default for BrokerConfig {
    /// The defaults of Kafka 4.0.
    fn default() -> Self {
        BrokerConfig::read(BTreeMap::new())
    }
}

impl BrokerConfig {
    /// The settings given, by Kafka's names; the defaults for the rest.
    ///
    /// # Errors
    ///
    /// When there is no such setting (Kafka logs that and goes on), when one
    /// does not take its value, or when they do not go together.
    pub fn new(overrides: BTreeMap<String, String>) -> Result<BrokerConfig, ConfigException> {
        broker::CONFIG.validate(&overrides)?;
        let config = BrokerConfig::read(overrides);
        config.require()?;
        Ok(config)
    }

    /// The settings given, by name.
    pub fn overrides(&self) -> &BTreeMap<String, String> {
        &self.overrides
    }

    /// The value that holds; `None` for Kafka's `null`, and when there is no
    /// such setting.
    pub fn value(&self, name: &str) -> Option<&str> {
        broker::CONFIG.value(&self.overrides, name)
    }

    /// The value this broker was given for a topic's setting under one of its
    /// synonyms; `None` when it was given none, and the default holds.
    pub fn topic_default(&self, name: &str) -> Option<String> {
        let mut synonyms = synonyms::of_topic_config(name).iter();
        let value = synonyms.find_map(|synonym| {
            let value = self.overrides.get(synonym.name)?;
            Some(synonym.convert(value))
        })?;
        // Any time below 0 is forever (`KafkaConfig.logRetentionTimeMillis`).
        let is_forever = name == "retention.ms" && value.starts_with('-');
        Some(if is_forever { "-1".to_owned() } else { value })
    }

    /// The settings of a topic that has set `own`: with them, what this broker
    /// was given for the others.
    pub fn topic_configs(&self, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let given = synonyms::SYNONYMS.iter().filter_map(|(name, _)| {
            let value = self.topic_default(name)?;
            Some(((*name).to_owned(), value))
        });
        let mut configs: BTreeMap<String, String> = given.collect();
        configs.extend(own.clone());
        configs
    }

    /// The settings of this broker's logs of a topic that has set `own`.
    pub fn log_config(&self, own: &BTreeMap<String, String>) -> LogConfig {
        LogConfig::from_topic_configs(&self.topic_configs(own))
    }

    /// `KafkaConfig.validateValues`, as far as the engine knows the settings.
    fn require(&self) -> Result<(), ConfigException> {
        let topic_number = |name: &str| {
            let value = self.topic_default(name)?;
            value.parse::<i64>().ok()
        };
        let replication = &self.replication;
        let requirements = [
            (
                topic_number("segment.ms").is_none_or(|time| time >= 1),
                "log.roll.ms must be greater than or equal to 1",
            ),
            (
                topic_number("segment.jitter.ms").is_none_or(|time| time >= 0),
                "log.roll.jitter.ms must be greater than or equal to 0",
            ),
            (
                topic_number("retention.ms") != Some(0),
                "log.retention.ms must be unlimited (-1) or, equal or greater than 1",
            ),
            (
                replication.fetch_wait_max_ms <= replication.socket_timeout_ms,
                "replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms \
                 to prevent unnecessary socket timeouts",
            ),
            (
                replication.fetch_wait_max_ms <= replication.lag_time_max_ms,
                "replica.fetch.wait.max.ms should always be less than or equal to \
                 replica.lag.time.max.ms to prevent frequent changes in ISR",
            ),
        ];
        let broken = requirements.iter().find(|(holds, _)| !holds);
        broken.map_or(Ok(()), |(_, why)| Err(ConfigException::Requirement(why)))
    }

    /// Reads settings that are valid.
    fn read(overrides: BTreeMap<String, String>) -> BrokerConfig {
        let given = Given(&overrides);
        BrokerConfig {
            num_partitions: given.int("num.partitions"),
            default_replication_factor: given.short("default.replication.factor"),
            auto_create_topics_enable: given.flag("auto.create.topics.enable"),
            request_timeout_ms: given.long("request.timeout.ms"),
            controller_socket_timeout_ms: given.interval_ms("controller.socket.timeout.ms"),
            queued_max_requests: given.size("queued.max.requests"),
            max_incremental_fetch_session_cache_slots: given
                .size("max.incremental.fetch.session.cache.slots"),
            replication: given.replication(),
            lease: BrokerLeaseConfig {
                session_timeout_ms: given.long("broker.session.timeout.ms"),
                heartbeat_interval_ms: given.interval_ms("broker.heartbeat.interval.ms"),
            },
            controlled_shutdown: ControlledShutdownConfig {
                enable: given.flag("controlled.shutdown.enable"),
                max_retries: given.int("controlled.shutdown.max.retries"),
                retry_backoff_ms: given.long("controlled.shutdown.retry.backoff.ms"),
            },
            quorum: given.quorum(),
            leader_balance: given.leader_balance(),
            log_manager: LogManagerConfig {
                initial_task_delay_ms: given.long("log.initial.task.delay.ms"),
                retention_check_interval_ms: given.interval_ms("log.retention.check.interval.ms"),
            },
            cleaner: CleanerConfig {
                enable: given.flag("log.cleaner.enable"),
                threads: given.size("log.cleaner.threads"),
                backoff_ms: given.interval_ms("log.cleaner.backoff.ms"),
            },
            coordinator: given.coordinator(),
            consumer_groups: given.consumer_groups(),
            offsets_topic: given.internal_topic("offsets.topic"),
            transaction_state_log: InternalTopicConfig {
                min_isr: Some(given.int("transaction.state.log.min.isr")),
                ..given.internal_topic("transaction.state.log")
            },
            share_state_topic: InternalTopicConfig {
                min_isr: Some(given.int("share.coordinator.state.topic.min.isr")),
                ..given.internal_topic("share.coordinator.state.topic")
            },
            share_coordinator: ShareCoordinatorConfig {
                updates_per_snapshot: given
                    .int("share.coordinator.snapshot.update.records.per.snapshot"),
                write_timeout_ms: given.long("share.coordinator.write.timeout.ms"),
            },
            transactions: given.transactions(),
            purgatory: PurgatoryConfig {
                fetch: given.int("fetch.purgatory.purge.interval.requests"),
                producer: given.int("producer.purgatory.purge.interval.requests"),
                delete_records: given.int("delete.records.purgatory.purge.interval.requests"),
            },
            overrides,
        }
    }
}

/// Settings that are valid, read by name. What has no default is not asked for.
struct Given<'a>(&'a BTreeMap<String, String>);

impl Given<'_> {
    fn text(&self, name: &str) -> &str {
        let value = broker::CONFIG.value(self.0, name);
        value.unwrap_or_else(|| panic!("brokers have no value of {name}"))
    }

    fn long(&self, name: &str) -> i64 {
        let number = self.text(name).parse();
        number.unwrap_or_else(|_| panic!("{name} is a number"))
    }

    fn int(&self, name: &str) -> i32 {
        let number = self.text(name).parse();
        number.unwrap_or_else(|_| panic!("{name} is a number of 32 bits"))
    }

    /// A number that requests carry in 16 bits; one that is larger counts as
    /// the largest.
    fn short(&self, name: &str) -> i16 {
        let number = self.long(name);
        number.clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }

    /// How much or how many; less than nothing counts as nothing.
    fn size(&self, name: &str) -> usize {
        usize::try_from(self.long(name).max(0)).unwrap_or(usize::MAX)
    }

    fn interval_ms(&self, name: &str) -> i64 {
        self.long(name).max(1)
    }

    fn flag(&self, name: &str) -> bool {
        self.text(name).eq_ignore_ascii_case("true")
    }

    fn replication(&self) -> ReplicationConfig {
        ReplicationConfig {
            lag_time_max_ms: self.long("replica.lag.time.max.ms"),
            fetch_wait_max_ms: self.long("replica.fetch.wait.max.ms"),
            fetch_min_bytes: self.int("replica.fetch.min.bytes"),
            fetch_max_bytes: self.size("replica.fetch.max.bytes"),
            fetch_response_max_bytes: self.size("replica.fetch.response.max.bytes"),
            fetch_backoff_ms: self.long("replica.fetch.backoff.ms"),
            socket_timeout_ms: self.long("replica.socket.timeout.ms"),
            high_watermark_checkpoint_interval_ms: self
                .interval_ms("replica.high.watermark.checkpoint.interval.ms"),
        }
    }

    fn quorum(&self) -> QuorumConfig {
        QuorumConfig {
            election_timeout_ms: self.interval_ms("controller.quorum.election.timeout.ms"),
            election_backoff_max_ms: self.long("controller.quorum.election.backoff.max.ms"),
            fetch_timeout_ms: self.interval_ms("controller.quorum.fetch.timeout.ms"),
            request_timeout_ms: self.interval_ms("controller.quorum.request.timeout.ms"),
            retry_backoff_ms: self.interval_ms("controller.quorum.retry.backoff.ms"),
            append_linger_ms: self.long("controller.quorum.append.linger.ms"),
            max_idle_interval_ms: self.long("metadata.max.idle.interval.ms"),
        }
    }

    fn leader_balance(&self) -> LeaderBalanceConfig {
        let interval_s = self.long("leader.imbalance.check.interval.seconds");
        LeaderBalanceConfig {
            auto_rebalance_enable: self.flag("auto.leader.rebalance.enable"),
            check_interval_ms: interval_s.saturating_mul(1_000),
            per_broker_percentage: self.int("leader.imbalance.per.broker.percentage"),
            unclean_election_interval_ms: self.interval_ms("unclean.leader.election.interval.ms"),
        }
    }

    fn coordinator(&self) -> GroupCoordinatorConfig {
        let retention_minutes = self.long("offsets.retention.minutes");
        GroupCoordinatorConfig {
            initial_rebalance_delay_ms: self.int("group.initial.rebalance.delay.ms"),
            min_session_timeout_ms: self.int("group.min.session.timeout.ms"),
            max_session_timeout_ms: self.int("group.max.session.timeout.ms"),
            max_size: self.int("group.max.size"),
            new_member_join_timeout_ms: GroupCoordinatorConfig::NEW_MEMBER_JOIN_TIMEOUT_MS,
            offsets_retention_ms: retention_minutes * 60 * 1_000,
            offsets_retention_check_interval_ms: self
                .interval_ms("offsets.retention.check.interval.ms"),
            offset_commit_timeout_ms: self.long("offsets.commit.timeout.ms"),
            offset_metadata_max_bytes: self.size("offset.metadata.max.bytes"),
            share: self.share(),
        }
    }

    fn share(&self) -> ShareGroupConfig {
        ShareGroupConfig {
            heartbeat_interval_ms: self.int("group.share.heartbeat.interval.ms"),
            session_timeout_ms: self.int("group.share.session.timeout.ms"),
            max_size: self.int("group.share.max.size"),
            delivery_count_limit: self.short("group.share.delivery.count.limit"),
            record_lock_duration_ms: self.long("group.share.record.lock.duration.ms"),
            partition_max_record_locks: self.long("group.share.partition.max.record.locks"),
            fetch_max_records: self.long("share.fetch.max.fetch.records"),
        }
    }

    fn consumer_groups(&self) -> ConsumerGroupConfig {
        let assignors = self.text("group.consumer.assignors").split(',');
        ConsumerGroupConfig {
            session_timeout_ms: self.int("group.consumer.session.timeout.ms"),
            heartbeat_interval_ms: self.int("group.consumer.heartbeat.interval.ms"),
            max_size: self.int("group.consumer.max.size"),
            assignors: assignors
                .filter_map(|class| ServerAssignor::by_class(class.trim()))
                .collect(),
            metadata_refresh_interval_ms: ConsumerGroupConfig::METADATA_REFRESH_INTERVAL_MS,
        }
    }

    fn internal_topic(&self, prefix: &str) -> InternalTopicConfig {
        let of_topic = |setting| format!("{prefix}.{setting}");
        InternalTopicConfig {
            num_partitions: self.int(&of_topic("num.partitions")),
            replication_factor: self.short(&of_topic("replication.factor")),
            segment_bytes: self.size(&of_topic("segment.bytes")),
            min_isr: None,
        }
    }

    fn transactions(&self) -> TransactionConfig {
        TransactionConfig {
            max_timeout_ms: self.long("transaction.max.timeout.ms"),
            transactional_id_expiration_ms: self.long("transactional.id.expiration.ms"),
            abort_timed_out_interval_ms: self
                .interval_ms("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
            remove_expired_interval_ms: self
                .interval_ms("transaction.remove.expired.transaction.cleanup.interval.ms"),
            partition_verification_enable: self.flag("transaction.partition.verification.enable"),
            producer_id_expiration_ms: self.long("producer.id.expiration.ms"),
            producer_id_expiration_check_interval_ms: self
                .interval_ms("producer.id.expiration.check.interval.ms"),
        }
    }
}
