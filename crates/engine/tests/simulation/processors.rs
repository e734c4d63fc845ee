//! Applications that read, transform and write with transactions: what they
//! are, and that each record that goes in has its effect once.

use engine::collections::{BTreeMap, BTreeSet};

use engine::client::{
    Acks, AutoOffsetReset, Client, ConsumerConfig, GroupProtocol, ProducerConfig, SOURCE_HEADER,
};
use engine::controller::TRANSACTION_STATE_TOPIC_NAME;
use engine::coordinator::partition_for;
use engine::log::record_batch::{RecordBatch, TransactionResult};
use engine::protocol::IsolationLevel;
use engine::{Command, TopicPartition, World};

use super::groups::OFFSETS;
use super::invariants::Model;
use super::record::PartitionRecord;
use super::transactions::marker;
use super::workload::{INPUT, Kind, OUTPUT};
use super::{Run, pick};

/// The group of all processors.
pub const GROUP: &str = "processors";
/// How many `transactional.id`s they have.
const IDS: u32 = 3;
/// How long they may take at the end for what is left, in virtual milliseconds.
const FINISH_WITHIN_MS: i64 = 120_000;

/// What has come of the records that went in.
#[derive(Debug, Default)]
pub struct Effects {
    /// The sources of what was written in transactions that are open, by the
    /// partition and the producer.
    open: BTreeMap<(i32, i64), Vec<(String, i64)>>,
    /// Where the effect of each source is.
    done: BTreeMap<String, Place>,
    /// Partitions of which a processor had records in hand when it was to give
    /// them up. With KIP-848 that may be at any time, and by the epoch at which it
    /// then sends offsets it is up to date: the coordinator takes them, though
    /// another member has read the same (`AsyncKafkaConsumer.groupMetadata()`,
    /// `ConsumerMembershipManager.maybeReconcile`). With the classic protocol
    /// partitions are given up in `poll()` only, with nothing in hand.
    taken_away: BTreeSet<String>,
    /// The first source that had its effect twice.
    twice: Option<(String, Place, Place)>,
}

/// A partition of the output and an offset.
type Place = (i32, i64);

impl Effects {
    /// This batch of a partition of the output has become committed.
    pub fn take_down(&mut self, partition: i32, batch: &RecordBatch) {
        let writer = (partition, batch.producer_id());
        if let Some(result) = marker(batch) {
            let written = self.open.remove(&writer).unwrap_or_default();
            if result == TransactionResult::Commit {
                for (source, offset) in written {
                    self.has_effect(source, (partition, offset));
                }
            }
            return;
        }
        for record in batch.records().flatten() {
            let mut headers = record.headers;
            let source = headers.find(|(name, _)| *name == SOURCE_HEADER);
            if let Some((_, Some(source))) = source {
                let source = String::from_utf8_lossy(source).into_owned();
                let written = self.open.entry(writer).or_default();
                written.push((source, record.offset));
            }
        }
    }

    /// A processor has given up partitions.
    pub fn note_given_up(&mut self, world: &World, consumer: u32, partitions: &[TopicPartition]) {
        let Some(Client::Consumer(it)) = world.clients().get(&consumer) else {
            return;
        };
        if it.config.group_id == GROUP && it.config.group_protocol == GroupProtocol::Consumer {
            let in_hand = it.in_hand().map(|(of, ..)| of);
            let taken_away = in_hand.filter(|of| partitions.contains(of));
            self.taken_away.extend(taken_away.map(|of| of.to_string()));
        }
    }

    fn has_effect(&mut self, source: String, at: Place) {
        let of = source.split('@').next().unwrap_or_default();
        if self.taken_away.contains(of) {
            self.done.insert(source, at);
        } else if let Some(before) = self.done.insert(source.clone(), at) {
            self.twice.get_or_insert((source, before, at));
        }
    }

    /// How many records have had their effect.
    pub fn count(&self) -> u64 {
        self.done.len() as u64
    }
}

impl Model {
    /// No record has its effect twice.
    pub fn check_effects(&mut self, world: &World) {
        if let Some((source, before, after)) = self.effects.twice.take() {
            let why = self.why_effects_may_differ(world);
            assert!(
                why.is_some(),
                "{source} has its effect at {before:?} and at {after:?}"
            );
        }
    }

    /// Exactly once is more than Kafka can keep when it has lost something that
    /// it takes for stored: what goes in, so that its offsets come again; what
    /// comes out; how far the group is; or how a processor's transaction ends.
    pub fn why_effects_may_differ(&self, world: &World) -> Option<String> {
        let mut concerned = self.lost_partitions().filter(|of| {
            let holds = |name: &str| is_of(world, of, name);
            match &*of.topic {
                INPUT | OUTPUT => true,
                OFFSETS => holds(GROUP),
                TRANSACTION_STATE_TOPIC_NAME => (0..IDS).any(|id| holds(&transactional_id(id))),
                _ => false,
            }
        });
        concerned.next().map(|of| format!("some of {of} is lost"))
    }
}

/// Whether what is stored of this name lies in this partition of the topic.
fn is_of(world: &World, of: &TopicPartition, name: &str) -> bool {
    let topic = world.topics().get(&of.topic);
    let partitions = topic.and_then(|topic| i32::try_from(topic.partitions.len()).ok());
    partitions.is_some_and(|partitions| partition_for(name, partitions) == of.partition)
}

fn transactional_id(number: u32) -> String {
    format!("app-{number}")
}

/// The records of a partition of the input that read_committed shows.
fn sources(record: &PartitionRecord) -> impl Iterator<Item = String> {
    let is_shown = |batch: &&RecordBatch| {
        let is_committed = || record.end_of_transaction(batch) == Some(TransactionResult::Commit);
        !batch.is_control() && (!batch.is_transactional() || is_committed())
    };
    let batches = record.committed().filter(is_shown);
    let records = batches.flat_map(|batch| batch.records().flatten());
    records.map(|it| format!("{}@{}", record.of, it.offset))
}

impl Run {
    /// One more, perhaps with an id that another has: that one is fenced.
    pub(super) fn add_processor(&mut self) {
        let id = self.random.below(IDS);
        let plan = self.processor_plan;
        let random = &mut self.random;
        let consumer = ConsumerConfig {
            auto_offset_reset: AutoOffsetReset::Earliest,
            isolation_level: IsolationLevel::ReadCommitted,
            group_protocol: plan,
            group_remote_assignor: pick(random, &[None, Some("uniform"), Some("range")])
                .map(str::to_owned)
                .filter(|_| plan == GroupProtocol::Consumer),
            session_timeout_ms: 6_000,
            heartbeat_interval_ms: pick(random, &[500, 1_000]),
            max_poll_interval_ms: pick(random, &[2_000, 5_000, 300_000]),
            max_poll_records: pick(random, &[1, 3, 10]),
            metadata_max_age_ms: pick(random, &[1_000, 10_000]),
            request_timeout_ms: pick(random, &[1_000, 30_000]),
            ..ConsumerConfig::of_group(GROUP)
        };
        let producer = ProducerConfig {
            acks: Acks::All,
            enable_idempotence: true,
            transactional_id: Some(transactional_id(id)),
            transaction_timeout_ms: pick(random, &[1_000, 5_000]),
            linger_ms: i64::from(random.below(5)),
            request_timeout_ms: pick(random, &[1_000, 30_000]),
            metadata_max_age_ms: pick(random, &[1_000, 10_000]),
            ..ProducerConfig::default()
        };
        let command = Command::AddProcessor {
            consumer,
            producer,
            input: vec![INPUT.into()],
            output: OUTPUT.into(),
        };
        self.add(command, Kind::Processor);
    }

    /// Whether this client is part of a processor that may go on at the end.
    pub(super) fn is_part_of_processor(&self, client: u32) -> bool {
        self.world.processors().values().any(|it| it.has(client))
    }

    /// Demands that all that went in has its effect, unless something that
    /// this needs is lost.
    pub(super) fn processors_finish(&mut self) {
        let end = self.world.now().plus_ms(FINISH_WITHIN_MS);
        let mut restarted = BTreeSet::new();
        while let Some(source) = self.has_no_effect_yet() {
            if self.model.why_effects_may_differ(&self.world).is_some() {
                break;
            }
            assert!(self.world.now() < end, "{source} has no effect");
            self.mend_servers(&mut restarted);
            self.restart_who_has_forgotten_sessions();
            if self.world.processors().is_empty() {
                self.add_processor();
            }
            self.advance_to(self.world.now().plus_ms(500));
        }
        self.model.summary.effects += self.model.effects.count();
    }

    fn has_no_effect_yet(&mut self) -> Option<String> {
        let partitions = self.world.image().partitions().map(|(of, _)| of);
        let input: Vec<TopicPartition> = partitions.filter(|of| &*of.topic == INPUT).collect();
        for of in input {
            let record = self.model.partition(&self.world, &of);
            let sources: Vec<String> = record.iter().flat_map(|it| sources(it)).collect();
            let done = &self.model.effects.done;
            if let Some(missing) = sources.into_iter().find(|it| !done.contains_key(it)) {
                return Some(missing);
            }
        }
        None
    }
}
