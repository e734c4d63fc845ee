//! Groups: their members and rebalances, and what they make of records.

use std::fmt;

use super::super::EventKind;
use super::super::consumer_group::describe_consumer_group;
use super::{Described, counted, listed};
use crate::coordinator::{GroupEvent, RemovalCause};
use crate::protocol::TopicPartition;
use crate::world::Rebalance;

impl Described<'_> {
    pub(super) fn groups(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::Group(event) => describe_group(event, f),
            EventKind::Share(event) => event.describe(self.names, f),
            EventKind::RebalanceMeasured(rebalance) => describe_rebalance(rebalance, f),
            EventKind::RecordsProcessedAgain {
                group,
                consumer,
                topic_partition,
                from,
                to,
            } => write!(
                f,
                "{} has processed {} of {topic_partition} again, from offset {from} on: group {group} had done so before.",
                self.names.name(*consumer),
                counted(to - from, "record")
            ),
            EventKind::RecordsSkipped {
                group,
                topic_partition,
                from,
                to,
                ..
            } => write!(
                f,
                "Group {group} passes over {} of {topic_partition}, from offset {from} on: nobody has processed them.",
                counted(to - from, "record")
            ),
            _ => return None,
        })
    }
}

fn describe_rebalance(rebalance: &Rebalance, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let count = |partitions: &[TopicPartition]| partitions.len() as i64;
    write!(
        f,
        "Group {} has rebalanced within {} ms: {} given up, {} moved, {} kept; nobody read a partition for up to {} ms.",
        rebalance.group,
        rebalance.duration_us / 1_000,
        counted(count(&rebalance.revoked), "partition"),
        rebalance.moved.len(),
        rebalance.kept.len(),
        rebalance.longest_unread_us() / 1_000
    )
}

fn describe_group(event: &GroupEvent, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        GroupEvent::GroupCreated { group } => write!(f, "Group {group} comes into being."),
        GroupEvent::GroupDeleted { group } => write!(f, "Group {group} is gone."),
        GroupEvent::StateChanged {
            group, to, reason, ..
        } => write!(f, "Group {group} is {}: {reason}.", to.name()),
        GroupEvent::MemberIdGiven {
            group, client_id, ..
        } => write!(
            f,
            "{client_id} gets a member id from the coordinator of group {group}."
        ),
        GroupEvent::MemberAdded {
            group, client_id, ..
        } => write!(f, "{client_id} joins group {group}."),
        GroupEvent::MemberRejoined {
            group, client_id, ..
        } => write!(f, "{client_id} rejoins group {group}."),
        GroupEvent::MemberReplaced {
            group,
            group_instance_id,
            ..
        } => write!(
            f,
            "Static member {group_instance_id} of group {group} is back under a new member id."
        ),
        GroupEvent::MemberRemoved {
            group,
            client_id,
            cause,
            ..
        } => describe_removal(group, client_id, *cause, f),
        GroupEvent::RebalanceStarted { group, reason, .. } => {
            write!(f, "Group {group} rebalances: {reason}.")
        }
        GroupEvent::InitialRebalanceExtended { group, until } => write!(
            f,
            "Group {group} waits for more members until {until} (group.initial.rebalance.delay.ms)."
        ),
        GroupEvent::GenerationStarted {
            group,
            generation,
            protocol,
            members,
            ..
        } => write!(
            f,
            "Group {group} begins generation {generation} with {}; its leader assigns by {protocol}.",
            counted(members.len() as i64, "member")
        ),
        GroupEvent::Assigned {
            group, generation, ..
        } => write!(
            f,
            "Group {group} has its assignment for generation {generation}."
        ),
        GroupEvent::OffsetsCommitted { group, offsets, .. } => {
            let texts: Vec<String> = offsets
                .iter()
                .map(|(partition, committed)| format!("{partition} at {}", committed.offset))
                .collect();
            write!(f, "Group {group} commits {}.", texts.join(", "))
        }
        GroupEvent::Consumer(event) => describe_consumer_group(event, f),
        GroupEvent::OffsetsRemoved {
            group, partitions, ..
        } => write!(
            f,
            "Group {group} forgets its offsets of {}.",
            listed(partitions)
        ),
    }
}

fn describe_removal(
    group: &str,
    client_id: &str,
    cause: RemovalCause,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let why = match cause {
        RemovalCause::Left => return write!(f, "{client_id} leaves group {group}."),
        RemovalCause::SessionExpired => "no heartbeat came within session.timeout.ms",
        RemovalCause::PendingExpired => "it did not come back with the member id it was given",
        RemovalCause::JoinTimedOut => "it waited too long for its first generation",
        RemovalCause::RebalanceTimeout => "it did not rejoin within max.poll.interval.ms",
        RemovalCause::SyncTimeout => "it did not ask for its assignment in time",
        RemovalCause::GroupFull => "the group has group.max.size members already",
    };
    write!(f, "Group {group} drops {client_id}: {why}.")
}
