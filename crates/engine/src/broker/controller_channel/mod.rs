//! What a broker asks of the active controller: one thing at a time, again and
//! again until it is answered (`NodeToControllerChannelManager`). Signs of life,
//! changes of ISRs and what is passed on have each a connection of their own:
//! none waits behind another.

mod channel;

pub(super) use self::channel::ControllerChannel;

use super::Broker;
use super::configs::{Answers, put_together};
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
                let channel = self.channels()[index].channel();
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
        let is_silent = channel.is_silent(fabric.now);
        if let Some(controller) = channel.controller().filter(|_| is_silent) {
            fabric.close_connection(Connection {
                client,
                server: NodeId::Controller(controller),
                channel: channel.channel(),
            });
            channel.put_back(fabric.now);
        }
    }

    fn run_channel(&mut self, fabric: &mut Fabric, index: usize) {
        let leader = self.metadata_reader.leader();
        let next = self.channels()[index].take_next(fabric.now, leader);
        if let Some((controller, asked)) = next {
            let request = asked.request.clone();
            let correlation_id = self.ask(fabric, NodeId::Controller(controller), request);
            self.channels()[index].await_answer(fabric.now, correlation_id, asked);
        }
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
            if of.channel() == channel && of.controller() == Some(controller) {
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
        let is_answered = |channel: &&mut ControllerChannel| channel.awaits(header.correlation_id);
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
