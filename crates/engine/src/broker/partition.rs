use super::Broker;
use super::leader::{Circumstances, Effects, Leader};
use crate::config::BrokerConfig;
use crate::controller::brokers::Brokers;
use crate::log::PartitionLog;
use crate::protocol::{TopicId, TopicPartition};
use crate::sim::Fabric;

/// A replica of a partition on a broker: its log, and what the broker is for
/// it (`kafka.cluster.Partition`).
#[derive(Clone, Debug, Hash)]
pub struct Partition {
    /// The topic's id: another topic may come to have the same name.
    pub topic_id: TopicId,
    /// The broker's copy of the log.
    pub log: PartitionLog,
    /// What the broker is for the partition.
    pub role: Role,
    /// `min.insync.replicas` of the topic.
    pub min_insync_replicas: usize,
    /// The high watermark as the broker's disk has it
    /// (`replication-offset-checkpoint`).
    pub checkpointed_high_watermark: i64,
    /// Up to where the log is compacted, as the broker's disk has it
    /// (`cleaner-offset-checkpoint`); `None` before the first cleaning.
    pub cleaned_to: Option<i64>,
    /// The look after which it changed last, as [`super::held`] counts them.
    pub(super) changed_at: u64,
}

/// What a broker is for a partition that it holds a replica of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It leads.
    Leader(Leader),
    /// It copies the leader's log.
    Follower {
        /// The leader, if there is one.
        leader: Option<i32>,
        /// The leader's epoch.
        leader_epoch: i32,
    },
    /// The broker is not running, or has just begun to.
    Offline,
}

impl Partition {
    /// The offset below which every in-sync replica has every record, as far
    /// as this replica knows.
    pub fn high_watermark(&self) -> i64 {
        self.log.high_watermark()
    }

    /// Whether the log cleaner looks after the log, and not retention alone.
    pub(super) fn is_compacted(&self) -> bool {
        self.log.config().cleanup_policy.compact
    }

    /// Whether an idempotent producer has written to the log lately.
    pub(super) fn knows_a_producer(&self) -> bool {
        self.log.producer_state().producers().next().is_some()
    }

    /// Whether the broker leads.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// What the leader knows of the followers, when the broker leads.
    pub fn leader(&self) -> Option<&Leader> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            _ => None,
        }
    }

    /// The log was cut off. The cleaner looks again at the segment that it now
    /// ends with (`LogCleanerManager.maybeTruncateCheckpoint`).
    pub(super) fn cut_back_cleaner_checkpoint(&mut self) {
        let active = self.log.active_segment().base_offset();
        self.cleaned_to = self.cleaned_to.map(|offset| offset.min(active));
    }

    /// What the leader's rules need to know: of the brokers, the epoch of this
    /// one and what it has heard of all.
    pub(super) fn circumstances<'a>(
        &self,
        fabric: &Fabric,
        config: &BrokerConfig,
        (broker_epoch, brokers): (i64, &'a Brokers),
    ) -> Circumstances<'a> {
        Circumstances {
            now_ms: fabric.now.as_ms() as i64,
            log_end_offset: self.log.end_offset(),
            high_watermark: self.log.high_watermark(),
            min_insync_replicas: self.min_insync_replicas,
            replica_lag_time_max_ms: config.replication.lag_time_max_ms,
            broker_epoch,
            brokers,
        }
    }

    /// The leader epoch, -1 when offline.
    pub fn leader_epoch(&self) -> i32 {
        match &self.role {
            Role::Leader(leader) => leader.leader_epoch(),
            Role::Follower { leader_epoch, .. } => *leader_epoch,
            Role::Offline => -1,
        }
    }
}

impl Broker {
    /// Lets the leader of a partition act on what it knows and what time it
    /// is; `None` when the broker does not lead it.
    pub(super) fn with_leader<R>(
        &mut self,
        fabric: &Fabric,
        of: &TopicPartition,
        act: impl FnOnce(&mut Leader, &Circumstances<'_>) -> R,
    ) -> Option<R> {
        let partition = self.partitions.get_mut(of)?;
        let run = (self.broker_epoch, &self.image.brokers);
        let circumstances = partition.circumstances(fabric, &self.config, run);
        match &mut partition.role {
            Role::Leader(leader) => Some(act(leader, &circumstances)),
            _ => None,
        }
    }

    /// Does what a leader wants done.
    pub(super) fn take_effect(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        effects: Effects,
    ) {
        if let Some(high_watermark) = effects.high_watermark {
            if let Some(partition) = self.partitions.get_mut(of) {
                partition.log.set_high_watermark(high_watermark);
            }
            self.advance_coordinator(fabric, of);
            self.complete_produces(fabric);
            self.complete_fetches(fabric, of);
        }
        if let Some(change) = effects.alter_partition {
            self.alter_partition(fabric, of, change);
        }
    }
}
