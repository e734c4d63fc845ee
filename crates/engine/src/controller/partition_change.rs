//! What is to become of a partition, and the change that makes it so
//! (`org.apache.kafka.controller.PartitionChangeBuilder`).

use super::partition::{NO_LEADER, PartitionRegistration};
use super::reassignment;
use crate::hash_order::{hash_of_number, in_hash_order};

/// What changes of a partition (`PartitionChangeRecord`); `None` is left as
/// it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartitionChange {
    /// All replicas.
    pub replicas: Option<Vec<i32>>,
    /// The replicas in sync.
    pub isr: Option<Vec<i32>>,
    /// The eligible leader replicas.
    pub elr: Option<Vec<i32>>,
    /// Who led last.
    pub last_known_elr: Option<Vec<i32>>,
    /// Replicas that a reassignment takes away.
    pub removing: Option<Vec<i32>>,
    /// Replicas that a reassignment brings.
    pub adding: Option<Vec<i32>>,
    /// Who leads, or that nobody does. Naming the same leader again raises
    /// the leader epoch.
    pub leader: Option<Option<i32>>,
    /// Whether the leader has yet to recover.
    pub recovering: Option<bool>,
}

/// Who may be elected (`PartitionChangeBuilder.Election`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Election {
    /// The preferred leader when it is in sync, else as with `Online`.
    Preferred,
    /// A replica in sync, the present leader first.
    Online,
    /// If need be, one that is not in sync.
    Unclean,
}

/// What is to become of a partition.
pub struct Proposal<'a> {
    partition: &'a PartitionRegistration,
    is_acceptable_leader: &'a dyn Fn(i32) -> bool,
    /// Whether there are eligible leader replicas (KIP-966,
    /// `eligible.leader.replicas.version`).
    elr_enabled: bool,
    /// With fewer in sync, who leaves the ISR stays eligible.
    min_isr: usize,
    elr: Vec<i32>,
    /// Who may be elected.
    pub election: Election,
    /// All replicas.
    pub replicas: Vec<i32>,
    /// The replicas in sync.
    pub isr: Vec<i32>,
    /// Replicas that a reassignment takes away.
    pub removing: Vec<i32>,
    /// Replicas that a reassignment brings.
    pub adding: Vec<i32>,
    /// Whether the leader has yet to recover.
    pub recovering: bool,
}

/// The outcome of an election.
struct Elected {
    leader: Option<i32>,
    unclean: bool,
}

impl<'a> Proposal<'a> {
    /// That the partition stays as it is, with a leader if possible.
    pub fn new(
        partition: &'a PartitionRegistration,
        is_acceptable_leader: &'a dyn Fn(i32) -> bool,
        elr_enabled: bool,
        min_isr: usize,
    ) -> Proposal<'a> {
        Proposal {
            partition,
            is_acceptable_leader,
            elr_enabled,
            min_isr,
            elr: partition.elr.clone(),
            election: Election::Online,
            replicas: partition.replicas.clone(),
            isr: partition.isr.clone(),
            removing: partition.removing.clone(),
            adding: partition.adding.clone(),
            recovering: partition.recovering,
        }
    }

    /// The change that makes it so; `None` when there is nothing to change.
    pub fn build(mut self) -> Option<PartitionChange> {
        let mut change = PartitionChange::default();
        self.complete_reassignment();
        self.update_elr();
        self.elect(&mut change);
        self.bump_epoch_for_lost_replicas(&mut change);
        let was_unclean = change.isr.is_some();
        if was_unclean || !self.elr_enabled {
            self.elr = Vec::new();
        }
        change.elr = changed(&self.partition.elr, &self.elr);
        if !was_unclean && (self.elr_enabled || !self.isr.is_empty()) {
            change.isr = changed(&self.partition.isr, &self.isr);
        }
        change.last_known_elr = self.last_known_leader(&change);
        if !self.replicas.is_empty() {
            change.replicas = changed(&self.partition.replicas, &self.replicas);
        }
        change.removing = changed(&self.partition.removing, &self.removing);
        change.adding = changed(&self.partition.adding, &self.adding);
        if self.recovering != self.partition.recovering {
            change.recovering = Some(self.recovering);
        }
        (change != PartitionChange::default()).then_some(change)
    }

    fn complete_reassignment(&mut self) {
        let completed =
            reassignment::completed(&self.replicas, &self.isr, &self.removing, &self.adding);
        if let Some((replicas, isr)) = completed {
            self.replicas = replicas;
            self.isr = isr;
            self.removing = Vec::new();
            self.adding = Vec::new();
        }
    }

    /// Below `min.insync.replicas`, whoever leaves the ISR stays eligible: the
    /// high watermark cannot go past what it has.
    fn update_elr(&mut self) {
        if !self.elr_enabled {
            return;
        }
        if self.isr.len() >= self.min_isr {
            self.elr = Vec::new();
            return;
        }
        let mut candidates = self.elr.clone();
        for replica in &self.partition.isr {
            if !candidates.contains(replica) {
                candidates.push(*replica);
            }
        }
        self.elr = in_hash_order(candidates, |replica| hash_of_number(*replica));
        self.elr.retain(|replica| !self.isr.contains(replica));
    }

    fn elect(&mut self, change: &mut PartitionChange) {
        let elected = self.best_leader();
        if elected.leader == self.partition.leader {
            return;
        }
        if let Some(leader) = elected.leader.filter(|leader| self.elr.contains(leader)) {
            self.isr = vec![leader];
            self.elr.retain(|replica| *replica != leader);
        }
        change.leader = Some(elected.leader);
        if let Some(leader) = elected.leader.filter(|_| elected.unclean) {
            // What the others have that it lacks is lost.
            change.isr = Some(vec![leader]);
            if !self.partition.recovering {
                change.recovering = Some(true);
            }
        }
    }

    fn best_leader(&self) -> Elected {
        let present = self.partition.leader.into_iter();
        let preferred = self.replicas.first().copied().into_iter();
        let replicas = self.replicas.iter().copied();
        let mut candidates: Box<dyn Iterator<Item = i32>> = match self.election {
            Election::Preferred => Box::new(preferred.chain(present).chain(replicas)),
            Election::Online | Election::Unclean => Box::new(present.chain(replicas)),
        };
        if let Some(leader) = candidates.find(|replica| self.can_lead(*replica)) {
            return Elected {
                leader: Some(leader),
                unclean: false,
            };
        }
        let last_resort = self.last_known_to_elect().or_else(|| {
            let mut replicas = self.replicas.iter().copied();
            let alive = replicas.find(|replica| (self.is_acceptable_leader)(*replica));
            alive.filter(|_| self.election == Election::Unclean)
        });
        Elected {
            leader: last_resort,
            unclean: last_resort.is_some(),
        }
    }

    fn can_lead(&self, replica: i32) -> bool {
        let has_all = match self.isr.is_empty() {
            true => self.elr.contains(&replica),
            false => self.isr.contains(&replica),
        };
        has_all && (self.is_acceptable_leader)(replica)
    }

    /// The last leader, when nobody else has all: it is the best there is.
    /// Kafka does not ask here whether it is alive.
    fn last_known_to_elect(&self) -> Option<i32> {
        let nobody_left = self.isr.is_empty() && self.elr.is_empty();
        match self.partition.last_known_elr[..] {
            [leader] if self.elr_enabled && nobody_left => Some(leader).filter(|id| *id >= 0),
            _ => None,
        }
    }

    /// A replica that goes must learn that its leader no longer counts it.
    fn bump_epoch_for_lost_replicas(&self, change: &mut PartitionChange) {
        let mut before = self.partition.replicas.iter();
        if change.leader.is_none() && before.any(|replica| !self.replicas.contains(replica)) {
            change.leader = Some(self.partition.leader);
        }
    }

    /// The last leader is kept from when nobody is in sync any more until
    /// there is a leader again.
    fn last_known_leader(&self, change: &PartitionChange) -> Option<Vec<i32>> {
        if !self.elr_enabled {
            return None;
        }
        let last = [self.partition.leader.unwrap_or(NO_LEADER)];
        let known = &self.partition.last_known_elr;
        let isr_is_lost = change.isr.as_ref().is_some_and(Vec::is_empty);
        if isr_is_lost && known[..] != last {
            return Some(last.into());
        }
        let has_leader = change.leader.unwrap_or(self.partition.leader).is_some();
        (has_leader && !known.is_empty()).then(Vec::new)
    }
}

fn changed(before: &[i32], after: &[i32]) -> Option<Vec<i32>> {
    (before != after).then(|| after.to_vec())
}
