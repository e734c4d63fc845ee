//! Applications that read, transform and write: they live in the processes of
//! their clients, and so are told of these by calls and not by packets.

use crate::collections::BTreeMap;

use super::World;
use super::consumers::check_new;
use crate::client::{Client, Consumer, ConsumerConfig, Processor, Producer, ProducerConfig};
use crate::command::{ClientNumber, Command, Refusal};
use crate::protocol::TopicName;

impl World {
    /// The applications that read, transform and write, by their consumers'
    /// numbers.
    pub fn processors(&self) -> &BTreeMap<ClientNumber, Processor> {
        &self.processors
    }

    pub(super) fn check_processor(&self, command: &Command) -> Result<(), Refusal> {
        let Command::AddProcessor {
            consumer,
            producer,
            input,
            ..
        } = command
        else {
            unreachable!("the command is not about processors");
        };
        self.check_room_for(2)?;
        Processor::check(producer, input)?;
        producer.check()?;
        check_new(consumer, input)
    }

    pub(super) fn add_processor(
        &mut self,
        mut consumer: ConsumerConfig,
        producer: ProducerConfig,
        input: Vec<TopicName>,
        output: TopicName,
    ) -> ClientNumber {
        consumer.enable_auto_commit = false;
        let consumer = self.add_consumer(consumer, input);
        let producer = self.add_producer(producer, None);
        if let Some(Client::Consumer(consumer)) = self.clients.get_mut(&consumer) {
            consumer.hand_over(false);
        }
        let processor = Processor::new(consumer, producer, output);
        self.processors.insert(consumer, processor);
        consumer
    }

    /// The clients of the process that this one lives in.
    pub(super) fn process_of(&self, client: ClientNumber) -> Vec<ClientNumber> {
        if let Some(processor) = self.processors.values().find(|it| it.has(client)) {
            return vec![processor.consumer(), processor.producer()];
        }
        let of_connector = self.connector_of(client).map(|it| it.clients());
        let runs = |number: &ClientNumber| self.clients.contains_key(number);
        match of_connector {
            Some(clients) => clients.into_iter().filter(runs).collect(),
            None => vec![client],
        }
    }

    /// Shows the applications the events from this number on, and lets them go
    /// on.
    pub(super) fn run_applications(&mut self, first_event: usize) {
        self.run_processors(first_event);
        self.run_connectors(first_event);
    }

    /// Shows the processors the events from this number on, and lets them go
    /// on, until none has anything to do.
    fn run_processors(&mut self, mut first_event: usize) {
        if self.processors.is_empty() {
            return;
        }
        loop {
            let end = self.fabric.events.len();
            for mut processor in std::mem::take(&mut self.processors).into_values() {
                let stands_still = self.is_frozen(processor.consumer());
                if stands_still || self.run_processor(&mut processor, first_event..end) {
                    self.processors.insert(processor.consumer(), processor);
                }
            }
            if self.fabric.events.len() == end {
                return;
            }
            first_event = end;
        }
    }

    /// Says whether it still runs.
    fn run_processor(&mut self, processor: &mut Processor, events: std::ops::Range<usize>) -> bool {
        let (reads, writes) = (processor.consumer(), processor.producer());
        if let Some((consumer, producer)) = both(&mut self.clients, reads, writes) {
            processor.go_on(&mut self.fabric, (consumer, producer), events);
            self.take_off_if_closed(reads);
            self.take_off_if_closed(writes);
            return true;
        }
        // What is left of the process ends too.
        for number in [reads, writes] {
            if let Some(client) = self.clients.get_mut(&number) {
                client.close(&mut self.fabric);
                self.take_off_if_closed(number);
            }
        }
        false
    }
}

/// The consumer and the producer of a process, if both still run; the
/// producer's number is the higher one.
fn both(
    clients: &mut BTreeMap<ClientNumber, Client>,
    reads: ClientNumber,
    writes: ClientNumber,
) -> Option<(&mut Consumer, &mut Producer)> {
    let mut clients = clients.range_mut(reads..=writes);
    match (clients.next()?.1, clients.next()?.1) {
        (Client::Consumer(consumer), Client::Producer(producer)) => Some((consumer, producer)),
        _ => None,
    }
}
