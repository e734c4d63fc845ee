//! The metadata log and the controllers that keep it: who of them is active,
//! and what a majority has (KIP-595; `org.apache.kafka.raft.KafkaRaftClient`).
//!
//! A state machine: it is told what came in and what time it is, and says what
//! to send. It knows nothing of what the records mean.

mod leading;
mod voting;

pub(super) use self::leading::read_committed;

use crate::collections::{BTreeMap, BTreeSet};

use super::MetadataRecord;
use crate::config::broker_config::QuorumConfig;
use crate::protocol::{FetchMetadataRequest, FetchMetadataResponse, NoOps, Request};
use crate::sim::{Random, Stream, Time};

/// How long the leader lets a reader of the metadata log wait for something
/// new, in milliseconds (`KafkaRaftClient.MAX_FETCH_WAIT_MS`).
pub const FETCH_MAX_WAIT_MS: i32 = 500;

/// A record of the metadata log with the epoch of the controller that wrote it.
pub type LogEntry = (i32, MetadataRecord);

/// Something to send to another controller, by its `node.id`.
pub type Sending = (i32, Request);

/// What a controller is in its epoch (`org.apache.kafka.raft.EpochState`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It knows of no leader, and stands for election when none turns up in
    /// time.
    Unattached {
        /// When it stands.
        election_at: Time,
    },
    /// It asks for votes.
    Candidate {
        /// Who has given one.
        granted: BTreeSet<i32>,
        /// Who has refused.
        rejected: BTreeSet<i32>,
        /// How many elections in a row it has lost.
        retries: u32,
        /// When it gives up and stands again.
        election_at: Time,
        /// After a defeat: when it stands again.
        backs_off_until: Option<Time>,
    },
    /// It copies the leader's log.
    Follower {
        /// The leader.
        leader: i32,
        /// When it believes in the leader no longer.
        fetch_until: Time,
    },
    /// It writes the log: it is the active controller.
    Leader {
        /// Each other controller.
        voters: BTreeMap<i32, VoterState>,
        /// Where its epoch begins in the log.
        epoch_start: i64,
        /// Since when it leads.
        since: Time,
        /// Since when a majority has not been heard of.
        resign_at: Time,
    },
}

/// What the leader knows of another controller
/// (`org.apache.kafka.raft.LeaderState.ReplicaState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct VoterState {
    /// The end of its copy; `None` as long as it has not asked.
    pub end_offset: Option<i64>,
    /// When it last asked.
    pub last_fetch: Time,
    /// When it is told again who leads; `None` once it knows.
    pub announce_at: Option<Time>,
}

/// One controller's part in the quorum.
#[derive(Clone, Debug, Hash)]
pub struct Quorum {
    id: i32,
    voters: Vec<i32>,
    config: QuorumConfig,
    log: Vec<LogEntry>,
    high_watermark: i64,
    epoch: i32,
    /// Whom it has voted for in this epoch.
    voted_for: Option<i32>,
    role: Role,
    /// The last `NoOpRecord` that it has read as a follower.
    no_ops_read: NoOps,
    random: Random,
}

impl Quorum {
    /// A controller of these voters, itself among them, as it starts.
    pub fn new(id: i32, voters: Vec<i32>, config: QuorumConfig, seed: u64) -> Quorum {
        Quorum {
            id,
            voters,
            config,
            log: Vec::new(),
            high_watermark: 0,
            epoch: 0,
            voted_for: None,
            role: Role::Unattached {
                election_at: Time::ZERO,
            },
            no_ops_read: NoOps::default(),
            random: Random::new(seed, Stream::Quorum(id)),
        }
    }

    /// What it is in its epoch.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Its epoch.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// All controllers of the quorum, by `node.id`.
    pub fn voters(&self) -> &[i32] {
        &self.voters
    }

    /// The leader of its epoch, as far as it knows.
    pub fn leader(&self) -> Option<i32> {
        match &self.role {
            Role::Leader { .. } => Some(self.id),
            Role::Follower { leader, .. } => Some(*leader),
            Role::Unattached { .. } | Role::Candidate { .. } => None,
        }
    }

    /// Whether it is the active controller: it leads, and a majority has all
    /// that was written before its epoch.
    pub fn is_active(&self) -> bool {
        matches!(&self.role, Role::Leader { epoch_start, .. } if self.high_watermark > *epoch_start)
    }

    /// The end of its copy of the log.
    pub fn end_offset(&self) -> i64 {
        self.log.len() as i64
    }

    /// The offset below which a majority has every record, as far as it knows.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Its copy of the log.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }

    /// How long it waits before it asks again, in milliseconds.
    pub fn retry_backoff_ms(&self) -> i64 {
        self.config.retry_backoff_ms
    }

    /// When it next does something by itself.
    pub fn next_deadline(&self) -> Option<Time> {
        match &self.role {
            Role::Unattached { election_at } => Some(*election_at),
            Role::Candidate {
                election_at,
                backs_off_until,
                ..
            } => Some(backs_off_until.unwrap_or(*election_at)),
            Role::Follower { fetch_until, .. } => Some(*fetch_until),
            Role::Leader {
                voters, resign_at, ..
            } => {
                let others = self.voters.len() > 1;
                let announcements = voters.values().filter_map(|voter| voter.announce_at);
                announcements.chain(others.then_some(*resign_at)).min()
            }
        }
    }

    /// Something is due.
    pub fn on_deadline(&mut self, now: Time) -> Vec<Sending> {
        if self.next_deadline().is_none_or(|at| at > now) {
            return Vec::new();
        }
        match &self.role {
            Role::Unattached { .. } | Role::Follower { .. } => self.stand(now, 0),
            Role::Candidate { retries, .. } => {
                let retries = retries + 1;
                self.stand(now, retries)
            }
            Role::Leader { resign_at, .. } if self.voters.len() > 1 && *resign_at <= now => {
                self.resign(now);
                Vec::new()
            }
            Role::Leader { .. } => self.announce(now),
        }
    }

    /// It runs since before the world began; `first` leads epoch 1.
    pub(crate) fn begin(&mut self, now: Time, first: i32) {
        self.epoch = 1;
        self.voted_for = Some(first);
        self.no_ops_read.leader_epoch = self.epoch;
        match self.id == first {
            true => {
                self.lead(now);
            }
            false => {
                self.role = Role::Follower {
                    leader: first,
                    fetch_until: now.plus_ms(self.config.fetch_timeout_ms),
                };
            }
        }
    }

    /// All controllers have this log, and it is committed.
    pub(crate) fn begin_with(&mut self, log: &[LogEntry]) {
        self.log = log.to_vec();
        self.high_watermark = self.end_offset();
        if let Role::Leader { voters, .. } = &mut self.role {
            for voter in voters.values_mut() {
                voter.end_offset = Some(log.len() as i64);
                voter.announce_at = None;
            }
        }
    }

    /// The process starts, with the log that it has on its disk.
    pub fn start(&mut self, now: Time) -> Vec<Sending> {
        match self.voters.len() {
            1 => self.stand(now, 0),
            _ => {
                let election_at = self.next_election(now);
                self.role = Role::Unattached { election_at };
                Vec::new()
            }
        }
    }

    /// What a follower asks the leader for.
    pub fn fetch_request(&self) -> Option<(i32, FetchMetadataRequest)> {
        let Role::Follower { leader, .. } = &self.role else {
            return None;
        };
        let request = FetchMetadataRequest {
            replica_id: self.id,
            is_voter: true,
            current_leader_epoch: self.epoch,
            fetch_offset: self.end_offset(),
            last_fetched_epoch: self.last_epoch(),
            no_ops_read: self.no_ops_read,
            max_wait_ms: FETCH_MAX_WAIT_MS,
        };
        Some((*leader, request))
    }

    /// The leader's answer to a follower. Whether the log was cut off.
    pub fn on_fetched(&mut self, now: Time, response: FetchMetadataResponse) {
        if response.leader_epoch < self.epoch {
            return;
        }
        self.learn_leader(now, response.leader_epoch, response.leader_id);
        if !response.error_code.is_none() {
            return;
        }
        let Role::Follower { fetch_until, .. } = &mut self.role else {
            return;
        };
        *fetch_until = now.plus_ms(self.config.fetch_timeout_ms);
        if let Some((epoch, end_offset)) = response.diverging_epoch {
            return self.truncate(epoch, end_offset);
        }
        self.no_ops_read = response.no_ops;
        self.log.extend(response.records);
        let known = response.high_watermark.min(self.end_offset());
        self.high_watermark = self.high_watermark.max(known);
    }

    /// Cuts off what the leader does not have.
    fn truncate(&mut self, epoch: i32, end_offset: i64) {
        let ours = self.end_of_epoch(epoch).map_or(0, |(_, end)| end);
        let end = end_offset.min(ours).max(self.high_watermark);
        self.log.truncate(end as usize);
    }

    /// The epoch of the last record, 0 when there is none.
    fn last_epoch(&self) -> i32 {
        self.log.last().map_or(0, |(epoch, _)| *epoch)
    }

    /// The last epoch not younger than this one, and where it ends.
    fn end_of_epoch(&self, epoch: i32) -> Option<(i32, i64)> {
        let end = self.log.partition_point(|(of, _)| *of <= epoch);
        let last = self.log[..end].last()?;
        Some((last.0, end as i64))
    }

    /// Learns from any message who leads, or that there is a younger epoch.
    fn learn_leader(&mut self, now: Time, epoch: i32, leader: i32) {
        let is_known = self.leader().is_some();
        if epoch < self.epoch || (epoch == self.epoch && (is_known || leader < 0)) {
            return;
        }
        if epoch > self.epoch {
            self.epoch = epoch;
            self.voted_for = None;
        }
        if leader >= 0 && leader != self.id {
            self.role = Role::Follower {
                leader,
                fetch_until: now.plus_ms(self.config.fetch_timeout_ms),
            };
        } else {
            self.become_unattached(now);
        }
    }

    /// Whoever waits for an election already goes on waiting, whatever epochs
    /// come and go: else one whose log is too short to be elected, by standing
    /// again and again, would keep the others from it for ever
    /// (`QuorumState.transitionToUnattached`).
    fn become_unattached(&mut self, now: Time) {
        let election_at = match &self.role {
            Role::Unattached { election_at } | Role::Candidate { election_at, .. } => *election_at,
            Role::Follower { .. } | Role::Leader { .. } => self.next_election(now),
        };
        self.role = Role::Unattached { election_at };
    }

    /// A random election timeout from now.
    fn next_election(&mut self, now: Time) -> Time {
        now.plus_ms(self.random_election_timeout_ms())
    }

    /// Between once and twice the election timeout.
    fn random_election_timeout_ms(&mut self) -> i64 {
        let timeout = self.config.election_timeout_ms;
        timeout + i64::from(self.random.below(timeout.max(1) as u32))
    }
}

#[cfg(test)]
mod tests;
