//! Taking records in: how a group follows from what `__consumer_offsets` holds
//! of it (`GroupMetadataManager.replay`).
//!
//! Compaction may have taken away what came before a record, so that one that
//! takes something back is passed over when there is nothing to be taken back,
//! and one that says something makes what it needs.

use super::ConsumerGroups;
use super::event::ConsumerGroupEvent;
use super::group::ConsumerGroup;
use super::member::ConsumerGroupMember;
use super::record::{ConsumerGroupRecord, CurrentMemberAssignment, MemberMetadata};
use crate::protocol::LEAVE_GROUP_MEMBER_EPOCH;

/// The epoch of a target assignment that was taken back.
const NO_ASSIGNMENT: i32 = -1;

impl ConsumerGroups {
    /// Takes a record in that was written, now or in an earlier life of the
    /// group. What changes with it goes to `events`.
    pub fn replay(&mut self, record: ConsumerGroupRecord, events: &mut Vec<ConsumerGroupEvent>) {
        let group_id = record.group_id().to_owned();
        match record {
            ConsumerGroupRecord::Metadata { epoch: None, .. } => {
                if self.groups.remove(&group_id).is_some() {
                    events.push(ConsumerGroupEvent::GroupDeleted { group: group_id });
                }
                return;
            }
            ConsumerGroupRecord::Metadata {
                epoch: Some(epoch), ..
            } => self.find_or_create(&group_id, events).epoch = epoch,
            ConsumerGroupRecord::PartitionMetadata { topics, .. } => {
                self.change(&group_id, topics, events, |group, topics| {
                    group.topics = topics.unwrap_or_default();
                });
            }
            ConsumerGroupRecord::MemberMetadata {
                member_id,
                metadata,
                ..
            } => self.change(&group_id, metadata, events, |group, metadata| {
                set_metadata(group, &member_id, metadata);
            }),
            ConsumerGroupRecord::TargetAssignmentMetadata {
                assignment_epoch, ..
            } => self.change(&group_id, assignment_epoch, events, |group, epoch| {
                group.assignment_epoch = epoch.unwrap_or(NO_ASSIGNMENT);
            }),
            ConsumerGroupRecord::TargetAssignmentMember {
                member_id,
                partitions,
                ..
            } => self.change(&group_id, partitions, events, |group, partitions| {
                match partitions {
                    Some(partitions) => group.target_assignment.insert(member_id, partitions),
                    None => group.target_assignment.remove(&member_id),
                };
            }),
            ConsumerGroupRecord::CurrentMemberAssignment {
                member_id,
                assignment,
                ..
            } => self.change(&group_id, assignment, events, |group, assignment| {
                set_current_assignment(group, &member_id, assignment);
            }),
        }
        if let Some(group) = self.groups.get_mut(&group_id) {
            group.update_state(events);
        }
    }

    /// Changes the group by a record's value; a tombstone makes no group.
    fn change<T>(
        &mut self,
        group_id: &str,
        value: Option<T>,
        events: &mut Vec<ConsumerGroupEvent>,
        change: impl FnOnce(&mut ConsumerGroup, Option<T>),
    ) {
        match value {
            Some(value) => change(self.find_or_create(group_id, events), Some(value)),
            None => {
                if let Some(group) = self.groups.get_mut(group_id) {
                    change(group, None);
                }
            }
        }
    }

    fn find_or_create(
        &mut self,
        group_id: &str,
        events: &mut Vec<ConsumerGroupEvent>,
    ) -> &mut ConsumerGroup {
        if !self.groups.contains_key(group_id) {
            let group = group_id.to_owned();
            events.push(ConsumerGroupEvent::GroupCreated { group });
        }
        self.groups
            .entry(group_id.to_owned())
            .or_insert_with(|| ConsumerGroup::new(group_id))
    }
}

fn set_metadata(group: &mut ConsumerGroup, member_id: &str, metadata: Option<MemberMetadata>) {
    match metadata {
        Some(metadata) => {
            let mut member = find_or_new(group, member_id);
            member.metadata = metadata;
            group.update_member(member);
        }
        None => group.remove_member(member_id),
    }
}

fn set_current_assignment(
    group: &mut ConsumerGroup,
    member_id: &str,
    assignment: Option<CurrentMemberAssignment>,
) {
    let mut member = find_or_new(group, member_id);
    match assignment {
        Some(assignment) => member.set_current_assignment(assignment),
        None if group.members.contains_key(member_id) => {
            // The rest of the member goes with the records that follow.
            member.epoch = LEAVE_GROUP_MEMBER_EPOCH;
            member.previous_epoch = LEAVE_GROUP_MEMBER_EPOCH;
            member.assigned.clear();
            member.pending_revocation.clear();
        }
        None => return,
    }
    group.update_member(member);
}

fn find_or_new(group: &ConsumerGroup, member_id: &str) -> ConsumerGroupMember {
    let member = group.member(member_id).cloned();
    member.unwrap_or_else(|| ConsumerGroupMember::new(member_id))
}
