//! What idempotent producers have written to a partition: nothing twice, and
//! everything in the order in which it was sent.

use engine::collections::{BTreeMap, BTreeSet};

use engine::TopicPartition;
use engine::client::SOURCE_HEADER;
use engine::controller::is_internal;
use engine::log::record_batch::{RecordBatch, TransactionResult};

use super::transactions::marker;

/// The values of a partition that were committed, by the producer's id. The
/// simulation gives every value but once, and numbers them upwards.
///
/// In one epoch of a producer each comes once, and in order. A producer that
/// does not know what became of a batch, since it has expired or the leader
/// found a gap before it, bumps its epoch and numbers anew all that is under
/// way to the partition: what is not delivered may come twice then, or behind
/// what was sent later (`TransactionManager.bumpIdempotentProducerEpoch`).
///
/// A leader that has nothing of a producer in its log takes any sequence for its
/// first (`ProducerAppendInfo.checkSequence`). It has nothing when it copied the
/// partition from where that began after what the producer had written: a batch
/// that was lost on its way to an earlier leader may then still come.
///
/// What is in transactions counts when these are committed: what was aborted may
/// be sent again. What processors write has the values of others, and is looked
/// at by where it comes from (`processors.rs`).
#[derive(Debug, Default)]
pub struct Sessions {
    values: BTreeMap<(i64, Vec<u8>), Place>,
    /// The last number of what each has made up, and of what it was given, in
    /// each of its epochs; with its offset.
    last: BTreeMap<(i64, i16, bool), Numbered>,
    /// What is in transactions that are open, by the producer's id.
    open: BTreeMap<i64, Vec<RecordBatch>>,
}

/// A value by its number, and where it was committed.
#[derive(Clone, Copy, Debug)]
struct Numbered {
    /// As [`number_of`] tells it.
    number: (u64, u64),
    offset: i64,
}

/// Where a record was committed.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: i64,
    /// The first offset of its batch.
    base_offset: i64,
    producer_epoch: i16,
}

impl Sessions {
    /// A batch has been committed; these are the base offsets of those that
    /// producers know to be delivered, and what is before this offset is deleted.
    pub fn take_down(
        &mut self,
        of: &TopicPartition,
        batch: &RecordBatch,
        delivered: &BTreeSet<i64>,
        deleted_to: i64,
    ) {
        // Offsets come again and again.
        if is_internal(&of.topic) {
            return;
        }
        let id = batch.producer_id();
        if let Some(result) = marker(batch) {
            let written = self.open.remove(&id).unwrap_or_default();
            let counts = result == TransactionResult::Commit;
            for batch in written.iter().filter(|_| counts) {
                self.note(of, batch, delivered, deleted_to);
            }
        } else if batch.is_transactional() {
            self.open.entry(id).or_default().push(batch.clone());
        } else if batch.has_producer_id() {
            self.note(of, batch, delivered, deleted_to);
        }
    }

    fn note(
        &mut self,
        of: &TopicPartition,
        batch: &RecordBatch,
        delivered: &BTreeSet<i64>,
        deleted_to: i64,
    ) {
        let (id, producer_epoch) = (batch.producer_id(), batch.producer_epoch());
        for record in batch.records().flatten() {
            let Some(value) = record.value else {
                continue;
            };
            let mut headers = record.headers;
            if headers.any(|(name, _)| name == SOURCE_HEADER) {
                continue;
            }
            let text = String::from_utf8_lossy(value).into_owned();
            let place = Place {
                offset: record.offset,
                base_offset: batch.base_offset(),
                producer_epoch,
            };
            if let Some(before) = self.values.insert((id, value.to_vec()), place) {
                let is_excused = !delivered.contains(&before.base_offset)
                    && (before.producer_epoch < producer_epoch || before.offset < deleted_to);
                assert!(
                    is_excused,
                    "{of}: the idempotent producer {id} has {text} committed twice: {before:?} \
                     and {place:?}"
                );
            }
            let (is_made_up, number) = number_of(&text);
            let session = (id, producer_epoch, is_made_up);
            let offset = record.offset;
            let known = self.last.insert(session, Numbered { number, offset });
            let is_in_order = |last: Numbered| last.number <= number || last.offset < deleted_to;
            assert!(
                known.is_none_or(is_in_order),
                "{of}: the idempotent producer {id} has {text} committed behind {known:?}, at \
                 {place:?}"
            );
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
