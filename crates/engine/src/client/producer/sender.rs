//! The sender's loop: what is sent when
//! (`org.apache.kafka.clients.producer.internals.Sender`).

use super::transaction_manager::{TransactionManager, TransactionState};
use super::{Acks, Producer, ProducerBatch, ProducerIdAndEpoch};
use crate::client::ClientTimer;
use crate::protocol::{
    ErrorCode, InitProducerIdRequest, InitProducerIdResponse, ProduceRequest, Request,
    TopicPartition,
};
use crate::sim::{Fabric, Scheduled, Time};

/// A request whose answer has not come.
#[derive(Clone, Debug, Hash)]
pub(super) struct InFlightRequest {
    pub batches: Vec<ProducerBatch>,
    /// Where batches of it have expired meanwhile.
    pub expired: Vec<TopicPartition>,
}

impl Producer {
    /// Sends what is ready, gives up on what is too old, and comes back when
    /// the next batch may be ready (`Sender.runOnce`). An idempotent producer
    /// gets its producer id first, and until then gives nothing up.
    pub(super) fn run_sender(&mut self, fabric: &mut Fabric) {
        let next = loop {
            if !self.prepare_transactions(fabric) {
                break None;
            }
            let (has_acted, next) = self.send_producer_data(fabric);
            if !has_acted {
                break [next, self.next_expiry()].into_iter().flatten().min();
            }
        };
        let init_due = self.transactions.as_ref().and_then(|of| of.init_due_at());
        let init_due = init_due.filter(|at| *at > fabric.now);
        let transaction_due = self.transaction_due(fabric.now);
        let next = next
            .into_iter()
            .chain(init_due)
            .chain(transaction_due)
            .min();
        let scheduled = Scheduled::ClientTimer(self.connection.number, ClientTimer::Sender);
        self.sender_alarm.set(fabric, next, scheduled);
    }

    /// Says whether data may be sent.
    fn prepare_transactions(&mut self, fabric: &mut Fabric) -> bool {
        let Some(transactions) = &mut self.transactions else {
            return true;
        };
        transactions.resolve_sequences();
        if let Some(error) = transactions.fatal_error() {
            self.abort_batches(fabric, error);
            return false;
        }
        for (of, id, sequence) in transactions.prepare(fabric.now) {
            let held = self.accumulator.batches_of(&of);
            let sent = self.in_flight.values_mut();
            let sent = sent.flat_map(|request| &mut request.batches);
            let mut all = held.chain(sent);
            if let Some(batch) = all.find(|batch| batch.id == id) {
                batch.reset_sequence(sequence);
            }
        }
        if self
            .transactions
            .as_ref()
            .is_some_and(TransactionManager::is_transactional)
        {
            return self.run_transaction(fabric);
        }
        self.ask_for_producer_id(fabric);
        let transactions = self.transactions.as_ref();
        transactions.is_some_and(|of| of.state() == TransactionState::Ready)
    }

    /// Asks any broker, once that is due.
    fn ask_for_producer_id(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let Some(transactions) = &mut self.transactions else {
            return;
        };
        if transactions.init_due_at().is_none_or(|at| at > now) {
            return;
        }
        let Some(broker) = self.connection.least_loaded(now) else {
            return;
        };
        let request = Request::InitProducerId(InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: i32::MAX,
            producer_id: -1,
            producer_epoch: -1,
        });
        let correlation_id = self.connection.send(fabric, broker, request);
        transactions.asked(correlation_id);
    }

    pub(super) fn on_producer_id(
        &mut self,
        now: Time,
        correlation_id: i32,
        response: &InitProducerIdResponse,
    ) {
        let Some(transactions) = &mut self.transactions else {
            return;
        };
        if !transactions.is_asked(correlation_id) {
            return;
        }
        match response.error_code {
            ErrorCode::None => transactions.initialized(ProducerIdAndEpoch {
                producer_id: response.producer_id,
                epoch: response.producer_epoch,
            }),
            error if error.is_retriable() => self.ask_for_id_again(now),
            error => transactions.fail(error),
        }
    }

    /// After `retry.backoff.ms`, however often it was in vain.
    pub(super) fn ask_for_id_again(&mut self, now: Time) {
        let at = now.plus_ms(self.config.backoffs.retry_ms);
        if let Some(transactions) = &mut self.transactions {
            transactions.ask_again_at(at);
        }
    }

    /// Says whether anything was sent or given up, and when the next batch may
    /// be sent.
    fn send_producer_data(&mut self, fabric: &mut Fabric) -> (bool, Option<Time>) {
        let now = fabric.now;
        let check = self.accumulator.ready(now, &self.connection.metadata);
        if !check.unknown_leader_topics.is_empty() {
            self.connection.metadata.request_update();
        }
        let mut has_acted = false;
        for broker in check.nodes {
            let is_ready = self.connection.is_ready(now, broker)
                && self.connection.requests_in_flight(broker) < self.config.max_in_flight_requests;
            self.accumulator.note_ready(now, broker, is_ready);
            if !is_ready {
                continue;
            }
            let batches = self.accumulator.drain(
                now,
                &self.connection.metadata,
                broker,
                self.config.max_request_size,
                self.transactions.as_mut(),
            );
            if !batches.is_empty() {
                has_acted = true;
                self.send_produce_request(fabric, broker, batches);
            }
        }
        has_acted |= self.expire_batches(fabric);
        (has_acted, check.next_check)
    }

    fn send_produce_request(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        mut batches: Vec<ProducerBatch>,
    ) {
        let of = |batch: &mut ProducerBatch| (batch.topic_partition.clone(), batch.records());
        let request = Request::Produce(ProduceRequest {
            transactional_id: self.config.transactional_id.as_deref().map(Into::into),
            acks: self.config.acks.number(),
            timeout_ms: self.config.request_timeout_ms,
            partitions: batches.iter_mut().map(of).collect(),
        });
        if self.config.acks == Acks::None {
            self.connection.send_unanswered(fabric, broker, request);
            for batch in batches {
                self.completed(fabric, batch, -1);
            }
            return;
        }
        // One batch of a partition is under way at a time, whichever brokers
        // led it meanwhile (`guaranteeMessageOrder`).
        if self.config.max_in_flight_requests == 1 {
            for batch in &batches {
                self.accumulator.mute(&batch.topic_partition);
            }
        }
        let correlation_id = self.connection.send(fabric, broker, request);
        let expired = Vec::new();
        let sent = InFlightRequest { batches, expired };
        self.in_flight.insert(correlation_id, sent);
    }

    fn next_expiry(&self) -> Option<Time> {
        let timeout_ms = self.config.delivery_timeout_ms();
        let sent = self.in_flight.values().flat_map(|of| &of.batches);
        let sent = sent.map(|batch| batch.expires_at(timeout_ms));
        sent.chain(self.accumulator.next_expiry()).min()
    }

    /// Gives up on batches that should have been delivered by now; says
    /// whether there was one (`delivery.timeout.ms`).
    fn expire_batches(&mut self, fabric: &mut Fabric) -> bool {
        let timeout_ms = self.config.delivery_timeout_ms();
        let mut expired = self.accumulator.expired_batches(fabric.now);
        for request in self.in_flight.values_mut() {
            let is_late = |batch: &ProducerBatch| batch.expires_at(timeout_ms) <= fabric.now;
            if !request.batches.iter().any(is_late) {
                continue;
            }
            let is_late = |batch: &mut ProducerBatch| is_late(batch);
            let late: Vec<_> = request.batches.extract_if(.., is_late).collect();
            let partitions = late.iter().map(|batch| batch.topic_partition.clone());
            request.expired.extend(partitions);
            expired.extend(late);
        }
        let is_any = !expired.is_empty();
        for batch in expired {
            let message = format!(
                "Expiring {} record(s) for {}:{} ms has passed since batch creation",
                batch.record_count(),
                batch.topic_partition,
                fabric.now.us_since(batch.created) / 1_000
            );
            if let Some(transactions) = &mut self.transactions {
                transactions.failed(&batch, ErrorCode::RequestTimedOut, false);
                if batch.is_retry() {
                    transactions.mark_unresolved(&batch);
                }
            }
            self.give_up(fabric, &batch, "TimeoutException", message);
        }
        is_any
    }

    /// Nothing can be sent any more.
    fn abort_batches(&mut self, fabric: &mut Fabric, error: ErrorCode) {
        let mut batches = self.accumulator.take_all();
        for (_, request) in std::mem::take(&mut self.in_flight) {
            batches.extend(request.batches);
        }
        for batch in batches {
            self.give_up(
                fabric,
                &batch,
                error.exception(),
                error.message().to_owned(),
            );
        }
    }

    /// All records of a batch have failed for one reason.
    pub(super) fn give_up(
        &mut self,
        fabric: &mut Fabric,
        batch: &ProducerBatch,
        exception: &str,
        message: String,
    ) {
        self.accumulator.deallocate(batch);
        let TopicPartition { topic, partition } = batch.topic_partition.clone();
        let of = (topic, Some(partition));
        let error = (exception.to_owned(), message);
        self.failed(fabric, of, batch.record_count(), error);
    }

    /// A batch is stored, as far as the producer is told.
    pub(super) fn completed(
        &mut self,
        fabric: &mut Fabric,
        batch: ProducerBatch,
        base_offset: i64,
    ) {
        self.accumulator.deallocate(&batch);
        let records = batch.record_count();
        self.delivered(fabric, batch.topic_partition, records, base_offset);
    }
}
