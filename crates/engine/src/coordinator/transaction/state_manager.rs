//! The transactions of the partitions of `__transaction_state` that a broker
//! leads (`kafka.coordinator.transaction.TransactionStateManager`).

use crate::collections::BTreeMap;

use super::log::{TransactionLogKey, TransactionLogValue};
use super::{TransactionMetadata, TransactionState};
use crate::coordinator::partition_for;
use crate::protocol::ErrorCode;

/// What is known of the transactions, by partition of the log.
#[derive(Clone, Debug, Default, Hash)]
pub struct TransactionStateManager {
    /// The partitions whose records are being read, with the leader epochs.
    loading: BTreeMap<i32, i32>,
    loaded: BTreeMap<i32, LoadedPartition>,
}

/// A partition whose records are read (`TxnMetadataCacheEntry`).
#[derive(Clone, Debug, Hash)]
struct LoadedPartition {
    coordinator_epoch: i32,
    transactions: BTreeMap<String, TransactionMetadata>,
}

/// A transaction, and the epoch in which its coordinator leads
/// (`CoordinatorEpochAndTxnMetadata`).
pub(super) struct Found<'a> {
    pub coordinator_epoch: i32,
    pub metadata: &'a mut TransactionMetadata,
}

impl TransactionStateManager {
    /// The broker leads a partition now, and begins to read it.
    pub(super) fn begin_loading(&mut self, partition: i32, coordinator_epoch: i32) {
        self.loaded.remove(&partition);
        self.loading.insert(partition, coordinator_epoch);
    }

    /// What the records of a partition come to: for each id the last one, and
    /// nothing where that has no value. `None` when the broker no longer
    /// leads it in this epoch. Source: `loadTransactionMetadata`.
    pub(super) fn load<'r>(
        &mut self,
        partition: i32,
        coordinator_epoch: i32,
        records: impl IntoIterator<Item = (&'r TransactionLogKey, Option<&'r TransactionLogValue>)>,
    ) -> Option<Vec<String>> {
        if self.loading.get(&partition) != Some(&coordinator_epoch) {
            return None;
        }
        self.loading.remove(&partition);
        let mut transactions = BTreeMap::new();
        for (key, value) in records {
            let id = &key.transactional_id;
            match value {
                Some(value) => transactions.insert(id.clone(), value.to_metadata(id)),
                None => transactions.remove(id),
            };
        }
        let prepared = transactions.values().filter(|it| it.state.is_prepared());
        let prepared = prepared.map(|it| it.transactional_id.clone()).collect();
        let loaded = LoadedPartition {
            coordinator_epoch,
            transactions,
        };
        self.loaded.insert(partition, loaded);
        Some(prepared)
    }

    /// The broker no longer leads a partition.
    pub(super) fn unload(&mut self, partition: i32) {
        self.loading.remove(&partition);
        self.loaded.remove(&partition);
    }

    /// The transaction of an id; `None` when there is none.
    ///
    /// # Errors
    ///
    /// `COORDINATOR_LOAD_IN_PROGRESS` while the partition is read,
    /// `NOT_COORDINATOR` when the broker does not lead it.
    pub(super) fn get(
        &mut self,
        transactional_id: &str,
        partition: i32,
    ) -> Result<Option<Found<'_>>, ErrorCode> {
        let loaded = self.partition(partition)?;
        let coordinator_epoch = loaded.coordinator_epoch;
        let metadata = loaded.transactions.get_mut(transactional_id);
        Ok(metadata.map(|metadata| Found {
            coordinator_epoch,
            metadata,
        }))
    }

    /// As [`get`](Self::get), for what a coordinator was doing in this epoch.
    pub(super) fn get_in_epoch(
        &mut self,
        transactional_id: &str,
        partition: i32,
        coordinator_epoch: i32,
    ) -> Option<&mut TransactionMetadata> {
        let found = self.get(transactional_id, partition).ok()??;
        (found.coordinator_epoch == coordinator_epoch).then_some(found.metadata)
    }

    /// Puts a new id in.
    pub(super) fn put(&mut self, partition: i32, metadata: TransactionMetadata) {
        if let Ok(loaded) = self.partition(partition) {
            let id = metadata.transactional_id.clone();
            loaded.transactions.insert(id, metadata);
        }
    }

    /// Forgets an id that has expired.
    pub(super) fn remove(&mut self, partition: i32, transactional_id: &str) {
        if let Ok(loaded) = self.partition(partition) {
            loaded.transactions.remove(transactional_id);
        }
    }

    fn partition(&mut self, partition: i32) -> Result<&mut LoadedPartition, ErrorCode> {
        if self.loading.contains_key(&partition) {
            return Err(ErrorCode::CoordinatorLoadInProgress);
        }
        let loaded = self.loaded.get_mut(&partition);
        loaded.ok_or(ErrorCode::NotCoordinator)
    }

    /// Whether some partition's records are being read.
    pub(super) fn is_loading(&self) -> bool {
        !self.loading.is_empty()
    }

    /// The partitions it coordinates, each with its coordinator epoch.
    pub fn partitions(&self) -> impl Iterator<Item = (i32, i32)> {
        let loaded = self.loaded.iter();
        loaded.map(|(partition, loaded)| (*partition, loaded.coordinator_epoch))
    }

    /// All transactions with the partitions that hold them, by partition and
    /// then by id.
    pub fn transactions(&self) -> impl Iterator<Item = (i32, &TransactionMetadata)> {
        self.loaded.iter().flat_map(|(partition, loaded)| {
            let transactions = loaded.transactions.values();
            transactions.map(|metadata| (*partition, metadata))
        })
    }

    /// The ids of those that are like this, each with its partition.
    pub(super) fn ids_where(
        &self,
        is_like: impl Fn(&TransactionMetadata) -> bool,
    ) -> Vec<(i32, String)> {
        let like = self.transactions().filter(|(_, it)| is_like(it));
        like.map(|(partition, it)| (partition, it.transactional_id.clone()))
            .collect()
    }
}

/// The partition of `__transaction_state` that holds an id; its leader
/// coordinates the id's transactions. `partitions` is how many there are
/// (`TransactionStateManager.partitionFor`).
pub fn transaction_partition_for(transactional_id: &str, partitions: i32) -> i32 {
    partition_for(transactional_id, partitions)
}

/// Whether an id has been unused for so long that it may be forgotten.
pub(super) fn is_expired(
    metadata: &TransactionMetadata,
    now_ms: i64,
    transactional_id_expiration_ms: i64,
) -> bool {
    metadata.state.may_expire()
        && !metadata.is_pending()
        && metadata.txn_last_update_timestamp <= now_ms - transactional_id_expiration_ms
}

/// Whether a list with these filters shows a transaction
/// (`TransactionStateManager.listTransactionStates`).
pub(super) fn is_listed(
    metadata: &TransactionMetadata,
    states: &[TransactionState],
    producer_ids: &[i64],
    longer_than_ms: i64,
    now_ms: i64,
) -> bool {
    let has_run_ms = now_ms - metadata.txn_start_timestamp;
    metadata.state != TransactionState::Dead
        && (producer_ids.is_empty() || producer_ids.contains(&metadata.producer_id))
        && (states.is_empty() || states.contains(&metadata.state))
        && (longer_than_ms < 0 || has_run_ms > longer_than_ms)
}
