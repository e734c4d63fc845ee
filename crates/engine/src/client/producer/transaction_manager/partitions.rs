//! What an idempotent producer remembers of one partition
//! (`org.apache.kafka.clients.producer.internals.TxnPartitionEntry`).

use crate::client::producer::accumulator::{BatchSequence, ProducerBatch, ProducerIdAndEpoch};
use crate::log::record_batch::increment_sequence;

/// A batch that waits for its answer, or to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct InFlight {
    pub id: u64,
    pub base_sequence: i32,
    pub record_count: i32,
    pub is_transactional: bool,
}

/// The sequences of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct PartitionEntry {
    /// Under which id and epoch its sequences count.
    pub producer: Option<ProducerIdAndEpoch>,
    pub next_sequence: i32,
    pub last_acked_sequence: Option<i32>,
    pub last_acked_offset: Option<i64>,
    /// In the order of their sequences.
    pub in_flight: Vec<InFlight>,
}

impl PartitionEntry {
    pub fn take(&mut self, count: i32) -> i32 {
        let first = self.next_sequence;
        self.next_sequence = increment_sequence(first, count);
        first
    }

    pub fn add(&mut self, batch: &ProducerBatch) {
        let added = InFlight {
            id: batch.id,
            base_sequence: batch.base_sequence(),
            record_count: batch.record_count(),
            is_transactional: batch.sequence().is_some_and(|of| of.is_transactional),
        };
        let before = |known: &InFlight| known.base_sequence < added.base_sequence;
        let place = self.in_flight.partition_point(before);
        self.in_flight.insert(place, added);
    }

    pub fn acked(&mut self, batch: &ProducerBatch, base_offset: i64) {
        let sequence = Some(batch.last_sequence());
        self.last_acked_sequence = self.last_acked_sequence.max(sequence);
        if base_offset >= 0 {
            let last = Some(base_offset + i64::from(batch.record_count()) - 1);
            self.last_acked_offset = self.last_acked_offset.max(last);
        }
    }

    /// Its sequences begin at 0 under this id and epoch; what is under way gets
    /// the first ones, in order. Returns the batches' numbers with their new
    /// sequences.
    pub fn start_at_beginning(
        &mut self,
        producer: ProducerIdAndEpoch,
    ) -> impl Iterator<Item = (u64, BatchSequence)> {
        self.producer = Some(producer);
        self.next_sequence = 0;
        self.last_acked_sequence = None;
        for batch in &mut self.in_flight {
            batch.base_sequence = self.next_sequence;
            self.next_sequence = increment_sequence(self.next_sequence, batch.record_count);
        }
        self.in_flight.iter().map(move |batch| {
            let sequence = BatchSequence {
                producer,
                base_sequence: batch.base_sequence,
                is_transactional: batch.is_transactional,
            };
            (batch.id, sequence)
        })
    }
}
