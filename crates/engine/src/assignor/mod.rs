//! Who of a group reads which partitions: pure functions from members and
//! topics to an assignment.
//!
//! Each assignor has a module of its own; what they take and return is here.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

pub mod range;
pub mod server;

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
}

/// The topics there are, by name.
pub type Topics = BTreeMap<String, TopicPartitions>;

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
        members.sort_by(compare_members);
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
