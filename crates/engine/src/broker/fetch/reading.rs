//! Reading what a fetch asks for (`kafka.server.ReplicaManager.readFromLog`).

use super::super::{Broker, Partition, Role};
use super::session::Told;
use crate::log::record_batch::RecordBatch;
use crate::protocol::{
    AbortedTransactionInfo, ErrorCode, FetchPartition, FetchRequest, FetchedPartition,
    IsolationLevel, TopicPartition,
};

impl Broker {
    /// Whether there is enough to read, or something that must be told.
    pub(super) fn is_fetch_ready(&self, request: &FetchRequest, wanted: &[FetchPartition]) -> bool {
        let mut bytes = 0;
        for wanted in wanted {
            match self.readable_bytes(wanted, request) {
                Some(of_partition) => bytes += of_partition,
                None => return true,
            }
        }
        bytes >= min_bytes(request)
    }

    /// How much there is to read of a partition, in bytes; `None` when there is
    /// something that must be told at once.
    pub(super) fn readable_bytes(
        &self,
        wanted: &FetchPartition,
        request: &FetchRequest,
    ) -> Option<usize> {
        let partition = self.partitions.get(&wanted.topic_partition)?;
        let elsewhere = self.preferred_read_replica(partition, wanted, request);
        match elsewhere.is_none() && is_in_step(partition, wanted, request.replica_id()) {
            true => bytes_ahead(partition, wanted, request),
            false => None,
        }
    }

    /// Reads these partitions, one after the other, as far as the request's
    /// limits let it.
    pub(super) fn read(&self, request: &FetchRequest, wanted: &[FetchPartition]) -> Told {
        let mut left = usize::try_from(request.max_bytes).unwrap_or_default();
        let mut read = Vec::with_capacity(wanted.len());
        let mut nothing_yet = true;
        for wanted in wanted {
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
            read.push((wanted.topic_partition.clone(), fetched));
        }
        read
    }

    fn read_partition(
        &self,
        wanted: &FetchPartition,
        request: &FetchRequest,
        max_bytes: Option<usize>,
    ) -> Result<FetchedPartition, ErrorCode> {
        let replica_id = request.replica_id();
        // A follower reads from the leader, a consumer from any replica (KIP-392).
        let partition = match self.partitions.get(&wanted.topic_partition) {
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
    pub(in crate::broker) fn led_partition(
        &self,
        of: &TopicPartition,
    ) -> Result<&Partition, ErrorCode> {
        match self.partitions.get(of) {
            Some(partition) if partition.is_leader() => Ok(partition),
            None if self.image.partition(of).is_none() => Err(ErrorCode::UnknownTopicOrPartition),
            _ => Err(ErrorCode::NotLeaderOrFollower),
        }
    }
}

/// Whether the asker may read the partition here, and its log and this one agree
/// as far as it has come.
pub(super) fn is_in_step(
    partition: &Partition,
    wanted: &FetchPartition,
    replica_id: Option<i32>,
) -> bool {
    check(partition, wanted, replica_id).is_ok()
        && diverging_epoch(partition, wanted).is_none()
        && is_in_range(partition, wanted)
}

/// How much an asker that is in step may read, in bytes; `None` when it is to be
/// told at once, since what an answer would hold ends with the segment.
pub(super) fn bytes_ahead(
    partition: &Partition,
    wanted: &FetchPartition,
    request: &FetchRequest,
) -> Option<usize> {
    let (log, offset) = (&partition.log, wanted.fetch_offset);
    let limit = readable_end(partition, request.replica_id(), request.isolation_level);
    let is_on_older_segment = log.is_on_older_segment(offset, limit);
    (!is_on_older_segment).then(|| log.bytes_between(offset, limit))
}

/// A follower reads all, a consumer what is committed; one that reads committed
/// transactions only nothing beyond the first that is open.
pub(in crate::broker) fn readable_end(
    partition: &Partition,
    replica_id: Option<i32>,
    level: IsolationLevel,
) -> i64 {
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
pub(in crate::broker) fn check_leader_epoch(
    partition: &Partition,
    asked: i32,
) -> Result<(), ErrorCode> {
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

/// How much is worth an answer, in bytes.
pub(super) fn min_bytes(request: &FetchRequest) -> usize {
    usize::try_from(request.min_bytes).unwrap_or_default()
}

/// What is told of a partition of which nothing could be read.
pub(super) fn failed(error_code: ErrorCode) -> FetchedPartition {
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
