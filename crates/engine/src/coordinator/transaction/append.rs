//! Writing transitions to `__transaction_state`, and what follows when they
//! are committed (`TransactionStateManager.appendTransactionToLog`).

use super::add_partitions::AddPartitionsCall;
use super::end::EndCall;
use super::{
    AppendId, TransactionAppend, TransactionCoordinator, TransactionEvent, TransactionLogKey,
    TransactionLogValue, TransactionOutput, TransactionState, TxnTransitMetadata,
};
use crate::coordinator::RequestToken;
use crate::protocol::ErrorCode;

/// A record that is being written.
#[derive(Clone, Debug, Hash)]
pub(super) struct PendingAppend {
    pub transactional_id: String,
    pub partition: i32,
    pub coordinator_epoch: i32,
    pub transition: TxnTransitMetadata,
    pub then: Then,
}

/// What is to be done when it is written, or is not.
#[derive(Clone, Debug, Hash)]
pub(super) enum Then {
    /// Answer InitProducerId.
    Init(RequestToken),
    /// Answer AddPartitionsToTxn or AddOffsetsToTxn.
    AddPartitions(AddPartitionsCall),
    /// Send the markers.
    End(EndCall),
    /// The transaction is over.
    Complete,
    /// Forget the id.
    Expire,
}

impl TransactionCoordinator {
    /// Has a transition written that was prepared.
    pub(super) fn append(&mut self, pending: PendingAppend, out: &mut Vec<TransactionOutput>) {
        let id = AppendId(self.next_append);
        self.next_append += 1;
        let is_dead = pending.transition.txn_state == TransactionState::Dead;
        out.push(TransactionOutput::Append(TransactionAppend {
            id,
            partition: pending.partition,
            coordinator_epoch: pending.coordinator_epoch,
            timeout_ms: i64::from(pending.transition.txn_timeout_ms),
            key: TransactionLogKey {
                transactional_id: pending.transactional_id.clone(),
            },
            value: (!is_dead).then(|| TransactionLogValue::of(&pending.transition)),
        }));
        self.appends.insert(id.0, pending);
    }

    /// A record is committed, or it is not and will not be: `error` is what
    /// the log said.
    pub fn append_completed(
        &mut self,
        now_ms: i64,
        id: AppendId,
        error: ErrorCode,
        out: &mut Vec<TransactionOutput>,
    ) {
        let Some(pending) = self.appends.remove(&id.0) else {
            return;
        };
        let error = match coordinator_error(error) {
            ErrorCode::None => self.complete_transition(&pending, out),
            error => {
                self.give_transition_up(&pending, error);
                error
            }
        };
        match &pending.then {
            Then::Init(token) => self.initialized(*token, &pending.transition, error, out),
            Then::AddPartitions(call) => self.partitions_added(call, error, out),
            Then::End(call) => self.decided(now_ms, call, &pending, error, out),
            Then::Complete if is_completion_tried_again(&pending.then, error) => {
                self.unwritten.push(pending);
            }
            Then::Complete => {}
            Then::Expire => {}
        }
    }

    /// The transition holds from now on; `NOT_COORDINATOR` when another broker
    /// coordinates the id meanwhile.
    fn complete_transition(
        &mut self,
        pending: &PendingAppend,
        out: &mut Vec<TransactionOutput>,
    ) -> ErrorCode {
        let PendingAppend {
            transactional_id,
            partition,
            coordinator_epoch,
            transition,
            ..
        } = pending;
        let epoch = *coordinator_epoch;
        let metadata = self
            .states
            .get_in_epoch(transactional_id, *partition, epoch);
        let Some(metadata) = metadata else {
            return ErrorCode::NotCoordinator;
        };
        if transition.txn_state == TransactionState::Dead {
            self.states.remove(*partition, transactional_id);
            out.push(TransactionOutput::Event(TransactionEvent::Expired {
                transactional_id: transactional_id.clone(),
            }));
            return ErrorCode::None;
        }
        let from = metadata.state;
        metadata.complete(transition);
        out.push(TransactionOutput::Event(TransactionEvent::StateChanged {
            transactional_id: transactional_id.clone(),
            producer_id: metadata.producer_id,
            producer_epoch: metadata.producer_epoch,
            from,
            to: metadata.state,
        }));
        ErrorCode::None
    }

    /// The transition is not to be, unless it will be written again.
    fn give_transition_up(&mut self, pending: &PendingAppend, error: ErrorCode) {
        let is_tried_again = is_completion_tried_again(&pending.then, error);
        let metadata = self.states.get_in_epoch(
            &pending.transactional_id,
            pending.partition,
            pending.coordinator_epoch,
        );
        if let Some(metadata) = metadata.filter(|_| !is_tried_again) {
            metadata.pending_state = None;
        }
    }

    /// Whether a record that ends a transaction could not be written, as long
    /// as its partition lacks replicas.
    pub fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Has them written again, in order
    /// (`TransactionMarkerChannelManager.retryLogAppends`).
    pub fn write_again(&mut self, out: &mut Vec<TransactionOutput>) {
        for pending in std::mem::take(&mut self.unwritten) {
            self.append(pending, out);
        }
    }
}

fn is_completion_tried_again(then: &Then, error: ErrorCode) -> bool {
    matches!(then, Then::Complete) && error == ErrorCode::CoordinatorNotAvailable
}

/// What a client of the coordinator's is told of what a log said.
fn coordinator_error(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::NotEnoughReplicasAfterAppend
        | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotLeaderOrFollower => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => ErrorCode::UnknownServerError,
        other => other,
    }
}
