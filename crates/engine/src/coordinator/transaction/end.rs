//! EndTxn, and the abort of what timed out or was fenced: the decision.

use super::append::{PendingAppend, Then};
use super::init;
use super::{TransactionCoordinator, TransactionOutput, TransactionState, TxnTransitMetadata};
use crate::coordinator::RequestToken;
use crate::log::record_batch::{NO_PRODUCER_EPOCH, TransactionResult};
use crate::protocol::{EndTxnRequest, EndTxnResponse, ErrorCode, Response};

/// A transaction that is to end.
#[derive(Clone, Debug, Hash)]
pub(super) struct EndCall {
    pub transactional_id: String,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub result: TransactionResult,
    /// Whether the epoch was raised to fence the producer.
    pub is_epoch_fence: bool,
    pub reply: EndReply,
}

/// Who waits for the decision.
#[derive(Clone, Debug, Hash)]
pub(super) enum EndReply {
    /// The producer.
    EndTxn(RequestToken),
    /// A new instance of the producer, which is to ask again.
    Init(RequestToken),
    /// Nobody: the transaction timed out.
    Nobody,
}

impl TransactionCoordinator {
    /// Commits or aborts a transaction. The answer comes when the decision is
    /// committed; the markers follow. Source: `handleEndTransaction`.
    pub fn end_txn(
        &mut self,
        now_ms: i64,
        token: RequestToken,
        request: EndTxnRequest,
        out: &mut Vec<TransactionOutput>,
    ) {
        let call = EndCall {
            transactional_id: request.transactional_id,
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
            result: request.result,
            is_epoch_fence: false,
            reply: EndReply::EndTxn(token),
        };
        self.end(now_ms, call, out);
    }

    pub(super) fn end(&mut self, now_ms: i64, mut call: EndCall, out: &mut Vec<TransactionOutput>) {
        match self.prepare_end(now_ms, &mut call) {
            Err(error) => reply(&call, error, out),
            Ok((coordinator_epoch, transition)) => {
                let pending = PendingAppend {
                    transactional_id: call.transactional_id.clone(),
                    partition: self.partition_for(&call.transactional_id),
                    coordinator_epoch,
                    transition,
                    then: Then::End(call),
                };
                self.append(pending, out);
            }
        }
    }

    /// `NONE` as an error says that the transaction has ended like that
    /// already. Source: `endTransaction`.
    fn prepare_end(
        &mut self,
        now_ms: i64,
        call: &mut EndCall,
    ) -> Result<(i32, TxnTransitMetadata), ErrorCode> {
        TransactionCoordinator::check_id(&call.transactional_id)?;
        let partition = self.partition_for(&call.transactional_id);
        let found = self.states.get(&call.transactional_id, partition)?;
        let found = found.ok_or(ErrorCode::InvalidProducerIdMapping)?;
        let metadata = found.metadata;
        let is_from_client = matches!(call.reply, EndReply::EndTxn(_));
        if metadata.producer_id != call.producer_id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        let has_other_epoch = is_from_client && call.producer_epoch != metadata.producer_epoch;
        if has_other_epoch || call.producer_epoch < metadata.producer_epoch {
            return Err(ErrorCode::ProducerFenced);
        }
        let is_to_be_fenced = metadata.pending_state == Some(TransactionState::PrepareEpochFence);
        if metadata.is_pending() && !is_to_be_fenced {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        if metadata.state != TransactionState::Ongoing {
            return Err(when_not_ongoing(metadata.state, call.result));
        }
        if is_to_be_fenced && call.result == TransactionResult::Abort {
            // The record of the abort carries the raised epoch.
            call.is_epoch_fence = true;
            metadata.pending_state = None;
            metadata.producer_epoch = call.producer_epoch;
            metadata.last_producer_epoch = NO_PRODUCER_EPOCH;
        }
        let transition = metadata.prepare_abort_or_commit(call.result, now_ms);
        Ok((found.coordinator_epoch, transition))
    }

    /// The decision is committed, or could not be written: whoever waits is
    /// told, and the markers go out.
    pub(super) fn decided(
        &mut self,
        now_ms: i64,
        call: &EndCall,
        pending: &PendingAppend,
        error: ErrorCode,
        out: &mut Vec<TransactionOutput>,
    ) {
        if error.is_none() {
            reply(call, ErrorCode::None, out);
            return self.send_markers(now_ms, &call.transactional_id, pending.partition, out);
        }
        let metadata = self.states.get_in_epoch(
            &call.transactional_id,
            pending.partition,
            pending.coordinator_epoch,
        );
        if let Some(metadata) = metadata.filter(|_| call.is_epoch_fence) {
            metadata.has_failed_epoch_fence = true;
        }
        reply(call, error, out);
    }
}

fn when_not_ongoing(state: TransactionState, result: TransactionResult) -> ErrorCode {
    use TransactionResult::{Abort, Commit};
    use TransactionState::{CompleteAbort, CompleteCommit, PrepareAbort, PrepareCommit};
    match (state, result) {
        (CompleteCommit, Commit) | (CompleteAbort, Abort) => ErrorCode::None,
        (PrepareCommit, Commit) | (PrepareAbort, Abort) => ErrorCode::ConcurrentTransactions,
        _ => ErrorCode::InvalidTxnState,
    }
}

fn reply(call: &EndCall, error_code: ErrorCode, out: &mut Vec<TransactionOutput>) {
    match &call.reply {
        EndReply::EndTxn(token) => {
            let response = Response::EndTxn(EndTxnResponse { error_code });
            let token = *token;
            out.push(TransactionOutput::Respond { token, response });
        }
        EndReply::Init(token) => {
            // Once the old transaction is to be aborted, the new instance is to
            // ask again.
            let error_code = match error_code {
                ErrorCode::None => ErrorCode::ConcurrentTransactions,
                error_code => error_code,
            };
            out.push(init::refused(*token, error_code));
        }
        EndReply::Nobody => {}
    }
}
