//! How a call is divided among brokers, and its answers put together again.

use std::collections::BTreeMap;

use crate::protocol::{
    ConsumerGroupDescribeRequest, DeleteGroupsRequest, DeleteRecordsRequest, DescribeGroupsRequest,
    ErrorCode, ListOffsetsRequest, Request, Response, TopicPartition,
};

/// A part of a call: what one broker answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// All of it, by any broker.
    Whole,
    /// All of it, by every broker there is.
    Brokers,
    /// All of it, by this broker.
    Broker(i32),
    /// What it asks of this partition, by its leader. The number is the offset
    /// before which to delete, or the timestamp to look for.
    Records(TopicPartition, i64),
    /// What it asks of this group, by its coordinator.
    Group(String),
}

/// The parts of a call.
pub(super) fn of(request: &Request) -> Vec<Part> {
    let records = |partitions: &[(TopicPartition, i64)]| -> Vec<Part> {
        let partitions = partitions.iter();
        partitions
            .map(|(of, number)| Part::Records(of.clone(), *number))
            .collect()
    };
    match request {
        Request::DeleteRecords(request) if !request.partitions.is_empty() => {
            records(&request.partitions)
        }
        Request::ListOffsets(request) if !request.partitions.is_empty() => {
            records(&request.partitions)
        }
        Request::DescribeGroups(request) if !request.groups.is_empty() => {
            let groups = request.groups.iter().cloned();
            groups.map(Part::Group).collect()
        }
        Request::ConsumerGroupDescribe(request) if !request.group_ids.is_empty() => {
            let groups = request.group_ids.iter().cloned();
            groups.map(Part::Group).collect()
        }
        Request::DeleteGroups(request) if !request.groups_names.is_empty() => {
            let groups = request.groups_names.iter().cloned();
            groups.map(Part::Group).collect()
        }
        Request::OffsetFetch(request) => vec![Part::Group(request.group_id.clone())],
        Request::OffsetDelete(request) => vec![Part::Group(request.group_id.clone())],
        Request::ListGroups(_) => vec![Part::Brokers],
        _ => vec![Part::Whole],
    }
}

/// Which parts go to one broker in one request: all of them, but each group
/// for itself.
pub(super) fn requests_of(request: &Request, parts: Vec<Part>) -> Vec<Vec<Part>> {
    match request {
        Request::DescribeGroups(_) | Request::DeleteGroups(_) => {
            parts.into_iter().map(|part| vec![part]).collect()
        }
        _ => vec![parts],
    }
}

/// The request for some parts of a call.
pub(super) fn request(call: &Request, parts: &[Part]) -> Request {
    let records = || {
        let parts = parts.iter();
        parts
            .filter_map(|part| match part {
                Part::Records(of, number) => Some((of.clone(), *number)),
                _ => None,
            })
            .collect()
    };
    let groups = || {
        let parts = parts.iter();
        let groups = parts.filter_map(|part| match part {
            Part::Group(group) => Some(group.clone()),
            _ => None,
        });
        groups.collect()
    };
    match call {
        Request::DeleteRecords(request) => Request::DeleteRecords(DeleteRecordsRequest {
            partitions: records(),
            timeout_ms: request.timeout_ms,
        }),
        Request::ListOffsets(request) => Request::ListOffsets(ListOffsetsRequest {
            replica_id: request.replica_id,
            isolation_level: request.isolation_level,
            partitions: records(),
        }),
        Request::DescribeGroups(_) => {
            Request::DescribeGroups(DescribeGroupsRequest { groups: groups() })
        }
        Request::ConsumerGroupDescribe(_) => {
            Request::ConsumerGroupDescribe(ConsumerGroupDescribeRequest {
                group_ids: groups(),
            })
        }
        Request::DeleteGroups(_) => Request::DeleteGroups(DeleteGroupsRequest {
            groups_names: groups(),
        }),
        whole => whole.clone(),
    }
}

/// Parts an answer to which means that they are to be asked again, and what is
/// answered of the others.
pub(super) fn settle(parts: Vec<Part>, mut response: Response) -> (Vec<Part>, Option<Response>) {
    let mut failed: Vec<TopicPartition> = Vec::new();
    let mut fails = |of: &TopicPartition, error: ErrorCode| {
        let again = error.is_retriable();
        failed.extend(again.then(|| of.clone()));
        !again
    };
    match &mut response {
        Response::DeleteRecords(response) => response
            .partitions
            .retain(|(of, deleted)| fails(of, deleted.error_code)),
        Response::ListOffsets(response) => response
            .partitions
            .retain(|(of, listed)| fails(of, listed.error_code)),
        other => {
            return match whole_error(other).is_retriable() {
                true => (parts, None),
                false => (Vec::new(), Some(response)),
            };
        }
    }
    let is_failed = |part: &Part| match part {
        Part::Records(of, _) => failed.contains(of),
        _ => false,
    };
    let again = parts.into_iter().filter(is_failed).collect();
    (again, Some(response))
}

/// An error that concerns all of an answer.
fn whole_error(response: &Response) -> ErrorCode {
    let not_controller = |error: &ErrorCode| *error == ErrorCode::NotController;
    let error = match response {
        Response::OffsetFetch(response) => Some(response.error_code),
        Response::OffsetDelete(response) => Some(response.error_code),
        Response::ListGroups(response) => Some(response.error_code),
        Response::DeleteGroups(response) => response.results.first().map(|(_, error)| *error),
        Response::DescribeGroups(response) => response.groups.first().map(|group| group.error_code),
        Response::ConsumerGroupDescribe(response) => {
            response.groups.first().map(|group| group.error_code)
        }
        Response::CreateTopics(response) => {
            let errors = response.topics.iter().map(|topic| topic.error_code);
            errors.into_iter().find(not_controller)
        }
        Response::DeleteTopics(response) => {
            let errors = response.responses.iter().map(|topic| topic.error_code);
            errors.into_iter().find(not_controller)
        }
        Response::CreatePartitions(response) => {
            let errors = response.results.iter().map(|topic| topic.error_code);
            errors.into_iter().find(not_controller)
        }
        Response::AlterPartitionReassignments(response) => {
            let errors = response.results.iter().map(|result| result.error_code);
            errors.into_iter().find(not_controller)
        }
        Response::ElectLeaders(response) => {
            let errors = response.results.iter().map(|result| result.error_code);
            errors.into_iter().find(not_controller)
        }
        _ => None,
    };
    error.unwrap_or(ErrorCode::None)
}

/// Adds the answer to some parts to that of others.
pub(super) fn merge(answered: &mut Response, more: Response) {
    match (answered, more) {
        (Response::DeleteRecords(all), Response::DeleteRecords(more)) => {
            all.partitions.extend(more.partitions);
        }
        (Response::ListOffsets(all), Response::ListOffsets(more)) => {
            all.partitions.extend(more.partitions);
        }
        (Response::DescribeGroups(all), Response::DescribeGroups(more)) => {
            all.groups.extend(more.groups);
        }
        (Response::ConsumerGroupDescribe(all), Response::ConsumerGroupDescribe(more)) => {
            all.groups.extend(more.groups);
        }
        (Response::DeleteGroups(all), Response::DeleteGroups(more)) => {
            all.results.extend(more.results);
        }
        (Response::ListGroups(all), Response::ListGroups(more)) => all.groups.extend(more.groups),
        (answered, more) => *answered = more,
    }
}

/// Puts the answer into the order of the question.
pub(super) fn put_in_order(request: &Request, answered: &mut Response) {
    let positions: BTreeMap<String, usize> = of(request)
        .into_iter()
        .zip(0..)
        .map(|(part, index)| match part {
            Part::Records(of, _) => (of.to_string(), index),
            Part::Group(group) => (group, index),
            _ => (String::new(), index),
        })
        .collect();
    let position = |name: &str| positions.get(name).copied();
    match answered {
        Response::DeleteRecords(response) => response
            .partitions
            .sort_by_key(|(of, _)| position(&of.to_string())),
        Response::ListOffsets(response) => response
            .partitions
            .sort_by_key(|(of, _)| position(&of.to_string())),
        Response::DescribeGroups(response) => response
            .groups
            .sort_by_key(|group| position(&group.group_id)),
        Response::ConsumerGroupDescribe(response) => response
            .groups
            .sort_by_key(|group| position(&group.group_id)),
        Response::DeleteGroups(response) => {
            response.results.sort_by_key(|(group, _)| position(group))
        }
        Response::ListGroups(response) => {
            response.groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
            response.groups.dedup_by(|a, b| a.group_id == b.group_id);
        }
        _ => {}
    }
}
