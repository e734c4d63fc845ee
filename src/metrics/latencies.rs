//! How long records took, counted so that a million of them need no more room
//! than a hundred.

use engine::collections::BTreeMap;
use engine::log::record_batch::{RecordBatch, TimestampType};

/// Durations below twice this are counted by the millisecond; from there on
/// each doubling is cut into as many steps, so that a duration is known to
/// within a part in `2 * STEPS`.
const STEPS: u64 = 1 << STEPS_LOG2;
const STEPS_LOG2: u32 = 5;
/// Into how many parts the records of a batch are cut at most.
const PARTS_MAX: i64 = 16;

/// How many records took how long, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    counts: BTreeMap<u64, u64>,
    total: u64,
}

impl Latencies {
    /// So many records took so long.
    pub fn add(&mut self, ms: u64, records: u64) {
        if records > 0 {
            *self.counts.entry(step(ms)).or_default() += records;
            self.total += records;
        }
    }

    /// The records of a batch with offsets from `from` until before `to` are
    /// done with at `done_ms`, in epoch milliseconds.
    ///
    /// No record is looked at: their timestamps are taken to rise evenly from
    /// the first of the batch to its greatest, in at most sixteen steps. That is
    /// exact for one record, and for two that were made in order.
    pub fn add_batch(&mut self, batch: &RecordBatch, (from, to): (i64, i64), done_ms: i64) {
        let (first, end) = (from.max(batch.base_offset()), to.min(batch.next_offset()));
        let offsets = end - first;
        let records = offsets.min(batch.data_record_count());
        let parts = records.min(PARTS_MAX);
        for part in 0..parts {
            let begin = first + offsets * part / parts;
            let last = first + offsets * (part + 1) / parts - 1;
            let timestamp_ms = timestamp_at(batch, begin.midpoint(last));
            if timestamp_ms >= 0 {
                let count = records * (part + 1) / parts - records * part / parts;
                let ms = (done_ms - timestamp_ms).max(0);
                self.add(ms.unsigned_abs(), count.unsigned_abs());
            }
        }
    }

    /// Counts others in.
    pub fn merge(&mut self, others: &Latencies) {
        for (step, records) in &others.counts {
            *self.counts.entry(*step).or_default() += records;
        }
        self.total += others.total;
    }

    /// Takes out what was counted in.
    pub fn take_out(&mut self, others: &Latencies) {
        for (step, records) in &others.counts {
            let left = self.counts.get_mut(step).expect("it was counted in");
            *left -= records;
            if *left == 0 {
                self.counts.remove(step);
            }
        }
        self.total -= others.total;
    }

    /// How many records were counted.
    pub fn records(&self) -> u64 {
        self.total
    }

    /// The duration in milliseconds that so many percent of the records did not
    /// exceed, by the nearest rank; `None` without records. It is the middle of
    /// its step: below 64 ms exact, above to within a part in 64.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut before = 0;
        let found = self.counts.iter().find(|(_, records)| {
            before += **records;
            before >= rank
        });
        found.map(|(step, _)| middle(*step))
    }
}

/// The timestamp of the record with this offset, were they evenly apart. A
/// batch has one timestamp only where the broker has set it, or where
/// compaction has written its delete horizon over the first.
fn timestamp_at(batch: &RecordBatch, offset: i64) -> i64 {
    let greatest = batch.max_timestamp();
    let has_first = batch.timestamp_type() == TimestampType::CreateTime
        && batch.delete_horizon_ms().is_none()
        && batch.base_timestamp() >= 0;
    let span = i64::from(batch.last_offset_delta());
    if !has_first || span == 0 {
        return greatest;
    }
    let first = batch.base_timestamp();
    // Timestamps may be anything a client sends.
    let spread = i128::from(greatest - first);
    let part = spread * i128::from(offset - batch.base_offset()) / i128::from(span);
    first.saturating_add(i64::try_from(part).unwrap_or(0))
}

/// The step that a duration falls in.
fn step(ms: u64) -> u64 {
    let doublings = doublings(ms);
    doublings * STEPS + (ms >> doublings)
}

fn doublings(ms: u64) -> u64 {
    let log2 = ms.checked_ilog2().unwrap_or(0);
    u64::from(log2.saturating_sub(STEPS_LOG2))
}

/// The middle of a step, in milliseconds.
fn middle(step: u64) -> u64 {
    let doublings = (step / STEPS).saturating_sub(1);
    let least = (step - doublings * STEPS) << doublings;
    least + (1 << doublings) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(50), None);
        for ms in 1..=10 {
            latencies.add(ms, 1);
        }
        assert_eq!(latencies.percentile(50), Some(5));
        assert_eq!(latencies.percentile(51), Some(6));
        assert_eq!(latencies.percentile(99), Some(10));
        // A thousand fast ones outweigh them.
        latencies.add(3, 1_000);
        assert_eq!(latencies.percentile(50), Some(3));
        assert_eq!(latencies.percentile(99), Some(3));
        assert_eq!(latencies.percentile(100), Some(10));
        assert_eq!(latencies.records(), 1_010);
    }

    #[test]
    fn a_duration_is_known_to_within_a_part_in_64() {
        for ms in (0..200_000).chain([86_400_000, 1 << 40, u64::MAX / 2]) {
            let shown = middle(step(ms));
            let error = shown.abs_diff(ms);
            assert!(error <= ms / 64, "{ms} ms is shown as {shown}");
            assert!(step(ms) <= step(ms + 1), "{ms}");
        }
    }

    #[test]
    fn what_is_counted_in_can_be_taken_out() {
        let (mut one, mut other) = (Latencies::default(), Latencies::default());
        one.add(10, 3);
        other.add(10, 1);
        other.add(700, 2);
        let before = one.clone();
        one.merge(&other);
        assert_eq!((one.records(), one.percentile(99)), (6, Some(696)));
        one.take_out(&other);
        assert_eq!(one, before);
    }
}
