//! The partitions of `__transaction_state` that a broker leads.

use super::super::Broker;
use super::super::coordinators::loading_us;
use crate::controller::TRANSACTION_STATE_TOPIC_NAME;
use crate::coordinator::transaction::{TransactionLogKey, TransactionLogValue};
use crate::log::PartitionLog;
use crate::protocol::TopicPartition;
use crate::sim::Fabric;

impl Broker {
    /// The broker leads a partition from this epoch on. When it is one of
    /// `__transaction_state`, it coordinates the transactions there, and reads
    /// them first, which takes its time (`TransactionCoordinator.onElection`).
    pub(in super::super) fn elected_for_transactions(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        leader_epoch: i32,
    ) {
        if &*of.topic != TRANSACTION_STATE_TOPIC_NAME {
            return;
        }
        let Some(partition) = self.partitions.get(of) else {
            return;
        };
        let loading_us = loading_us(&partition.log);
        let topic = self.image.topics.get(&of.topic);
        let partitions = topic.map_or(0, |topic| topic.partitions.len());
        let coordinator = &mut self.transactions.coordinator;
        coordinator.set_partitions(i32::try_from(partitions).unwrap_or(i32::MAX));
        coordinator.begin_loading(of.partition, leader_epoch);
        let until = fabric.now.plus_us(loading_us);
        let loading = &mut self.transactions.loading;
        loading.insert(of.partition, (until, leader_epoch));
        self.load_transactions(fabric);
    }

    /// The partitions that were long enough about being read are read now.
    pub(super) fn load_transactions(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let loading = &mut self.transactions.loading;
        let read = loading.extract_if(|_, (until, _)| *until <= now);
        let read: Vec<(i32, i32)> = read
            .into_iter()
            .map(|(of, (_, epoch))| (of, epoch))
            .collect();
        for (partition, leader_epoch) in read {
            let of = TopicPartition::new(TRANSACTION_STATE_TOPIC_NAME, partition);
            let Some(held) = self.partitions.get(&of) else {
                continue;
            };
            let records = records_of(&held.log);
            let records = records.iter().map(|(key, value)| (key, value.as_ref()));
            let (now_ms, mut out) = (fabric.timestamp_ms(), Vec::new());
            let coordinator = &mut self.transactions.coordinator;
            coordinator.load(now_ms, partition, leader_epoch, records, &mut out);
            self.hand_out_transactions(fabric, out);
            self.send_markers(fabric);
        }
    }

    /// The broker leads a partition no longer (`onResignation`).
    pub(in super::super) fn resigned_for_transactions(&mut self, of: &TopicPartition) {
        if &*of.topic == TRANSACTION_STATE_TOPIC_NAME {
            self.transactions.loading.remove(&of.partition);
            self.transactions.coordinator.unload(of.partition);
        }
    }
}

/// The records of a log of `__transaction_state`; those of a version that is
/// unknown are left out.
fn records_of(log: &PartitionLog) -> Vec<(TransactionLogKey, Option<TransactionLogValue>)> {
    let batches = log.batches_from(log.start_offset());
    let mut read = Vec::new();
    for batch in batches.filter(|batch| !batch.is_control()) {
        for record in batch.records().map_while(Result::ok) {
            let key = record.key.map(TransactionLogKey::from_bytes);
            let value = record
                .value
                .map(TransactionLogValue::from_bytes)
                .transpose();
            if let (Some(Ok(key)), Ok(value)) = (key, value) {
                read.push((key, value));
            }
        }
    }
    read
}
