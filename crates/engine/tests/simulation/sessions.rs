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
    known: BTreeSet<i64>,
    /// Producers whose records may come late, or twice.
    excused: BTreeSet<i64>,
}

/// Where a record was committed: offset, leader epoch, producer epoch, and the
/// sequence of its batch.
type Place = (i64, i32, i16, i32);

impl Sessions {
    /// A leader that does not know a producer takes its first batch whatever
    /// the sequence. When that is not 0, a batch before it was refused, for good
    /// or since the broker did not lead yet; sent again it finds a gap, the
    /// producer bumps its epoch, and all that is under way is numbered anew:
    /// it may come late, or twice. Kafka's producer does the same.
    fn is_excused(&mut self, id: i64, batch: &RecordBatch) -> bool {
        if self.known.insert(id) && batch.base_sequence() != 0 {
            self.excused.insert(id);
        }
        self.excused.contains(&id)
    }

    /// A batch has been committed.
    pub fn take_down(&mut self, of: &TopicPartition, batch: &RecordBatch) {
        let id = batch.producer_id();
        if !batch.has_producer_id() || self.is_excused(id, batch) {
            return;
        }
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
