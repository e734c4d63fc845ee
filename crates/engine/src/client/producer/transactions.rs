//! The calls of a transactional producer, and what it asks of coordinators for
//! them (`KafkaProducer`, `TransactionManager`, KIP-98).

use super::transaction_manager::{
    ConsumerGroupMetadata, Failure, TimedOutCall, TransactionCall, TransactionState, Transactional,
    TxnRequest, failure,
};
use super::{Producer, ProducerIdAndEpoch};
use crate::event::EventKind;
use crate::log::record_batch::TransactionResult;
use crate::protocol::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AddPartitionsToTxnTransaction,
    CommittedOffset, CoordinatorType, EndTxnRequest, ErrorCode, FindCoordinatorRequest,
    InitProducerIdRequest, Request, Response, TopicPartition, TxnOffsetCommitRequest,
};
use crate::sim::{Fabric, Time};

/// How long it waits before it adds the first partitions again while the last
/// transaction is being ended, in milliseconds
/// (`ADD_PARTITIONS_RETRY_BACKOFF_MS`).
const ADD_PARTITIONS_RETRY_MS: i64 = 20;

/// What an answer comes to.
enum Outcome {
    Done,
    Again,
    /// Another broker coordinates.
    FindAgain(CoordinatorType),
    Abortable(Failure),
    Fatal(Failure),
}

/// Calls.
impl Producer {
    /// A call of the application's. It returns with
    /// [`EventKind::TransactionCallReturned`], those that ask nobody at once.
    pub(crate) fn call_transaction(&mut self, fabric: &mut Fabric, call: TransactionCall) {
        match self.begin_call(&call) {
            Err(error) => self.call_returned(fabric, call.name(), Some(error)),
            Ok(true) => self.call_returned(fabric, call.name(), None),
            Ok(false) => {
                let deadline = fabric.now.plus_ms(self.config.max_block_ms);
                if let Some((_, transactional)) = self.transactional() {
                    transactional.call = Some((call, deadline));
                }
            }
        }
        self.go_on(fabric);
    }

    fn transactional(&mut self) -> Option<(&mut TransactionState, &mut Transactional)> {
        self.transactions.as_mut()?.transactional_mut()
    }

    /// Says whether the call is done already.
    fn begin_call(&mut self, call: &TransactionCall) -> Result<bool, Failure> {
        let producer = self.transactions.as_ref();
        let producer = producer.and_then(|it| it.producer_id_and_epoch());
        let Some((state, transactional)) = self.transactional() else {
            return Err(illegal_state(
                "Cannot use transactional methods without enabling transactions by setting the \
                 transactional.id configuration property"
                    .to_owned(),
            ));
        };
        if let Some(timed_out) = &transactional.timed_out
            && timed_out.call == *call
        {
            let outcome = timed_out.outcome.clone();
            transactional.timed_out = None;
            return outcome.map_or(Ok(false), |outcome| outcome.map(|()| true));
        }
        check_not_pending(transactional, call.name())?;
        let may_fail =
            !(*call == TransactionCall::Abort && *state == TransactionState::AbortableError);
        if may_fail && let Some(error) = &transactional.last_error {
            return Err(error_state(&transactional.id, producer, error));
        }
        let to = match call {
            TransactionCall::Init => TransactionState::Initializing,
            TransactionCall::Begin => TransactionState::InTransaction,
            TransactionCall::Commit => TransactionState::CommittingTransaction,
            TransactionCall::Abort => TransactionState::AbortingTransaction,
            TransactionCall::SendOffsets(group, offsets) => {
                if *state != TransactionState::InTransaction {
                    return Err(illegal_state(format!(
                        "Cannot send offsets if a transaction is not in progress (currentState= {})",
                        state.name()
                    )));
                }
                let request = TxnRequest::AddOffsets(group.clone(), offsets.clone());
                transactional.enqueue(request);
                return Ok(false);
            }
        };
        if !to.may_follow(*state) {
            return Err(illegal_state(format!(
                "TransactionalId {}: Invalid transition attempted from state {} to state {}",
                transactional.id,
                state.name(),
                to.name()
            )));
        }
        *state = to;
        match call {
            TransactionCall::Begin => return Ok(true),
            TransactionCall::Init => transactional.enqueue(TxnRequest::InitProducerId),
            TransactionCall::Commit => {
                transactional.enqueue(TxnRequest::EndTxn(TransactionResult::Commit));
                self.accumulator.set_flushing(true);
            }
            _ => {
                transactional.new_partitions.clear();
                transactional.enqueue(TxnRequest::EndTxn(TransactionResult::Abort));
            }
        }
        Ok(false)
    }

    /// `close()` aborts a transaction that is open (`Sender.run`).
    pub(super) fn abort_on_close(&mut self) {
        let is_open = self.transactional().is_some_and(|(state, transactional)| {
            // Nobody waits for other calls any more.
            transactional.timed_out = None;
            let is_other = |(call, _): &mut (TransactionCall, _)| !call.must_be_retried();
            transactional.call.take_if(is_other);
            matches!(
                state,
                TransactionState::InTransaction | TransactionState::AbortableError
            )
        });
        if is_open {
            // That may be done in these states.
            let _ = self.begin_call(&TransactionCall::Abort);
        }
    }

    /// Whether its transaction is not over.
    pub(super) fn has_ongoing_transaction(&self) -> bool {
        let transactions = self.transactions.as_ref();
        transactions.is_some_and(|it| {
            matches!(
                it.state(),
                TransactionState::InTransaction
                    | TransactionState::CommittingTransaction
                    | TransactionState::AbortingTransaction
                    | TransactionState::AbortableError
            )
        })
    }

    fn call_returned(&self, fabric: &mut Fabric, call: &'static str, error: Option<Failure>) {
        fabric.emit(EventKind::TransactionCallReturned {
            producer: self.connection.number,
            call,
            error,
        });
    }

    /// What the application waits for is over, or what it waited for too long.
    fn end_call(&mut self, fabric: &mut Fabric, error: Option<Failure>) {
        let Some((_, transactional)) = self.transactional() else {
            return;
        };
        if let Some((call, _)) = transactional.call.take() {
            self.call_returned(fabric, call.name(), error);
        } else if let Some(timed_out) = &mut transactional.timed_out {
            timed_out.outcome.get_or_insert(error.map_or(Ok(()), Err));
        }
    }

    /// Why a record may not be sent now (`maybeAddPartition`).
    pub(super) fn check_in_transaction(&mut self, of: &TopicPartition) -> Result<(), Failure> {
        let producer = self.transactions.as_ref();
        let producer = producer.and_then(|it| it.producer_id_and_epoch());
        let Some((state, transactional)) = self.transactional() else {
            return Ok(());
        };
        if let Some(error) = &transactional.last_error {
            return Err(error_state(&transactional.id, producer, error));
        }
        check_not_pending(transactional, "send")?;
        if producer.is_none() {
            return Err(illegal_state(format!(
                "Cannot add partition {of} to transaction before completing a call to \
                 initTransactions"
            )));
        }
        if *state != TransactionState::InTransaction {
            return Err(illegal_state(format!(
                "Cannot add partition {of} to transaction while in state  {}",
                state.name()
            )));
        }
        Ok(())
    }

    /// A record's partition is to become part of the transaction.
    pub(super) fn note_in_transaction(&mut self, of: &TopicPartition) {
        if let Some((_, transactional)) = self.transactional()
            && !transactional.partitions.contains(of)
        {
            transactional.new_partitions.insert(of.clone());
        }
    }
}

/// The sender's part.
impl Producer {
    /// Asks what is to be asked next; says whether records may be sent: not
    /// while a coordinator is being asked
    /// (`Sender.maybeSendAndPollTransactionalRequest`).
    pub(super) fn run_transaction(&mut self, fabric: &mut Fabric) -> bool {
        self.expire_call(fabric);
        let has_incomplete = self.undelivered_records() > 0;
        let now = fabric.now;
        let Some((state, transactional)) = self.transactional() else {
            return true;
        };
        let state = *state;
        if state == TransactionState::FatalError {
            transactional.clear();
            let error = transactional.last_error.clone().unwrap_or_default();
            self.abort_undrained(fabric, &error);
            self.end_call(fabric, Some(error));
            return false;
        }
        if transactional.in_flight.is_some() {
            return false;
        }
        let is_aborting = matches!(
            state,
            TransactionState::AbortableError | TransactionState::AbortingTransaction
        );
        if is_aborting && has_incomplete {
            let error = transactional.last_error.clone().unwrap_or_else(|| {
                let message = "Failing batch since transaction was aborted".to_owned();
                ("TransactionAbortedException".to_owned(), message)
            });
            self.abort_undrained(fabric, &error);
        }
        if state == TransactionState::AbortableError {
            // Nothing more is asked for it until the application aborts it.
            let error = self.transactional().and_then(|(_, transactional)| {
                transactional.clear();
                transactional.last_error.clone()
            });
            self.end_call(fabric, error);
            return false;
        }
        let has_incomplete = self.undelivered_records() > 0;
        let Some((_, transactional)) = self.transactional() else {
            return true;
        };
        if transactional.not_before > now && transactional.has_to_do() {
            return false;
        }
        match transactional.next(has_incomplete) {
            Some(request) => self.ask_coordinator(fabric, request),
            None => self
                .transactions
                .as_ref()
                .is_some_and(|it| it.producer_id_and_epoch().is_some()),
        }
    }

    /// Asks; says whether records may be sent at once.
    fn ask_coordinator(&mut self, fabric: &mut Fabric, request: TxnRequest) -> bool {
        let Some((_, transactional)) = self.transactional() else {
            return true;
        };
        if let TxnRequest::EndTxn(_) = &request
            && !transactional.has_started
        {
            // The coordinator knows of no transaction: there is none to end.
            self.transaction_ended(fabric);
            return self.run_transaction(fabric);
        }
        let (broker, key) = match &request {
            TxnRequest::FindCoordinator(..) => (self.connection.least_loaded(fabric.now), None),
            TxnRequest::CommitOffsets(group, _) => {
                let find = (CoordinatorType::Group, group.group_id.clone());
                (transactional.group_coordinator, Some(find))
            }
            _ => {
                let find = (CoordinatorType::Transaction, transactional.id.clone());
                (transactional.coordinator, Some(find))
            }
        };
        let Some((_, transactional)) = self.transactional() else {
            return true;
        };
        let Some(broker) = broker else {
            transactional.enqueue(request);
            if let Some((key_type, key)) = key {
                transactional.enqueue(TxnRequest::FindCoordinator(key_type, key));
                return self.run_transaction(fabric);
            }
            return false;
        };
        if !self.connection.is_ready(fabric.now, broker) {
            let retry_ms = self.config.backoffs.retry_ms;
            if let Some((_, transactional)) = self.transactional() {
                transactional.enqueue(request);
                transactional.not_before = fabric.now.plus_ms(retry_ms);
            }
            return false;
        }
        let asked = self.request_for(&request);
        let correlation_id = self.connection.send(fabric, broker, asked);
        if let Some((_, transactional)) = self.transactional() {
            transactional.in_flight = Some((correlation_id, request));
        }
        false
    }

    /// When it has to look again at its transaction.
    pub(super) fn transaction_due(&mut self, now: Time) -> Option<Time> {
        let (_, transactional) = self.transactional()?;
        let retry = Some(transactional.not_before).filter(|_| transactional.has_to_do());
        let deadline = transactional.call.as_ref().map(|(_, deadline)| *deadline);
        retry
            .into_iter()
            .chain(deadline)
            .filter(|at| *at > now)
            .min()
    }

    fn request_for(&mut self, request: &TxnRequest) -> Request {
        let producer = self.transactions.as_ref();
        let producer = producer.and_then(|it| it.producer_id_and_epoch());
        let none = ProducerIdAndEpoch {
            producer_id: -1,
            epoch: -1,
        };
        let ProducerIdAndEpoch { producer_id, epoch } = producer.unwrap_or(none);
        let (id, timeout_ms) = match self.transactional() {
            Some((_, transactional)) => (transactional.id.clone(), transactional.timeout_ms),
            None => unreachable!("only transactional producers ask"),
        };
        match request {
            TxnRequest::FindCoordinator(key_type, key) => {
                Request::FindCoordinator(FindCoordinatorRequest {
                    key_type: *key_type,
                    coordinator_keys: vec![key.clone()],
                })
            }
            TxnRequest::InitProducerId => Request::InitProducerId(InitProducerIdRequest {
                transactional_id: Some(id),
                transaction_timeout_ms: timeout_ms,
                producer_id,
                producer_epoch: epoch,
            }),
            TxnRequest::AddPartitions(added) => {
                Request::AddPartitionsToTxn(AddPartitionsToTxnRequest {
                    transactions: vec![AddPartitionsToTxnTransaction {
                        transactional_id: id,
                        producer_id,
                        producer_epoch: epoch,
                        verify_only: false,
                        partitions: added.iter().cloned().collect(),
                    }],
                })
            }
            TxnRequest::AddOffsets(group, _) => Request::AddOffsetsToTxn(AddOffsetsToTxnRequest {
                transactional_id: id,
                producer_id,
                producer_epoch: epoch,
                group_id: group.group_id.clone(),
            }),
            TxnRequest::CommitOffsets(group, offsets) => {
                let producer = ProducerIdAndEpoch { producer_id, epoch };
                Request::TxnOffsetCommit(offset_commit(id, producer, group, offsets))
            }
            TxnRequest::EndTxn(result) => Request::EndTxn(EndTxnRequest {
                transactional_id: id,
                producer_id,
                producer_epoch: epoch,
                result: *result,
            }),
        }
    }

    /// Records that no request carries yet fail.
    fn abort_undrained(&mut self, fabric: &mut Fabric, (exception, message): &Failure) {
        for batch in self.accumulator.take_all() {
            if let Some(transactions) = &mut self.transactions {
                transactions.remove_in_flight(&batch);
            }
            self.give_up(fabric, &batch, exception, message.clone());
        }
    }

    /// A call that takes too long fails. The producer goes on with it, and the
    /// same call finds out what came of it.
    fn expire_call(&mut self, fabric: &mut Fabric) {
        let max_block_ms = self.config.max_block_ms;
        let now = fabric.now;
        let late = self.transactional().and_then(|(_, transactional)| {
            let is_late = |(_, deadline): &mut (TransactionCall, _)| *deadline <= now;
            let late = transactional.call.take_if(is_late);
            if let Some((call, _)) = late.clone().filter(|(call, _)| call.must_be_retried()) {
                let outcome = None;
                transactional.timed_out = Some(TimedOutCall { call, outcome });
            }
            late
        });
        if let Some((call, _)) = late {
            let message = format!(
                "Timeout expired after {max_block_ms}ms while awaiting {}",
                call.awaited()
            );
            let error = Some(("TimeoutException".to_owned(), message));
            self.call_returned(fabric, call.name(), error);
        }
    }
}

/// Answers.
impl Producer {
    /// Whether this is the answer to what a coordinator was asked.
    pub(super) fn on_transaction_answer(
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
    pub(super) fn on_transaction_disconnect(&mut self, fabric: &mut Fabric, correlation_id: i32) {
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
                let found = &found.coordinators[0];
                if found.error_code.is_none()
                    && let TxnRequest::FindCoordinator(key_type, _) = request
                    && let Some((_, transactional)) = self.transactional()
                {
                    match key_type {
                        CoordinatorType::Group => {
                            transactional.group_coordinator = Some(found.node_id);
                        }
                        _ => transactional.coordinator = Some(found.node_id),
                    }
                }
                return match found.error_code {
                    ErrorCode::None => Outcome::Done,
                    error if error.is_retriable() => Outcome::Again,
                    error => Outcome::Fatal(failure(error)),
                };
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
    fn transaction_ended(&mut self, fabric: &mut Fabric) {
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
        error => match request {
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
        },
    }
}

/// Nothing else can be done while a call waits for its answer, or has to be
/// made again (`throwIfPendingState`).
fn check_not_pending(transactional: &Transactional, operation: &str) -> Result<(), Failure> {
    let waiting = transactional.call.as_ref().map(|(call, _)| call);
    let waiting = waiting.filter(|call| operation != "send" || call.must_be_retried());
    let timed_out = transactional.timed_out.as_ref().map(|it| &it.call);
    match waiting.or(timed_out) {
        Some(pending) => Err(illegal_state(format!(
            "Cannot attempt operation `{operation}` because the previous call to `{}` timed out \
             and must be retried",
            pending.name()
        ))),
        None => Ok(()),
    }
}

/// How a call fails in a producer that has failed before
/// (`TransactionManager.maybeFailWithError`).
fn error_state(id: &str, producer: Option<ProducerIdAndEpoch>, error: &Failure) -> Failure {
    let producer = producer.map_or_else(
        || "(producerId=-1, epoch=-1)".to_owned(),
        |of| format!("(producerId={}, epoch={})", of.producer_id, of.epoch),
    );
    let who = format!("Producer with transactionalId '{id}' and {producer}");
    let (exception, message) = match error.0.as_str() {
        "ProducerFencedException" => (
            error.0.as_str(),
            format!("{who} has been fenced by another producer with the same transactionalId"),
        ),
        "InvalidProducerEpochException" => (
            error.0.as_str(),
            format!("{who} attempted to produce with an old epoch"),
        ),
        _ => (
            "KafkaException",
            "Cannot execute transactional method because we are in an error state".to_owned(),
        ),
    };
    (exception.to_owned(), message)
}

fn illegal_state(message: String) -> Failure {
    ("IllegalStateException".to_owned(), message)
}

fn offset_commit(
    transactional_id: String,
    producer: ProducerIdAndEpoch,
    group: &ConsumerGroupMetadata,
    offsets: &[(TopicPartition, CommittedOffset)],
) -> TxnOffsetCommitRequest {
    TxnOffsetCommitRequest {
        transactional_id,
        group_id: group.group_id.clone(),
        producer_id: producer.producer_id,
        producer_epoch: producer.epoch,
        generation_id: group.generation_id,
        member_id: group.member_id.clone(),
        group_instance_id: group.group_instance_id.clone(),
        offsets: offsets.to_vec(),
    }
}
