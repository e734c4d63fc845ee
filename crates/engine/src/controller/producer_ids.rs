//! Blocks of producer ids
//! (`org.apache.kafka.controller.ProducerIdControlManager`; KIP-730).

use super::{Controller, MetadataRecord};

/// How many ids a broker is given at a time
/// (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
pub const PRODUCER_ID_BLOCK_SIZE: i32 = 1_000;

impl Controller {
    /// Gives a broker the next block; returns its first id, and what is to be
    /// written.
    pub fn allocate_producer_ids(
        &mut self,
        broker_id: i32,
        broker_epoch: i64,
    ) -> (i64, MetadataRecord) {
        let first = self.image.next_producer_id;
        let record = self.take_in(MetadataRecord::ProducerIds {
            broker_id,
            broker_epoch,
            next_producer_id: first + i64::from(PRODUCER_ID_BLOCK_SIZE),
        });
        (first, record)
    }
}
