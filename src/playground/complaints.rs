//! What the cluster refused of what the board's own buttons asked for.

use engine::ErrorCode;
use engine::protocol::{PartitionResult, Response};

/// The refusals in an answer, each as a sentence.
pub(super) fn of(response: &Response) -> Vec<String> {
    let tell = |name: &str, error: ErrorCode, message: &Option<String>| {
        let message = message.as_deref().unwrap_or(error.message());
        (!error.is_none()).then(|| format!("{name}: {error}: {message}"))
    };
    let of_partitions = |results: &[PartitionResult]| {
        let told = results
            .iter()
            .filter_map(|it| tell(&it.partition.to_string(), it.error_code, &it.error_message));
        told.collect()
    };
    match response {
        Response::CreateTopics(response) => response
            .topics
            .iter()
            .filter_map(|topic| tell(&topic.name, topic.error_code, &topic.error_message))
            .collect(),
        Response::DeleteTopics(response) => response
            .responses
            .iter()
            .filter_map(|topic| tell(&topic.name, topic.error_code, &topic.error_message))
            .collect(),
        Response::CreatePartitions(response) => response
            .results
            .iter()
            .filter_map(|topic| tell(&topic.name, topic.error_code, &topic.error_message))
            .collect(),
        Response::IncrementalAlterConfigs(response) => response
            .responses
            .iter()
            .filter_map(|it| tell(&it.resource.to_string(), it.error_code, &it.error_message))
            .collect(),
        Response::DeleteRecords(response) => response
            .partitions
            .iter()
            .filter_map(|(of, deleted)| tell(&of.to_string(), deleted.error_code, &None))
            .collect(),
        Response::ListOffsets(response) => response
            .partitions
            .iter()
            .filter_map(|(of, listed)| tell(&of.to_string(), listed.error_code, &None))
            .collect(),
        Response::ElectLeaders(response) => of_partitions(&response.results),
        Response::AlterPartitionReassignments(response) => of_partitions(&response.results),
        Response::OffsetCommit(response) => response
            .partitions
            .iter()
            .filter_map(|(of, error)| tell(&of.to_string(), *error, &None))
            .collect(),
        Response::OffsetDelete(response) => {
            let whole = tell("offsets", response.error_code, &None);
            let each = response.partitions.iter();
            let each = each.filter_map(|(of, error)| tell(&of.to_string(), *error, &None));
            whole.into_iter().chain(each).collect()
        }
        Response::DeleteGroups(response) => response
            .results
            .iter()
            .filter_map(|(group, error)| tell(&format!("group {group}"), *error, &None))
            .collect(),
        _ => Vec::new(),
    }
}
