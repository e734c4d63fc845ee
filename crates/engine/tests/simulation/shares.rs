//! Share groups: a record is with one member at a time until somebody is done
//! with it, and is never handed out again when that is stored.

use engine::collections::BTreeMap;

use engine::broker::share::SharePartition;
use engine::coordinator::partition_for;
use engine::coordinator::share_state::SharePartitionKey;
use engine::event::{ShareEvent, ShareRecords};
use engine::log::record_batch::RecordBatch;
use engine::{Event, EventKind, TopicPartition, World};

use super::Summary;
use super::share_state::{LoggedState, LoggedStates};

/// The topic of the state of share-partitions.
pub const STATES: &str = "__share_group_state";
/// After so many instants what was said of records is compared with what is
/// stored.
const LOOK_EVERY: u64 = 8;

/// What an onlooker remembers of share groups.
#[derive(Debug, Default)]
pub struct Shares {
    /// What is stored in each partition; `None` when some of it is lost.
    logs: BTreeMap<i32, Option<LoggedStates>>,
    /// The share-partitions that brokers have, each from when it began to hand
    /// records out. What a leader has handed out since its last write nobody else
    /// knows: the next one hands it out again.
    instances: BTreeMap<Place, Instance>,
    /// How often a record may be delivered.
    pub deliveries_max: i16,
}

/// A broker, a group and a partition.
type Place = (i32, String, TopicPartition);

#[derive(Debug)]
struct Instance {
    /// What was stored when it began; `None` when some of it was lost.
    stored: Option<LoggedState>,
    records: BTreeMap<i64, Record>,
}

/// Where a record stands in an instance.
#[derive(Debug)]
struct Record {
    deliveries: i16,
    member_id: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The member has it.
    Held,
    /// The member has given it back; or its lock has ended. When that cannot be
    /// stored, it has it still.
    LetGo,
    /// The member has said that it is done with, and that is to be stored. When
    /// it cannot be, the member has it still.
    Said,
    /// It was given back too often. Where a lock has ended, that is so whether
    /// it can be stored or not (`releaseAcquisitionLockOnTimeout`).
    WornOut,
    /// What was said is stored.
    Done,
}

impl Shares {
    /// These batches of a partition have become committed, in order.
    pub fn take_down(&mut self, partition: i32, batches: &[RecordBatch]) {
        let log = self.logs.entry(partition);
        if let Some(log) = log.or_insert_with(|| Some(LoggedStates::default())) {
            log.take_down(batches);
        }
    }

    /// Some of a partition is lost, for a good reason.
    pub fn excuse(&mut self, partition: i32) {
        self.logs.insert(partition, None);
    }

    /// One instant has passed; `has_lost` tells of which partitions Kafka, too,
    /// has lost records.
    pub fn observe(
        &mut self,
        world: &World,
        events: &[Event],
        summary: &mut Summary,
        has_lost: &dyn Fn(&TopicPartition) -> bool,
    ) {
        for event in events {
            if let EventKind::Share(event) = &event.kind {
                count(summary, event);
                self.note(world, event, has_lost);
            }
        }
        if summary.instants.is_multiple_of(LOOK_EVERY) {
            self.look_at_what_was_said(world);
        }
    }

    fn note(
        &mut self,
        world: &World,
        event: &ShareEvent,
        has_lost: &dyn Fn(&TopicPartition) -> bool,
    ) {
        match event {
            ShareEvent::SharePartitionStarted {
                broker,
                group,
                topic_partition,
                ..
            } => {
                let place = (*broker, group.clone(), topic_partition.clone());
                let key = share_partition(world, &place).map(|(key, _)| key);
                let stored = key.and_then(|key| self.stored(world, key));
                let records = BTreeMap::new();
                self.instances.insert(place, Instance { stored, records });
            }
            ShareEvent::RecordsAcquired(records) => {
                let deliveries_max = self.deliveries_max;
                self.with_each(records, has_lost, |instance, at, name| {
                    instance.acquire(records, at, deliveries_max, name);
                });
            }
            ShareEvent::RecordsAcknowledged(records) | ShareEvent::RecordsRejected(records) => {
                self.let_go(records, State::Said, has_lost);
            }
            ShareEvent::RecordsReleased(records) | ShareEvent::AcquisitionLockExpired(records) => {
                self.let_go(records, State::LetGo, has_lost);
            }
            ShareEvent::RecordsArchived(records) => {
                assert_eq!(records.delivery_count, self.deliveries_max, "{records:?}");
                self.let_go(records, State::WornOut, has_lost);
            }
            _ => {}
        }
    }

    fn let_go(
        &mut self,
        records: &ShareRecords,
        to: State,
        has_lost: &dyn Fn(&TopicPartition) -> bool,
    ) {
        self.with_each(records, has_lost, |instance, at, name| {
            let record = instance.records.get_mut(&at);
            let has_it = |it: &&mut Record| it.member_id == records.member_id;
            let record = record.filter(has_it).filter(|it| it.state != State::Done);
            let record = record.unwrap_or_else(|| {
                panic!(
                    "{name}: {} lets go at {at} what it has not",
                    records.member_id
                )
            });
            record.state = to;
        });
    }

    fn with_each(
        &mut self,
        records: &ShareRecords,
        has_lost: &dyn Fn(&TopicPartition) -> bool,
        note: impl Fn(&mut Instance, i64, &str),
    ) {
        let of = &records.topic_partition;
        let place = (records.broker, records.group.clone(), of.clone());
        // Offsets come again.
        if has_lost(of) {
            self.instances.remove(&place);
        }
        if let Some(instance) = self.instances.get_mut(&place) {
            let name = format!("{of} of {} by broker {}", records.group, records.broker);
            for at in records.first_offset..=records.last_offset {
                note(instance, at, &name);
            }
        }
    }

    /// What is stored of a share-partition, if nothing of it is lost.
    fn stored(&self, world: &World, key: &SharePartitionKey) -> Option<LoggedState> {
        let topic = world.topics().get(STATES)?;
        let partitions = i32::try_from(topic.partitions.len()).ok()?;
        let partition = partition_for(&key.to_string(), partitions);
        match self.logs.get(&partition) {
            Some(log) => Some(log.as_ref()?.get(key).cloned().unwrap_or_default()),
            None => Some(LoggedState::default()),
        }
    }

    /// When a member is told that what it said counts, it is stored.
    fn look_at_what_was_said(&mut self, world: &World) {
        let mut instances = std::mem::take(&mut self.instances);
        instances.retain(|place, _| share_partition(world, place).is_some());
        for (place, instance) in &mut instances {
            let said = |record: &Record| record.state == State::Said;
            let Some((key, shared)) = share_partition(world, place) else {
                continue;
            };
            if !instance.records.values().any(said) {
                continue;
            }
            let stored = self.stored(world, key);
            // Records that the log does not have any more need no state.
            let held = world.brokers()[&place.0].partitions().get(&place.2);
            let log_start = held.map_or(i64::MAX, |held| held.log.start_offset());
            for (at, record) in &mut instance.records {
                let state = shared.at(*at);
                let is_settled = *at < shared.start_offset()
                    || state.is_some_and(|it| it.state.is_terminal() && !it.is_changing());
                if !said(record) || !is_settled {
                    continue;
                }
                record.state = State::Done;
                let is_stored = stored.as_ref().is_none_or(|stored| stored.is_done(*at));
                assert!(
                    is_stored || *at < log_start,
                    "{place:?}: that {} is done with {at} is not stored: {stored:?}",
                    record.member_id
                );
            }
        }
        self.instances = instances;
    }
}

impl Instance {
    fn acquire(&mut self, by: &ShareRecords, at: i64, deliveries_max: i16, name: &str) {
        let count = by.delivery_count;
        let member_id = by.member_id.clone();
        if let Some(stored) = &self.stored {
            assert!(!stored.is_done(at), "{name}: {at} was done with before");
        }
        let before = self.records.get(&at);
        let is_free = before.is_none_or(|it| it.state == State::LetGo);
        assert!(is_free, "{name}: {member_id} gets {at}, but {before:?}");
        let delivered = match (before, &self.stored) {
            (Some(before), _) => Some(before.deliveries),
            (None, stored) => stored.as_ref().map(|stored| stored.delivered(at)),
        };
        assert!(
            delivered.is_none_or(|before| before + 1 == count) && count <= deliveries_max,
            "{name}: {at} is delivered for the {count}th time after {delivered:?}"
        );
        let record = Record {
            deliveries: count,
            member_id,
            state: State::Held,
        };
        self.records.insert(at, record);
    }
}

/// The share-partition that a broker has, with its key.
fn share_partition<'w>(
    world: &'w World,
    (broker, group, of): &Place,
) -> Option<(&'w SharePartitionKey, &'w SharePartition)> {
    let mut held = world.brokers().get(broker)?.share_partitions();
    let found = held.find(|(key, name, _)| key.group_id == *group && *name == of)?;
    Some((found.0, found.2))
}

fn count(summary: &mut Summary, event: &ShareEvent) {
    match event {
        ShareEvent::RecordsAcquired(records) => {
            let count = (records.last_offset - records.first_offset + 1).cast_unsigned();
            summary.share_deliveries += count;
            summary.share_redeliveries += if records.delivery_count > 1 { count } else { 0 };
        }
        ShareEvent::RecordsArchived(_) => summary.share_archived += 1,
        _ => {}
    }
}
