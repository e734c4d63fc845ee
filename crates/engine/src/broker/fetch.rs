//! Answering fetches, of consumers and of followers
//! (`kafka.server.ReplicaManager.fetchMessages`, `DelayedFetch`).

use super::leader::FollowerFetch;
use super::{Broker, Partition};
use crate::log::record_batch::RecordBatch;
use crate::protocol::{
    AbortedTransactionInfo, ErrorCode, FetchPartition, FetchRequest, FetchResponse,
    FetchedPartition, Header, IsolationLevel, ListOffsetsRequest, ListOffsetsResponse,
    ListedOffset, Response, TopicPartition,
};
use crate::sim::{Fabric, NodeId, Time};

/// A fetch that waits for `min_bytes` (`kafka.server.DelayedFetch`).
#[derive(Clone, Debug, Hash)]
pub(super) struct DelayedFetch {
    pub deadline: Time,
    pub from: NodeId,
    header: Header,
    request: FetchRequest,
}

impl Broker {
    /// Answers at once when there is enough to read or something is wrong,
    /// else when there is or `max_wait_ms` has passed. What a follower asks
    /// for says how far it has come.
    pub(super) fn fetch(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: FetchRequest,
    ) {
        let is_ready = request.max_wait_ms <= 0 || self.is_fetch_ready(&request);
        // The answer tells the high watermark as it was when it was read.
        let mut response = is_ready.then(|| self.read(&request));
        if let Some(follower) = request.replica_id {
            self.note_follower(fabric, follower, &request.partitions, response.as_mut());
        }
        match response {
            Some(response) => self.answer(fabric, from, header, Response::Fetch(response)),
            None => self.delayed_fetches.push(DelayedFetch {
                deadline: fabric.now.plus_ms(i64::from(request.max_wait_ms)),
                from,
                header,
                request,
            }),
        }
    }

    /// Takes down how far a follower has come; a partition that it does not
    /// hold for all that its leader knows gets an error.
    fn note_follower(
        &mut self,
        fabric: &mut Fabric,
        follower: i32,
        read: &[FetchPartition],
        mut response: Option<&mut FetchResponse>,
    ) {
        for wanted in read {
            let of = &wanted.topic_partition;
            let partition = self.partitions.get(of);
            let is_sound = partition.is_some_and(|partition| {
                check(partition, wanted).is_ok() && diverging_epoch(partition, wanted).is_none()
            });
            if !is_sound {
                continue;
            }
            let fetch = FollowerFetch {
                follower,
                fetch_offset: wanted.fetch_offset,
                log_start_offset: wanted.log_start_offset,
            };
            let effects = self.with_leader(fabric, of, |leader, circumstances| {
                leader.follower_fetched(&fetch, circumstances)
            });
            match effects {
                Some(Ok(effects)) => self.take_effect(fabric, of, effects),
                Some(Err(error)) => {
                    let answers = response.iter_mut().flat_map(|it| &mut it.partitions);
                    for (_, answer) in answers.filter(|(answered, _)| answered == of) {
                        *answer = failed(error);
                    }
                }
                None => {}
            }
        }
        self.complete_deletions(fabric);
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

    fn answer_fetches(
        &mut self,
        fabric: &mut Fabric,
        ready: impl Fn(&Broker, &DelayedFetch) -> bool,
    ) {
        let mut index = 0;
        while index < self.delayed_fetches.len() {
            if !ready(self, &self.delayed_fetches[index]) {
                index += 1;
                continue;
            }
            let fetch = self.delayed_fetches.remove(index);
            let response = Response::Fetch(self.read(&fetch.request));
            self.answer(fabric, fetch.from, fetch.header, response);
        }
    }

    /// Whether there is enough to read, or something that must be told.
    fn is_fetch_ready(&self, request: &FetchRequest) -> bool {
        let mut bytes = 0;
        for wanted in &request.partitions {
            let Some(partition) = self.partitions.get(&wanted.topic_partition) else {
                return true;
            };
            if check(partition, wanted).is_err() || diverging_epoch(partition, wanted).is_some() {
                return true;
            }
            let (log, offset) = (&partition.log, wanted.fetch_offset);
            if offset < log.start_offset() || offset > log.end_offset() {
                return true;
            }
            let limit = readable_end(partition, request.replica_id, request.isolation_level);
            // What an answer would hold ends with the segment.
            if log.is_on_older_segment(offset, limit) {
                return true;
            }
            bytes += log.bytes_between(offset, limit);
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
            let max_bytes = may_read.then_some(limit);
            let fetched = self
                .read_partition(wanted, request, max_bytes)
                .unwrap_or_else(failed);
            let sizes = fetched.records.iter().map(|batch| batch.size_in_bytes());
            let size: usize = sizes.sum();
            left = left.saturating_sub(size);
            nothing_yet &= size == 0;
            partitions.push((wanted.topic_partition.clone(), fetched));
        }
        FetchResponse { partitions }
    }

    fn read_partition(
        &self,
        wanted: &FetchPartition,
        request: &FetchRequest,
        max_bytes: Option<usize>,
    ) -> Result<FetchedPartition, ErrorCode> {
        let partition = self.led_partition(&wanted.topic_partition)?;
        check(partition, wanted)?;
        let mut fetched = FetchedPartition {
            error_code: ErrorCode::None,
            high_watermark: partition.high_watermark(),
            last_stable_offset: partition.log.last_stable_offset(),
            log_start_offset: partition.log.start_offset(),
            aborted_transactions: Vec::new(),
            diverging_epoch: diverging_epoch(partition, wanted),
            records: Vec::new(),
        };
        if fetched.diverging_epoch.is_some() {
            return Ok(fetched);
        }
        let limit = readable_end(partition, request.replica_id, request.isolation_level);
        let records = partition
            .log
            .read(wanted.fetch_offset, limit, max_bytes.unwrap_or_default())
            .ok_or(ErrorCode::OffsetOutOfRange)?;
        if max_bytes.is_some() {
            fetched.records = records;
        }
        if request.isolation_level == IsolationLevel::ReadCommitted {
            fetched.aborted_transactions = aborted_in(partition, wanted, &fetched.records);
        }
        Ok(fetched)
    }

    /// The partition, if the broker leads it.
    ///
    /// # Errors
    ///
    /// `NOT_LEADER_OR_FOLLOWER` when another does, `UNKNOWN_TOPIC_OR_PARTITION`
    /// when there is no such partition for all that the broker has heard.
    pub(super) fn led_partition(&self, of: &TopicPartition) -> Result<&Partition, ErrorCode> {
        match self.partitions.get(of) {
            Some(partition) if partition.is_leader() => Ok(partition),
            None if self.image.partition(of).is_none() => Err(ErrorCode::UnknownTopicOrPartition),
            _ => Err(ErrorCode::NotLeaderOrFollower),
        }
    }

    /// Finds offsets by timestamp, or at either end of the log. A follower is
    /// told of all there is.
    pub(super) fn list_offsets(&self, request: &ListOffsetsRequest) -> ListOffsetsResponse {
        let list = |of: &TopicPartition, timestamp: i64| {
            let found = self.led_partition(of).map(|partition| {
                let end = readable_end(partition, request.replica_id, request.isolation_level);
                find_offset(partition, timestamp, end)
            });
            match found {
                Ok((offset, timestamp)) => ListedOffset {
                    error_code: ErrorCode::None,
                    timestamp,
                    offset,
                },
                Err(error_code) => ListedOffset {
                    error_code,
                    timestamp: -1,
                    offset: -1,
                },
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

/// The offset and its timestamp, -1 where there is none.
fn find_offset(partition: &Partition, timestamp: i64, end: i64) -> (i64, i64) {
    // Nobody is told of records that may still be lost.
    let readable = |found: &(i64, i64)| found.0 < end;
    let log = &partition.log;
    let found = match timestamp {
        ListOffsetsRequest::LATEST => return (end, -1),
        ListOffsetsRequest::EARLIEST => return (log.start_offset(), -1),
        ListOffsetsRequest::MAX_TIMESTAMP => log.offset_of_max_timestamp(),
        timestamp => log.offset_for_timestamp(timestamp),
    };
    found.filter(readable).unwrap_or((-1, -1))
}

/// A follower reads all, a consumer what is committed; one that reads committed
/// transactions only nothing beyond the first that is open.
fn readable_end(partition: &Partition, replica_id: Option<i32>, level: IsolationLevel) -> i64 {
    match (replica_id, level) {
        (Some(_), _) => partition.log.end_offset(),
        (None, IsolationLevel::ReadUncommitted) => partition.high_watermark(),
        (None, IsolationLevel::ReadCommitted) => partition.log.last_stable_offset(),
    }
}

/// The aborted transactions of which the records read may hold some
/// (`LocalLog.addAbortedTransactions`).
fn aborted_in(
    partition: &Partition,
    wanted: &FetchPartition,
    records: &[RecordBatch],
) -> Vec<AbortedTransactionInfo> {
    let Some(last) = records.last() else {
        return Vec::new();
    };
    let aborted = partition.log.producer_state().aborted();
    let aborted = aborted.between(wanted.fetch_offset, last.next_offset());
    let told = aborted.iter().map(|transaction| AbortedTransactionInfo {
        producer_id: transaction.producer_id,
        first_offset: transaction.first_offset,
    });
    told.collect()
}

/// Whether the asker and this broker mean the same topic and the same leader
/// (`KafkaApis.handleFetchRequest`, `Partition.checkCurrentLeaderEpoch`).
fn check(partition: &Partition, wanted: &FetchPartition) -> Result<(), ErrorCode> {
    if wanted.topic_id.is_some_and(|id| id != partition.topic_id) {
        return Err(ErrorCode::UnknownTopicId);
    }
    if !partition.is_leader() {
        return Err(ErrorCode::NotLeaderOrFollower);
    }
    let asked = wanted.current_leader_epoch;
    let ours = partition.leader_epoch();
    if asked < 0 || asked == ours {
        Ok(())
    } else if asked < ours {
        Err(ErrorCode::FencedLeaderEpoch)
    } else {
        Err(ErrorCode::UnknownLeaderEpoch)
    }
}

/// Where the follower's log and the leader's part, if they do
/// (`Partition.readRecords`).
fn diverging_epoch(partition: &Partition, wanted: &FetchPartition) -> Option<(i32, i64)> {
    if wanted.last_fetched_epoch < 0 {
        return None;
    }
    let ours = partition
        .log
        .end_offset_for_epoch(wanted.last_fetched_epoch);
    let (epoch, end) = ours?;
    (epoch < wanted.last_fetched_epoch || end < wanted.fetch_offset).then_some((epoch, end))
}

fn failed(error_code: ErrorCode) -> FetchedPartition {
    FetchedPartition {
        error_code,
        high_watermark: -1,
        last_stable_offset: -1,
        log_start_offset: -1,
        aborted_transactions: Vec::new(),
        diverging_epoch: None,
        records: Vec::new(),
    }
}
