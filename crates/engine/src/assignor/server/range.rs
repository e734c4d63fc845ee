//! The server's range assignor: of each topic a run of consecutive partitions
//! for each member, the first members one more when they do not divide evenly.
//!
//! Unlike the uniform assignor it does not look at what members had. Members
//! keep what they read all the same as long as their order and number stay, so
//! static ones come first, ordered by what outlives a restart.
//!
//! Source: `org.apache.kafka.coordinator.group.assignor.RangeAssignor`.

use crate::collections::BTreeMap;
use std::cmp::Ordering;

use super::{GroupAssignment, MemberSpec, PartitionCounts, PartitionsByTopic, compare_as_java};
use crate::protocol::TopicId;
use crate::sorting::sort_by;

pub(super) fn assign(members: &[MemberSpec], topics: &PartitionCounts) -> GroupAssignment {
    let mut members: Vec<&MemberSpec> = members.iter().collect();
    sort_by(&mut members, |a, b| compare(a, b));

    let mut runs = runs(&members, topics);
    members
        .into_iter()
        .map(|member| {
            let mut assigned = PartitionsByTopic::new();
            for topic in &member.subscribed {
                let run = runs.get_mut(topic).map(Runs::next);
                if let Some(run) = run.filter(|run| !run.is_empty()) {
                    assigned.insert(*topic, run.collect());
                }
            }
            (member.member_id.clone(), assigned)
        })
        .collect()
}

/// Static members by instance id, then the others by member id.
fn compare(a: &MemberSpec, b: &MemberSpec) -> Ordering {
    match (&a.instance_id, &b.instance_id) {
        (Some(a), Some(b)) => compare_as_java(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => compare_as_java(&a.member_id, &b.member_id),
    }
}

/// How a topic is cut, and how far it has been given out.
struct Runs {
    next: i32,
    length: i32,
    /// How many runs are still to be one longer.
    longer: i32,
}

impl Runs {
    fn next(&mut self) -> std::ops::Range<i32> {
        let start = self.next;
        self.next += self.length + i32::from(self.longer > 0);
        self.longer = (self.longer - 1).max(0);
        start..self.next
    }
}

fn runs(members: &[&MemberSpec], topics: &PartitionCounts) -> BTreeMap<TopicId, Runs> {
    let mut subscribers: BTreeMap<TopicId, i32> = BTreeMap::new();
    for topic in members.iter().flat_map(|member| &member.subscribed) {
        *subscribers.entry(*topic).or_default() += 1;
    }
    let cut = |(topic, subscribers): (TopicId, i32)| {
        let partitions = *topics.get(&topic)?;
        let runs = Runs {
            next: 0,
            length: partitions / subscribers,
            longer: partitions % subscribers,
        };
        Some((topic, runs))
    };
    subscribers.into_iter().filter_map(cut).collect()
}
