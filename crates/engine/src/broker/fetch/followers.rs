//! What followers' fetches say of them
//! (`kafka.cluster.Partition.updateFollowerFetchState`).

use super::super::leader::{Circumstances, Effects, Follower, FollowerFetch};
use super::super::{Broker, Partition, Role};
use super::reading::{bytes_ahead, is_in_step, min_bytes};
use super::session_cache::FetchContext;
use crate::protocol::{ErrorCode, FetchPartition, FetchRequest, ReplicaState, TopicPartition};
use crate::sim::Fabric;

/// What the leaders say of a follower's fetch, by partition, where they say
/// anything.
pub(super) type Noted = Vec<(TopicPartition, Result<Effects, ErrorCode>)>;

impl Broker {
    /// Lets the leaders take down how far a follower has come, and returns what
    /// they want done or refuse: an error for a partition that the follower does
    /// not hold, or no longer is to ask for, for all that its leader knows. Says
    /// too whether there is enough to read, or something that must be told.
    pub(super) fn note_follower(
        &mut self,
        fabric: &Fabric,
        request: &FetchRequest,
        wanted: &[FetchPartition],
        replica: ReplicaState,
    ) -> (Noted, bool) {
        let run = (self.broker_epoch, &self.image.brokers);
        let held = self.partitions.unnoticed();
        let mut noted = Vec::new();
        let mut bytes = Some(0);
        for wanted in wanted {
            let of = &wanted.topic_partition;
            let partition = held.get_mut(of);
            let in_step =
                partition.filter(|held| is_in_step(held, wanted, Some(replica.replica_id)));
            let Some(partition) = in_step else {
                bytes = None;
                continue;
            };
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
        let is_waiting = bytes.is_some_and(|bytes| bytes < min_bytes(request));
        (noted, !is_waiting)
    }

    /// A follower has fetched in a session: that is noted of all its partitions,
    /// also of those that are not looked at.
    pub(super) fn note_fetch_in_session(&mut self, fabric: &Fabric, context: FetchContext) {
        if let FetchContext::Incremental { session_id, .. } = context
            && let Some(session) = self.fetch_sessions.get_mut(session_id)
        {
            session.noted_ms = super::now_ms(fabric);
        }
    }

    /// A follower as a leader here sees it; `None` when the broker does not lead
    /// the partition, or that broker does not follow.
    pub fn follower(&self, of: &TopicPartition, id: i32) -> Option<Follower> {
        let leader = self.partitions.get(of)?.leader()?;
        let mut follower = leader.followers().get(&id)?.clone();
        for session in self.fetch_sessions.of_followers() {
            if session.replica_id == Some(id) && session.is_settled(of) {
                follower.fetched_again(session.noted_ms);
            }
        }
        Some(follower)
    }

    /// Has the leaders take down when followers fetched that have asked in
    /// sessions and had all there was.
    pub(in crate::broker) fn note_settled_followers(&mut self) {
        let held = self.partitions.unnoticed();
        for session in self.fetch_sessions.of_followers() {
            let Some(replica) = session.replica_id else {
                continue;
            };
            for of in session.partitions().filter(|of| session.is_settled(of)) {
                if let Some(partition) = held.get_mut(of) {
                    note_again(partition, replica, session.noted_ms);
                }
            }
        }
    }
}

/// A follower has fetched a partition again since its leader has taken down how
/// far it has come, and had all there was.
pub(super) fn note_again(partition: &mut Partition, replica: i32, noted_ms: i64) {
    if let Role::Leader(leader) = &mut partition.role {
        leader.follower_fetched_again(replica, noted_ms);
    }
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
