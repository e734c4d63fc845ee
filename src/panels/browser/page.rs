//! Pages of records.

use engine::collections::BTreeMap;

use engine::log::PartitionLog;
use engine::log::record_batch::{RecordBatch, RecordView};
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::Filter;
use crate::panels::bytes::pretty_json;
use crate::stage::ink::Ink;
use crate::stage::scene::readable;

/// How many records a page has.
pub const PAGE: usize = 25;
/// How many records are looked at for a page, when a filter lets few through.
pub const LOOKED_AT_MAX: usize = 20_000;

/// The most bytes of a value that is put in lines here; its panel does more.
const JSON_MAX: usize = 4_096;

/// Where a page begins: in each partition the offset that all of its records
/// are below. A partition that is not in it is read from its end.
pub type Cursor = BTreeMap<i32, i64>;

/// A record in the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browsed {
    /// Where it lies.
    pub topic_partition: TopicPartition,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp, in epoch milliseconds.
    pub timestamp_ms: i64,
    /// Its key as text, cut when it is very long.
    pub key: Option<String>,
    /// The colour of its key.
    pub ink: Ink,
    /// Its value as text, cut when it is very long.
    pub value: Option<String>,
    /// Its value in lines, when it is JSON that is not very long.
    pub json: Option<String>,
    /// How many headers it has.
    pub headers: usize,
    /// Whether it ends a transaction: no application sees it.
    pub is_control: bool,
}

/// A page of records, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The records.
    pub records: Vec<Browsed>,
    /// Where the next page begins; `None` when this is the last one.
    pub next: Option<Cursor>,
    /// How many records were looked at.
    pub looked_at: usize,
    /// Whether looking ended because it had been long enough, with fewer than a
    /// page found.
    pub is_cut_short: bool,
    /// How many offsets the topic has in all, from log starts to log ends.
    pub total: i64,
    /// How many partitions the topic has.
    pub partitions: usize,
}

/// A page of a topic's records; `None` when there is no such topic.
///
/// Records of several partitions are put in one order by their timestamps,
/// which Kafka does not promise; within a partition the order is that of the
/// offsets.
pub fn browse(world: &World, topic: &TopicName, filter: &Filter, from: &Cursor) -> Option<Page> {
    let partitions = world.topics().get(topic)?.partitions.len();
    let mut page = Page {
        partitions,
        ..Page::default()
    };
    let mut walks: Vec<Walk<'_>> = Vec::new();
    for number in (0..).take(partitions) {
        let of = TopicPartition::new(topic.clone(), number);
        let Some(partition) = world.partition(&of) else {
            continue;
        };
        let log = &partition.log;
        page.total += log.end_offset() - log.start_offset();
        if filter.partition.is_none_or(|wanted| wanted == number) {
            walks.push(Walk::new(of, log, filter, from.get(&number).copied()));
        }
    }
    for walk in &mut walks {
        walk.find(filter);
    }
    fill(&mut page, &mut walks, filter);
    let next = walks
        .iter()
        .map(|walk| (walk.of.partition, walk.resume_at()));
    let next: Cursor = next.collect();
    let has_more = walks.iter().any(Walk::has_more);
    page.next = has_more.then_some(next);
    page.looked_at = walks.iter().map(|walk| walk.looked_at).sum();
    Some(page)
}

/// Takes the newest of what the walks have found, again and again.
fn fill(page: &mut Page, walks: &mut [Walk<'_>], filter: &Filter) {
    while page.records.len() < PAGE {
        let looked_at: usize = walks.iter().map(|walk| walk.looked_at).sum();
        if looked_at >= LOOKED_AT_MAX {
            page.is_cut_short = true;
            return;
        }
        let place = |walk: &Walk<'_>| {
            let found = walk.found.as_ref()?;
            Some((
                found.timestamp_ms,
                std::cmp::Reverse(found.topic_partition.partition),
            ))
        };
        let newest = walks.iter_mut().max_by_key(|walk| place(walk));
        let Some(walk) = newest else {
            return;
        };
        let Some(found) = walk.found.take() else {
            return;
        };
        page.records.push(found);
        walk.find(filter);
    }
}

/// A way through one partition, from its end to its start.
struct Walk<'a> {
    of: TopicPartition,
    log: &'a PartitionLog,
    /// No record below this one is wanted.
    first: i64,
    /// What is left lies below this offset.
    below: i64,
    /// Records of the batch at hand, oldest first.
    hand: Vec<RecordView<'a>>,
    is_control: bool,
    /// The next record that the filter lets through.
    found: Option<Browsed>,
    looked_at: usize,
}

impl<'a> Walk<'a> {
    fn new(of: TopicPartition, log: &'a PartitionLog, filter: &Filter, below: Option<i64>) -> Self {
        let end = filter.to.map_or(i64::MAX, |to| to.saturating_add(1));
        let below = below.unwrap_or(i64::MAX).min(end).min(log.end_offset());
        Walk {
            of,
            log,
            first: filter.from.unwrap_or(0).max(log.start_offset()),
            below,
            hand: Vec::new(),
            is_control: false,
            found: None,
            looked_at: 0,
        }
    }

    /// Goes on to the next record that the filter lets through, as long as it
    /// has not looked at too many.
    fn find(&mut self, filter: &Filter) {
        while self.found.is_none() && self.looked_at < LOOKED_AT_MAX {
            let Some(record) = self.next() else {
                return;
            };
            self.looked_at += 1;
            if lets_through(filter, &record) {
                self.found = Some(browsed(&self.of, &record, self.is_control));
            }
        }
    }

    fn next(&mut self) -> Option<RecordView<'a>> {
        loop {
            if self.below <= self.first {
                return None;
            }
            if let Some(record) = self.hand.pop() {
                self.below = record.offset;
                return (record.offset >= self.first).then_some(record);
            }
            let batch = batch_below(self.log, self.below)?;
            self.is_control = batch.is_control();
            let below = self.below;
            let records = batch.records().filter_map(Result::ok);
            self.hand = records.filter(|record| record.offset < below).collect();
            if self.hand.is_empty() {
                // Compaction has left nothing of it.
                self.below = batch.base_offset();
            }
        }
    }

    /// Below which offset the next page goes on: what was found and is not on
    /// this page belongs to it.
    fn resume_at(&self) -> i64 {
        match &self.found {
            Some(found) => found.offset + 1,
            None => self.below,
        }
    }

    fn has_more(&self) -> bool {
        self.found.is_some() || self.below > self.first
    }
}

/// The last batch that begins below an offset. Where compaction has left a gap,
/// it is looked for in steps that grow.
fn batch_below(log: &PartitionLog, below: i64) -> Option<&RecordBatch> {
    let mut step = 1;
    loop {
        let from = below - step;
        let mut batches = log.batches_from(from.max(0));
        let first = batches.next().filter(|batch| batch.base_offset() < below);
        if let Some(first) = first {
            let later = batches.take_while(|batch| batch.base_offset() < below);
            return Some(later.last().unwrap_or(first));
        }
        if from <= 0 {
            return None;
        }
        step *= 2;
    }
}

fn lets_through(filter: &Filter, record: &RecordView<'_>) -> bool {
    let key = &filter.key;
    if key
        .as_ref()
        .is_some_and(|key| record.key != Some(key.as_bytes()))
    {
        return false;
    }
    if filter.text.is_empty() {
        return true;
    }
    let has = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        text.contains(&filter.text)
    };
    let mut headers = record.headers;
    record.key.is_some_and(has)
        || record.value.is_some_and(has)
        || headers.any(|(name, value)| has(name.as_bytes()) || value.is_some_and(has))
}

fn browsed(of: &TopicPartition, record: &RecordView<'_>, is_control: bool) -> Browsed {
    Browsed {
        topic_partition: of.clone(),
        offset: record.offset,
        timestamp_ms: record.timestamp_ms,
        key: record.key.map(readable),
        ink: Ink::of_key(record.key),
        value: record.value.map(readable),
        json: record
            .value
            .filter(|value| value.len() <= JSON_MAX)
            .and_then(pretty_json),
        headers: record.headers.len(),
        is_control,
    }
}
