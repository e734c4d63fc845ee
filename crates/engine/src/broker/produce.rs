//! Appending what producers send (`kafka.server.ReplicaManager.appendRecords`,
//! `DelayedProduce`).

use crate::collections::BTreeMap;

use super::Broker;
use crate::controller::is_internal;
use crate::event::EventKind;
use crate::log::record_batch::RecordBatch;
use crate::log::{AppendError, LogConfig};
use crate::protocol::{
    ErrorCode, Header, PartitionProduceResponse, ProduceRequest, ProduceResponse, Response,
    TopicPartition,
};
use crate::sim::{Fabric, NodeId, Time};

/// The `client.id` that may write to internal topics
/// (`AdminUtils.ADMIN_CLIENT_ID`).
const ADMIN_CLIENT_ID: &str = "__admin_client";

/// `acks=all`.
pub(super) const ACKS_ALL: i16 = -1;

/// A write that waits until the in-sync replicas have it.
#[derive(Clone, Debug, Hash)]
pub(super) struct DelayedProduce {
    pub deadline: Time,
    pub from: NodeId,
    header: Header,
    partitions: Vec<(TopicPartition, Written)>,
}

/// What became of one batch.
#[derive(Clone, Debug, Hash)]
struct Written {
    response: PartitionProduceResponse,
    /// The high watermark it waits for; `None` once the answer is settled.
    required_offset: Option<i64>,
}

impl Broker {
    /// Takes a request up when those that came before it on its connection are
    /// answered, be it that they wait for replicas or for a transaction's
    /// coordinator. In Kafka nothing is read from a connection meanwhile
    /// (`SocketServer`), on which idempotent producers rely: what is refused
    /// is not told before what was taken.
    pub(super) fn produce(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ProduceRequest,
    ) {
        self.unread_produces.push_back((from, header, request));
        self.take_up_unread(fabric);
        self.complete_produces(fabric);
    }

    /// Takes up what waits on connections on which all is answered by now; says
    /// whether there was anything.
    fn take_up_unread(&mut self, fabric: &mut Fabric) -> bool {
        let next = self.unread_produces.iter().position(|(from, ..)| {
            let mut delayed = self.delayed_produces.iter();
            !delayed.any(|produce| produce.from == *from) && !self.transactions.verifies_for(*from)
        });
        let next = next.and_then(|next| self.unread_produces.remove(next));
        let Some((from, header, request)) = next else {
            return false;
        };
        self.verify_and_append(fabric, from, header, request);
        true
    }

    /// Appends the batches to the partitions it leads, but for those that were
    /// refused before. With `acks=1` it is to answer at once, with `acks=all`
    /// when the in-sync replicas have them, with `acks=0` never.
    pub(super) fn append_all(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ProduceRequest,
        mut not_to_append: BTreeMap<TopicPartition, PartitionProduceResponse>,
    ) {
        let mut partitions = Vec::new();
        for (of, batch) in request.partitions {
            // Only the cluster itself and its tools write to internal topics.
            let is_closed = is_internal(&of.topic) && *header.client_id != *ADMIN_CLIENT_ID;
            let appended = match not_to_append.remove(&of) {
                Some(response) => Err(response),
                None if is_closed => Err(refused(ErrorCode::InvalidTopicException)),
                None => self.append(fabric, from, &of, &batch, request.acks),
            };
            let written = match appended {
                Ok(written) => written,
                Err(response) => Written {
                    response,
                    required_offset: None,
                },
            };
            partitions.push((of, written));
        }
        let asked: Vec<TopicPartition> = partitions.iter().map(|(of, _)| of.clone()).collect();
        let timeout_ms = i64::from(request.timeout_ms);
        if request.acks != 0 {
            self.delayed_produces.push(DelayedProduce {
                deadline: fabric.now.plus_ms(timeout_ms),
                from,
                header,
                partitions,
            });
        }
        for of in &asked {
            self.complete_fetches(fabric, of);
        }
    }

    fn append(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        of: &TopicPartition,
        batch: &RecordBatch,
        acks: i16,
    ) -> Result<Written, PartitionProduceResponse> {
        if !(ACKS_ALL..=1).contains(&acks) {
            return Err(refused(ErrorCode::InvalidRequiredAcks));
        }
        self.led_partition(of).map_err(refused)?;
        let allowed = self.with_leader(fabric, of, |leader, circumstances| {
            leader.check_append(acks, circumstances)
        });
        allowed.unwrap_or(Ok(())).map_err(refused)?;
        let now_ms = fabric.timestamp_ms();
        let partition = self.partitions.get_mut(of).expect("it leads the partition");
        let leader_epoch = partition.leader_epoch();
        let log = &mut partition.log;
        let appended = log.append_as_leader(batch, leader_epoch, now_ms);
        let appended = appended.map_err(|error| not_appended(&error, of, log.config()))?;
        let response = PartitionProduceResponse {
            error_code: ErrorCode::None,
            base_offset: appended.first_offset,
            log_start_offset: log.start_offset(),
            error_message: None,
            record_errors: Vec::new(),
        };
        let (broker, topic_partition) = (self.id, of.clone());
        let (base_offset, records) = (appended.first_offset, batch.record_count());
        fabric.emit(match appended.is_duplicate {
            false => EventKind::RecordsAppended {
                broker,
                topic_partition,
                base_offset,
                records,
                from,
            },
            true => EventKind::DuplicateRecognized {
                broker,
                topic_partition,
                base_offset,
                records,
                from,
            },
        });
        if batch.has_producer_id() {
            self.plan_producer_check(fabric.now);
        }
        self.raise_high_watermark(fabric, of);
        self.advance_coordinator(fabric, of);
        Ok(Written {
            response,
            required_offset: (acks == ACKS_ALL).then_some(appended.last_offset + 1),
        })
    }

    /// A leader that is alone in the ISR commits what it appends.
    pub(super) fn raise_high_watermark(&mut self, fabric: &Fabric, of: &TopicPartition) {
        let raised = self.with_leader(fabric, of, |leader, circumstances| {
            leader.next_high_watermark(circumstances)
        });
        if let (Some(Some(offset)), Some(partition)) = (raised, self.partitions.get_mut(of)) {
            partition.log.set_high_watermark(offset);
        }
    }

    /// Answers the writes that all in-sync replicas have, or that nobody can
    /// promise any more.
    pub(super) fn complete_produces(&mut self, fabric: &mut Fabric) {
        loop {
            self.answer_completed(fabric);
            if !self.take_up_unread(fabric) {
                break;
            }
        }
    }

    fn answer_completed(&mut self, fabric: &mut Fabric) {
        for mut produce in std::mem::take(&mut self.delayed_produces) {
            for (of, written) in &mut produce.partitions {
                self.settle(fabric, of, written);
            }
            let is_open = |(_, written): &(_, Written)| written.required_offset.is_some();
            match produce.partitions.iter().any(is_open) {
                true => self.delayed_produces.push(produce),
                false => self.answer_produce(fabric, produce),
            }
        }
        self.complete_appends(fabric);
    }

    fn settle(&mut self, fabric: &Fabric, of: &TopicPartition, written: &mut Written) {
        let Some(required_offset) = written.required_offset else {
            return;
        };
        let result = self.with_leader(fabric, of, |leader, circumstances| {
            leader.acks_all_result(required_offset, circumstances)
        });
        let error_code = match result {
            None => ErrorCode::NotLeaderOrFollower,
            Some(None) => return,
            Some(Some(error_code)) => error_code,
        };
        written.required_offset = None;
        if !error_code.is_none() {
            written.response.error_code = error_code;
        }
    }

    /// Writes that have waited long enough: `REQUEST_TIMED_OUT`. The records
    /// stay in the log.
    pub(super) fn expire_produces(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let expired = |produce: &mut DelayedProduce| produce.deadline <= now;
        let expired: Vec<DelayedProduce> = self.delayed_produces.extract_if(.., expired).collect();
        for mut produce in expired {
            for (_, written) in &mut produce.partitions {
                if written.required_offset.take().is_some() {
                    written.response.error_code = ErrorCode::RequestTimedOut;
                }
            }
            self.answer_produce(fabric, produce);
        }
        self.complete_produces(fabric);
    }

    fn answer_produce(&self, fabric: &mut Fabric, produce: DelayedProduce) {
        let partitions = produce.partitions.into_iter();
        let response = Response::Produce(ProduceResponse {
            partitions: partitions
                .map(|(of, written)| (of, written.response))
                .collect(),
        });
        self.answer(fabric, produce.from, produce.header, response);
    }
}

pub(super) fn refused(error_code: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse {
        error_code,
        base_offset: -1,
        log_start_offset: -1,
        error_message: None,
        record_errors: Vec::new(),
    }
}

/// Only about records that the topic does not take does the broker tell more
/// than the error's name (`LogAppendResult.hasCustomErrorMessage`).
fn not_appended(
    error: &AppendError,
    of: &TopicPartition,
    config: &LogConfig,
) -> PartitionProduceResponse {
    let record_errors = error.record_errors(of);
    let has_message = !record_errors.is_empty();
    PartitionProduceResponse {
        error_message: has_message.then(|| error.message(of, config)),
        record_errors,
        ..refused(error.error_code())
    }
}
