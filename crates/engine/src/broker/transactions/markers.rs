//! Writing the markers that end transactions, for their coordinators
//! (`KafkaApis.handleWriteTxnMarkersRequest`).

use crate::collections::BTreeMap;

use super::super::Broker;
use super::append::Appender;
use super::offsets::marked;
use crate::controller::GROUP_METADATA_TOPIC_NAME;
use crate::log::record_batch::{
    BatchOptions, EndTransactionMarker, NO_SEQUENCE, RecordBatch, RecordBatchBuilder,
};
use crate::protocol::{
    ErrorCode, Header, PartitionErrors, Response, TopicPartition, WritableTxnMarker,
    WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};
use crate::sim::{Fabric, NodeId};

/// Where the result of a marker belongs in the answer.
#[derive(Clone, Debug, Hash)]
pub(super) struct MarkerPlace {
    request: u64,
    /// The transaction's place in the request.
    index: usize,
    of: TopicPartition,
}

/// The WriteTxnMarkers that are not answered yet.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct MarkerRequests {
    open: BTreeMap<u64, MarkerRequest>,
    next: u64,
}

#[derive(Clone, Debug, Hash)]
struct MarkerRequest {
    from: NodeId,
    header: Header,
    results: Vec<(i64, PartitionErrors)>,
    /// How many markers are not settled.
    left: usize,
}

impl Broker {
    /// Writes markers to the partitions that the broker leads, and answers when
    /// all in-sync replicas have them.
    pub(in super::super) fn write_txn_markers(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: WriteTxnMarkersRequest,
    ) {
        let requests = &mut self.transactions.marker_requests;
        let number = requests.next;
        requests.next += 1;
        let counts = request.markers.iter().map(|it| it.partitions.len());
        let open = MarkerRequest {
            from,
            header,
            left: counts.sum(),
            results: request.markers.iter().map(untold).collect(),
        };
        requests.open.insert(number, open);
        let timeout_ms = self.config.request_timeout_ms;
        for (index, marker) in request.markers.iter().enumerate() {
            let batch = batch_of(marker, fabric.timestamp_ms());
            for of in &marker.partitions {
                let place = MarkerPlace {
                    request: number,
                    index,
                    of: of.clone(),
                };
                let appended = match &*of.topic == GROUP_METADATA_TOPIC_NAME {
                    true => self.complete_offsets(fabric, of, &batch, marked(marker)),
                    false => self.append_and_advance(fabric, of, &batch),
                };
                let appender = Appender::Marker(place);
                self.wait_for_replicas(fabric, of, appended, timeout_ms, appender);
            }
        }
        self.answer_markers_if_done(fabric, number);
        self.complete_appends(fabric);
        for of in request.markers.iter().flat_map(|it| &it.partitions) {
            self.complete_fetches(fabric, of);
        }
    }

    /// A marker is written, or is not.
    pub(super) fn marker_appended(
        &mut self,
        fabric: &mut Fabric,
        place: MarkerPlace,
        error: ErrorCode,
    ) {
        let requests = &mut self.transactions.marker_requests;
        let Some(open) = requests.open.get_mut(&place.request) else {
            return;
        };
        let results = open.results[place.index].1.iter_mut();
        for (_, told) in results.filter(|(of, _)| *of == place.of) {
            *told = error;
        }
        open.left -= 1;
        self.answer_markers_if_done(fabric, place.request);
    }

    fn answer_markers_if_done(&mut self, fabric: &mut Fabric, number: u64) {
        let open = &mut self.transactions.marker_requests.open;
        if open.get(&number).is_none_or(|request| request.left > 0) {
            return;
        }
        if let Some(request) = open.remove(&number) {
            let response = Response::WriteTxnMarkers(WriteTxnMarkersResponse {
                markers: request.results,
            });
            self.answer(fabric, request.from, request.header, response);
        }
    }
}

fn untold(marker: &WritableTxnMarker) -> (i64, PartitionErrors) {
    let partitions = marker.partitions.iter();
    let untold = partitions.map(|of| (of.clone(), ErrorCode::None)).collect();
    (marker.producer_id, untold)
}

/// The control batch (`MemoryRecords.withEndTransactionMarker`).
fn batch_of(marker: &WritableTxnMarker, now_ms: i64) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        producer_id: marker.producer_id,
        producer_epoch: marker.producer_epoch,
        base_sequence: NO_SEQUENCE,
        is_transactional: true,
        is_control: true,
        ..BatchOptions::default()
    });
    let record = EndTransactionMarker {
        result: marker.result,
        coordinator_epoch: marker.coordinator_epoch,
    };
    let appended = builder.append_end_transaction_marker(now_ms, record);
    appended.expect("a broker's time is no invalid timestamp");
    builder.build().expect("a batch with one marker")
}
