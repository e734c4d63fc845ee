//! Requests about the offsets of groups of any protocol.

use std::borrow::Cow;

use super::classic::find_or_create;
use super::event::OffsetRemovalCause;
use super::protocols::AnyGroup;
use super::runtime::{ProducerIdAndEpoch, RequestToken};
use super::{CoordinatorOutput, GroupCoordinator, Parts, offsets};
use crate::protocol::{
    ErrorCode, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest,
    OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse, Response, TopicPartition,
};
use crate::sim::Time;

impl GroupCoordinator {
    /// Handles an OffsetCommit request; it is answered when the offsets are
    /// committed. Whether the topics exist is for the broker to check before.
    ///
    /// A commit from outside any generation makes the group if need be.
    pub fn offset_commit(
        &mut self,
        now: Time,
        token: RequestToken,
        request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        self.commit_offsets(now, token, None, request, out);
    }

    /// Handles a TxnOffsetCommit request: the offsets wait for the end of the
    /// producer's transaction. Answered as an OffsetCommit.
    pub fn txn_offset_commit(
        &mut self,
        now: Time,
        token: RequestToken,
        producer: ProducerIdAndEpoch,
        request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        self.commit_offsets(now, token, Some(producer), request, out);
    }

    fn commit_offsets(
        &mut self,
        now: Time,
        token: RequestToken,
        producer: Option<ProducerIdAndEpoch>,
        request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        parts.step.producer = producer;
        let partitions = match parts.check_commit(&request) {
            Ok(()) => parts.offsets.store(&mut parts.step, request),
            Err(error) => offsets::refuse_all(&request, error),
        };
        let response = OffsetCommitResponse { partitions };
        parts.finish_with(token, Response::OffsetCommit(response));
    }

    /// Handles an OffsetDelete request. Whether the topics exist is for the
    /// broker to check before (`GroupCoordinatorShard.deleteOffsets`).
    pub fn offset_delete(
        &mut self,
        now: Time,
        token: RequestToken,
        request: &OffsetDeleteRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        let group = AnyGroup::find(parts.groups, parts.consumer_groups, &request.group_id);
        let group = group.ok_or(ErrorCode::GroupIdNotFound);
        let group = group.and_then(|group| group.validate_offset_delete().map(|()| group));
        let response = match group {
            Err(error_code) => OffsetDeleteResponse {
                error_code,
                partitions: Vec::new(),
            },
            Ok(group) => {
                let is_read = |of: &TopicPartition| group.is_subscribed_to(&of.topic);
                let is_stored = |of: &&TopicPartition| {
                    parts.offsets.get(group.name(), of).is_some() && !is_read(of)
                };
                let stored = request.partitions.iter().filter(is_stored);
                let stored = stored.cloned().collect();
                let cause = OffsetRemovalCause::Deleted;
                parts
                    .offsets
                    .forget(&mut parts.step, group.name(), stored, cause);
                let answer = |of: &TopicPartition| match is_read(of) {
                    true => ErrorCode::GroupSubscribedToTopic,
                    false => ErrorCode::None,
                };
                let partitions = request.partitions.iter();
                OffsetDeleteResponse {
                    error_code: ErrorCode::None,
                    partitions: partitions.map(|of| (of.clone(), answer(of))).collect(),
                }
            }
        };
        parts.finish_with(token, Response::OffsetDelete(response));
    }

    /// Handles an OffsetFetch request that wants stable offsets. The answer is
    /// of all that is written by now, and is given when that is committed: else
    /// the offsets of a transaction whose marker is written but not committed
    /// would be neither unstable nor there
    /// (`GroupCoordinatorService.fetchOffsets`).
    pub fn stable_offset_fetch(
        &mut self,
        now: Time,
        token: RequestToken,
        request: &OffsetFetchRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let response = self.offset_fetch(request);
        let is_refused = !response.error_code.is_none();
        let response = Response::OffsetFetch(response);
        let mut parts = self.parts(now, out);
        match is_refused {
            true => parts.step.respond(token, response),
            false => parts.finish_with(token, response),
        }
    }

    /// What an OffsetFetch request is answered: from what is committed, or from
    /// all that is written when stable offsets are wanted. A group that is not
    /// there has no offsets; that is no error.
    pub fn offset_fetch(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        let group = match request.require_stable {
            true => self
                .consumer_groups
                .group(&request.group_id)
                .map(Cow::Borrowed),
            false => self
                .consumer_groups
                .committed_group(&request.group_id)
                .map(Cow::Owned),
        };
        let checked = group.map_or(Ok(()), |group| {
            group.validate_offset_fetch(request.member_id.as_deref(), request.member_epoch)
        });
        match checked {
            Ok(()) => self.offsets.fetch(request),
            Err(error) => OffsetFetchResponse {
                error_code: error.error_code,
                partitions: Vec::new(),
                unstable: Vec::new(),
            },
        }
    }

    /// Forgets the offsets committed for partitions that are deleted
    /// (`OffsetMetadataManager.onPartitionsDeleted`).
    pub fn delete_offsets(
        &mut self,
        now: Time,
        is_deleted: impl Fn(&TopicPartition) -> bool,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        parts.offsets.forget_partitions(&mut parts.step, is_deleted);
        parts.step.finish();
    }
}

impl Parts<'_> {
    /// Whether these offsets may be committed, by a member or from outside; a
    /// commit is a sign of life of the member.
    fn check_commit(&mut self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let is_transactional = self.step.producer.is_some();
        let is_known = self.groups.get(&request.group_id).is_some();
        if self.share_groups.get(&request.group_id).is_some() {
            return Err(ErrorCode::GroupIdNotFound);
        }
        if let Some(group) = self.consumer_groups.group(&request.group_id) {
            return group.validate_commit(request, is_transactional);
        }
        if !is_known && request.generation_id >= 0 {
            return Err(match is_transactional {
                true => ErrorCode::IllegalGeneration,
                false => ErrorCode::GroupIdNotFound,
            });
        }
        let group = find_or_create(self.groups, &mut self.step, &request.group_id);
        group.validate_commit(request, is_transactional)?;
        if !is_transactional {
            group.note_commit(&mut self.step, &request.member_id);
        }
        Ok(())
    }
}
