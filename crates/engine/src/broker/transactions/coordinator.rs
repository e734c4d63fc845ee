//! The requests that the transaction coordinator answers.

use super::super::Broker;
use super::append::Appender;
use crate::controller::TRANSACTION_STATE_TOPIC_NAME;
use crate::coordinator::RequestToken;
use crate::coordinator::transaction::{AppendId, TransactionAppend, TransactionOutput};
use crate::event::EventKind;
use crate::log::record_batch::{BatchOptions, Record, RecordBatch, RecordBatchBuilder};
use crate::protocol::{CoordinatorType, ErrorCode, Header, Request, Response, TopicPartition};
use crate::sim::{Fabric, NodeId};

impl Broker {
    /// Hands a request to the transaction coordinator, which answers at once or
    /// when what it writes is committed.
    pub(in super::super) fn coordinate_transaction(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: Request,
    ) {
        let token = RequestToken(self.transactions.next_token);
        self.transactions.next_token += 1;
        self.transactions.waiting.insert(token, (from, header));
        let (now_ms, out) = (fabric.timestamp_ms(), &mut Vec::new());
        match request {
            Request::InitProducerId(request) => {
                let mut ids = std::mem::take(&mut self.producer_ids);
                let new_id = &mut || ids.take().ok_or(ErrorCode::CoordinatorLoadInProgress);
                let coordinator = &mut self.transactions.coordinator;
                coordinator.init_producer_id(now_ms, token, &request, new_id, out);
                self.producer_ids = ids;
                self.ask_for_producer_ids(fabric);
            }
            Request::AddPartitionsToTxn(request) => {
                let image = &self.image;
                let exists = |of: &TopicPartition| image.partition(of).is_some();
                let coordinator = &mut self.transactions.coordinator;
                coordinator.add_partitions_to_txn(now_ms, token, request, exists, out);
            }
            Request::AddOffsetsToTxn(request) => {
                let of = self.offsets_partition(&request.group_id);
                let coordinator = &mut self.transactions.coordinator;
                coordinator.add_offsets_to_txn(now_ms, token, request, of, out);
            }
            Request::EndTxn(request) => {
                let coordinator = &mut self.transactions.coordinator;
                coordinator.end_txn(now_ms, token, request, out);
            }
            other => unreachable!("{} is not for the transaction coordinator", other.api()),
        }
        let out = std::mem::take(out);
        self.hand_out_transactions(fabric, out);
        self.complete_appends(fabric);
        self.send_markers(fabric);
    }

    /// A record of the coordinator's is committed, or is not.
    pub(super) fn transaction_log_appended(
        &mut self,
        fabric: &mut Fabric,
        id: AppendId,
        error: ErrorCode,
    ) {
        let mut out = Vec::new();
        let now_ms = fabric.timestamp_ms();
        let coordinator = &mut self.transactions.coordinator;
        coordinator.append_completed(now_ms, id, error, &mut out);
        self.plan_writing_again(fabric.now);
        self.hand_out_transactions(fabric, out);
        self.send_markers(fabric);
    }

    /// Sends the coordinator's answers, writes its records and tells its
    /// events.
    pub(super) fn hand_out_transactions(
        &mut self,
        fabric: &mut Fabric,
        out: Vec<TransactionOutput>,
    ) {
        for output in out {
            match output {
                TransactionOutput::Respond { token, response } => {
                    if let Some((from, header)) = self.transactions.waiting.remove(&token) {
                        self.answer(fabric, from, header, response);
                    }
                }
                TransactionOutput::Append(append) => {
                    self.append_to_transaction_log(fabric, append);
                }
                TransactionOutput::Event(event) => fabric.emit(EventKind::Transaction(event)),
            }
        }
        self.plan_transaction_checks(fabric.now);
    }

    fn append_to_transaction_log(&mut self, fabric: &mut Fabric, append: TransactionAppend) {
        let batch = batch_of(&append, fabric.timestamp_ms());
        let of = TopicPartition::new(TRANSACTION_STATE_TOPIC_NAME, append.partition);
        let appender = Appender::TransactionLog(append.id);
        self.append_for(fabric, &of, &batch, append.timeout_ms, appender);
    }

    /// The broker that coordinates an id: the leader of its partition of
    /// `__transaction_state`.
    ///
    /// # Errors
    ///
    /// `COORDINATOR_NOT_AVAILABLE` when there is none.
    pub(in super::super) fn transaction_coordinator_of(
        &self,
        transactional_id: &str,
    ) -> Result<i32, ErrorCode> {
        let key_type = CoordinatorType::Transaction;
        let partition = self.coordinating_partition(key_type, transactional_id);
        let partition = partition.ok_or(ErrorCode::CoordinatorNotAvailable)?;
        let of = TopicPartition::new(TRANSACTION_STATE_TOPIC_NAME, partition);
        let registration = self.image.partition(&of);
        let leader = registration.and_then(|it| it.leader);
        leader.ok_or(ErrorCode::CoordinatorNotAvailable)
    }

    /// Answers what can be answered at once.
    pub(in super::super) fn tell_transactions(
        &mut self,
        fabric: &Fabric,
        request: &Request,
    ) -> Response {
        let now_ms = fabric.timestamp_ms();
        let coordinator = &mut self.transactions.coordinator;
        match request {
            Request::DescribeTransactions(request) => {
                Response::DescribeTransactions(coordinator.describe_transactions(request))
            }
            Request::ListTransactions(request) => {
                Response::ListTransactions(coordinator.list_transactions(now_ms, request))
            }
            other => unreachable!("{} tells nothing of transactions", other.api()),
        }
    }
}

/// One batch with one record, stamped with the broker's time.
fn batch_of(append: &TransactionAppend, now_ms: i64) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions::default());
    let record = Record {
        timestamp_ms: now_ms,
        key: Some(append.key.to_bytes()),
        value: append.value.as_ref().map(|value| value.to_bytes()),
        headers: Vec::new(),
    };
    let appended = builder.append(&record);
    appended.expect("a broker's time is no invalid timestamp");
    builder.build().expect("a batch with one record")
}
