//! The share consumer (`org.apache.kafka.clients.consumer.KafkaShareConsumer`,
//! KIP-932): a member of a share group that is given records one by one, with
//! other members of the group at the same partitions, and says of each what has
//! become of it.
//!
//! Its application polls, processes what it is handed, says what it has to say,
//! and polls again.

mod config;
mod fetching;
mod membership;
mod polling;

pub use config::{
    AcknowledgementRule, Acknowledging, SHARE_GROUP_UNSUPPORTED, ShareConsumerConfig,
};
pub use polling::RecordInHand;

use crate::collections::{BTreeMap, BTreeSet};
use std::collections::VecDeque;

use self::fetching::Session;
use self::polling::Fetched;
use super::{ClientTimer, Connection};
use crate::config::consumer;
use crate::event::EventKind;
use crate::protocol::{
    FINAL_SHARE_SESSION_EPOCH, Request, Response, ShareAcknowledgeRequest, TopicId,
    TopicIdPartition, TopicName, TopicPartition,
};
use crate::sim::{Alarm, Fabric, Scheduled, Time};

/// How long `close()` takes at most, in milliseconds
/// (`KafkaShareConsumer.DEFAULT_CLOSE_TIMEOUT_MS`).
const CLOSE_TIMEOUT_MS: i64 = 30_000;

/// Why a request was sent, by its correlation id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Pending {
    FindCoordinator,
    Heartbeat,
    Leave,
    Fetch {
        broker: i32,
        acknowledged: Vec<TopicIdPartition>,
    },
    Acknowledge {
        broker: i32,
        is_last: bool,
    },
}

/// A share consumer.
#[derive(Clone, Debug, Hash)]
pub struct ShareConsumer {
    /// Its name and its view of the cluster.
    pub connection: Connection,
    /// Its settings.
    pub config: ShareConsumerConfig,
    subscription: Vec<TopicName>,
    coordinator: Option<i32>,
    member_id: String,
    member_epoch: i32,
    heartbeat_at: Time,
    assignment: BTreeSet<TopicIdPartition>,
    /// The share session with each broker.
    sessions: BTreeMap<i32, Session>,
    /// What was acquired and not handed to the application yet.
    fetched: VecDeque<Fetched>,
    /// What the application has.
    in_hand: Vec<RecordInHand>,
    /// Until when it processes that.
    processing_until: Time,
    /// What it has said and nobody was told yet, by
    /// [`AcknowledgementBatch`](crate::protocol::AcknowledgementBatch)'s number.
    said: BTreeMap<TopicIdPartition, BTreeMap<i64, i8>>,
    pending: BTreeMap<i32, Pending>,
    /// The coordinator is not looked for or asked again before this instant
    /// (`retry.backoff.ms`).
    retry_at: Time,
    failures: u32,
    alarm: Alarm,
    records_processed: u64,
    closing: bool,
    /// When `close()` gives up.
    close_by: Time,
    closed: bool,
}

impl ShareConsumer {
    pub(crate) fn new(
        mut connection: Connection,
        config: ShareConsumerConfig,
        topics: Vec<TopicName>,
    ) -> ShareConsumer {
        connection.configure(config.backoffs, &config.given);
        let member_id = new_member_id(&mut connection);
        ShareConsumer {
            connection,
            config,
            subscription: topics,
            coordinator: None,
            member_id,
            member_epoch: 0,
            heartbeat_at: Time::ZERO,
            assignment: BTreeSet::new(),
            sessions: BTreeMap::new(),
            fetched: VecDeque::new(),
            in_hand: Vec::new(),
            processing_until: Time::ZERO,
            said: BTreeMap::new(),
            pending: BTreeMap::new(),
            retry_at: Time::ZERO,
            failures: 0,
            alarm: Alarm::default(),
            records_processed: 0,
            closing: false,
            close_by: Time::ZERO,
            closed: false,
        }
    }

    /// The topics it subscribes to.
    pub fn subscription(&self) -> &[TopicName] {
        &self.subscription
    }

    /// The id that it has made up.
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// Its epoch; 0 while it is no member.
    pub fn member_epoch(&self) -> i32 {
        self.member_epoch
    }

    /// The broker that coordinates its group, as far as it knows.
    pub fn coordinator(&self) -> Option<i32> {
        self.coordinator
    }

    /// The partitions that it may fetch from.
    pub fn assignment(&self) -> Vec<TopicPartition> {
        let named = self.assignment.iter();
        named.filter_map(|of| self.named(*of)).collect()
    }

    /// The records that the application has.
    pub fn in_hand(&self) -> &[RecordInHand] {
        &self.in_hand
    }

    /// How many records the application has processed in all, those included
    /// that it was handed again.
    pub fn records_processed(&self) -> u64 {
        self.records_processed
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
        self.fetched.clear();
        self.in_hand.clear();
        self.go_on(fabric);
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        if timer == ClientTimer::ShareConsumer {
            self.alarm.went_off();
        }
        self.go_on(fabric);
    }

    /// Does all that can be done now.
    fn go_on(&mut self, fabric: &mut Fabric) {
        if self.closed {
            return;
        }
        match self.closing {
            true => self.go_on_closing(fabric),
            false => {
                self.find_coordinator(fabric);
                self.send_heartbeat(fabric);
                self.poll(fabric);
            }
        }
        if self.closed {
            return;
        }
        self.set_alarm(fabric);
        self.connection.go_on(fabric);
    }

    /// Says what is left to say and ends its sessions, which gives back what it
    /// still has; leaves, and is gone; at the latest when `close()` gives up.
    fn go_on_closing(&mut self, fabric: &mut Fabric) {
        if self.close_by <= fabric.now {
            return self.end();
        }
        let brokers: Vec<i32> = self.sessions.keys().copied().collect();
        for broker in brokers {
            self.end_session(fabric, broker);
        }
        if self.sessions.is_empty() {
            self.leave(fabric);
        }
    }

    fn end_session(&mut self, fabric: &mut Fabric, broker: i32) {
        if self.is_busy(broker) {
            return;
        }
        let is_open = self.sessions.get(&broker).is_some_and(Session::is_open);
        if !is_open || !self.connection.is_ready(fabric.now, broker) {
            self.sessions.remove(&broker);
            return;
        }
        let request = Request::ShareAcknowledge(ShareAcknowledgeRequest {
            group_id: self.config.group_id.clone(),
            member_id: self.member_id.clone(),
            share_session_epoch: FINAL_SHARE_SESSION_EPOCH,
            partitions: self.take_said(broker),
        });
        let is_last = true;
        self.ask(
            fabric,
            broker,
            request,
            Pending::Acknowledge { broker, is_last },
        );
    }

    /// It is gone.
    fn end(&mut self) {
        self.closed = true;
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

    /// Wakes it when the first thing that waits for its time may be done.
    fn set_alarm(&mut self, fabric: &mut Fabric) {
        let sessions = self.sessions.values().map(|session| session.not_before);
        let close_by = self.closing.then_some(self.close_by);
        let others = [self.retry_at, self.heartbeat_at, self.processing_until];
        let times = sessions.chain(others).chain(close_by);
        let next = times.filter(|at| *at > fabric.now).min();
        let number = self.connection.number;
        let scheduled = Scheduled::ClientTimer(number, ClientTimer::ShareConsumer);
        self.alarm.set(fabric, next, scheduled);
    }

    fn ask(&mut self, fabric: &mut Fabric, broker: i32, request: Request, pending: Pending) {
        let correlation_id = self.connection.send(fabric, broker, request);
        self.pending.insert(correlation_id, pending);
    }

    /// Whether an answer of this broker to a fetch or an acknowledgement is
    /// out.
    fn is_busy(&self, with: i32) -> bool {
        self.pending.values().any(|pending| match pending {
            Pending::Fetch { broker, .. } | Pending::Acknowledge { broker, .. } => *broker == with,
            _ => false,
        })
    }

    fn named(&self, of: TopicIdPartition) -> Option<TopicPartition> {
        let name = self.topic_name(of.topic_id)?;
        Some(TopicPartition::new(name, of.partition))
    }

    fn topic_name(&self, id: TopicId) -> Option<TopicName> {
        let mut topics = self.subscription.iter();
        let metadata = &self.connection.metadata;
        topics
            .find(|name| metadata.topic_id(name) == Some(id))
            .cloned()
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
        } else if let Some(pending) = self.pending.remove(&correlation_id) {
            self.on_answer(fabric, pending, response);
        }
        self.go_on(fabric);
    }

    fn on_answer(&mut self, fabric: &mut Fabric, pending: Pending, response: Response) {
        match (pending, response) {
            (_, Response::FindCoordinator(response)) => self.on_coordinator(fabric, &response),
            (Pending::Leave, _) => self.end(),
            (_, Response::ShareGroupHeartbeat(response)) => self.on_heartbeat(fabric, response),
            (
                Pending::Fetch {
                    broker,
                    acknowledged,
                },
                Response::ShareFetch(response),
            ) => self.on_fetched(fabric, broker, &acknowledged, response),
            (Pending::Acknowledge { broker, is_last }, Response::ShareAcknowledge(response)) => {
                self.on_acknowledged(fabric, broker, response);
                if is_last {
                    self.sessions.remove(&broker);
                }
            }
            _ => {}
        }
    }

    /// These requests will not be answered.
    pub(crate) fn on_disconnect(&mut self, fabric: &mut Fabric, lost: &[i32]) {
        for correlation_id in lost {
            match self.pending.remove(correlation_id) {
                Some(Pending::FindCoordinator) => self.back_off(fabric),
                Some(Pending::Heartbeat) => self.lose_coordinator(fabric),
                Some(Pending::Leave) => self.end(),
                Some(Pending::Fetch { broker, .. } | Pending::Acknowledge { broker, .. }) => {
                    self.sessions.remove(&broker);
                    self.connection.metadata.request_update();
                }
                None => {}
            }
        }
        let is_gone = |broker| !self.connection.is_ready(fabric.now, broker);
        if self.coordinator.is_some_and(is_gone) {
            self.coordinator = None;
        }
        self.go_on(fabric);
    }
}

/// A uuid as Kafka writes them; none begins with a dash (`Uuid.randomUuid`).
fn new_member_id(connection: &mut Connection) -> String {
    loop {
        let id = TopicId(connection.uuid()).to_string();
        if !id.starts_with('-') {
            return id;
        }
    }
}
