//! The members of a group: those that run, and those whose client is gone
//! while their coordinator does not know it.

use engine::collections::{BTreeMap, BTreeSet};

use engine::assignor::server::PartitionsByTopic;
use engine::client::consumer_protocol::decode_assignment;
use engine::client::{
    Client, Consumer, ConsumerMemberState, Membership, Processor, Producer, ShareConsumer,
};
use engine::command::ClientNumber;
use engine::coordinator::consumer_group::{
    ConsumerGroup, ConsumerGroupMember, ConsumerGroupTimer, MemberState,
};
use engine::coordinator::share_group::ShareGroup;
use engine::coordinator::{ClassicGroup, GroupState, Member};
use engine::protocol::TopicName;
use engine::{Time, TopicPartition, World};

use super::roster::{GroupInfo, Known, MemberInfo, ended_consumers};
use super::{Phase, Role, Step, Writer, flow, shares};
use engine::sorting::{sort, sort_by};

/// All of them, in the order in which their clients were started.
pub(super) fn of_group(
    world: &World,
    group: &GroupInfo,
    names: &BTreeMap<ClientNumber, String>,
) -> Vec<MemberInfo> {
    let mut members: Vec<MemberInfo> = Vec::new();
    for (number, client) in world.clients() {
        let name = || names.get(number).cloned().unwrap_or_default();
        match client {
            Client::Consumer(it) if it.config.group_id == group.id => {
                // What reads for Kafka Connect itself is part of a connector.
                let known = world.known_clients().get(number);
                if known.is_none_or(|known| known.group_id.is_some()) {
                    members.push(consumer(world, group, it, name()));
                }
            }
            Client::ShareConsumer(it) if it.config.group_id == group.id => {
                members.push(share_consumer(group, it, name()));
            }
            _ => {}
        }
    }
    let mut lost = lost_members(world, group, &members);
    if !lost.is_empty() {
        number_lost(world, &group.id, &mut lost);
        members.append(&mut lost);
        sort_by(&mut members, |one, other| {
            place_of(one).cmp(&place_of(other))
        });
    }
    members
}

/// By the client's number; those without one come last, by name.
fn place_of(member: &MemberInfo) -> (ClientNumber, &str, &str) {
    let number = member.arrival.unwrap_or(ClientNumber::MAX);
    (number, &member.name, &member.member_id)
}

fn consumer(world: &World, group: &GroupInfo, consumer: &Consumer, name: String) -> MemberInfo {
    let number = consumer.connection.number;
    let member_id = consumer.member_id();
    let of_classic = match group.known {
        Some((_, Known::Classic(known))) => Some(known),
        _ => None,
    };
    let is_leader = of_classic.is_some_and(|known| known.leader() == Some(member_id));
    MemberInfo {
        client: Some(number),
        arrival: Some(number),
        name,
        badge: String::new(),
        member_id: member_id.to_owned(),
        is_leader: is_leader && !member_id.is_empty(),
        phase: match world.is_frozen(number) {
            true => Phase::Frozen,
            false => phase(consumer),
        },
        role: role(world, number),
        epoch: match consumer.member_state() {
            Some(_) => Some(consumer.generation()).filter(|epoch| *epoch >= 0),
            None => None,
        },
        step: match group.known {
            Some((_, Known::Classic(known))) => step(known, member_id),
            Some((_, Known::Consumer(known))) => known.member(member_id).and_then(step_of),
            _ => None,
        },
        partitions: consumer
            .assignment()
            .iter()
            .map(|(partition, assigned)| (partition.clone(), assigned.position))
            .collect(),
    }
}

fn phase(consumer: &Consumer) -> Phase {
    match consumer.member_state() {
        Some(ConsumerMemberState::Reconciling) => return Phase::Reconciling,
        Some(ConsumerMemberState::Acknowledging) => return Phase::Acknowledging,
        _ => {}
    }
    match consumer.membership() {
        // It reads what it was told to, and no group gives it anything.
        Membership::Unjoined if !consumer.assignment().is_empty() => Phase::Stable,
        Membership::Unjoined => Phase::NotYet,
        Membership::PreparingRebalance => Phase::ToldToRejoin,
        Membership::Joining => Phase::Joining,
        Membership::CompletingRebalance => Phase::Syncing,
        Membership::Leaving => Phase::Leaving,
        Membership::Stable if consumer.is_closing() => Phase::Leaving,
        Membership::Stable => Phase::Stable,
    }
}

/// How far its coordinator sees a member in a rebalance.
fn step(group: &ClassicGroup, member_id: &str) -> Option<Step> {
    let member = group.member(member_id);
    Some(match group.state() {
        GroupState::PreparingRebalance => match member?.is_awaiting_join() {
            true => Step::Joined,
            false => Step::NotJoined,
        },
        GroupState::CompletingRebalance => {
            member?;
            match group.pending_sync().any(|pending| pending == member_id) {
                true => Step::NotSynced,
                false => Step::Synced,
            }
        }
        _ => return None,
    })
}

/// The same in a group of KIP-848.
fn step_of(member: &ConsumerGroupMember) -> Option<Step> {
    match member.state {
        MemberState::UnrevokedPartitions => Some(Step::Unrevoked),
        MemberState::UnreleasedPartitions => Some(Step::Unreleased),
        MemberState::Stable | MemberState::Unknown => None,
    }
}

fn role(world: &World, consumer: ClientNumber) -> Role {
    let processor = world.processors().get(&consumer);
    let writes = processor.and_then(|processor| {
        let producer = match world.clients().get(&processor.producer())? {
            Client::Producer(producer) => producer,
            _ => return None,
        };
        writer(processor, producer)
    });
    writes.map_or(Role::Consumer, Role::Processor)
}

fn writer(processor: &Processor, producer: &Producer) -> Option<Writer> {
    let records =
        |batches: &mut dyn Iterator<Item = i32>| -> u32 { batches.sum::<i32>().unsigned_abs() };
    let mut held = producer.batches().map(|(_, batch)| batch.record_count());
    let mut sent = producer
        .in_flight_batches()
        .map(|(_, batch)| batch.record_count());
    Some(Writer {
        client: processor.producer(),
        output: processor.output().clone(),
        transaction: flow::transaction(producer)?,
        held: records(&mut held) + producer.waiting_records() as u32,
        in_flight: records(&mut sent),
    })
}

fn share_consumer(group: &GroupInfo, consumer: &ShareConsumer, name: String) -> MemberInfo {
    let number = consumer.connection.number;
    let epoch = consumer.member_epoch();
    MemberInfo {
        client: Some(number),
        arrival: Some(number),
        name,
        badge: String::new(),
        member_id: consumer.member_id().to_owned(),
        is_leader: false,
        phase: match epoch {
            _ if consumer.is_closing() => Phase::Leaving,
            0 => Phase::Joining,
            _ => Phase::Stable,
        },
        role: Role::ShareConsumer(shares::acquired_by(&group.shares, consumer.member_id())),
        epoch: (epoch > 0).then_some(epoch),
        step: None,
        partitions: consumer
            .assignment()
            .into_iter()
            .map(|partition| (partition, None))
            .collect(),
    }
}

/// Members, and newcomers that were given an id, of which no client knows:
/// their client was killed. They stay until their session times out.
fn lost_members(world: &World, group: &GroupInfo, running: &[MemberInfo]) -> Vec<MemberInfo> {
    match group.known {
        Some((_, Known::Classic(known))) => lost_classic(world, group, known, running),
        Some((_, Known::Consumer(known))) => lost_modern(world, group, known, running),
        Some((_, Known::Share(known))) => lost_sharing(world, group, known, running),
        None => Vec::new(),
    }
}

fn lost(
    world: &World,
    (member_id, client_id): (&str, &str),
    deadline: Option<Time>,
    partitions: Vec<(TopicPartition, Option<i64>)>,
) -> MemberInfo {
    let seconds = |deadline: Time| deadline.us_since(world.now()).div_ceil(1_000_000);
    MemberInfo {
        client: None,
        arrival: None,
        name: client_id.to_owned(),
        badge: String::new(),
        member_id: member_id.to_owned(),
        is_leader: false,
        phase: Phase::Crashed {
            seconds_left: deadline.map(seconds),
        },
        role: Role::Consumer,
        epoch: None,
        step: None,
        partitions,
    }
}

fn lost_classic(
    world: &World,
    group: &GroupInfo,
    known: &ClassicGroup,
    running: &[MemberInfo],
) -> Vec<MemberInfo> {
    let client_id = |member: &MemberInfo| -> Option<&str> {
        let client = world.clients().get(&member.client?)?;
        Some(client.client_id())
    };
    // One that has no id yet may be any of those that have its client.id.
    let has_client = |member_id: &str, of: &str| {
        running
            .iter()
            .any(|member| match member.member_id.as_str() {
                "" => client_id(member) == Some(of),
                known => known == member_id,
            })
    };
    let deadline = |member_id: &str| group.shard()?.session_deadline(&group.id, member_id);
    let members = known
        .members()
        .filter(|member| !has_client(member.id(), member.client_id()))
        .map(|member| MemberInfo {
            is_leader: known.leader() == Some(member.id()),
            step: step(known, member.id()),
            ..lost(
                world,
                (member.id(), member.client_id()),
                deadline(member.id()),
                assigned(known, member),
            )
        });
    let pending = known
        .pending_members()
        .filter(|(member_id, client_id)| !has_client(member_id, client_id))
        .map(|(member_id, client_id)| {
            let deadline = deadline(member_id);
            lost(world, (member_id, client_id), deadline, Vec::new())
        });
    members.chain(pending).collect()
}

/// What the coordinator has assigned to a member, as long as that holds.
fn assigned(group: &ClassicGroup, member: &Member) -> Vec<(TopicPartition, Option<i64>)> {
    if group.state() != GroupState::Stable {
        return Vec::new();
    }
    let partitions = decode_assignment(member.assignment()).unwrap_or_default();
    partitions.into_iter().map(|it| (it, None)).collect()
}

fn lost_modern(
    world: &World,
    group: &GroupInfo,
    known: &ConsumerGroup,
    running: &[MemberInfo],
) -> Vec<MemberInfo> {
    let runs: BTreeSet<&str> = running.iter().map(|it| it.member_id.as_str()).collect();
    let deadline = |id: &str| {
        let mut timers = group.shard()?.consumer_groups().timers();
        let session = |timer: &ConsumerGroupTimer| {
            matches!(timer, ConsumerGroupTimer::Session { group_id, member_id }
                if *group_id == group.id && member_id == id)
        };
        timers.find(|(timer, _)| session(timer)).map(|(_, at)| at)
    };
    known
        .members()
        .filter(|member| !runs.contains(member.id.as_str()) && !member.is_away())
        .map(|member| {
            let names = (member.id.as_str(), member.metadata.client_id.as_str());
            let partitions = named(world, &member.assigned);
            MemberInfo {
                epoch: Some(member.epoch),
                ..lost(world, names, deadline(&member.id), partitions)
            }
        })
        .collect()
}

fn lost_sharing(
    world: &World,
    group: &GroupInfo,
    known: &ShareGroup,
    running: &[MemberInfo],
) -> Vec<MemberInfo> {
    let runs: BTreeSet<&str> = running.iter().map(|it| it.member_id.as_str()).collect();
    let members = known.members().iter();
    members
        .filter(|(id, _)| !runs.contains(id.as_str()))
        .map(|(id, member)| {
            let deadline = group
                .shard()
                .and_then(|it| it.session_deadline(&group.id, id));
            let names = (id.as_str(), member.metadata.client_id.as_str());
            let partitions = named(world, &member.assignment.partitions);
            MemberInfo {
                role: Role::ShareConsumer(shares::acquired_by(&group.shares, id)),
                epoch: Some(member.assignment.member_epoch),
                ..lost(world, names, deadline, partitions)
            }
        })
        .collect()
}

/// Partitions by the names of their topics.
fn named(world: &World, partitions: &PartitionsByTopic) -> Vec<(TopicPartition, Option<i64>)> {
    let name = |id| -> Option<&TopicName> {
        let mut topics = world.topics().iter();
        topics
            .find(|(_, topic)| topic.id == id)
            .map(|(name, _)| name)
    };
    let mut all = Vec::new();
    for (id, numbers) in partitions {
        if let Some(topic) = name(*id) {
            let of_topic = numbers.iter();
            all.extend(of_topic.map(|number| (TopicPartition::new(topic.clone(), *number), None)));
        }
    }
    sort(&mut all);
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
