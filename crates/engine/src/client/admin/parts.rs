//! How a call is divided among brokers, and its answers put together again.

use crate::collections::BTreeMap;

use super::configs;
use crate::protocol::{
    ConsumerGroupDescribeRequest, DeleteGroupsRequest, DeleteRecordsRequest, DescribeGroupsRequest,
    DescribeProducersRequest, DescribeTransactionsRequest, ErrorCode, ListOffsetsRequest, Request,
    Response, ShareGroupDescribeRequest, TopicPartition,
};
use crate::sorting::{sort_by, sort_by_key};

/// A part of a call: what one broker answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// All of it, by any broker; of settings those that any broker can tell.
    Whole,
    /// All of it, by every broker there is.
    Brokers,
    /// All of it, by this broker; of settings its own.
    Broker(i32),
    /// What it asks of this partition, by its leader. The number is the offset
    /// before which to delete, or the timestamp to look for.
    Records(TopicPartition, i64),
    /// What it asks of this group, or this `transactional.id`, by its
    /// coordinator.
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
        Request::ShareGroupDescribe(request) if !request.group_ids.is_empty() => {
            let groups = request.group_ids.iter().cloned();
            groups.map(Part::Group).collect()
        }
        Request::DeleteGroups(request) if !request.groups_names.is_empty() => {
            let groups = request.groups_names.iter().cloned();
            groups.map(Part::Group).collect()
        }
        Request::OffsetFetch(request) => vec![Part::Group(request.group_id.clone())],
        Request::OffsetCommit(request) => vec![Part::Group(request.group_id.clone())],
        Request::OffsetDelete(request) => vec![Part::Group(request.group_id.clone())],
        Request::ListGroups(_) | Request::ListTransactions(_) => vec![Part::Brokers],
        Request::DescribeTransactions(request) if !request.transactional_ids.is_empty() => {
            let ids = request.transactional_ids.iter().cloned();
            ids.map(Part::Group).collect()
        }
        Request::DescribeProducers(request) if !request.partitions.is_empty() => {
            let partitions = request.partitions.iter();
            partitions.map(|of| Part::Records(of.clone(), 0)).collect()
        }
        Request::IncrementalAlterConfigs(request) => {
            configs::parts(request.resources.iter().map(|it| &it.resource))
        }
        Request::DescribeConfigs(request) => {
            configs::parts(request.resources.iter().map(|it| &it.resource))
        }
        _ => vec![Part::Whole],
    }
}

/// Which parts go to one broker in one request: all of them, but each group
/// for itself, and a broker's settings apart from others.
pub(super) fn requests_of(request: &Request, parts: Vec<Part>) -> Vec<Vec<Part>> {
    match request {
        Request::DescribeGroups(_)
        | Request::ShareGroupDescribe(_)
        | Request::DeleteGroups(_)
        | Request::DescribeTransactions(_)
        | Request::IncrementalAlterConfigs(_)
        | Request::DescribeConfigs(_) => parts.into_iter().map(|part| vec![part]).collect(),
        _ => vec![parts],
    }
}

/// The request for some parts of a call.
pub(super) fn request(call: &Request, parts: &[Part]) -> Request {
    let records = || -> Vec<(TopicPartition, i64)> {
        let parts = parts.iter();
        parts
            .filter_map(|part| match part {
                Part::Records(of, number) => Some((of.clone(), *number)),
                _ => None,
            })
            .collect()
    };
    let names = || {
        let names = parts.iter().filter_map(|part| match part {
            Part::Group(name) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    };
    match call {
        Request::DescribeTransactions(_) => {
            Request::DescribeTransactions(DescribeTransactionsRequest {
                transactional_ids: names(),
            })
        }
        Request::DescribeProducers(_) => Request::DescribeProducers(DescribeProducersRequest {
            partitions: records().into_iter().map(|(of, _)| of).collect(),
        }),
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
            Request::DescribeGroups(DescribeGroupsRequest { groups: names() })
        }
        Request::ShareGroupDescribe(_) => {
            Request::ShareGroupDescribe(ShareGroupDescribeRequest { group_ids: names() })
        }
        Request::ConsumerGroupDescribe(_) => {
            Request::ConsumerGroupDescribe(ConsumerGroupDescribeRequest { group_ids: names() })
        }
        Request::DeleteGroups(_) => Request::DeleteGroups(DeleteGroupsRequest {
            groups_names: names(),
        }),
        whole => {
            let of_configs = parts.first().and_then(|part| configs::request(whole, part));
            of_configs.unwrap_or_else(|| whole.clone())
        }
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
        Response::DescribeProducers(response) => response
            .partitions
            .retain(|(of, described)| fails(of, described.error_code)),
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
        Response::OffsetCommit(response) => {
            let errors = response.partitions.iter().map(|(_, error)| *error);
            errors.into_iter().find(|error| error.is_retriable())
        }
        Response::OffsetDelete(response) => Some(response.error_code),
        Response::ListGroups(response) => Some(response.error_code),
        Response::DeleteGroups(response) => response.results.first().map(|(_, error)| *error),
        Response::DescribeGroups(response) => response.groups.first().map(|group| group.error_code),
        Response::ConsumerGroupDescribe(response) => {
            response.groups.first().map(|group| group.error_code)
        }
        Response::ShareGroupDescribe(response) => {
            response.groups.first().map(|group| group.error_code)
        }
        Response::DescribeTransactions(response) => {
            let first = response.transaction_states.first();
            first.map(|described| described.error_code)
        }
        Response::ListTransactions(response) => Some(response.error_code),
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
        Response::IncrementalAlterConfigs(response) => {
            let errors = response.responses.iter().map(|result| result.error_code);
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
        (Response::ShareGroupDescribe(all), Response::ShareGroupDescribe(more)) => {
            all.groups.extend(more.groups);
        }
        (Response::DeleteGroups(all), Response::DeleteGroups(more)) => {
            all.results.extend(more.results);
        }
        (Response::ListGroups(all), Response::ListGroups(more)) => all.groups.extend(more.groups),
        (Response::DescribeTransactions(all), Response::DescribeTransactions(more)) => {
            all.transaction_states.extend(more.transaction_states);
        }
        (Response::ListTransactions(all), Response::ListTransactions(more)) => {
            all.transaction_states.extend(more.transaction_states);
        }
        (Response::DescribeProducers(all), Response::DescribeProducers(more)) => {
            all.partitions.extend(more.partitions);
        }
        (
            answered @ (Response::IncrementalAlterConfigs(_) | Response::DescribeConfigs(_)),
            more,
        ) => configs::merge(answered, &more),
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
        Response::DeleteRecords(response) => sort_by_key(&mut response.partitions, |(of, _)| {
            position(&of.to_string())
        }),
        Response::ListOffsets(response) => sort_by_key(&mut response.partitions, |(of, _)| {
            position(&of.to_string())
        }),
        Response::DescribeGroups(response) => {
            sort_by_key(&mut response.groups, |group| position(&group.group_id))
        }
        Response::ConsumerGroupDescribe(response) => {
            sort_by_key(&mut response.groups, |group| position(&group.group_id))
        }
        Response::ShareGroupDescribe(response) => {
            sort_by_key(&mut response.groups, |group| position(&group.group_id))
        }
        Response::DescribeTransactions(response) => {
            sort_by_key(&mut response.transaction_states, |described| {
                position(&described.transactional_id)
            })
        }
        Response::ListTransactions(response) => {
            sort_by(&mut response.transaction_states, |a, b| {
                a.transactional_id.cmp(&b.transactional_id)
            })
        }
        Response::DescribeProducers(response) => {
            sort_by_key(&mut response.partitions, |(of, _)| {
                position(&of.to_string())
            })
        }
        Response::DeleteGroups(response) => {
            sort_by_key(&mut response.results, |(group, _)| position(group))
        }
        Response::ListGroups(response) => {
            sort_by(&mut response.groups, |a, b| a.group_id.cmp(&b.group_id));
            response.groups.dedup_by(|a, b| a.group_id == b.group_id);
        }
        other => configs::put_in_order(request, other),
    }
}
