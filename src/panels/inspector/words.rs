//! Words, links and look-ups that several sheets share.

use std::collections::BTreeSet;

use engine::broker::Broker;
use engine::client::{Client, Consumer};
use engine::command::ClientNumber;
use engine::protocol::TopicName;
use engine::sim::{Host, NodeId};
use engine::{Time, TopicPartition, World};

use super::sheet::Text;
use crate::stage::{Subject, client_names};

pub(super) const MS: &str = "ms";
pub(super) const BYTES: &str = "bytes";

/// `1 record`, `2 records`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

pub(super) fn topic(name: &TopicName) -> Text {
    Text::link(&**name, Subject::Topic(name.clone()))
}

pub(super) fn partition(of: &TopicPartition) -> Text {
    Text::link(of.to_string(), Subject::Partition(of.clone()))
}

pub(super) fn partitions<'a>(all: impl IntoIterator<Item = &'a TopicPartition>) -> Text {
    Text::list(all.into_iter().map(partition), "none")
}

pub(super) fn broker(id: i32) -> Text {
    Text::link(format!("broker {id}"), Subject::Broker(id))
}

pub(super) fn maybe_broker(id: Option<i32>) -> Text {
    id.map_or(Text::from("none"), broker)
}

pub(super) fn group(id: &str) -> Text {
    Text::link(id, Subject::Group(id.to_owned()))
}

pub(super) fn client(world: &World, number: ClientNumber) -> Text {
    let name = client_names(world).remove(&number);
    match name {
        Some(name) => Text::link(name, Subject::Client(number)),
        None => Text::from(format!("client {number}, which has ended")),
    }
}

pub(super) fn node(world: &World, node: NodeId) -> Text {
    match node {
        NodeId::Broker(id) => broker(id),
        NodeId::Controller(id) => controller(world, id),
        NodeId::Client(number) => client(world, number),
        NodeId::ZooKeeper => Text::from("ZooKeeper"),
    }
}

pub(super) fn controller(world: &World, id: i32) -> Text {
    match world.brokers().contains_key(&id) {
        true => Text::link(format!("controller {id}"), Subject::Broker(id)),
        false => Text::link(format!("controller {id}"), Subject::Controller(id)),
    }
}

/// How long it is until then, or since then.
pub(super) fn due(now: Time, at: Time) -> String {
    let seconds = |us: u64| match us {
        0..1_000_000 => format!("{} ms", us / 1_000),
        _ => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
    };
    match at >= now {
        true => format!("in {}", seconds(at.us_since(now))),
        false => format!("{} ago", seconds(now.us_since(at))),
    }
}

pub(super) fn maybe<T: ToString>(value: Option<T>, none: &str) -> String {
    value.map_or(none.to_owned(), |value| value.to_string())
}

/// A timestamp of a record: its number, and the day and time that it is.
pub(super) fn timestamp(ms: i64) -> String {
    match ms {
        ..0 => format!("{ms} (none)"),
        _ => format!("{ms} ({} UTC)", date(ms)),
    }
}

/// Epoch milliseconds as `2026-01-31 12:00:00.000`.
pub fn date(ms: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    let (day, of_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    // Days are counted from 1 March of the year 0, so that leap days come last.
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year_of_era + later;
    let (second, ms) = (of_day / 1_000, of_day % 1_000);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03}")
}

/// All hosts but this one, with their names.
pub(super) fn other_hosts(world: &World, host: Host) -> Vec<(Host, String)> {
    let servers = world.brokers().keys().chain(world.controllers().keys());
    let servers: BTreeSet<i32> = servers.copied().collect();
    let servers = servers.into_iter().map(|id| {
        let kind = match world.brokers().contains_key(&id) {
            true => "broker",
            false => "controller",
        };
        (Host::Server(id), format!("{kind} {id}"))
    });
    let clients = client_names(world).into_iter();
    let clients = clients.map(|(number, name)| (Host::Client(number), name));
    let zookeeper = world
        .zookeeper()
        .map(|_| (Host::ZooKeeper, "ZooKeeper".to_owned()));
    let all = servers.chain(clients).chain(zookeeper);
    all.filter(|(other, _)| *other != host).collect()
}

/// The consumers, by number.
pub(super) fn consumers(world: &World) -> impl Iterator<Item = &Consumer> {
    let clients = world.clients().values();
    clients.filter_map(|client| match client {
        Client::Consumer(consumer) => Some(&**consumer),
        _ => None,
    })
}

/// What a group has done in a partition.
pub(super) struct Progress {
    pub committed: Option<i64>,
    /// The consumer that owns the partition, and the offset it reads next.
    pub owner: Option<(ClientNumber, Option<i64>)>,
}

impl Progress {
    /// That of a group in a partition; `None` when it has nothing to do with
    /// it.
    pub fn of(world: &World, group: &str, of: &TopicPartition) -> Option<Progress> {
        let owners = consumers(world).filter(|it| it.config.group_id == group);
        let mut owners = owners.filter_map(|it| {
            let assigned = it.assignment().get(of)?;
            Some((it.connection.number, assigned.position))
        });
        let progress = Progress {
            committed: committed(world, group, of),
            owner: owners.next(),
        };
        (progress.committed.is_some() || progress.owner.is_some()).then_some(progress)
    }

    /// The records after the committed offset: the LAG of Kafka's tools.
    pub fn lag(&self, log_end: i64) -> Option<i64> {
        Some((log_end - self.committed?).max(0))
    }
}

/// What a group has committed in a partition, by its coordinator.
pub(super) fn committed(world: &World, group: &str, of: &TopicPartition) -> Option<i64> {
    let shard = coordinator(world, group)?.groups().shard_of(group)?;
    Some(shard.offset(group, of)?.committed.offset)
}

/// The broker that coordinates a group of any kind.
pub(super) fn coordinator<'a>(world: &'a World, group: &str) -> Option<&'a Broker> {
    let classic = world.groups().get(group).map(|(broker, _)| *broker);
    let consumer = || {
        world
            .consumer_groups()
            .get(group)
            .map(|(broker, _)| *broker)
    };
    let share = || world.share_groups().get(group).map(|(broker, _)| *broker);
    classic.or_else(consumer).or_else(share)
}

/// Every group that its coordinator knows or a consumer wants to enter.
pub fn group_ids(world: &World) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    ids.extend(world.groups().into_keys().map(str::to_owned));
    ids.extend(world.consumer_groups().into_keys().map(str::to_owned));
    ids.extend(world.share_groups().into_keys().map(str::to_owned));
    for client in world.clients().values() {
        match client {
            Client::Consumer(it) if it.config.has_group() => ids.insert(it.config.group_id.clone()),
            Client::ShareConsumer(it) => ids.insert(it.config.group_id.clone()),
            _ => false,
        };
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_days_and_times() {
        assert_eq!(date(0), "1970-01-01 00:00:00.000");
        assert_eq!(date(951_782_400_123), "2000-02-29 00:00:00.123");
        assert_eq!(date(1_767_225_600_000), "2026-01-01 00:00:00.000");
        assert_eq!(date(4_107_542_399_999), "2100-02-28 23:59:59.999");
        assert_eq!(timestamp(-1), "-1 (none)");
    }
}
