//! What comes of answers.

use super::super::transaction_manager::{Failure, TransactionState, TxnRequest, failure};
use super::super::{Producer, ProducerIdAndEpoch};
use super::ADD_PARTITIONS_RETRY_MS;
use crate::protocol::{Coordinator, CoordinatorType, ErrorCode, Response, TopicPartition};
use crate::sim::Fabric;

/// What an answer comes to.
enum Outcome {
    Done,
    Again,
    /// Another broker coordinates.
    FindAgain(CoordinatorType),
    Abortable(Failure),
    Fatal(Failure),
}

impl Producer {
    /// Whether this is the answer to what a coordinator was asked.
    pub(in crate::client::producer) fn on_transaction_answer(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: &Response,
    ) -> bool {
        let is_awaited = |(asked, _): &mut (i32, TxnRequest)| *asked == correlation_id;
        let in_flight = self
            .transactional()
            .and_then(|(_, transactional)| transactional.in_flight.take_if(is_awaited));
        let Some((_, request)) = in_flight else {
            return false;
        };
        let outcome = self.outcome(&request, response);
        self.settle_transaction(fabric, request, outcome);
        true
    }

    /// The connection on which it asked is gone.
    pub(in crate::client::producer) fn on_transaction_disconnect(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
    ) {
        let is_lost = |(asked, _): &mut (i32, TxnRequest)| *asked == correlation_id;
        let lost = self
            .transactional()
            .and_then(|(_, transactional)| transactional.in_flight.take_if(is_lost));
        if let Some((_, request)) = lost {
            let key_type = match &request {
                TxnRequest::CommitOffsets(..) => CoordinatorType::Group,
                _ => CoordinatorType::Transaction,
            };
            self.settle_transaction(fabric, request, Outcome::FindAgain(key_type));
        }
    }

    fn outcome(&mut self, request: &TxnRequest, response: &Response) -> Outcome {
        let key_type = match request {
            TxnRequest::CommitOffsets(..) => CoordinatorType::Group,
            _ => CoordinatorType::Transaction,
        };
        let errors: Vec<(Option<TopicPartition>, ErrorCode)> = match response {
            Response::FindCoordinator(found) => {
                return self.coordinator_found(request, &found.coordinators[0]);
            }
            Response::InitProducerId(response) => {
                if response.error_code.is_none()
                    && let Some(transactions) = &mut self.transactions
                {
                    transactions.initialized(ProducerIdAndEpoch {
                        producer_id: response.producer_id,
                        epoch: response.producer_epoch,
                    });
                }
                vec![(None, response.error_code)]
            }
            Response::AddPartitionsToTxn(response) => {
                let results = response.results_by_transaction.iter();
                let results = results.flat_map(|(_, results)| results);
                results
                    .map(|(of, error)| (Some(of.clone()), *error))
                    .collect()
            }
            Response::AddOffsetsToTxn(response) => vec![(None, response.error_code)],
            Response::TxnOffsetCommit(response) => {
                let results = response.partitions.iter();
                results
                    .map(|(of, error)| (Some(of.clone()), *error))
                    .collect()
            }
            Response::EndTxn(response) => vec![(None, response.error_code)],
            _ => return Outcome::Again,
        };
        let first = errors.iter().find(|(_, error)| !error.is_none());
        match first {
            None => Outcome::Done,
            Some((_, error)) => of_error(request, *error, key_type, &errors),
        }
    }

    fn coordinator_found(&mut self, request: &TxnRequest, found: &Coordinator) -> Outcome {
        if found.error_code.is_none()
            && let TxnRequest::FindCoordinator(key_type, _) = request
            && let Some((_, transactional)) = self.transactional()
        {
            match key_type {
                CoordinatorType::Group => transactional.group_coordinator = Some(found.node_id),
                _ => transactional.coordinator = Some(found.node_id),
            }
        }
        match found.error_code {
            ErrorCode::None => Outcome::Done,
            error if error.is_retriable() => Outcome::Again,
            error => Outcome::Fatal(failure(error)),
        }
    }

    fn settle_transaction(&mut self, fabric: &mut Fabric, request: TxnRequest, outcome: Outcome) {
        let retry_ms = self.config.backoffs.retry_ms;
        let now = fabric.now;
        let Some((state, transactional)) = self.transactional() else {
            return;
        };
        match outcome {
            Outcome::Done => self.transaction_went_on(fabric, request),
            Outcome::Again => {
                let is_first = transactional.partitions.is_empty();
                let wait_ms = match &request {
                    TxnRequest::AddPartitions(_) if is_first => ADD_PARTITIONS_RETRY_MS,
                    _ => retry_ms,
                };
                transactional.not_before = now.plus_ms(wait_ms);
                transactional.enqueue(request);
            }
            Outcome::FindAgain(key_type) => {
                match key_type {
                    CoordinatorType::Group => transactional.group_coordinator = None,
                    _ => transactional.coordinator = None,
                }
                transactional.not_before = now.plus_ms(retry_ms);
                transactional.enqueue(request);
            }
            Outcome::Abortable(error) => {
                let is_ending = matches!(request, TxnRequest::EndTxn(_));
                *state = TransactionState::AbortableError;
                transactional.bumps_epoch |= !is_ending;
                transactional.last_error = Some(error.clone());
                if !matches!(request, TxnRequest::AddPartitions(_)) {
                    self.end_call(fabric, Some(error));
                }
            }
            Outcome::Fatal(error) => {
                *state = TransactionState::FatalError;
                transactional.last_error = Some(error.clone());
                self.end_call(fabric, Some(error));
            }
        }
    }

    fn transaction_went_on(&mut self, fabric: &mut Fabric, request: TxnRequest) {
        let Some((state, transactional)) = self.transactional() else {
            return;
        };
        match request {
            TxnRequest::FindCoordinator(..) => {}
            TxnRequest::InitProducerId => {
                *state = TransactionState::Ready;
                transactional.last_error = None;
                self.end_call(fabric, None);
            }
            TxnRequest::AddPartitions(added) => {
                transactional.partitions.extend(added);
                transactional.has_started = true;
            }
            TxnRequest::AddOffsets(group, offsets) => {
                transactional.has_started = true;
                transactional.enqueue(TxnRequest::CommitOffsets(group, offsets));
            }
            TxnRequest::CommitOffsets(..) => self.end_call(fabric, None),
            TxnRequest::EndTxn(_) => self.transaction_ended(fabric),
        }
    }

    /// The transaction is over; after an error the epoch is raised first.
    pub(super) fn transaction_ended(&mut self, fabric: &mut Fabric) {
        if self.flush.is_none() {
            self.accumulator.set_flushing(false);
        }
        let Some((state, transactional)) = self.transactional() else {
            return;
        };
        transactional.ended();
        if std::mem::take(&mut transactional.bumps_epoch) {
            *state = TransactionState::Initializing;
            transactional.enqueue(TxnRequest::InitProducerId);
            return;
        }
        *state = TransactionState::Ready;
        self.end_call(fabric, None);
    }
}

/// What a coordinator's error means for a request.
fn of_error(
    request: &TxnRequest,
    error: ErrorCode,
    key_type: CoordinatorType,
    errors: &[(Option<TopicPartition>, ErrorCode)],
) -> Outcome {
    match error {
        ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
            Outcome::FindAgain(key_type)
        }
        ErrorCode::InvalidProducerEpoch | ErrorCode::ProducerFenced => {
            Outcome::Fatal(failure(ErrorCode::ProducerFenced))
        }
        error if error.is_retriable() => Outcome::Again,
        ErrorCode::TransactionAbortable => Outcome::Abortable(failure(error)),
        ErrorCode::UnknownProducerId | ErrorCode::InvalidProducerIdMapping => {
            Outcome::Abortable(failure(error))
        }
        ErrorCode::InvalidTxnState => Outcome::Fatal(failure(error)),
        error => of_other_error(request, error, errors),
    }
}

/// What an error means that not all requests know.
fn of_other_error(
    request: &TxnRequest,
    error: ErrorCode,
    errors: &[(Option<TopicPartition>, ErrorCode)],
) -> Outcome {
    match request {
        TxnRequest::AddPartitions(_) => {
            let told = errors
                .iter()
                .filter_map(|(of, error)| Some((of.as_ref()?, error)));
            let told: Vec<String> = told.map(|(of, error)| format!("{of}={error}")).collect();
            let message = format!(
                "Could not add partitions to transaction due to errors: {{{}}}",
                told.join(", ")
            );
            Outcome::Abortable(("KafkaException".to_owned(), message))
        }
        TxnRequest::CommitOffsets(..)
            if matches!(
                error,
                ErrorCode::UnknownMemberId
                    | ErrorCode::IllegalGeneration
                    | ErrorCode::FencedInstanceId
            ) =>
        {
            let message = format!(
                "Transaction offset Commit failed due to consumer group metadata mismatch: {}",
                error.message()
            );
            Outcome::Abortable(("CommitFailedException".to_owned(), message))
        }
        _ => Outcome::Fatal(failure(error)),
    }
}
