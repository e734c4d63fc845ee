//! Committed offsets: stored, read back, and forgotten.

use super::step::Step;
use super::{ClassicGroup, GroupEvent, GroupState, OffsetRemovalCause, StoredOffset};
use crate::protocol::{CommittedOffset, OffsetFetchResponse};
use crate::protocol::{ErrorCode, OffsetCommitRequest, OffsetFetchRequest, TopicPartition};
use crate::sim::Time;

impl ClassicGroup {
    /// Stores the offsets; an error is that of every partition
    /// (`OffsetMetadataManager.commitOffset`).
    pub(super) fn commit(
        &mut self,
        step: &mut Step,
        request: OffsetCommitRequest,
    ) -> Vec<(TopicPartition, ErrorCode)> {
        if let Err(error) = self.validate_commit(&request) {
            return refuse_all(&request, error);
        }
        // A commit is a sign of life.
        if matches!(
            self.state,
            GroupState::Stable | GroupState::PreparingRebalance
        ) {
            self.restart_session(step, &request.member_id);
        }
        self.store(step, request)
    }

    /// `ClassicGroup.validateOffsetCommit`
    fn validate_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let is_empty = self.state == GroupState::Empty;
        if request.generation_id < 0 && is_empty {
            // From outside any generation: an administrator, or a consumer with
            // assigned partitions.
            return Ok(());
        }
        let names_member = request.generation_id >= 0
            || !request.member_id.is_empty()
            || request.group_instance_id.is_some();
        if names_member {
            self.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
            if request.generation_id != self.generation {
                return Err(ErrorCode::IllegalGeneration);
            }
        } else if !is_empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        match self.state {
            GroupState::CompletingRebalance => Err(ErrorCode::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    fn store(
        &mut self,
        step: &mut Step,
        request: OffsetCommitRequest,
    ) -> Vec<(TopicPartition, ErrorCode)> {
        let max_length = step.config.offset_metadata_max_bytes;
        let check = |committed: &CommittedOffset| {
            // Java counts a string's length in UTF-16 units.
            match committed.metadata.encode_utf16().count() > max_length {
                true => ErrorCode::OffsetMetadataTooLarge,
                false => ErrorCode::None,
            }
        };
        let offsets = request.offsets.iter();
        let answers = offsets
            .map(|(partition, committed)| (partition.clone(), check(committed)))
            .collect();
        let mut stored = request.offsets;
        stored.retain(|(_, committed)| check(committed).is_none());
        for (partition, committed) in &stored {
            let committed = committed.clone();
            let at = step.now;
            self.offsets
                .insert(partition.clone(), StoredOffset { committed, at });
        }
        if !stored.is_empty() {
            step.event(GroupEvent::OffsetsCommitted {
                group: self.name.clone(),
                member_id: request.member_id,
                offsets: stored,
            });
        }
        answers
    }

    /// `OffsetMetadataManager.fetchOffsets` and `fetchAllOffsets`
    pub(super) fn fetch_offsets(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        let committed = |stored: &StoredOffset| stored.committed.clone();
        let partitions = match &request.partitions {
            Some(partitions) => partitions
                .iter()
                .map(|partition| (partition.clone(), self.offset(partition).map(committed)))
                .collect(),
            None => self
                .offsets()
                .map(|(partition, stored)| (partition.clone(), Some(committed(stored))))
                .collect(),
        };
        OffsetFetchResponse {
            error_code: ErrorCode::None,
            partitions,
        }
    }

    /// Forgets the offsets that `is_gone` picks.
    pub(super) fn remove_offsets(
        &mut self,
        step: &mut Step,
        cause: OffsetRemovalCause,
        is_gone: impl Fn(&TopicPartition, &StoredOffset) -> bool,
    ) {
        let removed = self
            .offsets
            .extract_if(.., |partition, stored| is_gone(partition, stored));
        let partitions: Vec<_> = removed.map(|(partition, _)| partition).collect();
        if !partitions.is_empty() {
            step.event(GroupEvent::OffsetsRemoved {
                group: self.name.clone(),
                partitions,
                cause,
            });
        }
    }

    /// Forgets the offsets whose retention has passed (KIP-211): from the moment
    /// the group became empty, or from the commit when the group has no protocol
    /// or is stable; then only of topics it does not subscribe to. A group in a
    /// rebalance keeps all.
    pub(super) fn expire_offsets(&mut self, step: &mut Step) {
        let from_emptiness = match self.state {
            _ if self.protocol_type.is_none() => None,
            GroupState::Empty => Some(self.since),
            GroupState::Stable
                if self.uses_consumer_protocol() && self.subscribed_topics.is_some() =>
            {
                None
            }
            _ => return,
        };
        let retention_ms = step.config.offsets_retention_ms;
        let now = step.now;
        let subscribed: Vec<_> = self
            .offsets
            .keys()
            .map(|partition| partition.topic.clone())
            .filter(|topic| self.is_subscribed_to(topic))
            .collect();
        let is_expired = |since: Time| now >= since.plus_ms(retention_ms);
        self.remove_offsets(step, OffsetRemovalCause::Expired, |partition, stored| {
            !subscribed.contains(&partition.topic)
                && is_expired(from_emptiness.unwrap_or(stored.at))
        });
    }
}

/// The same error for every partition of a commit.
pub(super) fn refuse_all(
    request: &OffsetCommitRequest,
    error: ErrorCode,
) -> Vec<(TopicPartition, ErrorCode)> {
    let partitions = request.offsets.iter();
    partitions
        .map(|(partition, _)| (partition.clone(), error))
        .collect()
}
