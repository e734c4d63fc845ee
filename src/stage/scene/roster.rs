//! Who takes part: the clients' names, and groups with their members, seen
//! both from the clients and from the coordinator.

use std::collections::{BTreeMap, BTreeSet};

use engine::broker::Broker;
use engine::client::consumer_protocol::decode_assignment;
use engine::client::{Client, Consumer, Membership};
use engine::command::{ClientNumber, Command};
use engine::coordinator::{ClassicGroup, GroupState, Member};
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::Phase;

/// A group and all who belong to it.
pub(super) struct GroupInfo<'a> {
    /// `group.id`.
    pub id: String,
    /// How many groups came before it, ever.
    pub place: usize,
    /// What its coordinator knows.
    pub known: Option<(&'a Broker, &'a ClassicGroup)>,
    /// Its members, those whose client is gone, and consumers about to join, in
    /// the order in which their clients were started: who crashes keeps its
    /// place.
    pub members: Vec<MemberInfo>,
    /// The topics its members subscribe to and those it has offsets of.
    pub topics: BTreeSet<TopicName>,
}

/// A consumer, or a member that lost its client.
pub(super) struct MemberInfo {
    pub client: Option<ClientNumber>,
    /// The number of its client, or that which its client most likely had.
    pub arrival: Option<ClientNumber>,
    pub name: String,
    pub member_id: String,
    pub is_leader: bool,
    pub phase: Phase,
    pub partitions: Vec<(TopicPartition, Option<i64>)>,
}

impl GroupInfo<'_> {
    /// Who owns a partition, and the offset it reads next.
    pub fn owner(&self, partition: &TopicPartition) -> Option<(&MemberInfo, Option<i64>)> {
        self.members.iter().find_map(|member| {
            let owned = member.partitions.iter().find(|(it, _)| it == partition)?;
            Some((member, owned.1))
        })
    }

    /// The committed offset of a partition.
    pub fn committed(&self, partition: &TopicPartition) -> Option<i64> {
        let (broker, group) = self.known?;
        let shard = broker.groups().shard_of(group.name())?;
        Some(shard.offset(group.name(), partition)?.committed.offset)
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
    let known = world.groups();
    let places = places(world);
    let mut ids: Vec<(usize, &str)> = places
        .iter()
        .map(|(id, place)| (*place, id.as_str()))
        .collect();
    ids.sort_unstable();
    ids.into_iter()
        .filter_map(|(place, id)| {
            let group = group(world, names, id, place, known.get(id).copied());
            let has_offsets = group.known.is_some_and(|(broker, group)| {
                let shard = broker.groups().shard_of(group.name());
                shard.is_some_and(|shard| shard.offsets(group.name()).next().is_some())
            });
            (!group.members.is_empty() || has_offsets).then_some(group)
        })
        .collect()
}

/// Every group that ever was, with how many came before it.
fn places(world: &World) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    let mut see = |id: &str| {
        let next = places.len();
        if !places.contains_key(id) {
            places.insert(id.to_owned(), next);
        }
    };
    for entry in &world.journal().entries {
        if let Command::AddConsumer { config, .. } = &entry.command {
            see(&config.group_id);
        }
    }
    for id in world.groups().keys() {
        see(id);
    }
    places
}

fn group<'a>(
    world: &'a World,
    names: &BTreeMap<ClientNumber, String>,
    id: &str,
    place: usize,
    known: Option<(&'a Broker, &'a ClassicGroup)>,
) -> GroupInfo<'a> {
    let consumers: Vec<&Consumer> = world
        .clients()
        .values()
        .filter_map(|client| match client {
            Client::Consumer(consumer) if consumer.config.group_id == id => Some(&**consumer),
            _ => None,
        })
        .collect();
    let subscribed = consumers.iter().flat_map(|it| it.subscription()).cloned();
    let mut topics: BTreeSet<TopicName> = subscribed.collect();
    let leader = known.and_then(|(_, group)| group.leader());
    let mut members: Vec<MemberInfo> = consumers
        .iter()
        .map(|consumer| running(world, consumer, leader, names))
        .collect();
    if let Some((broker, group)) = known {
        let offsets = broker.groups().shard_of(id).into_iter();
        let offsets = offsets.flat_map(|shard| shard.offsets(id));
        topics.extend(offsets.map(|(partition, _)| partition.topic.clone()));
        members.extend(lost_members(world, broker, group, &consumers));
        let owned = members.iter().flat_map(|member| &member.partitions);
        topics.extend(owned.map(|(partition, _)| partition.topic.clone()));
        members.sort_by(|one, other| place_of(one).cmp(&place_of(other)));
    }
    GroupInfo {
        id: id.to_owned(),
        place,
        known,
        members,
        topics,
    }
}

/// By the client's number; those without one come last, by name.
fn place_of(member: &MemberInfo) -> (ClientNumber, &str, &str) {
    let number = member.arrival.unwrap_or(ClientNumber::MAX);
    (number, &member.name, &member.member_id)
}

fn running(
    world: &World,
    consumer: &Consumer,
    leader: Option<&str>,
    names: &BTreeMap<ClientNumber, String>,
) -> MemberInfo {
    let number = consumer.connection.number;
    let phase = match consumer.membership() {
        _ if world.is_frozen(number) => Phase::Frozen,
        Membership::Unjoined => Phase::NotYet,
        Membership::PreparingRebalance => Phase::ToldToRejoin,
        Membership::Joining => Phase::Joining,
        Membership::CompletingRebalance => Phase::Syncing,
        Membership::Leaving => Phase::Leaving,
        Membership::Stable if consumer.is_closing() => Phase::Leaving,
        Membership::Stable => Phase::Stable,
    };
    let member_id = consumer.member_id();
    MemberInfo {
        client: Some(number),
        arrival: Some(number),
        name: names.get(&number).cloned().unwrap_or_default(),
        member_id: member_id.to_owned(),
        is_leader: !member_id.is_empty() && leader == Some(member_id),
        phase,
        partitions: consumer
            .assignment()
            .iter()
            .map(|(partition, assigned)| (partition.clone(), assigned.position))
            .collect(),
    }
}

/// Members, and newcomers that were given an id, of which no client knows:
/// their client was killed. They stay until their session times out.
fn lost_members(
    world: &World,
    broker: &Broker,
    group: &ClassicGroup,
    consumers: &[&Consumer],
) -> Vec<MemberInfo> {
    let has_client = |member_id: &str, client_id: &str| {
        consumers.iter().any(|consumer| match consumer.member_id() {
            "" => consumer.connection.client_id.as_ref() == client_id,
            known => known == member_id,
        })
    };
    let lost = |member_id: &str, client_id: &str, member: Option<&Member>| {
        let shard = broker.groups().shard_of(group.name());
        let deadline = shard.and_then(|shard| shard.session_deadline(group.name(), member_id));
        let seconds = |deadline: engine::Time| deadline.us_since(world.now()).div_ceil(1_000_000);
        MemberInfo {
            client: None,
            arrival: None,
            name: client_id.to_owned(),
            member_id: member_id.to_owned(),
            is_leader: group.leader() == Some(member_id),
            phase: Phase::Crashed {
                seconds_left: deadline.map(seconds),
            },
            partitions: member.map(|it| assigned(group, it)).unwrap_or_default(),
        }
    };
    let members = group
        .members()
        .filter(|member| !has_client(member.id(), member.client_id()))
        .map(|member| lost(member.id(), member.client_id(), Some(member)));
    let pending = group
        .pending_members()
        .filter(|(member_id, client_id)| !has_client(member_id, client_id))
        .map(|(member_id, client_id)| lost(member_id, client_id, None));
    let mut all: Vec<MemberInfo> = members.chain(pending).collect();
    if !all.is_empty() {
        number_lost(world, group.name(), &mut all);
    }
    all
}

/// Gives each lost member the number of a client of the group that had its
/// `client.id` and has ended; the newest ones where more have ended than are
/// lost.
fn number_lost(world: &World, group: &str, lost: &mut [MemberInfo]) {
    let mut ended = ended_consumers(world, group);
    for member in lost.iter_mut().rev() {
        let numbers = ended.get_mut(member.name.as_str());
        member.arrival = numbers.and_then(Vec::pop);
    }
}

/// The consumers of a group that run no more, by `client.id`. Clients are
/// numbered in the order of the commands that start them.
fn ended_consumers(world: &World, group: &str) -> BTreeMap<String, Vec<ClientNumber>> {
    let mut started: ClientNumber = 0;
    let mut ended: BTreeMap<String, Vec<ClientNumber>> = BTreeMap::new();
    for entry in &world.journal().entries {
        match &entry.command {
            Command::AddConsumer { config, .. } => {
                started += 1;
                if config.group_id == group && !world.clients().contains_key(&started) {
                    let client_id = match config.client_id.as_str() {
                        "" => format!("consumer-{group}-{started}"),
                        given => given.to_owned(),
                    };
                    ended.entry(client_id).or_default().push(started);
                }
            }
            Command::AddProducer { .. } | Command::AddAdmin { .. } => started += 1,
            _ => {}
        }
    }
    ended
}

/// What the coordinator has assigned to a member, as long as that holds.
fn assigned(group: &ClassicGroup, member: &Member) -> Vec<(TopicPartition, Option<i64>)> {
    if group.state() != GroupState::Stable {
        return Vec::new();
    }
    let partitions = decode_assignment(member.assignment()).unwrap_or_default();
    partitions.into_iter().map(|it| (it, None)).collect()
}
