//! Members subscribe to different topics: they keep all that they still
//! subscribe to, what nobody has goes to the subscribers with least, and then
//! topic after topic partitions move from those with most to those with least,
//! until a round changes nothing.
//!
//! When subscriptions overlap without being the same, what comes out may be one
//! or two partitions short of perfect balance; that is Kafka's way too.
//!
//! Source:
//! `org.apache.kafka.coordinator.group.assignor.UniformHeterogeneousAssignmentBuilder`.

use crate::collections::BTreeMap;
use std::cmp::Ordering;

use super::balancer::Balancer;
use crate::assignor::server::{GroupAssignment, MemberSpec, PartitionCounts};
use crate::protocol::TopicId;
use crate::sorting::sort_by;

/// After so many rounds it is as good as it gets.
const MAX_ROUNDS: usize = 16;

pub(super) fn assign(members: &[MemberSpec], topics: &PartitionCounts) -> GroupAssignment {
    let mut builder = Builder::new(members, topics);
    builder.keep();
    builder.assign_unowned();
    builder.balance();
    builder.collect()
}

/// Members are known by their place among `members`.
struct Builder<'a> {
    members: &'a [MemberSpec],
    /// Those with subscribers, and what is known of each.
    topics: BTreeMap<TopicId, Topic>,
    /// How many partitions each member has.
    sizes: Vec<usize>,
}

struct Topic {
    /// The members that subscribe to it, in their order.
    subscribers: Vec<usize>,
    /// Who has each partition.
    owners: Vec<Option<usize>>,
}

impl<'a> Builder<'a> {
    fn new(members: &'a [MemberSpec], counts: &PartitionCounts) -> Self {
        let mut topics: BTreeMap<TopicId, Topic> = BTreeMap::new();
        for (index, member) in members.iter().enumerate() {
            for id in &member.subscribed {
                let Some(count) = counts.get(id).and_then(|it| usize::try_from(*it).ok()) else {
                    continue;
                };
                let topic = topics.entry(*id).or_insert_with(|| Topic {
                    subscribers: Vec::new(),
                    owners: vec![None; count],
                });
                topic.subscribers.push(index);
            }
        }
        Self {
            members,
            topics,
            sizes: vec![0; members.len()],
        }
    }

    /// Each member keeps what it had of the topics it still subscribes to.
    fn keep(&mut self) {
        for (index, member) in self.members.iter().enumerate() {
            let still = |id: &TopicId| member.subscribed.contains(id);
            for (id, partitions) in member.assigned.iter().filter(|(id, _)| still(id)) {
                let Some(topic) = self.topics.get_mut(id) else {
                    continue;
                };
                for partition in partitions {
                    let place = usize::try_from(*partition).ok();
                    if let Some(owner) = place.and_then(|place| topic.owners.get_mut(place)) {
                        *owner = Some(index);
                        self.sizes[index] += 1;
                    }
                }
            }
        }
    }

    /// Gives what nobody has to the subscribers that have least.
    fn assign_unowned(&mut self) {
        for id in self.in_order(|_| true) {
            let Some(topic) = self.topics.get_mut(&id) else {
                continue;
            };
            let mut balancer = Balancer::new(&topic.subscribers, &self.sizes);
            for owner in topic.owners.iter_mut().filter(|owner| owner.is_none()) {
                let member = balancer.next_least_loaded(&self.sizes);
                *owner = Some(member);
                self.sizes[member] += 1;
            }
        }
    }

    /// Goes through the topics again and again, until it has been through all
    /// of them since it last moved something.
    fn balance(&mut self) {
        let order = self.in_order(|topic| topic.subscribers.len() >= 2);
        let mut last_moved = None;
        for _ in 0..MAX_ROUNDS {
            for (place, topic) in order.iter().enumerate() {
                if last_moved == Some(place) {
                    return;
                }
                if self.balance_topic(topic) || last_moved.is_none() {
                    last_moved = Some(place);
                }
            }
        }
    }

    /// Moves partitions of one topic from the subscribers that have most, of
    /// all topics, to those that have least. Tells whether any was moved.
    fn balance_topic(&mut self, id: &TopicId) -> bool {
        let Some(topic) = self.topics.get_mut(id) else {
            return false;
        };
        let mut balancer = Balancer::new(&topic.subscribers, &self.sizes);
        // Each can give away only what it had when the round began.
        let mut owned: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (partition, owner) in topic.owners.iter().enumerate() {
            if let Some(owner) = owner {
                owned.entry(*owner).or_default().push(partition);
            }
        }
        let mut has_moved = false;
        while !balancer.is_balanced() {
            let Some(from) = balancer.next_most_loaded(&self.sizes) else {
                break;
            };
            let Some(partition) = owned.get_mut(&from).and_then(Vec::pop) else {
                balancer.exclude_most_loaded();
                continue;
            };
            let to = balancer.next_least_loaded(&self.sizes);
            if balancer.is_balanced() {
                break;
            }
            topic.owners[partition] = Some(to);
            self.sizes[from] -= 1;
            self.sizes[to] += 1;
            has_moved = true;
        }
        has_moved
    }

    /// The topics that `is_wanted`, those with most partitions for a subscriber
    /// first; among equals those with fewer subscribers.
    fn in_order(&self, is_wanted: impl Fn(&Topic) -> bool) -> Vec<TopicId> {
        let wanted = self.topics.iter().filter(|(_, topic)| is_wanted(topic));
        let mut wanted: Vec<_> = wanted.collect();
        sort_by(&mut wanted, |(a_id, a), (b_id, b)| {
            let by_share = |a: &Topic, b: &Topic| {
                let a_share = a.owners.len() as u64 * b.subscribers.len() as u64;
                let b_share = b.owners.len() as u64 * a.subscribers.len() as u64;
                b_share.cmp(&a_share)
            };
            by_share(a, b)
                .then(a.subscribers.len().cmp(&b.subscribers.len()))
                .then_with(|| compare_ids(a_id, b_id))
        });
        wanted.into_iter().map(|(id, _)| *id).collect()
    }

    fn collect(self) -> GroupAssignment {
        let members = self.members.iter();
        let mut assignment: GroupAssignment = members
            .map(|member| (member.member_id.clone(), BTreeMap::new()))
            .collect();
        for (id, topic) in &self.topics {
            for (partition, owner) in (0..).zip(&topic.owners) {
                let owner = owner.map(|owner| &self.members[owner].member_id);
                if let Some(assigned) = owner.and_then(|owner| assignment.get_mut(owner)) {
                    assigned.entry(*id).or_default().insert(partition);
                }
            }
        }
        assignment
    }
}

/// `org.apache.kafka.common.Uuid.compareTo`: two signed numbers, the more
/// significant first.
fn compare_ids(a: &TopicId, b: &TopicId) -> Ordering {
    let halves = |id: &TopicId| {
        let bits = u128::from_be_bytes(id.0);
        ((bits >> 64) as i64, bits as i64)
    };
    halves(a).cmp(&halves(b))
}
