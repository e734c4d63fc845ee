use std::collections::{BTreeMap, BTreeSet};

use super::{ClientTimer, Connection};
use crate::command::Refusal;
use crate::event::EventKind;
use crate::protocol::{FindCoordinatorRequest, FindCoordinatorResponse, Request, Response};
use crate::sim::Fabric;

/// A client that makes, changes, lists and describes things
/// (`org.apache.kafka.clients.admin.KafkaAdminClient`).
///
/// A call goes to the broker it concerns: a group's to its coordinator, one
/// about records to the leader of the first partition, any other to a broker
/// that the metadata names, which it fetches first.
#[derive(Clone, Debug, Hash)]
pub struct Admin {
    /// Its name and its view of the cluster.
    pub connection: Connection,
    /// Calls that wait for metadata.
    waiting: Vec<Request>,
    /// Calls that wait for their group's coordinator, by correlation id.
    finding: BTreeMap<i32, Request>,
    /// Calls that wait for their answer.
    in_flight: BTreeSet<i32>,
    closing: bool,
}

impl Admin {
    pub(crate) fn new(connection: Connection) -> Admin {
        Admin {
            connection,
            waiting: Vec::new(),
            finding: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            closing: false,
        }
    }

    /// Refuses what no admin client sends.
    pub(crate) fn check(request: &Request) -> Result<(), Refusal> {
        match request {
            Request::Metadata(_)
            | Request::CreateTopics(_)
            | Request::DeleteTopics(_)
            | Request::CreatePartitions(_)
            | Request::DeleteRecords(_)
            | Request::ElectLeaders(_)
            | Request::AlterPartitionReassignments(_)
            | Request::ListPartitionReassignments(_)
            | Request::ListGroups(_)
            | Request::DescribeGroups(_)
            | Request::OffsetFetch(_) => Ok(()),
            other => Err(Refusal::NotAnAdminCall(other.api())),
        }
    }

    pub(crate) fn call(&mut self, fabric: &mut Fabric, request: Request) {
        if self.connection.metadata.updated_at().is_some() {
            self.route(fabric, request);
        } else {
            self.waiting.push(request);
            self.connection.update_metadata(fabric);
        }
    }

    pub(crate) fn on_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: Response,
    ) {
        if self.in_flight.remove(&correlation_id) {
            fabric.emit(EventKind::AdminAnswered {
                admin: self.connection.number,
                response,
            });
            return;
        }
        match response {
            Response::Metadata(response) => {
                self.connection
                    .on_metadata(fabric, correlation_id, response);
                for request in std::mem::take(&mut self.waiting) {
                    self.route(fabric, request);
                }
            }
            Response::FindCoordinator(response) => {
                if let Some(request) = self.finding.remove(&correlation_id) {
                    self.on_coordinator(fabric, response, request);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        match timer {
            ClientTimer::MetadataRetry => self.connection.on_metadata_retry(fabric),
            ClientTimer::MetadataExpiry => self.connection.on_metadata_expiry(fabric),
            _ => {}
        }
    }

    pub(crate) fn close(&mut self) {
        self.closing = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closing
    }

    fn route(&mut self, fabric: &mut Fabric, request: Request) {
        let metadata = &self.connection.metadata;
        let leader = match &request {
            Request::DeleteRecords(request) => request
                .partitions
                .first()
                .and_then(|(partition, _)| metadata.leader(&partition.topic, partition.partition)),
            _ => None,
        };
        let broker = leader.unwrap_or_else(|| metadata.any_broker());
        let group = match &request {
            Request::OffsetFetch(request) => Some(request.group_id.clone()),
            Request::DescribeGroups(request) => request.groups.first().cloned(),
            _ => None,
        };
        let Some(key) = group else {
            return self.dispatch(fabric, broker, request);
        };
        let find = Request::FindCoordinator(FindCoordinatorRequest { key });
        let correlation_id = self.connection.send(fabric, broker, find);
        self.finding.insert(correlation_id, request);
    }

    fn on_coordinator(
        &mut self,
        fabric: &mut Fabric,
        found: FindCoordinatorResponse,
        request: Request,
    ) {
        if found.error_code.is_none() {
            self.dispatch(fabric, found.node_id, request);
        } else {
            fabric.emit(EventKind::AdminAnswered {
                admin: self.connection.number,
                response: Response::FindCoordinator(found),
            });
        }
    }

    fn dispatch(&mut self, fabric: &mut Fabric, broker: i32, request: Request) {
        let correlation_id = self.connection.send(fabric, broker, request);
        self.in_flight.insert(correlation_id);
    }
}
