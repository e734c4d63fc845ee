//! Appending for the transaction coordinator: its own records, and markers.
//! Both wait for all in-sync replicas, as `acks=all` does
//! (`ReplicaManager.appendRecords` with `AppendOrigin.COORDINATOR`).

use std::collections::VecDeque;

use super::super::Broker;
use super::markers::MarkerPlace;
use crate::coordinator::transaction::AppendId;
use crate::log::record_batch::RecordBatch;
use crate::protocol::{ErrorCode, TopicPartition};
use crate::sim::{Fabric, Time};

/// Who waits for a batch.
#[derive(Clone, Debug, Hash)]
pub(super) enum Appender {
    /// The transaction coordinator, for a record of its own.
    TransactionLog(AppendId),
    /// The answer to a WriteTxnMarkers.
    Marker(MarkerPlace),
}

/// A batch that waits until the in-sync replicas have it.
#[derive(Clone, Debug, Hash)]
struct DelayedAppend {
    of: TopicPartition,
    required_offset: i64,
    deadline: Time,
    appender: Appender,
}

/// What was appended for the coordinator and is not settled.
#[derive(Clone, Debug, Default, Hash)]
pub(in super::super) struct CoordinatorAppends {
    delayed: Vec<DelayedAppend>,
    settled: VecDeque<(Appender, ErrorCode)>,
    /// While what is settled is told, more may be settled.
    is_telling: bool,
}

impl CoordinatorAppends {
    pub fn next_deadline(&self) -> Option<Time> {
        self.delayed.iter().map(|append| append.deadline).min()
    }
}

impl Broker {
    /// Appends a batch to a partition that the broker leads. The appender is
    /// told later what has become of it.
    pub(super) fn append_for(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        batch: &RecordBatch,
        timeout_ms: i64,
        appender: Appender,
    ) {
        let appended = self.append_and_advance(fabric, of, batch);
        self.wait_for_replicas(fabric, of, appended, timeout_ms, appender);
        self.complete_fetches(fabric, of);
    }

    /// The batch ends at this offset of the log, or is not in it.
    pub(super) fn wait_for_replicas(
        &mut self,
        fabric: &Fabric,
        of: &TopicPartition,
        appended: Result<i64, ErrorCode>,
        timeout_ms: i64,
        appender: Appender,
    ) {
        match appended {
            Ok(required_offset) => {
                let deadline = fabric.now.plus_ms(timeout_ms);
                self.transactions.appends.delayed.push(DelayedAppend {
                    of: of.clone(),
                    required_offset,
                    deadline,
                    appender,
                });
            }
            Err(error) => {
                let settled = &mut self.transactions.appends.settled;
                settled.push_back((appender, error));
            }
        }
    }

    /// Appends; the coordinators whose state lies there learn of it.
    pub(super) fn append_and_advance(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        batch: &RecordBatch,
    ) -> Result<i64, ErrorCode> {
        self.led_partition(of)?;
        let end_offset = self.append_as_coordinator(fabric, of, batch)?;
        self.advance_coordinator(fabric, of);
        Ok(end_offset)
    }

    /// Tells the appenders whose batches all in-sync replicas have, or nobody
    /// can promise any more.
    pub(in super::super) fn complete_appends(&mut self, fabric: &mut Fabric) {
        if std::mem::replace(&mut self.transactions.appends.is_telling, true) {
            return;
        }
        self.settle_appends(fabric);
        while let Some((appender, error)) = self.transactions.appends.settled.pop_front() {
            match appender {
                Appender::TransactionLog(id) => self.transaction_log_appended(fabric, id, error),
                Appender::Marker(place) => self.marker_appended(fabric, place, error),
            }
            self.settle_appends(fabric);
        }
        self.transactions.appends.is_telling = false;
    }

    fn settle_appends(&mut self, fabric: &Fabric) {
        for append in std::mem::take(&mut self.transactions.appends.delayed) {
            let required_offset = append.required_offset;
            let result = self.with_leader(fabric, &append.of, |leader, circumstances| {
                leader.acks_all_result(required_offset, circumstances)
            });
            let error = match result {
                Some(None) => {
                    self.transactions.appends.delayed.push(append);
                    continue;
                }
                Some(Some(error)) => error,
                None => ErrorCode::NotLeaderOrFollower,
            };
            let settled = &mut self.transactions.appends.settled;
            settled.push_back((append.appender, error));
        }
    }

    /// Batches that have waited long enough: `REQUEST_TIMED_OUT`. They stay in
    /// the log.
    pub(super) fn expire_appends(&mut self, fabric: &mut Fabric) {
        let (now, appends) = (fabric.now, &mut self.transactions.appends);
        let expired = appends.delayed.extract_if(.., |it| it.deadline <= now);
        let expired = expired.map(|it| (it.appender, ErrorCode::RequestTimedOut));
        appends.settled.extend(expired);
        self.complete_appends(fabric);
    }
}
