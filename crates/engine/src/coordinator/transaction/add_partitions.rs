//! AddPartitionsToTxn, and AddOffsetsToTxn, which adds a partition of
//! `__consumer_offsets`.

use super::append::{PendingAppend, Then};
use super::{TransactionCoordinator, TransactionOutput, TransactionState, TxnTransitMetadata};
use crate::coordinator::RequestToken;
use crate::protocol::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse, AddPartitionsToTxnTransaction, ErrorCode, PartitionErrors,
    Response, TopicPartition,
};

/// Who waits for partitions to be added.
#[derive(Clone, Debug, Hash)]
pub(super) enum AddPartitionsCall {
    /// A transaction of an AddPartitionsToTxn.
    Partitions {
        token: RequestToken,
        /// Its place in the request.
        index: usize,
    },
    /// An AddOffsetsToTxn.
    Offsets(RequestToken),
}

/// An AddPartitionsToTxn of which some transactions are not settled yet.
#[derive(Clone, Debug, Hash)]
pub(super) struct PendingAddPartitions {
    results: Vec<(String, PartitionErrors)>,
    open: usize,
}

impl TransactionCoordinator {
    /// Makes partitions part of transactions, or tells whether they are. The
    /// answer comes when all that changes is committed. `exists` says which
    /// partitions there are. Source: `KafkaApis.handleAddPartitionsToTxnRequest`.
    pub fn add_partitions_to_txn(
        &mut self,
        now_ms: i64,
        token: RequestToken,
        request: AddPartitionsToTxnRequest,
        exists: impl Fn(&TopicPartition) -> bool,
        out: &mut Vec<TransactionOutput>,
    ) {
        let count = request.transactions.len();
        let pending = PendingAddPartitions {
            results: Vec::with_capacity(count),
            open: count,
        };
        if count == 0 {
            let response = Response::AddPartitionsToTxn(AddPartitionsToTxnResponse {
                results_by_transaction: Vec::new(),
            });
            return out.push(TransactionOutput::Respond { token, response });
        }
        let pending = self.adding.entry(token).or_insert(pending);
        for transaction in &request.transactions {
            let untold = transaction.partitions.iter();
            let untold = untold.map(|of| (of.clone(), ErrorCode::None)).collect();
            let id = transaction.transactional_id.clone();
            pending.results.push((id, untold));
        }
        for (index, transaction) in request.transactions.iter().enumerate() {
            let call = AddPartitionsCall::Partitions { token, index };
            if let Some(results) = not_there(&transaction.partitions, &exists) {
                self.settle(token, index, |of| result_of(&results, of), out);
            } else if transaction.verify_only {
                match self.verify(transaction) {
                    Ok(results) => self.settle(token, index, |of| result_of(&results, of), out),
                    Err(error) => self.partitions_added(&call, error, out),
                }
            } else {
                self.add(now_ms, transaction, call, out);
            }
        }
    }

    /// Makes a group's partition of `__consumer_offsets` part of a transaction.
    /// Source: `KafkaApis.handleAddOffsetsToTxnRequest`.
    pub fn add_offsets_to_txn(
        &mut self,
        now_ms: i64,
        token: RequestToken,
        request: AddOffsetsToTxnRequest,
        offsets_partition: TopicPartition,
        out: &mut Vec<TransactionOutput>,
    ) {
        let transaction = AddPartitionsToTxnTransaction {
            transactional_id: request.transactional_id,
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
            verify_only: false,
            partitions: vec![offsets_partition],
        };
        self.add(now_ms, &transaction, AddPartitionsCall::Offsets(token), out);
    }

    fn add(
        &mut self,
        now_ms: i64,
        transaction: &AddPartitionsToTxnTransaction,
        call: AddPartitionsCall,
        out: &mut Vec<TransactionOutput>,
    ) {
        match self.prepare_add(now_ms, transaction) {
            Err(error) => self.partitions_added(&call, error, out),
            Ok((coordinator_epoch, transition)) => {
                let pending = PendingAppend {
                    transactional_id: transaction.transactional_id.clone(),
                    partition: self.partition_for(&transaction.transactional_id),
                    coordinator_epoch,
                    transition,
                    then: Then::AddPartitions(call),
                };
                self.append(pending, out);
            }
        }
    }

    /// `NONE` as an error says that there is nothing to do. Source:
    /// `handleAddPartitionsToTransaction`.
    fn prepare_add(
        &mut self,
        now_ms: i64,
        transaction: &AddPartitionsToTxnTransaction,
    ) -> Result<(i32, TxnTransitMetadata), ErrorCode> {
        let id = &transaction.transactional_id;
        TransactionCoordinator::check_id(id)?;
        let partition = self.partition_for(id);
        let found = self.states.get(id, partition)?;
        let found = found.ok_or(ErrorCode::InvalidProducerIdMapping)?;
        let metadata = found.metadata;
        if metadata.producer_id != transaction.producer_id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        if metadata.producer_epoch != transaction.producer_epoch {
            return Err(ErrorCode::ProducerFenced);
        }
        if metadata.is_pending() || metadata.state.is_prepared() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        let mut added = transaction.partitions.iter();
        let is_known = added.all(|of| metadata.topic_partitions.contains(of));
        if metadata.state == TransactionState::Ongoing && is_known {
            return Err(ErrorCode::None);
        }
        let transition = metadata.prepare_add_partitions(&transaction.partitions, now_ms);
        Ok((found.coordinator_epoch, transition))
    }

    /// Which of the partitions are part of the open transaction. A transition
    /// that is pending is not looked at, since the partition's leader looks
    /// again when it appends. Source: `handleVerifyPartitionsInTransaction`.
    fn verify(
        &mut self,
        transaction: &AddPartitionsToTxnTransaction,
    ) -> Result<PartitionErrors, ErrorCode> {
        let id = &transaction.transactional_id;
        TransactionCoordinator::check_id(id)?;
        let partition = self.partition_for(id);
        let found = self.states.get(id, partition)?;
        let metadata = found.ok_or(ErrorCode::InvalidProducerIdMapping)?.metadata;
        if metadata.producer_id != transaction.producer_id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        if metadata.producer_epoch != transaction.producer_epoch {
            return Err(ErrorCode::ProducerFenced);
        }
        if metadata.state.is_prepared() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        let error_of = |of| match metadata.topic_partitions.contains(of) {
            true => ErrorCode::None,
            false => ErrorCode::TransactionAbortable,
        };
        let partitions = transaction.partitions.iter();
        Ok(partitions.map(|of| (of.clone(), error_of(of))).collect())
    }

    /// All partitions of a transaction have come to the same.
    pub(super) fn partitions_added(
        &mut self,
        call: &AddPartitionsCall,
        error_code: ErrorCode,
        out: &mut Vec<TransactionOutput>,
    ) {
        match call {
            AddPartitionsCall::Partitions { token, index } => {
                self.settle(*token, *index, |_| error_code, out);
            }
            AddPartitionsCall::Offsets(token) => {
                let response = Response::AddOffsetsToTxn(AddOffsetsToTxnResponse { error_code });
                let token = *token;
                out.push(TransactionOutput::Respond { token, response });
            }
        }
    }

    /// One transaction of a request is settled; with the last of them the
    /// request is answered.
    fn settle(
        &mut self,
        token: RequestToken,
        index: usize,
        error_of: impl Fn(&TopicPartition) -> ErrorCode,
        out: &mut Vec<TransactionOutput>,
    ) {
        let Some(pending) = self.adding.get_mut(&token) else {
            return;
        };
        for (of, error_code) in &mut pending.results[index].1 {
            *error_code = error_of(of);
        }
        pending.open -= 1;
        if pending.open > 0 {
            return;
        }
        let settled = self.adding.remove(&token).expect("it is there");
        let response = Response::AddPartitionsToTxn(AddPartitionsToTxnResponse {
            results_by_transaction: settled.results,
        });
        out.push(TransactionOutput::Respond { token, response });
    }
}

/// When a partition is not there, none is added.
fn not_there(
    partitions: &[TopicPartition],
    exists: impl Fn(&TopicPartition) -> bool,
) -> Option<PartitionErrors> {
    if partitions.iter().all(&exists) {
        return None;
    }
    let error_of = |of| match exists(of) {
        true => ErrorCode::OperationNotAttempted,
        false => ErrorCode::UnknownTopicOrPartition,
    };
    let partitions = partitions.iter();
    Some(partitions.map(|of| (of.clone(), error_of(of))).collect())
}

fn result_of(results: &PartitionErrors, of: &TopicPartition) -> ErrorCode {
    let found = results.iter().find(|(known, _)| known == of);
    found.map_or(ErrorCode::UnknownTopicOrPartition, |(_, error)| *error)
}
