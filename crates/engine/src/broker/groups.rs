use super::Broker;
use crate::coordinator::{CoordinatorOutput, RequestToken, partition_for};
use crate::event::EventKind;
use crate::protocol::{
    ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse, Header, OffsetCommitRequest,
    OffsetCommitResponse, Request, Response, TopicPartition,
};
use crate::sim::{Fabric, NodeId};

/// The host every client calls from, as Kafka shows it.
const CLIENT_HOST: &str = "/127.0.0.1";

/// A request that the group coordinator has not answered yet.
#[derive(Clone, Debug, Hash)]
pub(super) struct WaitingRequest {
    from: NodeId,
    header: Header,
}

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
                Response::FindCoordinator(self.find_coordinator(&request))
            }
            Request::OffsetFetch(request) => {
                Response::OffsetFetch(self.coordinator.offset_fetch(&request))
            }
            Request::ListGroups(request) => {
                Response::ListGroups(self.coordinator.list_groups(&request))
            }
            Request::DescribeGroups(request) => {
                Response::DescribeGroups(self.coordinator.describe_groups(&request))
            }
            request => return self.ask_coordinator(fabric, from, header, request),
        };
        self.answer(fabric, from, header, response);
    }

    /// Hands on what the coordinator may answer later.
    fn ask_coordinator(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: Request,
    ) {
        let token = RequestToken(self.next_token);
        self.next_token += 1;
        let client_id = header.client_id.clone();
        self.waiting
            .insert(token.0, WaitingRequest { from, header });
        let (now, out) = (fabric.now, &mut Vec::new());
        let coordinator = &mut self.coordinator;
        match request {
            Request::JoinGroup(request) => {
                coordinator.join_group(now, token, &client_id, CLIENT_HOST, request, out);
            }
            Request::SyncGroup(request) => coordinator.sync_group(now, token, request, out),
            Request::Heartbeat(request) => coordinator.heartbeat(now, token, request, out),
            Request::LeaveGroup(request) => coordinator.leave_group(now, token, request, out),
            Request::OffsetCommit(request) => self.commit(fabric, token, request, out),
            other => unreachable!("{} is not for the coordinator", other.api()),
        }
        let out = std::mem::take(out);
        self.hand_out(fabric, out);
    }

    /// Commits for the partitions there are; the others are refused one by one
    /// (`KafkaApis.handleOffsetCommitRequest`).
    fn commit(
        &mut self,
        fabric: &mut Fabric,
        token: RequestToken,
        mut request: OffsetCommitRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let topics = &self.topics;
        let exists = |partition: &TopicPartition| {
            let topic = topics.get(&partition.topic);
            topic.is_some_and(|topic| (partition.partition as usize) < topic.partitions.len())
        };
        let (known, unknown): (Vec<_>, Vec<_>) = std::mem::take(&mut request.offsets)
            .into_iter()
            .partition(|(partition, _)| exists(partition));
        request.offsets = known;
        let refused = |(partition, _)| (partition, ErrorCode::UnknownTopicOrPartition);
        let mut refused: Vec<_> = unknown.into_iter().map(refused).collect();
        if request.offsets.is_empty() && !refused.is_empty() {
            let partitions = refused;
            let response = Response::OffsetCommit(OffsetCommitResponse { partitions });
            out.push(CoordinatorOutput::Respond { token, response });
            return;
        }
        self.coordinator
            .offset_commit(fabric.now, token, request, out);
        for output in out {
            if let CoordinatorOutput::Respond {
                response: Response::OffsetCommit(response),
                ..
            } = output
            {
                response.partitions.append(&mut refused);
            }
        }
    }

    pub(super) fn expire_group_timers(&mut self, fabric: &mut Fabric) {
        let mut out = Vec::new();
        self.coordinator.expire(fabric.now, &mut out);
        self.hand_out(fabric, out);
    }

    /// Sends the coordinator's answers and tells its events.
    pub(super) fn hand_out(&mut self, fabric: &mut Fabric, out: Vec<CoordinatorOutput>) {
        for output in out {
            match output {
                CoordinatorOutput::Respond { token, response } => {
                    if let Some(waiting) = self.waiting.remove(&token.0) {
                        self.answer(fabric, waiting.from, waiting.header, response);
                    }
                }
                CoordinatorOutput::Event(event) => fabric.emit(EventKind::Group(event)),
            }
        }
    }

    /// With one broker it coordinates every group.
    fn find_coordinator(&self, request: &FindCoordinatorRequest) -> FindCoordinatorResponse {
        let (error_code, node_id) = match request.key.is_empty() {
            true => (ErrorCode::InvalidGroupId, -1),
            false => (ErrorCode::None, self.coordinator_of(&request.key)),
        };
        FindCoordinatorResponse {
            error_code,
            node_id,
        }
    }

    /// The broker that coordinates a group. Kafka takes the leader of the
    /// group's partition of `__consumer_offsets`; as long as there is no such
    /// topic, its partitions count as dealt out to the brokers in turn.
    fn coordinator_of(&self, group: &str) -> i32 {
        let partition = partition_for(group, OFFSETS_PARTITIONS);
        self.brokers[partition as usize % self.brokers.len()]
    }
}

/// `offsets.topic.num.partitions`.
const OFFSETS_PARTITIONS: i32 = 50;
