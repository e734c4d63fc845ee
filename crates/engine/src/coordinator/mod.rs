//! The group coordinator: the classic group protocol (JoinGroup, SyncGroup,
//! Heartbeat, LeaveGroup), that of KIP-848 ([`consumer_group`]), and the offsets
//! that groups commit.
//!
//! [`GroupCoordinator`] is a state machine without a network: the groups of one
//! partition of `__consumer_offsets`. A broker feeds it the requests that
//! arrive and the passing of time; it hands back answers, what happened, and
//! the records that are to be written ([`runtime`]). An answer may come much
//! later than its request: a JoinGroup is answered when the rebalance is over, a
//! follower's SyncGroup when the leader's assignment is committed. A
//! [`RequestToken`] says which is which.
//!
//! The rules are those of Kafka 4.0's `GroupCoordinatorShard`,
//! `GroupMetadataManager`, `ClassicGroup` and `OffsetMetadataManager`.

mod config;
pub mod consumer_group;
mod describe;
mod event;
mod group;
mod join;
mod leave;
mod member;
mod offsets;
mod protocol;
mod protocols;
mod rebalance;
pub mod record;
pub mod runtime;
mod session;
mod shard;
pub mod share_group;
pub mod share_state;
mod static_member;
mod step;
mod storage;
mod sync;
mod then;
mod timers;
pub mod transaction;

#[cfg(test)]
mod tests;

pub use config::{GroupCoordinatorConfig, ShareGroupConfig};
pub use event::{GroupEvent, OffsetRemovalCause, RemovalCause};
pub use group::{ClassicGroup, GroupState};
pub use member::Member;
pub use runtime::RequestToken;
pub use storage::partition_for;
pub use then::GroupThen;
pub use timers::Timer;

use self::consumer_group::{ConsumerGroupConfig, ConsumerGroups};
use crate::protocol::{
    CommittedOffset, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    ErrorCode, HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, LeaveGroupRequest,
    LeaveGroupResponse, LeftMember, ListGroupsRequest, ListedGroup, OffsetCommitRequest,
    OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse, OffsetFetchRequest,
    OffsetFetchResponse, Response, SyncGroupRequest, TopicPartition,
};
use crate::sim::{Random, Stream, Time};
use join::JoinCall;
use offsets::OffsetStore;
use protocols::AnyGroup;
use runtime::{ProducerIdAndEpoch, TimelineMap, WriteNumber};
use share_group::{ShareGroup, ShareGroups};
use step::Step;
use timers::Timers;

/// What a [`GroupCoordinator`] hands out.
pub type CoordinatorOutput = runtime::Output<GroupCoordinator>;

/// An offset in a group's store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredOffset {
    /// What was committed.
    pub committed: CommittedOffset,
    /// When, in epoch milliseconds.
    pub commit_timestamp_ms: i64,
    /// When it expires, in epoch milliseconds, if an old client said so.
    pub expire_timestamp_ms: Option<i64>,
    /// By which write.
    write: WriteNumber,
}

/// Coordinates the groups of one partition of `__consumer_offsets`.
#[derive(Clone, Debug, Hash)]
pub struct GroupCoordinator {
    config: GroupCoordinatorConfig,
    random: Random,
    /// Epoch milliseconds at the beginning of virtual time.
    epoch_ms: i64,
    groups: TimelineMap<String, ClassicGroup>,
    consumer_groups: ConsumerGroups,
    share_groups: ShareGroups,
    offsets: OffsetStore,
    timers: Timers,
    last_write: WriteNumber,
}

type Groups = TimelineMap<String, ClassicGroup>;

impl GroupCoordinator {
    /// A coordinator without groups; `seed` decides the uuids in member ids.
    /// Virtual time begins at the epoch.
    pub fn new(config: GroupCoordinatorConfig, seed: u64) -> GroupCoordinator {
        GroupCoordinator {
            config,
            random: Random::new(seed, Stream::MemberId),
            epoch_ms: 0,
            groups: TimelineMap::default(),
            consumer_groups: ConsumerGroups::new(ConsumerGroupConfig::default(), seed),
            share_groups: ShareGroups::default(),
            offsets: OffsetStore::default(),
            timers: Timers::default(),
            last_write: 0,
        }
    }

    /// The same where virtual time begins so many epoch milliseconds later.
    pub fn with_epoch_ms(self, epoch_ms: i64) -> GroupCoordinator {
        GroupCoordinator { epoch_ms, ..self }
    }

    /// Handles a JoinGroup request. It is answered at once or when the join
    /// phase ends. `client_host` is as Kafka shows it, such as `/127.0.0.1`.
    pub fn join_group(
        &mut self,
        now: Time,
        token: RequestToken,
        client_id: &str,
        client_host: &str,
        request: JoinGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            groups,
            consumer_groups,
            share_groups,
            random,
            mut step,
            ..
        } = self.parts(now, out);
        let group_id = request.group_id.clone();
        let member_id = request.member_id.clone();
        let sessions = step.config.min_session_timeout_ms..=step.config.max_session_timeout_ms;
        let is_new = groups.get(&group_id).is_none();
        let call = JoinCall {
            token,
            client_id,
            client_host,
            request,
        };
        if group_id.is_empty() {
            call.refuse(&mut step, ErrorCode::InvalidGroupId, &member_id);
        } else if !sessions.contains(&call.request.session_timeout_ms) {
            call.refuse(&mut step, ErrorCode::InvalidSessionTimeout, &member_id);
        } else if share_groups.get(&group_id).is_some() {
            call.refuse(&mut step, ErrorCode::InconsistentGroupProtocol, &member_id);
        } else if !member_id.is_empty() && is_new {
            call.refuse(&mut step, ErrorCode::UnknownMemberId, &member_id);
        } else if consumer_groups
            .group(&group_id)
            .is_some_and(|group| group.members().len() > 0)
        {
            call.refuse(&mut step, ErrorCode::InconsistentGroupProtocol, &member_id);
        } else {
            protocols::delete_consumer_group(consumer_groups, &mut step, &group_id);
            let group = find_or_create(groups, &mut step, &group_id);
            group.join(&mut step, call, random);
            if is_new {
                group.write_empty(&mut step);
                step.then(GroupThen::GroupMade {
                    group: group_id,
                    token,
                });
            }
        }
        step.finish();
    }

    /// Handles a SyncGroup request. It is answered at once or when the leader's
    /// assignment is committed.
    pub fn sync_group(
        &mut self,
        now: Time,
        token: RequestToken,
        request: SyncGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            groups, mut step, ..
        } = self.parts(now, out);
        match groups.get_mut(&request.group_id) {
            _ if request.group_id.is_empty() => {
                sync::refuse(&mut step, token, ErrorCode::InvalidGroupId);
            }
            Some(group) => group.sync(&mut step, token, request),
            None => sync::refuse(&mut step, token, ErrorCode::UnknownMemberId),
        }
        step.finish();
    }

    /// Handles a Heartbeat request; it is answered when all that was written
    /// before is committed.
    pub fn heartbeat(
        &mut self,
        now: Time,
        token: RequestToken,
        request: HeartbeatRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            groups, mut step, ..
        } = self.parts(now, out);
        let result = match groups.get(&request.group_id) {
            Some(group) => group.heartbeat(&mut step, &request),
            None => Err(ErrorCode::UnknownMemberId),
        };
        let error_code = result.err().unwrap_or(ErrorCode::None);
        let response = Response::Heartbeat(HeartbeatResponse { error_code });
        step.respond_when_committed(token, response);
        step.finish();
    }

    /// Handles a LeaveGroup request; it is answered when what it comes to is
    /// committed.
    pub fn leave_group(
        &mut self,
        now: Time,
        token: RequestToken,
        request: LeaveGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            groups, mut step, ..
        } = self.parts(now, out);
        let members = match groups.get_mut(&request.group_id) {
            Some(group) => group.leave(&mut step, &request.members),
            None => unknown_members(&request),
        };
        let response = LeaveGroupResponse {
            error_code: ErrorCode::None,
            members,
        };
        step.respond_when_committed(token, Response::LeaveGroup(response));
        step.finish();
    }

    /// Handles an OffsetCommit request; it is answered when the offsets are
    /// committed. Whether the topics exist is for the broker to check before.
    ///
    /// A commit from outside any generation makes the group if need be.
    pub fn offset_commit(
        &mut self,
        now: Time,
        token: RequestToken,
        request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        self.commit_offsets(now, token, None, request, out);
    }

    /// Handles a TxnOffsetCommit request: the offsets wait for the end of the
    /// producer's transaction. Answered as an OffsetCommit.
    pub fn txn_offset_commit(
        &mut self,
        now: Time,
        token: RequestToken,
        producer: ProducerIdAndEpoch,
        request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        self.commit_offsets(now, token, Some(producer), request, out);
    }

    fn commit_offsets(
        &mut self,
        now: Time,
        token: RequestToken,
        producer: Option<ProducerIdAndEpoch>,
        request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            groups,
            consumer_groups,
            share_groups,
            offsets,
            mut step,
            ..
        } = self.parts(now, out);
        step.producer = producer;
        let is_known = groups.get(&request.group_id).is_some();
        let checked = if share_groups.get(&request.group_id).is_some() {
            Err(ErrorCode::GroupIdNotFound)
        } else if let Some(group) = consumer_groups.group(&request.group_id) {
            group.validate_commit(&request, producer.is_some())
        } else if is_known || request.generation_id < 0 {
            let group = find_or_create(groups, &mut step, &request.group_id);
            let checked = group.validate_commit(&request, producer.is_some());
            if checked.is_ok() && producer.is_none() {
                group.note_commit(&mut step, &request.member_id);
            }
            checked
        } else if producer.is_some() {
            Err(ErrorCode::IllegalGeneration)
        } else {
            Err(ErrorCode::GroupIdNotFound)
        };
        let partitions = match checked {
            Ok(()) => offsets.store(&mut step, request),
            Err(error) => offsets::refuse_all(&request, error),
        };
        let response = OffsetCommitResponse { partitions };
        step.respond_when_committed(token, Response::OffsetCommit(response));
        step.finish();
    }

    /// Handles an OffsetDelete request. Whether the topics exist is for the
    /// broker to check before (`GroupCoordinatorShard.deleteOffsets`).
    pub fn offset_delete(
        &mut self,
        now: Time,
        token: RequestToken,
        request: &OffsetDeleteRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            groups,
            consumer_groups,
            offsets,
            mut step,
            ..
        } = self.parts(now, out);
        let group = AnyGroup::find(groups, consumer_groups, &request.group_id);
        let group = group.ok_or(ErrorCode::GroupIdNotFound);
        let group = group.and_then(|group| group.validate_offset_delete().map(|()| group));
        let response = match group {
            Err(error_code) => OffsetDeleteResponse {
                error_code,
                partitions: Vec::new(),
            },
            Ok(group) => {
                let is_read = |of: &TopicPartition| group.is_subscribed_to(&of.topic);
                let is_stored =
                    |of: &&TopicPartition| offsets.get(group.name(), of).is_some() && !is_read(of);
                let stored = request.partitions.iter().filter(is_stored);
                let stored = stored.cloned().collect();
                let cause = OffsetRemovalCause::Deleted;
                offsets.forget(&mut step, group.name(), stored, cause);
                let answer = |of: &TopicPartition| match is_read(of) {
                    true => ErrorCode::GroupSubscribedToTopic,
                    false => ErrorCode::None,
                };
                let partitions = request.partitions.iter();
                OffsetDeleteResponse {
                    error_code: ErrorCode::None,
                    partitions: partitions.map(|of| (of.clone(), answer(of))).collect(),
                }
            }
        };
        step.respond_when_committed(token, Response::OffsetDelete(response));
        step.finish();
    }

    /// Deletes these groups with their offsets
    /// (`GroupCoordinatorShard.deleteGroups`).
    pub fn delete_groups(
        &mut self,
        now: Time,
        token: RequestToken,
        names: &[String],
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            groups,
            consumer_groups,
            share_groups,
            offsets,
            mut step,
            ..
        } = self.parts(now, out);
        let mut results = Vec::new();
        for name in names {
            if share_groups.get(name).is_some() {
                let deleted = share_group::delete(share_groups, &mut step, name);
                results.push((name.clone(), deleted.err().unwrap_or(ErrorCode::None)));
                continue;
            }
            let group = AnyGroup::find(groups, consumer_groups, name);
            let group = group.ok_or(ErrorCode::GroupIdNotFound);
            let checked = group.and_then(AnyGroup::validate_delete);
            if checked.is_ok() {
                offsets.forget_all(&mut step, name);
                delete(groups, &mut step, name);
                protocols::delete_consumer_group(consumer_groups, &mut step, name);
            }
            results.push((name.clone(), checked.err().unwrap_or(ErrorCode::None)));
        }
        let response = Response::DeleteGroups(DeleteGroupsResponse { results });
        step.respond_when_committed(token, response);
        step.finish();
    }

    /// Answers an OffsetFetch request from what is committed. A group that is
    /// not there has no offsets; that is no error.
    pub fn offset_fetch(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        let group = self.consumer_groups.committed_group(&request.group_id);
        let checked = group.map_or(Ok(()), |group| {
            group.validate_offset_fetch(request.member_id.as_deref(), request.member_epoch)
        });
        match checked {
            Ok(()) => self.offsets.fetch(request),
            Err(error) => OffsetFetchResponse {
                error_code: error.error_code,
                partitions: Vec::new(),
                unstable: Vec::new(),
            },
        }
    }

    /// Answers a ListGroups request from what is committed.
    pub fn list_groups(&self, request: &ListGroupsRequest) -> Vec<ListedGroup> {
        let classic = self.groups.committed().into_values();
        let consumer_groups = self.consumer_groups.committed_groups().into_iter();
        let all = classic.map(ClassicGroup::listed);
        let all = all.chain(consumer_groups.map(|group| group.listed()));
        let share_groups = self.share_groups.committed().into_values();
        let all = all.chain(share_groups.map(ShareGroup::listed));
        all.filter(|group| request.takes(group)).collect()
    }

    /// Answers a DescribeGroups request from what is committed.
    pub fn describe_groups(&self, request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
        let describe = |group_id: &String| match self.groups.get_committed(group_id) {
            Some(group) => group.described(),
            None => describe::unknown(group_id),
        };
        DescribeGroupsResponse {
            groups: request.groups.iter().map(describe).collect(),
        }
    }

    /// Forgets the offsets committed for partitions that are deleted
    /// (`OffsetMetadataManager.onPartitionsDeleted`).
    pub fn delete_offsets(
        &mut self,
        now: Time,
        is_deleted: impl Fn(&TopicPartition) -> bool,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let Parts {
            offsets, mut step, ..
        } = self.parts(now, out);
        offsets.forget_partitions(&mut step, is_deleted);
        step.finish();
    }

    /// Runs every timer due at `now` or before, in order of time and then of
    /// being set. All of them run at `now`: call it at the next deadline. For a
    /// coordinator without a broker, whose writes are committed at once; they
    /// are returned.
    pub fn expire(
        &mut self,
        now: Time,
        out: &mut Vec<CoordinatorOutput>,
    ) -> Vec<runtime::CoordinatorRecord> {
        let mut written = Vec::new();
        while let Some((_, timer)) = self.timers.pop_until(now) {
            self.run_timer(now, &timer, out);
            written.extend(runtime::commit_at_once(self, now, out));
        }
        written
    }

    /// Runs this timer, if it is set, as if its time had come.
    pub fn expire_timer(&mut self, now: Time, timer: &Timer, out: &mut Vec<CoordinatorOutput>) {
        if self.timers.cancel(timer).is_some() {
            self.run_timer(now, timer, out);
        }
    }

    fn run_timer(&mut self, now: Time, timer: &Timer, out: &mut Vec<CoordinatorOutput>) {
        let Parts {
            groups,
            consumer_groups,
            share_groups,
            offsets,
            mut step,
            ..
        } = self.parts(now, out);
        if let Timer::Session { group, member_id } = timer
            && share_groups.get(group).is_some()
        {
            let cause = RemovalCause::SessionExpired;
            share_group::remove_member(share_groups, &mut step, (group, member_id), cause);
            return step.finish();
        }
        let group = timer.group().map(str::to_owned);
        let group = group.and_then(|name| groups.get_mut(&name));
        match (timer, group) {
            (Timer::Cleanup, _) => clean_up(groups, consumer_groups, offsets, &mut step),
            (Timer::Join { .. }, Some(group)) => group.expire_join(&mut step),
            (Timer::Sync { .. }, Some(group)) => group.expire_sync(&mut step),
            (Timer::Session { member_id, .. }, Some(group)) => {
                group.expire_session(&mut step, member_id);
            }
            (_, None) => {}
        }
        step.finish();
    }

    /// The timers that are set and when each is due. A member's session runs
    /// on, without effect, while a member of a generation waits for an answer.
    pub fn timers(&self) -> impl ExactSizeIterator<Item = (&Timer, Time)> {
        self.timers.iter()
    }

    /// When this timer is due, if it is set.
    pub fn deadline(&self, timer: &Timer) -> Option<Time> {
        self.timers.deadline(timer)
    }

    /// All groups, by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &ClassicGroup> {
        self.groups.current().values()
    }

    /// The group with this name.
    pub fn group(&self, name: &str) -> Option<&ClassicGroup> {
        self.groups.current().get(name)
    }

    /// The offset stored for each partition of a group, also when it is not
    /// committed yet.
    pub fn offsets(&self, group: &str) -> impl Iterator<Item = (&TopicPartition, &StoredOffset)> {
        self.offsets.of_group(group)
    }

    /// The offset stored for this partition.
    pub fn offset(&self, group: &str, partition: &TopicPartition) -> Option<&StoredOffset> {
        self.offsets.get(group, partition)
    }

    /// The offsets of a group that wait for the end of a transaction, with the
    /// id of its producer.
    pub fn pending_offsets(
        &self,
        group: &str,
    ) -> impl Iterator<Item = (i64, &TopicPartition, &StoredOffset)> {
        self.offsets.pending_of_group(group)
    }

    /// When the member, or the newcomer that was given this id, counts as dead
    /// unless it shows up before.
    pub fn session_deadline(&self, group: &str, member_id: &str) -> Option<Time> {
        self.deadline(&Timer::Session {
            group: group.to_owned(),
            member_id: member_id.to_owned(),
        })
    }

    /// Takes the coordinator apart to handle one request or timer.
    fn parts<'a>(&'a mut self, now: Time, out: &'a mut Vec<CoordinatorOutput>) -> Parts<'a> {
        self.last_write += 1;
        let timestamp_ms = self.epoch_ms + now.as_ms().cast_signed();
        let step = Step::new(
            now,
            timestamp_ms,
            self.last_write,
            &self.config,
            &mut self.timers,
            out,
        );
        Parts {
            groups: &mut self.groups,
            consumer_groups: &mut self.consumer_groups,
            share_groups: &mut self.share_groups,
            offsets: &mut self.offsets,
            random: &mut self.random,
            step,
        }
    }
}

impl runtime::CoordinatorRuntime<GroupCoordinator> {
    /// The shard that has this group, of whichever protocol.
    pub fn shard_of(&self, group: &str) -> Option<&GroupCoordinator> {
        let mut shards = self.active().map(|(_, _, shard)| shard);
        shards
            .find(|shard| shard.has_group(group) || shard.share_groups().any(|it| it.id() == group))
    }
}

/// A coordinator taken apart.
struct Parts<'a> {
    groups: &'a mut Groups,
    consumer_groups: &'a mut ConsumerGroups,
    share_groups: &'a mut ShareGroups,
    offsets: &'a mut OffsetStore,
    random: &'a mut Random,
    step: Step<'a>,
}

fn find_or_create<'a>(
    groups: &'a mut Groups,
    step: &mut Step,
    group_id: &str,
) -> &'a mut ClassicGroup {
    let name = group_id.to_owned();
    if groups.get(&name).is_none() {
        step.event(GroupEvent::GroupCreated {
            group: name.clone(),
        });
        schedule_clean_up(step);
        let group = ClassicGroup::new(group_id, step.timestamp_ms);
        groups.insert(step.write, name.clone(), group);
    }
    groups.get_mut(&name).expect("it was made")
}

/// Takes a group out for good; that is told when its tombstone is written.
fn delete(groups: &mut Groups, step: &mut Step, name: &str) {
    let name = name.to_owned();
    let Some(group) = groups.get(&name) else {
        return;
    };
    group.write_tombstone(step);
    step.timers.cancel_group(&name);
    groups.remove(step.write, &name);
    step.event_if_written(GroupEvent::GroupDeleted { group: name });
}

/// The cleanup runs at whole multiples of its interval, as if the coordinator
/// had been loaded when time began; and only while there are groups.
fn schedule_clean_up(step: &mut Step) {
    let interval_ms = step.config.offsets_retention_check_interval_ms.max(1);
    if step.timers.deadline(&Timer::Cleanup).is_none() {
        let rounds = step.now.as_ms() / interval_ms.unsigned_abs();
        let last = Time::from_ms(rounds * interval_ms.unsigned_abs());
        step.timers
            .schedule(last.plus_ms(interval_ms), Timer::Cleanup);
    }
}

/// Removes expired offsets, and the empty groups that have none left
/// (`GroupCoordinatorShard.cleanupGroupMetadata`).
fn clean_up(
    groups: &mut Groups,
    consumer_groups: &mut ConsumerGroups,
    offsets: &mut OffsetStore,
    step: &mut Step,
) {
    let classic = groups.current().keys().cloned();
    let modern = consumer_groups.groups().map(|group| group.id().to_owned());
    let names: Vec<String> = classic.chain(modern).collect();
    for name in names {
        let Some(group) = AnyGroup::find(groups, consumer_groups, &name) else {
            continue;
        };
        if offsets.expire(step, group) && group.is_empty() {
            delete(groups, step, &name);
            protocols::delete_consumer_group(consumer_groups, step, &name);
        }
    }
    if !groups.current().is_empty() || consumer_groups.groups().len() > 0 {
        schedule_clean_up(step);
    }
}

fn unknown_members(request: &LeaveGroupRequest) -> Vec<LeftMember> {
    let members = request.members.iter();
    members
        .map(|member| LeftMember {
            member_id: member.member_id.clone(),
            group_instance_id: member.group_instance_id.clone(),
            error_code: ErrorCode::UnknownMemberId,
        })
        .collect()
}
