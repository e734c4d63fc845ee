use std::collections::BTreeMap;

use super::{Accumulator, Producer, ProducerBatch};
use crate::client::{Acks, ClientTimer};
use crate::event::{EventKind, LogLevel};
use crate::log::record_batch::RecordBatch;
use crate::protocol::{
    ErrorCode, PartitionProduceResponse, ProduceRequest, ProduceResponse, Request, TopicPartition,
};
use crate::sim::{Fabric, Time};

/// A batch whose answer has not come.
#[derive(Clone, Debug, Hash)]
pub(super) struct InFlightBatch {
    partition: TopicPartition,
    pub batch: ProducerBatch,
}

/// Errors after which a batch is sent again, with fresh metadata
/// (`InvalidMetadataException` and its kin).
fn is_retriable(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::UnknownTopicOrPartition
            | ErrorCode::LeaderNotAvailable
            | ErrorCode::NotLeaderOrFollower
            | ErrorCode::RequestTimedOut
            | ErrorCode::CorruptMessage
    )
}

impl Producer {
    /// The sender's loop: expires what is too old, sends what is ready, and
    /// comes back when the next batch may be ready
    /// (`org.apache.kafka.clients.producer.internals.Sender.sendProducerData`).
    pub(super) fn run_sender(&mut self, fabric: &mut Fabric) {
        self.expire_batches(fabric);
        let next = loop {
            let (ready, next) = self.ready(fabric.now);
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
    /// next batch may be.
    fn ready(&self, now: Time) -> (BTreeMap<i32, Vec<TopicPartition>>, Option<Time>) {
        let mut next: Option<Time> = None;
        let mut ready: BTreeMap<i32, Vec<TopicPartition>> = BTreeMap::new();
        for (partition, queue) in self.accumulator.queues() {
            let Some(at) = Accumulator::ready_at(queue, self.config.linger_ms, self.closing) else {
                continue;
            };
            let metadata = &self.connection.metadata;
            if at > now {
                next = Some(next.map_or(at, |next| next.min(at)));
            } else if let Some(leader) = metadata.leader(&partition.topic, partition.partition) {
                ready.entry(leader).or_default().push(partition.clone());
            }
        }
        (ready, next)
    }

    /// Sends the first batch of each of these partitions in one request, as
    /// far as `max.request.size` and the connection's limit allow; says
    /// whether one was sent.
    fn drain(&mut self, fabric: &mut Fabric, leader: i32, partitions: Vec<TopicPartition>) -> bool {
        if self.requests_in_flight(leader) >= self.config.max_in_flight_requests {
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
            acks: self.config.acks.number(),
            timeout_ms: self.config.request_timeout_ms,
            partitions: batches,
        });
        let correlation_id = self.connection.send(fabric, leader, request);
        if self.config.acks == Acks::None {
            for sent in in_flight {
                self.delivered(fabric, sent, -1);
            }
        } else {
            self.in_flight.insert(correlation_id, in_flight);
            self.in_flight_to.insert(correlation_id, leader);
        }
        true
    }

    fn requests_in_flight(&self, leader: i32) -> usize {
        let to_leader = |broker: &&i32| **broker == leader;
        self.in_flight_to.values().filter(to_leader).count()
    }

    fn schedule_sender(&mut self, fabric: &mut Fabric, next: Option<Time>) {
        if let Some(timer) = self.sender_timer.take() {
            fabric.queue.cancel(timer);
        }
        let timeout_ms = self.config.delivery_timeout_ms;
        let first_expiry = self
            .accumulator
            .batches()
            .map(|(_, batch)| batch.created.plus_ms(timeout_ms))
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
        self.in_flight_to.remove(&correlation_id);
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
                Some(answer) if is_retriable(answer.error_code) => {
                    self.retry(fabric, sent, answer.error_code);
                }
                Some(answer) => self.fail(fabric, sent, answer),
                None => {}
            }
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

    fn retry(&mut self, fabric: &mut Fabric, sent: InFlightBatch, error: ErrorCode) {
        let InFlightBatch {
            partition,
            mut batch,
        } = sent;
        batch.attempts += 1;
        batch.not_before = fabric
            .now
            .plus_us(self.connection.backoff_us(batch.attempts - 1));
        let text = format!(
            "Got error produce response on topic-partition {partition}, retrying. Error: {error}"
        );
        let logger = "org.apache.kafka.clients.producer.internals.Sender";
        self.connection.log(fabric, LogLevel::Warn, logger, text);
        self.accumulator.put_back(partition, batch);
        self.connection.update_metadata(fabric);
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
        for (partition, batch) in self.accumulator.take_expired(fabric.now, timeout_ms) {
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
