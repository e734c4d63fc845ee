//! What a group tells of itself to tools (`ConsumerGroup.asDescribedGroup`).

use super::ConsumerGroups;
use super::config::ConsumerGroupConfig;
use super::error::GroupError;
use super::group::ConsumerGroup;
use super::member::ConsumerGroupMember;
use super::target_assignment::preferred_assignor;
use super::topics::{TopicsImage, name_of};
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerGroupDescribedGroup,
    ConsumerGroupDescribedMember, ErrorCode, GroupDescribedPartitions, ListedGroup,
};

impl ConsumerGroups {
    /// Answers a ConsumerGroupDescribe request.
    pub fn describe(
        &self,
        request: &ConsumerGroupDescribeRequest,
    ) -> ConsumerGroupDescribeResponse {
        let describe = |group_id: &String| match self.committed_group(group_id) {
            Some(group) => group.described(&self.config, &self.image),
            None => unknown(group_id),
        };
        ConsumerGroupDescribeResponse {
            groups: request.group_ids.iter().map(describe).collect(),
        }
    }
}

impl ConsumerGroup {
    /// The group as ListGroups tells it (`ModernGroup.asListedGroup`).
    pub fn listed(&self) -> ListedGroup {
        ListedGroup {
            group_type: "Consumer".to_owned(),
            group_id: self.id().to_owned(),
            protocol_type: "consumer".to_owned(),
            group_state: self.state().name().to_owned(),
        }
    }

    fn described(
        &self,
        config: &ConsumerGroupConfig,
        image: &TopicsImage,
    ) -> ConsumerGroupDescribedGroup {
        let assignor = preferred_assignor(self.members());
        let assignor = assignor.unwrap_or_else(|| config.default_assignor());
        let members = self.members();
        ConsumerGroupDescribedGroup {
            error_code: ErrorCode::None,
            error_message: None,
            group_id: self.id().to_owned(),
            group_state: self.state().name().to_owned(),
            group_epoch: self.epoch(),
            assignment_epoch: self.assignment_epoch(),
            assignor_name: assignor.name().to_owned(),
            members: members
                .map(|member| member.described(&self.target_assignment(&member.id), image))
                .collect(),
        }
    }
}

impl ConsumerGroupMember {
    fn described(
        &self,
        target: &PartitionsByTopic,
        image: &TopicsImage,
    ) -> ConsumerGroupDescribedMember {
        let metadata = &self.metadata;
        ConsumerGroupDescribedMember {
            member_id: self.id.clone(),
            instance_id: metadata.instance_id.clone(),
            rack_id: metadata.rack_id.clone(),
            member_epoch: self.epoch,
            client_id: metadata.client_id.clone(),
            client_host: metadata.client_host.clone(),
            subscribed_topic_names: self.subscribed_topic_names().iter().cloned().collect(),
            assignment: named(&self.assigned, image),
            target_assignment: named(target, image),
        }
    }
}

/// Topics that are gone are left out.
fn named(partitions: &PartitionsByTopic, image: &TopicsImage) -> Vec<GroupDescribedPartitions> {
    let known = partitions
        .iter()
        .filter_map(|(id, of_topic)| Some((id, name_of(image, *id)?, of_topic)));
    known
        .map(
            |(topic_id, topic_name, of_topic)| GroupDescribedPartitions {
                topic_id: *topic_id,
                topic_name: topic_name.clone(),
                partitions: of_topic.iter().copied().collect(),
            },
        )
        .collect()
}

fn unknown(group_id: &str) -> ConsumerGroupDescribedGroup {
    let error = GroupError::unknown_group(group_id);
    ConsumerGroupDescribedGroup::error(group_id, error.error_code, &error.message)
}
