//! Processes that end and are started again with the same settings.

use engine::client::{
    Client, Consumer, ConsumerConfig, Processing, ProducerConfig, ShareConsumerConfig,
    SubscriptionType, Workload,
};
use engine::collections::BTreeMap;
use engine::command::ClientNumber;
use engine::protocol::TopicName;
use engine::{Command, Event, EventKind};

use super::Playground;
use crate::stage::last_workload;

/// Whose process is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// A client, with the other client of its process.
    Client(ClientNumber),
    /// A broker.
    Broker(i32),
    /// A controller that is no broker.
    Controller(i32),
}

/// What is to be started when a process has ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Restarts {
    clients: BTreeMap<ClientNumber, Again>,
    brokers: Vec<i32>,
}

/// How a client is started again.
#[derive(Clone, Debug)]
enum Again {
    Producer(Box<ProducerConfig>, Option<Workload>),
    Consumer(Box<ConsumerConfig>, SubscriptionType, Processing),
    ShareConsumer(Box<ShareConsumerConfig>, Vec<TopicName>),
    Processor {
        consumer: Box<ConsumerConfig>,
        subscription: SubscriptionType,
        processing: Processing,
        producer: Box<ProducerConfig>,
        output: TopicName,
    },
}

impl Playground {
    /// Has a process end in order and starts it again with the same settings
    /// when it has ended. A client goes on as a new member, or as the static
    /// member that it was; a controller has no order to end in and is killed.
    ///
    /// # Errors
    ///
    /// Why nothing was done.
    pub fn restart(&mut self, victim: Victim) -> Result<(), String> {
        match victim {
            Victim::Client(client) => self.restart_client(client),
            Victim::Broker(broker) => {
                self.restarts.brokers.push(broker);
                let stopped = self.execute(Command::StopBroker { broker });
                if stopped.is_err() {
                    self.restarts.brokers.retain(|it| *it != broker);
                }
                stopped.map(|_| ())
            }
            Victim::Controller(controller) => {
                self.execute(Command::KillController { controller })?;
                self.execute(Command::StartController { controller })?;
                Ok(())
            }
        }
    }

    fn restart_client(&mut self, client: ClientNumber) -> Result<(), String> {
        if let Some(connector) = self.world.connector_of(client) {
            let connector = connector.config.name.clone();
            self.execute(Command::RestartConnector { connector })?;
            return Ok(());
        }
        let again = self.again(client);
        let again = again.ok_or("Only what reads or writes can be restarted: choose another.")?;
        self.restarts.clients.insert(client, again);
        let closed = self.execute(Command::Close { client });
        if closed.is_err() {
            self.restarts.clients.remove(&client);
        }
        closed.map(|_| ())
    }

    /// How to start a client again: what it is now.
    fn again(&self, number: ClientNumber) -> Option<Again> {
        let of_process = self.world.processors().values();
        if let Some(processor) = of_process.into_iter().find(|it| it.has(number)) {
            let consumer = self.consumer(processor.consumer())?;
            let Client::Producer(producer) = self.world.clients().get(&processor.producer())?
            else {
                return None;
            };
            return Some(Again::Processor {
                consumer: Box::new(consumer.config.clone()),
                subscription: consumer.subscription_type().clone(),
                processing: consumer.processing(),
                producer: Box::new(producer.config.clone()),
                output: processor.output().clone(),
            });
        }
        Some(match self.world.clients().get(&number)? {
            Client::Producer(producer) => {
                let makes = producer.workload().is_some();
                let workload = last_workload(&self.world, number).filter(|_| makes);
                Again::Producer(Box::new(producer.config.clone()), workload)
            }
            Client::Consumer(consumer) => Again::Consumer(
                Box::new(consumer.config.clone()),
                consumer.subscription_type().clone(),
                consumer.processing(),
            ),
            Client::ShareConsumer(consumer) => Again::ShareConsumer(
                Box::new(consumer.config.clone()),
                consumer.subscription().to_vec(),
            ),
            Client::Admin(_) => return None,
        })
    }

    fn consumer(&self, number: ClientNumber) -> Option<&Consumer> {
        match self.world.clients().get(&number)? {
            Client::Consumer(consumer) => Some(consumer),
            _ => None,
        }
    }

    /// Starts what waited for these ends. What cannot be started again says why.
    pub(super) fn start_again(&mut self, events: &[Event]) {
        for event in events {
            let started = match &event.kind {
                EventKind::ClientClosed { client, .. }
                | EventKind::ClientCrashed { client, .. } => {
                    match self.restarts.clients.remove(client) {
                        Some(again) => self.start_client(again),
                        None => Ok(()),
                    }
                }
                EventKind::BrokerStopped { broker }
                | EventKind::BrokerKilled { broker }
                | EventKind::DiskLost { broker }
                    if self.restarts.brokers.contains(broker) =>
                {
                    self.restarts.brokers.retain(|it| it != broker);
                    let broker = *broker;
                    self.execute(Command::StartBroker { broker }).map(|_| ())
                }
                _ => Ok(()),
            };
            self.complaints.extend(started.err());
        }
    }

    fn start_client(&mut self, again: Again) -> Result<(), String> {
        match again {
            Again::Producer(config, workload) => {
                let config = *config;
                self.execute(Command::AddProducer { config, workload })?;
            }
            Again::ShareConsumer(config, topics) => {
                let config = *config;
                self.execute(Command::AddShareConsumer { config, topics })?;
            }
            Again::Consumer(config, subscription, processing) => {
                let topics = topics_of(&subscription);
                let config = *config;
                let consumer = self.execute(Command::AddConsumer { config, topics })?;
                self.settle(consumer, subscription, processing)?;
            }
            Again::Processor {
                consumer,
                subscription,
                processing,
                producer,
                output,
            } => {
                let input = topics_of(&subscription);
                let command = Command::AddProcessor {
                    consumer: *consumer,
                    producer: *producer,
                    input,
                    output,
                };
                let consumer = self.execute(command)?;
                self.settle(consumer, subscription, processing)?;
            }
        }
        Ok(())
    }

    /// What a consumer is told after it was started.
    fn settle(
        &mut self,
        consumer: Option<ClientNumber>,
        to: SubscriptionType,
        processing: Processing,
    ) -> Result<(), String> {
        let Some(consumer) = consumer else {
            return Ok(());
        };
        if !matches!(to, SubscriptionType::Topics(_) | SubscriptionType::None) {
            self.execute(Command::Subscribe { consumer, to })?;
        }
        if processing != Processing::default() {
            self.execute(Command::SetProcessing {
                consumer,
                processing,
            })?;
        }
        Ok(())
    }
}

fn topics_of(subscription: &SubscriptionType) -> Vec<TopicName> {
    match subscription {
        SubscriptionType::Topics(topics) => topics.clone(),
        _ => Vec::new(),
    }
}
