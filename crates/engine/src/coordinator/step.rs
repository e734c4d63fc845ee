use super::timers::{Timer, Timers};
use super::{CoordinatorOutput, GroupCoordinatorConfig, GroupEvent, RequestToken};
use crate::protocol::Response;
use crate::sim::Time;

/// What a group needs from around it while it handles one request or timer.
pub(super) struct Step<'a> {
    pub now: Time,
    pub config: &'a GroupCoordinatorConfig,
    pub timers: &'a mut Timers,
    pub out: &'a mut Vec<CoordinatorOutput>,
}

impl Step<'_> {
    pub fn respond(&mut self, token: RequestToken, response: Response) {
        self.out
            .push(CoordinatorOutput::Respond { token, response });
    }

    pub fn event(&mut self, event: GroupEvent) {
        self.out.push(CoordinatorOutput::Event(event));
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
