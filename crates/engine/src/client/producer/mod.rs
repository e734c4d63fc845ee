//! The producer (`org.apache.kafka.clients.producer.KafkaProducer`): `send()`
//! waits for metadata and memory, chooses a partition and puts the record into
//! the accumulator; the sender drains full or lingered batches into requests.

mod accumulator;
mod answers;
mod callbacks;
mod cluster;
mod compression_ratio;
mod config;
mod partitioner;
mod send;
mod sender;
mod transaction_manager;
mod transactions;

pub use accumulator::{
    AccumulatorConfig, Appended, BatchSequence, BufferExhausted, ClusterView, ProducerBatch,
    ProducerIdAndEpoch, ReadyCheck, RecordAccumulator,
};
pub use callbacks::Callback;
pub use config::{Acks, PartitionerChoice, ProducerConfig};
pub use partitioner::{
    BuiltInPartitioner, EvaluationError, Expression, Partitioner, RoundRobinPartitioner,
};
pub use transaction_manager::{
    ConsumerGroupMetadata, TransactionCall, TransactionManager, TransactionState,
};

use crate::collections::BTreeMap;
use std::collections::VecDeque;

use self::callbacks::Flush;
use self::send::WaitingRecord;
use self::sender::InFlightRequest;
use super::workload::RunningWorkload;
use super::{ClientTimer, Connection, Workload};
use crate::config::producer;
use crate::event::{EventKind, LogLevel};
use crate::log::record_batch::Header;
use crate::protocol::{ErrorCode, Response, TopicName, TopicPartition};
use crate::sim::{Alarm, Fabric, Random, Stream, TimerHandle};

/// A record as an application hands it to `send()`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OutgoingRecord {
    /// The topic.
    pub topic: TopicName,
    /// The partition; `None` leaves it to the key or the partitioner.
    pub partition: Option<i32>,
    /// The timestamp in epoch milliseconds; `None` is the time of `send()`.
    pub timestamp_ms: Option<i64>,
    /// The key; `None` is null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is null.
    pub value: Option<Vec<u8>>,
    /// The headers, in order.
    pub headers: Vec<Header>,
}

/// The logger of what concerns the producer as a whole.
const KAFKA_PRODUCER: &str = "org.apache.kafka.clients.producer.KafkaProducer";

/// A producer.
#[derive(Clone, Debug, Hash)]
pub struct Producer {
    /// Its name and its view of the cluster.
    pub connection: Connection,
    /// Its settings.
    pub config: ProducerConfig,
    waiting: VecDeque<WaitingRecord>,
    /// How many records `send()` was given.
    records_sent: u64,
    accumulator: RecordAccumulator,
    partitioner: Partitioner,
    /// Draws the partitions that records without a key stick to.
    random: Random,
    /// `None` without idempotence.
    transactions: Option<TransactionManager>,
    /// The batches whose answer is out, by correlation id. A request whose
    /// batches have all expired stays until it is answered or lost.
    in_flight: BTreeMap<i32, InFlightRequest>,
    /// Callbacks that wait for `poll()` or `flush()`.
    callbacks: VecDeque<Callback>,
    flush: Option<Flush>,
    sender_alarm: Alarm,
    workload: Option<RunningWorkload>,
    workload_timer: Option<TimerHandle>,
    closing: bool,
}

impl Producer {
    pub(crate) fn new(
        mut connection: Connection,
        config: ProducerConfig,
        workload: Option<Workload>,
        seed: u64,
    ) -> Producer {
        let number = connection.number;
        connection.configure(config.backoffs, &config.given);
        Producer {
            connection,
            waiting: VecDeque::new(),
            records_sent: 0,
            accumulator: RecordAccumulator::new(config.accumulator()),
            partitioner: config.partitioner(),
            random: Random::new(seed, Stream::Partitioner(number)),
            transactions: config.transaction_manager(),
            config,
            in_flight: BTreeMap::new(),
            callbacks: VecDeque::new(),
            flush: None,
            sender_alarm: Alarm::default(),
            workload: workload.map(|workload| RunningWorkload::new(workload, seed, number)),
            workload_timer: None,
            closing: false,
        }
    }

    /// What it makes up, if anything.
    pub fn workload(&self) -> Option<&Workload> {
        self.workload.as_ref().map(|running| &running.workload)
    }

    /// The batches in its accumulator, by partition, oldest first.
    pub fn batches(&self) -> impl Iterator<Item = (&TopicPartition, &ProducerBatch)> {
        let batches = self.accumulator.batches();
        batches.map(|batch| (&batch.topic_partition, batch))
    }

    /// The batches whose answer is out, by the request that carries them.
    pub fn in_flight_batches(&self) -> impl Iterator<Item = (&TopicPartition, &ProducerBatch)> {
        let requests = self.in_flight.values();
        let batches = requests.flat_map(|request| &request.batches);
        batches.map(|batch| (&batch.topic_partition, batch))
    }

    /// How many records wait in `send()` for the topic's metadata or for room
    /// in `buffer.memory`.
    pub fn waiting_records(&self) -> usize {
        self.waiting.len()
    }

    /// How many records `send()` took that it has not been told are stored.
    pub fn undelivered_records(&self) -> u32 {
        let held = self.batches().map(|(_, batch)| batch);
        let sent = self.in_flight_batches().map(|(_, batch)| batch);
        let in_batches: i32 = held.chain(sent).map(ProducerBatch::record_count).sum();
        self.waiting.len() as u32 + in_batches as u32
    }

    /// Whether a `send()` has not returned.
    pub(crate) fn is_sending(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How much of `buffer.memory` is taken, in bytes.
    pub fn used_memory(&self) -> u64 {
        self.accumulator.used_memory()
    }

    /// The partition that keyless records of this topic stick to at present.
    pub fn sticky_partition(&self, topic: &str) -> Option<i32> {
        self.accumulator.sticky_partition(topic)
    }

    /// Its producer id, epoch and sequences; `None` without idempotence.
    pub fn transactions(&self) -> Option<&TransactionManager> {
        self.transactions.as_ref()
    }

    /// Whether `close()` was called.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        let (section, given) = (&producer::CONFIG, &self.config.given);
        self.connection.warn(fabric, section, given);
        if let Some(text) = self.config.delivery_timeout_warning() {
            self.connection
                .log(fabric, LogLevel::Warn, KAFKA_PRODUCER, text);
        }
        // A Java producer has no topics to ask for yet, but learns the brokers.
        self.connection.metadata.request_update_now();
        self.schedule_workload(fabric);
        self.connection.go_on(fabric);
        self.go_on(fabric);
    }

    /// Does all that can be done now.
    fn go_on(&mut self, fabric: &mut Fabric) {
        loop {
            self.run_sender(fabric);
            // What is done leaves memory to those that wait for it.
            if !self.admit_waiting(fabric) {
                break;
            }
        }
        self.end_flush(fabric);
        self.connection.go_on(fabric);
    }

    pub(crate) fn set_workload(&mut self, fabric: &mut Fabric, workload: Option<Workload>) {
        if let Some(timer) = self.workload_timer.take() {
            fabric.queue.cancel(timer);
        }
        let number = self.connection.number;
        self.workload =
            workload.map(|workload| RunningWorkload::new(workload, fabric.seed, number));
        self.schedule_workload(fabric);
    }

    pub(crate) fn on_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: Response,
    ) {
        if self.on_transaction_answer(fabric, correlation_id, &response) {
            return self.go_on(fabric);
        }
        match response {
            Response::Metadata(response) => {
                let answer = self
                    .connection
                    .on_metadata(fabric, correlation_id, response);
                for (topic, error) in answer.into_iter().flat_map(|answer| answer.errors) {
                    if error == ErrorCode::InvalidTopicException {
                        self.fail_invalid_topic(fabric, &topic);
                    }
                }
                self.admit_waiting(fabric);
            }
            Response::Produce(response) => {
                self.on_produce_response(fabric, correlation_id, response);
            }
            Response::InitProducerId(response) => {
                self.on_producer_id(fabric.now, correlation_id, &response);
            }
            _ => {}
        }
        self.go_on(fabric);
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        match timer {
            ClientTimer::Sender => self.sender_alarm.went_off(),
            ClientTimer::MaxBlock => self.expire_waiting(fabric),
            ClientTimer::Workload => self.make_records(fabric),
            _ => {}
        }
        self.go_on(fabric);
    }

    pub(crate) fn close(&mut self, fabric: &mut Fabric) {
        self.closing = true;
        self.accumulator.close();
        self.abort_on_close();
        self.set_workload(fabric, None);
        self.serve_callbacks(fabric);
        self.go_on(fabric);
    }

    /// What is lost when the process ends now: the records that were not sent
    /// at all, by partition; those that still wait in `send()` have none.
    pub(crate) fn unsent(&self) -> Vec<(TopicName, Option<i32>, i32)> {
        let mut unsent = BTreeMap::new();
        for (of, batch) in self.batches() {
            *unsent
                .entry((of.topic.clone(), Some(of.partition)))
                .or_default() += batch.record_count();
        }
        for waiting in &self.waiting {
            let of = (waiting.topic.clone(), waiting.partition);
            *unsent.entry(of).or_default() += 1;
        }
        let unsent = unsent.into_iter();
        unsent
            .map(|((topic, partition), records)| (topic, partition, records))
            .collect()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closing && self.undelivered_records() == 0 && !self.has_ongoing_transaction()
    }

    fn schedule_workload(&mut self, fabric: &mut Fabric) {
        let Some(running) = &self.workload else {
            return;
        };
        let at = fabric.now.plus_us(running.workload.interval_us.max(1));
        let timer = fabric.client_timer(at, self.connection.number, ClientTimer::Workload);
        self.workload_timer = Some(timer);
    }

    /// One turn of the application's loop. While its `send()` blocks on an
    /// earlier record, or its `flush()` waits, it makes no other.
    fn make_records(&mut self, fabric: &mut Fabric) {
        self.workload_timer = None;
        let burst = self.workload().map_or(0, |workload| workload.burst.max(1));
        for _ in 0..burst {
            if !self.waiting.is_empty() || self.flush.is_some() {
                break;
            }
            self.make_record(fabric);
        }
        self.schedule_workload(fabric);
    }

    fn make_record(&mut self, fabric: &mut Fabric) {
        let Some(running) = &mut self.workload else {
            return;
        };
        let record = running.next();
        match self.check(&record) {
            Ok(()) => self.take(fabric, record, false),
            Err(refusal) => fabric.emit(EventKind::SendFailed {
                producer: self.connection.number,
                topic: record.topic,
                partition: record.partition,
                records: 1,
                exception: refusal.exception().unwrap_or_default().to_owned(),
                message: refusal.to_string(),
            }),
        }
    }
}
