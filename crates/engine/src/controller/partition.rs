//! A partition as the controller has it.

use super::partition_change::PartitionChange;

/// Stands for no broker where a list of brokers must say so
/// (`LeaderConstants.NO_LEADER`).
pub const NO_LEADER: i32 = -1;

/// A partition as the controller has it
/// (`org.apache.kafka.metadata.PartitionRegistration`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionRegistration {
    /// The brokers that hold a replica, the preferred leader first. During a
    /// reassignment both those that come and those that go are among them.
    pub replicas: Vec<i32>,
    /// The replicas in sync, in the order in which they came to be.
    pub isr: Vec<i32>,
    /// Eligible leader replicas (KIP-966): not in sync, but holding all that
    /// is below the high watermark. Empty unless the feature is on.
    pub elr: Vec<i32>,
    /// Who led last, when all who could lead are gone (KIP-966).
    pub last_known_elr: Vec<i32>,
    /// Replicas that a reassignment takes away.
    pub removing: Vec<i32>,
    /// Replicas that a reassignment brings.
    pub adding: Vec<i32>,
    /// The broker that leads; `None` when none does.
    pub leader: Option<i32>,
    /// Whether the leader was elected uncleanly and has not yet recovered
    /// (KIP-704).
    pub recovering: bool,
    /// How often leadership has changed hands.
    pub leader_epoch: i32,
    /// How often anything of this has changed.
    pub partition_epoch: i32,
}

impl PartitionRegistration {
    /// A new partition, led by the first of its replicas in sync.
    pub fn new(replicas: Vec<i32>, isr: Vec<i32>) -> PartitionRegistration {
        PartitionRegistration {
            leader: isr.first().copied(),
            replicas,
            isr,
            elr: Vec::new(),
            last_known_elr: Vec::new(),
            removing: Vec::new(),
            adding: Vec::new(),
            recovering: false,
            leader_epoch: 0,
            partition_epoch: 0,
        }
    }

    /// Whether its replicas are being changed.
    pub fn is_reassigning(&self) -> bool {
        !self.removing.is_empty() || !self.adding.is_empty()
    }

    /// Whether the first of its replicas leads.
    pub fn has_preferred_leader(&self) -> bool {
        self.leader.is_some() && self.leader == self.replicas.first().copied()
    }

    /// Takes a change in: the partition epoch goes up, and where the change
    /// names a leader, even the same one, so does the leader epoch.
    pub fn apply(&mut self, change: PartitionChange) {
        let fields = [
            (&mut self.replicas, change.replicas),
            (&mut self.isr, change.isr),
            (&mut self.elr, change.elr),
            (&mut self.last_known_elr, change.last_known_elr),
            (&mut self.removing, change.removing),
            (&mut self.adding, change.adding),
        ];
        for (field, value) in fields {
            if let Some(value) = value {
                *field = value;
            }
        }
        if let Some(leader) = change.leader {
            self.leader = leader;
            self.leader_epoch += 1;
        }
        self.recovering = change.recovering.unwrap_or(self.recovering);
        self.partition_epoch += 1;
    }
}
