//! The consumer (`org.apache.kafka.clients.consumer.KafkaConsumer`): it is given partitions, by its group or by hand,
//! reads them, and commits how far it has come; and the application around it,
//! which polls, processes and polls again.

mod answers;
mod application;
mod assigned;
mod config;
mod event;
mod fetched;
mod fetching;
mod isolation;
mod membership;
mod offsets;
mod positions;
mod processed;
mod strategy;
mod subscription;

#[cfg(test)]
mod tests;

pub use application::{CommitEach, CommitWhen, ManualCommit, Processing};
pub use assigned::AssignedPartition;
pub use config::{AutoOffsetReset, ConsumerConfig, GroupProtocol};
pub use event::ConsumerEvent;
pub use membership::{ConsumerMemberState, Membership};
pub use positions::SeekTo;
pub use processed::OffsetCounts;
pub use subscription::SubscriptionType;

use crate::collections::BTreeMap;
use std::collections::VecDeque;

use self::answers::Pending;
use self::application::Application;
use self::fetched::CompletedFetch;
use self::membership::{ClassicMember, ConsumerMember};
use super::{ClientTimer, Connection, FetchSessionHandler};
use crate::config::consumer;
use crate::event::EventKind;
use crate::protocol::{Response, TopicName, TopicPartition};
use crate::sim::{Alarm, Fabric, Scheduled, Time};

/// How long `close()` takes at most, in milliseconds
/// (`KafkaConsumer.DEFAULT_CLOSE_TIMEOUT_MS`).
const CLOSE_TIMEOUT_MS: i64 = 30_000;

/// A consumer.
#[derive(Clone, Debug, Hash)]
pub struct Consumer {
    /// Its name and its view of the cluster.
    pub connection: Connection,
    /// Its settings.
    pub config: ConsumerConfig,
    subscription_type: SubscriptionType,
    subscription: Vec<TopicName>,
    /// What it knows of its membership.
    group: Box<ClassicMember>,
    /// The same with `group.protocol=consumer`.
    member: Option<Box<ConsumerMember>>,
    /// The generation, or with KIP-848 the member epoch, that it was in last, and
    /// its member id there.
    last_generation: Option<(i32, String)>,
    assignment: BTreeMap<TopicPartition, AssignedPartition>,
    /// The fetch sessions with brokers, by their `node.id`s (KIP-227).
    sessions: BTreeMap<i32, FetchSessionHandler>,
    pending: BTreeMap<i32, Pending>,
    /// What came while the application did not poll, and is for `poll()`.
    deferred: VecDeque<(Pending, Response)>,
    completed_fetches: VecDeque<CompletedFetch>,
    application: Application,
    processed: BTreeMap<TopicPartition, OffsetCounts>,
    /// Counts the polls that gave records, for whose turn it is.
    next_turn: u64,
    /// When it commits next (`auto.commit.interval.ms`).
    auto_commit_at: Option<Time>,
    /// The coordinator is not looked for or asked again before this instant
    /// (`retry.backoff.ms`).
    retry_at: Time,
    failures: u32,
    alarm: Alarm,
    records_read: u64,
    closing: bool,
    /// It has left its group, and closes its fetch sessions.
    closes_sessions: bool,
    /// When `close()` gives up.
    close_by: Time,
    /// It closes, and has not committed yet how far it has come.
    last_commit_is_due: bool,
    closed: bool,
}

impl Consumer {
    pub(crate) fn new(
        mut connection: Connection,
        config: ConsumerConfig,
        topics: Vec<TopicName>,
    ) -> Consumer {
        connection.configure(config.backoffs, &config.given);
        let subscription_type = match topics.is_empty() {
            true => SubscriptionType::None,
            false => SubscriptionType::Topics(topics),
        };
        let is_modern = config.group_protocol == GroupProtocol::Consumer;
        let member = is_modern.then(Box::default);
        Consumer {
            connection,
            config,
            subscription_type,
            subscription: Vec::new(),
            group: Box::default(),
            member,
            last_generation: None,
            assignment: BTreeMap::new(),
            sessions: BTreeMap::new(),
            pending: BTreeMap::new(),
            deferred: VecDeque::new(),
            completed_fetches: VecDeque::new(),
            application: Application::default(),
            processed: BTreeMap::new(),
            next_turn: 0,
            auto_commit_at: None,
            retry_at: Time::ZERO,
            failures: 0,
            alarm: Alarm::default(),
            records_read: 0,
            closing: false,
            closes_sessions: false,
            close_by: Time::ZERO,
            last_commit_is_due: false,
            closed: false,
        }
    }

    /// Its fetch session with a broker; `None` when it has not fetched there.
    pub fn fetch_session(&self, broker: i32) -> Option<&FetchSessionHandler> {
        self.sessions.get(&broker)
    }

    /// How it comes by its partitions.
    pub fn subscription_type(&self) -> &SubscriptionType {
        &self.subscription_type
    }

    /// The topics it subscribes to, in order; with a pattern those that match
    /// now. None when its partitions are assigned by hand.
    pub fn subscription(&self) -> &[TopicName] {
        &self.subscription
    }

    /// The partitions assigned to it, with its position in each.
    pub fn assignment(&self) -> &BTreeMap<TopicPartition, AssignedPartition> {
        &self.assignment
    }

    /// How many records it has read in all.
    pub fn records_read(&self) -> u64 {
        self.records_read
    }

    /// How many records it was sent that `poll()` has not returned yet, at
    /// most: those before its position are not counted off.
    pub fn records_buffered(&self) -> u64 {
        let buffered = self.completed_fetches.iter();
        buffered.map(CompletedFetch::records).sum()
    }

    /// What its application has processed in each partition, and how often.
    pub fn processed(&self) -> &BTreeMap<TopicPartition, OffsetCounts> {
        &self.processed
    }

    /// When it commits next by itself (`auto.commit.interval.ms`).
    pub fn auto_commit_due(&self) -> Option<Time> {
        self.auto_commit_at
    }

    /// Whether `close()` was called.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        let (section, given) = (&consumer::CONFIG, &self.config.given);
        self.connection.warn(fabric, section, given);
        if let SubscriptionType::Topics(topics) = &self.subscription_type {
            self.want_topics(topics.clone());
        }
        self.connection.metadata.request_update_now();
        self.go_on(fabric);
    }

    /// Its application gives up what it has not processed, as
    /// `kafka-console-consumer` does, and closes it.
    pub(crate) fn close(&mut self, fabric: &mut Fabric) {
        self.begin_closing(fabric);
        self.go_on(fabric);
    }

    fn begin_closing(&mut self, fabric: &mut Fabric) {
        if self.closing {
            return;
        }
        self.closing = true;
        self.close_by = fabric.now.plus_ms(CLOSE_TIMEOUT_MS);
        self.put_back_unprocessed();
        self.last_commit_is_due = self.may_commit();
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        if timer == ClientTimer::Consumer {
            self.alarm.went_off();
        }
        self.go_on(fabric);
    }

    /// Does all that can be done now: what the heartbeat thread does, what the
    /// application does, and, while that is in `poll()`, what `poll()` does.
    fn go_on(&mut self, fabric: &mut Fabric) {
        if !self.closing {
            self.run_heartbeat_thread(fabric);
            self.work(fabric);
        }
        if !self.closing && self.application.is_polling() {
            self.poll(fabric);
        }
        if self.closing {
            self.go_on_closing(fabric);
        }
        if self.closed {
            return;
        }
        self.set_alarm(fabric);
        self.connection.go_on(fabric);
    }

    /// A call of `poll()`, and more of them as long as the application needs
    /// no time for what they return.
    fn poll(&mut self, fabric: &mut Fabric) {
        while let Some((pending, response)) = self.deferred.pop_front() {
            self.on_answer(fabric, pending, response);
        }
        self.find_coordinator(fabric);
        self.poll_group(fabric);
        self.maybe_auto_commit(fabric);
        self.fetch_committed(fabric);
        self.validate_positions(fabric);
        self.find_positions(fabric);
        while !self.closing && self.application.is_polling() && self.collect(fabric) {
            self.work(fabric);
        }
        if !self.closing {
            self.fetch(fabric);
        }
    }

    /// Commits, leaves, closes its fetch sessions, and is gone; at the latest when `close()` gives up.
    fn go_on_closing(&mut self, fabric: &mut Fabric) {
        if self.closed {
            return;
        }
        if self.close_by <= fabric.now {
            return self.end(fabric);
        }
        if self.closes_sessions || self.membership() == Membership::Leaving {
            return;
        }
        let commits = self.last_commit_is_due && self.may_commit();
        if commits && self.has_positions_to_commit() {
            self.find_coordinator(fabric);
            if !self.is_committing() && self.may_ask_coordinator(fabric.now) {
                self.commit_positions(fabric, offsets::Commit::BeforeLeaving);
            }
        } else {
            self.leave(fabric);
        }
    }

    /// Tells every broker that it has fetched from, if it can be asked, that it
    /// will not go on there (`AbstractFetch.prepareCloseFetchSessionRequests`).
    fn close_fetch_sessions(&mut self, fabric: &mut Fabric) {
        self.closes_sessions = true;
        // Nobody waits for these answers any more.
        self.pending.clear();
        for (broker, mut session) in std::mem::take(&mut self.sessions) {
            let is_known = self.connection.metadata.brokers().contains(&broker);
            if is_known && self.connection.is_ready(fabric.now, broker) {
                session.notify_close();
                let request = self.fetch_request(session.build(Vec::new()));
                self.ask(fabric, broker, request, Pending::CloseFetchSession);
            }
        }
        self.end_when_sessions_are_closed(fabric);
    }

    fn end_when_sessions_are_closed(&mut self, fabric: &mut Fabric) {
        if self.pending.is_empty() {
            self.end(fabric);
        }
    }

    /// It is gone.
    fn end(&mut self, fabric: &mut Fabric) {
        self.stop_heartbeats();
        self.revoke_all(fabric);
        self.closed = true;
    }

    /// Wakes it when the first thing that waits for its time may be done.
    fn set_alarm(&mut self, fabric: &mut Fabric) {
        let close_by = self.closing.then_some(self.close_by);
        let partitions = self.assignment.values();
        let retries = partitions.map(|assigned| assigned.not_before);
        let others = [
            close_by,
            Some(self.retry_at),
            self.auto_commit_at,
            self.group_deadline(),
            self.application.deadline(),
        ];
        let times = retries.chain(others.into_iter().flatten());
        let next = times.filter(|at| *at > fabric.now).min();
        let number = self.connection.number;
        let scheduled = Scheduled::ClientTimer(number, ClientTimer::Consumer);
        self.alarm.set(fabric, next, scheduled);
    }

    /// `poll()` throws an exception that the application does not survive: it
    /// closes the consumer.
    fn fail(&mut self, fabric: &mut Fabric, exception: &str, message: String) {
        fabric.emit(EventKind::ConsumerFailed {
            consumer: self.connection.number,
            exception: exception.to_owned(),
            message,
        });
        self.begin_closing(fabric);
    }

    /// Something has happened that is told of the consumer alone.
    fn tell(&self, fabric: &mut Fabric, event: ConsumerEvent) {
        fabric.emit(EventKind::Consumer {
            consumer: self.connection.number,
            event,
        });
    }
}
