use super::Outcome;
use super::event::{ConsumerGroupEvent, EpochBumpCause};
use super::record::ConsumerGroupRecord;
use crate::sim::Time;

/// What comes of one request or timer, as far as it has been worked out.
#[derive(Default)]
pub(super) struct Step {
    pub now: Time,
    /// Who calls.
    pub client_id: String,
    /// From where it calls.
    pub client_host: String,
    pub records: Vec<ConsumerGroupRecord>,
    events: Vec<ConsumerGroupEvent>,
}

impl Step {
    pub fn new(now: Time, client_id: &str, client_host: &str) -> Step {
        Step {
            now,
            client_id: client_id.to_owned(),
            client_host: client_host.to_owned(),
            ..Step::default()
        }
    }

    pub fn event(&mut self, event: ConsumerGroupEvent) {
        self.events.push(event);
    }

    pub fn bump_epoch(&mut self, group_id: &str, epoch: i32, cause: EpochBumpCause) {
        self.records
            .push(ConsumerGroupRecord::metadata(group_id, epoch));
        self.event(ConsumerGroupEvent::GroupEpochBumped {
            group: group_id.to_owned(),
            epoch,
            cause,
        });
    }

    pub fn outcome<T>(self, response: T) -> Outcome<T> {
        Outcome {
            records: self.records,
            events: self.events,
            response,
        }
    }
}
