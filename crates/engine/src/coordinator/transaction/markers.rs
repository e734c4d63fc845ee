//! Having the leaders of a transaction's partitions write its markers.

use crate::collections::{BTreeMap, BTreeSet};

use super::append::{PendingAppend, Then};
use super::{TransactionCoordinator, TransactionOutput, TransactionState, TxnTransitMetadata};
use crate::log::record_batch::TransactionResult;
use crate::protocol::{
    ErrorCode, TopicPartition, WritableTxnMarker, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};

/// Where a marker is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkerDestination {
    /// To this broker, which leads the partition.
    Leader(i32),
    /// Nobody leads the partition: the marker waits.
    NoLeader,
    /// There is no such partition: it needs no marker.
    NoPartition,
}

/// The markers that are to be written: what waits for a broker, and what is on
/// its way, one request to each broker at a time
/// (`kafka.coordinator.transaction.TransactionMarkerChannelManager`).
#[derive(Clone, Debug, Default, Hash)]
pub struct TransactionMarkerChannelManager {
    /// The transactions whose markers are not all written, by id.
    pending: BTreeMap<String, PendingCompleteTxn>,
    /// What waits for its partition's leader.
    queue: Vec<QueuedMarker>,
    in_flight: BTreeMap<i32, Vec<QueuedMarker>>,
}

/// A transaction that is complete once its markers are written.
#[derive(Clone, Debug, Hash)]
struct PendingCompleteTxn {
    partition: i32,
    coordinator_epoch: i32,
    transition: TxnTransitMetadata,
}

/// The marker of a transaction, for some of its partitions.
#[derive(Clone, Debug, Hash)]
struct QueuedMarker {
    transactional_id: String,
    producer_id: i64,
    producer_epoch: i16,
    coordinator_epoch: i32,
    result: TransactionResult,
    partitions: BTreeSet<TopicPartition>,
}

impl QueuedMarker {
    fn of(&self, partitions: BTreeSet<TopicPartition>) -> QueuedMarker {
        QueuedMarker {
            partitions,
            ..self.clone()
        }
    }

    fn entry(&self) -> WritableTxnMarker {
        WritableTxnMarker {
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            result: self.result,
            partitions: self.partitions.iter().cloned().collect(),
            coordinator_epoch: self.coordinator_epoch,
        }
    }
}

impl TransactionMarkerChannelManager {
    /// Whether something waits to be sent.
    pub fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The brokers that have not answered yet.
    pub fn in_flight(&self) -> impl Iterator<Item = i32> {
        self.in_flight.keys().copied()
    }

    /// The transactions whose markers are not all written, by id.
    pub fn pending(&self) -> impl Iterator<Item = &str> {
        self.pending.keys().map(String::as_str)
    }

    /// A partition of `__transaction_state` is no longer this broker's
    /// business: its markers are left to the next coordinator.
    pub(super) fn remove_of_partition(&mut self, partition: i32) {
        let pending = self.pending.extract_if(|_, it| it.partition == partition);
        let removed: BTreeSet<String> = pending.into_keys().collect();
        self.queue
            .retain(|marker| !removed.contains(&marker.transactional_id));
    }

    /// The epoch in which a transaction's markers are sent, if they still are.
    fn epoch_of(&self, transactional_id: &str) -> Option<i32> {
        let pending = self.pending.get(transactional_id)?;
        Some(pending.coordinator_epoch)
    }

    /// Whether a marker that comes back is still to be written.
    fn is_current(&self, marker: &QueuedMarker) -> bool {
        self.epoch_of(&marker.transactional_id) == Some(marker.coordinator_epoch)
    }
}

/// Sending.
impl TransactionCoordinator {
    /// The decision is committed: the markers are to be written, and after
    /// them the record of the end.
    pub(super) fn send_markers(
        &mut self,
        now_ms: i64,
        transactional_id: &str,
        partition: i32,
        out: &mut Vec<TransactionOutput>,
    ) {
        let Ok(Some(found)) = self.states.get(transactional_id, partition) else {
            return;
        };
        let metadata = found.metadata;
        let Some(result) = metadata.result().filter(|_| !metadata.is_pending()) else {
            return;
        };
        let marker = QueuedMarker {
            transactional_id: transactional_id.to_owned(),
            producer_id: metadata.producer_id,
            producer_epoch: metadata.producer_epoch,
            coordinator_epoch: found.coordinator_epoch,
            result,
            partitions: metadata.topic_partitions.clone(),
        };
        let pending = PendingCompleteTxn {
            partition,
            coordinator_epoch: found.coordinator_epoch,
            transition: metadata.prepare_complete(now_ms),
        };
        let id = transactional_id.to_owned();
        self.markers.pending.insert(id, pending);
        self.markers.queue.push(marker);
        self.complete_if_done(transactional_id, out);
    }

    /// What can be sent now: for each broker without a request on its way one
    /// with all that waits for it.
    pub fn next_markers(
        &mut self,
        destination: impl Fn(&TopicPartition) -> MarkerDestination,
        out: &mut Vec<TransactionOutput>,
    ) -> Vec<(i32, WriteTxnMarkersRequest)> {
        let mut by_broker: BTreeMap<i32, Vec<QueuedMarker>> = BTreeMap::new();
        for marker in std::mem::take(&mut self.markers.queue) {
            let mut split: BTreeMap<i32, BTreeSet<TopicPartition>> = BTreeMap::new();
            let (mut waiting, mut gone) = (BTreeSet::new(), Vec::new());
            for of in marker.partitions.iter().cloned() {
                match destination(&of) {
                    MarkerDestination::Leader(broker) => {
                        let is_free = !self.markers.in_flight.contains_key(&broker);
                        let to = match is_free {
                            true => split.entry(broker).or_default(),
                            false => &mut waiting,
                        };
                        to.insert(of);
                    }
                    MarkerDestination::NoLeader => {
                        waiting.insert(of);
                    }
                    MarkerDestination::NoPartition => gone.push(of),
                }
            }
            for (broker, partitions) in split {
                let markers = by_broker.entry(broker).or_default();
                markers.push(marker.of(partitions));
            }
            if !waiting.is_empty() {
                self.markers.queue.push(marker.of(waiting));
            }
            self.written(&marker.transactional_id, &gone, out);
        }
        let mut requests = Vec::new();
        for (broker, markers) in by_broker {
            let entries = markers.iter().map(QueuedMarker::entry).collect();
            requests.push((broker, WriteTxnMarkersRequest { markers: entries }));
            self.markers.in_flight.insert(broker, markers);
        }
        requests
    }

    /// A broker has answered (`TransactionMarkerRequestCompletionHandler`).
    pub fn markers_answered(
        &mut self,
        broker: i32,
        response: &WriteTxnMarkersResponse,
        out: &mut Vec<TransactionOutput>,
    ) {
        let sent = self.markers.in_flight.remove(&broker).unwrap_or_default();
        for (marker, (_, results)) in sent.into_iter().zip(&response.markers) {
            if !self.markers.is_current(&marker) {
                continue;
            }
            let error_of = |of: &TopicPartition| {
                let result = results.iter().find(|(known, _)| known == of);
                result.map_or(ErrorCode::UnknownServerError, |(_, error)| *error)
            };
            let is_fenced = |of: &TopicPartition| is_fencing(error_of(of));
            if marker.partitions.iter().any(is_fenced) {
                // Another coordinator, or another instance of the producer,
                // has gone further.
                self.markers.pending.remove(&marker.transactional_id);
                continue;
            }
            let (written, left): (Vec<_>, Vec<_>) = marker
                .partitions
                .iter()
                .cloned()
                .partition(|of| error_of(of).is_none());
            if !left.is_empty() {
                let again = marker.of(left.into_iter().collect());
                self.markers.queue.push(again);
            }
            self.written(&marker.transactional_id, &written, out);
        }
    }

    /// The connection to a broker is gone: what was on its way is sent again.
    pub fn markers_failed(&mut self, broker: i32) {
        for marker in self.markers.in_flight.remove(&broker).unwrap_or_default() {
            if self.markers.is_current(&marker) {
                self.markers.queue.push(marker);
            }
        }
    }

    /// These partitions need no marker any more.
    fn written(
        &mut self,
        transactional_id: &str,
        partitions: &[TopicPartition],
        out: &mut Vec<TransactionOutput>,
    ) {
        let Some(pending) = self.markers.pending.get(transactional_id) else {
            return;
        };
        let (partition, epoch) = (pending.partition, pending.coordinator_epoch);
        let metadata = self.states.get_in_epoch(transactional_id, partition, epoch);
        if let Some(metadata) = metadata {
            let topic_partitions = &mut metadata.topic_partitions;
            topic_partitions.retain(|of| !partitions.contains(of));
        }
        self.complete_if_done(transactional_id, out);
    }

    /// Once no marker is missing, the record of the end is written
    /// (`maybeWriteTxnCompletion`).
    fn complete_if_done(&mut self, transactional_id: &str, out: &mut Vec<TransactionOutput>) {
        let Some(pending) = self.markers.pending.get(transactional_id) else {
            return;
        };
        let (partition, epoch) = (pending.partition, pending.coordinator_epoch);
        let metadata = self.states.get_in_epoch(transactional_id, partition, epoch);
        let is_done = metadata.is_some_and(|it| it.topic_partitions.is_empty());
        if !is_done {
            return;
        }
        if let Some(pending) = self.markers.pending.remove(transactional_id) {
            debug_assert_ne!(pending.transition.txn_state, TransactionState::Ongoing);
            let append = PendingAppend {
                transactional_id: transactional_id.to_owned(),
                partition,
                coordinator_epoch: epoch,
                transition: pending.transition,
                then: Then::Complete,
            };
            self.append(append, out);
        }
    }
}

/// Whether an answer says that the transaction is no longer this
/// coordinator's to end.
fn is_fencing(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::InvalidProducerEpoch | ErrorCode::TransactionCoordinatorFenced
    )
}
