//! Handing records to a member.

use super::state::{InFlightBatch, InFlightState, InFlightStates};
use super::{SharePartition, SharePartitionState};
use crate::log::record_batch::RecordBatch;
use crate::protocol::AcquiredRecords;
use crate::sim::Time;

/// Who acquires, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Acquiring<'a> {
    /// The member.
    pub member_id: &'a str,
    /// How many records a batch is to have, where record batches allow.
    pub batch_size: i64,
    /// How many records it may have; a record batch is not split for it.
    pub max_records: i64,
    /// The offset from which the log was read.
    pub fetch_offset: i64,
    /// Now.
    pub now: Time,
}

impl SharePartition {
    /// Whether there may be anything to acquire: something is available again,
    /// or fewer records are in flight than may be.
    pub fn can_acquire(&mut self) -> bool {
        if self.state != SharePartitionState::Active {
            return false;
        }
        if self.next_fetch_offset() != self.end_offset + 1 {
            return true;
        }
        let in_flight = match self.batches.is_empty() {
            true => 0,
            false => self.end_offset - self.start_offset + 1,
        };
        in_flight < self.limits.record_locks
    }

    /// The offset to read the log from (`nextFetchOffset`).
    pub fn next_fetch_offset(&mut self) -> i64 {
        let last = self.batches.last_key_value();
        let last = last.map(|(_, batch)| batch.last_offset);
        if last.is_none_or(|last| self.start_offset > last) {
            self.find_next_fetch_offset = false;
            return self.end_offset;
        }
        if !self.find_next_fetch_offset {
            return self.end_offset + 1;
        }
        let mut gap = self.read_gap.map(|(at, _)| at);
        for batch in self.batches.values() {
            if let Some(at) = gap {
                if batch.first_offset > at {
                    return at;
                }
                gap = Some(at.max(batch.last_offset + 1));
            }
            let mut runs = batch.runs().into_iter();
            if let Some((at, _, _)) = runs.find(|(_, _, state)| state.is_available()) {
                return at;
            }
        }
        self.find_next_fetch_offset = false;
        self.end_offset + 1
    }

    /// Hands a member what it may have of these batches of the log, which begin
    /// at or before the [next fetch offset](Self::next_fetch_offset)
    /// (`SharePartition.acquire`).
    pub fn acquire(&mut self, who: &Acquiring, records: &[RecordBatch]) -> Vec<AcquiredRecords> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Vec::new();
        };
        if self.state != SharePartitionState::Active || who.max_records <= 0 {
            return Vec::new();
        }
        self.log_has_none(who.fetch_offset, first.base_offset());
        let last_offset = last.last_offset();
        // Nothing is handed out again that is done with; but a batch that
        // reaches over the start is known by its first offset still.
        let wanted = first.base_offset().max(self.start_offset);
        let floor = self.batches.range(..=wanted).next_back();
        let first_offset = match floor {
            Some((at, batch)) if batch.last_offset >= wanted => *at,
            _ => wanted,
        };
        if first_offset > last_offset {
            return Vec::new();
        }
        let mut acquired = Vec::new();
        let mut count = 0;
        let mut next = first_offset;
        let keys: Vec<i64> = self
            .batches
            .range(first_offset..=last_offset)
            .map(|(at, _)| *at)
            .collect();
        for at in keys {
            if count >= who.max_records {
                return acquired;
            }
            // Only a state that was read has gaps; these were never delivered.
            if self.read_gap.is_some() && at > next {
                let max = who.max_records - count;
                count += self.acquire_new(who, records, (next, at - 1), max, &mut acquired);
            }
            count += self.acquire_again(who, at, (first_offset, last_offset), &mut acquired);
            next = self.batches[&at].last_offset + 1;
        }
        if count < who.max_records && next <= last_offset {
            let max = who.max_records - count;
            self.acquire_new(who, records, (next, last_offset), max, &mut acquired);
        }
        acquired
    }

    /// Hands out what is available of a batch that was delivered before;
    /// returns how many records.
    fn acquire_again(
        &mut self,
        who: &Acquiring,
        at: i64,
        (first, last): (i64, i64),
        acquired: &mut Vec<AcquiredRecords>,
    ) -> i64 {
        let lock_until = self.lock_until(who.now);
        let Some(batch) = self.batches.get_mut(&at) else {
            return 0;
        };
        if let InFlightStates::Batch(state) = &batch.states {
            if !state.is_available() {
                return 0;
            }
            if !batch.is_within(first, last) {
                batch.part();
            }
        }
        let mut count = 0;
        for (from, to, state) in batch.runs_mut() {
            if from < first || to > last || !state.is_available() {
                continue;
            }
            state.acquire(who.member_id, lock_until);
            count += to - from + 1;
            acquired.push(AcquiredRecords {
                first_offset: from,
                last_offset: to,
                delivery_count: state.delivery_count,
            });
        }
        count
    }

    /// Hands out what was never delivered; returns how many records. At most
    /// `max`, but to the end of a record batch (`acquireNewBatchRecords`).
    fn acquire_new(
        &mut self,
        who: &Acquiring,
        records: &[RecordBatch],
        (first, last): (i64, i64),
        max: i64,
        acquired: &mut Vec<AcquiredRecords>,
    ) -> i64 {
        let first = match self.batches.is_empty() {
            true => first.max(self.end_offset),
            false => first,
        };
        if first > last {
            return 0;
        }
        let wanted = first.saturating_add(max - 1);
        let holds = |batch: &&RecordBatch| batch.last_offset() >= wanted;
        let to = match wanted < last {
            true => records.iter().find(holds),
            false => None,
        };
        let to = to.map_or(last, |batch| batch.last_offset().min(last));
        let lock_until = self.lock_until(who.now);
        for (from, to) in split(records, (first, to), who.batch_size) {
            let state = InFlightState::acquired(who.member_id, lock_until);
            let batch = InFlightBatch::new(from, to, state);
            self.batches.insert(from, batch);
            acquired.push(AcquiredRecords {
                first_offset: from,
                last_offset: to,
                delivery_count: 1,
            });
        }
        if self.batches.keys().next() == Some(&first) {
            self.start_offset = first;
        }
        self.end_offset = self.end_offset.max(to);
        self.advance_read_gap(to + 1);
        to - first + 1
    }

    fn lock_until(&mut self, now: Time) -> Time {
        let until = now.plus_ms(self.limits.record_lock_duration_ms);
        let first = self.locks_from.map_or(until, |first| first.min(until));
        self.locks_from = Some(first);
        until
    }

    /// What lies before this offset was delivered.
    pub(super) fn advance_read_gap(&mut self, offset: i64) {
        self.read_gap = self
            .read_gap
            .map(|(at, end)| (at.max(offset), end))
            .filter(|(at, end)| at <= end);
    }
}

/// Splits offsets where record batches begin, as soon as there are so many
/// records (`createBatches`).
fn split(records: &[RecordBatch], (first, last): (i64, i64), batch_size: i64) -> Vec<(i64, i64)> {
    let mut parts = Vec::new();
    let mut from = first;
    if last - first + 1 > batch_size {
        for batch in records.iter().map(RecordBatch::base_offset) {
            if batch > last {
                break;
            }
            if batch - from >= batch_size {
                parts.push((from, batch - 1));
                from = batch;
            }
        }
    }
    parts.push((from, last));
    parts
}
