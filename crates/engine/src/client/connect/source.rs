//! The task of a source (`WorkerSourceTask`): it finds out how far the last
//! task had come, polls, sends what it has polled, and stores how far it has
//! come itself.

mod hearing;
mod working;

use std::collections::VecDeque;
use std::ops::Range;

use super::Progress;
use super::config::ConnectorConfig;
use super::offsets::{SubmittedRecords, create_topic};
use super::tables::SourceTable;
use crate::client::{Admin, ClientTimer, Consumer, Producer};
use crate::sim::{Alarm, ClientNumber, Fabric, Scheduled, Time};

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
