use std::fmt::Debug;
use std::hash::Hash;

use super::{CoordinatorRecord, ProducerIdAndEpoch, WriteNumber};
use crate::log::record_batch::TransactionResult;
use crate::protocol::{ErrorCode, Response};
use crate::sim::Time;

/// Names the request that an answer belongs to. The broker gives it; the
/// coordinator only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestToken(pub u64);

/// The state machine of one partition of an internal topic
/// (`CoordinatorShard`).
///
/// It acts on requests and timers, each of its acts a write at most: what it
/// changes by a write is tagged with the write's number, so that it can be
/// taken back ([`TimelineMap`](super::TimelineMap)).
pub trait CoordinatorShard: Clone + Debug + Hash {
    /// What it tells or wants done, besides answers and writes.
    type Event: Clone + Debug + PartialEq + Eq + Hash;
    /// What it does once a write is settled: an answer, or the next step.
    type Then: Clone + Debug + PartialEq + Eq + Hash;

    /// Counts the writes: the number of a new one.
    fn next_write(&mut self) -> WriteNumber;

    /// Takes in a record of the partition, as part of a write; `producer` is
    /// the one whose transaction it belongs to. A record of an unknown type is
    /// left alone.
    fn replay(
        &mut self,
        write: WriteNumber,
        producer: Option<ProducerIdAndEpoch>,
        key: &[u8],
        value: Option<&[u8]>,
    );

    /// Takes in the end of a producer's transaction, as part of a write.
    fn replay_end_transaction_marker(
        &mut self,
        write: WriteNumber,
        producer: ProducerIdAndEpoch,
        result: TransactionResult,
    );

    /// All writes up to this one are committed.
    fn commit(&mut self, until: WriteNumber);

    /// This write is not in the log: what it changed is as before.
    fn revert(&mut self, from: WriteNumber);

    /// A write is settled; does what was to be done then.
    fn settled(
        &mut self,
        now: Time,
        then: Self::Then,
        settled: Settled,
        out: &mut Vec<Output<Self>>,
    ) where
        Self: Sized;

    /// All of the partition was replayed.
    fn on_loaded(&mut self, now: Time, out: &mut Vec<Output<Self>>)
    where
        Self: Sized;

    /// Another broker coordinates from now on: whoever waits is told so.
    fn on_unloaded(&mut self, now: Time, out: &mut Vec<Output<Self>>)
    where
        Self: Sized;

    /// When its next timer is due.
    fn next_deadline(&self) -> Option<Time>;

    /// Runs the first timer that is due; `false` when there is none.
    fn expire_next(&mut self, now: Time, out: &mut Vec<Output<Self>>) -> bool
    where
        Self: Sized;
}

/// What a shard hands out, in the order in which it came about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output<S: CoordinatorShard> {
    /// The answer to a request. A request may stay without one, as in Kafka:
    /// when the same member sends it again, and when a member leaves or is
    /// replaced while its SyncGroup waits.
    Respond {
        /// The request.
        token: RequestToken,
        /// Its answer.
        response: Response,
    },
    /// Something happened.
    Event(S::Event),
    /// Something is to be written.
    Write(Write<S>),
}

/// One batch for the shard's partition (`CoordinatorResult`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Write<S: CoordinatorShard> {
    /// Which of the shard's writes.
    pub number: WriteNumber,
    /// What is to be written; nothing at all to wait for the writes before.
    pub records: Vec<CoordinatorRecord>,
    /// Whose transaction the records are part of.
    pub producer: Option<ProducerIdAndEpoch>,
    /// What happened, if the batch was appended.
    pub events: Vec<S::Event>,
    /// What the shard does when the write is settled.
    pub then: Vec<S::Then>,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settled {
    /// It is committed.
    Committed,
    /// It was not appended, and is taken back.
    NotAppended(ErrorCode),
    /// It is in the log, and nobody knows whether it will be committed.
    Failed(ErrorCode),
}

impl Settled {
    /// What a coordinator answers instead, with an error
    /// (`CoordinatorOperationExceptionHelper`).
    pub fn error(self) -> Option<ErrorCode> {
        let error = match self {
            Settled::Committed => return None,
            Settled::NotAppended(error) | Settled::Failed(error) => error,
        };
        Some(match error {
            ErrorCode::UnknownTopicOrPartition
            | ErrorCode::NotEnoughReplicas
            | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
            ErrorCode::NotLeaderOrFollower => ErrorCode::NotCoordinator,
            ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => {
                ErrorCode::UnknownServerError
            }
            error => error,
        })
    }
}

/// Carries out what a shard wants written as if its partition were on one
/// broker: all is committed at once. Returns what was written. For a shard
/// without a broker.
pub fn commit_at_once<S: CoordinatorShard>(
    shard: &mut S,
    now: Time,
    out: &mut Vec<Output<S>>,
) -> Vec<CoordinatorRecord> {
    let is_write = |output: &Output<S>| matches!(output, Output::Write(_));
    let mut written = Vec::new();
    while let Some(at) = out.iter().position(is_write) {
        let after = out.split_off(at + 1);
        if let Some(Output::Write(write)) = out.pop() {
            written.extend(write.records);
            out.extend(write.events.into_iter().map(Output::Event));
            shard.commit(write.number);
            for then in write.then {
                shard.settled(now, then, Settled::Committed, out);
            }
        }
        out.extend(after);
    }
    written
}
