//! Describing and listing transactions (KIP-664).

use super::state_manager::is_listed;
use super::{TransactionCoordinator, TransactionMetadata, TransactionState};
use crate::protocol::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, DescribedTransaction, ErrorCode,
    ListTransactionsRequest, ListTransactionsResponse, ListedTransaction,
};
use crate::sorting::sort_by;

impl TransactionCoordinator {
    /// Describes transactions (`handleDescribeTransactions`).
    pub fn describe_transactions(
        &mut self,
        request: &DescribeTransactionsRequest,
    ) -> DescribeTransactionsResponse {
        let ids = request.transactional_ids.iter();
        let described = ids.map(|id| {
            let described = self.describe(id);
            described.unwrap_or_else(|error| DescribedTransaction::error(error, id))
        });
        DescribeTransactionsResponse {
            transaction_states: described.collect(),
        }
    }

    fn describe(&mut self, transactional_id: &str) -> Result<DescribedTransaction, ErrorCode> {
        TransactionCoordinator::check_id(transactional_id)?;
        let partition = self.partition_for(transactional_id);
        let found = self.states.get(transactional_id, partition)?;
        let found = found.ok_or(ErrorCode::TransactionalIdNotFound)?;
        let metadata: &TransactionMetadata = found.metadata;
        Ok(DescribedTransaction {
            error_code: ErrorCode::None,
            transactional_id: metadata.transactional_id.clone(),
            transaction_state: metadata.state.name().to_owned(),
            transaction_timeout_ms: metadata.txn_timeout_ms,
            transaction_start_time_ms: metadata.txn_start_timestamp,
            producer_id: metadata.producer_id,
            producer_epoch: metadata.producer_epoch,
            topic_partitions: metadata.topic_partitions.iter().cloned().collect(),
        })
    }

    /// Lists transactions (`handleListTransactions`).
    pub fn list_transactions(
        &self,
        now_ms: i64,
        request: &ListTransactionsRequest,
    ) -> ListTransactionsResponse {
        let mut response = ListTransactionsResponse {
            error_code: ErrorCode::None,
            unknown_state_filters: Vec::new(),
            transaction_states: Vec::new(),
        };
        if self.states.is_loading() {
            response.error_code = ErrorCode::CoordinatorLoadInProgress;
            return response;
        }
        let mut states = Vec::new();
        for name in &request.state_filters {
            match TransactionState::from_name(name) {
                Some(state) => states.push(state),
                None => response.unknown_state_filters.push(name.clone()),
            }
        }
        // Names alone that no state has let nothing through.
        if states.is_empty() && !request.state_filters.is_empty() {
            return response;
        }
        let (ids, longer_than_ms) = (&request.producer_id_filters, request.duration_filter);
        let all = self.states.transactions().map(|(_, it)| it);
        let listed = all.filter(|it| is_listed(it, &states, ids, longer_than_ms, now_ms));
        response.transaction_states = listed
            .map(|metadata| ListedTransaction {
                transactional_id: metadata.transactional_id.clone(),
                producer_id: metadata.producer_id,
                transaction_state: metadata.state.name().to_owned(),
            })
            .collect();
        let by_id = |a: &ListedTransaction, b: &ListedTransaction| {
            a.transactional_id.cmp(&b.transactional_id)
        };
        sort_by(&mut response.transaction_states, by_id);
        response
    }
}
