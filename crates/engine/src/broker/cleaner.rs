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
    /// When the cleaner looks next: every `log.cleaner.backoff.ms` since the
    /// broker's start, while it holds a compacted log.
    pub(super) fn plan_cleaning(&mut self, now: Time) -> Option<Time> {
        let config = &self.config.cleaner;
        let is_compacted = |held: &Partition| held.log.config().cleanup_policy.compact;
        let is_at_work =
            config.enable && config.threads > 0 && self.partitions.values().any(is_compacted);
        if !is_at_work {
            self.cleaning_at = None;
        } else if self.cleaning_at.is_none() {
            self.cleaning_at = Some(next_instant(self.started_at, config.backoff_ms, now));
        }
        self.cleaning_at
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
    }

    /// Source: `LogCleanerManager.grabFilthiestCompactedLog`.
    fn dirtiest_log(&mut self, fabric: &Fabric) -> Option<(TopicPartition, LogToClean)> {
        let now_ms = fabric.timestamp_ms();
        let mut dirtiest: Option<(TopicPartition, LogToClean)> = None;
        for (of, partition) in &mut self.partitions {
            if !partition.log.config().cleanup_policy.compact {
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

    /// When it looks next for silent producers: every
    /// `producer.id.expiration.check.interval.ms` since the broker's start,
    /// while a log knows a producer.
    pub(super) fn plan_producer_check(&mut self, now: Time) -> Option<Time> {
        let config = &self.config.transactions;
        let knows_one = |held: &Partition| held.log.producer_state().producers().next().is_some();
        if !self.partitions.values().any(knows_one) {
            self.producer_check_at = None;
        } else if self.producer_check_at.is_none() {
            let interval_ms = config.producer_id_expiration_check_interval_ms;
            self.producer_check_at = Some(next_instant(self.started_at, interval_ms, now));
        }
        self.producer_check_at
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
        for partition in self.partitions.values_mut() {
            let log = &mut partition.log;
            log.remove_expired_producers(fabric.timestamp_ms(), expiration_ms);
        }
    }
}
