//! Share groups on the group coordinator (KIP-932): who is a member, and which
//! partitions each may fetch from. Several members may have the same partition;
//! which records each gets is for the partition's leader to say.
//!
//! The rules are those of Kafka 4.0's `GroupMetadataManager.shareGroupHeartbeat`,
//! `ShareGroup` and `SimpleAssignor`.

mod assign;
mod describe;
mod heartbeat;
mod record;
mod sessions;

pub(super) use describe::delete;
pub use heartbeat::Topics;
pub use record::{ShareGroupRecord, ShareMemberAssignment, ShareMemberMetadata};
pub(super) use sessions::{remove_member, schedule_session};

use crate::collections::{BTreeMap, BTreeSet};

use super::consumer_group::TopicMetadata;
use super::record::GroupRecord;
use super::runtime::{TimelineMap, WriteNumber};
use super::step::Step;
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::TopicName;

/// The state of a share group (`ShareGroup.ShareGroupState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShareGroupState {
    /// It has no members.
    Empty,
    /// It has members.
    Stable,
    /// It is gone.
    Dead,
}

impl ShareGroupState {
    /// Kafka's name of the state, such as `Stable`.
    pub fn name(self) -> &'static str {
        match self {
            ShareGroupState::Empty => "Empty",
            ShareGroupState::Stable => "Stable",
            ShareGroupState::Dead => "Dead",
        }
    }
}

/// A member of a share group (`ShareGroupMember`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareGroupMember {
    /// Who it is.
    pub metadata: ShareMemberMetadata,
    /// How far it is.
    pub assignment: ShareMemberAssignment,
}

/// A share group (`org.apache.kafka.coordinator.group.modern.share.ShareGroup`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareGroup {
    id: String,
    epoch: i32,
    assignment_epoch: i32,
    members: BTreeMap<String, ShareGroupMember>,
    topics: BTreeMap<TopicName, TopicMetadata>,
    target_assignment: BTreeMap<String, PartitionsByTopic>,
}

impl ShareGroup {
    fn new(id: &str) -> ShareGroup {
        ShareGroup {
            id: id.to_owned(),
            ..ShareGroup::default()
        }
    }

    /// The group's name (`group.id`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its state.
    pub fn state(&self) -> ShareGroupState {
        match self.members.is_empty() {
            true => ShareGroupState::Empty,
            false => ShareGroupState::Stable,
        }
    }

    /// How often its members, their subscriptions or its topics have changed.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// The group epoch for which the target assignment was computed.
    pub fn assignment_epoch(&self) -> i32 {
        self.assignment_epoch
    }

    /// Its members, by id.
    pub fn members(&self) -> &BTreeMap<String, ShareGroupMember> {
        &self.members
    }

    /// The topics that its members subscribe to; they need not exist.
    fn subscribed_topics(&self) -> BTreeSet<&TopicName> {
        let members = self.members.values();
        let topics = members.flat_map(|member| &member.metadata.subscribed_topic_names);
        topics.collect()
    }
}

/// The share groups of one partition of `__consumer_offsets`.
pub(super) type ShareGroups = TimelineMap<String, ShareGroup>;

/// Writes a record and takes it in.
fn write(groups: &mut ShareGroups, step: &mut Step, record: ShareGroupRecord) {
    replay(groups, step.write, record.clone());
    step.record(GroupRecord::ShareGroup(record));
}

/// Takes in a record that was written, now or before the coordinator was loaded
/// (`GroupMetadataManager.replay`). One that takes something back is passed
/// over when there is nothing to be taken back.
pub(super) fn replay(groups: &mut ShareGroups, write: WriteNumber, record: ShareGroupRecord) {
    let id = record.group_id().to_owned();
    let Some(mut group) = groups.get(&id).cloned().or_else(|| made_by(&record)) else {
        return;
    };
    match record {
        ShareGroupRecord::Metadata { epoch: None, .. } => return groups.remove(write, &id),
        ShareGroupRecord::Metadata {
            epoch: Some(epoch), ..
        } => group.epoch = epoch,
        ShareGroupRecord::PartitionMetadata { topics, .. } => {
            group.topics = topics.unwrap_or_default();
        }
        ShareGroupRecord::MemberMetadata {
            member_id,
            metadata: Some(metadata),
            ..
        } => group.members.entry(member_id).or_default().metadata = metadata,
        ShareGroupRecord::MemberMetadata { member_id, .. } => {
            group.members.remove(&member_id);
        }
        ShareGroupRecord::TargetAssignmentMetadata {
            assignment_epoch, ..
        } => group.assignment_epoch = assignment_epoch.unwrap_or(-1),
        ShareGroupRecord::TargetAssignmentMember {
            member_id,
            partitions: Some(partitions),
            ..
        } => {
            group.target_assignment.insert(member_id, partitions);
        }
        ShareGroupRecord::TargetAssignmentMember { member_id, .. } => {
            group.target_assignment.remove(&member_id);
        }
        ShareGroupRecord::CurrentMemberAssignment {
            member_id,
            assignment: Some(assignment),
            ..
        } => group.members.entry(member_id).or_default().assignment = assignment,
        ShareGroupRecord::CurrentMemberAssignment { member_id, .. } => {
            if let Some(member) = group.members.get_mut(&member_id) {
                member.assignment = ShareMemberAssignment::default();
            }
        }
    }
    groups.insert(write, id, group);
}

/// The group that a record makes which says something; compaction may have
/// taken away what came before.
fn made_by(record: &ShareGroupRecord) -> Option<ShareGroup> {
    (!record.is_tombstone()).then(|| ShareGroup::new(record.group_id()))
}
