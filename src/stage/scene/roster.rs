//! Who takes part: the clients' names, and groups with their members, seen
//! both from the clients and from the coordinator.

use engine::collections::{BTreeMap, BTreeSet};

use engine::broker::Broker;
use engine::broker::share::SharePartition;
use engine::client::{Client, ConsumerConfig, GroupProtocol};
use engine::command::ClientNumber;
use engine::coordinator::consumer_group::ConsumerGroup;
use engine::coordinator::share_group::ShareGroup;
use engine::coordinator::{ClassicGroup, GroupCoordinator};
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::{GroupKind, Phase, Role, Step, members, shares};
use engine::sorting::sort;

/// A group as its coordinator knows it.
#[derive(Clone, Copy)]
pub(super) enum Known<'a> {
    Classic(&'a ClassicGroup),
    Consumer(&'a ConsumerGroup),
    Share(&'a ShareGroup),
}

/// Groups of all protocols, each with its coordinator.
pub(super) type AllKnown<'a> = BTreeMap<&'a str, (&'a Broker, Known<'a>)>;

/// A group and all who belong to it.
pub(super) struct GroupInfo<'a> {
    /// `group.id`.
    pub id: String,
    /// How many groups came before it, ever.
    pub place: usize,
    /// By which protocol it is formed.
    pub kind: GroupKind,
    /// What its coordinator knows.
    pub known: Option<(&'a Broker, Known<'a>)>,
    /// Its members, those whose client is gone, and consumers about to join, in
    /// the order in which their clients were started: who crashes keeps its
    /// place.
    pub members: Vec<MemberInfo>,
    /// The topics its members subscribe to and those it has offsets of.
    pub topics: BTreeSet<TopicName>,
    /// What a share group has done in each partition.
    pub shares: BTreeMap<&'a TopicPartition, &'a SharePartition>,
}

/// A consumer, or a member that lost its client.
pub(super) struct MemberInfo {
    pub client: Option<ClientNumber>,
    /// The number of its client, or that which its client most likely had.
    pub arrival: Option<ClientNumber>,
    pub name: String,
    /// The group's letter and its number among all who ever were of it.
    pub badge: String,
    pub member_id: String,
    pub is_leader: bool,
    pub phase: Phase,
    pub role: Role,
    pub epoch: Option<i32>,
    pub step: Option<Step>,
    pub partitions: Vec<(TopicPartition, Option<i64>)>,
}

impl<'a> GroupInfo<'a> {
    /// Who owns a partition, and the offset it reads next.
    pub fn owner(&self, partition: &TopicPartition) -> Option<(&MemberInfo, Option<i64>)> {
        self.members.iter().find_map(|member| {
            let owned = member.partitions.iter().find(|(it, _)| it == partition)?;
            Some((member, owned.1))
        })
    }

    /// The committed offset of a partition.
    pub fn committed(&self, partition: &TopicPartition) -> Option<i64> {
        let offset = self.shard()?.offset(&self.id, partition)?;
        Some(offset.committed.offset)
    }

    /// The coordinator's part in which the group is kept.
    pub fn shard(&self) -> Option<&'a GroupCoordinator> {
        let (broker, _) = self.known?;
        broker.groups().shard_of(&self.id)
    }

    /// The letter it goes by: A to Z, then AA, AB and so on.
    pub fn letter(&self) -> String {
        let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
        match self.place / 26 {
            0 => letter(self.place).to_string(),
            more => format!("{}{}", letter(more - 1), letter(self.place)),
        }
    }
}

/// What to call each client: its `client.id`, with its number where others of
/// its kind have the same.
pub fn names(world: &World) -> BTreeMap<ClientNumber, String> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for client in world.clients().values() {
        *counts
            .entry((client.kind(), client.client_id()))
            .or_default() += 1;
    }
    let name = |(number, client): (&ClientNumber, &Client)| {
        let id = client.client_id();
        let name = match counts[&(client.kind(), id)] {
            1 => id.to_owned(),
            _ => format!("{id} #{number}"),
        };
        (*number, name)
    };
    world.clients().iter().map(name).collect()
}

/// The groups that the board shows, in the order in which they first came.
pub(super) fn groups<'a>(
    world: &'a World,
    names: &BTreeMap<ClientNumber, String>,
) -> Vec<GroupInfo<'a>> {
    let known = all_known(world);
    let shares = shares::by_group(world);
    let arrivals = Arrivals::of(world, &known);
    let mut ids: Vec<(usize, &str)> = arrivals
        .groups
        .iter()
        .map(|(id, place)| (*place, id.as_str()))
        .collect();
    sort(&mut ids);
    ids.into_iter()
        .filter_map(|(place, id)| {
            let mut group = GroupInfo {
                id: id.to_owned(),
                place,
                kind: GroupKind::Classic,
                known: known.get(id).copied(),
                members: Vec::new(),
                topics: BTreeSet::new(),
                shares: shares.get(id).cloned().unwrap_or_default(),
            };
            group.kind = kind(world, &group);
            group.members = members::of_group(world, &group, names);
            let letter = group.letter();
            for member in &mut group.members {
                let number = member.arrival.and_then(|it| arrivals.members.get(&it));
                let number = number.map_or(String::new(), usize::to_string);
                member.badge = format!("{letter}{number}");
            }
            group.topics = topics(world, &group);
            let has_offsets = group
                .shard()
                .is_some_and(|shard| shard.offsets(id).next().is_some());
            let is_shown = !group.members.is_empty() || has_offsets || !group.shares.is_empty();
            is_shown.then_some(group)
        })
        .collect()
}

fn all_known(world: &World) -> AllKnown<'_> {
    let mut all = AllKnown::new();
    let classic = world.groups().into_iter();
    all.extend(classic.map(|(id, (broker, it))| (id, (broker, Known::Classic(it)))));
    let modern = world.consumer_groups().into_iter();
    all.extend(modern.map(|(id, (broker, it))| (id, (broker, Known::Consumer(it)))));
    let share = world.share_groups().into_iter();
    all.extend(share.map(|(id, (broker, it))| (id, (broker, Known::Share(it)))));
    all
}

/// By what its coordinator says, or before that by what its members want.
fn kind(world: &World, group: &GroupInfo) -> GroupKind {
    if let Some((_, known)) = group.known {
        return match known {
            Known::Classic(_) => GroupKind::Classic,
            Known::Consumer(_) => GroupKind::Consumer,
            Known::Share(_) => GroupKind::Share,
        };
    }
    let wanted = world.clients().values().find_map(|client| match client {
        Client::Consumer(it) if it.config.group_id == group.id => Some(kind_of(&it.config)),
        Client::ShareConsumer(it) if it.config.group_id == group.id => Some(GroupKind::Share),
        _ => None,
    });
    match wanted {
        None if !group.shares.is_empty() => GroupKind::Share,
        wanted => wanted.unwrap_or(GroupKind::Classic),
    }
}

fn kind_of(config: &ConsumerConfig) -> GroupKind {
    match config.group_protocol {
        GroupProtocol::Consumer => GroupKind::Consumer,
        GroupProtocol::Classic => GroupKind::Classic,
    }
}

/// What its members subscribe to and own, and what it has offsets of.
fn topics(world: &World, group: &GroupInfo) -> BTreeSet<TopicName> {
    let mut topics = BTreeSet::new();
    for client in world.clients().values() {
        match client {
            Client::Consumer(it) if it.config.group_id == group.id => {
                topics.extend(it.subscription().iter().cloned());
            }
            Client::ShareConsumer(it) if it.config.group_id == group.id => {
                topics.extend(it.subscription().iter().cloned());
            }
            _ => {}
        }
    }
    let offsets = group.shard().into_iter();
    let offsets = offsets.flat_map(|shard| shard.offsets(&group.id));
    topics.extend(offsets.map(|(partition, _)| partition.topic.clone()));
    topics.extend(group.shares.keys().map(|partition| partition.topic.clone()));
    let owned = group.members.iter().flat_map(|member| &member.partitions);
    topics.extend(owned.map(|(partition, _)| partition.topic.clone()));
    topics
}

/// Who has ever come, in order.
#[derive(Default)]
struct Arrivals {
    /// Every group that ever was, with how many came before it.
    groups: BTreeMap<String, usize>,
    /// Every consumer that ever was, with its number among those of its group,
    /// from 1.
    members: BTreeMap<ClientNumber, usize>,
}

impl Arrivals {
    fn of(world: &World, known: &AllKnown) -> Arrivals {
        let mut arrivals = Arrivals::default();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, client) in world.known_clients() {
            if let Some(group) = &client.group_id {
                arrivals.see(group);
                let count = counts.entry(group).or_default();
                *count += 1;
                arrivals.members.insert(*number, *count);
            }
        }
        for id in known.keys() {
            arrivals.see(id);
        }
        arrivals
    }

    fn see(&mut self, group: &str) {
        let next = self.groups.len();
        if !self.groups.contains_key(group) {
            self.groups.insert(group.to_owned(), next);
        }
    }
}

/// The consumers of a group that run no more, by `client.id`.
pub(super) fn ended_consumers(world: &World, group: &str) -> BTreeMap<String, Vec<ClientNumber>> {
    let mut ended: BTreeMap<String, Vec<ClientNumber>> = BTreeMap::new();
    for (number, known) in world.known_clients() {
        let is_of_group = known.group_id.as_deref() == Some(group);
        if is_of_group && !world.clients().contains_key(number) {
            let client_id = known.client_id.clone();
            ended.entry(client_id).or_default().push(*number);
        }
    }
    ended
}
