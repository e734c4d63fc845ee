//! The share coordinator's requests: each goes to the shard of its
//! share-partition (`ShareCoordinatorService`).

use super::Broker;
use crate::coordinator::RequestToken;
use crate::coordinator::runtime::Output;
use crate::coordinator::share_state::{self, ShareCoordinator, SharePartitionKey};
use crate::protocol::{
    CoordinatorType, ErrorCode, Header, ReadShareGroupStateResponse,
    ReadShareGroupStateSummaryResponse, Request, Response, ShareGroupStateResults,
    SharePartitionStateRead, TopicIdPartition,
};
use crate::sim::{Fabric, NodeId};

type Outputs = Vec<Output<ShareCoordinator>>;
type Act = Box<dyn FnOnce(&mut ShareCoordinator, RequestToken, &mut Outputs)>;

impl Broker {
    /// Handles the requests of brokers that lead what share groups read.
    pub(in crate::broker) fn coordinate_share_state(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: Request,
    ) {
        let (acts, empty) = acts_of(request);
        if acts.is_empty() {
            return self.answer(fabric, from, header, empty);
        }
        let token = self.wait_for_coordinator(from, header, Vec::new(), acts.len());
        for (key, act) in acts {
            let partition = self.coordinating_partition(CoordinatorType::Share, &key.to_string());
            let is_known = self.named(key.of()).is_some();
            let acted = match partition {
                None => Err(ErrorCode::NotCoordinator),
                Some(_) if !is_known => Err(ErrorCode::UnknownTopicOrPartition),
                Some(partition) => {
                    let act = |shard: &mut ShareCoordinator, out: &mut Outputs| {
                        act(shard, token, out);
                    };
                    self.act_as(fabric, partition, act)
                }
            };
            if let Err(error) = acted {
                let response = refused(&empty, key.of(), error);
                self.answer_waiting(fabric, token, response);
            }
        }
    }
}

/// What the shard of one share-partition is to do.
fn part(
    group: &str,
    of: TopicIdPartition,
    act: impl FnOnce(&mut ShareCoordinator, RequestToken, &SharePartitionKey, &mut Outputs) + 'static,
) -> (SharePartitionKey, Act) {
    let key = SharePartitionKey::new(group, of);
    let of_act = key.clone();
    let act: Act = Box::new(move |shard, token, out| act(shard, token, &of_act, out));
    (key, act)
}

/// What each share-partition's shard is to do, and the answer when there is
/// nothing to do.
fn acts_of(request: Request) -> (Vec<(SharePartitionKey, Act)>, Response) {
    let none = ShareGroupStateResults {
        results: Vec::new(),
    };
    match request {
        Request::ReadShareGroupState(request) => {
            let parts = request.partitions.into_iter().map(|(of, leader_epoch)| {
                part(&request.group_id, of, move |shard, token, key, out| {
                    shard.read_state(token, key, leader_epoch, out);
                })
            });
            let results = Vec::new();
            let empty = Response::ReadShareGroupState(ReadShareGroupStateResponse { results });
            (parts.collect(), empty)
        }
        Request::WriteShareGroupState(request) => {
            let parts = request.partitions.into_iter().map(|(of, write)| {
                part(&request.group_id, of, move |shard, token, key, out| {
                    shard.write_state(token, key, &write, out);
                })
            });
            (parts.collect(), Response::WriteShareGroupState(none))
        }
        Request::InitializeShareGroupState(request) => {
            let parts = request.partitions.into_iter().map(|(of, epoch, start)| {
                part(&request.group_id, of, move |shard, token, key, out| {
                    shard.initialize_state(token, key, (epoch, start), out);
                })
            });
            (parts.collect(), Response::InitializeShareGroupState(none))
        }
        Request::DeleteShareGroupState(request) => {
            let parts = request.partitions.into_iter().map(|of| {
                part(&request.group_id, of, |shard, token, key, out| {
                    shard.delete_state(token, key, out);
                })
            });
            (parts.collect(), Response::DeleteShareGroupState(none))
        }
        Request::ReadShareGroupStateSummary(request) => {
            let parts = request.partitions.into_iter().map(|of| {
                part(&request.group_id, of, |shard, token, key, out| {
                    let response = Response::ReadShareGroupStateSummary(shard.read_summary(key));
                    out.push(Output::Respond { token, response });
                })
            });
            let results = Vec::new();
            let empty = ReadShareGroupStateSummaryResponse { results };
            (parts.collect(), Response::ReadShareGroupStateSummary(empty))
        }
        other => unreachable!("{} is not for the share coordinator", other.api()),
    }
}

/// The answer, of this form, when a share-partition is refused.
fn refused(form: &Response, of: TopicIdPartition, error: ErrorCode) -> Response {
    let mut response = form.clone();
    match &mut response {
        Response::ReadShareGroupState(response) => {
            let read = SharePartitionStateRead {
                error_code: error,
                state_epoch: 0,
                start_offset: 0,
                state_batches: Vec::new(),
            };
            response.results.push((of, read));
        }
        Response::ReadShareGroupStateSummary(response) => {
            response.results.push((of, error, 0, 0));
        }
        Response::WriteShareGroupState(response)
        | Response::InitializeShareGroupState(response)
        | Response::DeleteShareGroupState(response) => response.results.push((of, error)),
        _ => response = share_state::with_error(response, error),
    }
    response
}

/// Puts the results of earlier answers to the same request before these.
pub(in crate::broker) fn merge(earlier: Option<Response>, response: &mut Response) {
    match (earlier, response) {
        (Some(Response::ReadShareGroupState(earlier)), Response::ReadShareGroupState(now)) => {
            now.results.splice(0..0, earlier.results);
        }
        (
            Some(Response::ReadShareGroupStateSummary(earlier)),
            Response::ReadShareGroupStateSummary(now),
        ) => {
            now.results.splice(0..0, earlier.results);
        }
        (
            Some(
                Response::WriteShareGroupState(earlier)
                | Response::InitializeShareGroupState(earlier)
                | Response::DeleteShareGroupState(earlier),
            ),
            Response::WriteShareGroupState(now)
            | Response::InitializeShareGroupState(now)
            | Response::DeleteShareGroupState(now),
        ) => {
            now.results.splice(0..0, earlier.results);
        }
        _ => {}
    }
}
