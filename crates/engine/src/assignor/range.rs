//! The range assignor: topic by topic, each member gets a run of consecutive
//! partitions, the first members one more when they do not divide evenly.
//!
//! Topics with the same members and the same number of partitions are cut in
//! the same places, so a member reads the same partitions of each, which joins
//! rely on (co-partitioning).
//!
//! When members and replicas have racks, and it makes a difference to where
//! they are, members first get partitions that have a replica on their rack,
//! within the same quotas; what is left is given out as without racks
//! (KIP-881).
//!
//! Source: `org.apache.kafka.clients.consumer.RangeAssignor`.

use crate::collections::{BTreeMap, BTreeSet};

use super::{
    Assignment, MemberSubscription, SubscribedTopic, TopicPartitions, Topics, compare_members,
    racks_matter, subscribed_topics,
};
use crate::sorting::sort_by;

/// Assigns the partitions of all topics that a member subscribes to.
///
/// The order of `members` and of the topics in their subscriptions makes no
/// difference. Topics that do not exist, or that nobody subscribes to, are
/// passed over.
pub fn assign(topics: &Topics, members: &[MemberSubscription]) -> Assignment {
    let mut members: Vec<&MemberSubscription> = members.iter().collect();
    sort_by(&mut members, |a, b| compare_members(a, b));

    let topics = subscribed_topics(topics, &members).into_iter();
    let mut shares: Vec<TopicShares<'_>> = topics
        .map(|topic| TopicShares::new(topic, &members))
        .collect();
    if shares.iter().any(|topic| topic.racks_matter) {
        assign_matching_racks(&mut shares);
    }
    for topic in &mut shares {
        topic.assign_ranges(|_, _, _| true);
    }
    collect(&members, &shares)
}

/// One assignment of all the topics', sorted by topic and partition.
fn collect(members: &[&MemberSubscription], shares: &[TopicShares<'_>]) -> Assignment {
    let mut assigned = vec![Vec::new(); members.len()];
    for topic in shares {
        for consumer in &topic.consumers {
            let partitions = consumer.assigned.iter();
            assigned[consumer.member]
                .extend(partitions.map(|partition| (topic.name.to_owned(), *partition)));
        }
    }
    let ids = members.iter().map(|member| member.member_id.clone());
    ids.zip(assigned).collect()
}

/// Gives out the partitions that have a replica on a member's rack. Topics
/// with the same members and number of partitions are taken together.
fn assign_matching_racks(shares: &mut [TopicShares<'_>]) {
    let mut groups: BTreeMap<_, Vec<&mut TopicShares<'_>>> = BTreeMap::new();
    for topic in shares {
        let consumers = topic.consumers.iter();
        let members: Vec<usize> = consumers.map(|consumer| consumer.member).collect();
        groups
            .entry((members, topic.partitions.count))
            .or_default()
            .push(topic);
    }
    for group in groups.into_values() {
        match <[_; 1]>::try_from(group) {
            Ok([alone]) if alone.racks_matter => {
                alone.assign_ranges(TopicShares::racks_match);
            }
            Ok(_) => {}
            Err(copartitioned) => assign_copartitioned(copartitioned),
        }
    }
}

/// Gives a partition of all the topics to the first member that may still
/// have one of each and is on a rack with a replica of each.
fn assign_copartitioned(mut topics: Vec<&mut TopicShares<'_>>) {
    let Some(first) = topics.first() else {
        return;
    };
    // All topics have the same members: without a rack, nothing is nearer.
    if first
        .consumers
        .iter()
        .all(|consumer| consumer.rack.is_none())
    {
        return;
    }
    let consumers = 0..first.consumers.len();
    for partition in 0..first.partitions.count {
        let matching = consumers.clone().find(|&consumer| {
            topics
                .iter()
                .all(|topic| topic.room_of(consumer) > 0 && topic.racks_match(consumer, partition))
        });
        if let Some(consumer) = matching {
            for topic in &mut topics {
                topic.assign_to(consumer, vec![partition]);
            }
        }
    }
}

/// One topic, its members, and what they have of it so far.
struct TopicShares<'a> {
    name: &'a str,
    partitions: &'a TopicPartitions,
    /// In the order in which they are served.
    consumers: Vec<Consumer<'a>>,
    unassigned: BTreeSet<i32>,
    /// What every member gets.
    quota: usize,
    /// How many members may still get one more than that.
    extras_left: usize,
    /// Whether a member can be nearer to one partition than to another.
    racks_matter: bool,
}

struct Consumer<'a> {
    /// Its place among the members of the group.
    member: usize,
    rack: Option<&'a str>,
    assigned: BTreeSet<i32>,
}

impl<'a> TopicShares<'a> {
    /// `members` are all of the group, in order.
    fn new(topic: SubscribedTopic<'a>, members: &[&'a MemberSubscription]) -> Self {
        let partitions = topic.partitions;
        let rack_of = |member: usize| members[member].rack_id.as_deref();
        let consumers: Vec<Consumer<'a>> = topic
            .subscribers
            .into_iter()
            .map(|member| Consumer {
                member,
                rack: rack_of(member).filter(|rack| !rack.is_empty()),
                assigned: BTreeSet::new(),
            })
            .collect();
        let unassigned: BTreeSet<i32> = (0..partitions.count).collect();
        let divisor = consumers.len();
        Self {
            name: topic.name,
            partitions,
            quota: unassigned.len() / divisor,
            extras_left: unassigned.len() % divisor,
            racks_matter: racks_matter(
                [partitions].into_iter(),
                consumers.iter().filter_map(|consumer| consumer.rack),
            ),
            consumers,
            unassigned,
        }
    }

    /// Serves the members in turn: each gets the lowest partitions it may
    /// have, as many as it has room for.
    fn assign_ranges(&mut self, may_have: impl Fn(&Self, usize, i32) -> bool) {
        for consumer in 0..self.consumers.len() {
            let partitions: Vec<i32> = self
                .unassigned
                .iter()
                .copied()
                .filter(|&partition| may_have(self, consumer, partition))
                .take(self.room_of(consumer))
                .collect();
            self.assign_to(consumer, partitions);
        }
    }

    /// How many partitions the member may still get.
    fn room_of(&self, consumer: usize) -> usize {
        let extra = usize::from(self.extras_left > 0);
        (self.quota + extra).saturating_sub(self.consumers[consumer].assigned.len())
    }

    /// Whether the partition has a replica on the member's rack; a member
    /// without a rack is near to every partition.
    fn racks_match(&self, consumer: usize, partition: i32) -> bool {
        self.consumers[consumer].rack.is_none_or(|rack| {
            replica_racks(self.partitions, partition).is_some_and(|racks| racks.contains(rack))
        })
    }

    /// `partitions` are unassigned and no more than the member has room for.
    fn assign_to(&mut self, consumer: usize, partitions: Vec<i32>) {
        if partitions.is_empty() {
            return;
        }
        for partition in &partitions {
            self.unassigned.remove(partition);
        }
        let assigned = &mut self.consumers[consumer].assigned;
        assigned.extend(partitions);
        if assigned.len() > self.quota {
            self.extras_left = self.extras_left.saturating_sub(1);
        }
    }
}

fn replica_racks(partitions: &TopicPartitions, partition: i32) -> Option<&BTreeSet<String>> {
    partitions
        .replica_racks
        .get(usize::try_from(partition).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, rack: Option<&str>, topics: &[&str]) -> MemberSubscription {
        MemberSubscription {
            member_id: id.into(),
            rack_id: rack.map(Into::into),
            topics: topics.iter().map(|topic| (*topic).into()).collect(),
            ..MemberSubscription::default()
        }
    }

    fn topic(racks: &[&[&str]]) -> TopicPartitions {
        TopicPartitions {
            count: racks.len() as i32,
            replica_racks: racks
                .iter()
                .map(|racks| racks.iter().map(|rack| (*rack).into()).collect())
                .collect(),
        }
    }

    fn partitions_of(assignment: &Assignment, member: &str, topic: &str) -> Vec<i32> {
        let all = assignment[member].iter();
        all.filter(|(name, _)| name == topic)
            .map(|(_, partition)| *partition)
            .collect()
    }

    #[test]
    fn the_first_members_get_one_more() {
        let topics = Topics::from([("t".into(), TopicPartitions::without_racks(7))]);
        let members = ["c", "a", "b"].map(|id| member(id, None, &["t", "missing"]));
        let assignment = assign(&topics, &members);
        assert_eq!(partitions_of(&assignment, "a", "t"), [0, 1, 2]);
        assert_eq!(partitions_of(&assignment, "b", "t"), [3, 4]);
        assert_eq!(partitions_of(&assignment, "c", "t"), [5, 6]);
    }

    #[test]
    fn a_member_too_many_gets_nothing_but_is_named() {
        let topics = Topics::from([
            ("t".into(), TopicPartitions::without_racks(1)),
            ("empty".into(), TopicPartitions::without_racks(0)),
            ("unread".into(), TopicPartitions::without_racks(3)),
        ]);
        let members = ["a", "b"].map(|id| member(id, None, &["t", "empty"]));
        let assignment = assign(&topics, &members);
        assert_eq!(assignment["a"], [("t".to_owned(), 0)]);
        assert_eq!(assignment["b"], []);
        assert_eq!(assign(&topics, &[]), Assignment::new());
    }

    #[test]
    fn members_get_what_is_on_their_rack() {
        let topics = Topics::from([("t".into(), topic(&[&["y"], &["x"], &["y"], &["x"]]))]);
        let members = [
            member("a", Some("x"), &["t"]),
            member("b", Some("y"), &["t"]),
        ];
        let assignment = assign(&topics, &members);
        assert_eq!(partitions_of(&assignment, "a", "t"), [1, 3]);
        assert_eq!(partitions_of(&assignment, "b", "t"), [0, 2]);
    }

    #[test]
    fn copartitioned_topics_stay_together() {
        let topics = Topics::from([
            ("s".into(), topic(&[&["x"], &["y"], &["x"]])),
            ("t".into(), topic(&[&["y"], &["y"], &["x"]])),
        ]);
        let members = [
            member("a", Some("y"), &["s", "t"]),
            member("b", Some("x"), &["s", "t"]),
        ];
        let assignment = assign(&topics, &members);
        for topic in ["s", "t"] {
            assert_eq!(partitions_of(&assignment, "a", topic), [0, 1]);
            assert_eq!(partitions_of(&assignment, "b", topic), [2]);
        }
    }

    #[test]
    fn racks_are_ignored_where_every_partition_is_on_all() {
        let everywhere: &[&str] = &["x", "y"];
        let topics = Topics::from([("t".into(), topic(&[everywhere; 4]))]);
        let members = [
            member("b", Some("x"), &["t"]),
            member("a", Some(""), &["t"]),
        ];
        let assignment = assign(&topics, &members);
        assert_eq!(partitions_of(&assignment, "a", "t"), [0, 1]);
        assert_eq!(partitions_of(&assignment, "b", "t"), [2, 3]);
    }
}
