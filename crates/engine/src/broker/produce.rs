use super::Broker;
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
            let appended = self.append(&partition, &batch);
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
    ) -> PartitionProduceResponse {
        let Some(partition) = self.partitions.get_mut(topic_partition) else {
            return refused(ErrorCode::UnknownTopicOrPartition, None);
        };
        let size = batch.size_in_bytes();
        if size > partition.max_message_bytes {
            let message = format!(
                "The record batch size in the append to {topic_partition} is {size} bytes which \
                 exceeds the maximum configured value of {}.",
                partition.max_message_bytes
            );
            return refused(ErrorCode::MessageTooLarge, Some(message));
        }
        let base_offset = partition
            .log
            .append_as_leader(batch, partition.leader_epoch);
        PartitionProduceResponse {
            error_code: ErrorCode::None,
            base_offset,
            log_start_offset: partition.log.start_offset(),
            error_message: None,
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
