//! What the application is told of a commit that failed.

use super::super::Consumer;
use crate::protocol::ErrorCode;
use crate::sim::Fabric;

/// An exception without its package, and its message.
pub(super) type Failure = (&'static str, String);

pub(super) const NOT_A_MEMBER: &str = "Offset commit cannot be completed since the consumer is not part of \
     an active group for auto partition assignment; it is likely that the consumer was kicked out \
     of the group.";

const REBALANCED: &str = "Commit cannot be completed since the group has already rebalanced and \
     assigned the partitions to another member. This means that the time between subsequent calls \
     to poll() was longer than the configured max.poll.interval.ms, which typically implies that \
     the poll loop is spending too much time message processing. You can address this either by \
     increasing max.poll.interval.ms or by reducing the maximum size of batches returned in poll() \
     with max.poll.records.";

pub(super) const UNDERGOING_REBALANCE: &str = "Offset commit cannot be completed since the consumer is \
     undergoing a rebalance for auto partition assignment. You can try completing the rebalance by \
     calling poll() and then retry the operation.";

const EXECUTING_REBALANCE: &str = "Offset commit cannot be completed since the consumer group is \
     executing a rebalance at the moment. You can try completing the rebalance by calling poll() \
     and then retry commit again";

/// Errors of a coordinator that is not there, or no longer the one, or not yet.
pub(super) fn may_be_tried_again(error: ErrorCode) -> bool {
    error.is_retriable()
}

/// What the application is told in a group of KIP-848: whether it is still a
/// member it learns by heartbeats alone
/// (`CommitRequestManager.commitSyncExceptionForError`).
fn failure_with_epochs(error: ErrorCode) -> Failure {
    let failed = |why: &str| {
        let message = format!("OffsetCommit failed with {why}. {}", error.message());
        ("CommitFailedException", message)
    };
    match error {
        ErrorCode::StaleMemberEpoch => failed("stale member epoch"),
        ErrorCode::UnknownMemberId => failed("unknown member ID"),
        error => (error.exception(), error.message().to_owned()),
    }
}

impl Consumer {
    /// What an error of the coordinator means for the membership, and what the
    /// application is told (`OffsetCommitResponseHandler`).
    pub(super) fn failure_of(
        &mut self,
        fabric: &mut Fabric,
        generation: i32,
        error: ErrorCode,
    ) -> Failure {
        if self.member.is_some() {
            return failure_with_epochs(error);
        }
        let is_current = generation == self.generation();
        match error {
            ErrorCode::RebalanceInProgress => {
                self.request_rejoin("offset commit failed since group is already rebalancing");
                (
                    "RebalanceInProgressException",
                    EXECUTING_REBALANCE.to_owned(),
                )
            }
            ErrorCode::FencedInstanceId if is_current => {
                self.note_fenced_commit();
                (error.exception(), error.message().to_owned())
            }
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration if is_current => {
                self.lose_membership(fabric, "OFFSET_COMMIT", error);
                ("CommitFailedException", REBALANCED.to_owned())
            }
            ErrorCode::FencedInstanceId
            | ErrorCode::UnknownMemberId
            | ErrorCode::IllegalGeneration => ("CommitFailedException", REBALANCED.to_owned()),
            error => (error.exception(), error.message().to_owned()),
        }
    }
}
