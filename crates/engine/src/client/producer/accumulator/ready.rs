//! What may be sent now.

use crate::collections::BTreeSet;

use super::{ClusterView, NodeLatency, ProducerBatch, RecordAccumulator, TopicInfo};
use crate::client::producer::partitioner::PartitionLoad;
use crate::protocol::{TopicName, TopicPartition};
use crate::sim::Time;

/// What may be sent, and when to look again (`ReadyCheckResult`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadyCheck {
    /// The brokers for which a batch is ready.
    pub nodes: BTreeSet<i32>,
    /// When another batch may be; `None` when there is none to wait for.
    pub next_check: Option<Time>,
    /// The topics of which a partition has a batch but no leader.
    pub unknown_leader_topics: BTreeSet<TopicName>,
}

/// A partition's first batch, as it is looked at.
struct First {
    backs_off_until: Option<Time>,
    lingers_until: Time,
    is_full: bool,
}

impl RecordAccumulator {
    /// Looks at the first batch of each partition: it may be sent when it is
    /// full or has lingered, when others wait behind it, when memory is
    /// exhausted or somebody waits in `flush()` or `close()`; never while it
    /// backs off. On the way the built-in partitioner learns how long the
    /// queues are (`RecordAccumulator.ready`).
    pub fn ready(&mut self, now: Time, cluster: &impl ClusterView) -> ReadyCheck {
        let mut check = ReadyCheck::default();
        let mut topics = std::mem::take(&mut self.topics);
        for (name, info) in &mut topics {
            self.partitions_ready(now, cluster, name, info, &mut check);
        }
        self.topics = topics;
        check
    }

    fn partitions_ready(
        &self,
        now: Time,
        cluster: &impl ClusterView,
        name: &TopicName,
        info: &mut TopicInfo,
        check: &mut ReadyCheck,
    ) {
        // As long as a partition never had a batch, none is preferred.
        let is_adaptive =
            self.config.adaptive_partitioning && info.queues.len() >= cluster.partition_count(name);
        let mut load = is_adaptive.then(PartitionLoad::default);
        let mut of = TopicPartition::new(name.clone(), 0);
        for partition in &info.order {
            let Some(queue) = info.queues.get_mut(partition) else {
                continue;
            };
            let is_idle = queue.is_empty();
            if is_idle && load.is_none() {
                continue;
            }
            of.partition = *partition;
            let leader = cluster.leader(&of);
            let length = queue.len();
            if let (Some((leader, _)), Some(load)) = (leader, &mut load)
                && (is_idle || self.is_available(leader))
            {
                load.push(*partition, length);
            }
            let Some(batch) = queue.front_mut() else {
                continue;
            };
            let Some((leader, leader_epoch)) = leader else {
                check.unknown_leader_topics.insert(name.clone());
                continue;
            };
            batch.note_leader_epoch(leader_epoch);
            if check.nodes.contains(&leader) || self.muted.contains(&of) {
                continue;
            }
            let first = self.look_at(now, batch, length);
            self.batch_ready(now, leader, &first, check);
        }
        let partitions = info.queues.len();
        info.partitioner.set_load(load, partitions);
    }

    fn look_at(&self, now: Time, batch: &ProducerBatch, length: usize) -> First {
        First {
            backs_off_until: batch.backs_off_until(now),
            lingers_until: batch.lingers_until(self.config.linger_ms),
            is_full: length > 1 || batch.is_full(),
        }
    }

    fn batch_ready(&self, now: Time, leader: i32, first: &First, check: &mut ReadyCheck) {
        let sends_all = self.is_exhausted || self.is_closed || self.is_flushing;
        let is_sendable = first.is_full || first.lingers_until <= now || sends_all;
        if is_sendable && first.backs_off_until.is_none() {
            check.nodes.insert(leader);
            return;
        }
        let at = first.backs_off_until.unwrap_or(first.lingers_until);
        check.next_check = Some(check.next_check.map_or(at, |next| next.min(at)));
    }

    /// Whether the broker takes batches without letting them wait longer than
    /// `partitioner.availability.timeout.ms`.
    fn is_available(&self, broker: i32) -> bool {
        let timeout_ms = self.config.availability_timeout_ms;
        let Some(latency) = self.latencies.get(&broker).filter(|_| timeout_ms > 0) else {
            return true;
        };
        latency.ready_at <= latency.drained_at.plus_ms(timeout_ms)
    }

    /// A batch is ready for a broker, which can be sent to or not
    /// (`RecordAccumulator.updateNodeLatencyStats`).
    pub fn note_ready(&mut self, now: Time, broker: i32, can_drain: bool) {
        if self.config.availability_timeout_ms == 0 {
            return;
        }
        let latency = self.latencies.entry(broker).or_insert(NodeLatency {
            ready_at: now,
            drained_at: now,
        });
        latency.ready_at = now;
        if can_drain {
            latency.drained_at = now;
        }
    }
}
