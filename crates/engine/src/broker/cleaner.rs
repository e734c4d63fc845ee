//! The log cleaner at work (`kafka.log.LogCleaner`,
//! `kafka.log.LogCleanerManager`), and the look for producers that have gone
//! silent.
//!
//! A cleaning takes no time here. A thread that has cleaned a log looks for
//! the next at once and sleeps when there is none; so all that is worth
//! cleaning is cleaned at one instant, the dirtiest log first, and it makes no
//! difference how many threads there are, if any.

use super::periodic::next_instant;
use super::{Broker, Partition};
use crate::event::EventKind;
use crate::log::LogToClean;
use crate::protocol::TopicPartition;
use crate::sim::{Fabric, Time};

impl Broker {
    /// Has the cleaner look every `log.cleaner.backoff.ms` since the broker's
    /// start, as long as there is a compacted log.
    pub(super) fn plan_cleaning(&mut self, now: Time) {
        let config = &self.config.cleaner;
        if self.cleaning_at.is_none() && config.enable && config.threads > 0 {
            let at = next_instant(self.started_at, config.backoff_ms, now);
            self.cleaning_at = Some(at);
        }
    }

    /// Cleans what is worth it, when it is time to, and deletes old segments
    /// of compacted logs (`CleanerThread.doWork`).
    pub(super) fn clean_logs(&mut self, fabric: &mut Fabric) {
        if self.cleaning_at.is_none_or(|at| at > fabric.now) {
            return;
        }
        self.cleaning_at = None;
        while let Some((of, range)) = self.dirtiest_log(fabric) {
            self.clean_log(fabric, &of, &range);
        }
        self.delete_old_segments(fabric, true);
        if self.partitions.values().any(Partition::is_compacted) {
            self.plan_cleaning(fabric.now);
        }
    }

    /// Source: `LogCleanerManager.grabFilthiestCompactedLog`.
    fn dirtiest_log(&mut self, fabric: &Fabric) -> Option<(TopicPartition, LogToClean)> {
        let now_ms = fabric.timestamp_ms();
        let mut dirtiest: Option<(TopicPartition, LogToClean)> = None;
        for (of, partition) in self.partitions.unnoticed() {
            if !partition.is_compacted() {
                continue;
            }
            let range = partition.log.to_clean(partition.cleaned_to, now_ms);
            // A checkpoint that lies outside the log is set right.
            let checkpoint = partition.cleaned_to.as_mut();
            if let Some(checkpoint) = checkpoint {
                *checkpoint = range.first_dirty_offset;
            }
            let is_dirtier = dirtiest
                .as_ref()
                .is_none_or(|(_, other)| range.is_dirtier_than(other));
            if is_dirtier && partition.log.is_worth_cleaning(&range, now_ms) {
                dirtiest = Some((of.clone(), range));
            }
        }
        dirtiest
    }

    fn clean_log(&mut self, fabric: &mut Fabric, of: &TopicPartition, range: &LogToClean) {
        let now_ms = fabric.timestamp_ms();
        let Some(partition) = self.partitions.get_mut(of) else {
            return;
        };
        let cleaning = partition.log.clean(range, now_ms);
        partition.cleaned_to = Some(cleaning.cleaned_to);
        fabric.emit(EventKind::LogCleaned {
            broker: self.id,
            topic_partition: of.clone(),
            cleaning,
        });
    }

    /// Has it look for silent producers every
    /// `producer.id.expiration.check.interval.ms` since the broker's start, as
    /// long as a log knows a producer.
    pub(super) fn plan_producer_check(&mut self, now: Time) {
        if self.producer_check_at.is_none() {
            let config = &self.config.transactions;
            let interval_ms = config.producer_id_expiration_check_interval_ms;
            let at = next_instant(self.started_at, interval_ms, now);
            self.producer_check_at = Some(at);
        }
    }

    /// Forgets producers that have been silent for
    /// `producer.id.expiration.ms`, when it is time to look
    /// (`UnifiedLog.removeExpiredProducers`).
    pub(super) fn expire_producers(&mut self, fabric: &Fabric) {
        if self.producer_check_at.is_none_or(|at| at > fabric.now) {
            return;
        }
        self.producer_check_at = None;
        let expiration_ms = self.config.transactions.producer_id_expiration_ms;
        for partition in self.partitions.unnoticed().values_mut() {
            let log = &mut partition.log;
            log.remove_expired_producers(fabric.timestamp_ms(), expiration_ms);
        }
        if self.partitions.values().any(Partition::knows_a_producer) {
            self.plan_producer_check(fabric.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::broker::{NewBroker, Role};
    use crate::config::BrokerConfig;
    use crate::log::record_batch::{BatchOptions, Record, RecordBatch, RecordBatchBuilder};
    use crate::log::{LogConfig, PartitionLog};
    use crate::protocol::TopicId;
    use crate::sim::Latency;

    const MINUTE: u64 = 60_000;

    fn batch_of_producer_7() -> RecordBatch {
        let mut builder = RecordBatchBuilder::new(BatchOptions {
            producer_id: 7,
            producer_epoch: 0,
            base_sequence: 0,
            ..BatchOptions::default()
        });
        let record = Record {
            timestamp_ms: 0,
            ..Record::default()
        };
        builder.append(&record).unwrap();
        builder.build().unwrap()
    }

    /// With `producer.id.expiration.ms` at an hour and a look every ten
    /// minutes.
    #[test]
    fn a_producer_is_forgotten_at_the_first_look_after_its_time() {
        let settings = [("producer.id.expiration.ms", "3600000")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut broker = Broker::new(NewBroker {
            id: 1,
            rack: None,
            config: Arc::new(BrokerConfig::new(settings.into()).unwrap()),
            voters: vec![1],
            seed: 1,
        });
        let latency = Latency {
            base_us: 0,
            jitter_us: 0,
        };
        let mut fabric = Fabric::new(1, 0, latency);

        let mut log = PartitionLog::new(LogConfig::default(), 0);
        log.append_as_leader(&batch_of_producer_7(), 0, 0).unwrap();
        let of = TopicPartition::new("t", 0);
        let partition = Partition {
            topic_id: TopicId::default(),
            log,
            role: Role::Offline,
            min_insync_replicas: 1,
            checkpointed_high_watermark: 0,
            cleaned_to: None,
            changed_at: 0,
        };
        broker.partitions.insert(of.clone(), partition);
        broker.look_after(fabric.now, &of);
        let knows = |broker: &Broker| {
            let log = &broker.partitions[&of].log;
            log.producer_state().producer(7).is_some()
        };
        for minute in [10, 20, 30, 40, 50] {
            let at = broker.producer_check_at.expect("it looks again");
            assert_eq!(at, Time::from_ms(minute * MINUTE));
            fabric.now = at;
            broker.expire_producers(&fabric);
            assert!(knows(&broker), "after {minute} minutes");
        }
        fabric.now = broker.producer_check_at.expect("it looks again");
        broker.expire_producers(&fabric);
        assert!(!knows(&broker));
        assert_eq!(broker.producer_check_at, None, "there is nobody left");
    }
}
