//! The group coordinator: the classic group protocol (JoinGroup, SyncGroup,
//! Heartbeat, LeaveGroup) and the offsets that groups commit.
//!
//! [`GroupCoordinator`] is a state machine without a network. A broker feeds it
//! the requests that arrive and the passing of time; it hands back answers and
//! what happened. An answer may come much later than its request: a JoinGroup
//! is answered when the rebalance is over, a follower's SyncGroup when the
//! leader has handed in the assignment. A [`RequestToken`] says which is which.
//!
//! The rules are those of Kafka 4.0's `GroupMetadataManager`, `ClassicGroup`
//! and `OffsetMetadataManager`. What Kafka writes to `__consumer_offsets` counts
//! as written at once.

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
mod rebalance;
pub mod record;
pub mod runtime;
mod session;
mod static_member;
mod step;
mod storage;
mod sync;
mod timers;

#[cfg(test)]
mod tests;

pub use config::GroupCoordinatorConfig;
pub use event::{CoordinatorOutput, GroupEvent, OffsetRemovalCause, RemovalCause, RequestToken};
pub use group::{ClassicGroup, GroupState};
pub use member::Member;
pub use storage::{StoredGroup, partition_for};
pub use timers::Timer;

use std::collections::BTreeMap;

use crate::protocol::{
    CommittedOffset, DescribeGroupsRequest, DescribeGroupsResponse, ErrorCode, HeartbeatRequest,
    HeartbeatResponse, JoinGroupRequest, LeaveGroupRequest, LeaveGroupResponse, LeftMember,
    ListGroupsRequest, ListGroupsResponse, OffsetCommitRequest, OffsetCommitResponse,
    OffsetFetchRequest, OffsetFetchResponse, Response, SyncGroupRequest, TopicPartition,
};
use crate::sim::{Random, Stream, Time};
use join::JoinCall;
use step::Step;
use timers::Timers;

/// An offset in a group's store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredOffset {
    /// What was committed.
    pub committed: CommittedOffset,
    /// When.
    pub at: Time,
}

/// Coordinates groups, as one broker does.
#[derive(Clone, Debug, Hash)]
pub struct GroupCoordinator {
    config: GroupCoordinatorConfig,
    random: Random,
    groups: BTreeMap<String, ClassicGroup>,
    timers: Timers,
}

impl GroupCoordinator {
    /// A coordinator without groups; `seed` decides the uuids in member ids.
    pub fn new(config: GroupCoordinatorConfig, seed: u64) -> GroupCoordinator {
        GroupCoordinator {
            config,
            random: Random::new(seed, Stream::MemberId),
            groups: BTreeMap::new(),
            timers: Timers::default(),
        }
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
        let mut step = Step {
            now,
            config: &self.config,
            timers: &mut self.timers,
            out,
        };
        let group_id = request.group_id.clone();
        let member_id = request.member_id.clone();
        let sessions = self.config.min_session_timeout_ms..=self.config.max_session_timeout_ms;
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
        } else if !member_id.is_empty() && !self.groups.contains_key(&group_id) {
            call.refuse(&mut step, ErrorCode::UnknownMemberId, &member_id);
        } else {
            let group = find_or_create(&mut self.groups, &mut step, &group_id);
            if group.record.is_none() {
                group.write_record();
            }
            group.join(&mut step, call, &mut self.random);
        }
    }

    /// Handles a SyncGroup request. It is answered at once or when the leader
    /// has handed in the assignment.
    pub fn sync_group(
        &mut self,
        now: Time,
        token: RequestToken,
        request: SyncGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let (groups, mut step) = self.step(now, out);
        match groups.get_mut(&request.group_id) {
            _ if request.group_id.is_empty() => {
                sync::refuse(&mut step, token, ErrorCode::InvalidGroupId);
            }
            Some(group) => group.sync(&mut step, token, request),
            None => sync::refuse(&mut step, token, ErrorCode::UnknownMemberId),
        }
    }

    /// Handles a Heartbeat request; it is answered at once.
    pub fn heartbeat(
        &mut self,
        now: Time,
        token: RequestToken,
        request: HeartbeatRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let (groups, mut step) = self.step(now, out);
        let result = match groups.get(&request.group_id) {
            Some(group) => group.heartbeat(&mut step, &request),
            None => Err(ErrorCode::UnknownMemberId),
        };
        let error_code = result.err().unwrap_or(ErrorCode::None);
        step.respond(token, Response::Heartbeat(HeartbeatResponse { error_code }));
    }

    /// Handles a LeaveGroup request; it is answered at once.
    pub fn leave_group(
        &mut self,
        now: Time,
        token: RequestToken,
        request: LeaveGroupRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let (groups, mut step) = self.step(now, out);
        let members = match groups.get_mut(&request.group_id) {
            Some(group) => group.leave(&mut step, &request.members),
            None => unknown_members(&request),
        };
        let response = LeaveGroupResponse {
            error_code: ErrorCode::None,
            members,
        };
        step.respond(token, Response::LeaveGroup(response));
    }

    /// Handles an OffsetCommit request; it is answered at once. Whether the
    /// topics exist is for the broker to check before.
    ///
    /// A commit from outside any generation makes the group if need be.
    pub fn offset_commit(
        &mut self,
        now: Time,
        token: RequestToken,
        request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let (groups, mut step) = self.step(now, out);
        let is_known = groups.contains_key(&request.group_id);
        let partitions = if is_known || request.generation_id < 0 {
            find_or_create(groups, &mut step, &request.group_id).commit(&mut step, request)
        } else {
            offsets::refuse_all(&request, ErrorCode::GroupIdNotFound)
        };
        let response = OffsetCommitResponse { partitions };
        step.respond(token, Response::OffsetCommit(response));
    }

    /// Answers an OffsetFetch request. A group that is not there has no
    /// offsets; that is no error.
    pub fn offset_fetch(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        if let Some(group) = self.groups.get(&request.group_id) {
            return group.fetch_offsets(request);
        }
        let partitions = request.partitions.iter().flatten();
        OffsetFetchResponse {
            error_code: ErrorCode::None,
            partitions: partitions
                .map(|partition| (partition.clone(), None))
                .collect(),
        }
    }

    /// Answers a ListGroups request.
    pub fn list_groups(&self, _request: &ListGroupsRequest) -> ListGroupsResponse {
        ListGroupsResponse {
            groups: self.groups.values().map(ClassicGroup::listed).collect(),
        }
    }

    /// Answers a DescribeGroups request.
    pub fn describe_groups(&self, request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
        let describe = |group_id: &String| match self.groups.get(group_id) {
            Some(group) => group.described(),
            None => describe::unknown(group_id),
        };
        DescribeGroupsResponse {
            groups: request.groups.iter().map(describe).collect(),
        }
    }

    /// Forgets the offsets committed for these partitions, which are deleted
    /// (`OffsetMetadataManager.onPartitionsDeleted`).
    pub fn delete_offsets(
        &mut self,
        now: Time,
        partitions: &[TopicPartition],
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let (groups, mut step) = self.step(now, out);
        for group in groups.values_mut() {
            group.remove_offsets(
                &mut step,
                OffsetRemovalCause::TopicDeleted,
                |partition, _| partitions.contains(partition),
            );
        }
    }

    /// What `__consumer_offsets` holds of this coordinator's groups, by name:
    /// all that is left of them when the broker dies.
    pub fn stored_groups(&self) -> impl ExactSizeIterator<Item = StoredGroup> {
        self.groups.values().map(ClassicGroup::stored)
    }

    /// Takes over a group that another broker coordinated. Its members are
    /// those of the last assignment, and have a whole session to show up in.
    pub fn load(&mut self, now: Time, stored: StoredGroup, out: &mut Vec<CoordinatorOutput>) {
        let (groups, mut step) = self.step(now, out);
        schedule_clean_up(&mut step);
        let mut group = ClassicGroup::from_stored(stored, now);
        group.on_loaded(&mut step);
        groups.insert(group.name.clone(), group);
    }

    /// Gives a group up; whoever waits for an answer gets `NOT_COORDINATOR`.
    /// What the next coordinator loads is returned; `None` when there is no such
    /// group.
    pub fn unload(
        &mut self,
        now: Time,
        group: &str,
        out: &mut Vec<CoordinatorOutput>,
    ) -> Option<StoredGroup> {
        let (groups, mut step) = self.step(now, out);
        let mut group = groups.remove(group)?;
        group.on_unloaded(&mut step);
        if groups.is_empty() {
            step.timers.cancel(&Timer::Cleanup);
        }
        Some(group.stored())
    }

    /// When the next timer is due.
    pub fn next_deadline(&self) -> Option<Time> {
        self.timers.next()
    }

    /// Runs every timer due at `now` or before, in order of time and then of
    /// being set. All of them run at `now`: call it at
    /// [`next_deadline`](Self::next_deadline).
    pub fn expire(&mut self, now: Time, out: &mut Vec<CoordinatorOutput>) {
        while self.expire_next(now, out).is_some() {}
    }

    /// Runs the first timer due at `now` or before, and tells which it was.
    pub fn expire_next(&mut self, now: Time, out: &mut Vec<CoordinatorOutput>) -> Option<Timer> {
        let (_, timer) = self.timers.pop_until(now)?;
        self.run_timer(now, &timer, out);
        Some(timer)
    }

    /// Runs this timer, if it is set, as if its time had come.
    pub fn expire_timer(&mut self, now: Time, timer: &Timer, out: &mut Vec<CoordinatorOutput>) {
        if self.timers.cancel(timer).is_some() {
            self.run_timer(now, timer, out);
        }
    }

    fn run_timer(&mut self, now: Time, timer: &Timer, out: &mut Vec<CoordinatorOutput>) {
        let (groups, mut step) = self.step(now, out);
        match timer {
            Timer::Cleanup => clean_up(groups, &mut step),
            Timer::Join { group } => {
                if let Some(group) = groups.get_mut(group) {
                    group.expire_join(&mut step);
                }
            }
            Timer::Sync { group } => {
                if let Some(group) = groups.get_mut(group) {
                    group.expire_sync(&mut step);
                }
            }
            Timer::Session { group, member_id } => {
                if let Some(group) = groups.get_mut(group) {
                    group.expire_session(&mut step, member_id);
                }
            }
        }
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
        self.groups.values()
    }

    /// The group with this name.
    pub fn group(&self, name: &str) -> Option<&ClassicGroup> {
        self.groups.get(name)
    }

    /// When the member, or the newcomer that was given this id, counts as dead
    /// unless it shows up before.
    pub fn session_deadline(&self, group: &str, member_id: &str) -> Option<Time> {
        self.deadline(&Timer::Session {
            group: group.to_owned(),
            member_id: member_id.to_owned(),
        })
    }

    fn step<'a>(
        &'a mut self,
        now: Time,
        out: &'a mut Vec<CoordinatorOutput>,
    ) -> (&'a mut BTreeMap<String, ClassicGroup>, Step<'a>) {
        let step = Step {
            now,
            config: &self.config,
            timers: &mut self.timers,
            out,
        };
        (&mut self.groups, step)
    }
}

fn find_or_create<'a>(
    groups: &'a mut BTreeMap<String, ClassicGroup>,
    step: &mut Step,
    group_id: &str,
) -> &'a mut ClassicGroup {
    if !groups.contains_key(group_id) {
        step.event(GroupEvent::GroupCreated {
            group: group_id.to_owned(),
        });
        schedule_clean_up(step);
    }
    groups
        .entry(group_id.to_owned())
        .or_insert_with(|| ClassicGroup::new(group_id, step.now))
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

/// Removes expired offsets, then the empty groups that have none
/// (`GroupCoordinatorShard.cleanupGroupMetadata`).
fn clean_up(groups: &mut BTreeMap<String, ClassicGroup>, step: &mut Step) {
    for group in groups.values_mut() {
        group.expire_offsets(step);
        if group.state == GroupState::Empty && group.offsets.is_empty() {
            group.transition_to(step, GroupState::Dead, "it was empty and stored no offsets");
            step.event(GroupEvent::GroupDeleted {
                group: group.name.clone(),
            });
        }
    }
    groups.retain(|_, group| group.state != GroupState::Dead);
    if !groups.is_empty() {
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
