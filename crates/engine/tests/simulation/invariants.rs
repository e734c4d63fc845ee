//! What must be true after every event.

use engine::collections::{BTreeMap, BTreeSet};

use engine::broker::leader::Leader;
use engine::broker::{Partition, Role};
use engine::client::{Acks, Client};
use engine::command::ClientNumber;
use engine::controller::TRANSACTION_STATE_TOPIC_NAME;
use engine::coordinator::transaction::{TransactionEvent, TransactionState};
use engine::log::record_batch::RecordBatch;
use engine::log::{DeletionReason, LogSegment, PartitionLog};
use engine::protocol::{TopicId, TopicName};
use engine::{Event, EventKind, NodeId, TopicPartition, World};

use super::Summary;
use super::groups::{Groups, OFFSETS};
use super::processors::Effects;
use super::record::PartitionRecord;
use super::shares::{STATES, Shares};
use super::transactions::{check_isolation, is_isolated};
use super::workload::OUTPUT;

/// After so many instants every replica is looked at from end to end.
const FULL_SCAN_EVERY: u64 = 512;
/// More under way than this piles up.
const PACKETS_MAX: usize = 20_000;

/// What an onlooker remembers, who sees everything.
#[derive(Debug, Default)]
pub struct Model {
    pub summary: Summary,
    pub groups: Groups,
    pub effects: Effects,
    pub shares: Shares,
    partitions: BTreeMap<TopicPartition, PartitionRecord>,
    /// Topics that were deleted at some time: what was told of one may be told
    /// of another with the same name.
    deleted: BTreeSet<TopicName>,
    acks: BTreeMap<ClientNumber, Acks>,
    /// Brokers whose disk is gone, until they are fenced: they may still come
    /// into an ISR by what they had.
    without_disk: BTreeSet<i32>,
    /// Who was the active controller in which epoch.
    controllers: BTreeMap<i32, i32>,
    /// All replicas as they were: only those that have changed are looked at.
    marks: Vec<Mark>,
}

/// What shows that something has happened to a replica.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    broker: i32,
    partition: i32,
    topic_id: TopicId,
    log_start_offset: i64,
    high_watermark: i64,
    log_end_offset: i64,
    leader_epoch: i32,
    is_leader: bool,
}

impl Mark {
    fn of(broker: i32, partition: i32, held: &Partition) -> Mark {
        Mark {
            broker,
            partition,
            topic_id: held.topic_id,
            log_start_offset: held.log.start_offset(),
            high_watermark: held.log.high_watermark(),
            log_end_offset: held.log.end_offset(),
            leader_epoch: held.leader_epoch(),
            is_leader: held.is_leader(),
        }
    }
}

impl Model {
    /// One instant has passed, and this has happened in it.
    pub fn observe(&mut self, world: &World, events: &[Event]) {
        self.summary.instants += 1;
        for event in events {
            self.before_looking(world, &event.kind);
        }
        self.look_at_controllers(world);
        self.look_at_replicas(world);
        for event in events {
            self.after_looking(&event.kind);
            if is_isolated(world, &event.kind) {
                self.look_at_isolated(&event.kind);
            }
        }
        self.check_effects(world);
        self.look_at_groups(world, events);
        if self.summary.instants.is_multiple_of(FULL_SCAN_EVERY) {
            self.look_at_everything(world);
        }
    }

    /// The record of a partition of a topic that there is.
    pub fn partition(
        &mut self,
        world: &World,
        of: &TopicPartition,
    ) -> Option<&mut PartitionRecord> {
        let topic = world.topics().get(&of.topic)?;
        let record = self.partitions.get(of);
        if record.is_none_or(|record| record.topic_id != topic.id) {
            let policy = topic.configs.get("cleanup.policy");
            let is_compacted = policy.is_some_and(|policy| policy.contains("compact"));
            let record = PartitionRecord::new(of.clone(), topic.id, is_compacted);
            self.partitions.insert(of.clone(), record);
        }
        self.partitions.get_mut(of)
    }

    /// A consumer with `read_committed` has read something.
    fn look_at_isolated(&mut self, kind: &EventKind) {
        let EventKind::RecordsRead {
            topic_partition,
            batches,
            ..
        } = kind
        else {
            return;
        };
        let record = self.partitions.get(topic_partition);
        let may_be_older = self.deleted.contains(&topic_partition.topic);
        if let Some(record) = record.filter(|it| !may_be_older && it.excuse.epoch.is_none()) {
            self.summary.isolated += check_isolation(record, batches);
        }
    }

    /// The partitions of which Kafka, too, has lost something.
    pub fn lost_partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        let records = self.partitions.iter();
        let lost = records.filter(|(_, record)| record.excuse.epoch.is_some());
        lost.map(|(of, _)| of)
    }

    /// Whether a transaction may stay open in this partition for ever: its
    /// marker, or what its coordinator knew of it, is among what Kafka itself
    /// loses (a hanging transaction).
    pub fn may_hang(&self, of: &TopicPartition) -> bool {
        let mut lost = self.lost_partitions();
        lost.any(|it| it == of || *it.topic == *TRANSACTION_STATE_TOPIC_NAME)
    }

    fn look_at_groups(&mut self, world: &World, events: &[Event]) {
        let (partitions, deleted) = (&self.partitions, &self.deleted);
        let has_lost = |of: &TopicPartition| {
            let record = partitions.get(of);
            deleted.contains(&of.topic) || record.is_some_and(|it| it.excuse.epoch.is_some())
        };
        self.groups
            .observe(world, events, &mut self.summary, &has_lost);
        self.shares
            .observe(world, events, &mut self.summary, &has_lost);
    }

    fn before_looking(&mut self, world: &World, kind: &EventKind) {
        match kind {
            EventKind::ClientStarted { client, .. } => {
                if let Some(Client::Producer(producer)) = world.clients().get(client) {
                    self.acks.insert(*client, producer.config.acks);
                }
            }
            EventKind::ControllerElected { .. } => {
                self.summary.controllers += 1;
                self.summary.by_zookeeper += u64::from(world.zookeeper().is_some());
            }
            EventKind::TopicDeleted { topic } => {
                self.deleted.insert(topic.clone());
                self.partitions.retain(|of, _| of.topic != *topic);
            }
            EventKind::Transaction(TransactionEvent::StateChanged { to, .. }) => match to {
                TransactionState::CompleteCommit => self.summary.committed_transactions += 1,
                TransactionState::CompleteAbort => self.summary.aborted_transactions += 1,
                _ => {}
            },
            EventKind::PartitionsRevoked {
                consumer,
                partitions,
            } => self.effects.note_given_up(world, *consumer, partitions),
            EventKind::DiskLost { broker } => self.lost_disk(world, *broker),
            EventKind::BrokerFenced { broker } => {
                self.without_disk.remove(broker);
            }
            EventKind::IsrChanged {
                topic_partition,
                from,
                to,
            } => self.isr_changed(world, topic_partition, from, to),
            EventKind::LeaderElected {
                topic_partition,
                leader,
                leader_epoch,
                is_unclean,
            } => self.elected(world, topic_partition, *leader, *leader_epoch, *is_unclean),
            EventKind::RecordsAppended {
                broker,
                topic_partition,
                base_offset,
                from: NodeId::Client(client),
                ..
            } => self.appended(world, *broker, topic_partition, *base_offset, *client),
            EventKind::RecordsTruncated {
                broker,
                topic_partition,
                from,
                ..
            } => {
                if let Some(record) = self.partition(world, topic_partition) {
                    record.was_cut(*broker, *from);
                }
            }
            EventKind::ReplicationFailed {
                broker,
                topic_partition,
                ..
            } => self.gave_up(world, *broker, topic_partition),
            EventKind::LogCleaned {
                topic_partition,
                cleaning,
                ..
            } => {
                if let Some(record) = self.partition(world, topic_partition) {
                    record.was_compacted(cleaning.cleaned_to);
                }
            }
            EventKind::RecordsDeleted {
                broker,
                topic_partition,
                to,
                reason,
                ..
            } => {
                let held = held(world, *broker, topic_partition);
                let is_own = *reason != DeletionReason::LeaderLogStart;
                if let (Some(held), true) = (held, is_own)
                    && let Some(record) = self.partition(world, topic_partition)
                    && record.topic_id == held.topic_id
                {
                    record.deleted_to = record.deleted_to.max(*to);
                }
            }
            _ => {}
        }
    }

    /// A follower may only give up where a leader's log begins within a batch.
    fn gave_up(&mut self, world: &World, broker: i32, of: &TopicPartition) {
        let end = held(world, broker, of).map_or(0, |held| held.log.end_offset());
        let record = self.partition(world, of);
        let deleted_to = record.map_or(i64::MAX, |record| record.deleted_to);
        assert!(
            end <= deleted_to,
            "{of}: broker {broker} gives up at {end}, though only what is before {deleted_to} \
             was deleted"
        );
    }

    fn lost_disk(&mut self, world: &World, broker: i32) {
        self.without_disk.insert(broker);
        for (of, registration) in world.image().partitions() {
            if let Some(record) = self.partition(world, &of) {
                record.was_cut(broker, 0);
                if registration.isr.contains(&broker) {
                    record.excuse.lacking.insert(broker);
                }
            }
        }
    }

    fn isr_changed(&mut self, world: &World, of: &TopicPartition, from: &[i32], to: &[i32]) {
        let without_disk = self.without_disk.clone();
        let registration = world.image().partition(of);
        let has_no_leader = registration.is_some_and(|now| now.leader.is_none());
        let is_taken_back = has_no_leader && !to.iter().any(|broker| from.contains(broker));
        if let Some(record) = self.partition(world, of) {
            let lacking = &mut record.excuse.lacking;
            lacking.retain(|broker| to.contains(broker));
            let comes = |broker: &&i32| {
                !from.contains(broker) && (is_taken_back || without_disk.contains(broker))
            };
            lacking.extend(to.iter().filter(comes));
        }
    }

    fn elected(
        &mut self,
        world: &World,
        of: &TopicPartition,
        leader: Option<i32>,
        leader_epoch: i32,
        is_unclean: bool,
    ) {
        self.summary.elections += 1;
        self.summary.unclean_elections += u64::from(is_unclean);
        let Some(record) = self.partition(world, of) else {
            return;
        };
        record.epochs.elected.insert(leader_epoch, leader);
        let lacking = &record.excuse.lacking;
        let lacks_some = leader.is_some_and(|leader| lacking.contains(&leader));
        if is_unclean || lacks_some {
            record.excuse.give(leader_epoch);
        }
    }

    fn appended(
        &mut self,
        world: &World,
        broker: i32,
        of: &TopicPartition,
        base_offset: i64,
        client: ClientNumber,
    ) {
        let Some(held) = held(world, broker, of) else {
            return;
        };
        let batch = held.log.batches_from(base_offset).next();
        if let (Some(record), Some(batch)) = (self.partition(world, of), batch)
            && record.topic_id == held.topic_id
            && batch.base_offset() == base_offset
        {
            let appended = record.appended.entry((client, base_offset));
            appended.or_default().push(batch.clone());
        }
    }

    fn after_looking(&mut self, kind: &EventKind) {
        if let EventKind::Delivered {
            producer,
            topic_partition,
            base_offset: Some(base_offset),
            ..
        } = kind
            && self.acks.get(producer) == Some(&Acks::All)
        {
            self.delivered(*producer, topic_partition, *base_offset);
        }
    }

    /// A promise may be made of what is committed only.
    fn delivered(&mut self, producer: ClientNumber, of: &TopicPartition, base_offset: i64) {
        let may_be_older = self.deleted.contains(&of.topic);
        let record = self.partitions.get_mut(of);
        let appended = record.and_then(|record| {
            let batches = record.appended.get(&(producer, base_offset)).cloned();
            batches.map(|batches| (record, batches))
        });
        let Some((record, batches)) = appended else {
            // A broker that stood still may append and delete at one instant.
            let record = self.partitions.get(of);
            let gone_to = record.map_or(0, |record| record.deleted_to.max(record.unseen_to));
            let is_gone = base_offset < gone_to;
            assert!(
                may_be_older || is_gone,
                "{of}: nobody has appended at {base_offset}"
            );
            return;
        };
        let records = batches[0].record_count() as u64;
        self.summary.acknowledged += records;
        let committed = record.committed_at(base_offset);
        let is_over = |batch: &RecordBatch| record.excuse.is_over(batch.partition_leader_epoch());
        if committed.is_some_and(|committed| batches.contains(committed)) {
            record.acknowledged.insert(base_offset);
        } else if batches.iter().any(is_over) || record.excuse.is_pending {
            self.summary.excused += records;
        } else {
            assert!(
                may_be_older || base_offset < record.deleted_to.max(record.unseen_to),
                "{of}: what is acknowledged at {base_offset} is not committed: up to {} is",
                record.committed_end
            );
        }
    }

    /// One active controller in each epoch.
    fn look_at_controllers(&mut self, world: &World) {
        for controller in world.controllers().values() {
            let quorum = controller.quorum();
            if controller.is_up() && quorum.leader() == Some(controller.id()) {
                let other = self.controllers.entry(quorum.epoch());
                let other = *other.or_insert(controller.id());
                assert_eq!(other, controller.id(), "of epoch {}", quorum.epoch());
            }
        }
    }

    fn look_at_replicas(&mut self, world: &World) {
        let mut index = 0;
        for (id, broker) in world.brokers() {
            for (of, held) in broker.partitions() {
                let mark = Mark::of(*id, of.partition, held);
                if self.marks.get(index) != Some(&mark) {
                    self.look_at(world, *id, of, held);
                    match self.marks.get_mut(index) {
                        Some(slot) => *slot = mark,
                        None => self.marks.push(mark),
                    }
                }
                index += 1;
            }
        }
        self.marks.truncate(index);
    }

    fn look_at(&mut self, world: &World, broker: i32, of: &TopicPartition, held: &Partition) {
        let log = &held.log;
        let marks = [log.start_offset(), log.high_watermark(), log.end_offset()];
        assert!(marks.is_sorted(), "{of} of broker {broker}: {marks:?}");
        let Some(record) = self.partition(world, of) else {
            return;
        };
        // A broker that has not heard yet that the topic is another.
        if record.topic_id != held.topic_id {
            return;
        }
        let mut excused = 0;
        match &held.role {
            Role::Leader(leader) => {
                let epoch = leader.leader_epoch();
                let waits_for = leader.isr().maximal();
                let behind = counted_but_behind(world, of, leader, log.high_watermark());
                record.note_who_waits(epoch, log.high_watermark(), waits_for, &behind);
                excused = record.look_at_leader(broker, epoch, log);
                assert!(
                    log.start_offset() <= record.deleted_to,
                    "{of} of its leader {broker} starts at {}, though only what is before {} \
                     was deleted",
                    log.start_offset(),
                    record.deleted_to
                );
            }
            Role::Follower { .. } | Role::Offline => record.look_at_follower(broker, log),
        }
        let fresh = record.take_fresh();
        let has_lost = record.excuse.epoch.is_some();
        if *of.topic == *STATES {
            if has_lost {
                self.shares.excuse(of.partition);
            }
            self.shares.take_down(of.partition, &fresh);
        }
        if *of.topic == *OUTPUT {
            for batch in &fresh {
                self.effects.take_down(of.partition, batch);
            }
        }
        if *of.topic == *OFFSETS {
            if has_lost {
                self.groups.excuse(of.partition);
            }
            self.groups.take_down(of.partition, &fresh);
        }
        self.summary.excused += excused;
    }

    /// Every replica from end to end.
    pub fn look_at_everything(&mut self, world: &World) {
        for record in self.partitions.values_mut() {
            record.check_anew();
        }
        self.marks.clear();
        self.look_at_replicas(world);
        for (id, broker) in world.brokers() {
            for (of, held) in broker.partitions() {
                let policy = &held.log.config().cleanup_policy;
                if !policy.compact {
                    let record = self.partitions.get(of);
                    let deleted_to = record.map_or(0, |record| record.deleted_to);
                    offsets_are_dense(&held.log, deleted_to, &format!("{of} of broker {id}"));
                }
            }
        }
        let under_way = world.packets().count();
        assert!(under_way < PACKETS_MAX, "{under_way} packets are under way");
    }
}

fn held<'w>(world: &'w World, broker: i32, of: &TopicPartition) -> Option<&'w Partition> {
    world.brokers().get(&broker)?.partitions().get(of)
}

/// Who is in the ISR of the leader's epoch as the controller has it, but is not
/// waited for by the leader and does not have all that it has committed.
fn counted_but_behind(
    world: &World,
    of: &TopicPartition,
    leader: &Leader,
    high_watermark: i64,
) -> Vec<i32> {
    let registration = world.image().partition(of);
    let registration = registration.filter(|now| now.leader_epoch == leader.leader_epoch());
    let counted = registration.into_iter().flat_map(|now| &now.isr).copied();
    let lacks = |broker: &i32| {
        let held = held(world, *broker, of);
        held.is_none_or(|held| held.log.end_offset() < high_watermark)
    };
    let not_waited_for = counted.filter(|broker| !leader.isr().maximal().contains(broker));
    not_waited_for.filter(lacks).collect()
}

/// Offsets as appended: none is left out, none comes twice. A log that was cut
/// off within a batch, where its leader's begins, lacks the beginning of that
/// batch: it is all before what is deleted.
fn offsets_are_dense(log: &PartitionLog, deleted_to: i64, name: &str) {
    let bases: Vec<i64> = log.segments().map(LogSegment::base_offset).collect();
    assert!(bases.is_sorted_by(|a, b| a < b), "{name}: {bases:?}");
    let mut next = log.start_offset();
    for batch in log.batches_from(next) {
        // The log may begin within a batch.
        let first = batch.base_offset().max(log.start_offset());
        let is_deleted = next < first && first <= deleted_to;
        assert!(first == next || is_deleted, "{name}: {first} after {next}");
        assert!(batch.is_crc_valid(), "{name} at {next}");
        next = batch.next_offset();
    }
    let end = log.end_offset();
    let is_deleted = next < end && end <= deleted_to;
    assert!(end == next || is_deleted, "{name}: {end} after {next}");
}
