use crate::protocol::{ErrorCode, GroupHeartbeatResponse};

/// Why a request of a group is refused (`ApiException`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupError {
    /// Kafka's error.
    pub error_code: ErrorCode,
    /// Kafka's words, with names and numbers.
    pub message: String,
}

impl GroupError {
    pub(in crate::coordinator) fn new(
        error_code: ErrorCode,
        message: impl Into<String>,
    ) -> GroupError {
        let message = message.into();
        GroupError {
            error_code,
            message,
        }
    }

    pub(in crate::coordinator) fn invalid_request(message: impl Into<String>) -> GroupError {
        GroupError::new(ErrorCode::InvalidRequest, message)
    }

    pub(in crate::coordinator) fn unknown_member(member_id: &str, group_id: &str) -> GroupError {
        GroupError::new(
            ErrorCode::UnknownMemberId,
            format!("Member {member_id} is not a member of group {group_id}."),
        )
    }

    pub(super) fn no_consumer_group(group_id: &str) -> GroupError {
        GroupError::new(
            ErrorCode::GroupIdNotFound,
            format!("Group {group_id} is not a consumer group."),
        )
    }

    pub(in crate::coordinator) fn unknown_group(group_id: &str) -> GroupError {
        GroupError::new(
            ErrorCode::GroupIdNotFound,
            format!("Group {group_id} not found."),
        )
    }

    /// The answer to a heartbeat that does not count.
    pub(in crate::coordinator) fn response(self) -> GroupHeartbeatResponse {
        GroupHeartbeatResponse::error(self.error_code, &self.message)
    }
}
