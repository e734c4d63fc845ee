//! The end of a run: everything is mended, and must come to rest.

use engine::collections::{BTreeMap, BTreeSet};

use engine::broker::{BrokerState, Role, Slowness};
use engine::client::connect::is_bookkeeping;
use engine::client::{AutoOffsetReset, ConsumerConfig};
use engine::log::PartitionLog;
use engine::log::record_batch::RecordBatch;
use engine::protocol::TopicName;
use engine::sim::Latency;
use engine::{Command, Event, EventKind, TopicPartition};

use super::Run;
use super::groups::consumers;

/// How long the cluster may take, in virtual milliseconds.
const CONVERGES_WITHIN_MS: i64 = 180_000;
/// How long a new consumer may take to read everything.
const READS_WITHIN_MS: i64 = 120_000;
/// The group that reads everything at the end.
const READER: &str = "reader";

/// What the reader at the end has read, by partition and offset.
#[derive(Default)]
struct Read {
    batches: BTreeMap<TopicPartition, BTreeMap<i64, RecordBatch>>,
    positions: BTreeMap<TopicPartition, i64>,
}

impl Run {
    /// Mends everything, and demands that all replicas are in sync, and that
    /// all that was promised can be read.
    pub(super) fn heal(&mut self) {
        self.mend_the_network();
        if self.connects {
            self.connectors_finish();
        }
        self.groups_come_to_rest();
        self.processors_finish();
        self.share_groups_finish();
        self.end_clients();
        let end = self.world.now().plus_ms(CONVERGES_WITHIN_MS);
        let mut why_not = Some(String::new());
        let mut restarted = BTreeSet::new();
        while why_not.is_some() {
            self.mend_servers(&mut restarted);
            self.advance_to(self.world.now().plus_ms(500));
            why_not = self.what_is_not_well();
            assert!(self.world.now() < end, "it does not converge: {why_not:?}");
        }
        self.model.look_at_everything(&self.world);
        self.replicas_are_the_same();
        let read = self.read_everything();
        self.all_that_was_promised_is_there(&read);
    }

    /// What a person does who looks after servers.
    pub(super) fn mend_servers(&mut self, restarted: &mut BTreeSet<i32>) {
        self.restart_what_is_taken_for_another();
        self.restart_what_copies_no_more(restarted);
        self.start_what_is_down();
    }

    fn mend_the_network(&mut self) {
        while let Some(server) = self.frozen_servers().pop() {
            self.execute(Command::ThawServer { server });
        }
        self.execute(Command::HealNetwork);
        let latency = Latency {
            base_us: 1_000,
            jitter_us: 500,
        };
        self.execute(Command::SetLatency { latency });
        let brokers: Vec<i32> = self.world.brokers().keys().copied().collect();
        for broker in brokers {
            let slowness = Slowness::default();
            self.execute(Command::SlowBroker { broker, slowness });
        }
    }

    fn end_clients(&mut self) {
        let clients: Vec<u32> = self.world.clients().keys().copied().collect();
        for client in clients {
            // One that is part of a process may be gone with the other part.
            self.execute(Command::Crash { client });
        }
    }

    /// A broker that was asked to stop may only now have stopped.
    fn start_what_is_down(&mut self) {
        let controllers: Vec<i32> = self.world.controllers().keys().copied().collect();
        for controller in controllers {
            if !self.world.controllers()[&controller].is_up() {
                self.execute(Command::StartController { controller });
            }
        }
        let brokers: Vec<i32> = self.world.brokers().keys().copied().collect();
        for broker in brokers {
            if !self.world.brokers()[&broker].state().is_up() {
                self.execute(Command::StartBroker { broker });
            }
        }
    }

    /// The registration of a broker's last process may have reached the
    /// controller after that of the one that runs. From then on Kafka takes
    /// the heartbeats of the living one for stale, until a person restarts it.
    fn restart_what_is_taken_for_another(&mut self) {
        let image = self.world.image();
        let brokers = self.world.brokers().values();
        let mistaken = brokers.filter(|broker| {
            let registered = image.brokers.get(broker.id);
            let epoch = registered.map(|registered| registered.broker_epoch);
            broker.state() == BrokerState::Recovery && epoch != Some(broker.broker_epoch())
        });
        let mistaken: Vec<i32> = mistaken.map(|broker| broker.id).collect();
        for broker in mistaken {
            self.execute(Command::KillBroker { broker });
        }
    }

    /// A follower whose leader's records do not fit its log copies no more
    /// until a person restarts it. Where that does not help, its disk is to be
    /// emptied.
    fn restart_what_copies_no_more(&mut self, restarted: &mut BTreeSet<i32>) {
        let brokers = self.world.brokers().values();
        let stuck = brokers.filter(|broker| {
            let copies = |of: &TopicPartition| {
                let mut fetchers = broker.fetchers().values();
                fetchers.any(|fetcher| fetcher.partitions().contains_key(of))
            };
            let has_leader = |role: &Role| {
                matches!(
                    role,
                    Role::Follower {
                        leader: Some(_),
                        ..
                    }
                )
            };
            let mut held = broker.partitions().iter();
            held.any(|(of, held)| has_leader(&held.role) && !copies(of))
        });
        let stuck: Vec<i32> = stuck.map(|broker| broker.id).collect();
        for broker in stuck {
            self.execute(match restarted.insert(broker) {
                true => Command::KillBroker { broker },
                false => Command::LoseDisk { broker },
            });
        }
    }

    fn what_is_not_well(&self) -> Option<String> {
        let world = &self.world;
        for (id, broker) in world.brokers() {
            let is_well =
                broker.state() == BrokerState::Running && world.image().brokers.is_active(*id);
            if !is_well {
                return Some(format!("broker {id} is {}", broker.state().name()));
            }
        }
        for (of, registration) in world.image().partitions() {
            let all_in_sync = registration.isr.len() == registration.replicas.len();
            if registration.leader.is_none() || !all_in_sync || registration.is_reassigning() {
                return Some(format!("{of}: {registration:?}"));
            }
            // With fewer replicas than `min.insync.replicas` nothing is committed.
            let min_isr = world
                .partition(&of)
                .map_or(1, |held| held.min_insync_replicas);
            let can_commit = registration.isr.len() >= min_isr;
            let leading = world.partition(&of).map(|held| &held.log);
            let is_open = |log: &PartitionLog| log.last_stable_offset() < log.high_watermark();
            if leading.is_some_and(is_open) && !self.model.may_hang(&of) {
                return Some(format!("{of}: a transaction is open"));
            }
            let ends = registration.replicas.iter().map(|id| {
                let held = world.brokers()[id].partitions().get(&of)?;
                let log = &held.log;
                let end = log.end_offset();
                // A follower that was told to cut its log off learns of a high
                // watermark only when that moves again: what came with the order
                // counts as told in its session (KIP-227), but is not taken in.
                let is_done = !can_commit || !held.is_leader() || log.high_watermark() == end;
                let has_heard = held.leader_epoch() == registration.leader_epoch;
                let leading = leading.filter(|leading| end <= leading.end_offset());
                (is_done && has_heard).then_some(leading?.position_of(end))
            });
            let ends: BTreeSet<Option<i64>> = ends.collect();
            if ends.len() != 1 || ends.contains(&None) {
                return Some(format!("{of}: its replicas end at {ends:?}"));
            }
        }
        None
    }

    fn replicas_are_the_same(&self) {
        for (of, registration) in self.world.image().partitions() {
            let logs: Vec<_> = registration
                .replicas
                .iter()
                .map(|id| &self.world.brokers()[id].partitions()[&of].log)
                .collect();
            if logs[0].config().cleanup_policy.compact {
                continue;
            }
            let starts = logs.iter().map(|log| log.start_offset());
            let start = starts.max().unwrap_or_default();
            for log in &logs[1..] {
                assert!(
                    log.batches_from(start).eq(logs[0].batches_from(start)),
                    "{of}: replicas differ"
                );
            }
        }
    }

    /// A new consumer of a new group reads from the beginning.
    fn read_everything(&mut self) -> Read {
        let topics = self.world.user_topics();
        let topics: Vec<TopicName> = topics.map(|(name, _)| name.clone()).collect();
        let mut read = Read::default();
        if topics.is_empty() {
            return read;
        }
        let config = ConsumerConfig {
            auto_offset_reset: AutoOffsetReset::Earliest,
            ..ConsumerConfig::of_group(READER)
        };
        let outcome = self.world.execute(Command::AddConsumer { config, topics });
        let outcome = outcome.expect("there is room for a reader");
        read.take_in(&outcome.events);
        let end = self.world.now().plus_ms(READS_WITHIN_MS);
        while let Some(of) = self.unread(&read) {
            assert!(self.world.now() < end, "{of} is not read to its end");
            let events = self.world.advance_to(self.world.now().plus_ms(200));
            self.observe(&events);
            read.take_in(&events);
        }
        read
    }

    fn unread(&self, read: &Read) -> Option<TopicPartition> {
        let mut partitions = self.to_be_read().into_iter();
        let mut consumers = consumers(&self.world);
        let reader = consumers.find(|it| it.config.group_id == READER);
        let position = |of: &TopicPartition| reader?.assignment().get(of)?.position;
        partitions.find(|of| {
            // The last may be a marker, which is passed over.
            let position = position(of).unwrap_or_default();
            let log = self.world.partition(of).map(|held| &held.log);
            log.is_some_and(|log| {
                let is_empty = log.start_offset() == log.high_watermark();
                let position = position.max(read.positions.get(of).copied().unwrap_or_default());
                !is_empty && log.position_of(position) < log.high_watermark()
            })
        })
    }

    /// The partitions of the topics that are people's own: what the reader
    /// itself commits goes into these.
    fn to_be_read(&self) -> Vec<TopicPartition> {
        let partitions = self.world.image().partitions().map(|(of, _)| of);
        partitions.filter(|of| !is_bookkeeping(&of.topic)).collect()
    }

    fn all_that_was_promised_is_there(&mut self, read: &Read) {
        let partitions = self.to_be_read();
        let none = BTreeMap::new();
        for of in partitions {
            let Some(record) = self.model.partition(&self.world, &of) else {
                continue;
            };
            let batches = read.batches.get(&of).unwrap_or(&none);
            for base_offset in &record.acknowledged {
                let Some(batch) = record.committed_at(*base_offset) else {
                    continue;
                };
                if batch.next_offset() <= record.deleted_to || record.is_compacted {
                    continue;
                }
                assert_eq!(
                    batches.get(base_offset),
                    Some(batch),
                    "{of}: what was acknowledged at {base_offset} is not there to be read"
                );
            }
            let read = batches.values().map(|batch| batch.record_count() as u64);
            self.model.summary.read += read.sum::<u64>();
        }
        self.last_values_are_there(read);
    }

    /// Of each key the last value is there, unless it says that the key is to
    /// be forgotten.
    fn last_values_are_there(&mut self, read: &Read) {
        let partitions = self.to_be_read();
        let none = BTreeMap::new();
        for of in partitions {
            let Some(record) = self.model.partition(&self.world, &of) else {
                continue;
            };
            let mut committed = record.committed();
            let is_of_transactions = committed.any(|batch| batch.is_transactional());
            // What was aborted counts for nothing.
            if !record.is_compacted || is_of_transactions {
                continue;
            }
            let mut last = BTreeMap::new();
            for entry in record
                .committed()
                .flat_map(|batch| batch.records().flatten())
            {
                if let Some(key) = entry.key {
                    last.insert(key, (entry.offset, entry.value.is_some()));
                }
            }
            let batches = read.batches.get(&of).unwrap_or(&none).values();
            let offsets: BTreeSet<i64> = batches
                .flat_map(|batch| batch.records().flatten())
                .map(|entry| entry.offset)
                .collect();
            for (offset, has_value) in last.into_values() {
                let may_be_gone_to = record.deleted_to.max(record.compacted_in_vain_to);
                let must_be_there = has_value && offset >= may_be_gone_to;
                assert!(
                    !must_be_there || offsets.contains(&offset),
                    "{of}: the last value of a key, at {offset}, is gone"
                );
            }
        }
    }
}

impl Read {
    fn take_in(&mut self, events: &[Event]) {
        for event in events {
            if let EventKind::RecordsRead {
                topic_partition,
                to,
                batches,
                ..
            } = &event.kind
            {
                let of = self.batches.entry(topic_partition.clone()).or_default();
                of.extend(
                    batches
                        .iter()
                        .map(|batch| (batch.base_offset(), batch.clone())),
                );
                self.positions.insert(topic_partition.clone(), *to);
            }
        }
    }
}
