//! One partition as a share group reads it: from where on, which records are
//! with whom, how often each was delivered
//! (`org.apache.kafka.server.share.fetch`, `kafka.server.share.SharePartition`).
//!
//! [`SharePartition`] knows no log and no network. What it decides about
//! records that were delivered is to be persisted ([`StateWrite`]); until that
//! is done such a record is neither available nor done with.

mod acknowledge;
mod acquire;
mod offsets;
mod state;

#[cfg(test)]
mod tests;

pub use acknowledge::LetGo;
use acknowledge::is_held;
pub use acquire::Acquiring;
pub use state::{InFlightBatch, InFlightState, InFlightStates, RecordState};

use crate::collections::BTreeMap;

use crate::protocol::{
    ErrorCode, PersisterStateBatch, SharePartitionStateRead, SharePartitionStateWrite,
};
use crate::sim::Time;

/// What bounds a share-partition (`group.share.*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SharePartitionLimits {
    /// How often a record is delivered at most
    /// (`group.share.delivery.count.limit`).
    pub delivery_count: i16,
    /// How many records may lie between the first that is not done with and
    /// the last that was delivered (`group.share.partition.max.record.locks`).
    pub record_locks: i64,
    /// How long a member has a record, in milliseconds
    /// (`group.share.record.lock.duration.ms`).
    pub record_lock_duration_ms: i64,
}

/// How far a share-partition is (`SharePartitionState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SharePartitionState {
    /// Nobody has asked for its state yet.
    Empty,
    /// Its state is being read.
    Initializing,
    /// It serves.
    Active,
}

/// What is to be persisted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StateWrite {
    /// Which of the share-partition's writes.
    pub number: u64,
    /// What to write.
    pub write: SharePartitionStateWrite,
}

/// What has happened to records in a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareChange {
    /// The first offset.
    pub first_offset: i64,
    /// The last offset.
    pub last_offset: i64,
    /// What they came to.
    pub to: RecordState,
    /// How often they were delivered.
    pub delivery_count: i16,
    /// Who had them.
    pub member_id: String,
    /// Whether they were delivered too often to be available again.
    pub is_worn_out: bool,
}

/// A partition as a share group reads it, on the broker that leads it.
#[derive(Clone, Debug, Hash)]
pub struct SharePartition {
    limits: SharePartitionLimits,
    state: SharePartitionState,
    leader_epoch: i32,
    state_epoch: i32,
    start_offset: i64,
    end_offset: i64,
    /// Something before the end may be available.
    find_next_fetch_offset: bool,
    /// From where to where the state that was read may have gaps, in which
    /// records were never delivered or never acknowledged.
    read_gap: Option<(i64, i64)>,
    batches: BTreeMap<i64, InFlightBatch>,
    /// The writes that are under way, with the offsets that each settles.
    writes: BTreeMap<u64, Vec<(i64, i64)>>,
    next_write: u64,
    /// No lock ends before this instant.
    locks_from: Option<Time>,
}

impl SharePartition {
    /// One whose state is to be read; `leader_epoch` is the partition's.
    pub fn new(limits: SharePartitionLimits, leader_epoch: i32) -> SharePartition {
        SharePartition {
            limits,
            state: SharePartitionState::Empty,
            leader_epoch,
            state_epoch: 0,
            start_offset: 0,
            end_offset: 0,
            find_next_fetch_offset: false,
            read_gap: None,
            batches: BTreeMap::new(),
            writes: BTreeMap::new(),
            next_write: 0,
            locks_from: None,
        }
    }

    /// From now on a member has a record for so many milliseconds. Locks that
    /// there are end when they were to.
    pub(in crate::broker) fn set_record_lock_duration_ms(&mut self, duration_ms: i64) {
        self.limits.record_lock_duration_ms = duration_ms;
    }

    /// How far it is.
    pub fn state(&self) -> SharePartitionState {
        self.state
    }

    /// The leader epoch in which it was made.
    pub fn leader_epoch(&self) -> i32 {
        self.leader_epoch
    }

    /// What it is bounded by.
    pub fn limits(&self) -> &SharePartitionLimits {
        &self.limits
    }

    /// The first offset that is not done with.
    pub fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The last offset that was delivered; where nothing is in flight, the
    /// next one to be.
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// What is known of the records from the start offset on, by first offset.
    pub fn batches(&self) -> &BTreeMap<i64, InFlightBatch> {
        &self.batches
    }

    /// Where the record at an offset stands; `None` when it was never
    /// delivered, or is done with and forgotten.
    pub fn at(&self, offset: i64) -> Option<&InFlightState> {
        let (_, batch) = self.batches.range(..=offset).next_back()?;
        batch.at(offset)
    }

    pub(in crate::broker) fn begin_to_initialize(&mut self) {
        self.state = SharePartitionState::Initializing;
    }

    /// Its state was read, from the start offset given when there was one
    /// (`maybeInitialize`). A state that cannot be is not taken in.
    pub fn initialize(&mut self, read: &SharePartitionStateRead, start_offset: i64) {
        self.state_epoch = read.state_epoch;
        self.start_offset = start_offset;
        self.end_offset = start_offset;
        let mut previous_last = start_offset - 1;
        let mut has_gap = false;
        for batch in &read.state_batches {
            let state = RecordState::for_id(batch.delivery_state);
            let Some(state) = state.filter(|_| batch.first_offset >= start_offset) else {
                continue;
            };
            has_gap |= batch.first_offset > previous_last + 1;
            previous_last = batch.last_offset;
            let state = InFlightState::persisted(state, batch.delivery_count);
            let batch = InFlightBatch::new(batch.first_offset, batch.last_offset, state);
            self.batches.insert(batch.first_offset, batch);
        }
        if let Some((_, last)) = self.batches.last_key_value() {
            self.end_offset = last.last_offset;
            self.find_next_fetch_offset = true;
            self.read_gap = has_gap.then_some((self.start_offset, self.end_offset));
            self.forget_what_is_done();
        }
        self.state = SharePartitionState::Active;
    }

    /// When locks are to be looked at; none ends before.
    pub fn next_deadline(&self) -> Option<Time> {
        self.locks_from
    }

    /// When the first lock ends.
    fn first_lock_end(&self) -> Option<Time> {
        let runs = self.batches.values().flat_map(InFlightBatch::runs);
        let locks = runs.filter(|(_, _, state)| is_held(state));
        locks.filter_map(|(_, _, state)| state.lock_until).min()
    }

    /// A write is done or has failed (`rollbackOrProcessStateUpdates`).
    pub fn settle(&mut self, number: u64, is_persisted: bool) {
        let Some(ranges) = self.writes.remove(&number) else {
            return;
        };
        for (first, last) in ranges {
            for batch in self.batches_within(first, last) {
                for (at, to, state) in batch.runs_mut() {
                    if first <= at && to <= last {
                        state.settle(is_persisted);
                    }
                }
            }
        }
        // While it was changing, it was passed over; so was its lock.
        self.find_next_fetch_offset = true;
        self.locks_from = self.first_lock_end();
        self.forget_what_is_done();
    }

    /// The error of a request when a write has failed (`fetchPersisterError`).
    pub fn error_of_write(error: ErrorCode) -> ErrorCode {
        match error {
            ErrorCode::None => ErrorCode::None,
            ErrorCode::NotCoordinator
            | ErrorCode::CoordinatorNotAvailable
            | ErrorCode::CoordinatorLoadInProgress => ErrorCode::CoordinatorNotAvailable,
            ErrorCode::GroupIdNotFound => ErrorCode::GroupIdNotFound,
            ErrorCode::UnknownTopicOrPartition => ErrorCode::UnknownTopicOrPartition,
            ErrorCode::FencedStateEpoch | ErrorCode::FencedLeaderEpoch => {
                ErrorCode::NotLeaderOrFollower
            }
            _ => ErrorCode::UnknownServerError,
        }
    }

    /// The batches of which some offset lies in these.
    fn batches_within(
        &mut self,
        first: i64,
        last: i64,
    ) -> impl Iterator<Item = &mut InFlightBatch> {
        let from = self.batches.range(..=first).next_back();
        let from = from.map_or(first, |(at, _)| *at);
        let batches = self.batches.range_mut(from..=last.max(from));
        let batches = batches.map(|(_, batch)| batch);
        batches.filter(move |it| it.last_offset >= first && it.first_offset <= last)
    }

    /// What is to be persisted of these changes; nothing when there are none.
    fn write(
        &mut self,
        batches: Vec<PersisterStateBatch>,
        ranges: Vec<(i64, i64)>,
    ) -> Option<StateWrite> {
        if batches.is_empty() {
            return None;
        }
        self.next_write += 1;
        self.writes.insert(self.next_write, ranges);
        Some(StateWrite {
            number: self.next_write,
            write: SharePartitionStateWrite {
                state_epoch: self.state_epoch,
                leader_epoch: self.leader_epoch,
                start_offset: self.start_offset,
                state_batches: batches,
            },
        })
    }
}
