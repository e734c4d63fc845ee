//! The partitions of `__transaction_state` that a broker leads.

use super::super::Broker;
use crate::controller::TRANSACTION_STATE_TOPIC_NAME;
use crate::coordinator::transaction::{TransactionLogKey, TransactionLogValue};
use crate::log::PartitionLog;
use crate::protocol::TopicPartition;
use crate::sim::Fabric;

impl Broker {
    /// The broker leads a partition from this epoch on. When it is one of
    /// `__transaction_state`, it coordinates the transactions there, and reads
    /// them first (`TransactionCoordinator.onElection`).
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
        let records = records_of(&partition.log);
        let records = records.iter().map(|(key, value)| (key, value.as_ref()));
        let (now_ms, mut out) = (fabric.timestamp_ms(), Vec::new());
        let topic = self.image.topics.get(&of.topic);
        let partitions = topic.map_or(0, |topic| topic.partitions.len());
        let coordinator = &mut self.transactions.coordinator;
        coordinator.set_partitions(i32::try_from(partitions).unwrap_or(i32::MAX));
        coordinator.begin_loading(of.partition, leader_epoch);
        coordinator.load(now_ms, of.partition, leader_epoch, records, &mut out);
        self.hand_out_transactions(fabric, out);
        self.send_markers(fabric);
    }

    /// The broker leads a partition no longer (`onResignation`).
    pub(in super::super) fn resigned_for_transactions(&mut self, of: &TopicPartition) {
        if &*of.topic == TRANSACTION_STATE_TOPIC_NAME {
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
