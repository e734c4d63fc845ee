use super::Broker;
use crate::protocol::{
    ErrorCode, FetchRequest, FetchResponse, FetchedPartition, Header, ListOffsetsRequest,
    ListOffsetsResponse, ListedOffset, Response, TopicPartition,
};
use crate::sim::{Fabric, NodeId, Time};

/// A fetch that waits for `min_bytes` (`kafka.server.DelayedFetch`).
#[derive(Clone, Debug, Hash)]
pub(super) struct DelayedFetch {
    pub deadline: Time,
    from: NodeId,
    header: Header,
    request: FetchRequest,
}

impl Broker {
    /// Answers at once when there is enough to read or something is wrong,
    /// else when there is or `max_wait_ms` has passed.
    pub(super) fn fetch(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: FetchRequest,
    ) {
        if request.max_wait_ms <= 0 || self.is_fetch_ready(&request) {
            let response = Response::Fetch(self.read(&request));
            return self.answer(fabric, from, header, response);
        }
        self.delayed_fetches.push(DelayedFetch {
            deadline: fabric.now.plus_ms(i64::from(request.max_wait_ms)),
            from,
            header,
            request,
        });
    }

    /// Answers the fetches that waited for what is there now.
    pub(super) fn complete_fetches(&mut self, fabric: &mut Fabric) {
        self.answer_fetches(fabric, |broker, fetch| {
            broker.is_fetch_ready(&fetch.request)
        });
    }

    /// Answers the fetches that have waited long enough.
    pub(super) fn expire_fetches(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        self.answer_fetches(fabric, |_, fetch| fetch.deadline <= now);
    }

    /// Drops the fetches of a client that is gone.
    pub(crate) fn forget_client(&mut self, client: NodeId) {
        self.delayed_fetches.retain(|fetch| fetch.from != client);
    }

    fn answer_fetches(
        &mut self,
        fabric: &mut Fabric,
        ready: impl Fn(&Broker, &DelayedFetch) -> bool,
    ) {
        let (answered, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.delayed_fetches)
            .into_iter()
            .partition(|fetch| ready(self, fetch));
        self.delayed_fetches = kept;
        for fetch in answered {
            let response = Response::Fetch(self.read(&fetch.request));
            self.answer(fabric, fetch.from, fetch.header, response);
        }
    }

    fn is_fetch_ready(&self, request: &FetchRequest) -> bool {
        let mut bytes = 0;
        for wanted in &request.partitions {
            let Some(partition) = self.partitions.get(&wanted.topic_partition) else {
                return true;
            };
            let (log, offset) = (&partition.log, wanted.fetch_offset);
            if offset < log.start_offset() || offset > log.end_offset() {
                return true;
            }
            let high_watermark = partition.high_watermark();
            // What an answer would hold ends with the segment.
            if log.is_on_older_segment(offset, high_watermark) {
                return true;
            }
            bytes += log.bytes_between(offset, high_watermark);
        }
        bytes >= usize::try_from(request.min_bytes).unwrap_or_default()
    }

    fn read(&self, request: &FetchRequest) -> FetchResponse {
        let mut left = usize::try_from(request.max_bytes).unwrap_or_default();
        let mut partitions = Vec::new();
        let mut nothing_yet = true;
        for wanted in &request.partitions {
            let of_partition = usize::try_from(wanted.partition_max_bytes).unwrap_or_default();
            let limit = of_partition.min(left);
            // Only the very first batch of an answer may exceed the limits.
            let may_read = nothing_yet || limit > 0;
            let fetched = self.read_partition(
                &wanted.topic_partition,
                wanted.fetch_offset,
                limit,
                may_read,
            );
            let size: usize = fetched
                .records
                .iter()
                .map(|batch| batch.size_in_bytes())
                .sum();
            left = left.saturating_sub(size);
            nothing_yet &= size == 0;
            partitions.push((wanted.topic_partition.clone(), fetched));
        }
        FetchResponse { partitions }
    }

    fn read_partition(
        &self,
        topic_partition: &TopicPartition,
        offset: i64,
        max_bytes: usize,
        may_read: bool,
    ) -> FetchedPartition {
        let failed = |error_code| FetchedPartition {
            error_code,
            high_watermark: -1,
            log_start_offset: -1,
            records: Vec::new(),
        };
        let Some(partition) = self.partitions.get(topic_partition) else {
            return failed(ErrorCode::UnknownTopicOrPartition);
        };
        let high_watermark = partition.high_watermark();
        let Some(records) = partition.log.read(offset, high_watermark, max_bytes) else {
            return failed(ErrorCode::OffsetOutOfRange);
        };
        FetchedPartition {
            error_code: ErrorCode::None,
            high_watermark,
            log_start_offset: partition.log.start_offset(),
            records: if may_read { records } else { Vec::new() },
        }
    }

    /// Finds offsets by timestamp, or at either end of the log.
    pub(super) fn list_offsets(&self, request: &ListOffsetsRequest) -> ListOffsetsResponse {
        let list = |topic_partition: &TopicPartition, timestamp: i64| {
            let Some(partition) = self.partitions.get(topic_partition) else {
                return ListedOffset {
                    error_code: ErrorCode::UnknownTopicOrPartition,
                    timestamp: -1,
                    offset: -1,
                };
            };
            // Nobody is told of records that may still be lost.
            let readable = |found: &(i64, i64)| found.0 < partition.high_watermark();
            let (offset, timestamp) = match timestamp {
                ListOffsetsRequest::LATEST => (partition.high_watermark(), -1),
                ListOffsetsRequest::EARLIEST => (partition.log.start_offset(), -1),
                ListOffsetsRequest::MAX_TIMESTAMP => {
                    let found = partition.log.offset_of_max_timestamp();
                    found.filter(readable).unwrap_or((-1, -1))
                }
                timestamp => {
                    let found = partition.log.offset_for_timestamp(timestamp);
                    found.filter(readable).unwrap_or((-1, -1))
                }
            };
            ListedOffset {
                error_code: ErrorCode::None,
                timestamp,
                offset,
            }
        };
        let partitions = request.partitions.iter();
        ListOffsetsResponse {
            partitions: partitions
                .map(|(partition, timestamp)| (partition.clone(), list(partition, *timestamp)))
                .collect(),
        }
    }
}
