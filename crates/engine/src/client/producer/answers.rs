//! What becomes of batches when they are answered, or are not
//! (`Sender.handleProduceResponse`, `Sender.completeBatch`).

use crate::collections::BTreeMap;

use super::sender::InFlightRequest;
use super::{Producer, ProducerBatch};
use crate::event::LogLevel;
use crate::protocol::{ErrorCode, PartitionProduceResponse, ProduceResponse, TopicPartition};
use crate::sim::Fabric;

/// The logger of what concerns sending.
const SENDER: &str = "org.apache.kafka.clients.producer.internals.Sender";

/// What a record fails with that was in one batch with one that is invalid.
const OTHERS_ARE_INVALID: &str = "Failed to append record because it was part of a batch which had one more more invalid records";

impl Producer {
    pub(super) fn on_produce_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: ProduceResponse,
    ) {
        let Some(request) = self.in_flight.remove(&correlation_id) else {
            return;
        };
        let mut answers: BTreeMap<TopicPartition, PartitionProduceResponse> =
            response.partitions.into_iter().collect();
        self.unmute(&request);
        for batch in request.batches {
            if let Some(answer) = answers.remove(&batch.topic_partition) {
                self.answered(fabric, correlation_id, batch, answer);
            }
        }
    }

    /// These requests will not be answered: whether their records are stored
    /// is not known. Without sequences the batches go back in front one after
    /// the other, the oldest first, so that the last of them is sent first.
    pub(crate) fn on_disconnect(&mut self, fabric: &mut Fabric, lost: &[i32]) {
        for correlation_id in lost {
            let transactions = self.transactions.as_ref();
            if transactions.is_some_and(|of| of.is_asked(*correlation_id)) {
                self.ask_for_id_again(fabric.now);
            }
            self.on_transaction_disconnect(fabric, *correlation_id);
            let Some(request) = self.in_flight.remove(correlation_id) else {
                continue;
            };
            self.unmute(&request);
            for batch in request.batches {
                let answer = PartitionProduceResponse {
                    error_code: ErrorCode::NetworkException,
                    base_offset: -1,
                    log_start_offset: -1,
                    error_message: None,
                    record_errors: Vec::new(),
                };
                self.answered(fabric, *correlation_id, batch, answer);
            }
        }
        self.go_on(fabric);
    }

    fn unmute(&mut self, request: &InFlightRequest) {
        let answered = request.batches.iter().map(|batch| &batch.topic_partition);
        for of in answered.chain(&request.expired) {
            self.accumulator.unmute(of);
        }
    }

    fn answered(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        batch: ProducerBatch,
        answer: PartitionProduceResponse,
    ) {
        let error = answer.error_code;
        let of = batch.topic_partition.clone();
        // The broker has it, but does not know any more at which offset.
        if error.is_none() || error == ErrorCode::DuplicateSequenceNumber {
            if let Some(transactions) = &mut self.transactions {
                transactions.completed(&batch, answer.base_offset);
            }
            return self.completed(fabric, batch, answer.base_offset);
        }
        let mut batch = batch;
        if self.split(fabric, correlation_id, &mut batch, &answer) {
            // Its records go on in smaller batches.
        } else if self.can_retry(fabric, &batch, &answer) {
            self.retry(fabric, correlation_id, batch, &answer);
        } else {
            self.refused(fabric, &batch, answer);
        }
        if error.is_invalid_metadata() {
            self.complain_of_metadata(fabric, &of, error);
            self.connection.metadata.request_update();
        }
    }

    fn complain_of_metadata(&self, fabric: &mut Fabric, of: &TopicPartition, error: ErrorCode) {
        let text = match error {
            ErrorCode::UnknownTopicOrPartition => format!(
                "Received unknown topic or partition error in produce request on partition {of}. \
                 The topic-partition may not exist or the user may not have Describe access to it"
            ),
            _ => format!(
                "Received invalid metadata error in produce request on partition {of} due to \
                 org.apache.kafka.common.errors.{}: {}. Going to request metadata update now",
                error.exception(),
                error.message()
            ),
        };
        self.connection.log(fabric, LogLevel::Warn, SENDER, text);
    }

    /// With fewer records a batch may not be too large. That counts as no
    /// attempt. Says whether it was split.
    fn split(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        batch: &mut ProducerBatch,
        answer: &PartitionProduceResponse,
    ) -> bool {
        let transactions = self.transactions.as_mut();
        let is_split = answer.error_code == ErrorCode::MessageTooLarge
            && batch.record_count() > 1
            && self.accumulator.split_and_reenqueue(batch, transactions);
        if is_split {
            self.accumulator.deallocate(batch);
            let text = format!(
                "Got error produce response in correlation id {correlation_id} on topic-partition \
                 {}, splitting and retrying ({} attempts left). Error: {}",
                batch.topic_partition,
                self.config.retries.saturating_sub(batch.attempts),
                describe(answer)
            );
            self.connection.log(fabric, LogLevel::Warn, SENDER, text);
        }
        is_split
    }

    fn can_retry(
        &mut self,
        fabric: &Fabric,
        batch: &ProducerBatch,
        answer: &PartitionProduceResponse,
    ) -> bool {
        let is_late = batch.expires_at(self.config.delivery_timeout_ms()) <= fabric.now;
        !is_late
            && batch.attempts < self.config.retries
            && match &mut self.transactions {
                Some(transactions) => transactions.can_retry(batch, answer),
                None => answer.error_code.is_retriable(),
            }
    }

    fn retry(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        batch: ProducerBatch,
        answer: &PartitionProduceResponse,
    ) {
        let text = format!(
            "Got error produce response with correlation id {correlation_id} on topic-partition \
             {}, retrying ({} attempts left). Error: {}",
            batch.topic_partition,
            self.config.retries.saturating_sub(batch.attempts + 1),
            describe(answer)
        );
        self.connection.log(fabric, LogLevel::Warn, SENDER, text);
        let wait_us = self.connection.backoff_us(batch.attempts);
        let until = fabric.now.plus_us(wait_us);
        self.accumulator.reenqueue(fabric.now, batch, until);
    }

    /// When its retries are used up it may be stored all the same, and its
    /// sequence must not be given away.
    fn refused(
        &mut self,
        fabric: &mut Fabric,
        batch: &ProducerBatch,
        answer: PartitionProduceResponse,
    ) {
        let error = answer.error_code;
        let is_settled = batch.attempts < self.config.retries;
        if let Some(transactions) = &mut self.transactions {
            transactions.failed(batch, error, is_settled);
        }
        if answer.record_errors.is_empty() {
            let message = answer.error_message;
            let message = message.unwrap_or_else(|| error.message().to_owned());
            return self.give_up(fabric, batch, error.exception(), message);
        }
        self.accumulator.deallocate(batch);
        for (records, exception, message) in failures_by_record(batch.record_count(), answer) {
            let TopicPartition { topic, partition } = batch.topic_partition.clone();
            let of = (topic, Some(partition));
            self.failed(fabric, of, records, (exception.to_owned(), message));
        }
    }
}

/// The error with what the broker says of it (`Sender.formatErrMsg`).
fn describe(answer: &PartitionProduceResponse) -> String {
    match &answer.error_message {
        Some(message) => format!("{}. Error Message: {message}", answer.error_code),
        None => answer.error_code.to_string(),
    }
}

/// What each record of a batch fails with in which some are invalid; those
/// next to each other that fail alike are one entry (`Sender.failBatch`).
fn failures_by_record(
    record_count: i32,
    answer: PartitionProduceResponse,
) -> Vec<(i32, &'static str, String)> {
    // Only of a single one is it certain that the error is its own.
    let exception = match answer.record_errors.len() {
        1 => answer.error_code.exception(),
        _ => ErrorCode::InvalidRecord.exception(),
    };
    let errors = answer.record_errors.into_iter();
    let mut errors: BTreeMap<i32, String> = errors
        .map(|error| (error.batch_index, error.message))
        .collect();
    let mut failures: Vec<(i32, &'static str, String)> = Vec::new();
    for index in 0..record_count {
        let (exception, message) = match errors.remove(&index) {
            Some(message) => (exception, message),
            None => ("KafkaException", OTHERS_ARE_INVALID.to_owned()),
        };
        match failures.last_mut() {
            Some((records, _, last)) if *last == message => *records += 1,
            _ => failures.push((1, exception, message)),
        }
    }
    failures
}
