//! What the settings of a group say of its share-partitions.

use crate::broker::Broker;
use crate::config::ShareGroupAutoOffsetReset;
use crate::coordinator::share_state::SharePartitionKey;
use crate::log::PartitionLog;

impl Broker {
    /// How long a member of the group has a record, in milliseconds
    /// (`SharePartition.recordLockDurationMsOrDefault`).
    pub(super) fn record_lock_duration_ms(&self, group: &str) -> i64 {
        let own = self.group_configs.get(group);
        let own = own.map(|own| i64::from(own.share_record_lock_duration_ms));
        own.unwrap_or(self.config.coordinator.share.record_lock_duration_ms)
    }

    /// The settings of groups have changed.
    pub(in crate::broker) fn refresh_record_locks(&mut self) {
        let keys: Vec<SharePartitionKey> = self.shares.partitions.keys().cloned().collect();
        for key in keys {
            let duration_ms = self.record_lock_duration_ms(&key.group_id);
            if let Some(held) = self.shares.partitions.get_mut(&key) {
                held.partition.set_record_lock_duration_ms(duration_ms);
            }
        }
    }

    /// Where the group begins with a partition that it has not read yet
    /// (`SharePartition.startOffsetDuringInitialization`).
    pub(super) fn first_offset_of_group(&self, key: &SharePartitionKey, log: &PartitionLog) -> i64 {
        let own = self.group_configs.get(&key.group_id);
        match own.map(|own| own.share_auto_offset_reset) {
            Some(ShareGroupAutoOffsetReset::Earliest) => log.start_offset(),
            Some(ShareGroupAutoOffsetReset::Latest) | None => log.high_watermark(),
        }
    }
}
