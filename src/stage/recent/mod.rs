//! What has happened a moment ago: the board marks it for a few seconds of
//! virtual time. Made from the world's events alone, one after the other.
//!
//! What has just happened to replicas is not among them: the world remembers
//! that ([`World::recent_changes`]), and a picture of the world alone shows it.
//! The marks here are about single records, keys and rebalances. They follow
//! from events that are too many to be kept in the world, and some from several
//! of them.

mod key_order;
mod rebalances;

use engine::collections::BTreeMap;
use std::collections::VecDeque;

use engine::client::Client;
use engine::client::ConsumerEvent;
use engine::command::ClientNumber;
use engine::event::ClientNames;
use engine::log::DeletionReason;
use engine::protocol::TopicName;
use engine::{Event, EventKind, Time, TopicPartition, World};

use key_order::KeyOrder;
pub use rebalances::{Change, GroupRebalances};

/// For how long the board marks what has happened, in microseconds of virtual
/// time.
pub const RECENT_US: u64 = 5_000_000;
/// How many happenings are kept at most: of very many the oldest go first.
const HAPPENINGS_MAX: usize = 400;
/// In how many steps a mark fades.
const FADE_STEPS: u64 = 5;

/// Something that happened a moment ago.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What is marked on the board.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A group has processed records that it had processed before.
    ProcessedAgain {
        /// The group.
        group: String,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset.
        from: i64,
        /// The offset after the last one.
        to: i64,
    },
    /// A group goes on after records that none of it has processed.
    Skipped {
        /// The group.
        group: String,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset.
        from: i64,
        /// The offset after the last one.
        to: i64,
    },
    /// A group has processed a record after another of the same key that was
    /// sent later.
    OutOfOrder {
        /// The group.
        group: String,
        /// The partition of the record that came too late.
        topic_partition: TopicPartition,
        /// Its offset.
        offset: i64,
        /// The key, as text.
        key: String,
        /// Where the record lies that was sent later and processed before.
        after: (TopicPartition, i64),
    },
    /// Committed records are gone.
    Lost {
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset.
        from: i64,
        /// The offset after the last one.
        to: i64,
    },
    /// A leader was sent a batch again, and has not stored it twice.
    DuplicateRecognized {
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset that the batch has.
        from: i64,
        /// The offset after the last one.
        to: i64,
    },
    /// A log begins later than it did.
    Deleted {
        /// The partition.
        topic_partition: TopicPartition,
        /// The log start offset before.
        from: i64,
        /// The log start offset now.
        to: i64,
        /// Why.
        reason: DeletionReason,
    },
    /// A log was compacted.
    Compacted {
        /// The partition.
        topic_partition: TopicPartition,
        /// How many records are gone.
        records: u64,
    },
    /// Records that `send()` took were never sent, since their producer has
    /// ended.
    NeverSent {
        /// The producer's name.
        producer: String,
        /// Where they would have gone; `None` where that is not known.
        to: Option<TopicPartition>,
        /// How many.
        records: u32,
    },
}

/// What a producer was told in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that are stored; with `acks=0`, that it takes to be.
    pub delivered: u64,
    /// Records that it gave up on.
    pub failed: u64,
}

/// The memory of the board.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    happenings: VecDeque<Happening>,
    tallies: BTreeMap<ClientNumber, Tally>,
    rebalances: BTreeMap<String, GroupRebalances>,
    keys: KeyOrder,
}

impl Recent {
    /// Takes an event in. The world is that in which it happened.
    pub fn note(&mut self, event: &Event, world: &World) {
        self.forget(event.at);
        match &event.kind {
            EventKind::Delivered {
                producer, records, ..
            } => self.tally(*producer).delivered += records.unsigned_abs() as u64,
            EventKind::SendFailed {
                producer, records, ..
            } => self.tally(*producer).failed += records.unsigned_abs() as u64,
            EventKind::RecordsRead {
                consumer,
                topic_partition,
                batches,
                ..
            } => {
                if group_of(world, *consumer).is_some() {
                    self.keys.read(*consumer, topic_partition, batches);
                }
            }
            EventKind::Consumer {
                consumer,
                event:
                    ConsumerEvent::RecordsProcessed {
                        topic_partition,
                        from,
                        to,
                        ..
                    },
            } => {
                if let Some(group) = group_of(world, *consumer) {
                    let range = (*from, *to);
                    let late = self
                        .keys
                        .processed(group, *consumer, topic_partition, range);
                    for what in late {
                        self.happened(event.at, what);
                    }
                }
            }
            EventKind::ClientClosed { client, .. } => self.keys.forget(*client),
            EventKind::ClientCrashed {
                client,
                client_id,
                records_lost,
            } => {
                self.keys.forget(*client);
                if *records_lost > 0 {
                    let what = What::NeverSent {
                        producer: client_id.clone(),
                        to: None,
                        records: *records_lost,
                    };
                    self.happened(event.at, what);
                }
            }
            kind => {
                rebalances::note(&mut self.rebalances, event, world);
                if let Some(what) = marked(kind, world) {
                    self.happened(event.at, what);
                }
            }
        }
    }

    /// What has happened up to now and is to be marked, the oldest first, each
    /// with how fresh it is: 100 when it has just happened, then less.
    pub fn happenings(&self, now: Time) -> impl Iterator<Item = (&What, u8)> {
        let fresh = self
            .happenings
            .iter()
            .filter(move |it| it.at <= now && now.us_since(it.at) < RECENT_US);
        fresh.map(move |it| (&it.what, freshness(it.at, now)))
    }

    /// What a producer was told in all.
    pub fn tally_of(&self, producer: ClientNumber) -> Tally {
        self.tallies.get(&producer).copied().unwrap_or_default()
    }

    /// The rebalances of a group, as far as there were any.
    pub fn rebalances_of(&self, group: &str) -> Option<&GroupRebalances> {
        self.rebalances.get(group)
    }

    fn tally(&mut self, producer: ClientNumber) -> &mut Tally {
        self.tallies.entry(producer).or_default()
    }

    fn happened(&mut self, at: Time, what: What) {
        if self.happenings.len() == HAPPENINGS_MAX {
            self.happenings.pop_front();
        }
        self.happenings.push_back(Happening { at, what });
    }

    fn forget(&mut self, now: Time) {
        let is_old = |it: &Happening| now.us_since(it.at) >= RECENT_US;
        while self.happenings.front().is_some_and(is_old) {
            self.happenings.pop_front();
        }
    }
}

/// In steps, so that the picture does not change with every instant.
pub(super) fn freshness(at: Time, now: Time) -> u8 {
    let age = now.us_since(at).min(RECENT_US);
    let steps = age * FADE_STEPS / RECENT_US;
    (100 - steps * 100 / (FADE_STEPS + 1)) as u8
}

/// The group of a consumer that has one.
pub(crate) fn group_of(world: &World, consumer: ClientNumber) -> Option<&str> {
    match world.clients().get(&consumer)? {
        Client::Consumer(consumer) if consumer.config.has_group() => {
            Some(&consumer.config.group_id)
        }
        _ => None,
    }
}

/// Events that are marks by themselves.
fn marked(kind: &EventKind, world: &World) -> Option<What> {
    Some(match kind {
        EventKind::RecordsProcessedAgain {
            group,
            topic_partition,
            from,
            to,
            ..
        } => What::ProcessedAgain {
            group: group.clone(),
            topic_partition: topic_partition.clone(),
            from: *from,
            to: *to,
        },
        EventKind::RecordsSkipped {
            group,
            topic_partition,
            from,
            to,
            ..
        } => What::Skipped {
            group: group.clone(),
            topic_partition: topic_partition.clone(),
            from: *from,
            to: *to,
        },
        EventKind::RecordsLost {
            topic_partition,
            from,
            to,
        } => What::Lost {
            topic_partition: topic_partition.clone(),
            from: *from,
            to: *to,
        },
        EventKind::DuplicateRecognized {
            topic_partition,
            base_offset,
            records,
            ..
        } => What::DuplicateRecognized {
            topic_partition: topic_partition.clone(),
            from: *base_offset,
            to: *base_offset + i64::from(*records),
        },
        EventKind::RecordsDeleted {
            broker,
            topic_partition,
            from,
            to,
            reason,
        } if leads(world, *broker, topic_partition) => What::Deleted {
            topic_partition: topic_partition.clone(),
            from: *from,
            to: *to,
            reason: *reason,
        },
        EventKind::LogCleaned {
            broker,
            topic_partition,
            cleaning,
        } if leads(world, *broker, topic_partition) => What::Compacted {
            topic_partition: topic_partition.clone(),
            records: cleaning.records_before - cleaning.records_after,
        },
        EventKind::RecordsNeverSent {
            producer,
            topic,
            partition,
            records,
        } => What::NeverSent {
            producer: world.name(*producer),
            to: partition.map(|number| TopicPartition::new(TopicName::clone(topic), number)),
            records: records.unsigned_abs(),
        },
        _ => return None,
    })
}

/// The board shows the leader's log.
fn leads(world: &World, broker: i32, of: &TopicPartition) -> bool {
    let topic = world.topics().get(&of.topic);
    let partition = topic.and_then(|topic| topic.partitions.get(of.partition as usize));
    partition.is_some_and(|partition| partition.leader == Some(broker))
}
