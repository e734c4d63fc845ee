//! What a rebalance costs, as an onlooker measures it who sees every member:
//! how long it takes, what moves, and for how long nobody reads a partition.
//! It goes by events alone, so that it makes no difference by which protocol
//! the members agree.

use crate::collections::{BTreeMap, BTreeSet};

use super::World;
use crate::client::{Client, Consumer, ConsumerEvent, Membership};
use crate::coordinator::consumer_group::{
    ConsumerGroup, ConsumerGroupEvent, ConsumerGroupMember, ConsumerGroupState,
};
use crate::coordinator::{GroupEvent, GroupState};
use crate::event::{Event, EventKind, bump_cause};
use crate::protocol::{TopicName, TopicPartition};
use crate::sim::{ClientNumber, Time};

/// A rebalance that is complete: all members have their partitions, and none
/// has to rejoin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rebalance {
    /// The group.
    pub group: String,
    /// Why it began, in plain words.
    pub cause: String,
    /// How many generations it took: a cooperative one may take two.
    pub generations: u32,
    /// How long it took, in microseconds of virtual time.
    pub duration_us: u64,
    /// What its owners gave up, lost, or left behind.
    pub revoked: Vec<TopicPartition>,
    /// What has another owner than before.
    pub moved: Vec<TopicPartition>,
    /// What its owners read all the time.
    pub kept: Vec<TopicPartition>,
    /// For how long nobody owned a partition, in microseconds; counted from the
    /// moment its owner was gone, also when that was before the rebalance
    /// began.
    pub unread: Vec<(TopicPartition, u64)>,
}

impl Rebalance {
    /// The longest time for which nobody owned a partition, in microseconds.
    pub fn longest_unread_us(&self) -> u64 {
        let times = self.unread.iter().map(|(_, time)| *time);
        times.max().unwrap_or(0)
    }
}

/// The groups, as far as they have members.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct RebalanceTracker {
    groups: BTreeMap<String, Tracked>,
}

#[derive(Clone, Debug, Default, Hash)]
struct Tracked {
    owners: BTreeMap<TopicPartition, ClientNumber>,
    /// Who owned it last, of what nobody owns, and since when nobody does.
    ownerless: BTreeMap<TopicPartition, (ClientNumber, Time)>,
    is_stable: bool,
    generation: i32,
    under_way: Option<UnderWay>,
}

#[derive(Clone, Debug, Hash)]
struct UnderWay {
    cause: String,
    since: Time,
    generations: u32,
    before: BTreeMap<TopicPartition, ClientNumber>,
    revoked: BTreeSet<TopicPartition>,
    unread: BTreeMap<TopicPartition, u64>,
}

impl Tracked {
    fn begin(&mut self, at: Time, cause: &str) {
        if self.under_way.is_some() {
            return;
        }
        let mut before = self.owners.clone();
        let gone = self.ownerless.iter();
        before.extend(gone.map(|(of, (owner, _))| (of.clone(), *owner)));
        self.under_way = Some(UnderWay {
            cause: cause.to_owned(),
            since: at,
            generations: 0,
            before,
            revoked: self.ownerless.keys().cloned().collect(),
            unread: BTreeMap::new(),
        });
    }

    fn release(&mut self, at: Time, partition: &TopicPartition, owner: ClientNumber) {
        if self.owners.get(partition) != Some(&owner) {
            return;
        }
        self.owners.remove(partition);
        self.ownerless.insert(partition.clone(), (owner, at));
        if let Some(under_way) = &mut self.under_way {
            under_way.revoked.insert(partition.clone());
        }
    }

    fn release_all(&mut self, at: Time, owner: ClientNumber) {
        let owned = self.owners.iter().filter(|(_, of)| **of == owner);
        let owned: Vec<TopicPartition> = owned.map(|(partition, _)| partition.clone()).collect();
        for partition in owned {
            self.release(at, &partition, owner);
        }
    }

    fn take(&mut self, at: Time, partition: &TopicPartition, owner: ClientNumber) {
        let ownerless = self.ownerless.remove(partition);
        self.owners.insert(partition.clone(), owner);
        if let (Some(under_way), Some((_, since))) = (&mut self.under_way, ownerless) {
            let unread = under_way.unread.entry(partition.clone()).or_insert(0);
            *unread += at.us_since(since);
        }
    }

    fn complete(&mut self, group: &str, at: Time) -> Option<Rebalance> {
        let done = self.under_way.take()?;
        let now = self.owners.iter();
        let moved = now.clone().filter(|(of, owner)| {
            let before = done.before.get(*of);
            before.is_some_and(|before| before != *owner)
        });
        let kept = now.filter(|(of, owner)| {
            done.before.get(*of) == Some(*owner) && !done.revoked.contains(*of)
        });
        Some(Rebalance {
            group: group.to_owned(),
            cause: done.cause,
            generations: done.generations,
            duration_us: at.us_since(done.since),
            moved: moved.map(|(of, _)| of.clone()).collect(),
            kept: kept.map(|(of, _)| of.clone()).collect(),
            revoked: done.revoked.into_iter().collect(),
            unread: done.unread.into_iter().collect(),
        })
    }

    fn forget(&mut self, topic: &TopicName) {
        self.owners.retain(|of, _| of.topic != *topic);
        self.ownerless.retain(|of, _| of.topic != *topic);
    }
}

impl RebalanceTracker {
    fn on_group_event(&mut self, at: Time, event: &GroupEvent) {
        match event {
            GroupEvent::RebalanceStarted { group, reason, .. } => {
                self.groups
                    .entry(group.clone())
                    .or_default()
                    .begin(at, reason);
            }
            GroupEvent::GenerationStarted {
                group, generation, ..
            } => {
                let tracked = self.groups.entry(group.clone()).or_default();
                tracked.generation = *generation;
                if let Some(under_way) = &mut tracked.under_way {
                    under_way.generations += 1;
                }
            }
            GroupEvent::StateChanged { group, to, .. } => {
                let tracked = self.groups.entry(group.clone()).or_default();
                tracked.is_stable = *to == GroupState::Stable;
                // Nobody is left whose partitions could be measured.
                if *to == GroupState::Empty {
                    *tracked = Tracked::default();
                }
            }
            GroupEvent::Consumer(event) => self.on_consumer_group_event(at, event),
            GroupEvent::GroupDeleted { group } => {
                self.groups.remove(group);
            }
            _ => {}
        }
    }
}

/// Groups of KIP-848: a rebalance begins when the group's epoch is bumped.
impl RebalanceTracker {
    fn on_consumer_group_event(&mut self, at: Time, event: &ConsumerGroupEvent) {
        match event {
            ConsumerGroupEvent::GroupEpochBumped {
                group,
                epoch,
                cause,
            } => {
                let tracked = self.groups.entry(group.clone()).or_default();
                tracked.begin(at, &bump_cause(cause));
                tracked.generation = *epoch;
                if let Some(under_way) = &mut tracked.under_way {
                    under_way.generations += 1;
                }
            }
            ConsumerGroupEvent::StateChanged { group, to, .. } => {
                let tracked = self.groups.entry(group.clone()).or_default();
                tracked.is_stable = *to == ConsumerGroupState::Stable;
                if *to == ConsumerGroupState::Empty {
                    *tracked = Tracked::default();
                }
            }
            ConsumerGroupEvent::GroupDeleted { group } => {
                self.groups.remove(group);
            }
            _ => {}
        }
    }
}

impl World {
    /// Takes in what has happened since the event of this number, and tells of
    /// the rebalances that are complete with it.
    pub(super) fn measure_rebalances(&mut self, first_event: usize) {
        for index in first_event..self.fabric.events.len() {
            self.take_in_for_rebalances(index);
        }
        let groups = &self.observer.rebalances.groups;
        let complete = groups.iter().filter(|(group, tracked)| {
            let is_over = tracked.under_way.is_some() && tracked.is_stable;
            is_over && self.members_are_settled(group, tracked.generation)
        });
        let complete: Vec<String> = complete.map(|(group, _)| group.clone()).collect();
        for group in complete {
            let now = self.fabric.now;
            let tracked = self.observer.rebalances.groups.get_mut(&group);
            if let Some(rebalance) = tracked.and_then(|it| it.complete(&group, now)) {
                self.fabric.emit(EventKind::RebalanceMeasured(rebalance));
            }
        }
    }

    fn take_in_for_rebalances(&mut self, index: usize) {
        let Event { at, kind, .. } = &self.fabric.events[index];
        let at = *at;
        let tracker = &mut self.observer.rebalances;
        match kind {
            EventKind::Group(event) => tracker.on_group_event(at, event),
            EventKind::PartitionsAssigned {
                consumer,
                partitions,
                ..
            } => {
                if let Some(tracked) = tracked_of(tracker, &self.clients, *consumer) {
                    for partition in partitions {
                        tracked.take(at, partition, *consumer);
                    }
                }
            }
            EventKind::PartitionsRevoked {
                consumer,
                partitions,
            }
            | EventKind::Consumer {
                consumer,
                event: ConsumerEvent::PartitionsLost { partitions },
            } => {
                if let Some(tracked) = tracked_of(tracker, &self.clients, *consumer) {
                    for partition in partitions {
                        tracked.release(at, partition, *consumer);
                    }
                }
            }
            EventKind::ClientCrashed { client, .. } | EventKind::ClientClosed { client, .. } => {
                for tracked in tracker.groups.values_mut() {
                    tracked.release_all(at, *client);
                }
            }
            EventKind::TopicDeleted { topic } => {
                for tracked in tracker.groups.values_mut() {
                    tracked.forget(topic);
                }
            }
            _ => {}
        }
    }

    /// Whether every consumer of the group is in this generation and has no
    /// reason to leave it.
    fn members_are_settled(&self, group: &str, generation: i32) -> bool {
        let mut members = consumers(&self.clients).filter(|consumer| {
            consumer.config.group_id == group
                && consumer.subscription_type().is_managed_by_group()
                && !consumer.is_closing()
        });
        let groups = self.consumer_groups();
        let of_group = groups.get(group).map(|(_, of_group)| *of_group);
        // With KIP-848 an answer may be on its way that gives it more.
        let has_all = |member: &Consumer| {
            let assigned = |it: &ConsumerGroupMember| it.assigned.values().map(|of| of.len()).sum();
            let known = |of: &ConsumerGroup| of.member(member.member_id()).map(assigned);
            of_group.is_none_or(|of| known(of) == Some(member.assignment().len()))
        };
        members.all(|member| {
            member.membership() == Membership::Stable
                && member.generation() == generation
                && has_all(member)
        })
    }
}

/// The consumers that run.
pub(super) fn consumers(
    clients: &BTreeMap<ClientNumber, Client>,
) -> impl Iterator<Item = &Consumer> {
    clients.values().filter_map(|client| match client {
        Client::Consumer(consumer) => Some(&**consumer),
        _ => None,
    })
}

fn tracked_of<'a>(
    tracker: &'a mut RebalanceTracker,
    clients: &BTreeMap<ClientNumber, Client>,
    number: ClientNumber,
) -> Option<&'a mut Tracked> {
    match clients.get(&number)? {
        Client::Consumer(consumer) => tracker.groups.get_mut(&consumer.config.group_id),
        _ => None,
    }
}
