use super::record::GroupRecord;
use super::runtime::{ProducerIdAndEpoch, RequestToken, Write, WriteNumber};
use super::then::GroupThen;
use super::timers::{Timer, Timers};
use super::{CoordinatorOutput, GroupCoordinatorConfig, GroupEvent};
use crate::config::GroupConfigs;
use crate::protocol::Response;
use crate::sim::Time;

/// What a group needs from around it while it handles one request or timer,
/// and what that is to write: one batch at most.
pub(super) struct Step<'a> {
    pub now: Time,
    /// The same instant in epoch milliseconds, as records have it.
    pub timestamp_ms: i64,
    pub config: &'a GroupCoordinatorConfig,
    /// The groups that have settings of their own.
    pub group_configs: &'a GroupConfigs,
    pub timers: &'a mut Timers,
    pub out: &'a mut Vec<CoordinatorOutput>,
    /// The number of its write.
    pub write: WriteNumber,
    pub producer: Option<ProducerIdAndEpoch>,
    records: Vec<GroupRecord>,
    events: Vec<GroupEvent>,
    then: Vec<GroupThen>,
}

impl<'a> Step<'a> {
    pub fn new(
        now: Time,
        timestamp_ms: i64,
        write: WriteNumber,
        (config, group_configs): (&'a GroupCoordinatorConfig, &'a GroupConfigs),
        timers: &'a mut Timers,
        out: &'a mut Vec<CoordinatorOutput>,
    ) -> Step<'a> {
        Step {
            now,
            timestamp_ms,
            config,
            group_configs,
            timers,
            out,
            write,
            producer: None,
            records: Vec::new(),
            events: Vec::new(),
            then: Vec::new(),
        }
    }

    /// Hands out what is to be written.
    pub fn finish(self) {
        if self.records.is_empty() && self.then.is_empty() {
            return;
        }
        self.out.push(CoordinatorOutput::Write(Write {
            number: self.write,
            records: self.records.iter().map(GroupRecord::encode).collect(),
            producer: self.producer,
            events: self.events,
            then: self.then,
        }));
    }

    /// Answers at once.
    pub fn respond(&mut self, token: RequestToken, response: Response) {
        self.out
            .push(CoordinatorOutput::Respond { token, response });
    }

    /// Answers when this write, and all before it, are committed.
    pub fn respond_when_committed(&mut self, token: RequestToken, response: Response) {
        self.then(GroupThen::Respond { token, response });
    }

    pub fn event(&mut self, event: GroupEvent) {
        self.out.push(CoordinatorOutput::Event(event));
    }

    /// Tells of what has happened if the records are appended.
    pub fn event_if_written(&mut self, event: GroupEvent) {
        self.events.push(event);
    }

    pub fn record(&mut self, record: GroupRecord) {
        self.records.push(record);
    }

    /// What is to be done when the write is settled.
    pub fn then(&mut self, then: GroupThen) {
        self.then.push(then);
    }

    /// Sets `timer` to be due in `delay_ms`.
    pub fn schedule(&mut self, delay_ms: i32, timer: Timer) {
        let at = self.now.plus_ms(i64::from(delay_ms));
        self.timers.schedule(at, timer);
    }

    pub fn cancel_session(&mut self, group: &str, member_id: &str) {
        self.timers.cancel(&Timer::Session {
            group: group.to_owned(),
            member_id: member_id.to_owned(),
        });
    }

    pub fn cancel_join(&mut self, group: &str) {
        let group = group.to_owned();
        self.timers.cancel(&Timer::Join { group });
    }

    pub fn cancel_sync(&mut self, group: &str) {
        let group = group.to_owned();
        self.timers.cancel(&Timer::Sync { group });
    }
}
