//! What a leader asks of the controller about its ISR, and what it makes of the
//! answers (`kafka.cluster.Partition`, KIP-497).

use super::{Circumstances, Effects, Follower, FollowerFetch, IsrState, Leader, is_caught_up};
use crate::controller::PartitionRegistration;
use crate::protocol::{AlterPartition, ErrorCode, IsrMember, UNKNOWN_BROKER_EPOCH};

impl Leader {
    /// A follower joins when it has all that is committed, and all from before
    /// this leader's epoch: what lies between the high watermark and there may
    /// be committed without the leader knowing (`Partition.maybeExpandIsr`).
    pub(super) fn maybe_expand_isr(
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
}

/// Whether it may join: it is there to stay, and what the leader knows of it
/// is of its present run (`Partition.isReplicaIsrEligible`).
pub(super) fn is_isr_eligible(
    id: i32,
    follower: &Follower,
    circumstances: &Circumstances<'_>,
) -> bool {
    let brokers = circumstances.brokers;
    brokers.is_active(id) && follower.is_of_run(brokers.alive_epoch(id))
}
