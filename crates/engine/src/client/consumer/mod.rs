//! The consumer (`org.apache.kafka.clients.consumer.KafkaConsumer` with
//! `group.protocol=classic`): a member of a group that is given partitions,
//! reads them, and commits how far it has come.
//!
//! Its application polls all the time and is done with each record at once;
//! processing that takes time is not modelled yet.

mod config;
mod fetching;
mod isolation;
mod membership;
mod offsets;

pub use config::{AutoOffsetReset, ConsumerConfig};

use std::collections::BTreeMap;

use super::{ClientTimer, Connection};
use crate::event::EventKind;
use crate::protocol::{ErrorCode, JoinGroupResponse, Response, TopicName, TopicPartition};
use crate::sim::{Alarm, Fabric, Scheduled, Time, TimerHandle};

/// How far a consumer has come in entering its group's present generation
/// (`AbstractCoordinator.MemberState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Membership {
    /// It is no member, and has not asked to be one.
    Unjoined,
    /// It was told to rejoin, and commits before it gives up its partitions.
    PreparingRebalance,
    /// It sent JoinGroup and waits until all others have.
    Joining,
    /// It sent SyncGroup and waits for its part of the assignment.
    CompletingRebalance,
    /// It has its part.
    Stable,
    /// It leaves the group.
    Leaving,
}

/// A partition that is assigned to a consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AssignedPartition {
    /// The offset of the next record it reads; `None` until it knows where to
    /// begin.
    pub position: Option<i64>,
    /// What its group has committed, as far as it knows.
    pub committed: Option<i64>,
    /// The position it had, when that turned out to lie outside the log.
    pub out_of_range: Option<i64>,
    /// Whether the coordinator has told what is committed, if anything is.
    knows_committed: bool,
    /// Its leader is not asked before this instant (`retry.backoff.ms`).
    not_before: Time,
}

/// How long `close()` takes at most, in milliseconds
/// (`KafkaConsumer.DEFAULT_CLOSE_TIMEOUT_MS`).
const CLOSE_TIMEOUT_MS: i64 = 30_000;

/// Why a request was sent, by its correlation id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Pending {
    FindCoordinator,
    Join,
    Sync,
    Heartbeat,
    Leave,
    Commit {
        commit: offsets::Commit,
        offsets: Vec<(TopicPartition, i64)>,
    },
    OffsetFetch {
        generation: i32,
    },
    ListOffsets {
        generation: i32,
        partitions: Vec<TopicPartition>,
    },
    Fetch {
        broker: i32,
        generation: i32,
    },
}

/// A consumer.
#[derive(Clone, Debug, Hash)]
pub struct Consumer {
    /// Its name and its view of the cluster.
    pub connection: Connection,
    /// Its settings.
    pub config: ConsumerConfig,
    subscription: Vec<TopicName>,
    membership: Membership,
    coordinator: Option<i32>,
    member_id: String,
    generation: i32,
    /// As the leader: how many partitions each topic had when it computed the
    /// assignment.
    assigned_from: Option<BTreeMap<TopicName, usize>>,
    /// As the leader: the members whose assignment waits for metadata.
    assigning: Option<JoinGroupResponse>,
    assignment: BTreeMap<TopicPartition, AssignedPartition>,
    pending: BTreeMap<i32, Pending>,
    heartbeat_timer: Option<TimerHandle>,
    /// It is time for a heartbeat, as soon as the coordinator can be asked.
    heartbeat_is_due: bool,
    auto_commit_timer: Option<TimerHandle>,
    /// The coordinator is not looked for or asked again before this instant
    /// (`retry.backoff.ms`).
    retry_at: Time,
    failures: u32,
    alarm: Alarm,
    records_read: u64,
    closing: bool,
    /// When `close()` gives up.
    close_by: Time,
    /// It closes, and has not committed yet how far it has come.
    last_commit_is_due: bool,
    closed: bool,
}

impl Consumer {
    pub(crate) fn new(
        connection: Connection,
        config: ConsumerConfig,
        topics: Vec<TopicName>,
    ) -> Consumer {
        Consumer {
            connection,
            config,
            subscription: topics,
            membership: Membership::Unjoined,
            coordinator: None,
            member_id: String::new(),
            generation: -1,
            assigned_from: None,
            assigning: None,
            assignment: BTreeMap::new(),
            pending: BTreeMap::new(),
            heartbeat_timer: None,
            heartbeat_is_due: false,
            auto_commit_timer: None,
            retry_at: Time::ZERO,
            failures: 0,
            alarm: Alarm::default(),
            records_read: 0,
            closing: false,
            close_by: Time::ZERO,
            last_commit_is_due: false,
            closed: false,
        }
    }

    /// The topics it subscribes to.
    pub fn subscription(&self) -> &[TopicName] {
        &self.subscription
    }

    /// How far it has come in entering its group.
    pub fn membership(&self) -> Membership {
        self.membership
    }

    /// The id the coordinator gave it; empty before.
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// The broker that coordinates its group, as far as it knows.
    pub fn coordinator(&self) -> Option<i32> {
        self.coordinator
    }

    /// The generation it is in, -1 when in none.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// The partitions assigned to it, with its position in each.
    pub fn assignment(&self) -> &BTreeMap<TopicPartition, AssignedPartition> {
        &self.assignment
    }

    /// How many records it has read in all.
    pub fn records_read(&self) -> u64 {
        self.records_read
    }

    /// Whether `close()` was called.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        for topic in self.subscription.clone() {
            self.connection.metadata.want(&topic);
        }
        self.connection.metadata.request_update_now();
        self.go_on(fabric);
    }

    pub(crate) fn close(&mut self, fabric: &mut Fabric) {
        if self.closing {
            return;
        }
        self.closing = true;
        self.close_by = fabric.now.plus_ms(CLOSE_TIMEOUT_MS);
        self.last_commit_is_due = matches!(
            self.membership,
            Membership::Stable | Membership::PreparingRebalance
        );
        self.go_on(fabric);
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        match timer {
            ClientTimer::Heartbeat => {
                self.heartbeat_timer = None;
                self.heartbeat_is_due = true;
            }
            ClientTimer::AutoCommit => self.auto_commit(fabric),
            ClientTimer::ConsumerRetry => self.alarm.went_off(),
            _ => {}
        }
        self.go_on(fabric);
    }

    /// Does all that can be done now, as each turn of `poll()` does.
    fn go_on(&mut self, fabric: &mut Fabric) {
        match self.closing {
            true => self.go_on_closing(fabric),
            false => self.go_on_reading(fabric),
        }
        if self.closed {
            return;
        }
        self.set_alarm(fabric);
        self.connection.go_on(fabric);
    }

    fn go_on_reading(&mut self, fabric: &mut Fabric) {
        self.find_coordinator(fabric);
        self.send_heartbeat(fabric);
        match self.membership {
            Membership::Unjoined => self.join(fabric),
            Membership::PreparingRebalance => self.commit_and_join(fabric),
            Membership::Stable => {
                self.fetch_committed(fabric);
                self.find_positions(fabric);
                self.fetch(fabric);
            }
            _ => {}
        }
    }

    /// Commits, leaves, and is gone; at the latest when `close()` gives up.
    fn go_on_closing(&mut self, fabric: &mut Fabric) {
        if self.closed {
            return;
        }
        if self.close_by <= fabric.now {
            return self.end(fabric);
        }
        if self.membership == Membership::Leaving {
            return;
        }
        if self.last_commit_is_due && self.has_positions_to_commit() {
            self.find_coordinator(fabric);
            if !self.is_committing() && self.may_ask_coordinator(fabric.now) {
                self.commit_positions(fabric, offsets::Commit::BeforeLeaving);
            }
        } else {
            self.leave(fabric);
        }
    }

    /// It is gone.
    fn end(&mut self, fabric: &mut Fabric) {
        self.stop_heartbeats(fabric);
        self.revoke(fabric);
        self.closed = true;
    }

    /// Wakes it when the first thing that waits for its time may be done.
    fn set_alarm(&mut self, fabric: &mut Fabric) {
        let close_by = self.closing.then_some(self.close_by);
        let partitions = self.assignment.values();
        let retries = partitions.map(|assigned| assigned.not_before);
        let times = retries.chain([self.retry_at]).chain(close_by);
        let next = times.filter(|at| *at > fabric.now).min();
        let number = self.connection.number;
        let scheduled = Scheduled::ClientTimer(number, ClientTimer::ConsumerRetry);
        self.alarm.set(fabric, next, scheduled);
    }

    pub(crate) fn on_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: Response,
    ) {
        if let Response::Metadata(response) = response {
            let answer = self
                .connection
                .on_metadata(fabric, correlation_id, response);
            if answer.is_some() {
                self.on_new_metadata(fabric);
            }
        } else if let Some(pending) = self.pending.remove(&correlation_id) {
            self.on_answer(fabric, pending, response);
        }
        self.go_on(fabric);
    }

    fn on_answer(&mut self, fabric: &mut Fabric, pending: Pending, response: Response) {
        match (pending, response) {
            (_, Response::FindCoordinator(response)) => self.on_coordinator(fabric, response),
            (_, Response::JoinGroup(response)) => self.on_joined(fabric, response),
            (_, Response::SyncGroup(response)) => self.on_synced(fabric, response),
            (_, Response::Heartbeat(response)) => self.on_heartbeat(fabric, response),
            (Pending::Leave, _) => self.end(fabric),
            (Pending::Commit { commit, offsets }, Response::OffsetCommit(response)) => {
                self.note_committed(offsets, &response);
                let errors = response.partitions.iter().map(|(_, error)| *error);
                let error = errors.into_iter().find(|error| !error.is_none());
                self.on_committed(fabric, commit, error);
            }
            (Pending::OffsetFetch { generation }, Response::OffsetFetch(response)) => {
                self.on_committed_offsets(fabric, generation, response);
            }
            (Pending::ListOffsets { generation, .. }, Response::ListOffsets(response)) => {
                self.on_listed_offsets(fabric, generation, response);
            }
            (Pending::Fetch { generation, .. }, Response::Fetch(response)) => {
                self.on_fetched(fabric, generation, response);
            }
            _ => {}
        }
    }

    /// Ends the consumer with an exception that its application does not
    /// survive.
    fn fail(&mut self, fabric: &mut Fabric, exception: &str, message: String) {
        fabric.emit(EventKind::ConsumerFailed {
            consumer: self.connection.number,
            exception: exception.to_owned(),
            message,
        });
        self.closing = true;
        self.closed = true;
    }

    /// These requests will not be answered.
    pub(crate) fn on_disconnect(&mut self, fabric: &mut Fabric, lost: &[i32]) {
        for correlation_id in lost {
            if let Some(pending) = self.pending.remove(correlation_id) {
                self.on_lost(fabric, pending);
            }
        }
        let coordinator = self.coordinator;
        let is_gone = |broker| !self.connection.is_ready(fabric.now, broker);
        if coordinator.is_some_and(is_gone) {
            self.coordinator = None;
        }
        self.go_on(fabric);
    }

    fn on_lost(&mut self, fabric: &mut Fabric, pending: Pending) {
        match pending {
            Pending::FindCoordinator => self.back_off(fabric),
            Pending::Join | Pending::Sync => {
                self.on_group_error(fabric, ErrorCode::NetworkException);
            }
            Pending::Heartbeat => self.coordinator = None,
            Pending::OffsetFetch { .. } => self.lose_coordinator(fabric),
            Pending::Commit { commit, .. } => {
                self.on_committed(fabric, commit, Some(ErrorCode::NetworkException));
            }
            Pending::Leave => self.end(fabric),
            // Fresh metadata has been asked for, and the position stays.
            Pending::ListOffsets { .. } | Pending::Fetch { .. } => {}
        }
    }

    /// The coordinator is to be found anew, after `retry.backoff.ms`.
    fn lose_coordinator(&mut self, fabric: &mut Fabric) {
        self.coordinator = None;
        self.back_off(fabric);
    }

    fn back_off(&mut self, fabric: &mut Fabric) {
        let wait_us = self.connection.backoff_us(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = fabric.now.plus_us(wait_us);
    }

    /// The coordinator, if it is known and its connection does not back off.
    fn ready_coordinator(&self, now: Time) -> Option<i32> {
        let is_ready = |broker: &i32| self.connection.is_ready(now, *broker);
        self.coordinator.filter(is_ready)
    }

    fn may_ask_coordinator(&self, now: Time) -> bool {
        self.retry_at <= now && self.ready_coordinator(now).is_some()
    }
}
