//! What members say of the records they have, and what happens when they say
//! nothing.

use crate::collections::BTreeMap;

use super::state::{InFlightState, InFlightStates, RecordState, persister_batch};
use super::{ShareChange, SharePartition, StateWrite};
use crate::protocol::{AcknowledgementBatch, ErrorCode, PersisterStateBatch};
use crate::sim::Time;

/// What is to be done with records that members let go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LetGo {
    /// What is to be persisted; `None` when nothing has changed.
    pub write: Option<StateWrite>,
    /// What has happened.
    pub changes: Vec<ShareChange>,
}

/// Changes as they come about.
#[derive(Default)]
struct Changes {
    batches: Vec<PersisterStateBatch>,
    ranges: Vec<(i64, i64)>,
    changes: Vec<ShareChange>,
}

impl Changes {
    fn note(
        &mut self,
        (first, last): (i64, i64),
        member_id: String,
        wanted: RecordState,
        now: &InFlightState,
    ) {
        self.batches.push(persister_batch(first, last, now));
        self.ranges.push((first, last));
        let is_worn_out = wanted == RecordState::Available && now.state == RecordState::Archived;
        let change = ShareChange {
            first_offset: first,
            last_offset: last,
            to: now.state,
            delivery_count: now.delivery_count,
            member_id,
            is_worn_out,
        };
        match self.changes.last_mut() {
            Some(before) if continues(before, &change) => before.last_offset = last,
            _ => self.changes.push(change),
        }
    }
}

/// Whether a change is the same as the one before, of the next record.
fn continues(before: &ShareChange, change: &ShareChange) -> bool {
    before.last_offset + 1 == change.first_offset
        && before.to == change.to
        && before.delivery_count == change.delivery_count
        && before.member_id == change.member_id
        && before.is_worn_out == change.is_worn_out
}

impl SharePartition {
    /// A member says what has become of records that it has
    /// (`SharePartition.acknowledge`). All of it counts, or nothing.
    ///
    /// # Errors
    ///
    /// `INVALID_RECORD_STATE` when the member does not have such a record,
    /// `INVALID_REQUEST` when nobody could, or what is said means nothing.
    pub fn acknowledge(
        &mut self,
        member_id: &str,
        batches: &[AcknowledgementBatch],
    ) -> Result<LetGo, ErrorCode> {
        let before = self.batches.clone();
        let mut changes = Changes::default();
        for batch in batches {
            if let Err(error) = self.acknowledge_batch(member_id, batch, &mut changes) {
                self.batches = before;
                return Err(error);
            }
        }
        self.find_next_fetch_offset |= changes
            .changes
            .iter()
            .any(|change| change.to == RecordState::Available);
        Ok(LetGo {
            write: self.write(changes.batches, changes.ranges),
            changes: changes.changes,
        })
    }

    fn acknowledge_batch(
        &mut self,
        member_id: &str,
        batch: &AcknowledgementBatch,
        changes: &mut Changes,
    ) -> Result<(), ErrorCode> {
        let (first, last) = (batch.first_offset, batch.last_offset);
        let to = target_states(batch)?;
        // Records before the start are done with, whatever is said of them.
        if last < self.start_offset {
            return Ok(());
        }
        self.has_delivered(first, last)?;
        let (start, max) = (self.start_offset, self.limits.delivery_count);
        for held in self.batches_within(first, last) {
            if held.last_offset < start {
                continue;
            }
            let is_whole = held.is_within(first, last) && held.first_offset >= start;
            if let InFlightStates::Batch(state) = &held.states {
                check(state, member_id)?;
                if !is_whole || to.len() > 1 {
                    held.part();
                }
            }
            for (from, until, state) in held.runs_mut() {
                if until < first || from > last || from < start {
                    continue;
                }
                check(state, member_id)?;
                let Some(to) = to.get(&from).or(to.get(&first)).copied() else {
                    continue;
                };
                state.begin_to_let_go(to, max);
                changes.note((from, until), member_id.to_owned(), to, state);
            }
        }
        Ok(())
    }

    /// Whether these offsets were delivered, as far as it is known.
    fn has_delivered(&self, first: i64, last: i64) -> Result<(), ErrorCode> {
        let floor = self.batches.range(..=first).next_back();
        let is_old = first < self.start_offset;
        if floor.is_none() && !is_old {
            return Err(ErrorCode::InvalidRecordState);
        }
        let end = self.batches.range(..=last).next_back();
        match end {
            Some((_, batch)) if batch.last_offset >= last => Ok(()),
            _ => Err(ErrorCode::InvalidRequest),
        }
    }

    /// All that a member has is available again: its session has ended
    /// (`releaseAcquiredRecords`).
    pub fn release(&mut self, member_id: &str) -> LetGo {
        self.let_go(|state| state.member_id == member_id)
    }

    /// The locks that have ended by now are given back. Whether that can be
    /// persisted makes no difference (`releaseAcquisitionLockOnTimeout`).
    pub fn expire(&mut self, now: Time) -> LetGo {
        let let_go = self.let_go(|state| state.lock_until.is_some_and(|until| until <= now));
        if let Some(write) = &let_go.write {
            self.settle(write.number, true);
        }
        self.locks_from = self.first_lock_end();
        let_go
    }

    fn let_go(&mut self, which: impl Fn(&InFlightState) -> bool) -> LetGo {
        let mut changes = Changes::default();
        let (start, max) = (self.start_offset, self.limits.delivery_count);
        for batch in self.batches.values_mut() {
            let straddles = batch.first_offset < start && start <= batch.last_offset;
            if straddles
                && batch
                    .runs()
                    .iter()
                    .any(|(_, _, state)| is_held(state) && which(state))
            {
                batch.part();
            }
            for (from, to, state) in batch.runs_mut() {
                if !is_held(state) || !which(state) {
                    continue;
                }
                let member_id = state.member_id.clone();
                let wanted = match to < start {
                    true => RecordState::Archived,
                    false => RecordState::Available,
                };
                state.begin_to_let_go(wanted, max);
                changes.note((from, to), member_id, wanted, state);
            }
        }
        self.find_next_fetch_offset |= !changes.changes.is_empty();
        LetGo {
            write: self.write(changes.batches, changes.ranges),
            changes: changes.changes,
        }
    }
}

pub(super) fn is_held(state: &InFlightState) -> bool {
    state.state == RecordState::Acquired && !state.is_changing()
}

fn check(state: &InFlightState, member_id: &str) -> Result<(), ErrorCode> {
    match is_held(state) && state.member_id == member_id {
        true => Ok(()),
        false => Err(ErrorCode::InvalidRecordState),
    }
}

/// What each offset comes to; with one entry, what all do
/// (`fetchRecordStateMapForAcknowledgementBatch`).
fn target_states(batch: &AcknowledgementBatch) -> Result<BTreeMap<i64, RecordState>, ErrorCode> {
    let types = &batch.acknowledge_types;
    let count = batch.last_offset.checked_sub(batch.first_offset);
    let count = count.filter(|count| *count >= 0).map(|count| count + 1);
    let is_sound = types.len() == 1 || count == i64::try_from(types.len()).ok();
    if count.is_none() || types.is_empty() || !is_sound {
        return Err(ErrorCode::InvalidRequest);
    }
    let states = (batch.first_offset..).zip(types).map(|(offset, id)| {
        let state = RecordState::for_acknowledgement(*id);
        Ok((offset, state.ok_or(ErrorCode::InvalidRequest)?))
    });
    states.collect()
}
