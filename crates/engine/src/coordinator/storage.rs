//! What `__consumer_offsets` holds of a group, and how another broker takes the
//! group over from there.

use std::collections::BTreeMap;

use super::protocol::java_hash;
use super::step::Step;
use super::{ClassicGroup, GroupState, Member, StoredOffset, sync};
use crate::protocol::{ErrorCode, JoinGroupResponse, TopicPartition};
use crate::sim::Time;

/// The partition of `__consumer_offsets` that holds a group; its leader
/// coordinates the group (`GroupCoordinatorService.partitionFor`).
/// `partitions` is `offsets.topic.num.partitions`; 0 for a number below 1.
pub fn partition_for(group_id: &str, partitions: i32) -> i32 {
    let hash = java_hash(group_id) as i32;
    hash.checked_abs()
        .unwrap_or(0)
        .checked_rem(partitions.max(1))
        .unwrap_or(0)
}

/// What `__consumer_offsets` holds of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredGroup {
    name: String,
    record: Option<GroupRecord>,
    offsets: BTreeMap<TopicPartition, StoredOffset>,
}

impl StoredGroup {
    /// The group's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The last group metadata record (`GroupMetadataValue`). One is written when
/// the group is made, when it becomes empty, and with each assignment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct GroupRecord {
    since: Time,
    protocol_type: Option<String>,
    protocol_name: Option<String>,
    generation: i32,
    leader: Option<String>,
    members: BTreeMap<String, Member>,
}

impl ClassicGroup {
    /// Writes the group, as it is now, to `__consumer_offsets`.
    pub(super) fn write_record(&mut self) {
        let stored = |member: &Member| member.as_stored(self.protocol_name.as_deref());
        let members = self.members.iter();
        self.record = Some(GroupRecord {
            since: self.since,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            generation: self.generation,
            leader: self.leader.clone(),
            members: members
                .map(|(member_id, member)| (member_id.clone(), stored(member)))
                .collect(),
        });
    }

    pub(super) fn stored(&self) -> StoredGroup {
        StoredGroup {
            name: self.name.clone(),
            record: self.record.clone(),
            offsets: self.offsets.clone(),
        }
    }

    /// The group as it was written last. Without a record it only stores
    /// offsets.
    pub(super) fn from_stored(stored: StoredGroup, now: Time) -> ClassicGroup {
        let mut group = ClassicGroup::new(&stored.name, now);
        group.offsets = stored.offsets;
        let Some(record) = stored.record else {
            return group;
        };
        group.record = Some(record.clone());
        group.state = match record.members.is_empty() {
            true => GroupState::Empty,
            false => GroupState::Stable,
        };
        group.since = record.since;
        group.protocol_type = record.protocol_type;
        group.protocol_name = record.protocol_name;
        group.generation = record.generation;
        group.leader = record.leader;
        group.members = record.members;
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
    /// Only the chosen assignor is written, with what it knows of the member.
    fn as_stored(&self, protocol: Option<&str>) -> Member {
        let mut stored = self.clone();
        stored
            .protocols
            .retain(|known| Some(known.name.as_str()) == protocol);
        stored.awaiting_join = None;
        stored.awaiting_sync = None;
        stored.is_new = false;
        stored
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
