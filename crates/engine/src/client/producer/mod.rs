//! The producer (`org.apache.kafka.clients.producer.KafkaProducer`): `send()`
//! waits for metadata, chooses a partition and puts the record into the
//! accumulator; the sender drains full or lingered batches into requests.

mod accumulator;
mod compression_ratio;
mod config;
mod partitioner;
mod sender;

pub use accumulator::ProducerBatch;
pub use config::{Acks, ProducerConfig};

use std::collections::{BTreeMap, VecDeque};

use accumulator::Accumulator;
use partitioner::StickyPartitioner;
use sender::InFlightBatch;

use super::workload::RunningWorkload;
use super::{ClientTimer, Connection, Workload, murmur2};
use crate::command::Refusal;
use crate::event::{EventKind, RecordSizes};
use crate::log::record_batch::{Record, estimate_size_in_bytes_upper_bound};
use crate::protocol::{ErrorCode, Response, TopicName, TopicPartition};
use crate::sim::{Fabric, Time, TimerHandle};

/// How many records may wait in `send()` for metadata at a time. A Java
/// `send()` blocks its caller, so that a real application has one a thread.
const WAITING_MAX: usize = 1_000;

/// A record as an application hands it to `send()`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OutgoingRecord {
    /// The topic.
    pub topic: TopicName,
    /// The partition; `None` leaves it to the key or the partitioner.
    pub partition: Option<i32>,
    /// The key; `None` is null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is null.
    pub value: Option<Vec<u8>>,
}

/// A record whose `send()` waits for the topic's metadata.
#[derive(Clone, Debug, Hash)]
struct WaitingRecord {
    since: Time,
    record: OutgoingRecord,
}

/// A producer.
#[derive(Clone, Debug, Hash)]
pub struct Producer {
    /// Its name and its view of the cluster.
    pub connection: Connection,
    /// Its settings.
    pub config: ProducerConfig,
    waiting: VecDeque<WaitingRecord>,
    accumulator: Accumulator,
    sticky: BTreeMap<TopicName, StickyPartitioner>,
    /// The batches whose answer is out, by correlation id. A request whose
    /// batches have all expired stays until it is answered or lost.
    in_flight: BTreeMap<i32, Vec<InFlightBatch>>,
    sender_timer: Option<TimerHandle>,
    workload: Option<RunningWorkload>,
    workload_timer: Option<TimerHandle>,
    closing: bool,
}

impl Producer {
    pub(crate) fn new(
        connection: Connection,
        config: ProducerConfig,
        workload: Option<Workload>,
        seed: u64,
    ) -> Producer {
        let number = connection.number;
        Producer {
            connection,
            config,
            waiting: VecDeque::new(),
            accumulator: Accumulator::default(),
            sticky: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            sender_timer: None,
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
        self.accumulator.batches()
    }

    /// How many records wait in `send()` for the topic's metadata.
    pub fn waiting_records(&self) -> usize {
        self.waiting.len()
    }

    /// How many records `send()` took that it has not been told are stored.
    pub fn undelivered_records(&self) -> u32 {
        let held = self.accumulator.batches().map(|(_, batch)| batch);
        let sent = self.in_flight.values().flatten().map(|sent| &sent.batch);
        let in_batches: i32 = held.chain(sent).map(ProducerBatch::record_count).sum();
        self.waiting.len() as u32 + in_batches as u32
    }

    /// The partition that keyless records of this topic stick to at present.
    pub fn sticky_partition(&self, topic: &str) -> Option<i32> {
        self.sticky.get(topic)?.current()
    }

    /// Whether `close()` was called.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        // A Java producer has no topics to ask for yet, but learns the brokers.
        self.connection.metadata.request_update_now();
        self.schedule_workload(fabric);
        self.go_on(fabric);
    }

    /// Does all that can be done now.
    fn go_on(&mut self, fabric: &mut Fabric) {
        self.run_sender(fabric);
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

    /// What `send()` refuses at once.
    pub(crate) fn check(&self, record: &OutgoingRecord) -> Result<(), Refusal> {
        let size =
            estimate_size_in_bytes_upper_bound(record.key.as_deref(), record.value.as_deref(), &[]);
        let max_request_size = self.config.max_request_size;
        if size > max_request_size {
            return Err(Refusal::RecordTooLarge {
                size,
                max_request_size,
            });
        }
        if let Some(partition) = record.partition.filter(|partition| *partition < 0) {
            return Err(Refusal::NoSuchPartition(format!(
                "Invalid partition: {partition}. Partition number should always be non-negative or null."
            )));
        }
        if self.waiting.len() >= WAITING_MAX {
            return Err(Refusal::TooManyWaiting(self.waiting.len()));
        }
        Ok(())
    }

    pub(crate) fn send(&mut self, fabric: &mut Fabric, record: OutgoingRecord) {
        self.take(fabric, record);
        self.go_on(fabric);
    }

    /// What `send()` does before it returns, or blocks: the sender is another
    /// thread.
    fn take(&mut self, fabric: &mut Fabric, record: OutgoingRecord) {
        let is_new = self.connection.metadata.want(&record.topic);
        if self.waiting.is_empty() && self.is_known(&record) {
            return self.accumulate(fabric, record);
        }
        self.waiting.push_back(WaitingRecord {
            since: fabric.now,
            record,
        });
        let deadline = fabric.now.plus_ms(self.config.max_block_ms);
        self.admit_waiting(fabric);
        if !self.waiting.is_empty() {
            fabric.client_timer(deadline, self.connection.number, ClientTimer::MaxBlock);
            match is_new {
                true => self.connection.metadata.request_update_now(),
                false => self.connection.metadata.request_update(),
            }
        }
    }

    /// Whether the metadata tells of the record's topic, and of its partition
    /// where it names one.
    fn is_known(&self, record: &OutgoingRecord) -> bool {
        let partitions = self.connection.metadata.partitions(&record.topic);
        partitions.is_some_and(|partitions| {
            let exists = |partition| (partition as usize) < partitions.len();
            record.partition.is_none_or(exists)
        })
    }

    pub(crate) fn on_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: Response,
    ) {
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
            _ => {}
        }
        self.go_on(fabric);
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        match timer {
            ClientTimer::Sender => self.sender_timer = None,
            ClientTimer::MaxBlock => self.expire_waiting(fabric),
            ClientTimer::Workload => self.make_records(fabric),
            _ => {}
        }
        self.go_on(fabric);
    }

    pub(crate) fn close(&mut self, fabric: &mut Fabric) {
        self.closing = true;
        self.set_workload(fabric, None);
        self.go_on(fabric);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closing
            && self.waiting.is_empty()
            && self.accumulator.is_empty()
            && self.in_flight.values().all(Vec::is_empty)
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
    /// earlier record it makes no other.
    fn make_records(&mut self, fabric: &mut Fabric) {
        self.workload_timer = None;
        let burst = self.workload().map_or(0, |workload| workload.burst.max(1));
        for _ in 0..burst {
            if !self.waiting.is_empty() {
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
            Ok(()) => self.take(fabric, record),
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

    /// Moves the records whose topic is known from `send()` to the
    /// accumulator, in order.
    fn admit_waiting(&mut self, fabric: &mut Fabric) {
        for waiting in std::mem::take(&mut self.waiting) {
            match self.is_known(&waiting.record) {
                true => self.accumulate(fabric, waiting.record),
                false => self.waiting.push_back(waiting),
            }
        }
    }

    fn accumulate(&mut self, fabric: &mut Fabric, outgoing: OutgoingRecord) {
        let record = Record {
            timestamp_ms: fabric.timestamp_ms(),
            key: outgoing.key,
            value: outgoing.value,
            headers: Vec::new(),
        };
        let topic = outgoing.topic;
        let keyed = outgoing
            .partition
            .or_else(|| self.partition_for_key(&topic, record.key.as_deref()?));
        let topic_partition = match keyed {
            Some(partition) => {
                let topic_partition = TopicPartition::new(topic, partition);
                self.accumulator
                    .append(fabric.now, &topic_partition, &record, &self.config);
                topic_partition
            }
            None => self.append_to_sticky(fabric.now, topic, &record),
        };
        let sizes = RecordSizes::of(record.key.as_deref(), record.value.as_deref());
        self.tell_accumulated(fabric, topic_partition, sizes);
    }

    /// Records that come at one instant, one after the other, are one event.
    fn tell_accumulated(&self, fabric: &mut Fabric, of: TopicPartition, record: RecordSizes) {
        let cause = &fabric.cause;
        if let Some(last) = fabric.events.last_mut()
            && let EventKind::RecordsAccumulated {
                producer,
                topic_partition,
                records,
            } = &mut last.kind
            && (last.at, &last.cause) == (fabric.now, cause)
            && (*producer, &*topic_partition) == (self.connection.number, &of)
        {
            return records.push(record);
        }
        fabric.emit(EventKind::RecordsAccumulated {
            producer: self.connection.number,
            topic_partition: of,
            records: vec![record],
        });
    }

    fn partition_for_key(&self, topic: &str, key: &[u8]) -> Option<i32> {
        let partitions = self.connection.metadata.partitions(topic)?;
        let count = i32::try_from(partitions.len()).unwrap_or(i32::MAX);
        Some(murmur2::partition_for_key(key, count))
    }

    /// Appends to the partition that keyless records stick to; returns it.
    fn append_to_sticky(&mut self, now: Time, topic: TopicName, record: &Record) -> TopicPartition {
        let Producer {
            connection,
            config,
            accumulator,
            sticky,
            ..
        } = self;
        let sticky = sticky.entry(topic.clone()).or_default();
        let mut draw = || {
            let random = connection.random();
            let partitions = connection.metadata.partitions(&topic);
            partitioner::draw(partitions.unwrap_or_default(), random)
        };
        let all_batches_full = |partition| {
            accumulator.all_batches_full(&TopicPartition::new(topic.clone(), partition))
        };
        let partition = sticky.choose(config.batch_size, all_batches_full, &mut draw);
        let topic_partition = TopicPartition::new(topic.clone(), partition);
        let appended = accumulator.append(now, &topic_partition, record, config);
        sticky.appended(appended, config.batch_size, &mut draw);
        topic_partition
    }

    fn expire_waiting(&mut self, fabric: &mut Fabric) {
        let max_block_ms = self.config.max_block_ms;
        while let Some(first) = self.waiting.front() {
            if first.since.plus_ms(max_block_ms) > fabric.now {
                break;
            }
            let Some(expired) = self.waiting.pop_front() else {
                break;
            };
            let topic = expired.record.topic;
            let known = self.connection.metadata.partitions(&topic).map(<[_]>::len);
            let message = match (known, expired.record.partition) {
                (Some(count), Some(partition)) => format!(
                    "Partition {partition} of topic {topic} with partition count {count} is not present in metadata after {max_block_ms} ms."
                ),
                _ => format!("Topic {topic} not present in metadata after {max_block_ms} ms."),
            };
            fabric.emit(EventKind::SendFailed {
                producer: self.connection.number,
                topic,
                partition: expired.record.partition,
                records: 1,
                exception: "TimeoutException".to_owned(),
                message,
            });
        }
    }

    fn fail_invalid_topic(&mut self, fabric: &mut Fabric, topic: &TopicName) {
        let (failed, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.record.topic == *topic);
        self.waiting = kept;
        for waiting in failed {
            fabric.emit(EventKind::SendFailed {
                producer: self.connection.number,
                topic: topic.clone(),
                partition: waiting.record.partition,
                records: 1,
                exception: ErrorCode::InvalidTopicException.exception().to_owned(),
                message: format!("Invalid topics: [{topic}]"),
            });
        }
    }
}
