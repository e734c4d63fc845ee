//! Answers of brokers, connections that end, and the coordinator as the consumer
//! knows it.

use super::{Consumer, offsets};
use crate::protocol::{ErrorCode, Response, TopicPartition};
use crate::sim::{Fabric, Time};

/// Why a request was sent, by its correlation id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pending {
    FindCoordinator,
    Join,
    Sync,
    Heartbeat,
    ConsumerHeartbeat,
    Leave,
    Commit {
        commit: offsets::Commit,
        generation: i32,
        offsets: Vec<(TopicPartition, i64)>,
    },
    OffsetFetch {
        partitions: Vec<TopicPartition>,
    },
    /// The offsets with which positions are to be set.
    ListOffsets {
        partitions: Vec<(TopicPartition, i64)>,
    },
    /// The application wants to know them, and perhaps to go there.
    OffsetsForTimes {
        seeks: bool,
    },
    /// Whether positions are still in the log.
    Validation {
        partitions: Vec<TopicPartition>,
    },
    Fetch {
        broker: i32,
    },
    /// The end of a fetch session, as part of `close()`.
    CloseFetchSession,
}

impl Consumer {
    pub(crate) fn on_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: Response,
    ) {
        if let Response::Metadata(response) = response {
            let answer = self
                .connection
                .on_metadata(fabric, correlation_id, response);
            if answer.is_some() {
                self.on_new_metadata(fabric);
            }
        } else if let Some(pending) = self.pending.remove(&correlation_id) {
            // The heartbeat thread rests while its member joins, so that only
            // `poll()` reads the answers.
            let is_for_poll = matches!(pending, Pending::Join | Pending::Sync);
            match is_for_poll && !self.application.is_polling() && !self.closing {
                true => self.deferred.push_back((pending, response)),
                false => self.on_answer(fabric, pending, response),
            }
        }
        self.go_on(fabric);
    }

    pub(super) fn on_answer(&mut self, fabric: &mut Fabric, pending: Pending, response: Response) {
        match (pending, response) {
            (_, Response::FindCoordinator(response)) => self.on_coordinator(fabric, response),
            (_, Response::JoinGroup(response)) => self.on_joined(fabric, response),
            (_, Response::SyncGroup(response)) => self.on_synced(fabric, response),
            (_, Response::Heartbeat(response)) => self.on_heartbeat(fabric, response),
            (Pending::ConsumerHeartbeat, Response::ConsumerGroupHeartbeat(response)) => {
                self.on_consumer_heartbeat(fabric, response);
            }
            (Pending::Leave, _) if self.closing => self.close_fetch_sessions(fabric),
            (Pending::CloseFetchSession, _) => self.end_when_sessions_are_closed(fabric),
            (
                Pending::Commit {
                    commit,
                    generation,
                    offsets,
                },
                Response::OffsetCommit(response),
            ) => {
                let error = self.commit_error(fabric, &offsets, &response);
                self.note_committed(offsets, &response);
                self.on_committed(fabric, commit, generation, error);
            }
            (Pending::OffsetFetch { partitions }, Response::OffsetFetch(response)) => {
                self.on_committed_offsets(fabric, &partitions, response);
            }
            (Pending::ListOffsets { partitions }, Response::ListOffsets(response)) => {
                self.on_listed_offsets(fabric, &partitions, response);
            }
            (Pending::OffsetsForTimes { seeks }, Response::ListOffsets(response)) => {
                self.on_offsets_for_times(fabric, seeks, response);
            }
            (Pending::Validation { .. }, Response::OffsetForLeaderEpoch(response)) => {
                self.on_validated(fabric, response);
            }
            (Pending::Fetch { broker }, Response::Fetch(response)) => {
                self.on_fetched(broker, response);
            }
            _ => {}
        }
    }

    /// These requests will not be answered.
    pub(crate) fn on_disconnect(&mut self, fabric: &mut Fabric, lost: &[i32]) {
        for correlation_id in lost {
            if let Some(pending) = self.pending.remove(correlation_id) {
                self.on_lost(fabric, pending);
            }
        }
        let coordinator = self.coordinator();
        let is_gone = |broker| !self.connection.is_ready(fabric.now, broker);
        if coordinator.is_some_and(is_gone) {
            self.group.coordinator = None;
        }
        self.go_on(fabric);
    }

    fn on_lost(&mut self, fabric: &mut Fabric, pending: Pending) {
        match pending {
            Pending::FindCoordinator => self.back_off(fabric),
            Pending::Join | Pending::Sync => {
                self.on_join_error(fabric, ErrorCode::NetworkException);
            }
            Pending::Heartbeat => self.group.coordinator = None,
            Pending::ConsumerHeartbeat => {
                self.resend_all(fabric);
                self.lose_coordinator(fabric);
            }
            Pending::OffsetFetch { .. } => self.lose_coordinator(fabric),
            Pending::Commit {
                commit, generation, ..
            } => {
                let error = Some(ErrorCode::NetworkException);
                self.on_committed(fabric, commit, generation, error);
            }
            Pending::Leave if self.closing => self.close_fetch_sessions(fabric),
            Pending::CloseFetchSession => self.end_when_sessions_are_closed(fabric),
            Pending::Fetch { broker } => self.on_fetch_lost(fabric, broker),
            // Fresh metadata has been asked for, and the position stays.
            Pending::Leave
            | Pending::ListOffsets { .. }
            | Pending::OffsetsForTimes { .. }
            | Pending::Validation { .. } => {}
        }
    }

    /// The coordinator is to be found anew, after `retry.backoff.ms`.
    pub(super) fn lose_coordinator(&mut self, fabric: &mut Fabric) {
        self.group.coordinator = None;
        self.back_off(fabric);
    }

    pub(super) fn back_off(&mut self, fabric: &mut Fabric) {
        let wait_us = self.connection.backoff_us(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = fabric.now.plus_us(wait_us);
    }

    /// The coordinator, if it is known and its connection does not back off.
    pub(super) fn ready_coordinator(&self, now: Time) -> Option<i32> {
        let is_ready = |broker: &i32| self.connection.is_ready(now, *broker);
        self.coordinator().filter(is_ready)
    }

    pub(super) fn may_ask_coordinator(&self, now: Time) -> bool {
        self.retry_at <= now && self.ready_coordinator(now).is_some()
    }
}
