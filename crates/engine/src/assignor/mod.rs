//! Who of a group reads which partitions: pure functions from members and
//! topics to an assignment.
//!
//! Each assignor has a module of its own; what they take and return is here.

use crate::collections::{BTreeMap, BTreeSet};
use crate::sorting::sort;
use std::cmp::Ordering;

mod client;
pub mod range;
pub mod round_robin;
pub mod server;
pub mod sticky;

pub use client::{ClientAssignor, RebalanceProtocol};

/// One member of a group and what it asks for.
///
/// Source: `ConsumerPartitionAssignor.Subscription`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberSubscription {
    /// Its `member.id`, which no other member of the group has.
    pub member_id: String,
    /// Its `group.instance.id` when it is a static member (KIP-345).
    pub group_instance_id: Option<String>,
    /// Its `client.rack`; none or empty when it is not set.
    pub rack_id: Option<String>,
    /// The topics it subscribes to; they need not exist.
    pub topics: Vec<String>,
    /// The partitions it says it has, or last had: what the sticky assignors
    /// go by.
    pub owned_partitions: Vec<(String, i32)>,
    /// The generation in which it came to have them, if it knows one
    /// (`AbstractStickyAssignor.MemberData`).
    pub owned_in_generation: Option<i32>,
    /// The generation that its subscription names. It can be later than
    /// `owned_in_generation`, where that comes with the user data of the
    /// sticky assignor.
    pub generation_id: Option<i32>,
}

/// The partitions of one topic.
///
/// Source: `Cluster.partitionsForTopic` as an assignor sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TopicPartitions {
    /// How many there are, numbered from 0. A topic with none is not assigned.
    pub count: i32,
    /// For each partition by its number, the racks of its replicas: offline
    /// ones too, those without a rack left out. It may be shorter than
    /// `count`, or empty: what is missing is on no known rack.
    pub replica_racks: Vec<BTreeSet<String>>,
}

impl TopicPartitions {
    /// A topic of `count` partitions on no known rack.
    pub fn without_racks(count: i32) -> Self {
        Self {
            count,
            replica_racks: Vec::new(),
        }
    }

    /// How many there are.
    fn len(&self) -> usize {
        usize::try_from(self.count).unwrap_or(0)
    }

    /// The racks of the partition with this number.
    fn racks_of(&self, number: usize) -> impl Iterator<Item = &str> + Clone {
        let racks = self.replica_racks.get(number).into_iter().flatten();
        racks.map(String::as_str)
    }
}

/// Whether one member can be nearer to a partition than another: when a member
/// is on a rack that holds a replica, unless every partition is on all the
/// racks that hold any.
///
/// Source: `AbstractPartitionAssignor.useRackAwareAssignment` (KIP-881).
fn racks_matter<'a>(
    topics: impl Iterator<Item = &'a TopicPartitions>,
    mut members_racks: impl Iterator<Item = &'a str>,
) -> bool {
    let partitions: Vec<_> = topics
        .flat_map(|topic| (0..topic.len()).map(|number| topic.racks_of(number)))
        .collect();
    let all: BTreeSet<&str> = partitions.iter().cloned().flatten().collect();
    let is_shared = members_racks.any(|rack| all.contains(rack));
    // Each is a part of `all`, so equal when it has as many.
    is_shared
        && partitions
            .into_iter()
            .any(|racks| racks.count() != all.len())
}

/// The topics there are, by name.
pub type Topics = BTreeMap<String, TopicPartitions>;

/// A topic that someone subscribes to.
struct SubscribedTopic<'a> {
    name: &'a str,
    partitions: &'a TopicPartitions,
    /// The places of its members among those of the group.
    subscribers: Vec<usize>,
}

/// The topics that exist and that some of the members subscribe to, by name.
fn subscribed_topics<'a>(
    topics: &'a Topics,
    members: &[&MemberSubscription],
) -> Vec<SubscribedTopic<'a>> {
    let of_topic = |(name, partitions): (&'a String, &'a TopicPartitions)| SubscribedTopic {
        name,
        partitions,
        subscribers: Vec::new(),
    };
    let mut all: Vec<SubscribedTopic<'a>> = topics.iter().map(of_topic).collect();
    let mut known: Vec<usize> = Vec::new();
    let mut known_of: &[String] = &[];
    for (place, member) in members.iter().enumerate() {
        // Mostly a member subscribes to what the one before does.
        if known_of != member.topics {
            known_of = &member.topics;
            let topics = member.topics.iter();
            let find = |topic: &String| all.binary_search_by(|it| it.name.cmp(topic)).ok();
            known = topics.filter_map(find).collect();
            sort(&mut known);
            known.dedup();
        }
        for topic in &known {
            all[*topic].subscribers.push(place);
        }
    }
    all.retain(|topic| !topic.subscribers.is_empty());
    all
}

/// The result: for every member by its id, also those that get nothing, the
/// topics and partitions it is to read, in order.
pub type Assignment = BTreeMap<String, Vec<(String, i32)>>;

/// The order of Java's `String.compareTo`: by UTF-16 code units, which for
/// characters beyond U+FFFF is not the order of their code points.
pub fn compare_as_java(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// The order in which range and round-robin give to members: static ones
/// first, by instance id, so that a restart under another member id changes
/// nothing; then the others by member id.
///
/// Source: `AbstractPartitionAssignor.MemberInfo` (KIP-345).
pub fn compare_members(a: &MemberSubscription, b: &MemberSubscription) -> Ordering {
    match (&a.group_instance_id, &b.group_instance_id) {
        (Some(a), Some(b)) => compare_as_java(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => compare_as_java(&a.member_id, &b.member_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sorting::sort_by;

    fn member(id: &str, instance: Option<&str>) -> MemberSubscription {
        MemberSubscription {
            member_id: id.into(),
            group_instance_id: instance.map(Into::into),
            ..MemberSubscription::default()
        }
    }

    #[test]
    fn static_members_come_first() {
        let mut members = [
            member("a", None),
            member("c", Some("2")),
            member("B", None),
            member("d", Some("1")),
        ];
        sort_by(&mut members, compare_members);
        assert_eq!(members.map(|member| member.member_id), ["d", "c", "B", "a"]);
    }

    #[test]
    fn strings_are_ordered_as_in_java() {
        assert_eq!(compare_as_java("a", "ab"), Ordering::Less);
        // U+1F600 is written with code units from 0xD83D.
        assert_eq!(compare_as_java("\u{1F600}", "\u{FF5E}"), Ordering::Less);
        assert_eq!("\u{1F600}".cmp("\u{FF5E}"), Ordering::Greater);
    }
}
