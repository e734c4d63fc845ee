//! Who leads a partition, and who is in sync with it, after something has
//! happened (`org.apache.kafka.controller.ReplicationControlManager`).
//!
//! Pure functions: from the partition, the brokers and the topic's settings to
//! the change. Whoever calls them takes the change in, and notes what has
//! become of the broker only then.

use super::brokers::Brokers;
use super::partition::{NO_LEADER, PartitionRegistration};
use super::partition_change::{Election, PartitionChange, Proposal};
use super::reassignment::{self, ReassignmentError};
use super::replica_list;
use crate::protocol::{AlterPartition, ElectionType, ErrorCode, IsrMember, UNKNOWN_BROKER_EPOCH};
use crate::sorting::sort;

/// What decides besides the partition itself.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The brokers, as they were before what has happened.
    pub brokers: &'a Brokers,
    /// `unclean.leader.election.enable` of the topic.
    pub unclean: bool,
    /// `min.insync.replicas` of the topic, at most as many as its first
    /// partition has replicas.
    pub min_insync_replicas: usize,
    /// Whether there are eligible leader replicas (KIP-966).
    pub elr_enabled: bool,
}

impl<'a> Circumstances<'a> {
    /// The broker is gone, or has asked to stop: it leaves the ISR, and what
    /// it led gets another leader, if there is one.
    pub fn broker_left(
        &self,
        partition: &PartitionRegistration,
        broker: i32,
    ) -> Option<PartitionChange> {
        if !partition.isr.contains(&broker) {
            return None;
        }
        let acceptable = |id| id != broker && self.brokers.is_active(id);
        let mut proposal = self.automatic(partition, &acceptable);
        proposal.isr.retain(|replica| *replica != broker);
        proposal.build()
    }

    /// The broker is there (again): it may lead what nobody led.
    pub fn broker_unfenced(
        &self,
        partition: &PartitionRegistration,
        broker: i32,
    ) -> Option<PartitionChange> {
        if partition.leader.is_some() {
            return None;
        }
        let acceptable = |id| id == broker || self.brokers.is_active(id);
        self.automatic(partition, &acceptable).build()
    }

    /// The leader asks for another ISR. With `NEW_LEADER_ELECTED` comes a
    /// change as well: it ended a reassignment that took its leadership.
    pub fn alter_partition(
        &self,
        partition: &PartitionRegistration,
        request: &AlterPartition,
    ) -> (ErrorCode, Option<PartitionChange>) {
        if let Err(error) = self.validate(partition, request) {
            return (error, None);
        }
        let acceptable = |id| self.brokers.is_active(id);
        let mut proposal = self.automatic(partition, &acceptable);
        proposal.isr = request.new_isr();
        proposal.recovering = request.recovering;
        let change = proposal.build();
        let leader = change.as_ref().and_then(|change| change.leader);
        match leader {
            Some(leader) if leader != Some(request.broker_id) => {
                (ErrorCode::NewLeaderElected, change)
            }
            _ => (ErrorCode::None, change),
        }
    }

    fn validate(
        &self,
        partition: &PartitionRegistration,
        request: &AlterPartition,
    ) -> Result<(), ErrorCode> {
        // Whoever knows more than this controller has heard from another one.
        if request.leader_epoch > partition.leader_epoch
            || request.partition_epoch > partition.partition_epoch
        {
            return Err(ErrorCode::NotController);
        }
        if request.leader_epoch < partition.leader_epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if partition.leader.unwrap_or(NO_LEADER) != request.broker_id {
            return Err(ErrorCode::InvalidRequest);
        }
        if request.partition_epoch < partition.partition_epoch {
            return Err(ErrorCode::InvalidUpdateVersion);
        }
        let isr = request.new_isr();
        let is_isr = is_part_of(&isr, &partition.replicas) && isr.contains(&request.broker_id);
        let recovers_alone = !request.recovering || (partition.recovering && isr.len() == 1);
        if !is_isr || !recovers_alone {
            return Err(ErrorCode::InvalidRequest);
        }
        let members = &request.new_isr_with_epochs;
        match members.iter().all(|member| self.is_eligible(*member)) {
            true => Ok(()),
            false => Err(ErrorCode::IneligibleReplica),
        }
    }

    /// Whether the broker may be in sync, and still is the run of it that the
    /// leader means: one that has started anew may have lost its disk
    /// (`ReplicationControlManager.ineligibleReplicasForIsr`, KIP-903).
    fn is_eligible(&self, member: IsrMember) -> bool {
        let IsrMember {
            broker_id,
            broker_epoch,
        } = member;
        let is_same_run = broker_epoch == UNKNOWN_BROKER_EPOCH
            || self.brokers.alive_epoch(broker_id) == Some(broker_epoch);
        self.brokers.is_active(broker_id) && is_same_run
    }

    /// A person asks for an election.
    ///
    /// # Errors
    ///
    /// That it is not needed, or that there is nobody to elect.
    pub fn elect_leader(
        &self,
        partition: &PartitionRegistration,
        election: ElectionType,
    ) -> Result<PartitionChange, ErrorCode> {
        let (not_needed, election, unavailable) = match election {
            ElectionType::Preferred => (
                partition.has_preferred_leader(),
                Election::Preferred,
                ErrorCode::PreferredLeaderNotAvailable,
            ),
            ElectionType::Unclean => (
                partition.leader.is_some(),
                Election::Unclean,
                ErrorCode::EligibleLeadersNotAvailable,
            ),
        };
        if not_needed {
            return Err(ErrorCode::ElectionNotNeeded);
        }
        let acceptable = |id| self.brokers.is_active(id);
        let mut proposal = self.proposal(partition, &acceptable);
        proposal.election = election;
        proposal.build().ok_or(unavailable)
    }

    /// A person moves the partition to these brokers.
    ///
    /// # Errors
    ///
    /// When a partition cannot have these replicas.
    pub fn reassign(
        &self,
        partition: &PartitionRegistration,
        target: &[i32],
    ) -> Result<Option<PartitionChange>, ReassignmentError> {
        replica_list::validate(target, self.brokers).map_err(ReassignmentError::Replicas)?;
        let way = reassignment::start(&partition.replicas, target);
        let acceptable = |id| self.brokers.is_active(id);
        let mut proposal = self.proposal(partition, &acceptable);
        proposal.replicas = way.replicas;
        // What nothing is said of stays from the reassignment before.
        if !way.removing.is_empty() {
            proposal.removing = way.removing;
        }
        if !way.adding.is_empty() {
            proposal.adding = way.adding;
        }
        Ok(proposal.build())
    }

    /// A person takes a reassignment back.
    ///
    /// # Errors
    ///
    /// When there is none, or none of the replicas that were there before is
    /// in sync.
    pub fn cancel_reassignment(
        &self,
        partition: &PartitionRegistration,
    ) -> Result<Option<PartitionChange>, ReassignmentError> {
        if !partition.is_reassigning() {
            return Err(ReassignmentError::NoneInProgress);
        }
        let reverted = reassignment::revert(partition);
        if reverted.unclean && !self.unclean {
            return Err(ReassignmentError::WouldBeUnclean);
        }
        let acceptable = |id| self.brokers.is_active(id);
        let mut proposal = self.automatic(partition, &acceptable);
        proposal.isr = reverted.isr;
        proposal.replicas = reverted.replicas;
        proposal.removing = Vec::new();
        proposal.adding = Vec::new();
        Ok(proposal.build())
    }

    fn proposal<'p>(
        &self,
        partition: &'p PartitionRegistration,
        acceptable: &'p dyn Fn(i32) -> bool,
    ) -> Proposal<'p> {
        let min_isr = self.min_insync_replicas;
        Proposal::new(partition, acceptable, self.elr_enabled, min_isr)
    }

    /// With the election that the topic's settings allow.
    fn automatic<'p>(
        &self,
        partition: &'p PartitionRegistration,
        acceptable: &'p dyn Fn(i32) -> bool,
    ) -> Proposal<'p> {
        let mut proposal = self.proposal(partition, acceptable);
        if self.unclean {
            proposal.election = Election::Unclean;
        }
        proposal
    }
}

/// Whether the ISR names some of the replicas, each once
/// (`Replicas.validateIsr`).
fn is_part_of(isr: &[i32], replicas: &[i32]) -> bool {
    let known = isr.iter().all(|replica| replicas.contains(replica));
    let mut distinct = isr.to_vec();
    sort(&mut distinct);
    distinct.dedup();
    known && distinct.len() == isr.len()
}
