//! What goes into the next request.

use super::{BatchSequence, ClusterView, ProducerBatch, RecordAccumulator};
use crate::client::producer::transaction_manager::TransactionManager;
use crate::protocol::TopicPartition;
use crate::sim::Time;

/// What a look at a partition's first batch says.
enum Look {
    Skip,
    Stop,
    Take,
}

impl RecordAccumulator {
    /// Takes the first batch of each partition that a broker leads, as many as
    /// go into a request of `max_size` bytes, or one that is larger. The
    /// partitions take turns: it begins with the one it looked at last
    /// (`RecordAccumulator.drainBatchesForOneNode`).
    pub fn drain(
        &mut self,
        now: Time,
        cluster: &impl ClusterView,
        broker: i32,
        max_size: usize,
        mut transactions: Option<&mut TransactionManager>,
    ) -> Vec<ProducerBatch> {
        let partitions = cluster.led_by(broker);
        let mut drained: Vec<ProducerBatch> = Vec::new();
        if partitions.is_empty() {
            return drained;
        }
        let start = self.drain_index.get(&broker).copied().unwrap_or(0) % partitions.len();
        let mut size = 0;
        for step in 0..partitions.len() {
            let index = (start + step) % partitions.len();
            self.drain_index.insert(broker, index);
            let of = &partitions[index];
            let room = (!drained.is_empty()).then(|| max_size.saturating_sub(size));
            match self.look(now, cluster, of, room, transactions.as_deref()) {
                Look::Skip => continue,
                Look::Stop => break,
                Look::Take => {}
            }
            let Some(mut batch) = self.take_first(of) else {
                continue;
            };
            if let Some(transactions) = transactions.as_deref_mut() {
                sequence(&mut batch, transactions);
            }
            let was_open = batch.compression_ratio().is_none();
            size += batch.records().size_in_bytes();
            if let Some(ratio) = batch.compression_ratio().filter(|_| was_open) {
                self.ratios.update(&of.topic, ratio);
            }
            drained.push(batch);
        }
        drained
    }

    fn look(
        &mut self,
        now: Time,
        cluster: &impl ClusterView,
        of: &TopicPartition,
        room: Option<usize>,
        transactions: Option<&TransactionManager>,
    ) -> Look {
        if self.muted.contains(of) {
            return Look::Skip;
        }
        let Some(first) = self.batches_of(of).next() else {
            return Look::Skip;
        };
        if let Some((_, leader_epoch)) = cluster.leader(of) {
            first.note_leader_epoch(leader_epoch);
        }
        if first.backs_off_until(now).is_some() {
            return Look::Skip;
        }
        if room.is_some_and(|room| first.size_in_bytes() > room) {
            return Look::Stop;
        }
        match transactions.is_some_and(|transactions| transactions.holds_back(first)) {
            true => Look::Stop,
            false => Look::Take,
        }
    }

    fn take_first(&mut self, of: &TopicPartition) -> Option<ProducerBatch> {
        let info = self.topics.get_mut(&of.topic)?;
        info.queues.get_mut(&of.partition)?.pop_front()
    }
}

/// Gives a batch that is sent for the first time its place among the records
/// of its producer.
fn sequence(batch: &mut ProducerBatch, transactions: &mut TransactionManager) {
    if batch.sequence().is_some() {
        return;
    }
    if let Some(producer) = transactions.producer_id_and_epoch() {
        let of = batch.topic_partition.clone();
        let count = batch.record_count();
        batch.set_sequence(BatchSequence {
            producer,
            base_sequence: transactions.take_sequences(&of, count),
            is_transactional: transactions.is_transactional(),
        });
        transactions.add_in_flight(batch);
    }
}
