//! The calls of the application, and what fails at once.

use super::super::transaction_manager::{
    Failure, TransactionCall, TransactionState, Transactional, TxnRequest,
};
use super::super::{Producer, ProducerIdAndEpoch};
use crate::event::EventKind;
use crate::log::record_batch::TransactionResult;
use crate::protocol::{TopicName, TopicPartition};
use crate::sim::Fabric;

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

    pub(super) fn transactional(&mut self) -> Option<(&mut TransactionState, &mut Transactional)> {
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
        match call {
            TransactionCall::Begin => {
                enter(state, &transactional.id, TransactionState::InTransaction)?;
                return Ok(true);
            }
            TransactionCall::Init => {
                enter(state, &transactional.id, TransactionState::Initializing)?;
                transactional.enqueue(TxnRequest::InitProducerId);
            }
            TransactionCall::Commit => {
                let to = TransactionState::CommittingTransaction;
                enter(state, &transactional.id, to)?;
                transactional.enqueue(TxnRequest::EndTxn(TransactionResult::Commit));
                self.accumulator.set_flushing(true);
            }
            TransactionCall::Abort => {
                enter(
                    state,
                    &transactional.id,
                    TransactionState::AbortingTransaction,
                )?;
                transactional.new_partitions.clear();
                transactional.enqueue(TxnRequest::EndTxn(TransactionResult::Abort));
            }
            TransactionCall::SendOffsets(group, offsets) => {
                check_can_send_offsets(*state)?;
                let request = TxnRequest::AddOffsets(group.clone(), offsets.clone());
                transactional.enqueue(request);
            }
        }
        Ok(false)
    }

    /// `close()` aborts a transaction that is open (`Sender.run`).
    pub(in crate::client::producer) fn abort_on_close(&mut self) {
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
    pub(in crate::client::producer) fn has_ongoing_transaction(&self) -> bool {
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

    pub(super) fn call_returned(
        &self,
        fabric: &mut Fabric,
        call: &'static str,
        error: Option<Failure>,
    ) {
        fabric.emit(EventKind::TransactionCallReturned {
            producer: self.connection.number,
            call,
            error,
        });
    }

    /// What the application waits for is over, or what it waited for too long.
    pub(super) fn end_call(&mut self, fabric: &mut Fabric, error: Option<Failure>) {
        let Some((_, transactional)) = self.transactional() else {
            return;
        };
        if let Some((call, _)) = transactional.call.take() {
            self.call_returned(fabric, call.name(), error);
        } else if let Some(timed_out) = &mut transactional.timed_out {
            timed_out.outcome.get_or_insert(error.map_or(Ok(()), Err));
        }
    }

    /// Why a record for a topic may not be sent now (`maybeAddPartition`), with
    /// its partition unless that is still to be chosen.
    pub(in crate::client::producer) fn check_in_transaction(
        &mut self,
        topic: &TopicName,
        partition: Option<i32>,
    ) -> Result<(), Failure> {
        let producer = self.transactions.as_ref();
        let producer = producer.and_then(|it| it.producer_id_and_epoch());
        let Some((state, transactional)) = self.transactional() else {
            return Ok(());
        };
        if let Some(error) = &transactional.last_error {
            return Err(error_state(&transactional.id, producer, error));
        }
        check_not_pending(transactional, "send")?;
        let state = *state;
        if producer.is_some() && state == TransactionState::InTransaction {
            return Ok(());
        }
        let partition = partition.or_else(|| self.sticky_partition(topic));
        let of = TopicPartition::new(topic.clone(), partition.unwrap_or_default());
        Err(illegal_state(match producer {
            None => format!(
                "Cannot add partition {of} to transaction before completing a call to \
                 initTransactions"
            ),
            Some(_) => format!(
                "Cannot add partition {of} to transaction while in state  {}",
                state.name()
            ),
        }))
    }

    /// A record's partition is to become part of the transaction.
    pub(in crate::client::producer) fn note_in_transaction(&mut self, of: &TopicPartition) {
        if let Some((_, transactional)) = self.transactional()
            && !transactional.partitions.contains(of)
        {
            transactional.new_partitions.insert(of.clone());
        }
    }
}

/// Goes to another state, if it may follow
/// (`TransactionManager.transitionTo`).
fn enter(state: &mut TransactionState, id: &str, to: TransactionState) -> Result<(), Failure> {
    if !to.may_follow(*state) {
        return Err(illegal_state(format!(
            "TransactionalId {id}: Invalid transition attempted from state {} to state {}",
            state.name(),
            to.name()
        )));
    }
    *state = to;
    Ok(())
}

fn check_can_send_offsets(state: TransactionState) -> Result<(), Failure> {
    match state {
        TransactionState::InTransaction => Ok(()),
        state => Err(illegal_state(format!(
            "Cannot send offsets if a transaction is not in progress (currentState= {})",
            state.name()
        ))),
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
