use super::super::Broker;
use crate::log::PartitionLog;
use crate::protocol::{
    ActiveProducer, DescribeProducersRequest, DescribeProducersResponse, ErrorCode,
    PartitionProducers,
};

impl Broker {
    /// Describes the producers that the logs of partitions know, which the
    /// broker leads (`ReplicaManager.activeProducerState`).
    pub(in super::super) fn describe_producers(
        &self,
        request: &DescribeProducersRequest,
    ) -> DescribeProducersResponse {
        let partitions = request.partitions.iter();
        let described = partitions.map(|of| {
            let described = match self.led_partition(of) {
                Ok(partition) => PartitionProducers {
                    error_code: ErrorCode::None,
                    active_producers: active_producers(&partition.log),
                },
                Err(error_code) => PartitionProducers {
                    error_code,
                    active_producers: Vec::new(),
                },
            };
            (of.clone(), described)
        });
        DescribeProducersResponse {
            partitions: described.collect(),
        }
    }
}

/// Source: `UnifiedLog.activeProducers`.
fn active_producers(log: &PartitionLog) -> Vec<ActiveProducer> {
    let producers = log.producer_state().producers();
    let active = producers.map(|(producer_id, entry)| ActiveProducer {
        producer_id,
        producer_epoch: entry.producer_epoch(),
        last_sequence: entry.last_sequence(),
        last_timestamp: entry.last_timestamp(),
        coordinator_epoch: entry.coordinator_epoch(),
        current_txn_start_offset: entry.transaction_first_offset().unwrap_or(-1),
    });
    active.collect()
}
