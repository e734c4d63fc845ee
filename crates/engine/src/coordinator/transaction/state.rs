//! The states of a transaction, and which follows which.

use std::fmt;

/// Where a `transactional.id`'s last transaction stands
/// (`kafka.coordinator.transaction.TransactionState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i8)]
pub enum TransactionState {
    /// The producer has its id and epoch, and has not begun a transaction.
    Empty = 0,
    /// It has partitions.
    Ongoing = 1,
    /// It is to be committed; the markers are under way.
    PrepareCommit = 2,
    /// It is to be aborted; the markers are under way.
    PrepareAbort = 3,
    /// All partitions have the marker of its commit.
    CompleteCommit = 4,
    /// All partitions have the marker of its abort.
    CompleteAbort = 5,
    /// The id has expired and is about to be forgotten.
    Dead = 6,
    /// The producer is about to be fenced; its transaction is aborted next.
    PrepareEpochFence = 7,
}

use TransactionState::{
    CompleteAbort, CompleteCommit, Dead, Empty, Ongoing, PrepareAbort, PrepareCommit,
    PrepareEpochFence,
};

impl TransactionState {
    /// All of them, by their numbers.
    pub const ALL: [TransactionState; 8] = [
        Empty,
        Ongoing,
        PrepareCommit,
        PrepareAbort,
        CompleteCommit,
        CompleteAbort,
        Dead,
        PrepareEpochFence,
    ];

    /// Its number in the records of `__transaction_state`.
    pub fn id(self) -> i8 {
        self as i8
    }

    /// The state with this number.
    pub fn from_id(id: i8) -> Option<TransactionState> {
        let index = usize::try_from(id).ok()?;
        TransactionState::ALL.get(index).copied()
    }

    /// Kafka's name, such as `CompleteCommit`.
    pub fn name(self) -> &'static str {
        match self {
            Empty => "Empty",
            Ongoing => "Ongoing",
            PrepareCommit => "PrepareCommit",
            PrepareAbort => "PrepareAbort",
            CompleteCommit => "CompleteCommit",
            CompleteAbort => "CompleteAbort",
            Dead => "Dead",
            PrepareEpochFence => "PrepareEpochFence",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<TransactionState> {
        let mut all = TransactionState::ALL.into_iter();
        all.find(|state| state.name() == name)
    }

    /// Whether this state may follow that one.
    pub fn may_follow(self, previous: TransactionState) -> bool {
        let allowed: &[TransactionState] = match self {
            Empty | Dead => &[Empty, CompleteCommit, CompleteAbort],
            Ongoing => &[Ongoing, Empty, CompleteCommit, CompleteAbort],
            PrepareCommit | PrepareEpochFence => &[Ongoing],
            PrepareAbort => &[Ongoing, PrepareEpochFence],
            CompleteCommit => &[PrepareCommit],
            CompleteAbort => &[PrepareAbort],
        };
        allowed.contains(&previous)
    }

    /// Whether an id in this state may expire.
    pub fn may_expire(self) -> bool {
        Dead.may_follow(self)
    }

    /// Whether the outcome is decided and the markers are under way.
    pub fn is_prepared(self) -> bool {
        matches!(self, PrepareCommit | PrepareAbort)
    }
}

impl fmt::Display for TransactionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
