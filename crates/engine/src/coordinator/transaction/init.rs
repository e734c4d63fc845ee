//! InitProducerId of a transactional producer.

use super::append::{PendingAppend, Then};
use super::end::{EndCall, EndReply};
use super::metadata::{TransactionMetadata, TxnTransitMetadata, is_epoch_exhausted};
use super::{TransactionCoordinator, TransactionOutput, TransactionState};
use crate::coordinator::RequestToken;
use crate::log::record_batch::{NO_PRODUCER_EPOCH, NO_PRODUCER_ID, TransactionResult};
use crate::protocol::{ErrorCode, InitProducerIdRequest, InitProducerIdResponse, Response};

/// Where new producer ids come from.
pub type NewProducerId<'a> = &'a mut dyn FnMut() -> Result<i64, ErrorCode>;

/// What the producer says that it has (KIP-360).
#[derive(Clone, Copy)]
struct Expected {
    producer_id: i64,
    producer_epoch: i16,
}

impl TransactionCoordinator {
    /// Gives the producer with this `transactional.id` the id and the next
    /// epoch, so that older instances of it are fenced. An open transaction is
    /// aborted first, and the producer told to ask again
    /// (`CONCURRENT_TRANSACTIONS`). `new_id` is asked for an id when a new one
    /// is needed. Source: `handleInitProducerId`.
    pub fn init_producer_id(
        &mut self,
        now_ms: i64,
        token: RequestToken,
        request: &InitProducerIdRequest,
        new_id: NewProducerId<'_>,
        out: &mut Vec<TransactionOutput>,
    ) {
        let transactional_id = request.transactional_id.clone().unwrap_or_default();
        let partition = self.partition_for(&transactional_id);
        let prepared = self.prepare_init(now_ms, &transactional_id, request, new_id);
        match prepared {
            Err(error) => out.push(refused(token, error)),
            Ok((_, transition)) if transition.txn_state == TransactionState::PrepareEpochFence => {
                let call = EndCall {
                    transactional_id,
                    producer_id: transition.producer_id,
                    producer_epoch: transition.producer_epoch,
                    result: TransactionResult::Abort,
                    is_epoch_fence: false,
                    reply: EndReply::Init(token),
                };
                self.end(now_ms, call, out);
            }
            Ok((coordinator_epoch, transition)) => {
                let pending = PendingAppend {
                    transactional_id,
                    partition,
                    coordinator_epoch,
                    transition,
                    then: Then::Init(token),
                };
                self.append(pending, out);
            }
        }
    }

    fn prepare_init(
        &mut self,
        now_ms: i64,
        transactional_id: &str,
        request: &InitProducerIdRequest,
        new_id: NewProducerId<'_>,
    ) -> Result<(i32, TxnTransitMetadata), ErrorCode> {
        TransactionCoordinator::check_id(transactional_id)?;
        let timeout_ms = request.transaction_timeout_ms;
        if timeout_ms <= 0 || i64::from(timeout_ms) > self.config.max_timeout_ms {
            return Err(ErrorCode::InvalidTransactionTimeout);
        }
        let partition = self.partition_for(transactional_id);
        if self.states.get(transactional_id, partition)?.is_none() {
            let id = new_id()?;
            let metadata = TransactionMetadata::new(transactional_id, id, timeout_ms, now_ms);
            self.states.put(partition, metadata);
        }
        let found = self.states.get(transactional_id, partition)?;
        let found = found.expect("it was put in");
        let has_some = request.producer_id != NO_PRODUCER_ID;
        let expected = has_some.then_some(Expected {
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
        });
        let transition = prepare(found.metadata, timeout_ms, expected, now_ms, new_id)?;
        Ok((found.coordinator_epoch, transition))
    }

    pub(super) fn initialized(
        &mut self,
        token: RequestToken,
        transition: &TxnTransitMetadata,
        error: ErrorCode,
        out: &mut Vec<TransactionOutput>,
    ) {
        if !error.is_none() {
            return out.push(refused(token, error));
        }
        let response = Response::InitProducerId(InitProducerIdResponse {
            error_code: ErrorCode::None,
            producer_id: transition.producer_id,
            producer_epoch: transition.producer_epoch,
        });
        out.push(TransactionOutput::Respond { token, response });
    }
}

/// Source: `prepareInitProducerIdTransit`.
fn prepare(
    metadata: &mut TransactionMetadata,
    timeout_ms: i32,
    expected: Option<Expected>,
    now_ms: i64,
    new_id: NewProducerId<'_>,
) -> Result<TxnTransitMetadata, ErrorCode> {
    if metadata.is_pending() {
        return Err(ErrorCode::ConcurrentTransactions);
    }
    if expected.is_some_and(|expected| !is_known(metadata, expected)) {
        return Err(ErrorCode::ProducerFenced);
    }
    match metadata.state {
        TransactionState::PrepareAbort | TransactionState::PrepareCommit => {
            Err(ErrorCode::ConcurrentTransactions)
        }
        TransactionState::Ongoing => Ok(metadata.prepare_fence_producer_epoch()),
        TransactionState::CompleteAbort
        | TransactionState::CompleteCommit
        | TransactionState::Empty => {
            let epoch = expected.map(|expected| expected.producer_epoch);
            let is_present = epoch.is_none_or(|epoch| epoch == metadata.producer_epoch);
            if metadata.is_producer_epoch_exhausted() && is_present {
                let (id, says_epoch) = (new_id()?, epoch.is_some());
                return Ok(
                    metadata.prepare_producer_id_rotation(id, timeout_ms, now_ms, says_epoch)
                );
            }
            metadata.prepare_increment_producer_epoch(timeout_ms, epoch, now_ms)
        }
        state @ (TransactionState::Dead | TransactionState::PrepareEpochFence) => {
            unreachable!("{state} is only ever pending")
        }
    }
}

/// Whether the producer may go on from what it has: its id is the present one;
/// or the one before, whose epochs are used up, and the answer with the new one
/// was lost; or the coordinator had forgotten it.
fn is_known(metadata: &TransactionMetadata, expected: Expected) -> bool {
    metadata.producer_epoch == NO_PRODUCER_EPOCH
        || expected.producer_id == metadata.producer_id
        || expected.producer_id == metadata.previous_producer_id
            && is_epoch_exhausted(expected.producer_epoch)
}

/// The answer without an id.
pub(super) fn refused(token: RequestToken, error_code: ErrorCode) -> TransactionOutput {
    let response = Response::InitProducerId(InitProducerIdResponse {
        error_code,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
    });
    TransactionOutput::Respond { token, response }
}
