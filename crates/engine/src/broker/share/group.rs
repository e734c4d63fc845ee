//! The requests of share groups' members and of tools: each goes to the shard
//! of its group (`KafkaApis.handleShareGroupHeartbeat`,
//! `handleShareGroupDescribe`).

use std::collections::{BTreeMap, BTreeSet};

use super::super::groups::CLIENT_HOST;
use super::Broker;
use crate::coordinator::consumer_group::TopicMetadata;
use crate::coordinator::share_group::{Topics, unknown_share_group};
use crate::protocol::{
    Header, Response, ShareGroupDescribeRequest, ShareGroupDescribeResponse,
    ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse,
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
        let refuse = |error_code| {
            Response::ShareGroupHeartbeat(ShareGroupHeartbeatResponse {
                error_code,
                error_message: None,
                member_id: None,
                member_epoch: 0,
                heartbeat_interval_ms: 0,
                assignment: None,
            })
        };
        let (now, topics) = (fabric.now, self.topics_for_groups());
        let client_id = header.client_id.clone();
        let group = request.group_id.clone();
        let asked = (from, header, Vec::new());
        self.with_group(fabric, asked, &group, refuse, |shard, token, out| {
            let client = (&*client_id, CLIENT_HOST);
            shard.share_group_heartbeat(now, token, client, &topics, &request, out);
        });
    }

    /// The topics there are, as groups know them.
    fn topics_for_groups(&self) -> Topics {
        let topics = self.image.topics.iter().map(|(name, topic)| {
            let partitions = (0..).zip(&topic.partitions);
            let racks = partitions.filter_map(|(number, partition)| {
                let replicas = partition.replicas.iter();
                let racks = replicas.filter_map(|id| self.image.brokers.get(*id)?.rack.as_deref());
                let racks: BTreeSet<String> = racks.map(str::to_owned).collect();
                (!racks.is_empty()).then_some((number, racks))
            });
            let topic = TopicMetadata {
                id: topic.id,
                num_partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
                partition_racks: racks.collect::<BTreeMap<_, _>>(),
            };
            (name.clone(), topic)
        });
        topics.collect()
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
                Err(error) => unknown_share_group(id, error, error.message().to_owned()),
            });
        ShareGroupDescribeResponse {
            groups: groups.collect(),
        }
    }
}
