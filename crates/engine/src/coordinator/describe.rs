//! What a group tells of itself to tools.

use super::{ClassicGroup, GroupState, Member};
use crate::protocol::{DescribedGroup, DescribedGroupMember, ErrorCode, ListedGroup, Opaque};

impl ClassicGroup {
    /// `ClassicGroup.asListedGroup`
    pub(super) fn listed(&self) -> ListedGroup {
        ListedGroup {
            group_type: "Classic".to_owned(),
            group_id: self.name.clone(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            group_state: self.state.name().to_owned(),
        }
    }

    /// `GroupMetadataManager.describeGroups`: the subscriptions are told of a
    /// stable group only; the last assignment in every state.
    pub(super) fn described(&self) -> DescribedGroup {
        let protocol = match (self.state, &self.protocol_name) {
            (GroupState::Stable, Some(protocol)) => protocol.clone(),
            _ => String::new(),
        };
        let members = self.members.values();
        DescribedGroup {
            error_code: ErrorCode::None,
            group_id: self.name.clone(),
            group_state: self.state.name().to_owned(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            members: members.map(|member| member.described(&protocol)).collect(),
            protocol_data: protocol,
        }
    }
}

impl Member {
    fn described(&self, protocol: &str) -> DescribedGroupMember {
        DescribedGroupMember {
            member_id: self.id.clone(),
            group_instance_id: self.group_instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            member_metadata: match protocol {
                "" => Opaque::default(),
                protocol => self.metadata(protocol),
            },
            member_assignment: self.assignment.clone(),
        }
    }
}

/// What is told of a group that is not there (KIP-1043).
pub(super) fn unknown(group_id: &str) -> DescribedGroup {
    DescribedGroup {
        error_code: ErrorCode::GroupIdNotFound,
        group_id: group_id.to_owned(),
        group_state: GroupState::Dead.name().to_owned(),
        protocol_type: String::new(),
        protocol_data: String::new(),
        members: Vec::new(),
    }
}
