use crate::collections::BTreeMap;

use super::parts::{self, Part};
use crate::protocol::{Request, Response};
use crate::sim::Time;

/// One call of an application's, until it is answered
/// (`KafkaAdminClient.Call`).
#[derive(Clone, Debug, Hash)]
pub(super) struct Call {
    pub request: Request,
    /// What waits to be sent.
    pub open: Vec<Part>,
    /// The brokers that coordinate its groups.
    pub coordinators: BTreeMap<String, i32>,
    /// When it fails.
    pub deadline: Time,
    /// How often something of it failed.
    pub tries: u32,
    /// Before this instant nothing is sent again (`retry.backoff.ms`).
    pub not_before: Time,
    /// When something of it failed last.
    pub failed_at: Option<Time>,
    /// What has been answered so far.
    answered: Option<Response>,
}

impl Call {
    pub fn new(deadline: Time, request: Request) -> Call {
        Call {
            open: parts::of(&request),
            request,
            coordinators: BTreeMap::new(),
            deadline,
            tries: 0,
            not_before: Time::ZERO,
            failed_at: None,
            answered: None,
        }
    }

    /// These parts are to be asked again, and who coordinates their groups too.
    pub fn take_back(&mut self, parts: Vec<Part>) {
        for part in &parts {
            if let Part::Group(group) = part {
                self.coordinators.remove(group);
            }
        }
        self.open.extend(parts);
    }

    /// Takes in the answer to some of its parts.
    pub fn take(&mut self, response: Response) {
        match &mut self.answered {
            Some(answered) => parts::merge(answered, response),
            None => self.answered = Some(response),
        }
    }

    pub fn into_response(self) -> Option<Response> {
        let mut answered = self.answered?;
        parts::put_in_order(&self.request, &mut answered);
        Some(answered)
    }

    /// Kafka's words for a call that took too long
    /// (`Call.handleTimeoutFailure`): whether it waited for a broker to ask, or
    /// something of it was under way.
    pub fn timeout_message(&self, now: Time, timestamp_ms: i64, is_under_way: bool) -> String {
        let has_just_failed = self.failed_at == Some(now);
        let looks_up = !self.open.is_empty() && !has_just_failed;
        let name = full_name(&self.request, looks_up);
        let seeks_leader = matches!(self.open.first(), Some(Part::Records(..))) && self.tries > 0;
        if !is_under_way && !has_just_failed && !seeks_leader {
            return format!("Timed out waiting for a node assignment. Call: {name}");
        }
        let passed_us = now.us_since(self.deadline);
        let deadline_ms = timestamp_ms - (passed_us / 1_000).cast_signed();
        let next_ms = match self.failed_at {
            Some(_) => {
                let ahead = self.not_before.us_since(now).cast_signed();
                let behind = now.us_since(self.not_before).cast_signed();
                timestamp_ms + (ahead - behind) / 1_000
            }
            None => 0,
        };
        let tries = self.tries + u32::from(is_under_way);
        format!(
            "Call(callName={name}, deadlineMs={deadline_ms}, tries={tries}, \
             nextAllowedTryMs={next_ms}) timed out at {timestamp_ms} after {tries} attempt(s)"
        )
    }
}

/// What `KafkaAdminClient` calls the call; `None` when it makes no such.
pub(super) fn name(request: &Request) -> Option<&'static str> {
    Some(match request {
        Request::Metadata(request) if request.topics.is_none() => "listTopics",
        Request::Metadata(_) => "describeTopics",
        Request::CreateTopics(_) => "createTopics",
        Request::DeleteTopics(_) => "deleteTopics",
        Request::CreatePartitions(_) => "createPartitions",
        Request::IncrementalAlterConfigs(_) => "incrementalAlterConfigs",
        Request::DescribeConfigs(_) => "describeConfigs",
        Request::DeleteRecords(_) => "deleteRecords",
        Request::ListOffsets(_) => "listOffsets",
        Request::ElectLeaders(_) => "electLeaders",
        Request::AlterPartitionReassignments(_) => "alterPartitionReassignments",
        Request::ListPartitionReassignments(_) => "listPartitionReassignments",
        Request::ListGroups(_) => "listConsumerGroups",
        Request::DescribeGroups(_) => "describeGroups",
        Request::ConsumerGroupDescribe(_) => "describeConsumerGroups",
        Request::ShareGroupDescribe(_) => "describeShareGroups",
        Request::OffsetFetch(_) => "offsetFetch",
        Request::ListTransactions(_) => "listTransactions",
        Request::DescribeTransactions(_) => "describeTransactions",
        Request::DescribeProducers(_) => "describeProducers",
        Request::OffsetCommit(_) => "offsetCommit",
        Request::OffsetDelete(_) => "offsetDelete",
        Request::DeleteGroups(_) => "deleteConsumerGroups",
        _ => return None,
    })
}

/// The name with the API that is asked, for calls that first look up whom to
/// ask (`AdminApiDriver`).
fn full_name(request: &Request, looks_up: bool) -> String {
    let name = name(request).unwrap_or_default();
    let (lookup, api) = match request {
        Request::DeleteRecords(_) => ("METADATA", "DELETE_RECORDS"),
        Request::ListOffsets(_) => ("METADATA", "LIST_OFFSETS"),
        Request::DescribeGroups(_) => ("FIND_COORDINATOR", "DESCRIBE_GROUPS"),
        Request::ConsumerGroupDescribe(_) => ("FIND_COORDINATOR", "CONSUMER_GROUP_DESCRIBE"),
        Request::ShareGroupDescribe(_) => ("FIND_COORDINATOR", "SHARE_GROUP_DESCRIBE"),
        Request::OffsetFetch(_) => ("FIND_COORDINATOR", "OFFSET_FETCH"),
        Request::DescribeTransactions(_) => ("FIND_COORDINATOR", "DESCRIBE_TRANSACTIONS"),
        Request::DescribeProducers(_) => ("METADATA", "DESCRIBE_PRODUCERS"),
        Request::OffsetCommit(_) => ("FIND_COORDINATOR", "OFFSET_COMMIT"),
        Request::OffsetDelete(_) => ("FIND_COORDINATOR", "OFFSET_DELETE"),
        Request::DeleteGroups(_) => ("FIND_COORDINATOR", "DELETE_GROUPS"),
        _ => return name.to_owned(),
    };
    format!("{name}(api={})", if looks_up { lookup } else { api })
}
