//! What a broker asks of the active controller: one thing at a time, again and
//! again until it is answered (`NodeToControllerChannelManager`). Signs of life,
//! changes of ISRs and what is passed on have each a connection of their own:
//! none waits behind another.

use std::collections::VecDeque;

use super::Broker;
use super::configs::{Answers, put_together};
use crate::config::BrokerConfig;
use crate::protocol::{EnvelopeRequest, ErrorCode, Header, Request, Response, TopicName};
use crate::sim::{Channel, Connection, Fabric, NodeId, Time};

/// What an answer of the controller is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// The broker itself.
    Own,
    /// A client, whose request was passed on.
    Client { from: NodeId, header: Header },
    /// A client, some of whose changes of settings were passed on.
    AlterConfigs {
        from: NodeId,
        header: Header,
        answers: Answers,
    },
    /// An internal topic that is to be made.
    InternalTopic(TopicName),
}

#[derive(Clone, Debug, Hash)]
struct Asked {
    created_at: Time,
    purpose: Purpose,
    request: Request,
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    correlation_id: i32,
    deadline: Time,
    asked: Asked,
}

/// One way to the controller, on a connection of its own.
#[derive(Clone, Debug, Hash)]
pub(super) struct ControllerChannel {
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

    fn take_given_up(&mut self, now: Time) -> Option<Asked> {
        let is_over = self.first_given_up_at().is_some_and(|at| at <= now);
        is_over.then(|| self.queue.pop_front()).flatten()
    }

    /// What was asked is asked again later, of whoever is the controller then.
    fn put_back(&mut self, now: Time) {
        if let Some(in_flight) = self.in_flight.take() {
            self.queue.push_front(in_flight.asked);
        }
        self.controller = None;
        self.retry_at = Some(now.plus_ms(RETRY_MS));
    }

    fn take_answered(&mut self, correlation_id: i32) -> Option<Asked> {
        let in_flight = self
            .in_flight
            .take_if(|of| of.correlation_id == correlation_id);
        in_flight.map(|in_flight| in_flight.asked)
    }

    fn clear(&mut self) {
        self.controller = None;
        self.queue.clear();
        self.in_flight = None;
        self.retry_at = None;
    }
}

impl Broker {
    fn channels(&mut self) -> [&mut ControllerChannel; 3] {
        [
            &mut self.lifecycle_channel,
            &mut self.isr_channel,
            &mut self.forwarding_channel,
        ]
    }

    /// Passes a client's request on to the controller.
    pub(super) fn forward(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: Request,
    ) {
        self.forward_for(fabric, Purpose::Client { from, header }, request);
    }

    pub(super) fn forward_for(&mut self, fabric: &mut Fabric, purpose: Purpose, request: Request) {
        let request = Request::Envelope(EnvelopeRequest {
            request: Box::new(request),
        });
        self.forwarding_channel.push(fabric.now, purpose, request);
        self.run_channels(fabric);
    }

    /// Asks what is next in line, where nothing is out; gives up on answers that
    /// do not come, and on what was asked for long enough.
    pub(super) fn run_channels(&mut self, fabric: &mut Fabric) {
        for index in 0..self.channels().len() {
            self.close_silent(fabric, index);
            while let Some(asked) = self.channels()[index].take_given_up(fabric.now) {
                let channel = self.channels()[index].channel;
                self.on_given_up(fabric.now, channel, asked.purpose);
            }
            self.run_channel(fabric, index);
        }
    }

    /// It waits no longer for a controller that does not answer, and closes the
    /// connection of this channel. The others know nothing of that.
    fn close_silent(&mut self, fabric: &mut Fabric, index: usize) {
        let client = NodeId::Broker(self.id);
        let channel = &mut *self.channels()[index];
        let in_flight = channel.in_flight.as_ref();
        let is_silent = in_flight.is_some_and(|of| of.deadline <= fabric.now);
        if let Some(controller) = channel.controller.filter(|_| is_silent) {
            let server = NodeId::Controller(controller);
            fabric.close_connection(Connection {
                client,
                server,
                channel: channel.channel,
            });
            channel.put_back(fabric.now);
        }
    }

    fn run_channel(&mut self, fabric: &mut Fabric, index: usize) {
        let now = fabric.now;
        let leader = self.metadata_reader.leader();
        let channel = &mut *self.channels()[index];
        let may_ask = channel.in_flight.is_none() && channel.retry_at.is_none_or(|at| at <= now);
        if !may_ask || channel.queue.is_empty() {
            return;
        }
        channel.controller = channel.controller.or(leader);
        let Some(controller) = channel.controller else {
            channel.retry_at = Some(now.plus_ms(RETRY_MS));
            return;
        };
        channel.retry_at = None;
        let deadline = now.plus_ms(channel.request_timeout_ms);
        let Some(asked) = channel.queue.pop_front() else {
            return;
        };
        let request = asked.request.clone();
        let correlation_id = self.ask(fabric, NodeId::Controller(controller), request);
        self.channels()[index].in_flight = Some(InFlight {
            correlation_id,
            deadline,
            asked,
        });
    }

    /// It was asked for long enough
    /// (`ControllerRequestCompletionHandler.onTimeout`). A client has stopped
    /// waiting by then.
    fn on_given_up(&mut self, now: Time, channel: Channel, purpose: Purpose) {
        match purpose {
            Purpose::Own if channel == Channel::Heartbeat => self.communication_failed(now),
            Purpose::Own => self.producer_ids_timed_out(),
            Purpose::InternalTopic(name) => self.on_internal_topic_answered(&name),
            Purpose::Client { .. } | Purpose::AlterConfigs { .. } => {}
        }
    }

    /// The connection of a channel to a controller is gone.
    pub(super) fn channel_failed(&mut self, now: Time, channel: Channel, controller: i32) {
        for of in self.channels() {
            if of.channel == channel && of.controller == Some(controller) {
                of.put_back(now);
            }
        }
    }

    /// The controller has answered, or says that it is not the controller.
    pub(super) fn on_controller_answer(
        &mut self,
        fabric: &mut Fabric,
        header: &Header,
        response: Response,
    ) {
        let now = fabric.now;
        let is_answered = |channel: &&mut ControllerChannel| {
            let in_flight = channel.in_flight.as_ref();
            in_flight.is_some_and(|of| of.correlation_id == header.correlation_id)
        };
        let Some(channel) = self.channels().into_iter().find(is_answered) else {
            return;
        };
        if error_of(&response) == ErrorCode::NotController {
            channel.put_back(now);
            return self.run_channels(fabric);
        }
        let asked = channel.take_answered(header.correlation_id);
        let purpose = asked.map(|asked| asked.purpose);
        match (purpose, response) {
            (Some(Purpose::Client { from, header }), Response::Envelope(envelope)) => {
                if let Some(response) = envelope.response {
                    self.answer(fabric, from, header, *response);
                }
            }
            (
                Some(Purpose::AlterConfigs {
                    from,
                    header,
                    answers,
                }),
                Response::Envelope(envelope),
            ) => {
                if let Some(Response::IncrementalAlterConfigs(response)) =
                    envelope.response.map(|response| *response)
                {
                    let response = put_together(answers, response.responses);
                    self.answer(fabric, from, header, response);
                }
            }
            (Some(Purpose::InternalTopic(name)), _) => self.on_internal_topic_answered(&name),
            (_, Response::AlterPartition(response)) => self.on_isr_altered(fabric, response),
            (_, Response::AllocateProducerIds(response)) => self.on_producer_ids(now, &response),
            (_, response) => self.on_lifecycle_answer(fabric, response),
        }
        self.run_channels(fabric);
    }

    /// The broker stops: nothing is asked any more.
    pub(super) fn close_channels(&mut self) {
        for channel in self.channels() {
            channel.clear();
        }
    }
}

fn error_of(response: &Response) -> ErrorCode {
    match response {
        Response::BrokerRegistration(response) => response.error_code,
        Response::BrokerHeartbeat(response) => response.error_code,
        Response::AlterPartition(response) => response.error_code,
        Response::AllocateProducerIds(response) => response.error_code,
        Response::Envelope(response) => response.error_code,
        _ => ErrorCode::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ListPartitionReassignmentsRequest;

    fn request() -> Request {
        Request::ListPartitionReassignments(ListPartitionReassignmentsRequest { partitions: None })
    }

    fn channel() -> ControllerChannel {
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
        let mut channel = channel();
        channel.in_flight = Some(InFlight {
            correlation_id: 7,
            deadline,
            asked: Asked {
                created_at: Time::ZERO,
                purpose: Purpose::Own,
                request: request(),
            },
        });
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

        assert_eq!(channel().next_deadline(), None);
    }
}
