//! Who gets what by which assignor.

use engine::collections::BTreeMap;

use super::support::cluster::*;
use super::support::{create_topic, run_ms};
use super::{close, describe_members, join};
use engine::client::SubscriptionType;

/// Topics of five and of three partitions, to which members subscribe by a
/// pattern; one, two, three members, then two leave.
fn shared_by(assignor: &str) -> Vec<Vec<String>> {
    let mut world = cluster(74);
    create_topic(&mut world, "t1", 5);
    create_topic(&mut world, "t2", 3);
    let class = format!("org.apache.kafka.clients.consumer.{assignor}");
    let settings = [("partition.assignment.strategy", class.as_str())];
    let mut seen = Vec::new();
    let mut members = BTreeMap::new();
    for name in ["a", "b", "c"] {
        let to = SubscriptionType::Pattern("t1|t2".to_owned());
        members.insert(name, join(&mut world, ("g", name), to, &settings));
        run_ms(&mut world, 5_000);
        seen.push(describe_members(&mut world, "g"));
    }
    for name in ["b", "a"] {
        close(&mut world, members[name]);
        seen.push(describe_members(&mut world, "g"));
    }
    seen
}

/// Holds what is seen against the rows of two, of three and of two members;
/// whoever is alone has all.
fn check_shared(assignor: &str, several: [&[&str]; 3]) {
    let [two, three, left] = several;
    let all = |member| format!("{member} t1(0,1,2,3,4) t2(0,1,2)");
    let (first, last) = (all("a"), all("c"));
    let expected = [&[first.as_str()], two, three, left, &[last.as_str()]];
    assert_eq!(shared_by(assignor), expected);
}

/// `groups-range`
#[test]
fn the_range_assignor_counts_each_topic_for_itself() {
    check_shared(
        "RangeAssignor",
        [
            &["a t1(0,1,2) t2(0,1)", "b t1(3,4) t2(2)"],
            &["a t1(0,1) t2(0)", "b t1(2,3) t2(1)", "c t1(4) t2(2)"],
            &["a t1(0,1,2) t2(0,1)", "c t1(3,4) t2(2)"],
        ],
    );
}

/// `groups-sticky`
#[test]
fn the_sticky_assignor_leaves_members_what_they_have() {
    check_shared(
        "StickyAssignor",
        [
            &["a t1(0,1) t2(0,1)", "b t1(2,3,4) t2(2)"],
            &["a t1(0,1) t2(0)", "b t1(2,3) t2(2)", "c t1(4) t2(1)"],
            &["a t1(0,1,2) t2(0)", "c t1(3,4) t2(1,2)"],
        ],
    );
}
