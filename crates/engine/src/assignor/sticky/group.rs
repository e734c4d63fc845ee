//! The group by numbers: members in the order of their ids, topics in that of
//! their names, partitions one after the other, topic by topic.

use crate::collections::BTreeMap;

use super::racks::Racks;
use crate::assignor::{
    Assignment, MemberSubscription, SubscribedTopic, TopicPartitions, Topics, compare_as_java,
    subscribed_topics,
};
use crate::hash_order::{hash_of_text, in_hash_order};
use crate::sorting::{sort, sort_by};

/// Members, topics and partitions, numbered.
pub(super) struct Group<'a> {
    /// By id.
    pub(super) members: Vec<&'a MemberSubscription>,
    /// Those that exist and that someone subscribes to, by name.
    pub(super) topics: Vec<Topic<'a>>,
    /// For each member its topics, in order.
    pub(super) subscribed: Vec<Vec<usize>>,
    /// The members in the order of the Java hash map that Kafka keeps them in.
    pub(super) in_hash_order: Vec<usize>,
    /// For each partition its topic.
    pub(super) topic_of: Vec<usize>,
    /// Who is near to what.
    pub(super) racks: Racks,
}

/// A topic that is assigned.
pub(super) struct Topic<'a> {
    pub(super) name: &'a str,
    pub(super) partitions: &'a TopicPartitions,
    /// Its partition 0, counted through the group.
    pub(super) first: usize,
    /// How many partitions it has.
    pub(super) count: usize,
    /// Its members, in order.
    pub(super) subscribers: Vec<usize>,
}

impl<'a> Group<'a> {
    pub(super) fn new(topics: &'a Topics, members: &'a [MemberSubscription]) -> Self {
        let (members, in_hash_order) = number_members(members);
        let mut group = Group {
            subscribed: vec![Vec::new(); members.len()],
            members,
            in_hash_order,
            topics: Vec::new(),
            topic_of: Vec::new(),
            racks: Racks::default(),
        };
        for topic in subscribed_topics(topics, &group.members) {
            group.add_topic(topic);
        }
        group.racks = Racks::new(&group);
        group
    }

    fn add_topic(&mut self, topic: SubscribedTopic<'a>) {
        let count = topic.partitions.len();
        if count == 0 {
            return;
        }
        let number = self.topics.len();
        for subscriber in &topic.subscribers {
            self.subscribed[*subscriber].push(number);
        }
        let first = self.topic_of.len();
        self.topic_of.resize(first + count, number);
        self.topics.push(Topic {
            name: topic.name,
            partitions: topic.partitions,
            first,
            count,
            subscribers: topic.subscribers,
        });
    }

    /// The partition with this number of this topic, if it is there.
    pub(super) fn partition(&self, topic: &str, number: i32) -> Option<usize> {
        let found = self.topics.binary_search_by(|it| it.name.cmp(topic));
        let topic = &self.topics[found.ok()?];
        let number = usize::try_from(number).ok()?;
        (number < topic.count).then_some(topic.first + number)
    }

    pub(super) fn subscribes(&self, member: usize, topic: usize) -> bool {
        let subscribers = &self.topics[topic].subscribers;
        subscribers.binary_search(&member).is_ok()
    }

    /// The partition's number in its topic.
    pub(super) fn number(&self, partition: usize) -> usize {
        partition - self.topics[self.topic_of[partition]].first
    }

    pub(super) fn partition_count(&self) -> usize {
        self.topic_of.len()
    }

    /// Whether all members subscribe to the same topics, existing or not.
    ///
    /// With Kafka's assignor, a member without any topics differs from the
    /// others only if it comes late enough in a hash map; here it always does.
    pub(super) fn subscriptions_are_equal(&self) -> bool {
        let topics_of = |member: &'a MemberSubscription| {
            let mut topics: Vec<&String> = member.topics.iter().collect();
            sort(&mut topics);
            topics.dedup();
            topics
        };
        let Some((first, others)) = self.members.split_first() else {
            return true;
        };
        let topics = topics_of(first);
        others.iter().all(|member| {
            // Mostly they are told in the same order too.
            member.topics == first.topics || topics_of(member) == topics
        })
    }

    /// What Kafka's assignor returns: every member with its partitions.
    pub(super) fn assignment(&self, owners: &[Option<usize>]) -> Assignment {
        let mut assigned = vec![Vec::new(); self.members.len()];
        for (partition, owner) in owners.iter().enumerate() {
            if let Some(owner) = owner {
                let topic = &self.topics[self.topic_of[partition]];
                let number = (partition - topic.first) as i32;
                assigned[*owner].push((topic.name.to_owned(), number));
            }
        }
        let ids = self.members.iter().map(|member| member.member_id.clone());
        ids.zip(assigned).collect()
    }
}

/// The members by id, and their numbers in hash order.
fn number_members(members: &[MemberSubscription]) -> (Vec<&MemberSubscription>, Vec<usize>) {
    let mut by_id: Vec<&MemberSubscription> = members.iter().collect();
    sort_by(&mut by_id, |a, b| {
        compare_as_java(&a.member_id, &b.member_id)
    });
    let numbers: BTreeMap<&str, usize> = by_id
        .iter()
        .enumerate()
        .map(|(number, member)| (member.member_id.as_str(), number))
        .collect();
    let ids = members.iter().map(|member| member.member_id.as_str());
    let ids = in_hash_order(ids.collect(), |id| hash_of_text(id));
    let in_hash_order = ids.into_iter().map(|id| numbers[id]).collect();
    (by_id, in_hash_order)
}
