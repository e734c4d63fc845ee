//! What the leader of the quorum does.

use super::{LogEntry, Quorum, Role, Sending, VoterState};
use crate::controller::MetadataRecord;
use crate::protocol::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, ErrorCode, FetchMetadataRequest,
    FetchMetadataResponse, NoOps, Request,
};
use crate::sim::Time;
use crate::sorting::sort_by;

impl Quorum {
    /// The election is won.
    pub(super) fn lead(&mut self, now: Time) -> Vec<Sending> {
        let epoch_start = self.end_offset();
        let unknown = VoterState {
            announce_at: Some(now),
            ..VoterState::default()
        };
        self.role = Role::Leader {
            voters: self.others().map(|id| (id, unknown)).collect(),
            epoch_start,
            since: now,
            resign_at: now.plus_ms(self.majority_timeout_ms()),
        };
        self.append(vec![MetadataRecord::LeaderChange { leader: self.id }]);
        self.announce(now)
    }

    /// Tells those who do not know yet.
    pub(super) fn announce(&mut self, now: Time) -> Vec<Sending> {
        let request = Request::BeginQuorumEpoch(BeginQuorumEpochRequest {
            leader_id: self.id,
            leader_epoch: self.epoch,
        });
        let again_at = now.plus_ms(self.config.fetch_timeout_ms / 2);
        let Role::Leader { voters, .. } = &mut self.role else {
            return Vec::new();
        };
        let due = |voter: &VoterState| voter.announce_at.is_some_and(|at| at <= now);
        let uninformed = voters.iter_mut().filter(|(_, voter)| due(voter));
        uninformed
            .map(|(id, voter)| {
                voter.announce_at = Some(again_at);
                (*id, request.clone())
            })
            .collect()
    }

    /// Another controller has heard who leads.
    pub fn on_epoch_begun(&mut self, now: Time, from: i32, response: &BeginQuorumEpochResponse) {
        if response.leader_epoch > self.epoch {
            return self.learn_leader(now, response.leader_epoch, response.leader_id);
        }
        if let Role::Leader { voters, .. } = &mut self.role
            && let Some(voter) = voters.get_mut(&from)
        {
            voter.announce_at = None;
        }
    }

    /// Writes to the log.
    ///
    /// # Panics
    ///
    /// When it does not lead.
    pub fn append(&mut self, records: Vec<MetadataRecord>) {
        assert!(
            matches!(self.role, Role::Leader { .. }),
            "only the leader writes"
        );
        let epoch = self.epoch;
        self.log
            .extend(records.into_iter().map(|record| (epoch, record)));
        self.advance_high_watermark();
    }

    /// A majority has not been heard of for too long (KIP-595, check quorum):
    /// there may be another leader by now.
    pub(super) fn resign(&mut self, now: Time) {
        self.become_unattached(now);
    }

    /// Answers a reader of the log: another controller, or a broker. `None`
    /// when there is nothing new and the reader may wait.
    pub fn on_fetch(
        &mut self,
        now: Time,
        request: &FetchMetadataRequest,
        may_wait: bool,
    ) -> Option<FetchMetadataResponse> {
        if request.is_voter && request.current_leader_epoch > self.epoch {
            self.learn_leader(now, request.current_leader_epoch, -1);
        }
        let error = match &self.role {
            Role::Leader { .. } if !request.is_voter => ErrorCode::None,
            _ if request.current_leader_epoch < self.epoch => ErrorCode::FencedLeaderEpoch,
            Role::Leader { .. } => ErrorCode::None,
            _ => ErrorCode::NotLeaderOrFollower,
        };
        let mut response = self.fetch_response(now, error);
        let may_wait = may_wait && request.no_ops_read == response.no_ops;
        if !error.is_none() {
            return Some(response);
        }
        if !request.is_voter {
            let committed = &self.log[..self.high_watermark as usize];
            return read_committed(committed, request, may_wait, response);
        }
        let offset = request.fetch_offset;
        let ours = self.end_of_epoch(request.last_fetched_epoch);
        let (epoch, end) = ours.unwrap_or((0, 0));
        if offset > 0 && (epoch < request.last_fetched_epoch || end < offset) {
            response.diverging_epoch = Some((epoch, end));
            return Some(response);
        }
        self.note_fetch(now, request.replica_id, offset);
        // What the reader has asked for may just have become committed.
        response.high_watermark = self.high_watermark;
        response.records = self.log[offset as usize..].to_vec();
        (!response.records.is_empty() || !may_wait).then_some(response)
    }

    fn fetch_response(&self, now: Time, error_code: ErrorCode) -> FetchMetadataResponse {
        FetchMetadataResponse {
            error_code,
            leader_epoch: self.epoch,
            leader_id: self.leader().unwrap_or(-1),
            diverging_epoch: None,
            high_watermark: self.high_watermark,
            no_ops: self.no_ops(now),
            records: Vec::new(),
        }
    }

    /// What it has written so far only so that the log goes on
    /// (`QuorumController.writeNoOpRecord`).
    fn no_ops(&self, now: Time) -> NoOps {
        let count = match (&self.role, self.idle_interval_us()) {
            (Role::Leader { since, .. }, Some(interval_us)) => now.us_since(*since) / interval_us,
            _ => 0,
        };
        NoOps {
            leader_epoch: self.epoch,
            count,
        }
    }

    /// When it writes the next such record; `None` when it does not lead.
    pub fn next_no_op(&self, now: Time) -> Option<Time> {
        let Role::Leader { since, .. } = &self.role else {
            return None;
        };
        let interval_us = self.idle_interval_us()?;
        Some(since.plus_us((self.no_ops(now).count + 1).saturating_mul(interval_us)))
    }

    fn idle_interval_us(&self) -> Option<u64> {
        let interval_ms = u64::try_from(self.config.max_idle_interval_ms).ok()?;
        (interval_ms > 0).then(|| interval_ms.saturating_mul(1_000))
    }

    fn note_fetch(&mut self, now: Time, from: i32, offset: i64) {
        let Role::Leader { voters, .. } = &mut self.role else {
            return;
        };
        let Some(voter) = voters.get_mut(&from) else {
            return;
        };
        voter.end_offset = Some(offset);
        voter.last_fetch = now;
        voter.announce_at = None;
        self.put_off_resigning();
        self.advance_high_watermark();
    }

    /// As long as a majority asks, the leader stays.
    fn put_off_resigning(&mut self) {
        let timeout_ms = self.majority_timeout_ms();
        let majority = self.voters.len() / 2;
        let Role::Leader {
            voters, resign_at, ..
        } = &mut self.role
        else {
            return;
        };
        let mut heard: Vec<Time> = voters.values().map(|voter| voter.last_fetch).collect();
        sort_by(&mut heard, |a, b| b.cmp(a));
        if let Some(majority_heard) = majority.checked_sub(1).and_then(|n| heard.get(n)) {
            *resign_at = (*resign_at).max(majority_heard.plus_ms(timeout_ms));
        }
    }

    /// `KafkaRaftClient`: one and a half times the fetch timeout.
    fn majority_timeout_ms(&self) -> i64 {
        self.config.fetch_timeout_ms * 3 / 2
    }

    /// What a majority has is committed, once something of this epoch is.
    fn advance_high_watermark(&mut self) {
        let end_offset = self.end_offset();
        let Role::Leader {
            voters,
            epoch_start,
            ..
        } = &self.role
        else {
            return;
        };
        let mut ends: Vec<i64> = voters
            .values()
            .map(|voter| voter.end_offset.unwrap_or(-1))
            .chain([end_offset])
            .collect();
        sort_by(&mut ends, |a, b| b.cmp(a));
        let majority = ends[self.voters.len() / 2];
        if majority > *epoch_start {
            self.high_watermark = self.high_watermark.max(majority);
        }
    }
}

/// A broker is told of nothing that may still be taken back.
pub(in crate::controller) fn read_committed(
    committed: &[LogEntry],
    request: &FetchMetadataRequest,
    may_wait: bool,
    mut response: FetchMetadataResponse,
) -> Option<FetchMetadataResponse> {
    let from = committed.len().min(request.fetch_offset.max(0) as usize);
    response.records = committed[from..].to_vec();
    (!response.records.is_empty() || !may_wait).then_some(response)
}
