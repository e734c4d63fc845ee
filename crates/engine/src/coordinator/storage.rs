//! A group as `__consumer_offsets` has it, and back from there.

use crate::collections::BTreeMap;

use super::protocol::java_hash;
use super::record::{GroupMetadataKey, GroupMetadataMember, GroupMetadataValue, GroupRecord};
use super::step::Step;
use super::{ClassicGroup, GroupState, Member, sync};
use crate::protocol::{ErrorCode, JoinGroupProtocol, JoinGroupResponse, Opaque};

/// The partition of an internal topic that holds a group, a transactional id or
/// another key; its leader coordinates it
/// (`GroupCoordinatorService.partitionFor`,
/// `TransactionStateManager.partitionFor`). `partitions` is how many the topic
/// has; 0 for a number below 1.
pub fn partition_for(key: &str, partitions: i32) -> i32 {
    let hash = java_hash(key) as i32;
    hash.checked_abs()
        .unwrap_or(0)
        .checked_rem(partitions.max(1))
        .unwrap_or(0)
}

impl ClassicGroup {
    /// Writes the group as it is now, with these parts for its members. A
    /// record is written when the group is made, when it becomes empty, and
    /// with each assignment (`GroupCoordinatorRecordHelpers.newGroupMetadataRecord`).
    pub(super) fn write(&self, step: &mut Step, assignments: &BTreeMap<String, Opaque>) {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let members = self.members.values();
        let value = GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol_name.clone(),
            leader: self.leader.clone(),
            current_state_timestamp_ms: self.since_ms,
            members: members
                .map(|member| GroupMetadataMember {
                    member_id: member.id.clone(),
                    group_instance_id: member.group_instance_id.clone(),
                    client_id: member.client_id.clone(),
                    client_host: member.client_host.clone(),
                    rebalance_timeout_ms: member.rebalance_timeout_ms,
                    session_timeout_ms: member.session_timeout_ms,
                    subscription: member.metadata(protocol),
                    assignment: assignments.get(&member.id).cloned().unwrap_or_default(),
                })
                .collect(),
        };
        step.record(GroupRecord::GroupMetadata(self.key(), Some(value)));
    }

    /// Writes that the group is only there, with nobody in it
    /// (`newEmptyGroupMetadataRecord`).
    pub(super) fn write_empty(&self, step: &mut Step) {
        let value = GroupMetadataValue {
            current_state_timestamp_ms: self.since_ms,
            ..GroupMetadataValue::default()
        };
        step.record(GroupRecord::GroupMetadata(self.key(), Some(value)));
    }

    /// Writes that the group is no more.
    pub(super) fn write_tombstone(&self, step: &mut Step) {
        step.record(GroupRecord::GroupMetadata(self.key(), None));
    }

    fn key(&self) -> GroupMetadataKey {
        GroupMetadataKey {
            group: self.name.clone(),
        }
    }

    /// The group as a record has it (`GroupMetadataManager.replay`).
    pub(super) fn from_record(name: &str, value: GroupMetadataValue) -> ClassicGroup {
        let mut group = ClassicGroup::new(name, value.current_state_timestamp_ms);
        group.state = match value.members.is_empty() {
            true => GroupState::Empty,
            false => GroupState::Stable,
        };
        group.protocol_type = Some(value.protocol_type).filter(|it| !it.is_empty());
        group.generation = value.generation;
        group.leader = value.leader;
        group.protocol_name = value.protocol;
        let protocol = group.protocol_name.clone().unwrap_or_default();
        let members = value.members.into_iter();
        let members = members.map(|stored| Member::from_record(stored, &protocol));
        group.members = members.map(|member| (member.id.clone(), member)).collect();
        let members = group.members.values();
        group.static_members = members
            .filter_map(|member| Some((member.group_instance_id.clone()?, member.id.clone())))
            .collect();
        group.subscribed_topics = group.compute_subscribed_topics();
        group
    }

    /// The sessions begin anew, and a group that is too large for this broker
    /// rebalances (`GroupMetadataManager.onLoaded`).
    pub(super) fn on_loaded(&mut self, step: &mut Step) {
        for member_id in self.members.keys() {
            self.restart_session(step, member_id);
        }
        if self.members.len() > usize::try_from(step.config.max_size).unwrap_or(0) {
            self.prepare_rebalance(step, "the group is larger than this broker allows");
        }
    }

    /// This broker no longer coordinates the group: who waits is told, and the
    /// timers stop (`GroupMetadataManager.onUnloaded`).
    pub(super) fn on_unloaded(&mut self, step: &mut Step) {
        let was = self.state;
        self.transition_to(step, GroupState::Dead, "another broker coordinates it now");
        let error = ErrorCode::NotCoordinator;
        let members: Vec<String> = self.members.keys().cloned().collect();
        for member_id in &members {
            match was {
                GroupState::PreparingRebalance => {
                    let response = JoinGroupResponse::error(error, member_id.as_str());
                    self.answer_join(step, member_id, response);
                }
                GroupState::CompletingRebalance | GroupState::Stable => {
                    let member = self.members.get_mut(member_id);
                    if let Some(token) = member.and_then(|member| member.awaiting_sync.take()) {
                        sync::refuse(step, token, error);
                    }
                }
                GroupState::Empty | GroupState::Dead => {}
            }
        }
        step.timers.cancel_group(&self.name);
    }
}

impl Member {
    /// Of the assignors only the chosen one is known.
    fn from_record(stored: GroupMetadataMember, protocol: &str) -> Member {
        Member {
            id: stored.member_id,
            group_instance_id: stored.group_instance_id,
            client_id: stored.client_id,
            client_host: stored.client_host,
            rebalance_timeout_ms: stored.rebalance_timeout_ms,
            session_timeout_ms: stored.session_timeout_ms,
            protocols: vec![JoinGroupProtocol {
                name: protocol.to_owned(),
                metadata: stored.subscription,
            }],
            assignment: stored.assignment,
            awaiting_join: None,
            awaiting_sync: None,
            is_new: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::partition_for;

    #[test]
    fn a_group_has_its_partition() {
        // "range".hashCode() is 108280125.
        assert_eq!(partition_for("range", 50), 25);
        // The one hash whose absolute value is none counts as 0.
        assert_eq!(partition_for("polygenelubricants", 50), 0);
        assert_eq!(partition_for("range", 0), 0);
    }
}
