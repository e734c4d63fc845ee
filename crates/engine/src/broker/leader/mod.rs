//! A partition as its leader keeps it: who is in sync, how far the high
//! watermark may go, and when a write with `acks=all` is done
//! (`kafka.cluster.Partition`).
//!
//! A pure state machine. It knows no log, no clock and no network: what it
//! needs comes as [`Circumstances`], what it wants comes back as [`Effects`].
//! `partition_hw_isr` holds it to what Kafka computes.

mod follower;
mod isr;
mod isr_change;
#[cfg(test)]
mod tests;

use crate::collections::BTreeMap;

pub use follower::{Follower, FollowerFetch, UNKNOWN_OFFSET};
pub use isr::IsrState;

use crate::controller::PartitionRegistration;
use crate::controller::brokers::Brokers;
use crate::protocol::{AlterPartition, ErrorCode};

/// What decides besides what the leader knows of its followers.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The leader's clock, in milliseconds.
    pub now_ms: i64,
    /// Where the leader's own log ends.
    pub log_end_offset: i64,
    /// The high watermark as the leader's log has it.
    pub high_watermark: i64,
    /// `min.insync.replicas` of the topic.
    pub min_insync_replicas: usize,
    /// `replica.lag.time.max.ms` of the broker.
    pub replica_lag_time_max_ms: i64,
    /// The epoch that the leader's own broker is registered with.
    pub broker_epoch: i64,
    /// The brokers, as the leader has heard from the controller.
    pub brokers: &'a Brokers,
}

/// What the leader wants done after something has happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Effects {
    /// The high watermark moves here. Waiting produces, fetches and deletions
    /// may then be complete.
    pub high_watermark: Option<i64>,
    /// To be sent to the controller; its answer goes to
    /// [`Leader::alter_partition_answered`].
    pub alter_partition: Option<AlterPartition>,
}

/// A partition that this broker leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leader {
    local_id: i32,
    leader_epoch: i32,
    partition_epoch: i32,
    leader_epoch_start_offset: i64,
    isr: IsrState,
    followers: BTreeMap<i32, Follower>,
}

impl Leader {
    /// The broker becomes leader, having been a follower or nothing; of its
    /// followers it knows nothing yet (`Partition.makeLeader`). Since it may
    /// be alone in the ISR, ask for [`Leader::next_high_watermark`] next.
    pub fn new(
        local_id: i32,
        registration: &PartitionRegistration,
        circumstances: &Circumstances<'_>,
    ) -> Leader {
        let mut leader = Leader {
            local_id,
            leader_epoch: registration.leader_epoch,
            partition_epoch: registration.partition_epoch,
            leader_epoch_start_offset: circumstances.log_end_offset,
            isr: IsrState::Committed(Vec::new()),
            followers: BTreeMap::new(),
        };
        leader.take_in(registration);
        for (id, follower) in &mut leader.followers {
            let in_sync = registration.isr.contains(id);
            *follower = Follower::unknown(in_sync.then_some(circumstances.now_ms));
        }
        leader
    }

    /// The broker goes on leading and the controller's metadata brings other
    /// replicas, another ISR or another leader epoch (`Partition.makeLeader`).
    /// What was asked of the controller before has come to nothing, or is in
    /// the metadata; older metadata than is known changes nothing.
    pub fn update(
        &mut self,
        registration: &PartitionRegistration,
        circumstances: &Circumstances<'_>,
    ) -> Effects {
        if registration.partition_epoch < self.partition_epoch {
            return Effects::default();
        }
        self.take_in(registration);
        if registration.leader_epoch > self.leader_epoch {
            self.leader_epoch = registration.leader_epoch;
            self.leader_epoch_start_offset = circumstances.log_end_offset;
            for (id, follower) in &mut self.followers {
                let in_sync = registration.isr.contains(id);
                let caught_up_ms = in_sync.then_some(circumstances.now_ms);
                follower.reelected(caught_up_ms, circumstances.log_end_offset);
            }
        }
        self.moved_high_watermark(circumstances)
    }

    fn take_in(&mut self, registration: &PartitionRegistration) {
        assert_eq!(registration.leader, Some(self.local_id), "another leads");
        let replicas = &registration.replicas;
        self.followers.retain(|id, _| replicas.contains(id));
        for id in replicas.iter().filter(|id| **id != self.local_id) {
            let follower = self.followers.entry(*id);
            follower.or_insert_with(|| Follower::unknown(None));
        }
        self.partition_epoch = registration.partition_epoch;
        self.isr = IsrState::committed_by_controller(&registration.isr);
    }

    /// Whether records may be appended with these `acks` (-1 is all):
    /// with all, there must be enough replicas to keep the promise.
    ///
    /// # Errors
    ///
    /// `NOT_ENOUGH_REPLICAS`.
    pub fn check_append(
        &self,
        acks: i16,
        circumstances: &Circumstances<'_>,
    ) -> Result<(), ErrorCode> {
        match acks == -1 && self.is_under_min_isr(circumstances.min_insync_replicas) {
            true => Err(ErrorCode::NotEnoughReplicas),
            false => Ok(()),
        }
    }

    /// Where the high watermark moves to, if it moves: as far as the slowest
    /// of those who must have a record
    /// (`Partition.maybeIncrementLeaderHW`). To be asked after an append.
    ///
    /// It stands still while fewer are in sync than `min.insync.replicas`
    /// (KIP-966).
    pub fn next_high_watermark(&self, circumstances: &Circumstances<'_>) -> Option<i64> {
        if self.is_under_min_isr(circumstances.min_insync_replicas) {
            return None;
        }
        let waited_for = self
            .followers
            .iter()
            .filter(|(id, follower)| self.is_waited_for(**id, follower, circumstances))
            .map(|(_, follower)| follower.log_end_offset);
        let reached = waited_for.fold(circumstances.log_end_offset, i64::min);
        (reached > circumstances.high_watermark).then_some(reached)
    }

    /// Besides the ISR, a follower that keeps up and is about to join: were
    /// the high watermark to run ahead of it, it would never get there.
    fn is_waited_for(
        &self,
        id: i32,
        follower: &Follower,
        circumstances: &Circumstances<'_>,
    ) -> bool {
        self.isr.maximal().contains(&id)
            || (is_caught_up(follower, circumstances)
                && isr_change::is_isr_eligible(id, follower, circumstances))
    }

    fn moved_high_watermark(&self, circumstances: &Circumstances<'_>) -> Effects {
        Effects {
            high_watermark: self.next_high_watermark(circumstances),
            alter_partition: None,
        }
    }

    /// A follower has fetched; the circumstances are those in which its data
    /// was read (`Partition.updateFollowerFetchState`). It may have earned its
    /// place in the ISR, and the high watermark may move.
    ///
    /// Kafka notes a fetch once, when it comes, and not again when it
    /// completes after having waited for data.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_LEADER_EPOCH` when the broker holds no replica for all that
    /// this leader knows: one that names the right leader epoch has heard of a
    /// reassignment first, and tries again. `NOT_LEADER_OR_FOLLOWER` when the
    /// broker has started anew since it sent the fetch (KIP-903).
    pub fn follower_fetched(
        &mut self,
        fetch: &FollowerFetch,
        circumstances: &Circumstances<'_>,
    ) -> Result<Effects, ErrorCode> {
        let follower = self.followers.get_mut(&fetch.follower);
        let follower = follower.ok_or(ErrorCode::UnknownLeaderEpoch)?;
        if fetch.is_stale(circumstances.brokers.alive_epoch(fetch.follower)) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let before = follower.log_end_offset;
        follower.fetched(fetch, circumstances.log_end_offset, circumstances.now_ms);
        let has_moved = follower.log_end_offset != before;
        let alter_partition = self.maybe_expand_isr(fetch, circumstances);
        let high_watermark = has_moved.then(|| self.next_high_watermark(circumstances));
        Ok(Effects {
            high_watermark: high_watermark.flatten(),
            alter_partition,
        })
    }

    /// A follower has fetched again and again since the last time that it was
    /// taken down, and had all there was, so that nothing else has come of it;
    /// the last time in milliseconds.
    pub(in crate::broker) fn follower_fetched_again(&mut self, id: i32, last_fetch_ms: i64) {
        if let Some(follower) = self.followers.get_mut(&id) {
            follower.fetched_again(last_fetch_ms);
        }
    }

    /// Whether an `acks=all` write whose last record is before
    /// `required_offset` is done, and how: `None` while it has to wait, then
    /// `NONE`, or `NOT_ENOUGH_REPLICAS_AFTER_APPEND` when the ISR has shrunk
    /// meanwhile (`Partition.checkEnoughReplicasReachOffset`). When the broker
    /// no longer leads there is nobody to ask, and the answer is
    /// `NOT_LEADER_OR_FOLLOWER`.
    pub fn acks_all_result(
        &self,
        required_offset: i64,
        circumstances: &Circumstances<'_>,
    ) -> Option<ErrorCode> {
        if circumstances.high_watermark < required_offset {
            return None;
        }
        let needed = self.effective_min_isr(circumstances.min_insync_replicas);
        match self.isr.maximal().len() >= needed {
            true => Some(ErrorCode::None),
            false => Some(ErrorCode::NotEnoughReplicasAfterAppend),
        }
    }

    /// The offset below which no living replica has records any more, given
    /// where the leader's log starts: a `DeleteRecords` is done when it has
    /// got there (`Partition.lowWatermarkIfLeader`). [`UNKNOWN_OFFSET`] while
    /// a living follower has not fetched.
    pub fn low_watermark(&self, log_start_offset: i64, brokers: &Brokers) -> i64 {
        let is_alive = |id| brokers.get(id).is_some_and(|broker| !broker.fenced);
        let alive = self.followers.iter().filter(|(id, _)| is_alive(**id));
        let starts = alive.map(|(_, follower)| follower.log_start_offset);
        starts.fold(log_start_offset, i64::min)
    }

    /// Whether fewer replicas are in sync than `min.insync.replicas`. No more
    /// are asked for than there are replicas.
    pub fn is_under_min_isr(&self, min_insync_replicas: usize) -> bool {
        self.isr.committed().len() < self.effective_min_isr(min_insync_replicas)
    }

    fn effective_min_isr(&self, min_insync_replicas: usize) -> usize {
        min_insync_replicas.min(self.followers.len() + 1)
    }

    /// The epoch in which the broker leads.
    pub fn leader_epoch(&self) -> i32 {
        self.leader_epoch
    }

    /// The version of the partition that the leader knows.
    pub fn partition_epoch(&self) -> i32 {
        self.partition_epoch
    }

    /// Where the leader's log ended when this epoch began.
    pub fn leader_epoch_start_offset(&self) -> i64 {
        self.leader_epoch_start_offset
    }

    /// Who is in sync, and what is asked of the controller.
    pub fn isr(&self) -> &IsrState {
        &self.isr
    }

    /// The followers by their `node.id`.
    pub fn followers(&self) -> &BTreeMap<i32, Follower> {
        &self.followers
    }
}

fn is_caught_up(follower: &Follower, circumstances: &Circumstances<'_>) -> bool {
    follower.is_caught_up(
        circumstances.log_end_offset,
        circumstances.now_ms,
        circumstances.replica_lag_time_max_ms,
    )
}
