use std::collections::{BTreeMap, BTreeSet};

use super::{Accumulator, Producer, ProducerBatch};
use crate::client::{Acks, ClientTimer};
use crate::event::{EventKind, LogLevel};
use crate::log::record_batch::RecordBatch;
use crate::protocol::{
    ErrorCode, PartitionProduceResponse, ProduceRequest, ProduceResponse, Request, TopicPartition,
};
use crate::sim::{Fabric, Time};

/// `retries`.
const RETRIES: u32 = i32::MAX as u32;

/// A batch whose answer has not come.
#[derive(Clone, Debug, Hash)]
pub(super) struct InFlightBatch {
    partition: TopicPartition,
    pub batch: ProducerBatch,
}

impl Producer {
    /// The sender's loop: expires what is too old, sends what is ready, and
    /// comes back when the next batch may be ready
    /// (`org.apache.kafka.clients.producer.internals.Sender.sendProducerData`).
    pub(super) fn run_sender(&mut self, fabric: &mut Fabric) {
        self.expire_batches(fabric);
        let next = loop {
            let (ready, next) = self.ready(fabric);
            let mut sent = false;
            for (leader, partitions) in ready {
                sent |= self.drain(fabric, leader, partitions);
            }
            if !sent {
                break next;
            }
        };
        self.schedule_sender(fabric, next);
    }

    /// The partitions whose first batch may be sent, by leader, and when the
    /// next batch may be. Batches for a partition without a leader wait for
    /// fresh metadata, those for a broker that backs off for its time.
    fn ready(&mut self, fabric: &Fabric) -> (BTreeMap<i32, Vec<TopicPartition>>, Option<Time>) {
        let now = fabric.now;
        let muted = self.muted();
        let mut leaderless = false;
        let mut next: Option<Time> = None;
        let mut ready: BTreeMap<i32, Vec<TopicPartition>> = BTreeMap::new();
        for (partition, queue) in self.accumulator.queues() {
            let Some(at) = Accumulator::ready_at(queue, self.config.linger_ms, self.closing) else {
                continue;
            };
            if muted.contains(partition) {
                continue;
            }
            if at > now {
                next = Some(next.map_or(at, |next| next.min(at)));
                continue;
            }
            let metadata = &self.connection.metadata;
            match metadata.leader(&partition.topic, partition.partition) {
                Some(leader) if self.connection.is_ready(now, leader) => {
                    ready.entry(leader).or_default().push(partition.clone());
                }
                Some(_) => {}
                None => leaderless = true,
            }
        }
        if leaderless {
            self.connection.metadata.request_update();
        }
        (ready, next)
    }

    /// With `max.in.flight.requests.per.connection=1` a partition has one
    /// batch under way at most, whichever brokers led it meanwhile
    /// (`guaranteeMessageOrder`).
    fn muted(&self) -> BTreeSet<TopicPartition> {
        let in_flight = self.in_flight.values().flatten();
        match self.config.max_in_flight_requests {
            1 => in_flight.map(|sent| sent.partition.clone()).collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Sends the first batch of each of these partitions in one request, as
    /// far as `max.request.size` and the connection's limit allow; says
    /// whether one was sent.
    fn drain(&mut self, fabric: &mut Fabric, leader: i32, partitions: Vec<TopicPartition>) -> bool {
        if self.connection.requests_in_flight(leader) >= self.config.max_in_flight_requests {
            return false;
        }
        let mut size = 0;
        let mut in_flight = Vec::new();
        let mut batches: Vec<(TopicPartition, RecordBatch)> = Vec::new();
        for partition in partitions {
            let Some(batch) = self.accumulator.take_first(&partition) else {
                continue;
            };
            if size > 0 && size + batch.size_in_bytes() > self.config.max_request_size {
                self.accumulator.put_back(partition, batch);
                break;
            }
            let records = self.accumulator.close(&partition, &batch);
            size += records.size_in_bytes();
            batches.push((partition.clone(), records));
            in_flight.push(InFlightBatch { partition, batch });
        }
        let request = Request::Produce(ProduceRequest {
            transactional_id: None,
            acks: self.config.acks.number(),
            timeout_ms: self.config.request_timeout_ms,
            partitions: batches,
        });
        if self.config.acks == Acks::None {
            self.connection.send_unanswered(fabric, leader, request);
            for sent in in_flight {
                self.delivered(fabric, sent, -1);
            }
        } else {
            let correlation_id = self.connection.send(fabric, leader, request);
            self.in_flight.insert(correlation_id, in_flight);
        }
        true
    }

    fn schedule_sender(&mut self, fabric: &mut Fabric, next: Option<Time>) {
        if let Some(timer) = self.sender_timer.take() {
            fabric.queue.cancel(timer);
        }
        let timeout_ms = self.config.delivery_timeout_ms;
        let held = self.accumulator.batches().map(|(_, batch)| batch);
        let sent = self.in_flight.values().flatten().map(|sent| &sent.batch);
        let first_expiry = held
            .chain(sent)
            .map(|batch| batch.created.plus_ms(timeout_ms))
            .min();
        let at = [next, first_expiry].into_iter().flatten().min();
        self.sender_timer =
            at.map(|at| fabric.client_timer(at, self.connection.number, ClientTimer::Sender));
    }

    pub(super) fn on_produce_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: ProduceResponse,
    ) {
        let Some(in_flight) = self.in_flight.remove(&correlation_id) else {
            return;
        };
        let mut answers: BTreeMap<TopicPartition, PartitionProduceResponse> =
            response.partitions.into_iter().collect();
        // Last first, so that batches that go back keep their order.
        for sent in in_flight.into_iter().rev() {
            match answers.remove(&sent.partition) {
                Some(answer) if answer.error_code.is_none() => {
                    self.delivered(fabric, sent, answer.base_offset);
                }
                Some(answer) => self.refused(fabric, correlation_id, sent, answer),
                None => {}
            }
        }
    }

    /// These requests will not be answered: whether their records are stored
    /// is not known, and they are sent again. The last goes back first, so
    /// that the batches keep their order.
    pub(crate) fn on_disconnect(&mut self, fabric: &mut Fabric, lost: &[i32]) {
        for correlation_id in lost.iter().rev() {
            let batches = self.in_flight.remove(correlation_id).unwrap_or_default();
            for sent in batches.into_iter().rev() {
                let answer = PartitionProduceResponse {
                    error_code: ErrorCode::NetworkException,
                    base_offset: -1,
                    log_start_offset: -1,
                    error_message: None,
                    record_errors: Vec::new(),
                };
                self.refused(fabric, *correlation_id, sent, answer);
            }
        }
        self.go_on(fabric);
    }

    /// A batch was not stored, as far as anybody knows
    /// (`Sender.completeBatch`).
    fn refused(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        sent: InFlightBatch,
        answer: PartitionProduceResponse,
    ) {
        let error = answer.error_code;
        if error.is_invalid_metadata() {
            self.connection.metadata.request_update();
        }
        match error.is_retriable() {
            true => self.retry(fabric, correlation_id, sent, error),
            false => self.fail(fabric, sent, answer),
        }
    }

    fn delivered(&mut self, fabric: &mut Fabric, sent: InFlightBatch, base_offset: i64) {
        fabric.emit(EventKind::Delivered {
            producer: self.connection.number,
            topic_partition: sent.partition,
            base_offset: (base_offset >= 0).then_some(base_offset),
            records: sent.batch.record_count(),
        });
    }

    fn retry(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        sent: InFlightBatch,
        error: ErrorCode,
    ) {
        let InFlightBatch {
            partition,
            mut batch,
        } = sent;
        batch.attempts += 1;
        batch.not_before = fabric
            .now
            .plus_us(self.connection.backoff_us(batch.attempts - 1));
        let text = format!(
            "Got error produce response with correlation id {correlation_id} on topic-partition \
             {partition}, retrying ({} attempts left). Error: {error}",
            RETRIES.saturating_sub(batch.attempts)
        );
        let logger = "org.apache.kafka.clients.producer.internals.Sender";
        self.connection.log(fabric, LogLevel::Warn, logger, text);
        self.accumulator.put_back(partition, batch);
    }

    fn fail(&mut self, fabric: &mut Fabric, sent: InFlightBatch, answer: PartitionProduceResponse) {
        // Of one record that is refused, its own message is told
        // (`Sender.completeBatch`); of several, each has its own.
        let mut record_errors = answer.record_errors.into_iter();
        let message = record_errors.next().map(|error| error.message);
        let message = message
            .or(answer.error_message)
            .unwrap_or_else(|| answer.error_code.message().to_owned());
        fabric.emit(EventKind::SendFailed {
            producer: self.connection.number,
            topic: sent.partition.topic,
            partition: Some(sent.partition.partition),
            records: sent.batch.record_count(),
            exception: answer.error_code.exception().to_owned(),
            message,
        });
    }

    fn expire_batches(&mut self, fabric: &mut Fabric) {
        let timeout_ms = self.config.delivery_timeout_ms;
        let is_expired =
            |sent: &mut InFlightBatch| sent.batch.created.plus_ms(timeout_ms) <= fabric.now;
        let mut expired = Vec::new();
        for batches in self.in_flight.values_mut() {
            let late = batches.extract_if(.., is_expired);
            expired.extend(late.map(|sent| (sent.partition, sent.batch)));
        }
        expired.extend(self.accumulator.take_expired(fabric.now, timeout_ms));
        for (partition, batch) in expired {
            let waited_ms = fabric.now.us_since(batch.created) / 1_000;
            fabric.emit(EventKind::SendFailed {
                producer: self.connection.number,
                topic: partition.topic.clone(),
                partition: Some(partition.partition),
                records: batch.record_count(),
                exception: "TimeoutException".to_owned(),
                message: format!(
                    "Expiring {} record(s) for {partition}:{waited_ms} ms has passed since batch creation",
                    batch.record_count()
                ),
            });
        }
    }
}
