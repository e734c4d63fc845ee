//! What idempotent producers have written to a partition: nothing twice, and
//! everything in the order in which it was sent.

use std::collections::{BTreeMap, BTreeSet};

use engine::TopicPartition;
use engine::log::record_batch::RecordBatch;

/// The values of a partition that were committed, by the producer's id. The
/// simulation gives every value but once, and numbers them upwards.
#[derive(Debug, Default)]
pub struct Sessions {
    values: BTreeMap<(i64, Vec<u8>), Place>,
    /// The last number of what each has made up, and of what it was given.
    last: BTreeMap<(i64, bool), (u64, u64)>,
    /// Producers whose records may come twice.
    excused: BTreeSet<i64>,
}

/// Where a record was committed: offset, leader epoch, producer epoch, and the
/// sequence of its batch.
type Place = (i64, i32, i16, i32);

impl Sessions {
    /// The broker has refused a batch of this producer for good. A leader that
    /// does not know the producer yet takes the batches behind it as they are,
    /// whatever their sequence; the producer bumps its epoch and numbers them
    /// anew, and when their answers are lost sends them as others.
    pub fn was_refused(&mut self, producer_id: i64) {
        self.excused.insert(producer_id);
    }

    /// A batch has been committed.
    pub fn take_down(&mut self, of: &TopicPartition, batch: &RecordBatch) {
        if !batch.has_producer_id() || self.excused.contains(&batch.producer_id()) {
            return;
        }
        let id = batch.producer_id();
        for record in batch.records().flatten() {
            let Some(value) = record.value else {
                continue;
            };
            let text = String::from_utf8_lossy(value).into_owned();
            let place = (
                record.offset,
                batch.partition_leader_epoch(),
                batch.producer_epoch(),
                batch.base_sequence(),
            );
            let before = self.values.insert((id, value.to_vec()), place);
            assert_eq!(
                before, None,
                "{of}: the idempotent producer {id} has {text} committed twice, again at {place:?}"
            );
            let (is_made_up, number) = number_of(&text);
            let last = self.last.entry((id, is_made_up)).or_insert(number);
            assert!(
                *last <= number,
                "{of}: the idempotent producer {id} has {text} committed behind {last:?}, at {}",
                record.offset
            );
            *last = number;
        }
    }
}

/// `12/7` is the eighth value that the twelfth workload made up, `12/...` the
/// twelfth that was given.
fn number_of(text: &str) -> (bool, (u64, u64)) {
    let (first, second) = text.split_once('/').unwrap_or((text, ""));
    let first = first.parse().unwrap_or_default();
    match second.parse() {
        Ok(second) => (true, (first, second)),
        Err(_) => (false, (first, 0)),
    }
}
