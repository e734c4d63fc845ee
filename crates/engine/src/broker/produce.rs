use super::{Broker, Partition};
use crate::event::EventKind;
use crate::log::record_batch::RecordBatch;
use crate::protocol::{
    ErrorCode, Header, PartitionProduceResponse, ProduceRequest, ProduceResponse, Response,
    TopicPartition,
};
use crate::sim::{Fabric, NodeId};

impl Broker {
    /// Appends the batches to the partitions it leads and answers, unless the
    /// producer wants no answer (`ReplicaManager.appendRecords`). With one
    /// replica `acks=all` waits for nobody.
    pub(super) fn produce(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ProduceRequest,
    ) {
        let mut partitions = Vec::new();
        for (partition, batch) in request.partitions {
            let appended = self.append(&partition, &batch, fabric.timestamp_ms());
            if appended.error_code.is_none() {
                fabric.emit(EventKind::RecordsAppended {
                    broker: self.id,
                    topic_partition: partition.clone(),
                    base_offset: appended.base_offset,
                    records: batch.record_count(),
                    from,
                });
            }
            partitions.push((partition, appended));
        }
        self.complete_fetches(fabric);
        if request.acks != 0 {
            let response = Response::Produce(ProduceResponse { partitions });
            self.answer(fabric, from, header, response);
        }
    }

    fn append(
        &mut self,
        topic_partition: &TopicPartition,
        batch: &RecordBatch,
        now_ms: i64,
    ) -> PartitionProduceResponse {
        let Some(partition) = self.partitions.get_mut(topic_partition) else {
            return refused(ErrorCode::UnknownTopicOrPartition, None);
        };
        let Partition { log, leader_epoch } = partition;
        match log.append_as_leader(batch, *leader_epoch, now_ms) {
            Ok(appended) => {
                // The only replica is all that are in sync.
                log.set_high_watermark(log.end_offset());
                PartitionProduceResponse {
                    error_code: ErrorCode::None,
                    base_offset: appended.first_offset,
                    log_start_offset: log.start_offset(),
                    error_message: None,
                }
            }
            Err(error) => {
                let message = error.message(topic_partition, log.config());
                refused(error.error_code(), Some(message))
            }
        }
    }
}

fn refused(error_code: ErrorCode, error_message: Option<String>) -> PartitionProduceResponse {
    PartitionProduceResponse {
        error_code,
        base_offset: -1,
        log_start_offset: -1,
        error_message,
    }
}
