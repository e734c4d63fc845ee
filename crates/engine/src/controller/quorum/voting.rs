//! Elections among controllers.

use crate::collections::BTreeSet;

use super::{Quorum, Role, Sending};
use crate::protocol::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, Request, VoteRequest, VoteResponse,
};
use crate::sim::Time;

impl Quorum {
    /// Stands for election in the next epoch.
    pub(super) fn stand(&mut self, now: Time, retries: u32) -> Vec<Sending> {
        self.epoch += 1;
        self.voted_for = Some(self.id);
        let election_at = self.next_election(now);
        self.role = Role::Candidate {
            granted: BTreeSet::from([self.id]),
            rejected: BTreeSet::new(),
            retries,
            election_at,
            backs_off_until: None,
        };
        if self.is_majority(1) {
            return self.lead(now);
        }
        let request = Request::Vote(VoteRequest {
            candidate_epoch: self.epoch,
            candidate_id: self.id,
            last_offset_epoch: self.last_epoch(),
            last_offset: self.end_offset(),
        });
        self.others().map(|id| (id, request.clone())).collect()
    }

    /// Gives its vote to whoever asks first in an epoch and has all that it
    /// has itself.
    pub fn on_vote(&mut self, now: Time, request: &VoteRequest) -> VoteResponse {
        let candidate = request.candidate_id;
        if request.candidate_epoch > self.epoch {
            self.epoch = request.candidate_epoch;
            self.voted_for = None;
            self.become_unattached(now);
        }
        let theirs = (request.last_offset_epoch, request.last_offset);
        let is_up_to_date = theirs >= (self.last_epoch(), self.end_offset());
        let may_vote = self.voted_for.is_none_or(|voted| voted == candidate);
        let vote_granted = request.candidate_epoch == self.epoch
            && self.leader().is_none()
            && is_up_to_date
            && may_vote;
        if vote_granted {
            // The candidate is as likely to win as it is itself: it gives it
            // the time for that (`QuorumState.unattachedAddVotedState`).
            self.voted_for = Some(candidate);
            let election_at = self.next_election(now);
            self.role = Role::Unattached { election_at };
        }
        VoteResponse {
            leader_epoch: self.epoch,
            leader_id: self.leader().unwrap_or(-1),
            vote_granted,
        }
    }

    /// Another controller's vote.
    pub fn on_voted(&mut self, now: Time, from: i32, response: &VoteResponse) -> Vec<Sending> {
        if response.leader_epoch > self.epoch {
            self.learn_leader(now, response.leader_epoch, response.leader_id);
            return Vec::new();
        }
        let voters = self.voters.len();
        let Role::Candidate {
            granted,
            rejected,
            retries,
            backs_off_until,
            ..
        } = &mut self.role
        else {
            return Vec::new();
        };
        if response.leader_epoch < self.epoch {
            return Vec::new();
        }
        match response.vote_granted {
            true => granted.insert(from),
            false => rejected.insert(from),
        };
        if granted.len() > voters / 2 {
            return self.lead(now);
        }
        if rejected.len() > voters / 2 {
            // A lost election: wait twice as long as after the one before.
            let slots = 1_u32 << (*retries).min(10);
            let backoff = self.config.retry_backoff_ms * i64::from(1 + self.random.below(slots));
            let backoff = backoff.min(self.config.election_backoff_max_ms);
            *backs_off_until = Some(now.plus_ms(backoff));
        }
        Vec::new()
    }

    /// Another controller says that it leads.
    pub fn on_begin_epoch(
        &mut self,
        now: Time,
        request: &BeginQuorumEpochRequest,
    ) -> BeginQuorumEpochResponse {
        self.learn_leader(now, request.leader_epoch, request.leader_id);
        BeginQuorumEpochResponse {
            leader_epoch: self.epoch,
            leader_id: self.leader().unwrap_or(-1),
        }
    }

    /// The other controllers.
    pub(super) fn others(&self) -> impl Iterator<Item = i32> {
        let others = self.voters.iter().copied();
        others.filter(|id| *id != self.id)
    }

    pub(super) fn is_majority(&self, count: usize) -> bool {
        count > self.voters.len() / 2
    }
}
