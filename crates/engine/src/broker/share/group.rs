//! The requests of share groups' members and of tools: each goes to the shard
//! of its group (`KafkaApis.handleShareGroupHeartbeat`,
//! `handleShareGroupDescribe`).

use super::super::groups::CLIENT_HOST;
use super::Broker;
use crate::protocol::{
    DescribedShareGroup, ErrorCode, Header, Response, ShareGroupDescribeRequest,
    ShareGroupDescribeResponse, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse,
};
use crate::sim::{Fabric, NodeId};

impl Broker {
    /// Hands a heartbeat to the shard of its group.
    pub(in crate::broker) fn share_group_heartbeat(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ShareGroupHeartbeatRequest,
    ) {
        let refuse = |error: ErrorCode| {
            let response = ShareGroupHeartbeatResponse::error(error, error.message());
            Response::ShareGroupHeartbeat(response)
        };
        let (now, topics) = (fabric.now, self.topics_image());
        let client_id = header.client_id.clone();
        let group = request.group_id.clone();
        let asked = (from, header, Vec::new());
        self.with_group(fabric, asked, &group, refuse, |shard, token, out| {
            let client = (&*client_id, CLIENT_HOST);
            shard.share_group_heartbeat(now, token, client, &topics, &request, out);
        });
    }

    /// Describes groups, each by its shard.
    pub(in crate::broker) fn describe_share_groups(
        &self,
        request: &ShareGroupDescribeRequest,
    ) -> ShareGroupDescribeResponse {
        let groups = request
            .group_ids
            .iter()
            .map(|id| match self.group_shard(id) {
                Ok(shard) => shard.describe_share_group(id),
                Err(error) => DescribedShareGroup::error(id, error, error.message()),
            });
        ShareGroupDescribeResponse {
            groups: groups.collect(),
        }
    }
}
