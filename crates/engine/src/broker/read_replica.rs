//! Reading from the closest replica, and asking where epochs ended: what a
//! leader does for consumers besides answering their fetches.

use super::fetch::check_leader_epoch;
use super::{Broker, Partition};
use crate::protocol::{
    EpochEndOffset, ErrorCode, FetchPartition, FetchRequest, OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
};

/// The `replica.selector.class` that sends consumers to a replica in their rack
/// (KIP-392).
const RACK_AWARE: &str = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

impl Broker {
    /// The replica from which a consumer should read instead of from this
    /// leader (`ReplicaManager.findPreferredReadReplica`,
    /// `RackAwareReplicaSelector`): one of the consumer's rack, in sync and with
    /// the offset, unless the leader is in that rack itself. `None` for other
    /// askers, and without that `replica.selector.class`.
    pub(super) fn preferred_read_replica(
        &self,
        partition: &Partition,
        wanted: &FetchPartition,
        request: &FetchRequest,
    ) -> Option<i32> {
        let rack = request.rack_id.as_deref().filter(|rack| !rack.is_empty())?;
        let leader = partition.leader()?;
        let is_rack_aware = self.config.value("replica.selector.class") == Some(RACK_AWARE);
        if request.replica_id().is_some() || !is_rack_aware || self.rack.as_deref() == Some(rack) {
            return None;
        }
        let brokers = &self.image.brokers;
        let is_near = |id: i32| {
            let broker = brokers.get(id).filter(|broker| !broker.fenced);
            broker.is_some_and(|broker| broker.rack.as_deref() == Some(rack))
        };
        let in_sync = leader.isr().committed();
        let replicas = leader.followers().iter().filter(|(id, follower)| {
            in_sync.contains(id)
                && follower.log_end_offset >= wanted.fetch_offset
                && follower.log_start_offset <= wanted.fetch_offset
                && is_near(**id)
        });
        let caught_up_ms = |id| {
            self.follower(&wanted.topic_partition, id)?
                .last_caught_up_ms
        };
        let best = replicas
            .max_by_key(|(id, follower)| (follower.log_end_offset, caught_up_ms(**id), **id));
        best.map(|(id, _)| *id)
    }

    /// Says where leader epochs ended, of partitions that the broker leads
    /// (`ReplicaManager.lastOffsetForLeaderEpoch`, KIP-320).
    pub(super) fn offsets_for_leader_epochs(
        &self,
        request: &OffsetForLeaderEpochRequest,
    ) -> OffsetForLeaderEpochResponse {
        let partitions = request.partitions.iter().map(|wanted| {
            let answer = self.end_of_epoch(wanted);
            let answer = answer.unwrap_or_else(|error_code| EpochEndOffset {
                error_code,
                leader_epoch: -1,
                end_offset: -1,
            });
            (wanted.topic_partition.clone(), answer)
        });
        OffsetForLeaderEpochResponse {
            partitions: partitions.collect(),
        }
    }

    fn end_of_epoch(&self, wanted: &OffsetForLeaderPartition) -> Result<EpochEndOffset, ErrorCode> {
        let partition = self.led_partition(&wanted.topic_partition)?;
        check_leader_epoch(partition, wanted.current_leader_epoch)?;
        let found = partition.log.end_offset_for_epoch(wanted.leader_epoch);
        let (leader_epoch, end_offset) = found.unwrap_or((-1, -1));
        Ok(EpochEndOffset {
            error_code: ErrorCode::None,
            leader_epoch,
            end_offset,
        })
    }
}
