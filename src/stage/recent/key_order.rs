//! Whether a group processes the records of each key in the order in which
//! they were sent.

use engine::collections::BTreeMap;

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::log::record_batch::RecordBatch;
use engine::protocol::TopicName;

use super::super::scene::readable;
use super::What;
use engine::sorting::sort;

/// How many keys are watched of each topic that a group reads; those whose last
/// record is the oldest are forgotten first.
const KEYS_MAX: usize = 4_096;
/// How many records are looked at at once; where more are processed at once,
/// the first of them are passed over.
const RECORDS_MAX: usize = 2_000;
/// How many batches are kept of each partition that a consumer has read and not
/// processed; of more the first are passed over.
const BATCHES_MAX: usize = 256;

/// The last record of a key that a group has processed.
#[derive(Clone, Debug)]
struct Latest {
    timestamp_ms: i64,
    at: (TopicPartition, i64),
}

/// The keys of one topic, as one group has processed them.
#[derive(Clone, Debug, Default)]
struct Keys {
    latest: BTreeMap<Box<[u8]>, Latest>,
    /// The offset after the last one that was processed, of each partition:
    /// what comes again is no news.
    ends: BTreeMap<i32, i64>,
}

/// What groups have processed of each key.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyOrder {
    /// What was read and is not processed.
    read: BTreeMap<(ClientNumber, TopicPartition), Vec<RecordBatch>>,
    groups: BTreeMap<(String, TopicName), Keys>,
}

impl KeyOrder {
    /// A consumer has these batches now.
    pub fn read(&mut self, consumer: ClientNumber, of: &TopicPartition, batches: &[RecordBatch]) {
        let read = self.read.entry((consumer, of.clone())).or_default();
        for batch in batches {
            let is_known = |known: &RecordBatch| known.base_offset() == batch.base_offset();
            if !read.last().is_some_and(is_known) {
                read.push(batch.clone());
            }
        }
        let too_many = read.len().saturating_sub(BATCHES_MAX);
        read.drain(..too_many);
    }

    /// A client has ended.
    pub fn forget(&mut self, client: ClientNumber) {
        self.read.retain(|(consumer, _), _| *consumer != client);
    }

    /// A member has processed the records from `from` on and before `to`: tells
    /// which of them came too late.
    pub fn processed(
        &mut self,
        group: &str,
        consumer: ClientNumber,
        of: &TopicPartition,
        (from, to): (i64, i64),
    ) -> Vec<What> {
        let Some(read) = self.read.get_mut(&(consumer, of.clone())) else {
            return Vec::new();
        };
        let whole = (group.to_owned(), of.topic.clone());
        let keys = self.groups.entry(whole).or_default();
        let end = keys.ends.entry(of.partition).or_insert(from);
        let first_new = from.max(*end).max(to - RECORDS_MAX as i64);
        *end = to.max(*end);
        let mut late = Vec::new();
        let batches = read.iter();
        let batches =
            batches.filter(|batch| batch.base_offset() < to && batch.next_offset() > first_new);
        let records = batches.flat_map(|batch| {
            let records = batch.records().flatten();
            records.take_while(|record| record.offset < to)
        });
        for record in records.filter(|record| record.offset >= first_new) {
            let Some(key) = record.key else {
                continue;
            };
            let at = (of.clone(), record.offset);
            if let Some(after) = keys.take(key, record.timestamp_ms, at) {
                late.push(What::OutOfOrder {
                    group: group.to_owned(),
                    topic_partition: of.clone(),
                    offset: record.offset,
                    key: readable(key),
                    after,
                });
            }
        }
        read.retain(|batch| batch.next_offset() > to);
        late
    }
}

impl Keys {
    /// A record of this key is processed: tells which one, sent later, was
    /// processed before it.
    fn take(
        &mut self,
        key: &[u8],
        timestamp_ms: i64,
        at: (TopicPartition, i64),
    ) -> Option<(TopicPartition, i64)> {
        if let Some(latest) = self.latest.get_mut(key) {
            if timestamp_ms < latest.timestamp_ms {
                return Some(latest.at.clone());
            }
            *latest = Latest { timestamp_ms, at };
            return None;
        }
        if self.latest.len() >= KEYS_MAX {
            self.forget_the_oldest();
        }
        self.latest.insert(key.into(), Latest { timestamp_ms, at });
        None
    }

    fn forget_the_oldest(&mut self) {
        let mut times: Vec<i64> = self.latest.values().map(|it| it.timestamp_ms).collect();
        sort(&mut times);
        let middle = times[times.len() / 2];
        self.latest.retain(|_, it| it.timestamp_ms > middle);
    }
}
