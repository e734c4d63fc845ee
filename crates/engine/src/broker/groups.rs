use super::Broker;
use crate::controller::brokers::Brokers;
use crate::coordinator::{CoordinatorOutput, RequestToken, StoredGroup, partition_for};
use crate::event::EventKind;
use crate::protocol::{
    ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse, Header, HeartbeatResponse,
    JoinGroupResponse, LeaveGroupResponse, OffsetCommitRequest, OffsetCommitResponse,
    OffsetFetchResponse, Request, Response, SyncGroupResponse, TopicPartition,
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
        if let Some((group, refusal)) = not_coordinator(&request)
            && !group.is_empty()
            && coordinator_of(group, &self.image.brokers) != Some(self.id)
        {
            return self.answer(fabric, from, header, refusal);
        }
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
                let mut response = self.coordinator.describe_groups(&request);
                for group in &mut response.groups {
                    if coordinator_of(&group.group_id, &self.image.brokers) != Some(self.id) {
                        group.error_code = ErrorCode::NotCoordinator;
                    }
                }
                Response::DescribeGroups(response)
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
        let image = &self.image;
        let exists = |partition: &TopicPartition| image.partition(partition).is_some();
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

    /// Takes over a group that another broker coordinated.
    pub(crate) fn load_group(&mut self, fabric: &mut Fabric, stored: StoredGroup) {
        let mut out = Vec::new();
        self.coordinator.load(fabric.now, stored, &mut out);
        self.hand_out(fabric, out);
        self.set_alarm(fabric);
    }

    /// Gives up the groups that another broker coordinates from now on.
    pub(crate) fn unload_groups(
        &mut self,
        fabric: &mut Fabric,
        is_mine: impl Fn(&str) -> bool,
    ) -> Vec<StoredGroup> {
        let groups = self
            .coordinator
            .groups()
            .map(|group| group.name().to_owned());
        let given_up: Vec<String> = groups.filter(|group| !is_mine(group)).collect();
        let mut out = Vec::new();
        let stored = given_up
            .iter()
            .filter_map(|group| self.coordinator.unload(fabric.now, group, &mut out));
        let stored = stored.collect();
        self.hand_out(fabric, out);
        self.set_alarm(fabric);
        stored
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

    /// Tells which broker coordinates a group.
    fn find_coordinator(&self, request: &FindCoordinatorRequest) -> FindCoordinatorResponse {
        let coordinator = coordinator_of(&request.key, &self.image.brokers);
        let (error_code, node_id) = match (request.key.is_empty(), coordinator) {
            (true, _) => (ErrorCode::InvalidGroupId, -1),
            (false, Some(node_id)) => (ErrorCode::None, node_id),
            (false, None) => (ErrorCode::CoordinatorNotAvailable, -1),
        };
        FindCoordinatorResponse {
            error_code,
            node_id,
        }
    }
}

/// The broker that coordinates a group, if any is there. Kafka takes the
/// leader of the group's partition of `__consumer_offsets`; as long as there
/// is no such topic, its partitions count as dealt out to all registered
/// brokers in turn, and led by the next one that lives.
pub(crate) fn coordinator_of(group: &str, brokers: &Brokers) -> Option<i32> {
    let registered: Vec<i32> = brokers.iter().map(|(id, _)| id).collect();
    let partition = partition_for(group, OFFSETS_PARTITIONS) as usize;
    let turns = (0..registered.len()).map(|turn| registered[(partition + turn) % registered.len()]);
    turns.into_iter().find(|id| brokers.is_active(*id))
}

/// `offsets.topic.num.partitions`.
const OFFSETS_PARTITIONS: i32 = 50;

/// The group that a request is about, and the answer of a broker that does not
/// coordinate it.
fn not_coordinator(request: &Request) -> Option<(&str, Response)> {
    let error_code = ErrorCode::NotCoordinator;
    Some(match request {
        Request::JoinGroup(request) => (
            &request.group_id,
            Response::JoinGroup(JoinGroupResponse::error(error_code, &request.member_id)),
        ),
        Request::SyncGroup(request) => (
            &request.group_id,
            Response::SyncGroup(SyncGroupResponse {
                error_code,
                protocol_type: None,
                protocol_name: None,
                assignment: Vec::new().into(),
            }),
        ),
        Request::Heartbeat(request) => (
            &request.group_id,
            Response::Heartbeat(HeartbeatResponse { error_code }),
        ),
        Request::LeaveGroup(request) => (
            &request.group_id,
            Response::LeaveGroup(LeaveGroupResponse {
                error_code,
                members: Vec::new(),
            }),
        ),
        Request::OffsetCommit(request) => {
            let offsets = request.offsets.iter();
            let partitions = offsets.map(|(of, _)| (of.clone(), error_code)).collect();
            let response = Response::OffsetCommit(OffsetCommitResponse { partitions });
            (&request.group_id, response)
        }
        Request::OffsetFetch(request) => (
            &request.group_id,
            Response::OffsetFetch(OffsetFetchResponse {
                error_code,
                partitions: Vec::new(),
            }),
        ),
        _ => return None,
    })
}
