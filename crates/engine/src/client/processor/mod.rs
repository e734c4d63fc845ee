//! An application that reads, transforms and writes: the records of a group's
//! topics and the offsets up to which it has read them are written in one
//! transaction, so that each has its effect exactly once (KIP-98, KIP-447).
//!
//! It is one process with a consumer and a transactional producer. What
//! happens to either is shown to it as events, and it calls both directly.

mod event;

pub use event::ProcessorEvent;

use std::ops::Range;

use super::{
    Consumer, ConsumerGroupMetadata, OutgoingRecord, Producer, ProducerConfig, TransactionCall,
    TransactionState,
};
use crate::command::Refusal;
use crate::event::EventKind;
use crate::protocol::{CommittedOffset, TopicName, TopicPartition};
use crate::sim::{ClientNumber, Fabric};

/// The header of a record it writes that tells which record it was made from,
/// such as `orders-0@17`.
pub const SOURCE_HEADER: &str = "source";

/// An exception and its message.
type Failure = (String, String);

/// A consumer and a producer of one process, with what it does next.
#[derive(Clone, Debug, Hash)]
pub struct Processor {
    consumer: ClientNumber,
    producer: ClientNumber,
    output: TopicName,
    step: Step,
    /// Why the transaction is to be aborted.
    failure: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// It has just been started.
    Starting,
    /// It waits for records.
    Reading,
    /// It waits until `send()` has returned for all of them.
    Sending,
    /// It waits for a call about the transaction.
    Calling(TransactionCall),
    /// It has ended.
    Ended,
}

/// What its producer has told it.
enum Heard {
    SendFailed(Failure),
    Returned(TransactionCall, Option<Failure>),
}

/// Records of one partition that it was given, each with its offset.
#[derive(Clone, Debug)]
pub(crate) struct Polled {
    pub topic_partition: TopicPartition,
    /// The offset after the last one.
    pub to: i64,
    pub records: Vec<(i64, OutgoingRecord)>,
}

impl Processor {
    pub(crate) fn new(
        consumer: ClientNumber,
        producer: ClientNumber,
        output: TopicName,
    ) -> Processor {
        Processor {
            consumer,
            producer,
            output,
            step: Step::Starting,
            failure: None,
        }
    }

    /// What a processor cannot do without.
    pub(crate) fn check(producer: &ProducerConfig, input: &[TopicName]) -> Result<(), Refusal> {
        let refused = |text: &str| Err(Refusal::InvalidConfig(text.to_owned()));
        if producer.transactional_id.is_none() {
            return refused("A processor writes with transactions: give it a transactional.id.");
        }
        match input.is_empty() {
            true => refused("A processor reads topics: name one at least."),
            false => Ok(()),
        }
    }

    /// The client that reads.
    pub fn consumer(&self) -> ClientNumber {
        self.consumer
    }

    /// The client that writes.
    pub fn producer(&self) -> ClientNumber {
        self.producer
    }

    /// The topic it writes to.
    pub fn output(&self) -> &TopicName {
        &self.output
    }

    /// Whether this client is part of the process.
    pub fn has(&self, client: ClientNumber) -> bool {
        self.consumer == client || self.producer == client
    }

    /// Goes on after the events of these numbers, as far as it can.
    pub(crate) fn go_on(
        &mut self,
        fabric: &mut Fabric,
        clients: (&mut Consumer, &mut Producer),
        events: Range<usize>,
    ) {
        let (consumer, producer) = clients;
        for index in events {
            match self.heard(&fabric.events[index].kind) {
                Some(Heard::SendFailed(failure)) => {
                    self.failure.get_or_insert(failure);
                }
                Some(Heard::Returned(call, error)) => {
                    self.returned(fabric, consumer, producer, call, error);
                }
                None => {}
            }
        }
        if consumer.is_closing() || producer.is_closing() {
            return self.end(fabric, consumer, producer);
        }
        match self.step {
            Step::Starting => self.call(fabric, producer, TransactionCall::Init),
            Step::Reading => self.begin(fabric, consumer, producer),
            Step::Sending if !producer.is_sending() => self.sent(fabric, consumer, producer),
            _ => {}
        }
    }

    /// What an event tells it.
    fn heard(&self, event: &EventKind) -> Option<Heard> {
        match event {
            EventKind::TransactionCallReturned {
                producer, error, ..
            } if *producer == self.producer => match &self.step {
                Step::Calling(call) => Some(Heard::Returned(call.clone(), error.clone())),
                _ => None,
            },
            EventKind::SendFailed {
                producer,
                exception,
                message,
                ..
            } if *producer == self.producer => {
                Some(Heard::SendFailed((exception.clone(), message.clone())))
            }
            _ => None,
        }
    }

    fn call(&mut self, fabric: &mut Fabric, producer: &mut Producer, call: TransactionCall) {
        self.step = Step::Calling(call.clone());
        producer.call_transaction(fabric, call);
    }

    /// `poll()` has returned records, if it has.
    fn begin(&mut self, fabric: &mut Fabric, consumer: &mut Consumer, producer: &mut Producer) {
        let Some(polled) = consumer.handed_over(fabric.now) else {
            return;
        };
        match polled.iter().all(|polled| polled.records.is_empty()) {
            true => consumer.done_with_handed(fabric),
            false => self.call(fabric, producer, TransactionCall::Begin),
        }
    }

    /// A call has returned, or thrown.
    fn returned(
        &mut self,
        fabric: &mut Fabric,
        consumer: &mut Consumer,
        producer: &mut Producer,
        call: TransactionCall,
        error: Option<Failure>,
    ) {
        match (call, error) {
            (TransactionCall::Begin, None) => self.send(fabric, consumer, producer),
            (TransactionCall::SendOffsets(..), None) => {
                self.call(fabric, producer, TransactionCall::Commit);
            }
            (TransactionCall::Init, None) => self.step = Step::Reading,
            (TransactionCall::Commit, None) => {
                self.step = Step::Reading;
                consumer.done_with_handed(fabric);
            }
            (TransactionCall::Abort, None) => {
                self.step = Step::Reading;
                consumer.give_back_handed(fabric);
            }
            // What came of it nobody knows: the same call finds out.
            (
                call @ (TransactionCall::Init | TransactionCall::Commit | TransactionCall::Abort),
                Some((exception, _)),
            ) if exception == "TimeoutException" => self.call(fabric, producer, call),
            (TransactionCall::Commit | TransactionCall::SendOffsets(..), Some(error)) => {
                self.abort(fabric, consumer, producer, error);
            }
            (_, Some(error)) => self.fail(fabric, consumer, producer, error),
        }
    }

    /// Sends what it makes of each record.
    fn send(&mut self, fabric: &mut Fabric, consumer: &mut Consumer, producer: &mut Producer) {
        self.step = Step::Sending;
        self.failure = None;
        for polled in consumer.handed_over(fabric.now).unwrap_or_default() {
            for (offset, mut record) in polled.records {
                record.topic = self.output.clone();
                let source = format!("{}@{offset}", polled.topic_partition);
                let header = (SOURCE_HEADER.to_owned(), Some(source.into_bytes()));
                record.headers.push(header);
                match producer.check(&record) {
                    Ok(()) => producer.send(fabric, record),
                    Err(refusal) => {
                        let exception = refusal.exception().unwrap_or("KafkaException");
                        let failure = (exception.to_owned(), refusal.to_string());
                        self.failure.get_or_insert(failure);
                    }
                }
            }
        }
    }

    /// `send()` has returned for all records.
    fn sent(&mut self, fabric: &mut Fabric, consumer: &mut Consumer, producer: &mut Producer) {
        if let Some(failure) = self.failure.take() {
            return self.abort(fabric, consumer, producer, failure);
        }
        let polled = consumer.handed_over(fabric.now).unwrap_or_default();
        let offset = |polled: Polled| {
            let committed = CommittedOffset {
                offset: polled.to,
                leader_epoch: -1,
                metadata: String::new(),
            };
            (polled.topic_partition, committed)
        };
        let offsets = polled.into_iter().map(offset).collect();
        let group = ConsumerGroupMetadata::of(consumer);
        let call = TransactionCall::SendOffsets(group, offsets);
        self.call(fabric, producer, call);
    }

    /// The transaction cannot be committed: it is aborted, and its records are
    /// read again.
    fn abort(
        &mut self,
        fabric: &mut Fabric,
        consumer: &mut Consumer,
        producer: &mut Producer,
        failure: Failure,
    ) {
        let state = producer.transactions().map(|it| it.state());
        if state == Some(TransactionState::FatalError) {
            return self.fail(fabric, consumer, producer, failure);
        }
        let (exception, message) = failure;
        self.tell(fabric, ProcessorEvent::Aborts { exception, message });
        self.call(fabric, producer, TransactionCall::Abort);
    }

    /// It can do no more: the process ends.
    fn fail(
        &mut self,
        fabric: &mut Fabric,
        consumer: &mut Consumer,
        producer: &mut Producer,
        (exception, message): Failure,
    ) {
        self.tell(fabric, ProcessorEvent::Failed { exception, message });
        self.end(fabric, consumer, producer);
    }

    fn end(&mut self, fabric: &mut Fabric, consumer: &mut Consumer, producer: &mut Producer) {
        self.step = Step::Ended;
        if !consumer.is_closing() {
            consumer.close(fabric);
        }
        if !producer.is_closing() {
            producer.close(fabric);
        }
    }

    fn tell(&self, fabric: &mut Fabric, event: ProcessorEvent) {
        fabric.emit(EventKind::Processor {
            producer: self.producer,
            event,
        });
    }
}
