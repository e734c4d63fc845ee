//! What clients ask of the cluster, passed on by brokers.

use super::ControllerNode;
use crate::controller::{ApiError, MetadataRecord};
use crate::protocol::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse, ElectLeadersRequest, ElectLeadersResponse,
    EnvelopeResponse, ErrorCode, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, OngoingReassignment,
    PartitionResult, Request, Response, TopicPartition,
};

impl ControllerNode {
    pub(super) fn administer(&mut self, request: Request) -> (Response, Vec<MetadataRecord>) {
        let mut records = Vec::new();
        let response = match request {
            Request::CreateTopics(request) => self.create_topics(request, &mut records),
            Request::DeleteTopics(request) => self.delete_topics(&request, &mut records),
            Request::CreatePartitions(request) => self.create_partitions(&request, &mut records),
            Request::IncrementalAlterConfigs(request) => self.alter_configs(&request, &mut records),
            Request::ElectLeaders(request) => self.elect_leaders(request, &mut records),
            Request::AlterPartitionReassignments(request) => self.reassign(request, &mut records),
            Request::ListPartitionReassignments(request) => self.list_reassignments(&request),
            other => unreachable!("{} is not passed on to the controller", other.api()),
        };
        let response = Response::Envelope(EnvelopeResponse {
            error_code: ErrorCode::None,
            response: Some(Box::new(response)),
        });
        (response, records)
    }

    fn create_topics(
        &mut self,
        request: CreateTopicsRequest,
        records: &mut Vec<MetadataRecord>,
    ) -> Response {
        let topics = request.topics.into_iter().map(|topic| {
            let (result, record) = self.controller.create_topic(topic);
            records.extend(record);
            result
        });
        Response::CreateTopics(CreateTopicsResponse {
            topics: topics.collect(),
        })
    }

    fn delete_topics(
        &mut self,
        request: &DeleteTopicsRequest,
        records: &mut Vec<MetadataRecord>,
    ) -> Response {
        let responses = request.topics.iter().map(|name| {
            let (result, record) = self.controller.delete_topic(name);
            records.extend(record);
            result
        });
        Response::DeleteTopics(DeleteTopicsResponse {
            responses: responses.collect(),
        })
    }

    fn create_partitions(
        &mut self,
        request: &CreatePartitionsRequest,
        records: &mut Vec<MetadataRecord>,
    ) -> Response {
        let results = request.topics.iter().map(|topic| {
            let (result, record) = self.controller.create_partitions(topic);
            records.extend(record);
            result
        });
        Response::CreatePartitions(CreatePartitionsResponse {
            results: results.collect(),
        })
    }

    fn alter_configs(
        &mut self,
        request: &IncrementalAlterConfigsRequest,
        records: &mut Vec<MetadataRecord>,
    ) -> Response {
        let responses = request.resources.iter().map(|resource| {
            let validate_only = request.validate_only;
            let (result, changes) = self.controller.alter_configs(resource, validate_only);
            records.extend(changes);
            result
        });
        Response::IncrementalAlterConfigs(IncrementalAlterConfigsResponse {
            responses: responses.collect(),
        })
    }

    /// Of all partitions, those that need no election are not told.
    fn elect_leaders(
        &mut self,
        request: ElectLeadersRequest,
        records: &mut Vec<MetadataRecord>,
    ) -> Response {
        let are_all = request.partitions.is_none();
        let partitions = request.partitions.unwrap_or_else(|| {
            let all = self.controller.image().partitions();
            all.map(|(partition, _)| partition).collect()
        });
        let mut results = Vec::new();
        for partition in partitions {
            let elected = self
                .controller
                .elect_leader(&partition, request.election_type);
            match elected {
                Err((ErrorCode::ElectionNotNeeded, _)) if are_all => {}
                elected => {
                    let elected = elected.map(|record| records.push(record));
                    results.push(partition_result(partition, elected));
                }
            }
        }
        Response::ElectLeaders(ElectLeadersResponse { results })
    }

    fn reassign(
        &mut self,
        request: AlterPartitionReassignmentsRequest,
        records: &mut Vec<MetadataRecord>,
    ) -> Response {
        let results = request.partitions.into_iter().map(|(partition, target)| {
            let altered = self
                .controller
                .alter_reassignment(&partition, target.as_deref());
            let altered = altered.map(|record| records.extend(record));
            partition_result(partition, altered)
        });
        Response::AlterPartitionReassignments(AlterPartitionReassignmentsResponse {
            results: results.collect(),
        })
    }

    fn list_reassignments(&self, request: &ListPartitionReassignmentsRequest) -> Response {
        let is_wanted = |partition: &TopicPartition| match &request.partitions {
            Some(wanted) => wanted.contains(partition),
            None => true,
        };
        let partitions = self.controller.image().partitions();
        let ongoing = partitions
            .filter(|(partition, now)| now.is_reassigning() && is_wanted(partition))
            .map(|(partition, now)| {
                let ongoing = OngoingReassignment {
                    replicas: now.replicas.clone(),
                    adding_replicas: now.adding.clone(),
                    removing_replicas: now.removing.clone(),
                };
                (partition, ongoing)
            });
        Response::ListPartitionReassignments(ListPartitionReassignmentsResponse {
            partitions: ongoing.collect(),
        })
    }
}

fn partition_result(partition: TopicPartition, result: Result<(), ApiError>) -> PartitionResult {
    let (error_code, error_message) = match result {
        Ok(()) => (ErrorCode::None, None),
        Err((error_code, message)) => (error_code, Some(message)),
    };
    PartitionResult {
        partition,
        error_code,
        error_message,
    }
}
