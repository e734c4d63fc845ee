//! What is refused.

use super::support::admin_call;
use super::support::cluster::*;
use super::{
    close, cluster_with_clicks, delete, describe_offsets, described, join_clicks, rows, said,
};
use engine::protocol::{OffsetDeleteRequest, Request, Response};
use engine::{ErrorCode, World};

/// `--delete-offsets`: the group's error, and each partition's.
fn delete_offsets(world: &mut World, group: &str, of: &[&str]) -> Vec<String> {
    let request = Request::OffsetDelete(OffsetDeleteRequest {
        group_id: group.to_owned(),
        partitions: of.iter().map(|of| partition(of)).collect(),
    });
    match admin_call(world, request) {
        Response::OffsetDelete(response) => {
            let partitions = response.partitions.iter();
            let results = partitions.map(|(of, error)| said(&of.to_string(), *error));
            let group = said("group", response.error_code);
            std::iter::once(group).chain(results).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// `groups-errors`
#[test]
fn what_is_refused_of_groups() {
    let mut world = cluster_with_clicks(78, 3);
    let not_there = "GroupIdNotFoundException: The group id does not exist.";
    // The offsets topic is there once somebody asks for a coordinator.
    assert_eq!(
        delete(&mut world, &["nogroup"]),
        [format!("nogroup: {not_there}")]
    );
    let nogroup = described(&mut world, "nogroup");
    assert_eq!(
        (nogroup.group_state.as_str(), nogroup.members.len()),
        ("Dead", 0)
    );
    assert_eq!(nogroup.error_code, ErrorCode::GroupIdNotFound);
    let answer = delete_offsets(&mut world, "nogroup", &["clicks-0"]);
    assert_eq!(answer[0], format!("group: {not_there}"));

    let a = join_clicks(&mut world, ("web", "a"), &[]);
    assert_eq!(
        described(&mut world, "web").group_state,
        "Stable",
        "so that it is not reset"
    );
    assert_eq!(
        delete(&mut world, &["web", "nogroup"]),
        [
            "web: GroupNotEmptyException: The group is not empty.",
            "nogroup: GroupIdNotFoundException: The group id does not exist.",
        ]
    );
    let read = "GroupSubscribedToTopicException: Deleting offsets of a topic is forbidden while \
                the consumer group is actively subscribed to it.";
    let unknown =
        "UnknownTopicOrPartitionException: This server does not host this topic-partition.";
    assert_eq!(
        delete_offsets(&mut world, "web", &["clicks-0", "clicks-1", "nope-0"]),
        [
            "group".to_owned(),
            format!("clicks-0: {read}"),
            format!("clicks-1: {read}"),
            format!("nope-0: {unknown}"),
        ]
    );
    close(&mut world, a);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["-"; 3])
    );
}
