//! Taking records in: how a group follows from what `__consumer_offsets` holds
//! of it (`GroupMetadataManager.replay`).
//!
//! Compaction may have taken away what came before a record, so that one that
//! takes something back is passed over when there is nothing to be taken back,
//! and one that says something makes what it needs.

use super::super::runtime::WriteNumber;
use super::ConsumerGroups;
use super::event::ConsumerGroupEvent;
use super::group::ConsumerGroup;
use super::member::ConsumerGroupMember;
use super::record::{ConsumerGroupRecord, CurrentMemberAssignment, MemberMetadata};
use crate::protocol::LEAVE_GROUP_MEMBER_EPOCH;

/// The epoch of a target assignment that was taken back.
const NO_ASSIGNMENT: i32 = -1;

impl ConsumerGroups {
    /// Takes a record in, as part of a write, or of an earlier life of the group.
    /// What changes with it goes to `events`, which are those of the write.
    pub fn replay(
        &mut self,
        write: WriteNumber,
        record: ConsumerGroupRecord,
        events: &mut Vec<ConsumerGroupEvent>,
    ) {
        let group_id = record.group_id().to_owned();
        match record {
            ConsumerGroupRecord::Metadata { epoch: None, .. } => {
                if self.groups.get(&group_id).is_some() {
                    self.groups.remove(write, &group_id);
                    events.push(ConsumerGroupEvent::GroupDeleted { group: group_id });
                }
                return;
            }
            _ if record.is_tombstone() => {}
            _ => self.create(write, &group_id, events),
        }
        if let Some(group) = self.groups.get_mut(&group_id) {
            group.take_in(write, record);
            group.update_state(write, events);
        }
    }

    fn create(&mut self, write: WriteNumber, group_id: &str, events: &mut Vec<ConsumerGroupEvent>) {
        if self.groups.get(&group_id.to_owned()).is_none() {
            let group = group_id.to_owned();
            events.push(ConsumerGroupEvent::GroupCreated { group });
            self.groups
                .insert(write, group_id.to_owned(), ConsumerGroup::new(group_id));
        }
    }

    /// All writes up to this one are committed.
    pub fn commit(&mut self, until: WriteNumber) {
        self.groups.commit(until);
        for group in self.groups.remembered_mut() {
            group.commit(until);
        }
    }

    /// This write is not in the log: the groups are as they were before. Timers
    /// that it set stay; they find nothing to be done.
    pub fn revert(&mut self, from: WriteNumber) {
        self.groups.revert(from);
        for group in self.groups.remembered_mut() {
            group.revert(from);
        }
    }
}

impl ConsumerGroup {
    fn take_in(&mut self, write: WriteNumber, record: ConsumerGroupRecord) {
        match record {
            ConsumerGroupRecord::Metadata { epoch, .. } => {
                self.set_epoch(write, epoch.unwrap_or(self.epoch()));
            }
            ConsumerGroupRecord::PartitionMetadata { topics, .. } => {
                self.set_topics(write, topics.unwrap_or_default());
            }
            ConsumerGroupRecord::MemberMetadata {
                member_id,
                metadata,
                ..
            } => self.set_metadata(write, &member_id, metadata),
            ConsumerGroupRecord::TargetAssignmentMetadata {
                assignment_epoch, ..
            } => self.set_assignment_epoch(write, assignment_epoch.unwrap_or(NO_ASSIGNMENT)),
            ConsumerGroupRecord::TargetAssignmentMember {
                member_id,
                partitions,
                ..
            } => self.set_target_part(write, member_id, partitions),
            ConsumerGroupRecord::CurrentMemberAssignment {
                member_id,
                assignment,
                ..
            } => self.set_current_assignment(write, &member_id, assignment),
        }
    }

    fn set_metadata(
        &mut self,
        write: WriteNumber,
        member_id: &str,
        metadata: Option<MemberMetadata>,
    ) {
        match metadata {
            Some(metadata) => {
                let mut member = self.find_or_new(member_id);
                member.metadata = metadata;
                self.update_member(write, member);
            }
            None => self.remove_member(write, member_id),
        }
    }

    fn set_current_assignment(
        &mut self,
        write: WriteNumber,
        member_id: &str,
        assignment: Option<CurrentMemberAssignment>,
    ) {
        let mut member = self.find_or_new(member_id);
        match assignment {
            Some(assignment) => member.set_current_assignment(assignment),
            None if self.member(member_id).is_some() => {
                // The rest of the member goes with the records that follow.
                member.epoch = LEAVE_GROUP_MEMBER_EPOCH;
                member.previous_epoch = LEAVE_GROUP_MEMBER_EPOCH;
                member.assigned.clear();
                member.pending_revocation.clear();
            }
            None => return,
        }
        self.update_member(write, member);
    }

    fn find_or_new(&self, member_id: &str) -> ConsumerGroupMember {
        let member = self.member(member_id).cloned();
        member.unwrap_or_else(|| ConsumerGroupMember::new(member_id))
    }
}
