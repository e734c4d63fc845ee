//! The transaction coordinator (KIP-98; KIP-360, KIP-588, KIP-890 part 1).
//!
//! [`TransactionCoordinator`] is a state machine without a network. A broker
//! feeds it requests and the passing of time; it hands back answers, and
//! records that the broker is to write to `__transaction_state`. What a record
//! says counts once it is committed, and most answers wait for that. The
//! markers that end a transaction are handed out by its
//! [`TransactionMarkerChannelManager`] as requests to the leaders.
//!
//! The rules are those of Kafka 4.0's `kafka.coordinator.transaction` without
//! the epoch bump with every transaction (KIP-890 part 2).

mod add_partitions;
mod append;
mod describe;
mod end;
mod event;
mod expire;
mod init;
mod log;
mod markers;
mod metadata;
mod state;
mod state_manager;

#[cfg(test)]
mod tests;

pub use event::{AppendId, TransactionAppend, TransactionEvent, TransactionOutput};
pub use log::{PartitionsByTopic, TransactionLogKey, TransactionLogValue};
pub use markers::{MarkerDestination, TransactionMarkerChannelManager};
pub use metadata::{TransactionMetadata, TxnTransitMetadata};
pub use state::TransactionState;
pub use state_manager::{TransactionStateManager, transaction_partition_for};

use crate::collections::BTreeMap;

use self::add_partitions::PendingAddPartitions;
use self::append::PendingAppend;
use super::RequestToken;
use crate::config::TransactionConfig;
use crate::protocol::ErrorCode;

/// Coordinates transactions, as one broker does
/// (`kafka.coordinator.transaction.TransactionCoordinator`).
///
/// `now_ms` is the broker's clock in epoch milliseconds.
#[derive(Clone, Debug, Hash)]
pub struct TransactionCoordinator {
    config: TransactionConfig,
    /// How many partitions `__transaction_state` has.
    partitions: i32,
    states: TransactionStateManager,
    markers: TransactionMarkerChannelManager,
    appends: BTreeMap<u64, PendingAppend>,
    /// The records that end transactions and could not be written
    /// (`txnLogAppendRetryQueue`).
    unwritten: Vec<PendingAppend>,
    next_append: u64,
    adding: BTreeMap<RequestToken, PendingAddPartitions>,
}

impl TransactionCoordinator {
    /// A coordinator that leads no partition yet. `partitions` is
    /// `transaction.state.log.num.partitions`.
    pub fn new(config: TransactionConfig, partitions: i32) -> TransactionCoordinator {
        TransactionCoordinator {
            config,
            partitions,
            states: TransactionStateManager::default(),
            markers: TransactionMarkerChannelManager::default(),
            appends: BTreeMap::new(),
            unwritten: Vec::new(),
            next_append: 0,
            adding: BTreeMap::new(),
        }
    }

    /// `__transaction_state` has so many partitions.
    pub fn set_partitions(&mut self, partitions: i32) {
        self.partitions = partitions;
    }

    /// The partition of `__transaction_state` that holds an id.
    pub fn partition_for(&self, transactional_id: &str) -> i32 {
        transaction_partition_for(transactional_id, self.partitions)
    }

    /// The transactions it knows.
    pub fn states(&self) -> &TransactionStateManager {
        &self.states
    }

    /// The transaction of an id, if it coordinates it.
    pub fn transaction(&self, transactional_id: &str) -> Option<&TransactionMetadata> {
        let mut all = self.states.transactions().map(|(_, it)| it);
        all.find(|it| it.transactional_id == transactional_id)
    }

    /// Whether some transaction is open, and may time out.
    pub fn has_ongoing(&self) -> bool {
        let mut all = self.states.transactions();
        all.any(|(_, it)| it.state == TransactionState::Ongoing)
    }

    /// The markers that are under way.
    pub fn markers(&self) -> &TransactionMarkerChannelManager {
        &self.markers
    }

    /// The broker leads a partition of `__transaction_state` now, in this
    /// epoch, and begins to read it (`onElection`).
    pub fn begin_loading(&mut self, partition: i32, coordinator_epoch: i32) {
        self.give_up(partition);
        self.states.begin_loading(partition, coordinator_epoch);
    }

    /// All records of the partition are read. The markers of decided
    /// transactions are sent again. Source: `loadTransactionsForTxnTopicPartition`.
    pub fn load<'r>(
        &mut self,
        now_ms: i64,
        partition: i32,
        coordinator_epoch: i32,
        records: impl IntoIterator<Item = (&'r TransactionLogKey, Option<&'r TransactionLogValue>)>,
        out: &mut Vec<TransactionOutput>,
    ) {
        let prepared = self.states.load(partition, coordinator_epoch, records);
        for transactional_id in prepared.unwrap_or_default() {
            self.send_markers(now_ms, &transactional_id, partition, out);
        }
    }

    /// The broker no longer leads a partition (`onResignation`). What waits
    /// for a record gets `NOT_COORDINATOR` when the write has failed.
    pub fn unload(&mut self, partition: i32) {
        self.give_up(partition);
        self.states.unload(partition);
    }

    fn give_up(&mut self, partition: i32) {
        self.markers.remove_of_partition(partition);
    }

    fn check_id(transactional_id: &str) -> Result<(), ErrorCode> {
        match transactional_id.is_empty() {
            true => Err(ErrorCode::InvalidRequest),
            false => Ok(()),
        }
    }
}
