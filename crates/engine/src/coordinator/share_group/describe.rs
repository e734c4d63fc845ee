//! What a share group tells of itself to tools, and its end.

use super::{ShareGroup, ShareGroupRecord, ShareGroupState, ShareGroups, write};
use crate::coordinator::consumer_group::GroupError;
use crate::coordinator::step::Step;
use crate::coordinator::{GroupCoordinator, GroupEvent};
use crate::protocol::{
    DescribedShareGroup, DescribedShareGroupMember, ErrorCode, GroupDescribedPartitions,
    ListedGroup, TopicId, TopicName,
};

/// The protocol type of share groups (`ShareGroup.PROTOCOL_TYPE`).
const PROTOCOL_TYPE: &str = "share";

impl GroupCoordinator {
    /// Answers a part of a ShareGroupDescribe request from what is committed.
    pub fn describe_share_group(&self, group_id: &str) -> DescribedShareGroup {
        match self.share_groups.get_committed(&group_id.to_owned()) {
            Some(group) => group.described(),
            None => {
                let error = GroupError::unknown_group(group_id);
                DescribedShareGroup::error(group_id, error.error_code, &error.message)
            }
        }
    }

    /// The share groups, by name.
    pub fn share_groups(&self) -> impl ExactSizeIterator<Item = &ShareGroup> {
        self.share_groups.current().values()
    }
}

impl ShareGroup {
    pub(in crate::coordinator) fn listed(&self) -> ListedGroup {
        ListedGroup {
            group_type: "Share".to_owned(),
            group_id: self.id.clone(),
            protocol_type: PROTOCOL_TYPE.to_owned(),
            group_state: self.state().name().to_owned(),
        }
    }

    fn described(&self) -> DescribedShareGroup {
        let name = |id: &TopicId| {
            let mut topics = self.topics.iter();
            let found = topics.find(|(_, topic)| topic.id == *id);
            found.map_or_else(|| TopicName::from(""), |(name, _)| name.clone())
        };
        let members = self.members.iter().map(|(id, member)| {
            let assignment = member.assignment.partitions.iter();
            let assignment = assignment.map(|(topic_id, partitions)| GroupDescribedPartitions {
                topic_id: *topic_id,
                topic_name: name(topic_id),
                partitions: partitions.iter().copied().collect(),
            });
            let metadata = &member.metadata;
            DescribedShareGroupMember {
                member_id: id.clone(),
                rack_id: metadata.rack_id.clone(),
                member_epoch: member.assignment.member_epoch,
                client_id: metadata.client_id.clone(),
                client_host: metadata.client_host.clone(),
                subscribed_topic_names: metadata.subscribed_topic_names.iter().cloned().collect(),
                assignment: assignment.collect(),
            }
        });
        DescribedShareGroup {
            error_code: ErrorCode::None,
            error_message: None,
            group_id: self.id.clone(),
            group_state: self.state().name().to_owned(),
            group_epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            assignor_name: "simple".to_owned(),
            members: members.collect(),
        }
    }
}

/// Deletes a share group (`ShareGroup.validateDeleteGroup`,
/// `createGroupTombstoneRecords`).
pub(in crate::coordinator) fn delete(
    groups: &mut ShareGroups,
    step: &mut Step,
    group_id: &String,
) -> Result<(), ErrorCode> {
    let group = groups.get(group_id).ok_or(ErrorCode::GroupIdNotFound)?;
    if group.state() != ShareGroupState::Empty {
        return Err(ErrorCode::NonEmptyGroup);
    }
    for record in ShareGroupRecord::without_group(group_id) {
        write(groups, step, record);
    }
    let group = group_id.clone();
    step.event_if_written(GroupEvent::GroupDeleted { group });
    Ok(())
}
