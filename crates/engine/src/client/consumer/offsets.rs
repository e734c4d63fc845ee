//! How far the group has come: committing offsets, and reading them back
//! (`ConsumerCoordinator`).

mod committed;
mod failure;

use crate::collections::BTreeMap;

use self::failure::{Failure, NOT_A_MEMBER, UNDERGOING_REBALANCE, may_be_tried_again};
use super::membership::LOGGER;
use super::{Consumer, ConsumerEvent, Membership, Pending};
use crate::event::LogLevel;
use crate::protocol::{
    CommittedOffset, ErrorCode, OffsetCommitRequest, OffsetCommitResponse, Request, TopicPartition,
};
use crate::sim::Fabric;

/// Why offsets are committed, and so what comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Commit {
    /// `auto.commit.interval.ms` has passed.
    Auto,
    /// The application called `commitAsync()`.
    Async,
    /// The application waits in `commitSync()`.
    Sync,
    /// The group rebalances, and partitions may be given up.
    BeforeRejoining,
    /// The consumer closes.
    BeforeLeaving,
}

/// Offsets as Kafka's messages show them.
pub(super) fn shown(offsets: &[(TopicPartition, i64)]) -> String {
    let texts = offsets.iter().map(|(partition, offset)| {
        format!("{partition}=OffsetAndMetadata{{offset={offset}, leaderEpoch=null, metadata=''}}")
    });
    format!("{{{}}}", texts.collect::<Vec<_>>().join(", "))
}

/// Committing.
impl Consumer {
    /// Whether offsets may be committed without the application's doing.
    pub(super) fn may_commit(&self) -> bool {
        let is_member = self.is_in_generation() || !self.subscription_type.is_managed_by_group();
        self.commits_on_revoke() && is_member
    }

    /// Whether the consumer commits before it gives partitions up, and has come
    /// anywhere.
    pub(super) fn has_positions_to_commit(&self) -> bool {
        let mut assigned = self.assignment.values();
        self.commits_on_revoke() && assigned.any(|assigned| assigned.position.is_some())
    }

    /// Whether a commit is under way that a rejoin or `close()` waits for.
    pub(super) fn is_committing(&self) -> bool {
        let awaited = |pending: &Pending| match pending {
            Pending::Commit { commit, .. } => {
                matches!(commit, Commit::BeforeRejoining | Commit::BeforeLeaving)
            }
            _ => false,
        };
        self.pending.values().any(awaited)
    }

    /// The position in every partition that has one
    /// (`SubscriptionState.allConsumed`).
    pub(super) fn all_consumed(&self) -> Vec<(TopicPartition, i64)> {
        let positions = self.assignment.iter();
        let known = positions.filter_map(|(of, assigned)| Some((of.clone(), assigned.position?)));
        known.collect()
    }

    /// Commits the position in every partition, if the coordinator can be
    /// asked.
    pub(super) fn commit_positions(&mut self, fabric: &mut Fabric, commit: Commit) {
        let offsets = self.all_consumed();
        if self.ready_coordinator(fabric.now).is_some() && !offsets.is_empty() {
            // What cannot be committed now is committed by who reads next.
            let _ = self.send_commit(fabric, offsets, commit);
        }
    }

    /// Sends offsets to the coordinator, which can be asked.
    ///
    /// # Errors
    ///
    /// The exception when the consumer is in no generation to commit for
    /// (`ConsumerCoordinator.sendOffsetCommitRequest`).
    pub(super) fn send_commit(
        &mut self,
        fabric: &mut Fabric,
        offsets: Vec<(TopicPartition, i64)>,
        commit: Commit,
    ) -> Result<(), Failure> {
        let is_managed = self.subscription_type.is_managed_by_group();
        if is_managed && self.member.is_none() && !self.is_in_generation() {
            return Err(match self.membership() {
                Membership::Unjoined => ("CommitFailedException", NOT_A_MEMBER.to_owned()),
                _ => (
                    "RebalanceInProgressException",
                    UNDERGOING_REBALANCE.to_owned(),
                ),
            });
        }
        let Some(coordinator) = self.ready_coordinator(fabric.now) else {
            return Ok(());
        };
        let generation = if is_managed { self.generation() } else { -1 };
        let committed = |(partition, offset): &(TopicPartition, i64)| {
            let assigned = self.assignment.get(partition);
            let here = assigned.filter(|assigned| assigned.position == Some(*offset));
            let committed = CommittedOffset {
                offset: *offset,
                leader_epoch: here.map_or(-1, |assigned| assigned.offset_epoch),
                metadata: String::new(),
            };
            (partition.clone(), committed)
        };
        let request = Request::OffsetCommit(OffsetCommitRequest {
            group_id: self.config.group_id.clone(),
            generation_id: generation,
            member_id: match is_managed && generation >= 0 {
                true => self.member_id().to_owned(),
                false => String::new(),
            },
            group_instance_id: self.config.group_instance_id.clone(),
            offsets: offsets.iter().map(committed).collect(),
        });
        let pending = Pending::Commit {
            commit,
            generation,
            offsets,
        };
        self.ask(fabric, coordinator, request, pending);
        Ok(())
    }

    /// `commitAsync()`: nobody waits, and nothing is tried again.
    pub(super) fn commit_async(
        &mut self,
        fabric: &mut Fabric,
        offsets: Vec<(TopicPartition, i64)>,
    ) {
        self.find_coordinator(fabric);
        if self.ready_coordinator(fabric.now).is_none() {
            let message = "Offset commit failed with a retriable exception. You should retry \
                           committing the latest consumed offsets.";
            let exception = "RetriableCommitFailedException";
            return self.tell_failed_commit(fabric, exception, message.to_owned());
        }
        if let Err((exception, message)) = self.send_commit(fabric, offsets, Commit::Async) {
            self.tell_failed_commit(fabric, exception, message);
        }
    }

    /// `commitSync()` or `commitAsync()` of all that `poll()` has returned.
    pub(crate) fn commit(&mut self, fabric: &mut Fabric, is_sync: bool) {
        let offsets = self.all_consumed();
        self.commit_by_hand(fabric, offsets, is_sync);
        self.go_on(fabric);
    }

    pub(super) fn tell_failed_commit(&self, fabric: &mut Fabric, exception: &str, message: String) {
        let exception = exception.to_owned();
        self.tell(fabric, ConsumerEvent::CommitFailed { exception, message });
    }

    /// Counts `auto.commit.interval.ms` anew, from the next `poll()` on.
    pub(super) fn plan_auto_commit(&mut self) {
        self.auto_commit_at = None;
    }

    /// Commits when `auto.commit.interval.ms` has passed, as `poll()` does: what
    /// it has returned before is processed by then.
    pub(super) fn maybe_auto_commit(&mut self, fabric: &mut Fabric) {
        if !self.config.commits_automatically() || self.assignment.is_empty() {
            return;
        }
        let interval_ms = self.config.auto_commit_interval_ms.max(1);
        let next = fabric.now.plus_ms(interval_ms);
        let due = *self.auto_commit_at.get_or_insert(next);
        if due <= fabric.now {
            self.auto_commit_at = Some(next);
            self.commit_positions(fabric, Commit::Auto);
        }
    }

    /// A commit was answered, or is lost; it was sent in this generation.
    pub(super) fn on_committed(
        &mut self,
        fabric: &mut Fabric,
        commit: Commit,
        generation: i32,
        error: Option<ErrorCode>,
    ) {
        if let Some(error) = error.filter(|error| may_be_tried_again(*error)) {
            return self.commit_later(fabric, commit, error);
        }
        let is_stale = error == Some(ErrorCode::StaleMemberEpoch) && self.is_in_generation();
        if is_stale && commit == Commit::BeforeRejoining {
            return self.back_off(fabric);
        }
        let failure = error.map(|error| self.failure_of(fabric, generation, error));
        match commit {
            Commit::BeforeLeaving => self.last_commit_is_due = false,
            Commit::BeforeRejoining => self.prepared_to_join(),
            Commit::Sync => self.end_sync_commit(fabric, failure),
            Commit::Auto => {}
            Commit::Async => {
                if let Some((exception, message)) = failure {
                    self.tell_failed_commit(fabric, exception, message);
                }
            }
        }
    }

    /// What waits for the commit tries it again by itself; an automatic one is
    /// tried again before its interval has passed.
    fn commit_later(&mut self, fabric: &mut Fabric, commit: Commit, error: ErrorCode) {
        match error {
            ErrorCode::CoordinatorLoadInProgress | ErrorCode::UnknownTopicOrPartition => {
                self.back_off(fabric);
            }
            _ => self.lose_coordinator(fabric),
        }
        match commit {
            Commit::Auto => self.auto_commit_at = Some(self.retry_at),
            Commit::Sync => self.resend_sync_commit(),
            Commit::Async => {
                let message = "Offset commit failed with a retriable exception. You should retry \
                               committing the latest consumed offsets.";
                let exception = "RetriableCommitFailedException";
                self.tell_failed_commit(fabric, exception, message.to_owned());
            }
            // A topic that is gone takes no offsets, however long one waits.
            Commit::BeforeRejoining if error == ErrorCode::UnknownTopicOrPartition => {
                self.prepared_to_join();
            }
            Commit::BeforeLeaving if error == ErrorCode::UnknownTopicOrPartition => {
                self.last_commit_is_due = false;
            }
            Commit::BeforeRejoining | Commit::BeforeLeaving => {}
        }
    }

    /// Logs for which partition a commit has failed first, and returns the error
    /// (`OffsetCommitResponseHandler`).
    pub(super) fn commit_error(
        &self,
        fabric: &mut Fabric,
        offsets: &[(TopicPartition, i64)],
        response: &OffsetCommitResponse,
    ) -> Option<ErrorCode> {
        let mut answers = response.partitions.iter();
        let (partition, error) = answers.find(|(_, error)| !error.is_none())?;
        let offset = offsets.iter().find(|(of, _)| of == partition);
        let offset = offset.map_or(-1, |(_, offset)| *offset);
        let level = match may_be_tried_again(*error) {
            true => LogLevel::Warn,
            false => LogLevel::Error,
        };
        let text = format!(
            "Offset commit failed on partition {partition} at offset {offset}: {}",
            error.message()
        );
        self.connection.log(fabric, level, LOGGER, text);
        Some(*error)
    }

    /// Notes what the group has committed, as far as the answer says it was
    /// stored.
    pub(super) fn note_committed(
        &mut self,
        offsets: Vec<(TopicPartition, i64)>,
        response: &OffsetCommitResponse,
    ) {
        let errors: BTreeMap<_, _> = response.partitions.iter().cloned().collect();
        for (partition, offset) in offsets {
            let stored = errors.get(&partition) == Some(&ErrorCode::None);
            if let Some(assigned) = self.assignment.get_mut(&partition).filter(|_| stored) {
                assigned.committed = Some(offset);
            }
        }
    }
}
