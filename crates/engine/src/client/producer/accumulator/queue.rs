//! What comes back to the accumulator, and what leaves it unsent.

use std::collections::VecDeque;

use super::{ProducerBatch, RecordAccumulator};
use crate::client::producer::transaction_manager::TransactionManager;
use crate::log::record_batch::INCOMPRESSIBLE;
use crate::protocol::TopicPartition;
use crate::sim::Time;

impl RecordAccumulator {
    fn queue(&mut self, of: &TopicPartition) -> &mut VecDeque<ProducerBatch> {
        let info = self.topics.get_mut(&of.topic);
        let info = info.expect("a batch of it was drained");
        info.queue(of.partition)
    }

    /// Puts a batch back that was sent in vain, in front, or, where batches
    /// have sequences, at its place among them. It is sent again at
    /// `backoff_until`, or when another broker leads the partition.
    pub fn reenqueue(&mut self, now: Time, mut batch: ProducerBatch, backoff_until: Time) {
        batch.reenqueued(now, backoff_until);
        self.insert(batch);
    }

    /// Source: `RecordAccumulator.insertInSequenceOrder`.
    fn insert(&mut self, batch: ProducerBatch) {
        let sequence = batch.sequence().map(|of| of.base_sequence);
        let queue = self.queue(&batch.topic_partition);
        let comes_before = |other: &ProducerBatch| {
            let other = other.sequence().map(|of| of.base_sequence);
            other.is_some() && other < sequence
        };
        let place = queue.iter().take_while(|other| comes_before(other)).count();
        queue.insert(place, batch);
    }

    /// Puts the records of a batch that the broker finds too large back in
    /// smaller ones (`RecordAccumulator.splitAndReenqueue`); says whether that
    /// is possible: a batch of no more than `batch.size` would stay as it is.
    pub fn split_and_reenqueue(
        &mut self,
        batch: &mut ProducerBatch,
        mut transactions: Option<&mut TransactionManager>,
    ) -> bool {
        let ratio = batch.compression_ratio().unwrap_or(INCOMPRESSIBLE);
        let ratio = ratio.max(INCOMPRESSIBLE);
        let (target, codec) = (self.config.batch_size, self.config.compression_type);
        let parts = batch.split(target, codec, ratio, &mut self.next_batch_id);
        if parts.len() < 2 {
            return false;
        }
        self.ratios.set(&batch.topic_partition.topic, ratio);
        if let Some(transactions) = transactions.as_deref_mut() {
            transactions.remove_in_flight(batch);
        }
        for part in parts.into_iter().rev() {
            if let Some(transactions) = transactions.as_deref_mut() {
                transactions.add_in_flight(&part);
            }
            self.insert(part);
        }
        true
    }

    /// A batch is done: its memory is free again.
    pub fn deallocate(&mut self, batch: &ProducerBatch) {
        self.used_memory -= batch.memory as u64;
    }

    /// Takes out, from the front of each queue, what should have been
    /// delivered by now (`delivery.timeout.ms`).
    pub fn expired_batches(&mut self, now: Time) -> Vec<ProducerBatch> {
        let timeout_ms = self.config.delivery_timeout_ms;
        let mut expired = Vec::new();
        let topics = self.topics.values_mut();
        for queue in topics.flat_map(|info| info.queues.values_mut()) {
            while let Some(first) = queue.pop_front_if(|first| first.expires_at(timeout_ms) <= now)
            {
                expired.push(first);
            }
        }
        expired
    }

    /// Takes out everything.
    pub fn take_all(&mut self) -> Vec<ProducerBatch> {
        let topics = self.topics.values_mut();
        let queues = topics.flat_map(|info| info.queues.values_mut());
        queues.flat_map(std::mem::take).collect()
    }

    /// The batches it holds of a partition.
    pub(in crate::client::producer) fn batches_of(
        &mut self,
        of: &TopicPartition,
    ) -> impl Iterator<Item = &mut ProducerBatch> {
        let info = self.topics.get_mut(&of.topic);
        let queue = info.and_then(|info| info.queues.get_mut(&of.partition));
        queue.into_iter().flatten()
    }

    /// When the first of them should have been delivered.
    pub(in crate::client::producer) fn next_expiry(&self) -> Option<Time> {
        let timeout_ms = self.config.delivery_timeout_ms;
        let topics = self.topics.values();
        let queues = topics.flat_map(|info| info.queues.values());
        let firsts = queues.filter_map(VecDeque::front);
        firsts.map(|first| first.expires_at(timeout_ms)).min()
    }
}
