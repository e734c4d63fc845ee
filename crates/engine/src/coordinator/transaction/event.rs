use super::log::{TransactionLogKey, TransactionLogValue};
use super::state::TransactionState;
use crate::coordinator::RequestToken;
use crate::protocol::Response;

/// Names a record that the coordinator wants written. The coordinator gives
/// it; whoever writes hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppendId(pub u64);

/// A record for `__transaction_state`. Once it is committed, or is not,
/// [`append_completed`](super::TransactionCoordinator::append_completed) is to
/// be told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TransactionAppend {
    /// Its name.
    pub id: AppendId,
    /// The partition of `__transaction_state`.
    pub partition: i32,
    /// The epoch in which the broker leads the partition.
    pub coordinator_epoch: i32,
    /// How long the replicas may take, in milliseconds.
    pub timeout_ms: i64,
    /// The record's key.
    pub key: TransactionLogKey,
    /// Its value; `None` when the id is to be forgotten.
    pub value: Option<TransactionLogValue>,
}

/// What the coordinator hands back, in the order in which it came about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransactionOutput {
    /// The answer to a request.
    Respond {
        /// The request.
        token: RequestToken,
        /// Its answer.
        response: Response,
    },
    /// A record to write.
    Append(TransactionAppend),
    /// Something happened.
    Event(TransactionEvent),
}

/// What happened to a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransactionEvent {
    /// It went from one state to another, or got other partitions or another
    /// epoch, and the record of that is committed.
    StateChanged {
        /// The `transactional.id`.
        transactional_id: String,
        /// The producer's id.
        producer_id: i64,
        /// Its epoch.
        producer_epoch: i16,
        /// The state before.
        from: TransactionState,
        /// The state now.
        to: TransactionState,
    },
    /// It was open for longer than its producer's `transaction.timeout.ms`,
    /// and the coordinator aborts it.
    TimedOut {
        /// The `transactional.id`.
        transactional_id: String,
    },
    /// A `transactional.id` was unused for `transactional.id.expiration.ms`,
    /// and is forgotten.
    Expired {
        /// The `transactional.id`.
        transactional_id: String,
    },
}
