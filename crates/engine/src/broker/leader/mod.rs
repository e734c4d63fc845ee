//! A partition as its leader keeps it: who is in sync, how far the high
//! watermark may go, and when a write with `acks=all` is done
//! (`kafka.cluster.Partition`).
//!
//! A pure state machine. It knows no log, no clock and no network: what it
//! needs comes as [`Circumstances`], what it wants comes back as [`Effects`].
//! `partition_hw_isr` holds it to what Kafka computes.

mod follower;
mod isr;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use follower::{Follower, FollowerFetch, UNKNOWN_OFFSET};
pub use isr::IsrState;

use crate::controller::PartitionRegistration;
use crate::controller::brokers::Brokers;
use crate::protocol::{AlterPartition, ErrorCode, IsrMember, UNKNOWN_BROKER_EPOCH};

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
                && is_isr_eligible(id, follower, circumstances))
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

    /// A follower joins when it has all that is committed, and all from before
    /// this leader's epoch: what lies between the high watermark and there may
    /// be committed without the leader knowing (`Partition.maybeExpandIsr`).
    fn maybe_expand_isr(
        &mut self,
        fetch: &FollowerFetch,
        circumstances: &Circumstances<'_>,
    ) -> Option<AlterPartition> {
        let enough = circumstances
            .high_watermark
            .max(self.leader_epoch_start_offset);
        let follower = &self.followers[&fetch.follower];
        let joins = self.isr.in_flight().is_none()
            && !self.isr.committed().contains(&fetch.follower)
            && is_isr_eligible(fetch.follower, follower, circumstances)
            && fetch.fetch_offset >= enough;
        if !joins {
            return None;
        }
        let request = self.ask_for(self.isr.with(fetch.follower), circumstances);
        self.isr.expand(request.clone());
        Some(request)
    }

    /// Leaves out of the ISR whoever has not kept up. To be called every half
    /// `replica.lag.time.max.ms` (`ReplicaManager`'s `isr-expiration`,
    /// `Partition.maybeShrinkIsr`). While something is asked of the
    /// controller, nobody is left out.
    pub fn maybe_shrink_isr(&mut self, circumstances: &Circumstances<'_>) -> Effects {
        let late = self.out_of_sync(circumstances);
        if self.isr.in_flight().is_some() || late.is_empty() {
            return Effects::default();
        }
        let request = self.ask_for(self.isr.without(&late), circumstances);
        self.isr.shrink(request.clone());
        Effects {
            high_watermark: None,
            alter_partition: Some(request),
        }
    }

    fn out_of_sync(&self, circumstances: &Circumstances<'_>) -> Vec<i32> {
        let in_sync = self.isr.committed().iter().copied();
        in_sync
            .filter(|id| *id != self.local_id)
            .filter(|id| {
                let follower = self.followers.get(id);
                !follower.is_some_and(|follower| is_caught_up(follower, circumstances))
            })
            .collect()
    }

    /// A leader counts as recovered as soon as it leads (KIP-704).
    fn ask_for(&self, new_isr: Vec<i32>, circumstances: &Circumstances<'_>) -> AlterPartition {
        let epochs = new_isr.into_iter().map(|broker_id| IsrMember {
            broker_id,
            broker_epoch: self.epoch_of_member(broker_id, circumstances),
        });
        AlterPartition {
            broker_id: self.local_id,
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            new_isr_with_epochs: epochs.collect(),
            recovering: false,
        }
    }

    /// A member of the ISR that has not fetched since this leader leads is
    /// named without an epoch: should it be gone by then, the partition epoch
    /// says so (`Partition.addBrokerEpochToIsr`).
    fn epoch_of_member(&self, id: i32, circumstances: &Circumstances<'_>) -> i64 {
        if id == self.local_id {
            return circumstances.broker_epoch;
        }
        let follower = self.followers.get(&id);
        let fetched = follower.and_then(|follower| follower.broker_epoch);
        fetched.unwrap_or(UNKNOWN_BROKER_EPOCH)
    }

    /// The controller has answered a request: with the partition as it is
    /// now, or with an error. An answer to what is no longer asked changes
    /// nothing (`Partition.submitAlterPartition`).
    pub fn alter_partition_answered(
        &mut self,
        request: &AlterPartition,
        answer: Result<&PartitionRegistration, ErrorCode>,
        circumstances: &Circumstances<'_>,
    ) -> Effects {
        if self.isr.in_flight() != Some(request) {
            return Effects::default();
        }
        match answer {
            Ok(partition) => self.isr_altered(partition, circumstances),
            Err(error) => self.alter_partition_refused(request, error),
        }
    }

    /// Also when nothing had to change, which leaves the partition epoch as it
    /// was, the request is settled.
    fn isr_altered(
        &mut self,
        partition: &PartitionRegistration,
        circumstances: &Circumstances<'_>,
    ) -> Effects {
        let is_stale = partition.leader_epoch != self.leader_epoch
            || partition.partition_epoch < self.partition_epoch;
        if is_stale {
            return Effects::default();
        }
        self.partition_epoch = partition.partition_epoch;
        self.isr = IsrState::committed_by_controller(&partition.isr);
        self.moved_high_watermark(circumstances)
    }

    /// Only where the controller says that it has not done it may the leader
    /// go back. Where it knows another partition than the leader does, the
    /// request stays open until the metadata comes; whatever else is wrong may
    /// pass (`Partition.handleAlterPartitionError`).
    fn alter_partition_refused(&mut self, request: &AlterPartition, error: ErrorCode) -> Effects {
        let mut effects = Effects::default();
        match error {
            ErrorCode::IneligibleReplica | ErrorCode::OperationNotAttempted => self.isr.revert(),
            ErrorCode::UnknownTopicOrPartition
            | ErrorCode::UnknownTopicId
            | ErrorCode::FencedLeaderEpoch
            | ErrorCode::InvalidUpdateVersion
            | ErrorCode::InvalidRequest
            | ErrorCode::NewLeaderElected => {}
            _ => effects.alter_partition = Some(request.clone()),
        }
        effects
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

/// Whether it may join: it is there to stay, and what the leader knows of it
/// is of its present run (`Partition.isReplicaIsrEligible`).
fn is_isr_eligible(id: i32, follower: &Follower, circumstances: &Circumstances<'_>) -> bool {
    let brokers = circumstances.brokers;
    brokers.is_active(id) && follower.is_of_run(brokers.alive_epoch(id))
}
