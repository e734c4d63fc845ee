//! The sender's part: which request is next, and whether it can be sent.

use super::super::transaction_manager::{
    ConsumerGroupMetadata, Failure, TimedOutCall, TransactionCall, TransactionState, TxnRequest,
};
use super::super::{Producer, ProducerIdAndEpoch};
use crate::protocol::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AddPartitionsToTxnTransaction,
    CommittedOffset, CoordinatorType, EndTxnRequest, FindCoordinatorRequest, InitProducerIdRequest,
    Request, TopicPartition, TxnOffsetCommitRequest,
};
use crate::sim::{Fabric, Time};

impl Producer {
    /// Asks what is to be asked next; says whether records may be sent: not
    /// while a coordinator is being asked
    /// (`Sender.maybeSendAndPollTransactionalRequest`).
    pub(in crate::client::producer) fn run_transaction(&mut self, fabric: &mut Fabric) -> bool {
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
            self.abort_records(fabric);
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

    /// The records of a transaction that is to be aborted fail, as far as they
    /// are not on their way.
    fn abort_records(&mut self, fabric: &mut Fabric) {
        let last_error = self.transactional();
        let last_error = last_error.and_then(|(_, transactional)| transactional.last_error.clone());
        let error = last_error.unwrap_or_else(|| {
            let message = "Failing batch since transaction was aborted".to_owned();
            ("TransactionAbortedException".to_owned(), message)
        });
        self.abort_undrained(fabric, &error);
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
    pub(in crate::client::producer) fn transaction_due(&mut self, now: Time) -> Option<Time> {
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
