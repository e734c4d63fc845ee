//! Calls about settings: those of one broker go to that broker, all others to
//! any (`KafkaAdminClient.nodeFor`).

use super::parts::Part;
use crate::protocol::{
    ConfigResource, ConfigResourceType, DescribeConfigsRequest, IncrementalAlterConfigsRequest,
    Request, Response,
};
use crate::sorting::{sort, sort_by_key};

/// The broker that is to be asked; `None` where any will do.
fn broker_of(resource: &ConfigResource) -> Option<i32> {
    match resource.resource_type {
        ConfigResourceType::Broker => resource.resource_name.parse().ok(),
        ConfigResourceType::Topic | ConfigResourceType::Group => None,
    }
}

/// The parts of a call about these.
pub(super) fn parts<'a>(resources: impl Iterator<Item = &'a ConfigResource>) -> Vec<Part> {
    let mut brokers: Vec<Option<i32>> = resources.map(broker_of).collect();
    sort(&mut brokers);
    brokers.dedup();
    let part = |broker: Option<i32>| broker.map_or(Part::Whole, Part::Broker);
    brokers.into_iter().map(part).collect()
}

/// The request for one part of a call.
pub(super) fn request(call: &Request, part: &Part) -> Option<Request> {
    let broker = match part {
        Part::Broker(broker) => Some(*broker),
        _ => None,
    };
    let is_its = |resource: &ConfigResource| broker_of(resource) == broker;
    match call {
        Request::IncrementalAlterConfigs(call) => {
            let resources = call.resources.iter().filter(|it| is_its(&it.resource));
            Some(Request::IncrementalAlterConfigs(
                IncrementalAlterConfigsRequest {
                    resources: resources.cloned().collect(),
                    validate_only: call.validate_only,
                },
            ))
        }
        Request::DescribeConfigs(call) => {
            let resources = call.resources.iter().filter(|it| is_its(&it.resource));
            Some(Request::DescribeConfigs(DescribeConfigsRequest {
                resources: resources.cloned().collect(),
                include_synonyms: call.include_synonyms,
            }))
        }
        _ => None,
    }
}

/// Adds the answer to one part to that of others.
pub(super) fn merge(answered: &mut Response, more: &Response) {
    match (answered, more) {
        (Response::IncrementalAlterConfigs(all), Response::IncrementalAlterConfigs(more)) => {
            all.responses.extend(more.responses.iter().cloned());
        }
        (Response::DescribeConfigs(all), Response::DescribeConfigs(more)) => {
            all.results.extend(more.results.iter().cloned());
        }
        _ => {}
    }
}

/// Puts the answer into the order of the question.
pub(super) fn put_in_order(request: &Request, answered: &mut Response) {
    match (request, answered) {
        (Request::IncrementalAlterConfigs(asked), Response::IncrementalAlterConfigs(answered)) => {
            let asked = &asked.resources;
            let position = |of: &ConfigResource| asked.iter().position(|it| it.resource == *of);
            sort_by_key(&mut answered.responses, |it| position(&it.resource));
        }
        (Request::DescribeConfigs(asked), Response::DescribeConfigs(answered)) => {
            let asked = &asked.resources;
            let position = |of: &ConfigResource| asked.iter().position(|it| it.resource == *of);
            sort_by_key(&mut answered.results, |it| position(&it.resource));
        }
        _ => {}
    }
}
