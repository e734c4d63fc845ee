//! The task of a source (`WorkerSourceTask`): it finds out how far the last
//! task had come, polls, sends what it has polled, and stores how far it has
//! come itself.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::config::{ConnectorConfig, ErrorsTolerance};
use super::offsets::{
    OFFSETS_TOPIC, SubmittedRecords, create_topic, describe_topic, offset_record, stored_offset,
};
use super::tables::{Change, SourceTable};
use super::{ConnectorEvent, Progress, tell};
use crate::client::{Admin, ClientTimer, Consumer, OutgoingRecord, Producer, SubscriptionType};
use crate::event::EventKind;
use crate::protocol::{ErrorCode, Response, TopicPartition};
use crate::sim::{Alarm, ClientNumber, Fabric, Scheduled, Time};

/// How long it waits until it looks again whether brokers know of the topic
/// with the offsets, in milliseconds.
const RETRY_MS: i64 = 100;

/// How long its producer may take to close, in milliseconds.
const CLOSE_TIMEOUT_MS: i64 = 30_000;

/// The clients of its process, as far as they run.
pub(crate) struct Clients<'a> {
    pub producer: Option<&'a mut Producer>,
    pub admin: Option<&'a mut Admin>,
    pub reader: Option<&'a mut Consumer>,
}

/// The task of a source, with its clients: a producer of records and offsets;
/// and, until it runs, an admin client, which finds the topic with the offsets,
/// and a consumer, which reads it.
#[derive(Clone, Debug, Hash)]
pub struct SourceTask {
    producer: ClientNumber,
    admin: ClientNumber,
    reader: ClientNumber,
    step: Step,
    /// The change it sends next.
    position: u64,
    submitted: SubmittedRecords,
    /// The first change whose record the producer has given up.
    lost: Option<u64>,
    /// The offset that is stored; 0 for none.
    committed: u64,
    /// The offsets whose records are sent and not acknowledged, oldest first.
    offsets_sent: VecDeque<u64>,
    /// It waits until this instant for an offset to be stored.
    flushing: Option<Time>,
    poll_at: Time,
    flush_at: Time,
    alarm: Alarm,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// It waits for the topic with the offsets.
    Creating,
    /// It waits for that topic's partitions, or until it asks for them again.
    Describing { again_at: Option<Time> },
    /// It reads that topic; so far it has found this offset.
    Reading { found: Option<u64> },
    /// It polls and sends.
    Running,
    /// It ends, and waits for what it has sent until this instant.
    Ending { until: Time },
    /// It ends, and waits for its offset to be stored.
    Flushing,
    /// Its clients close, until this instant at the latest; `None` before they
    /// are told to.
    Closing { until: Option<Time> },
}

impl SourceTask {
    pub(crate) fn new(
        fabric: &mut Fabric,
        [producer, admin, reader]: [ClientNumber; 3],
        clients: Clients,
        replication_factor: i16,
    ) -> SourceTask {
        if let Some(admin) = clients.admin {
            admin.call(fabric, create_topic(replication_factor));
        }
        if let Some(reader) = clients.reader {
            reader.hand_over(false);
        }
        SourceTask {
            producer,
            admin,
            reader,
            step: Step::Creating,
            position: 0,
            submitted: SubmittedRecords::default(),
            lost: None,
            committed: 0,
            offsets_sent: VecDeque::new(),
            flushing: None,
            poll_at: Time::ZERO,
            flush_at: Time::ZERO,
            alarm: Alarm::default(),
        }
    }

    /// The client that sends records and offsets.
    pub fn producer(&self) -> ClientNumber {
        self.producer
    }

    /// The clients of its process: producer, admin client, reader of offsets.
    pub fn clients(&self) -> [ClientNumber; 3] {
        [self.producer, self.admin, self.reader]
    }

    /// The number of the change that it sends next; `None` while it does not
    /// know where to begin.
    pub fn position(&self) -> Option<u64> {
        let is_starting = matches!(
            self.step,
            Step::Creating | Step::Describing { .. } | Step::Reading { .. }
        );
        (!is_starting).then_some(self.position)
    }

    /// The offset that is stored: a task that begins now begins with this
    /// change.
    pub fn committed(&self) -> u64 {
        self.committed
    }

    /// The first change that is not acknowledged.
    pub fn acknowledged(&self) -> u64 {
        let first = self.submitted.first().into_iter().chain(self.lost);
        first.min().unwrap_or(self.position)
    }

    /// When it stores its offset next, while it runs.
    pub fn flush_at(&self) -> Option<Time> {
        (self.step == Step::Running).then_some(self.flush_at)
    }

    /// It is to end in order.
    pub(crate) fn end(&mut self, now: Time, config: &ConnectorConfig) {
        self.step = match self.step {
            Step::Creating | Step::Describing { .. } | Step::Reading { .. } => {
                Step::Closing { until: None }
            }
            Step::Running => Step::Ending {
                until: now.plus_ms(config.offset_flush_timeout_ms),
            },
            ref ends => ends.clone(),
        };
    }

    /// Goes on after the events of these numbers, as far as it can.
    pub(crate) fn go_on(
        &mut self,
        fabric: &mut Fabric,
        clients: Clients,
        (config, is_paused): (&ConnectorConfig, bool),
        table: &mut SourceTable,
        events: Range<usize>,
    ) -> Progress {
        let (mut admin, mut reader) = (clients.admin, clients.reader);
        let Some(producer) = clients.producer else {
            return match self.step {
                Step::Closing { .. } => Progress::Ended,
                _ => Progress::Gone,
            };
        };
        let mut failure = None;
        for index in events {
            let heard = self.hear(fabric, config, &mut admin, &mut reader, index);
            failure = failure.or(heard);
        }
        self.go_on_starting(fabric, config, &mut admin, &mut reader);
        if self.step == Step::Running && failure.is_none() {
            failure = self.go_on_running(fabric, (config, is_paused), producer, table);
        }
        if failure.is_some() {
            self.end(fabric.now, config);
        }
        self.go_on_ending(fabric, config, producer, &mut admin, &mut reader);
        self.set_alarm(fabric, is_paused);
        match (failure, &self.step) {
            (Some(trace), _) => Progress::Fails(trace),
            (None, Step::Closing { until: Some(at) }) if *at <= fabric.now => Progress::Overdue,
            _ => Progress::Runs,
        }
    }

    fn set_alarm(&mut self, fabric: &mut Fabric, is_paused: bool) {
        let is_running = self.step == Step::Running;
        let of_step = match self.step {
            Step::Describing { again_at } => again_at,
            Step::Ending { until } => Some(until),
            Step::Closing { until } => until,
            _ => None,
        };
        let times = [
            of_step,
            self.flushing,
            is_running.then_some(self.flush_at),
            (is_running && !is_paused).then_some(self.poll_at),
        ];
        let next = times.into_iter().flatten().filter(|at| *at > fabric.now);
        let scheduled = Scheduled::ClientTimer(self.producer, ClientTimer::Application);
        self.alarm.set(fabric, next.min(), scheduled);
    }
}

/// What its clients tell it.
impl SourceTask {
    /// Returns what its task fails with.
    fn hear(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
        event: usize,
    ) -> Option<String> {
        match fabric.events[event].kind.clone() {
            EventKind::AdminAnswered {
                admin: number,
                response,
            } if number == self.admin => self.on_answer(fabric, admin, reader, response),
            EventKind::AdminFailed {
                admin,
                exception,
                message,
            } if admin == self.admin => Some(format!(
                "ConnectException: Timed out while checking for or creating topic(s) \
                 '{OFFSETS_TOPIC}'. This could indicate a connectivity issue, unavailable topic \
                 partitions, or if this is your first use of the topic it may have taken too long \
                 to create.\nCaused by: {exception}: {message}"
            )),
            EventKind::ConsumerFailed {
                consumer,
                exception,
                message,
            } if consumer == self.reader => Some(format!(
                "ConnectException: Failed to read the offsets of source connectors.\n\
                 Caused by: {exception}: {message}"
            )),
            EventKind::RecordsAccumulated {
                producer,
                topic_partition,
                records,
            } if producer == self.producer => {
                if !is_offsets(&topic_partition) {
                    self.submitted.place(&topic_partition, records.len());
                }
                None
            }
            EventKind::Delivered {
                producer,
                topic_partition,
                records,
                ..
            } if producer == self.producer => {
                self.on_delivered(fabric, config, &topic_partition, records);
                None
            }
            EventKind::SendFailed {
                producer,
                topic,
                partition,
                records,
                exception,
                message,
            } if producer == self.producer => {
                let of = partition.map(|number| TopicPartition::new(topic.clone(), number));
                if &*topic == OFFSETS_TOPIC {
                    self.offsets_sent.pop_front();
                    self.give_up_flush(fabric, config);
                    return None;
                }
                let why = format!("{exception}: {message}");
                self.on_send_failed(fabric, config, of, records.unsigned_abs() as usize, why)
            }
            _ => None,
        }
    }

    fn on_answer(
        &mut self,
        fabric: &mut Fabric,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
        response: Response,
    ) -> Option<String> {
        match (&self.step, response) {
            (Step::Creating, Response::CreateTopics(response)) => {
                let created = response.topics.first()?;
                let error = created.error_code;
                if !error.is_none() && error != ErrorCode::TopicAlreadyExists {
                    let words = created.error_message.as_deref();
                    return Some(format!(
                        "ConnectException: Error while attempting to create/find topic(s) \
                         '{OFFSETS_TOPIC}'\nCaused by: {}: {}",
                        error.exception(),
                        words.unwrap_or(error.message())
                    ));
                }
                self.describe(fabric, admin);
            }
            (Step::Describing { .. }, Response::Metadata(response)) => {
                let topic = response.topics.into_iter().next();
                let partitions = topic.map(|it| it.partitions).unwrap_or_default();
                if partitions.is_empty() {
                    let again_at = Some(fabric.now.plus_ms(RETRY_MS));
                    self.step = Step::Describing { again_at };
                } else if let Some(reader) = reader {
                    let of = |it: i32| TopicPartition::new(OFFSETS_TOPIC, it);
                    let all = partitions.iter().map(|it| of(it.partition_index));
                    self.step = Step::Reading { found: None };
                    reader.subscribe(fabric, SubscriptionType::Partitions(all.collect()));
                }
            }
            _ => {}
        }
        None
    }

    fn describe(&mut self, fabric: &mut Fabric, admin: &mut Option<&mut Admin>) {
        self.step = Step::Describing { again_at: None };
        if let Some(admin) = admin {
            admin.call(fabric, describe_topic());
        }
    }

    fn on_delivered(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        of: &TopicPartition,
        records: i32,
    ) {
        let records = records.unsigned_abs() as usize;
        if !is_offsets(of) {
            self.submitted.settle(of, records);
            return;
        }
        let mut stored = self
            .offsets_sent
            .drain(..records.min(self.offsets_sent.len()));
        if let Some(position) = stored.next_back() {
            drop(stored);
            self.committed = position;
            self.flushing = None;
            tell(
                fabric,
                &config.name,
                ConnectorEvent::OffsetCommitted { position },
            );
        }
    }

    /// The producer has given up on records (`producerSendException`).
    fn on_send_failed(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        of: Option<TopicPartition>,
        records: usize,
        why: String,
    ) -> Option<String> {
        let first = match &of {
            Some(of) => self.submitted.settle(of, records),
            None => self.submitted.drop_unplaced(records),
        };
        self.cannot_send(fabric, config, (of, first), why)
    }

    fn cannot_send(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        (topic_partition, change): (Option<TopicPartition>, Option<u64>),
        why: String,
    ) -> Option<String> {
        if config.errors_tolerance == ErrorsTolerance::All {
            let offset = None;
            let event = ConnectorEvent::RecordSkipped {
                topic_partition,
                offset,
                why,
            };
            tell(fabric, &config.name, event);
            return None;
        }
        self.lost = self.lost.into_iter().chain(change).min();
        Some(format!(
            "ConnectException: Unrecoverable exception from producer send callback\n\
             Caused by: {why}"
        ))
    }
}

/// What it does.
impl SourceTask {
    /// Finds the topic with the offsets, and reads it to its end.
    fn go_on_starting(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
    ) {
        if let Step::Describing { again_at: Some(at) } = self.step
            && at <= fabric.now
        {
            self.describe(fabric, admin);
        }
        let (Step::Reading { found }, Some(reader)) = (&mut self.step, reader) else {
            return;
        };
        while let Some(polled) = reader.handed_over(fabric.now) {
            let records = polled.iter().flat_map(|polled| &polled.records);
            let mut stored = records.filter_map(|(_, record)| stored_offset(config, record));
            *found = stored.next_back().or(*found);
            reader.done_with_handed(fabric);
        }
        let mut assigned = reader.assignment().values();
        let is_at_end =
            assigned.all(|of| of.position.is_some() && of.position == of.high_watermark);
        if !is_at_end {
            return;
        }
        let position = *found;
        self.position = position.unwrap_or(0);
        self.committed = self.position;
        self.poll_at = fabric.now;
        self.flush_at = fabric.now.plus_ms(config.offset_flush_interval_ms);
        self.step = Step::Running;
        reader.close(fabric);
        if let Some(admin) = admin {
            admin.close();
        }
        tell(
            fabric,
            &config.name,
            ConnectorEvent::OffsetRead { position },
        );
    }

    /// Polls and stores its offset, when each is due.
    fn go_on_running(
        &mut self,
        fabric: &mut Fabric,
        (config, is_paused): (&ConnectorConfig, bool),
        producer: &mut Producer,
        table: &mut SourceTable,
    ) -> Option<String> {
        let mut failure = None;
        if !is_paused && self.poll_at <= fabric.now && !producer.is_sending() {
            self.poll_at = fabric.now.plus_ms(config.poll_interval_ms);
            failure = self.poll(fabric, config, producer, table);
        }
        if self.flush_at <= fabric.now {
            self.flush_at = fabric.now.plus_ms(config.offset_flush_interval_ms);
            self.flush(fabric, config, producer);
        }
        if self.flushing.is_some_and(|until| until <= fabric.now) {
            self.give_up_flush(fabric, config);
        }
        failure
    }

    /// Sends what has changed; returns what the task fails with.
    fn poll(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        producer: &mut Producer,
        table: &mut SourceTable,
    ) -> Option<String> {
        let most = config.batch_max_rows as usize;
        let changes: Vec<Arc<Change>> = table.read(self.position, most).to_vec();
        if changes.is_empty() {
            return None;
        }
        let (from, to) = (self.position, self.position + changes.len() as u64);
        let sent_before = table.note_sent(to);
        tell(
            fabric,
            &config.name,
            ConnectorEvent::ChangesSent { from, to },
        );
        if sent_before > from {
            let to = to.min(sent_before);
            let event = ConnectorEvent::ChangesSentAgain { from, to };
            tell(fabric, &config.name, event);
        }
        let mut failure = None;
        for (number, change) in (from..).zip(&changes) {
            let record = record_of(config, change);
            match producer.check(&record) {
                Ok(()) => {
                    self.submitted.submit(number);
                    producer.send(fabric, record);
                }
                // Its callback is told at once.
                Err(refusal) => {
                    let exception = refusal.exception().unwrap_or("KafkaException");
                    let why = format!("{exception}: {refusal}");
                    let failed = self.cannot_send(fabric, config, (None, Some(number)), why);
                    failure = failure.or(failed);
                }
            }
        }
        self.position = to;
        failure
    }

    /// Stores how far everything is acknowledged, if that is news.
    fn flush(&mut self, fabric: &mut Fabric, config: &ConnectorConfig, producer: &mut Producer) {
        let position = self.acknowledged();
        let record = offset_record(config, position);
        let is_news = position > self.committed && self.flushing.is_none();
        if is_news && producer.check(&record).is_ok() {
            self.flushing = Some(fabric.now.plus_ms(config.offset_flush_timeout_ms));
            self.offsets_sent.push_back(position);
            producer.send(fabric, record);
        }
    }

    fn give_up_flush(&mut self, fabric: &mut Fabric, config: &ConnectorConfig) {
        if self.flushing.take().is_some() {
            tell(fabric, &config.name, ConnectorEvent::OffsetFlushFailed);
        }
    }

    /// Waits for what it has sent, stores its offset, waits for that, and closes
    /// its clients.
    fn go_on_ending(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        producer: &mut Producer,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
    ) {
        if let Step::Ending { until } = self.step
            && (until <= fabric.now || self.submitted.first().is_none())
        {
            self.step = Step::Flushing;
            self.flushing = None;
            self.flush(fabric, config, producer);
        }
        if self.step == Step::Flushing {
            if self.flushing.is_some_and(|until| until <= fabric.now) {
                self.give_up_flush(fabric, config);
            }
            if self.flushing.is_none() {
                self.step = Step::Closing { until: None };
            }
        }
        let Step::Closing { until: None } = self.step else {
            return;
        };
        let until = Some(fabric.now.plus_ms(CLOSE_TIMEOUT_MS));
        self.step = Step::Closing { until };
        if !producer.is_closing() {
            producer.close(fabric);
        }
        if let Some(admin) = admin {
            admin.close();
        }
        if let Some(reader) = reader.as_mut().filter(|it| !it.is_closing()) {
            reader.close(fabric);
        }
    }
}

fn is_offsets(of: &TopicPartition) -> bool {
    &*of.topic == OFFSETS_TOPIC
}

fn record_of(config: &ConnectorConfig, change: &Change) -> OutgoingRecord {
    let value = change.row.as_ref().map(|row| row.to_json().into_bytes());
    OutgoingRecord {
        topic: config.topic(),
        key: change.key.clone().map(String::into_bytes),
        value,
        ..OutgoingRecord::default()
    }
}
