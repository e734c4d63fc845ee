//! Answering fetches, of consumers and of followers
//! (`kafka.server.ReplicaManager.fetchMessages`, `DelayedFetch`).

use super::in_order::InOrder;
use super::leader::{Circumstances, Effects, FollowerFetch};
use super::{Broker, Partition, Role};
use crate::log::record_batch::RecordBatch;
use crate::protocol::{
    AbortedTransactionInfo, ErrorCode, FetchPartition, FetchRequest, FetchResponse,
    FetchedPartition, Header, IsolationLevel, ListOffsetsRequest, ListOffsetsResponse,
    ListedOffset, ReplicaState, Response, TopicPartition,
};
use crate::sim::{Fabric, NodeId, Time};

/// A fetch that waits for `min_bytes` (`kafka.server.DelayedFetch`).
#[derive(Clone, Debug, Hash)]
pub(super) struct DelayedFetch {
    pub deadline: Time,
    pub from: NodeId,
    header: Header,
    request: FetchRequest,
    /// A consumer reads from a partition that the broker follows, so that it
    /// must be looked at when the leader's records come.
    reads_as_follower: bool,
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
        let (noted, is_ready) = match request.replica_state {
            Some(replica) => self.note_follower(fabric, &request, replica),
            None => (Vec::new(), self.is_fetch_ready(&request)),
        };
        let is_refused = noted.iter().any(|(_, noted)| noted.is_err());
        let is_ready = request.max_wait_ms <= 0 || is_refused || is_ready;
        // The answer tells the high watermark as it was when it was read.
        let mut response = is_ready.then(|| self.read(&request));
        for (of, noted) in noted {
            match (noted, &mut response) {
                (Ok(effects), _) => self.take_effect(fabric, &of, effects),
                (Err(error), Some(response)) => refuse(response, &of, error),
                (Err(_), None) => {}
            }
        }
        if request.replica_state.is_some() {
            self.complete_deletions(fabric);
        }
        match response {
            Some(response) => self.answer(fabric, from, header, Response::Fetch(response)),
            None => self.delayed_fetches.push(DelayedFetch {
                deadline: fabric.now.plus_ms(i64::from(request.max_wait_ms)),
                from,
                header,
                reads_as_follower: self.reads_as_follower(&request),
                request,
            }),
        }
    }

    /// Lets the leaders take down how far a follower has come, and returns what
    /// they want done or refuse: an error for a partition that the follower does
    /// not hold, or no longer is to ask for, for all that its leader knows. Says
    /// too whether there is enough to read, or something that must be told.
    fn note_follower(
        &mut self,
        fabric: &Fabric,
        request: &FetchRequest,
        replica: ReplicaState,
    ) -> (Noted, bool) {
        let (Some(first), Some(last)) = (request.partitions.first(), request.partitions.last())
        else {
            return (Vec::new(), min_bytes(request) == 0);
        };
        debug_assert!(
            request
                .partitions
                .is_sorted_by(|a, b| a.topic_partition < b.topic_partition)
        );
        let run = (self.broker_epoch, &self.image.brokers);
        let mut wanted = request.partitions.iter().peekable();
        let mut noted = Vec::new();
        let (mut held_of_them, mut bytes) = (0, Some(0));
        // A follower may ask for thousands: both are gone through once.
        let held = &first.topic_partition..=&last.topic_partition;
        for (of, partition) in self.partitions.range_mut::<TopicPartition>(held) {
            let is_before = |it: &&FetchPartition| it.topic_partition < *of;
            while wanted.next_if(is_before).is_some() {}
            let Some(wanted) = wanted.next_if(|it| it.topic_partition == *of) else {
                continue;
            };
            held_of_them += 1;
            if !is_in_step(partition, wanted, Some(replica.replica_id)) {
                bytes = None;
                continue;
            }
            // Nothing that is noted changes what there is to read.
            let of_partition = bytes.and_then(|_| bytes_ahead(partition, wanted, request));
            bytes = bytes.zip(of_partition).map(|(sum, more)| sum + more);
            let circumstances = partition.circumstances(fabric, &self.config, run);
            match note(partition, wanted, replica, &circumstances) {
                Some(Ok(effects)) if effects == Effects::default() => {}
                Some(effects) => noted.push((of.clone(), effects)),
                None => {}
            }
        }
        let all_are_held = held_of_them == request.partitions.len();
        let is_waiting = bytes.is_some_and(|bytes| bytes < min_bytes(request));
        (noted, !(all_are_held && is_waiting))
    }

    /// Answers the fetches that waited for what is there of a partition now.
    /// Only those that ask for it are looked at, as in Kafka's purgatory, where
    /// a fetch is watched by partition (`DelayedOperationPurgatory`): a follower
    /// may ask for thousands.
    pub(super) fn complete_fetches(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        self.answer_fetches(fabric, |broker, fetch| {
            broker.is_made_ready(&fetch.request, of)
        });
        self.complete_share_fetches(fabric);
    }

    fn reads_as_follower(&self, request: &FetchRequest) -> bool {
        let held = |wanted: &FetchPartition| self.partitions.get(&wanted.topic_partition);
        let mut held = request.partitions.iter().filter_map(held);
        request.replica_id().is_none() && held.any(|partition| !partition.is_leader())
    }

    /// The same after records have come from a leader.
    pub(super) fn complete_fetches_as_follower(&mut self, fabric: &mut Fabric) {
        self.answer_fetches(fabric, |broker, fetch| {
            fetch.reads_as_follower && broker.is_fetch_ready(&fetch.request)
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
        let mut held = InOrder::new(&self.partitions);
        for wanted in &*request.partitions {
            let partition = held.get(&wanted.topic_partition);
            match self.readable_bytes(partition, wanted, request) {
                Some(of_partition) => bytes += of_partition,
                None => return true,
            }
        }
        bytes >= min_bytes(request)
    }

    /// Whether a fetch that was not ready is, now that a partition has changed.
    fn is_made_ready(&self, request: &FetchRequest, of: &TopicPartition) -> bool {
        let is_it = |wanted: &&FetchPartition| wanted.topic_partition == *of;
        let Some(wanted) = request.partitions.iter().find(is_it) else {
            return false;
        };
        match self.readable_bytes(self.partitions.get(of), wanted, request) {
            None => true,
            Some(0) => false,
            Some(bytes) => bytes >= min_bytes(request) || self.is_fetch_ready(request),
        }
    }

    /// How much there is to read of a partition, in bytes; `None` when there is
    /// something that must be told at once.
    fn readable_bytes(
        &self,
        held: Option<&Partition>,
        wanted: &FetchPartition,
        request: &FetchRequest,
    ) -> Option<usize> {
        let partition = held?;
        let elsewhere = self.preferred_read_replica(partition, wanted, request);
        match elsewhere.is_none() && is_in_step(partition, wanted, request.replica_id()) {
            true => bytes_ahead(partition, wanted, request),
            false => None,
        }
    }

    fn read(&self, request: &FetchRequest) -> FetchResponse {
        let mut left = usize::try_from(request.max_bytes).unwrap_or_default();
        let mut partitions = Vec::with_capacity(request.partitions.len());
        let mut nothing_yet = true;
        let mut held = InOrder::new(&self.partitions);
        for wanted in &*request.partitions {
            let of_partition = usize::try_from(wanted.partition_max_bytes).unwrap_or_default();
            let limit = of_partition.min(left);
            // Only the very first batch of an answer may exceed the limits.
            let may_read = nothing_yet || limit > 0;
            let max_bytes = may_read.then_some(limit);
            let partition = held.get(&wanted.topic_partition);
            let fetched = self
                .read_partition(partition, wanted, request, max_bytes)
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
        held: Option<&Partition>,
        wanted: &FetchPartition,
        request: &FetchRequest,
        max_bytes: Option<usize>,
    ) -> Result<FetchedPartition, ErrorCode> {
        let replica_id = request.replica_id();
        // A follower reads from the leader, a consumer from any replica (KIP-392).
        let partition = match held {
            Some(partition) if may_read(partition, replica_id) => partition,
            _ => self.led_partition(&wanted.topic_partition)?,
        };
        check(partition, wanted, replica_id)?;
        let mut fetched = FetchedPartition {
            error_code: ErrorCode::None,
            high_watermark: partition.high_watermark(),
            last_stable_offset: partition.log.last_stable_offset(),
            log_start_offset: partition.log.start_offset(),
            aborted_transactions: Vec::new(),
            diverging_epoch: diverging_epoch(partition, wanted),
            preferred_read_replica: self.preferred_read_replica(partition, wanted, request),
            records: Vec::new(),
        };
        if fetched.diverging_epoch.is_some() || fetched.preferred_read_replica.is_some() {
            return Ok(fetched);
        }
        let limit = readable_end(partition, replica_id, request.isolation_level);
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
            let found = self
                .led_partition(of)
                .and_then(|partition| find_offset(partition, timestamp, request));
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

/// What the leaders say of a follower's fetch, by partition, where they say
/// anything.
type Noted = Vec<(TopicPartition, Result<Effects, ErrorCode>)>;

/// Whether the asker may read the partition here, and its log and this one agree
/// as far as it has come.
fn is_in_step(partition: &Partition, wanted: &FetchPartition, replica_id: Option<i32>) -> bool {
    check(partition, wanted, replica_id).is_ok()
        && diverging_epoch(partition, wanted).is_none()
        && is_in_range(partition, wanted)
}

/// How much an asker that is in step may read, in bytes; `None` when it is to be
/// told at once, since what an answer would hold ends with the segment.
fn bytes_ahead(
    partition: &Partition,
    wanted: &FetchPartition,
    request: &FetchRequest,
) -> Option<usize> {
    let (log, offset) = (&partition.log, wanted.fetch_offset);
    let limit = readable_end(partition, request.replica_id(), request.isolation_level);
    let is_on_older_segment = log.is_on_older_segment(offset, limit);
    (!is_on_older_segment).then(|| log.bytes_between(offset, limit))
}

/// Lets a partition's leader take down how far a follower has come that is in
/// step; `None` when the broker does not lead it.
fn note(
    partition: &mut Partition,
    wanted: &FetchPartition,
    replica: ReplicaState,
    circumstances: &Circumstances<'_>,
) -> Option<Result<Effects, ErrorCode>> {
    let Role::Leader(leader) = &mut partition.role else {
        return None;
    };
    let fetch = FollowerFetch {
        follower: replica.replica_id,
        broker_epoch: replica.replica_epoch,
        fetch_offset: partition.log.position_of(wanted.fetch_offset),
        log_start_offset: wanted.log_start_offset,
    };
    Some(leader.follower_fetched(&fetch, circumstances))
}

/// The offset and its timestamp, -1 where there is none.
///
/// # Errors
///
/// `OFFSET_NOT_AVAILABLE` for a client while the high watermark is behind where
/// the leader began: what it would be told could go back later (KIP-207).
/// `UNSUPPORTED_VERSION` for a time before 1970, which is read as an end of the
/// log that later versions of the request may know of
/// (`KafkaApis.handleListOffsetRequest`).
fn find_offset(
    partition: &Partition,
    timestamp: i64,
    request: &ListOffsetsRequest,
) -> Result<(i64, i64), ErrorCode> {
    let replica_id = request.replica_id;
    let end = readable_end(partition, replica_id, request.isolation_level);
    let leader = partition.leader().filter(|_| replica_id.is_none());
    let begins = leader.map_or(0, |leader| leader.leader_epoch_start_offset());
    let check_end = || match partition.high_watermark() < begins {
        true => Err(ErrorCode::OffsetNotAvailable),
        false => Ok(()),
    };
    let log = &partition.log;
    let found = match timestamp {
        ListOffsetsRequest::LATEST => return check_end().map(|()| (end, -1)),
        ListOffsetsRequest::EARLIEST | ListOffsetsRequest::EARLIEST_LOCAL => {
            return Ok((log.start_offset(), -1));
        }
        ListOffsetsRequest::LATEST_TIERED => return Ok((-1, -1)),
        ..0 if timestamp != ListOffsetsRequest::MAX_TIMESTAMP => {
            return Err(ErrorCode::UnsupportedVersion);
        }
        ListOffsetsRequest::MAX_TIMESTAMP => log.offset_of_max_timestamp(),
        timestamp => log.offset_for_timestamp(timestamp),
    };
    match found {
        Some(found) if found.0 < end => Ok(found),
        // Nobody is told of records that may still be lost.
        Some(_) => check_end().map(|()| (-1, -1)),
        None => Ok((-1, -1)),
    }
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
fn check(
    partition: &Partition,
    wanted: &FetchPartition,
    replica_id: Option<i32>,
) -> Result<(), ErrorCode> {
    if wanted.topic_id.is_some_and(|id| id != partition.topic_id) {
        return Err(ErrorCode::UnknownTopicId);
    }
    if !may_read(partition, replica_id) {
        return Err(ErrorCode::NotLeaderOrFollower);
    }
    check_leader_epoch(partition, wanted.current_leader_epoch)
}

/// Whether a replica on this broker is read by the asker: a follower reads from
/// the leader alone.
fn may_read(partition: &Partition, replica_id: Option<i32>) -> bool {
    match partition.role {
        Role::Leader(_) => true,
        Role::Follower { .. } => replica_id.is_none(),
        Role::Offline => false,
    }
}

/// Whether the asker's leader epoch is this broker's, if it gives one
/// (`Partition.checkCurrentLeaderEpoch`).
pub(super) fn check_leader_epoch(partition: &Partition, asked: i32) -> Result<(), ErrorCode> {
    let ours = partition.leader_epoch();
    if asked < 0 || asked == ours {
        Ok(())
    } else if asked < ours {
        Err(ErrorCode::FencedLeaderEpoch)
    } else {
        Err(ErrorCode::UnknownLeaderEpoch)
    }
}

/// Whether the log holds what is asked for, or ends there.
fn is_in_range(partition: &Partition, wanted: &FetchPartition) -> bool {
    let log = &partition.log;
    (log.start_offset()..=log.end_offset()).contains(&wanted.fetch_offset)
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

fn min_bytes(request: &FetchRequest) -> usize {
    usize::try_from(request.min_bytes).unwrap_or_default()
}

/// Puts an error in the place of what was read of a partition.
fn refuse(response: &mut FetchResponse, of: &TopicPartition, error: ErrorCode) {
    let answers = response.partitions.iter_mut();
    for (_, answer) in answers.filter(|(answered, _)| answered == of) {
        *answer = failed(error);
    }
}

fn failed(error_code: ErrorCode) -> FetchedPartition {
    FetchedPartition {
        error_code,
        high_watermark: -1,
        last_stable_offset: -1,
        log_start_offset: -1,
        aborted_transactions: Vec::new(),
        diverging_epoch: None,
        preferred_read_replica: None,
        records: Vec::new(),
    }
}
