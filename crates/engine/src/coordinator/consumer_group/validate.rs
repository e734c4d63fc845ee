//! What a heartbeat must be like to be looked at
//! (`GroupMetadataManager.throwIfConsumerGroupHeartbeatRequestIsInvalid`).

use super::config::ConsumerGroupConfig;
use super::error::GroupError;
use crate::assignor::server::ServerAssignor;
use crate::hash_order::{hash_of_text, in_hash_order};
use crate::protocol::{
    ConsumerGroupHeartbeatRequest, ErrorCode, JOIN_GROUP_MEMBER_EPOCH, LEAVE_GROUP_MEMBER_EPOCH,
    LEAVE_GROUP_STATIC_MEMBER_EPOCH,
};

type Request = ConsumerGroupHeartbeatRequest;

/// # Errors
///
/// `INVALID_REQUEST` or `UNSUPPORTED_ASSIGNOR`.
pub(super) fn heartbeat(request: &Request, config: &ConsumerGroupConfig) -> Result<(), GroupError> {
    refuse_empty(Some(&request.group_id), "GroupId can't be empty.")?;
    refuse_empty(request.instance_id.as_deref(), "InstanceId can't be empty.")?;
    refuse_empty(request.rack_id.as_deref(), "RackId can't be empty.")?;
    match request.member_epoch {
        1.. | LEAVE_GROUP_MEMBER_EPOCH => has_member_id(request)?,
        JOIN_GROUP_MEMBER_EPOCH => join(request)?,
        LEAVE_GROUP_STATIC_MEMBER_EPOCH => {
            has_member_id(request)?;
            if request.instance_id.is_none() {
                return Err(GroupError::invalid_request("InstanceId can't be null."));
            }
        }
        _ => return Err(GroupError::invalid_request("MemberEpoch is invalid.")),
    }
    match &request.server_assignor {
        Some(name) => supports(config, name),
        None => Ok(()),
    }
}

/// The first heartbeat tells everything.
fn join(request: &Request) -> Result<(), GroupError> {
    let refuse = |message| Err(GroupError::invalid_request(message));
    if request.rebalance_timeout_ms == -1 {
        return refuse("RebalanceTimeoutMs must be provided in first request.");
    }
    if request
        .topic_partitions
        .as_ref()
        .is_none_or(|it| !it.is_empty())
    {
        return refuse("TopicPartitions must be empty when (re-)joining.");
    }
    let topics = request.subscribed_topic_names.as_ref();
    if topics.is_none_or(Vec::is_empty) {
        return refuse("SubscribedTopicNames must be set in first request.");
    }
    Ok(())
}

fn has_member_id(request: &Request) -> Result<(), GroupError> {
    refuse_empty(Some(&request.member_id), "MemberId can't be empty.")
}

/// Blanks alone are nothing, too.
fn refuse_empty(text: Option<&str>, message: &str) -> Result<(), GroupError> {
    match text {
        Some(text) if text.trim().is_empty() => Err(GroupError::invalid_request(message)),
        _ => Ok(()),
    }
}

fn supports(config: &ConsumerGroupConfig, name: &str) -> Result<(), GroupError> {
    let names = config.assignors.iter().map(|assignor| assignor.name());
    let names: Vec<&str> = names.collect();
    if ServerAssignor::by_name(name).is_some() && names.contains(&name) {
        return Ok(());
    }
    let supported = in_hash_order(names, |name| hash_of_text(name)).join(", ");
    Err(GroupError::new(
        ErrorCode::UnsupportedAssignor,
        format!("ServerAssignor {name} is not supported. Supported assignors: {supported}."),
    ))
}
