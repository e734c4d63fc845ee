//! The requests of groups (`kafka.server.KafkaApis`,
//! `GroupCoordinatorService`): each goes to the shard of its group.

use crate::collections::BTreeMap;

use super::Broker;
use crate::coordinator::runtime::{CoordinatorState, Output};
use crate::coordinator::{GroupCoordinator, RequestToken};
use crate::protocol::{
    CoordinatorType, DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest,
    DescribeGroupsResponse, DescribedGroup, ErrorCode, Header, HeartbeatResponse,
    JoinGroupResponse, LeaveGroupResponse, ListGroupsRequest, ListGroupsResponse,
    OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse,
    OffsetFetchRequest, OffsetFetchResponse, Request, Response, SyncGroupResponse, TopicName,
    TopicPartition,
};
use crate::sim::{Fabric, NodeId};
use crate::sorting::sort_by;

/// The host every client calls from, as Kafka shows it.
pub(super) const CLIENT_HOST: &str = "/127.0.0.1";

type Outputs = Vec<Output<GroupCoordinator>>;

/// Makes the answer to a request that is refused.
type Refusal = Box<dyn FnOnce(ErrorCode) -> Response>;

impl Broker {
    /// Handles the requests of groups.
    pub(super) fn coordinate(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: Request,
    ) {
        let response = match request {
            Request::FindCoordinator(request) => {
                Response::FindCoordinator(self.find_coordinator(fabric, &request))
            }
            Request::OffsetFetch(request) if request.require_stable => {
                return self.stable_offset_fetch(fabric, from, header, &request);
            }
            Request::OffsetFetch(request) => Response::OffsetFetch(self.offset_fetch(&request)),
            Request::ListGroups(request) => Response::ListGroups(self.list_groups(&request)),
            Request::DescribeGroups(request) => {
                Response::DescribeGroups(self.describe_groups(&request))
            }
            Request::ConsumerGroupDescribe(request) => {
                Response::ConsumerGroupDescribe(self.describe_consumer_groups(&request))
            }
            Request::ConsumerGroupHeartbeat(request) => {
                return self.consumer_group_heartbeat(fabric, from, header, request);
            }
            Request::OffsetCommit(request) => {
                return self.offset_commit(fabric, from, header, request);
            }
            Request::OffsetDelete(request) => {
                return self.offset_delete(fabric, from, header, request);
            }
            Request::DeleteGroups(request) => {
                return self.delete_groups(fabric, from, header, &request);
            }
            request => return self.ask_group(fabric, from, header, request),
        };
        self.answer(fabric, from, header, response);
    }

    /// Hands on what a group may answer later.
    fn ask_group(&mut self, fabric: &mut Fabric, from: NodeId, header: Header, request: Request) {
        let client_id = header.client_id.clone();
        let Some((group, refuse)) = refusal(&request) else {
            unreachable!("{} is not for the coordinator", request.api());
        };
        let group = group.to_owned();
        let now = fabric.now;
        let asked = (from, header, Vec::new());
        self.with_group(
            fabric,
            asked,
            &group,
            refuse,
            |shard, token, out| match request {
                Request::JoinGroup(request) => {
                    shard.join_group(now, token, &client_id, CLIENT_HOST, request, out);
                }
                Request::SyncGroup(request) => shard.sync_group(now, token, request, out),
                Request::Heartbeat(request) => shard.heartbeat(now, token, request, out),
                Request::LeaveGroup(request) => shard.leave_group(now, token, request, out),
                other => unreachable!("{} is not for the coordinator", other.api()),
            },
        );
    }

    /// Lets the shard of a group act; what it answers goes back. Without a
    /// shard that serves, the request is refused.
    pub(super) fn with_group(
        &mut self,
        fabric: &mut Fabric,
        (from, header, refused): (NodeId, Header, Vec<(TopicPartition, ErrorCode)>),
        group: &str,
        refuse: impl FnOnce(ErrorCode) -> Response,
        act: impl FnOnce(&mut GroupCoordinator, RequestToken, &mut Outputs),
    ) {
        if group.is_empty() {
            let response = refuse(ErrorCode::InvalidGroupId);
            return self.answer(fabric, from, header, response);
        }
        let token = self.wait_for_coordinator(from, header, refused, 1);
        let acted = match self.coordinating_partition(CoordinatorType::Group, group) {
            None => Err(ErrorCode::NotCoordinator),
            Some(partition) => {
                let act = |shard: &mut GroupCoordinator, out: &mut Outputs| act(shard, token, out);
                self.act_as(fabric, partition, act)
            }
        };
        if let Err(error) = acted {
            self.answer_waiting(fabric, token, refuse(error));
        }
    }

    /// The shard of a group, to read.
    pub(super) fn group_shard(&self, group: &str) -> Result<&GroupCoordinator, ErrorCode> {
        let partition = self.coordinating_partition(CoordinatorType::Group, group);
        self.groups
            .shard(partition.ok_or(ErrorCode::NotCoordinator)?)
    }

    /// Commits for the partitions there are; the others are refused one by one
    /// (`KafkaApis.handleOffsetCommitRequest`).
    fn offset_commit(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        mut request: OffsetCommitRequest,
    ) {
        let image = &self.image;
        let exists = |partition: &TopicPartition| image.partition(partition).is_some();
        let (known, unknown): (Vec<_>, Vec<_>) = std::mem::take(&mut request.offsets)
            .into_iter()
            .partition(|(partition, _)| exists(partition));
        request.offsets = known;
        let unknown = unknown.into_iter().map(|(partition, _)| partition);
        let unknown = all_with(unknown, ErrorCode::UnknownTopicOrPartition);
        if request.offsets.is_empty() && !unknown.is_empty() {
            let partitions = unknown;
            let response = Response::OffsetCommit(OffsetCommitResponse { partitions });
            return self.answer(fabric, from, header, response);
        }
        let group = request.group_id.clone();
        let asked: Vec<_> = request.offsets.iter().map(|(of, _)| of.clone()).collect();
        let refuse = |error| {
            let partitions = all_with(asked.into_iter(), error);
            Response::OffsetCommit(OffsetCommitResponse { partitions })
        };
        let now = fabric.now;
        let asked = (from, header, unknown);
        self.with_group(fabric, asked, &group, refuse, |shard, token, out| {
            shard.offset_commit(now, token, request, out);
        });
    }

    /// Forgets offsets of the partitions there are
    /// (`KafkaApis.handleOffsetDeleteRequest`).
    fn offset_delete(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        mut request: OffsetDeleteRequest,
    ) {
        let image = &self.image;
        let partitions = std::mem::take(&mut request.partitions);
        let (known, unknown): (Vec<_>, Vec<_>) = partitions
            .into_iter()
            .partition(|partition| image.partition(partition).is_some());
        request.partitions = known;
        let unknown = all_with(unknown.into_iter(), ErrorCode::UnknownTopicOrPartition);
        let group = request.group_id.clone();
        let refuse = |error_code| {
            Response::OffsetDelete(OffsetDeleteResponse {
                error_code,
                partitions: Vec::new(),
            })
        };
        let now = fabric.now;
        let asked = (from, header, unknown);
        self.with_group(fabric, asked, &group, refuse, |shard, token, out| {
            shard.offset_delete(now, token, &request, out);
        });
    }

    /// Deletes groups, each by its shard; the answer goes back when all have
    /// answered.
    fn delete_groups(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: &DeleteGroupsRequest,
    ) {
        let mut by_partition: BTreeMap<Option<i32>, Vec<String>> = BTreeMap::new();
        for name in &request.groups_names {
            let partition = self.coordinating_partition(CoordinatorType::Group, name);
            let names = by_partition.entry(partition).or_default();
            names.push(name.clone());
        }
        let shards = by_partition.len();
        if shards == 0 {
            let results = Vec::new();
            let response = Response::DeleteGroups(DeleteGroupsResponse { results });
            return self.answer(fabric, from, header, response);
        }
        let token = self.wait_for_coordinator(from, header, Vec::new(), shards);
        let now = fabric.now;
        for (partition, names) in by_partition {
            let delete = |shard: &mut GroupCoordinator, out: &mut Outputs| {
                shard.delete_groups(now, token, &names, out);
            };
            let acted = match partition {
                None => Err(ErrorCode::NotCoordinator),
                Some(partition) => self.act_as(fabric, partition, delete),
            };
            if let Err(error) = acted {
                let results = names.iter().map(|name| (name.clone(), error)).collect();
                let response = Response::DeleteGroups(DeleteGroupsResponse { results });
                self.answer_waiting(fabric, token, response);
            }
        }
    }

    fn stable_offset_fetch(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: &OffsetFetchRequest,
    ) {
        let now = fabric.now;
        let asked = (from, header, Vec::new());
        self.with_group(
            fabric,
            asked,
            &request.group_id,
            |error| Response::OffsetFetch(refused_offset_fetch(error)),
            |shard, token, out| shard.stable_offset_fetch(now, token, request, out),
        );
    }

    fn offset_fetch(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        match self.group_shard(&request.group_id) {
            Ok(shard) => shard.offset_fetch(request),
            Err(error) => refused_offset_fetch(error),
        }
    }

    /// All groups that the broker coordinates, unless it loads some.
    fn list_groups(&self, request: &ListGroupsRequest) -> ListGroupsResponse {
        let is_loading = |(_, state)| state != CoordinatorState::Active;
        let error_code = match self.groups.partitions().any(is_loading) {
            true => ErrorCode::CoordinatorLoadInProgress,
            false => ErrorCode::None,
        };
        let shards = self.groups.active();
        let mut groups: Vec<_> = match error_code {
            ErrorCode::None => shards
                .flat_map(|(_, _, shard)| shard.list_groups(request))
                .collect(),
            _ => Vec::new(),
        };
        sort_by(&mut groups, |one, other| one.group_id.cmp(&other.group_id));
        ListGroupsResponse { error_code, groups }
    }

    fn describe_groups(&self, request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
        let describe = |group: &String| match self.group_shard(group) {
            Ok(shard) => {
                let request = DescribeGroupsRequest {
                    groups: vec![group.clone()],
                };
                shard.describe_groups(&request).groups
            }
            Err(error_code) => vec![DescribedGroup {
                error_code,
                group_id: group.clone(),
                group_state: String::new(),
                protocol_type: String::new(),
                protocol_data: String::new(),
                members: Vec::new(),
            }],
        };
        DescribeGroupsResponse {
            groups: request.groups.iter().flat_map(describe).collect(),
        }
    }

    /// Topics are gone: so are the offsets that groups have of them
    /// (`GroupCoordinatorService.onPartitionsDeleted`).
    pub(super) fn forget_offsets_of(&mut self, fabric: &mut Fabric, topic: &TopicName) {
        let now = fabric.now;
        let shards: Vec<i32> = self.groups.active().map(|(of, _, _)| of).collect();
        for partition in shards {
            let forget = |shard: &mut GroupCoordinator, out: &mut Outputs| {
                shard.delete_offsets(now, |of| of.topic == *topic, out);
            };
            // Each of them serves, or did a moment ago.
            let _ = self.act_as(fabric, partition, forget);
        }
    }
}

/// The same error for all of these.
fn all_with(
    partitions: impl Iterator<Item = TopicPartition>,
    error: ErrorCode,
) -> Vec<(TopicPartition, ErrorCode)> {
    partitions.map(|partition| (partition, error)).collect()
}

fn refused_offset_fetch(error_code: ErrorCode) -> OffsetFetchResponse {
    OffsetFetchResponse {
        error_code,
        partitions: Vec::new(),
        unstable: Vec::new(),
    }
}

/// The group that a request is about, and how it is refused.
fn refusal(request: &Request) -> Option<(&str, Refusal)> {
    Some(match request {
        Request::JoinGroup(request) => {
            let member_id = request.member_id.clone();
            let refuse = |error| Response::JoinGroup(JoinGroupResponse::error(error, member_id));
            (&request.group_id, Box::new(refuse))
        }
        Request::SyncGroup(request) => {
            let refuse = |error_code| {
                Response::SyncGroup(SyncGroupResponse {
                    error_code,
                    protocol_type: None,
                    protocol_name: None,
                    assignment: Vec::new().into(),
                })
            };
            (&request.group_id, Box::new(refuse))
        }
        Request::Heartbeat(request) => {
            // While the group is loading its members are taken to live.
            let refuse = |error_code| {
                let error_code = match error_code {
                    ErrorCode::CoordinatorLoadInProgress => ErrorCode::None,
                    error_code => error_code,
                };
                Response::Heartbeat(HeartbeatResponse { error_code })
            };
            (&request.group_id, Box::new(refuse))
        }
        Request::LeaveGroup(request) => {
            let refuse = |error_code| {
                Response::LeaveGroup(LeaveGroupResponse {
                    error_code,
                    members: Vec::new(),
                })
            };
            (&request.group_id, Box::new(refuse))
        }
        _ => return None,
    })
}
