use std::fmt;

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

impl TransactionEvent {
    /// Whether an onlooker should be told: not of each step.
    pub(crate) fn is_news(&self) -> bool {
        match self {
            TransactionEvent::StateChanged { from, to, .. } => !to.is_prepared() && from != to,
            TransactionEvent::TimedOut { .. } | TransactionEvent::Expired { .. } => true,
        }
    }
}

impl fmt::Display for TransactionEvent {
    /// What happened, in one plain sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransactionEvent::StateChanged {
                transactional_id,
                producer_id,
                producer_epoch,
                to,
                ..
            } => match to {
                TransactionState::Empty => write!(
                    f,
                    "The producer of {transactional_id} has id {producer_id} and epoch \
                     {producer_epoch}."
                ),
                TransactionState::Ongoing => write!(f, "{transactional_id} is in a transaction."),
                TransactionState::PrepareCommit => {
                    write!(
                        f,
                        "The transaction of {transactional_id} is to be committed."
                    )
                }
                TransactionState::PrepareAbort => {
                    write!(f, "The transaction of {transactional_id} is to be aborted.")
                }
                TransactionState::CompleteCommit => {
                    write!(f, "The transaction of {transactional_id} is committed.")
                }
                TransactionState::CompleteAbort => {
                    write!(f, "The transaction of {transactional_id} is aborted.")
                }
                state => write!(f, "{transactional_id} is {state}."),
            },
            TransactionEvent::TimedOut { transactional_id } => write!(
                f,
                "The transaction of {transactional_id} was open for longer than \
                 transaction.timeout.ms: the coordinator aborts it."
            ),
            TransactionEvent::Expired { transactional_id } => write!(
                f,
                "{transactional_id} is forgotten: nobody used it for transactional.id.expiration.ms."
            ),
        }
    }
}
