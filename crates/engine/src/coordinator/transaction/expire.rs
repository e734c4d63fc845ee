//! What the coordinator does of itself: it aborts transactions that have been
//! open for too long, and forgets ids that nobody uses.

use super::append::{PendingAppend, Then};
use super::end::{EndCall, EndReply};
use super::state_manager::is_expired;
use super::{TransactionCoordinator, TransactionEvent, TransactionOutput};
use crate::log::record_batch::TransactionResult;

impl TransactionCoordinator {
    /// Aborts what has been open for longer than its producer's
    /// `transaction.timeout.ms`, with a raised epoch that fences the producer
    /// (KIP-588). To be called every
    /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`.
    /// Source: `abortTimedOutTransactions`.
    pub fn abort_timed_out_transactions(&mut self, now_ms: i64, out: &mut Vec<TransactionOutput>) {
        for (partition, transactional_id) in self.states.ids_where(|it| it.is_timed_out(now_ms)) {
            let Ok(Some(found)) = self.states.get(&transactional_id, partition) else {
                continue;
            };
            let transition = found.metadata.prepare_fence_producer_epoch();
            out.push(TransactionOutput::Event(TransactionEvent::TimedOut {
                transactional_id: transactional_id.clone(),
            }));
            let call = EndCall {
                transactional_id,
                producer_id: transition.producer_id,
                producer_epoch: transition.producer_epoch,
                result: TransactionResult::Abort,
                is_epoch_fence: false,
                reply: EndReply::Nobody,
            };
            self.end(now_ms, call, out);
        }
    }

    /// Forgets ids that nobody has used for `transactional.id.expiration.ms`,
    /// and whose transaction is over. To be called every
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`.
    /// Source: `TransactionStateManager.removeExpiredTransactionalIds`.
    pub fn remove_expired_ids(&mut self, now_ms: i64, out: &mut Vec<TransactionOutput>) {
        let expiration_ms = self.config.transactional_id_expiration_ms;
        let expired = self
            .states
            .ids_where(|it| is_expired(it, now_ms, expiration_ms));
        for (partition, transactional_id) in expired {
            let Ok(Some(found)) = self.states.get(&transactional_id, partition) else {
                continue;
            };
            let pending = PendingAppend {
                transition: found.metadata.prepare_dead(),
                coordinator_epoch: found.coordinator_epoch,
                transactional_id,
                partition,
                then: Then::Expire,
            };
            self.append(pending, out);
        }
    }
}
