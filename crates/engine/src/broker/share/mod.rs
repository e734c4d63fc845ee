//! Share groups on a broker: the share-partitions of what it leads, the
//! sessions of members, and the requests that wait (KIP-932;
//! `kafka.server.share.SharePartitionManager`).

mod acknowledge;
mod configs;
mod coordinator;
mod fetch;
mod group;
pub mod partition;
mod persister;
mod session;

pub(super) use coordinator::merge as merge_state_results;
pub use partition::{InFlightBatch, InFlightState, RecordState, SharePartition};

use crate::collections::BTreeMap;

use self::fetch::WaitingFetch;
use self::partition::{LetGo, ShareChange, SharePartitionLimits, SharePartitionState};
use self::persister::{Call, Persister};
use self::session::ShareSession;
use super::Broker;
use crate::coordinator::share_state::SharePartitionKey;
use crate::event::{EventKind, ShareEvent, ShareRecords};
use crate::protocol::{
    ErrorCode, Header, SharePartitionStateRead, TopicIdPartition, TopicPartition,
    UNINITIALIZED_START_OFFSET,
};
use crate::sim::{Fabric, NodeId, Time};

/// What a broker has of share groups.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Shares {
    partitions: BTreeMap<SharePartitionKey, HeldSharePartition>,
    /// By group and member.
    sessions: BTreeMap<(String, String), ShareSession>,
    /// The requests that are not answered, by number.
    waiting: BTreeMap<u64, WaitingRequest>,
    next_waiting: u64,
    persister: Persister,
}

/// A share-partition and the name of its partition.
#[derive(Clone, Debug, Hash)]
struct HeldSharePartition {
    topic_partition: TopicPartition,
    partition: SharePartition,
}

/// A ShareFetch or ShareAcknowledge that is not answered.
#[derive(Clone, Debug, Hash)]
struct WaitingRequest {
    from: NodeId,
    header: Header,
    group_id: String,
    member_id: String,
    /// The acknowledgements that are not persisted, by the number of the
    /// share-partition's write.
    writes: BTreeMap<TopicIdPartition, u64>,
    /// What became of the others.
    acknowledged: BTreeMap<TopicIdPartition, ErrorCode>,
    /// What is fetched; `None` for a ShareAcknowledge.
    fetch: Option<WaitingFetch>,
}

impl WaitingRequest {
    /// One that waits for nothing yet.
    fn new(from: NodeId, header: Header, group_id: &str, member_id: &str) -> WaitingRequest {
        WaitingRequest {
            from,
            header,
            group_id: group_id.to_owned(),
            member_id: member_id.to_owned(),
            writes: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            fetch: None,
        }
    }
}

impl Shares {
    /// The records of this broker's that something has happened to, and who had
    /// them.
    fn records_of(
        &self,
        broker: i32,
        key: &SharePartitionKey,
        change: &ShareChange,
    ) -> Option<ShareRecords> {
        let session = (key.group_id.clone(), change.member_id.clone());
        let session = self.sessions.get(&session);
        Some(ShareRecords {
            broker,
            group: key.group_id.clone(),
            member_id: change.member_id.clone(),
            client: session.map(|session| session.client),
            topic_partition: self.partitions.get(key)?.topic_partition.clone(),
            first_offset: change.first_offset,
            last_offset: change.last_offset,
            delivery_count: change.delivery_count,
        })
    }
}

/// Share-partitions come and go.
impl Broker {
    /// The share-partitions it has, each with the name of its partition.
    pub fn share_partitions(
        &self,
    ) -> impl Iterator<Item = (&SharePartitionKey, &TopicPartition, &SharePartition)> {
        let held = self.shares.partitions.iter();
        held.map(|(key, held)| (key, &held.topic_partition, &held.partition))
    }

    /// The partition that an id stands for, if there is one.
    fn named(&self, of: TopicIdPartition) -> Option<TopicPartition> {
        let mut topics = self.image.topics.iter();
        let (name, topic) = topics.find(|(_, topic)| topic.id == of.topic_id)?;
        let index = usize::try_from(of.partition).ok()?;
        let is_there = index < topic.partitions.len();
        is_there.then(|| TopicPartition::new(name.clone(), of.partition))
    }

    /// The share-partition is there, or its state is being read
    /// (`getOrCreateSharePartition`).
    fn ensure_share_partition(
        &mut self,
        fabric: &mut Fabric,
        key: &SharePartitionKey,
    ) -> Result<(), ErrorCode> {
        let of = self
            .named(key.of())
            .ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let leader_epoch = self.led_partition(&of)?.leader_epoch();
        if self.shares.partitions.contains_key(key) {
            return Ok(());
        }
        let config = &self.config.coordinator.share;
        let limits = SharePartitionLimits {
            delivery_count: config.delivery_count_limit,
            record_locks: config.partition_max_record_locks,
            record_lock_duration_ms: self.record_lock_duration_ms(&key.group_id),
        };
        let mut partition = SharePartition::new(limits, leader_epoch);
        partition.begin_to_initialize();
        let held = HeldSharePartition {
            topic_partition: of,
            partition,
        };
        self.shares.partitions.insert(key.clone(), held);
        self.persist(fabric, key.clone(), Call::Read { leader_epoch });
        Ok(())
    }

    /// The state of a share-partition was read, or could not be.
    fn on_share_state_read(
        &mut self,
        fabric: &mut Fabric,
        key: &SharePartitionKey,
        read: &SharePartitionStateRead,
    ) {
        let Some(held) = self.shares.partitions.get(key) else {
            return;
        };
        let of = held.topic_partition.clone();
        let error = SharePartition::error_of_write(read.error_code);
        let log = match self.led_partition(&of) {
            _ if !error.is_none() => Err(error),
            led => led.map(|led| &led.log),
        };
        match log {
            Ok(log) => {
                let start_offset = match read.start_offset {
                    UNINITIALIZED_START_OFFSET => self.first_offset_of_group(key, log),
                    start_offset => start_offset,
                };
                let group = key.group_id.clone();
                if let Some(held) = self.shares.partitions.get_mut(key) {
                    held.partition.initialize(read, start_offset);
                    let start_offset = held.partition.start_offset();
                    fabric.emit(EventKind::Share(ShareEvent::SharePartitionStarted {
                        broker: self.id,
                        group,
                        topic_partition: of,
                        start_offset,
                    }));
                }
                self.complete_share_fetches(fabric);
            }
            Err(error) => self.drop_share_partition(fabric, key, error),
        }
    }

    /// The broker leads the partition no longer.
    pub(super) fn resign_shares(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        let held = self.shares.partitions.iter();
        let of_partition = held.filter(|(_, held)| held.topic_partition == *of);
        let keys: Vec<SharePartitionKey> = of_partition.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.drop_share_partition(fabric, &key, ErrorCode::NotLeaderOrFollower);
        }
    }

    /// Whoever waits for the share-partition is told the error.
    fn drop_share_partition(
        &mut self,
        fabric: &mut Fabric,
        key: &SharePartitionKey,
        error: ErrorCode,
    ) {
        self.shares.partitions.remove(key);
        self.shares.persister.forget(key);
        let of = key.of();
        let waiting = self.shares.waiting.values_mut();
        for request in waiting.filter(|request| request.group_id == key.group_id) {
            if request.writes.remove(&of).is_some() {
                request.acknowledged.insert(of, error);
            }
            if let Some(fetch) = &mut request.fetch {
                fetch.fail(of, error);
            }
        }
        self.answer_shares(fabric);
    }

    /// The process ends.
    pub(super) fn stop_shares(&mut self) {
        self.shares = Shares::default();
    }

    /// Another process has closed its connection: nobody waits for answers.
    pub(super) fn forget_shares_of(&mut self, node: NodeId) {
        self.shares
            .waiting
            .retain(|_, request| request.from != node);
    }

    /// Does what is due: locks that end, fetches that have waited long enough,
    /// calls to the share coordinator.
    pub(super) fn run_shares(&mut self, fabric: &mut Fabric) {
        self.expire_record_locks(fabric);
        self.expire_share_fetches(fabric);
        self.run_persister(fabric);
    }

    /// When something of share groups is due next.
    pub(super) fn shares_deadline(&self) -> Option<Time> {
        let held = self.shares.partitions.values();
        let locks = held.filter_map(|held| held.partition.next_deadline());
        let waiting = self.shares.waiting.values();
        let fetches = waiting.filter_map(|request| request.fetch.as_ref()?.deadline());
        let calls = self.shares.persister.next_deadline();
        locks.chain(fetches).chain(calls).min()
    }

    /// Gives back the locks that have ended.
    fn expire_record_locks(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let held = self.shares.partitions.iter();
        let due =
            held.filter(|(_, held)| held.partition.next_deadline().is_some_and(|at| at <= now));
        let keys: Vec<SharePartitionKey> = due.map(|(key, _)| key.clone()).collect();
        for key in &keys {
            let Some(held) = self.shares.partitions.get_mut(key) else {
                continue;
            };
            let let_go = held.partition.expire(now);
            for change in &let_go.changes {
                let records = self.shares.records_of(self.id, key, change);
                let event = records.map(ShareEvent::AcquisitionLockExpired);
                event
                    .into_iter()
                    .for_each(|event| fabric.emit(EventKind::Share(event)));
            }
            self.take_let_go(fabric, key, let_go, true);
        }
        if !keys.is_empty() {
            self.complete_share_fetches(fabric);
        }
    }

    /// Tells what has happened to records, and has it persisted. Of a lock
    /// that has ended only what is archived by it is left to tell.
    fn take_let_go(
        &mut self,
        fabric: &mut Fabric,
        key: &SharePartitionKey,
        let_go: LetGo,
        is_told: bool,
    ) {
        for change in &let_go.changes {
            let Some(records) = self.shares.records_of(self.id, key, change) else {
                continue;
            };
            let event = match change.to {
                RecordState::Archived if change.is_worn_out => ShareEvent::RecordsArchived(records),
                _ if is_told => continue,
                RecordState::Acknowledged => ShareEvent::RecordsAcknowledged(records),
                RecordState::Archived => ShareEvent::RecordsRejected(records),
                _ => ShareEvent::RecordsReleased(records),
            };
            fabric.emit(EventKind::Share(event));
        }
        if let Some(write) = let_go.write {
            let number = write.number;
            let write = write.write;
            self.persist(fabric, key.clone(), Call::Write { number, write });
        }
    }

    /// A write of a share-partition's is done, or has failed.
    fn on_share_state_written(
        &mut self,
        fabric: &mut Fabric,
        key: &SharePartitionKey,
        number: u64,
        error: ErrorCode,
    ) {
        let error = SharePartition::error_of_write(error);
        if let Some(held) = self.shares.partitions.get_mut(key) {
            held.partition.settle(number, error.is_none());
        }
        let of = key.of();
        for request in self.shares.waiting.values_mut() {
            let is_waiting = request.group_id == key.group_id;
            if is_waiting && request.writes.get(&of) == Some(&number) {
                request.writes.remove(&of);
                request.acknowledged.insert(of, error);
            }
        }
        // Another broker leads the partition: this one is to know no more of it.
        if error == ErrorCode::NotLeaderOrFollower {
            self.drop_share_partition(fabric, key, error);
        }
        self.answer_shares(fabric);
        self.complete_share_fetches(fabric);
    }

    /// Whether the share-partition can be fetched from.
    fn is_share_active(&self, key: &SharePartitionKey) -> bool {
        let held = self.shares.partitions.get(key);
        held.is_some_and(|held| held.partition.state() == SharePartitionState::Active)
    }
}
