//! What has passed in each of the last seconds.

use std::collections::VecDeque;

use engine::client::ConsumerEvent;
use engine::collections::BTreeMap;
use engine::command::ClientNumber;
use engine::controller::is_internal;
use engine::event::ShareEvent;
use engine::log::record_batch::RecordBatch;
use engine::protocol::TopicName;
use engine::{Event, EventKind, Time, TopicPartition, World};

use super::latencies::Latencies;
use super::state::{self, Replicas};
use crate::stage::Subject;
use crate::stage::recent::group_of;

/// Over how many seconds rates and percentiles are taken.
pub const WINDOW_SECONDS: usize = 5;
/// How many seconds are shown.
pub const SHOWN_SECONDS: usize = 120;
/// How many are kept: the first that is shown has a whole window.
const SAMPLES_MAX: usize = SHOWN_SECONDS + WINDOW_SECONDS - 1;
/// How many topics, and how many groups, are followed in a second: those that
/// come first.
const NAMES_MAX: usize = 64;
/// A sample's length, in microseconds of virtual time.
const SAMPLE_US: u64 = 1_000_000;

/// Records and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// How many records.
    pub records: u64,
    /// How large they are as they lie in the log: of a batch of which a part is
    /// meant, its part.
    pub bytes: u64,
}

/// What a group was done with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Processed {
    /// How much.
    pub flow: Flow,
    /// How long it took from the records' timestamps on.
    pub latencies: Latencies,
}

/// One second of virtual time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// What leaders appended, by topic.
    pub appended: BTreeMap<TopicName, Flow>,
    /// What groups were done with, and consumers without a group.
    pub processed: BTreeMap<Subject, Processed>,
    /// How often a replica left an ISR.
    pub isr_shrinks: u64,
    /// How many records each group was behind at its end.
    pub lags: BTreeMap<String, u64>,
    /// How the partitions stood at its end.
    pub replicas: Replicas,
}

/// Follows a world. Bounded: it remembers some two minutes, and for each second
/// of some names a few numbers, however much flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    /// The last of the seconds that have passed, oldest first.
    samples: VecDeque<Sample>,
    /// How many have passed since the world began.
    passed: u64,
    /// The one that passes now.
    current: Sample,
    /// Who reads: what a consumer was done with is told also when it has ended.
    readers: BTreeMap<ClientNumber, Subject>,
}

impl Recorder {
    /// When the second that passes now ends. State is measured then, so time is
    /// to be cut there; where it is not, state is measured later.
    pub fn next_sample(&self) -> Time {
        Time::from_us((self.passed + 1) * SAMPLE_US)
    }

    /// The seconds that have passed, oldest first: at most two minutes, and as
    /// many more as the first window needs.
    pub fn samples(&self) -> &VecDeque<Sample> {
        &self.samples
    }

    /// How many seconds have passed since the world began.
    pub fn seconds(&self) -> u64 {
        self.passed
    }

    /// Takes an event in. The world is that in which it happened.
    pub fn note(&mut self, event: &Event, world: &World) {
        while self.next_sample() < event.at {
            self.close(world);
        }
        match &event.kind {
            EventKind::ClientStarted { client, .. } => {
                let reader = reader(world, *client);
                self.readers.extend(reader.map(|reader| (*client, reader)));
            }
            EventKind::ClientClosed { client, .. } | EventKind::ClientCrashed { client, .. } => {
                self.readers.remove(client);
            }
            EventKind::RecordsAppended {
                topic_partition,
                base_offset,
                records,
                ..
            } if !is_internal(&topic_partition.topic) => {
                let range = (*base_offset, *base_offset + i64::from(*records));
                let flow = Flow {
                    records: u64::from(records.unsigned_abs()),
                    bytes: batches(world, topic_partition, range)
                        .map(|batch| bytes(batch, range))
                        .sum(),
                };
                let topic = topic_partition.topic.clone();
                if let Some(appended) = followed(&mut self.current.appended, topic) {
                    appended.add(flow);
                }
            }
            EventKind::Consumer {
                consumer,
                event:
                    ConsumerEvent::RecordsProcessed {
                        topic_partition,
                        from,
                        to,
                        records,
                    },
            } => {
                if let Some(reader) = self.readers.get(consumer).cloned() {
                    let at_ms = epoch_ms(world, event.at);
                    self.processed(
                        world,
                        reader,
                        topic_partition,
                        (*from, *to),
                        *records,
                        at_ms,
                    );
                }
            }
            EventKind::Share(ShareEvent::RecordsAcknowledged(done)) => {
                let reader = Subject::Group(done.group.clone());
                let range = (done.first_offset, done.last_offset + 1);
                let records = (range.1 - range.0).unsigned_abs();
                let at_ms = epoch_ms(world, event.at);
                self.processed(world, reader, &done.topic_partition, range, records, at_ms);
            }
            EventKind::IsrChanged { from, to, .. } => {
                let left = from.iter().filter(|broker| !to.contains(broker));
                self.current.isr_shrinks += left.count() as u64;
            }
            _ => {}
        }
    }

    /// Time has passed: measures the state of the world for each second that is
    /// over.
    pub fn pass(&mut self, world: &World) {
        while self.next_sample() <= world.now() {
            self.close(world);
        }
    }

    fn processed(
        &mut self,
        world: &World,
        reader: Subject,
        of: &TopicPartition,
        range: (i64, i64),
        records: u64,
        at_ms: i64,
    ) {
        let Some(processed) = followed(&mut self.current.processed, reader) else {
            return;
        };
        processed.flow.records += records;
        for batch in batches(world, of, range) {
            processed.flow.bytes += bytes(batch, range);
            processed.latencies.add_batch(batch, range, at_ms);
        }
    }

    fn close(&mut self, world: &World) {
        let mut sample = std::mem::take(&mut self.current);
        sample.lags = state::lags(world).into_iter().take(NAMES_MAX).collect();
        sample.replicas = state::replicas(world);
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        self.passed += 1;
    }
}

impl Flow {
    pub(super) fn add(&mut self, other: Flow) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

/// What is noted of a name; `None` where too many others were first.
fn followed<K: Ord, V: Default>(all: &mut BTreeMap<K, V>, name: K) -> Option<&mut V> {
    let has_room = all.len() < NAMES_MAX || all.contains_key(&name);
    has_room.then(|| all.entry(name).or_default())
}

/// The group of a consumer, or the consumer itself when it has none. What
/// members of share groups are done with, their brokers tell.
fn reader(world: &World, client: ClientNumber) -> Option<Subject> {
    use engine::client::Client;
    match world.clients().get(&client)? {
        Client::Consumer(_) => Some(match group_of(world, client) {
            Some(group) => Subject::Group(group.to_owned()),
            None => Subject::Client(client),
        }),
        _ => None,
    }
}

/// The batches of the leader's log that hold records with these offsets, as far
/// as they are still there.
fn batches<'a>(
    world: &'a World,
    of: &TopicPartition,
    (from, to): (i64, i64),
) -> impl Iterator<Item = &'a RecordBatch> {
    let log = world.partition(of).map(|partition| &partition.log);
    let batches = log.into_iter().flat_map(move |log| log.batches_from(from));
    let batches = batches.take_while(move |batch| batch.base_offset() < to);
    batches.filter(|batch| !batch.is_control())
}

/// The part of a batch's bytes that is due to these offsets.
fn bytes(batch: &RecordBatch, (from, to): (i64, i64)) -> u64 {
    let (base, next) = (batch.base_offset(), batch.next_offset());
    let offsets = (to.min(next) - from.max(base)).max(0).unsigned_abs();
    batch.size_in_bytes() as u64 * offsets / (next - base).max(1).unsigned_abs()
}

/// An instant as records' timestamps have it.
fn epoch_ms(world: &World, at: Time) -> i64 {
    world.timestamp_ms() - world.now().as_ms() as i64 + at.as_ms() as i64
}
