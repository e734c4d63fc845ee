//! What a broker asks of the active controller: one thing at a time, again and
//! again until it is answered (`NodeToControllerChannelManager`).

use std::collections::VecDeque;

use super::Broker;
use super::configs::{Answers, put_together};
use crate::protocol::{EnvelopeRequest, ErrorCode, Header, Request, Response, TopicName};
use crate::sim::{Fabric, NodeId, Time};

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
    purpose: Purpose,
    request: Request,
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    controller: i32,
    correlation_id: i32,
    deadline: Time,
    asked: Asked,
}

/// One way to the controller.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct ControllerChannel {
    queue: VecDeque<Asked>,
    in_flight: Option<InFlight>,
    retry_at: Option<Time>,
}

/// How long it waits before it looks for the controller again, in milliseconds
/// (`NodeToControllerRequestThread`).
const RETRY_MS: i64 = 100;

impl ControllerChannel {
    pub fn push(&mut self, purpose: Purpose, request: Request) {
        self.queue.push_back(Asked { purpose, request });
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

    /// While an answer is out, nothing else is asked, whatever waits in line.
    pub fn next_deadline(&self) -> Option<Time> {
        match &self.in_flight {
            Some(in_flight) => Some(in_flight.deadline),
            None => self.retry_at.filter(|_| !self.queue.is_empty()),
        }
    }

    /// What was asked is asked again later.
    fn put_back(&mut self, now: Time) {
        if let Some(in_flight) = self.in_flight.take() {
            self.queue.push_front(in_flight.asked);
        }
        self.retry_at = Some(now.plus_ms(RETRY_MS));
    }

    fn is_asking(&self, controller: i32) -> bool {
        let in_flight = self.in_flight.as_ref();
        in_flight.is_some_and(|in_flight| in_flight.controller == controller)
    }

    fn take_answered(&mut self, correlation_id: i32) -> Option<Asked> {
        let in_flight = self
            .in_flight
            .take_if(|of| of.correlation_id == correlation_id);
        in_flight.map(|in_flight| in_flight.asked)
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
        self.forwarding_channel.push(purpose, request);
        self.run_channels(fabric);
    }

    /// Asks what is next in line, where nothing is out, and gives up on
    /// answers that do not come.
    pub(super) fn run_channels(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let overdue = |channel: &&mut ControllerChannel| {
            let in_flight = channel.in_flight.as_ref();
            in_flight.is_some_and(|in_flight| in_flight.deadline <= now)
        };
        let silent = self.channels().into_iter().find(overdue);
        let silent = silent.and_then(|channel| channel.in_flight.as_ref());
        if let Some(controller) = silent.map(|in_flight| in_flight.controller) {
            self.drop_controller(fabric, controller);
        }
        let Some(controller) = self.metadata_reader.leader() else {
            for channel in self.channels() {
                if channel.retry_at.is_none_or(|at| at <= now) {
                    channel.retry_at = Some(now.plus_ms(RETRY_MS));
                }
            }
            return;
        };
        for index in 0..self.channels().len() {
            self.run_channel(fabric, index, controller);
        }
    }

    fn run_channel(&mut self, fabric: &mut Fabric, index: usize, controller: i32) {
        let now = fabric.now;
        let deadline = now.plus_ms(self.config.request_timeout_ms);
        let channel = &mut *self.channels()[index];
        let may_ask = channel.in_flight.is_none() && channel.retry_at.is_none_or(|at| at <= now);
        if !may_ask {
            return;
        }
        channel.retry_at = None;
        let Some(asked) = channel.queue.pop_front() else {
            return;
        };
        let request = asked.request.clone();
        let correlation_id = self.ask(fabric, NodeId::Controller(controller), request);
        self.channels()[index].in_flight = Some(InFlight {
            controller,
            correlation_id,
            deadline,
            asked,
        });
    }

    /// It waits no longer for a controller that does not answer.
    pub(super) fn drop_controller(&mut self, fabric: &mut Fabric, controller: i32) {
        let (client, server) = (NodeId::Broker(self.id), NodeId::Controller(controller));
        fabric.close_connection(client, server);
        self.metadata_reader.failed(fabric.now, controller);
        self.channel_failed(fabric.now, controller);
    }

    /// The connection to a controller is gone.
    pub(super) fn channel_failed(&mut self, now: Time, controller: i32) {
        for channel in self.channels() {
            if channel.is_asking(controller) {
                channel.put_back(now);
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
            self.metadata_reader.lose_leader(now);
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
            *channel = ControllerChannel::default();
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

    /// While nobody knew the controller a time to look again was set. The
    /// answer that is out since before may take longer: until then there is
    /// nothing to do at that time, and the broker must not wake for it.
    #[test]
    fn while_an_answer_is_out_what_waits_in_line_is_no_reason_to_wake() {
        let deadline = Time::from_ms(30_000);
        let asked = || Asked {
            purpose: Purpose::Own,
            request: request(),
        };
        let mut channel = ControllerChannel {
            queue: VecDeque::from([asked()]),
            in_flight: Some(InFlight {
                controller: 1,
                correlation_id: 7,
                deadline,
                asked: asked(),
            }),
            retry_at: Some(Time::from_ms(100)),
        };
        assert_eq!(channel.next_deadline(), Some(deadline));

        channel.take_answered(7);
        assert_eq!(channel.next_deadline(), Some(Time::from_ms(100)));
    }
}
