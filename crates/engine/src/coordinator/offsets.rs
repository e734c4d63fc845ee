//! Committed offsets (`OffsetMetadataManager`): stored, read back, forgotten,
//! and those that wait for the end of a transaction.

use crate::collections::BTreeMap;

use super::protocols::AnyGroup;
use super::record::{GroupRecord, OffsetCommitKey, OffsetCommitValue};
use super::runtime::{TimelineMap, WriteNumber};
use super::step::Step;
use super::{ClassicGroup, GroupEvent, GroupState, OffsetRemovalCause, StoredOffset};
use crate::log::record_batch::TransactionResult;
use crate::protocol::{
    CommittedOffset, ErrorCode, OffsetCommitRequest, OffsetFetchRequest, OffsetFetchResponse,
    TopicPartition,
};
use crate::sorting::sort;

/// The offsets of all groups of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct OffsetStore {
    offsets: TimelineMap<OffsetKey, StoredOffset>,
    /// What the transactions under way have committed, by producer id.
    pending: TimelineMap<(i64, OffsetKey), StoredOffset>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct OffsetKey {
    group: String,
    partition: TopicPartition,
}

impl OffsetKey {
    fn new(group: &str, partition: &TopicPartition) -> OffsetKey {
        OffsetKey {
            group: group.to_owned(),
            partition: partition.clone(),
        }
    }

    /// Comes before all of a group.
    fn first_of(group: &str) -> OffsetKey {
        OffsetKey::new(group, &TopicPartition::new("", i32::MIN))
    }
}

/// What there is.
impl OffsetStore {
    pub fn of_group(&self, group: &str) -> impl Iterator<Item = (&TopicPartition, &StoredOffset)> {
        let from = self.offsets.current().range(OffsetKey::first_of(group)..);
        from.take_while(move |(key, _)| key.group == group)
            .map(|(key, stored)| (&key.partition, stored))
    }

    pub fn get(&self, group: &str, partition: &TopicPartition) -> Option<&StoredOffset> {
        self.offsets.get(&OffsetKey::new(group, partition))
    }

    /// What transactions under way have committed of a group, with the
    /// producer's id.
    pub fn pending_of_group(
        &self,
        group: &str,
    ) -> impl Iterator<Item = (i64, &TopicPartition, &StoredOffset)> {
        let pending = self.pending.current().iter();
        pending
            .filter(move |((_, key), _)| key.group == group)
            .map(|((producer_id, key), stored)| (*producer_id, &key.partition, stored))
    }

    fn is_pending(&self, group: &str, partition: &TopicPartition) -> bool {
        let mut pending = self.pending_of_group(group);
        pending.any(|(_, of, _)| of == partition)
    }

    /// Answers from what is committed, or from all that is written when stable
    /// offsets are wanted (`OffsetMetadataManager.fetchOffsets` and
    /// `fetchAllOffsets`).
    pub fn fetch(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        let group = &request.group_id;
        let is_latest = request.require_stable;
        let partitions: Vec<(TopicPartition, Option<CommittedOffset>)> = match &request.partitions {
            Some(partitions) => partitions
                .iter()
                .map(|partition| {
                    let key = OffsetKey::new(group, partition);
                    let stored = match is_latest {
                        true => self.offsets.get(&key),
                        false => self.offsets.get_committed(&key),
                    };
                    (
                        partition.clone(),
                        stored.map(|stored| stored.committed.clone()),
                    )
                })
                .collect(),
            None => {
                let all = match is_latest {
                    true => self.offsets.current().iter().collect(),
                    false => self.offsets.committed(),
                };
                all.into_iter()
                    .filter(|(key, _)| key.group == *group)
                    .map(|(key, stored)| (key.partition.clone(), Some(stored.committed.clone())))
                    .collect()
            }
        };
        let is_unstable =
            |of: &TopicPartition| request.require_stable && self.is_pending(group, of);
        let (unstable, partitions): (Vec<_>, Vec<_>) =
            partitions.into_iter().partition(|(of, _)| is_unstable(of));
        OffsetFetchResponse {
            error_code: ErrorCode::None,
            partitions,
            unstable: unstable.into_iter().map(|(of, _)| of).collect(),
        }
    }
}

/// What records say.
impl OffsetStore {
    /// An offset is stored; as part of a producer's transaction it waits for
    /// the end of that.
    pub fn put(
        &mut self,
        write: WriteNumber,
        producer_id: Option<i64>,
        key: OffsetCommitKey,
        value: OffsetCommitValue,
    ) {
        let partition = TopicPartition::new(key.topic, key.partition);
        let key = OffsetKey::new(&key.group, &partition);
        let stored = StoredOffset {
            committed: CommittedOffset {
                offset: value.offset,
                leader_epoch: value.leader_epoch,
                metadata: value.metadata,
            },
            commit_timestamp_ms: value.commit_timestamp_ms,
            expire_timestamp_ms: match value.expire_timestamp_ms {
                -1 => None,
                at => Some(at),
            },
            write,
        };
        match producer_id {
            Some(producer_id) => self.pending.insert(write, (producer_id, key), stored),
            None => self.offsets.insert(write, key, stored),
        }
    }

    /// An offset is forgotten, also where a transaction under way has it.
    pub fn remove(&mut self, write: WriteNumber, key: &OffsetCommitKey) {
        let partition = TopicPartition::new(key.topic.as_str(), key.partition);
        let key = OffsetKey::new(&key.group, &partition);
        self.offsets.remove(write, &key);
        let pending = self.pending.current().keys();
        let pending: Vec<_> = pending.filter(|(_, of)| *of == key).cloned().collect();
        for key in pending {
            self.pending.remove(write, &key);
        }
    }

    /// A producer's transaction has ended. Of offsets committed in it and
    /// outside of it, the last one counts: compaction may have left only that.
    pub fn end_transaction(
        &mut self,
        write: WriteNumber,
        producer_id: i64,
        result: TransactionResult,
    ) {
        let pending = self.pending.current().iter();
        let ended: Vec<(OffsetKey, StoredOffset)> = pending
            .filter(|((producer, _), _)| *producer == producer_id)
            .map(|((_, key), stored)| (key.clone(), stored.clone()))
            .collect();
        for (key, stored) in ended {
            self.pending.remove(write, &(producer_id, key.clone()));
            let before = self.offsets.get(&key);
            let is_later = before.is_none_or(|before| before.write < stored.write);
            if result == TransactionResult::Commit && is_later {
                self.offsets.insert(write, key, stored);
            }
        }
    }

    pub fn commit(&mut self, until: WriteNumber) {
        self.offsets.commit(until);
        self.pending.commit(until);
    }

    pub fn revert(&mut self, from: WriteNumber) {
        self.offsets.revert(from);
        self.pending.revert(from);
    }
}

/// What is written.
impl OffsetStore {
    /// Stores the offsets whose notes are not too long, and tells what is to be
    /// answered.
    pub fn store(
        &mut self,
        step: &mut Step,
        request: OffsetCommitRequest,
    ) -> Vec<(TopicPartition, ErrorCode)> {
        let max_length = step.config.offset_metadata_max_bytes;
        let check = |committed: &CommittedOffset| {
            // Java counts a string's length in UTF-16 units.
            match committed.metadata.encode_utf16().count() > max_length {
                true => ErrorCode::OffsetMetadataTooLarge,
                false => ErrorCode::None,
            }
        };
        let offsets = request.offsets.iter();
        let answers = offsets
            .map(|(partition, committed)| (partition.clone(), check(committed)))
            .collect();
        let mut stored = request.offsets;
        stored.retain(|(_, committed)| check(committed).is_none());
        for (partition, committed) in &stored {
            let key = commit_key(&request.group_id, partition);
            let value = OffsetCommitValue {
                offset: committed.offset,
                leader_epoch: committed.leader_epoch,
                metadata: committed.metadata.clone(),
                commit_timestamp_ms: step.timestamp_ms,
                expire_timestamp_ms: -1,
            };
            let producer_id = step.producer.map(|producer| producer.producer_id);
            self.put(step.write, producer_id, key.clone(), value.clone());
            step.record(GroupRecord::OffsetCommit(key, Some(value)));
        }
        if !stored.is_empty() && step.producer.is_none() {
            step.event_if_written(GroupEvent::OffsetsCommitted {
                group: request.group_id,
                member_id: request.member_id,
                generation_id: request.generation_id,
                offsets: stored,
            });
        }
        answers
    }

    /// Writes tombstones for these offsets of a group.
    pub fn forget(
        &mut self,
        step: &mut Step,
        group: &str,
        partitions: Vec<TopicPartition>,
        cause: OffsetRemovalCause,
    ) {
        for partition in &partitions {
            let key = commit_key(group, partition);
            self.remove(step.write, &key);
            step.record(GroupRecord::OffsetCommit(key, None));
        }
        if !partitions.is_empty() {
            step.event_if_written(GroupEvent::OffsetsRemoved {
                group: group.to_owned(),
                partitions,
                cause,
            });
        }
    }

    /// Forgets all offsets of a group (`deleteAllOffsets`).
    pub fn forget_all(&mut self, step: &mut Step, group: &str) {
        let all = self.all_of_group(group);
        self.forget(step, group, all, OffsetRemovalCause::Deleted);
    }

    /// Forgets what is stored for partitions that are deleted, whichever group
    /// it is of (`onPartitionsDeleted`).
    pub fn forget_partitions(
        &mut self,
        step: &mut Step,
        is_deleted: impl Fn(&TopicPartition) -> bool,
    ) {
        let pending = self.pending.current().keys().map(|(_, key)| key);
        let keys = self.offsets.current().keys().chain(pending);
        let mut deleted: BTreeMap<String, Vec<TopicPartition>> = BTreeMap::new();
        for key in keys.filter(|key| is_deleted(&key.partition)) {
            let of_group = deleted.entry(key.group.clone()).or_default();
            if !of_group.contains(&key.partition) {
                of_group.push(key.partition.clone());
            }
        }
        for (group, partitions) in deleted {
            self.forget(step, &group, partitions, OffsetRemovalCause::TopicDeleted);
        }
    }

    /// Forgets the offsets of a group whose retention has passed (KIP-211), and
    /// tells whether none is left (`OffsetMetadataManager.cleanupExpiredOffsets`).
    pub fn expire(&mut self, step: &mut Step, group: AnyGroup) -> bool {
        let Some(base) = group.expiration_base() else {
            return self.all_of_group(group.name()).is_empty();
        };
        let now_ms = step.timestamp_ms;
        let retention_ms = step.config.offsets_retention_ms;
        let is_expired = |stored: &StoredOffset| match (stored.expire_timestamp_ms, base) {
            (Some(at), _) => now_ms >= at,
            (None, ExpirationBase::Since(since_ms)) => now_ms - since_ms >= retention_ms,
            (None, ExpirationBase::Commit) => now_ms - stored.commit_timestamp_ms >= retention_ms,
        };
        let offsets = self.of_group(group.name());
        let expired = offsets.filter(|(of, stored)| {
            let is_wanted = group.is_subscribed_to(&of.topic) || self.is_pending(group.name(), of);
            !is_wanted && is_expired(stored)
        });
        let expired: Vec<_> = expired.map(|(of, _)| of.clone()).collect();
        self.forget(step, group.name(), expired, OffsetRemovalCause::Expired);
        self.all_of_group(group.name()).is_empty()
    }

    /// The partitions that a group has an offset of, also in a transaction
    /// under way.
    fn all_of_group(&self, group: &str) -> Vec<TopicPartition> {
        let pending = self.pending_of_group(group).map(|(_, of, _)| of);
        let mut all: Vec<_> = self
            .of_group(group)
            .map(|(of, _)| of)
            .chain(pending)
            .collect();
        sort(&mut all);
        all.dedup();
        all.into_iter().cloned().collect()
    }
}

/// From when on the retention of an offset counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum ExpirationBase {
    /// From this instant, in epoch milliseconds.
    Since(i64),
    /// From its commit.
    Commit,
}

impl ClassicGroup {
    /// The rule for a group (`ClassicGroup.offsetExpirationCondition`): from
    /// the moment it became empty, or from the commit when it has no protocol
    /// or is stable. `None` when nothing expires: a group in a rebalance keeps
    /// all.
    pub(super) fn expiration_base(&self) -> Option<ExpirationBase> {
        match self.state {
            _ if self.protocol_type.is_none() => Some(ExpirationBase::Commit),
            GroupState::Empty => Some(ExpirationBase::Since(self.since_ms)),
            GroupState::Stable
                if self.uses_consumer_protocol() && self.subscribed_topics.is_some() =>
            {
                Some(ExpirationBase::Commit)
            }
            _ => None,
        }
    }

    /// `ClassicGroup.validateOffsetCommit`
    pub(super) fn validate_commit(
        &self,
        request: &OffsetCommitRequest,
        is_transactional: bool,
    ) -> Result<(), ErrorCode> {
        let is_empty = self.state == GroupState::Empty;
        if request.generation_id < 0 && is_empty {
            // From outside any generation: an administrator, or a consumer with
            // assigned partitions.
            return Ok(());
        }
        let names_member = request.generation_id >= 0
            || !request.member_id.is_empty()
            || request.group_instance_id.is_some();
        if names_member {
            self.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
            if request.generation_id != self.generation {
                return Err(ErrorCode::IllegalGeneration);
            }
        } else if !is_empty && !is_transactional {
            return Err(ErrorCode::UnknownMemberId);
        }
        match self.state {
            GroupState::CompletingRebalance if !is_transactional => {
                Err(ErrorCode::RebalanceInProgress)
            }
            _ => Ok(()),
        }
    }

    /// A commit is a sign of life.
    pub(super) fn note_commit(&self, step: &mut Step, member_id: &str) {
        let state = self.state;
        if matches!(state, GroupState::Stable | GroupState::PreparingRebalance) {
            self.restart_session(step, member_id);
        }
    }

    /// Whether offsets may be deleted: of a group with members only where they
    /// are consumers (`ClassicGroup.validateOffsetDelete`).
    pub(super) fn validate_offset_delete(&self) -> Result<(), ErrorCode> {
        match self.state {
            GroupState::Dead => Err(ErrorCode::GroupIdNotFound),
            GroupState::Empty => Ok(()),
            _ if self.uses_consumer_protocol() => Ok(()),
            _ => Err(ErrorCode::NonEmptyGroup),
        }
    }

    /// Only an empty group may be deleted (`ClassicGroup.validateDeleteGroup`).
    pub(super) fn validate_delete(&self) -> Result<(), ErrorCode> {
        match self.state {
            GroupState::Dead => Err(ErrorCode::GroupIdNotFound),
            GroupState::Empty => Ok(()),
            _ => Err(ErrorCode::NonEmptyGroup),
        }
    }
}

fn commit_key(group: &str, partition: &TopicPartition) -> OffsetCommitKey {
    OffsetCommitKey {
        group: group.to_owned(),
        topic: partition.topic.to_string(),
        partition: partition.partition,
    }
}

/// The same error for every partition of a commit.
pub(super) fn refuse_all(
    request: &OffsetCommitRequest,
    error: ErrorCode,
) -> Vec<(TopicPartition, ErrorCode)> {
    let partitions = request.offsets.iter();
    partitions
        .map(|(partition, _)| (partition.clone(), error))
        .collect()
}
