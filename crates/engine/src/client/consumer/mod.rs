//! The consumer (`org.apache.kafka.clients.consumer.KafkaConsumer` with
//! `group.protocol=classic`): a member of a group that is given partitions,
//! reads them, and commits how far it has come.
//!
//! Its application polls all the time and is done with each record at once;
//! processing that takes time is not modelled yet.

mod fetching;
mod membership;
mod offsets;

use std::collections::BTreeMap;

use super::{ClientTimer, Connection, ConsumerConfig};
use crate::event::EventKind;
use crate::protocol::{JoinGroupResponse, Response, TopicName, TopicPartition};
use crate::sim::{Fabric, TimerHandle};

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
}

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
    auto_commit_timer: Option<TimerHandle>,
    retry_timer: Option<TimerHandle>,
    failures: u32,
    records_read: u64,
    closing: bool,
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
            auto_commit_timer: None,
            retry_timer: None,
            failures: 0,
            records_read: 0,
            closing: false,
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
        self.connection.update_metadata(fabric);
    }

    pub(crate) fn close(&mut self, fabric: &mut Fabric) {
        if self.closing {
            return;
        }
        self.closing = true;
        let in_generation = matches!(
            self.membership,
            Membership::Stable | Membership::PreparingRebalance
        );
        self.stop_retrying(fabric);
        if in_generation && self.commit_positions(fabric, offsets::Commit::BeforeLeaving) {
            return;
        }
        self.leave(fabric);
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        match timer {
            ClientTimer::MetadataRetry => self.connection.on_metadata_retry(fabric),
            ClientTimer::MetadataExpiry => self.connection.on_metadata_expiry(fabric),
            ClientTimer::Heartbeat => self.send_heartbeat(fabric),
            ClientTimer::AutoCommit => self.auto_commit(fabric),
            ClientTimer::ConsumerRetry => self.retry(fabric),
            _ => {}
        }
    }

    pub(crate) fn on_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: Response,
    ) {
        if let Response::Metadata(response) = response {
            self.connection
                .on_metadata(fabric, correlation_id, response);
            return self.on_new_metadata(fabric);
        }
        let Some(pending) = self.pending.remove(&correlation_id) else {
            return;
        };
        match (pending, response) {
            (_, Response::FindCoordinator(response)) => self.on_coordinator(fabric, response),
            (_, Response::JoinGroup(response)) => self.on_joined(fabric, response),
            (_, Response::SyncGroup(response)) => self.on_synced(fabric, response),
            (_, Response::Heartbeat(response)) => self.on_heartbeat(fabric, response),
            (Pending::Leave, _) => self.closed = true,
            (Pending::Commit { commit, offsets }, Response::OffsetCommit(response)) => {
                self.note_committed(offsets, &response);
                self.on_committed(fabric, commit, response);
            }
            (Pending::OffsetFetch { generation }, Response::OffsetFetch(response)) => {
                self.on_committed_offsets(fabric, generation, response);
            }
            (Pending::ListOffsets { generation }, Response::ListOffsets(response)) => {
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

    /// Tries later again what [`Consumer::retry`] finds missing.
    fn retry_later(&mut self, fabric: &mut Fabric) {
        if self.retry_timer.is_some() {
            return;
        }
        let at = fabric
            .now
            .plus_us(self.connection.backoff_us(self.failures));
        self.failures += 1;
        let number = self.connection.number;
        self.retry_timer = Some(fabric.client_timer(at, number, ClientTimer::ConsumerRetry));
    }

    fn stop_retrying(&mut self, fabric: &mut Fabric) {
        if let Some(timer) = self.retry_timer.take() {
            fabric.queue.cancel(timer);
        }
    }

    fn retry(&mut self, fabric: &mut Fabric) {
        self.retry_timer = None;
        if self.closing {
            return;
        }
        match self.membership {
            Membership::Unjoined if self.coordinator.is_none() => self.find_coordinator(fabric),
            Membership::Unjoined => self.join(fabric),
            Membership::Stable => {
                self.find_positions(fabric);
                self.fetch(fabric);
            }
            _ => {}
        }
    }
}
