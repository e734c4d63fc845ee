//! One of the ways to the controller: what waits in line, what is out, and for
//! how long (`NodeToControllerRequestThread`).

use std::collections::VecDeque;

use super::Purpose;
use crate::config::BrokerConfig;
use crate::protocol::Request;
use crate::sim::{Channel, NodeId, Time};

/// What is asked, and for whom.
#[derive(Clone, Debug, Hash)]
pub(in super::super) struct Asked {
    created_at: Time,
    pub purpose: Purpose,
    pub request: Request,
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    correlation_id: i32,
    deadline: Time,
    asked: Asked,
}

/// One way to the controller, on a connection of its own.
#[derive(Clone, Debug, Hash)]
pub(in super::super) struct ControllerChannel {
    channel: Channel,
    /// How long an answer is waited for before the connection is closed.
    request_timeout_ms: i64,
    /// How long the same thing is asked for in all; `None` for ever.
    retry_timeout_ms: Option<i64>,
    /// Whom it asks, until that turns out not to be the active controller.
    controller: Option<i32>,
    queue: VecDeque<Asked>,
    in_flight: Option<InFlight>,
    retry_at: Option<Time>,
}

/// How long it waits before it looks for the controller again, in milliseconds
/// (`NodeToControllerRequestThread`).
const RETRY_MS: i64 = 100;
/// How long the same request is passed on in all, in milliseconds
/// (`BrokerServer`: the channel `forwarding`).
const FORWARDING_RETRY_TIMEOUT_MS: i64 = 60_000;

impl ControllerChannel {
    fn new(
        config: &BrokerConfig,
        channel: Channel,
        retry_timeout_ms: Option<i64>,
    ) -> ControllerChannel {
        let longest_ms = config.controller_socket_timeout_ms;
        ControllerChannel {
            channel,
            request_timeout_ms: longest_ms.min(retry_timeout_ms.unwrap_or(longest_ms)),
            retry_timeout_ms,
            controller: None,
            queue: VecDeque::new(),
            in_flight: None,
            retry_at: None,
        }
    }

    /// Registration and signs of life: half of `broker.session.timeout.ms` is
    /// left to be heard of in another way (KAFKA-14392).
    pub fn heartbeat(config: &BrokerConfig) -> ControllerChannel {
        let half_session_ms = (config.lease.session_timeout_ms / 2).max(1);
        ControllerChannel::new(config, Channel::Heartbeat, Some(half_session_ms))
    }

    /// Changes of ISRs, which are asked for until they are answered.
    pub fn alter_partition(config: &BrokerConfig) -> ControllerChannel {
        ControllerChannel::new(config, Channel::AlterPartition, None)
    }

    /// What clients ask for, and what the broker asks like them.
    pub fn forwarding(config: &BrokerConfig) -> ControllerChannel {
        let longest_ms = Some(FORWARDING_RETRY_TIMEOUT_MS);
        ControllerChannel::new(config, Channel::Forwarding, longest_ms)
    }

    /// What it is for.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// Whom it asks, as far as it knows.
    pub fn controller(&self) -> Option<i32> {
        self.controller
    }

    /// Whether an answer is overdue.
    pub fn is_silent(&self, now: Time) -> bool {
        let in_flight = self.in_flight.as_ref();
        in_flight.is_some_and(|of| of.deadline <= now)
    }

    /// Whether the answer with this number is the one it waits for.
    pub fn awaits(&self, correlation_id: i32) -> bool {
        let in_flight = self.in_flight.as_ref();
        in_flight.is_some_and(|of| of.correlation_id == correlation_id)
    }

    /// What is to be asked now, and of whom: of `leader`, unless it has another
    /// whom it has not found out to be wrong.
    pub fn take_next(&mut self, now: Time, leader: Option<i32>) -> Option<(i32, Asked)> {
        let may_ask = self.in_flight.is_none() && self.retry_at.is_none_or(|at| at <= now);
        if !may_ask || self.queue.is_empty() {
            return None;
        }
        self.controller = self.controller.or(leader);
        self.retry_at = match self.controller {
            Some(_) => None,
            None => Some(now.plus_ms(RETRY_MS)),
        };
        Some((self.controller?, self.queue.pop_front()?))
    }

    /// It was asked.
    pub fn await_answer(&mut self, now: Time, correlation_id: i32, asked: Asked) {
        self.in_flight = Some(InFlight {
            correlation_id,
            deadline: now.plus_ms(self.request_timeout_ms),
            asked,
        });
    }

    pub fn push(&mut self, now: Time, purpose: Purpose, request: Request) {
        self.queue.push_back(Asked {
            created_at: now,
            purpose,
            request,
        });
    }

    /// A client is gone: nobody asks for it any more.
    pub fn forget(&mut self, client: NodeId) {
        let is_its = |asked: &Asked| match &asked.purpose {
            Purpose::Client { from, .. } | Purpose::AlterConfigs { from, .. } => *from == client,
            Purpose::Own | Purpose::InternalTopic(_) => false,
        };
        self.queue.retain(|asked| !is_its(asked));
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_none()
    }

    /// While an answer is out, nothing else is asked, whatever waits in line;
    /// but what has waited for too long is given up.
    pub fn next_deadline(&self) -> Option<Time> {
        let next = match &self.in_flight {
            Some(in_flight) => Some(in_flight.deadline),
            None => self.retry_at.filter(|_| !self.queue.is_empty()),
        };
        next.into_iter().chain(self.first_given_up_at()).min()
    }

    /// When the first in line is not asked for any more.
    fn first_given_up_at(&self) -> Option<Time> {
        let first = self.queue.front()?;
        Some(first.created_at.plus_ms(self.retry_timeout_ms?))
    }

    pub fn take_given_up(&mut self, now: Time) -> Option<Asked> {
        let is_over = self.first_given_up_at().is_some_and(|at| at <= now);
        is_over.then(|| self.queue.pop_front()).flatten()
    }

    /// What was asked is asked again later, of whoever is the controller then.
    pub fn put_back(&mut self, now: Time) {
        if let Some(in_flight) = self.in_flight.take() {
            self.queue.push_front(in_flight.asked);
        }
        self.controller = None;
        self.retry_at = Some(now.plus_ms(RETRY_MS));
    }

    pub fn take_answered(&mut self, correlation_id: i32) -> Option<Asked> {
        let in_flight = self
            .in_flight
            .take_if(|of| of.correlation_id == correlation_id);
        in_flight.map(|in_flight| in_flight.asked)
    }

    pub fn clear(&mut self) {
        self.controller = None;
        self.queue.clear();
        self.in_flight = None;
        self.retry_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ListPartitionReassignmentsRequest;

    fn request() -> Request {
        Request::ListPartitionReassignments(ListPartitionReassignmentsRequest { partitions: None })
    }

    fn changes_of_isrs() -> ControllerChannel {
        let mut channel = ControllerChannel::alter_partition(&BrokerConfig::default());
        channel.push(Time::ZERO, Purpose::Own, request());
        channel
    }

    /// While nobody knew the controller a time to look again was set. The
    /// answer that is out since before may take longer: until then there is
    /// nothing to do at that time, and the broker must not wake for it.
    #[test]
    fn while_an_answer_is_out_what_waits_in_line_is_no_reason_to_wake() {
        let deadline = Time::from_ms(30_000);
        let mut channel = changes_of_isrs();
        let (_, asked) = channel.take_next(Time::ZERO, Some(1)).expect("it may ask");
        channel.await_answer(Time::ZERO, 7, asked);
        channel.push(Time::ZERO, Purpose::Own, request());
        channel.retry_at = Some(Time::from_ms(100));
        assert_eq!(channel.next_deadline(), Some(deadline));

        channel.take_answered(7);
        assert_eq!(channel.next_deadline(), Some(Time::from_ms(100)));
    }

    /// A sign of life is given up after half a session, so that there is time
    /// for another; a change of an ISR never is.
    #[test]
    fn a_heartbeat_is_given_up_after_half_a_session_a_change_of_an_isr_never() {
        let mut heartbeat = ControllerChannel::heartbeat(&BrokerConfig::default());
        heartbeat.push(Time::ZERO, Purpose::Own, request());
        assert_eq!(heartbeat.next_deadline(), Some(Time::from_ms(4_500)));
        assert!(heartbeat.take_given_up(Time::from_ms(4_499)).is_none());
        assert!(heartbeat.take_given_up(Time::from_ms(4_500)).is_some());

        assert_eq!(changes_of_isrs().next_deadline(), None);
    }
}
