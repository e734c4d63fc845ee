//! Finding offsets by timestamp (`kafka.server.ReplicaManager.fetchOffset`).

use super::fetch::readable_end;
use super::{Broker, Partition};
use crate::protocol::{
    ErrorCode, ListOffsetsRequest, ListOffsetsResponse, ListedOffset, TopicPartition,
};

impl Broker {
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
