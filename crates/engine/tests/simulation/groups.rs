//! What must be true of groups: who owns what, who commits, and that what is
//! committed stays.

use engine::collections::{BTreeMap, BTreeSet};

use engine::broker::Broker;
use engine::client::{Client, Consumer};
use engine::coordinator::consumer_group::{ConsumerGroup, ConsumerGroupEvent};
use engine::coordinator::record::{GroupRecord, OffsetCommitKey, OffsetCommitValue};
use engine::coordinator::{
    ClassicGroup, GroupCoordinator, GroupEvent, GroupState, RemovalCause, partition_for,
};
use engine::log::record_batch::{RecordBatch, TransactionResult};
use engine::protocol::{OffsetFetchRequest, TopicId, TopicName};
use engine::{Event, EventKind, TopicPartition, World};

use super::Summary;
use super::consumer_groups::{self, LoggedGroups};
use super::ownership::{MemberView, check_assignment, check_readers};
use super::progress::Progress;
use super::transactions::marker;

/// The topic of groups.
pub const OFFSETS: &str = "__consumer_offsets";
/// After so many instants what consumers know is compared, whatever happens.
const LOOK_EVERY: u64 = 8;

/// What an onlooker remembers of groups.
#[derive(Debug, Default)]
pub struct Groups {
    progress: Progress,
    logs: BTreeMap<i32, OffsetsLog>,
    /// Groups of which a static member is back in their present generation. What
    /// it subscribes to now is noted, but nobody rebalances for it; and as the
    /// leader it goes on with the assignment that stands (KIP-814), takes that
    /// to be of the topics as they are now, and never notices partitions that
    /// came while it was away (`ConsumerCoordinator.onLeaderElected`).
    with_returned: BTreeSet<String>,
    /// The latest generation that each group has begun.
    begun: BTreeMap<String, i32>,
    /// The latest generation that a group had begun when its partition lost
    /// records: the next coordinator may know an earlier one, begin some numbers
    /// once more, and take members of the one for members of the other.
    forgotten: BTreeMap<String, i32>,
    /// The generation of each group at each broker that coordinates it, as it
    /// was before the last instant.
    before: BTreeMap<(i32, String), Committers>,
    /// The leader epoch of the latest coordinator that each partition has had.
    coordinators: BTreeMap<i32, i32>,
    /// The name of each topic that there ever was.
    topic_names: BTreeMap<TopicId, TopicName>,
}

/// Who may commit for a group.
#[derive(Debug)]
struct Committers {
    is_empty: bool,
    /// The members, each with the generation or epoch it is in.
    members: BTreeMap<String, i32>,
}

/// What a partition of `__consumer_offsets` says, as far as it is committed.
#[derive(Debug, Default)]
struct OffsetsLog {
    offsets: BTreeMap<(String, TopicPartition), History>,
    generations: BTreeMap<String, i32>,
    /// Up to here it is committed.
    end: i64,
    /// What transactions that are open have committed, by producer id.
    pending: BTreeMap<i64, Vec<PendingOffset>>,
    consumer_groups: LoggedGroups,
    /// Some of it was lost for a reason for which Kafka loses it too.
    is_excused: bool,
}

/// The offsets that were ever committed of a partition.
#[derive(Debug, Default)]
struct History {
    last: Option<i64>,
    all: BTreeSet<i64>,
    /// Where in the log the last was written.
    written_at: i64,
}

/// An offset that is committed when its transaction is.
#[derive(Debug)]
struct PendingOffset {
    key: OffsetCommitKey,
    value: Option<OffsetCommitValue>,
    written_at: i64,
}

impl Committers {
    fn of_classic(group: &ClassicGroup) -> Committers {
        let generation = group.generation();
        let members = group.members();
        Committers {
            is_empty: group.state() == GroupState::Empty,
            members: members.map(|it| (it.id().to_owned(), generation)).collect(),
        }
    }

    fn of_consumer_group(group: &ConsumerGroup) -> Committers {
        let members = group.members();
        let members: BTreeMap<String, i32> = members.map(|it| (it.id.clone(), it.epoch)).collect();
        Committers {
            is_empty: members.is_empty(),
            members,
        }
    }

    /// A member of the current generation, or at its present epoch, or anybody
    /// who is no member while there is none.
    fn may_commit(&self, member_id: &str, generation_id: i32) -> bool {
        match generation_id {
            -1 => self.is_empty,
            of => self.members.get(member_id) == Some(&of),
        }
    }
}

impl OffsetsLog {
    /// A transaction's offsets count from its marker on; a later commit of
    /// another goes before them (`OffsetMetadataManager.replayEndTransactionMarker`).
    fn end_transaction(&mut self, producer_id: i64, result: TransactionResult) {
        for pending in self.pending.remove(&producer_id).unwrap_or_default() {
            if result == TransactionResult::Commit {
                self.commit(pending);
            }
        }
    }

    fn commit(
        &mut self,
        PendingOffset {
            key,
            value,
            written_at,
        }: PendingOffset,
    ) {
        let of = TopicPartition::new(key.topic, key.partition);
        let history = self.offsets.entry((key.group, of)).or_default();
        let offset = value.map(|value| value.offset);
        history.all.extend(offset);
        if history.last.is_none() || history.written_at < written_at {
            history.last = offset;
            history.written_at = written_at;
        }
    }

    fn take_down(&mut self, batch: &RecordBatch) {
        if let Some(result) = marker(batch) {
            return self.end_transaction(batch.producer_id(), result);
        }
        for record in batch.records().flatten() {
            let Some(key) = record.key else { continue };
            match GroupRecord::decode(key, record.value) {
                Ok(Some(GroupRecord::OffsetCommit(key, value))) => {
                    let written_at = record.offset;
                    let committed = PendingOffset {
                        key,
                        value,
                        written_at,
                    };
                    match batch.is_transactional() {
                        true => self
                            .pending
                            .entry(batch.producer_id())
                            .or_default()
                            .push(committed),
                        false => self.commit(committed),
                    }
                }
                Ok(Some(GroupRecord::GroupMetadata(key, Some(value)))) if !self.is_excused => {
                    let before = self.generations.insert(key.group.clone(), value.generation);
                    // Else a static member is back under another id.
                    let is_new = before != Some(value.generation);
                    check_assignment(&key.group, &value, is_new);
                }
                Ok(Some(GroupRecord::ConsumerGroup(record))) if !self.is_excused => {
                    self.consumer_groups.take_down(record);
                }
                _ => {}
            }
        }
    }
}

/// Records of `__consumer_offsets`.
impl Groups {
    /// These batches of a partition have become committed, in order.
    pub fn take_down(&mut self, partition: i32, batches: &[RecordBatch]) {
        let log = self.logs.entry(partition).or_default();
        log.end = batches.last().map_or(log.end, RecordBatch::next_offset);
        batches.iter().for_each(|batch| log.take_down(batch));
    }

    /// Some of a partition is lost, for a good reason.
    pub fn excuse(&mut self, partition: i32) {
        self.logs.entry(partition).or_default().is_excused = true;
    }

    /// What groups of these partitions have begun may be forgotten.
    fn note_forgotten(&mut self, world: &World, events: &[Event]) {
        let lost: BTreeSet<i32> = events.iter().filter_map(lost_partition).collect();
        for (group, begun) in &self.begun {
            if offsets_partition(world, group).is_some_and(|of| lost.contains(&of)) {
                self.forgotten.insert(group.clone(), *begun);
            }
        }
    }

    fn log_of(&self, world: &World, group: &str) -> Option<&OffsetsLog> {
        self.logs.get(&offsets_partition(world, group)?)
    }

    fn excused_partitions(&self) -> BTreeSet<i32> {
        let excused = self.logs.iter().filter(|(_, log)| log.is_excused);
        excused.map(|(partition, _)| *partition).collect()
    }
}

/// What happens.
impl Groups {
    /// One instant has passed; `has_lost` tells of which partitions Kafka, too,
    /// has lost records.
    pub fn observe(
        &mut self,
        world: &World,
        events: &[Event],
        summary: &mut Summary,
        has_lost: &dyn Fn(&TopicPartition) -> bool,
    ) {
        let mut progress = std::mem::take(&mut self.progress);
        let excused: BTreeSet<i32> = self.excused_partitions();
        let is_excused = |group: &str, of: &TopicPartition| {
            let partition = offsets_partition(world, group);
            has_lost(of) || partition.is_some_and(|of| excused.contains(&of))
        };
        for event in events {
            progress.take_in(world, &event.kind, &is_excused);
            self.note_generation(&event.kind);
            if let EventKind::TopicCreated { topic, .. } = &event.kind
                && let Some(created) = world.topics().get(topic)
            {
                self.topic_names.insert(created.id, topic.clone());
            }
            count(summary, &event.kind);
            if let EventKind::Group(GroupEvent::OffsetsCommitted {
                group,
                member_id,
                generation_id,
                offsets,
            }) = &event.kind
            {
                self.check_right_to_commit(world, events, group, member_id, *generation_id);
                for (of, committed) in offsets {
                    progress.committed(group, of, committed.offset);
                }
            }
        }
        self.note_forgotten(world, events);
        summary.processed = progress.records;
        self.progress = progress;
        let is_about_groups = events.iter().any(|event| is_about_groups(&event.kind));
        if is_about_groups || summary.instants.is_multiple_of(LOOK_EVERY) {
            self.note_coordinators(world);
            self.look_at_members(world, summary);
            self.remember_generations(world);
        }
    }

    fn note_generation(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Group(GroupEvent::MemberReplaced { group, .. }) => {
                self.with_returned.insert(group.clone());
            }
            EventKind::Group(GroupEvent::GenerationStarted {
                group, generation, ..
            }) => {
                self.with_returned.remove(group);
                let begun = self.begun.entry(group.clone()).or_default();
                *begun = (*begun).max(*generation);
            }
            _ => {}
        }
    }

    /// Whether a group may leave out partitions since a static member is back.
    pub fn has_returned_member(&self, group: &str) -> bool {
        self.with_returned.contains(group)
    }

    /// Only one of the brokers that has appended to the group's partition just
    /// now can have taken the commit.
    fn check_right_to_commit(
        &self,
        world: &World,
        events: &[Event],
        group: &str,
        member_id: &str,
        generation_id: i32,
    ) {
        let appended = |event: &Event| match &event.kind {
            EventKind::RecordsAppended {
                broker,
                topic_partition,
                ..
            } if *topic_partition.topic == *OFFSETS => Some(*broker),
            _ => None,
        };
        let brokers: BTreeSet<i32> = events.iter().filter_map(appended).collect();
        let may = brokers.iter().any(|id| {
            let shard = world.brokers()[id].groups().shard_of(group);
            let now = shard.and_then(|shard| committers(shard, group));
            let before = self.before.get(&(*id, group.to_owned()));
            let mut generations = now.iter().chain(before);
            generations.any(|it| it.may_commit(member_id, generation_id))
        });
        assert!(
            may,
            "offsets of the group {group} are committed by {member_id:?} for generation \
             {generation_id}, which is not in it"
        );
    }

    fn remember_generations(&mut self, world: &World) {
        self.before.clear();
        for (id, broker) in world.brokers() {
            let shards = broker.groups().active().map(|(_, _, shard)| shard);
            for group in shards.flat_map(|shard| shard.groups()) {
                let place = (*id, group.name().to_owned());
                self.before.insert(place, Committers::of_classic(group));
            }
            let shards = broker.groups().active().map(|(_, _, shard)| shard);
            for group in shards.flat_map(|shard| shard.consumer_groups().groups()) {
                let place = (*id, group.id().to_owned());
                let committers = Committers::of_consumer_group(group);
                self.before.insert(place, committers);
            }
        }
    }

    fn note_coordinators(&mut self, world: &World) {
        for broker in world.brokers().values() {
            for (partition, leader_epoch, _) in broker.groups().active() {
                let latest = self.coordinators.entry(partition).or_default();
                *latest = leader_epoch.max(*latest);
            }
        }
    }

    /// Whether the broker is the latest to have coordinated the group. One that
    /// was replaced and does not know it may outlive the one that came after it:
    /// members know of epochs that this one has begun, and the other goes by the
    /// same numbers for assignments that never were committed.
    fn is_latest_coordinator(&self, world: &World, broker: &Broker, group: &str) -> bool {
        let Some(of) = offsets_partition(world, group) else {
            return false;
        };
        let mut active = broker.groups().active();
        let latest = self.coordinators.get(&of).copied();
        active.any(|(partition, epoch, _)| partition == of && Some(epoch) == latest)
    }

    /// What consumers read, and what they know to be committed.
    fn look_at_members(&self, world: &World, summary: &mut Summary) {
        let groups = world.groups();
        let consumer_groups = world.consumer_groups();
        let mut members: BTreeMap<&str, Vec<MemberView>> = BTreeMap::new();
        for consumer in consumers(world) {
            self.check_what_it_knows(world, consumer);
            if consumer.subscription_type().is_managed_by_group() {
                let of_group = members.entry(&consumer.config.group_id).or_default();
                of_group.push(MemberView {
                    member_id: consumer.member_id(),
                    generation: consumer.generation(),
                    membership: consumer.membership(),
                    subscription: consumer.subscription(),
                    assignment: consumer.assignment().keys().collect(),
                });
            }
        }
        for (name, members) in members {
            if let Some((_, group)) = groups.get(name) {
                let forgotten = self.forgotten.get(name).copied().unwrap_or(-1);
                summary.looked_at += check_readers(group, &members, forgotten) as u64;
            }
            // An epoch comes again when what was written of it is lost.
            let log = self.log_of(world, name).filter(|log| !log.is_excused);
            let known = consumer_groups.get(name).filter(|(broker, _)| {
                log.is_some() && self.is_latest_coordinator(world, broker, name)
            });
            if let Some((_, group)) = known {
                let count = consumer_groups::check_readers(group, &members, &self.topic_names);
                summary.looked_at += count as u64;
                summary.looked_at_epochs += count as u64;
            }
        }
    }

    /// A consumer is told only what is stored to stay.
    fn check_what_it_knows(&self, world: &World, consumer: &Consumer) {
        let group = &consumer.config.group_id;
        let Some(log) = self.log_of(world, group).filter(|log| !log.is_excused) else {
            return;
        };
        for (of, assigned) in consumer.assignment() {
            let Some(offset) = assigned.committed else {
                continue;
            };
            let history = log.offsets.get(&(group.clone(), of.clone()));
            assert!(
                history.is_some_and(|history| history.all.contains(&offset)),
                "{}: the group {group} takes {offset} of {of} for committed, which is not",
                consumer.connection.client_id
            );
        }
    }

    /// Everything is mended: what is committed is what coordinators know.
    /// Returns how many offsets that are.
    pub fn check_offsets(&self, world: &World) -> u64 {
        let mut count = 0;
        for (partition, log) in self.logs.iter().filter(|(_, log)| !log.is_excused) {
            let leader = world
                .image()
                .partition(&TopicPartition::new(OFFSETS, *partition));
            let leader = leader.and_then(|it| it.leader).expect("all is mended");
            let leader = &world.brokers()[&leader];
            // A new leader knows what is committed when it has enough followers,
            // and its coordinator answers by that.
            let of = TopicPartition::new(OFFSETS, *partition);
            if leader.partitions()[&of].high_watermark() < log.end {
                continue;
            }
            let shard = leader.groups().shard(*partition);
            let shard = shard.expect("it has loaded by now");
            for ((group, of), history) in &log.offsets {
                let known = committed_offset(shard, group, of);
                assert_eq!(
                    known, history.last,
                    "{of}: what the group {group} has committed"
                );
                count += u64::from(known.is_some());
            }
        }
        count
    }
}

/// Who may commit for the group now, if there is one.
fn committers(shard: &GroupCoordinator, group: &str) -> Option<Committers> {
    let classic = shard.group(group).map(Committers::of_classic);
    let of_consumers = shard.consumer_groups().group(group);
    classic.or_else(|| of_consumers.map(Committers::of_consumer_group))
}

/// The partition of `__consumer_offsets` that a group is in.
fn offsets_partition(world: &World, group: &str) -> Option<i32> {
    let topic = world.topics().get(OFFSETS)?;
    let partitions = i32::try_from(topic.partitions.len()).ok()?;
    Some(partition_for(group, partitions))
}

/// The partition of `__consumer_offsets` that has lost committed records.
fn lost_partition(event: &Event) -> Option<i32> {
    match &event.kind {
        EventKind::RecordsLost {
            topic_partition, ..
        } if *topic_partition.topic == *OFFSETS => Some(topic_partition.partition),
        _ => None,
    }
}

/// The consumers that run.
pub fn consumers(world: &World) -> impl Iterator<Item = &Consumer> {
    world.clients().values().filter_map(|client| match client {
        Client::Consumer(consumer) => Some(&**consumer),
        _ => None,
    })
}

/// What the coordinator answers whoever asks.
fn committed_offset(shard: &GroupCoordinator, group: &str, of: &TopicPartition) -> Option<i64> {
    let answer = shard.offset_fetch(&OffsetFetchRequest {
        group_id: group.to_owned(),
        member_id: None,
        member_epoch: -1,
        partitions: Some(vec![of.clone()]),
        require_stable: false,
    });
    let (_, committed) = answer.partitions.into_iter().next()?;
    committed.map(|committed| committed.offset)
}

fn is_about_groups(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Group(_)
            | EventKind::PartitionsAssigned { .. }
            | EventKind::PartitionsRevoked { .. }
            | EventKind::LeaderStarted { .. }
    )
}

fn count(summary: &mut Summary, kind: &EventKind) {
    use engine::client::ConsumerEvent;
    let sum = match kind {
        EventKind::Group(event) => match event {
            GroupEvent::GenerationStarted { protocol, .. } => {
                summary.cooperative += u64::from(protocol == "cooperative-sticky");
                &mut summary.generations
            }
            GroupEvent::OffsetsCommitted { .. } => &mut summary.commits,
            GroupEvent::MemberReplaced { .. } => &mut summary.replaced_members,
            GroupEvent::MemberRemoved { cause, .. } if *cause != RemovalCause::Left => {
                &mut summary.expired_members
            }
            GroupEvent::Consumer(event) => match event {
                ConsumerGroupEvent::GroupEpochBumped { .. } => &mut summary.epochs,
                ConsumerGroupEvent::MemberReconciled { .. } => &mut summary.reconciled,
                ConsumerGroupEvent::MemberFenced { .. } => &mut summary.expired_members,
                ConsumerGroupEvent::MemberReplaced { .. } => &mut summary.replaced_members,
                _ => return,
            },
            _ => return,
        },
        EventKind::Consumer { event, .. } => match event {
            ConsumerEvent::CommitFailed { .. } => &mut summary.refused_commits,
            ConsumerEvent::PartitionsLost { .. } => &mut summary.lost_partitions,
            ConsumerEvent::LeavesGroup { reason } if reason.contains("poll timeout") => {
                &mut summary.poll_timeouts
            }
            _ => return,
        },
        EventKind::ConsumerFailed { exception, .. } if exception == "FencedInstanceIdException" => {
            &mut summary.fenced_members
        }
        EventKind::RecordsProcessedAgain { .. } => &mut summary.processed_again,
        _ => return,
    };
    *sum += 1;
}
