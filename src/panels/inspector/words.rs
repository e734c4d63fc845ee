//! Words, links and look-ups that several sheets share.

use engine::collections::{BTreeMap, BTreeSet};

use engine::broker::Broker;
use engine::client::{Client, Consumer};
use engine::command::ClientNumber;
use engine::coordinator::GroupCoordinator;
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

/// Brokers by their ids, in order.
pub(super) fn brokers(world: &World, ids: &[i32]) -> Text {
    let links = ids.iter().map(|id| match world.brokers().contains_key(id) {
        true => Text::link(id.to_string(), Subject::Broker(*id)),
        false => Text::from(*id),
    });
    Text::list(links, "none")
}

pub(super) fn group(id: &str) -> Text {
    Text::link(id, Subject::Group(id.to_owned()))
}

pub(super) fn client(world: &World, number: ClientNumber) -> Text {
    match client_name(world, number) {
        Some(name) => Text::link(name, Subject::Client(number)),
        None => Text::from(format!("client {number}, which has ended")),
    }
}

/// The client that goes by this member id, or the id.
pub(super) fn member(world: &World, group: &str, member_id: &str) -> Text {
    let found = world.clients().iter().find(|(_, client)| match client {
        Client::Consumer(it) => it.config.group_id == group && it.member_id() == member_id,
        Client::ShareConsumer(it) => it.config.group_id == group && it.member_id() == member_id,
        _ => false,
    });
    match found {
        Some((number, _)) => client(world, *number),
        None => Text::from(format!("{member_id} (its client is gone)")),
    }
}

/// What the board calls a client, as [`client_names`] would say of all.
pub(super) fn client_name(world: &World, number: ClientNumber) -> Option<String> {
    let named = world.clients().get(&number)?;
    let id = named.client_id();
    let is_alike = |other: &&Client| other.client_id() == id && other.kind() == named.kind();
    Some(match world.clients().values().filter(is_alike).count() {
        1 => id.to_owned(),
        _ => format!("{id} #{number}"),
    })
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

/// The most hosts that one can choose among, besides all of them.
const HOSTS_MAX: usize = 100;

/// The other hosts, with their names; the first of them when there are very
/// many.
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
    all.filter(|(other, _)| *other != host)
        .take(HOSTS_MAX)
        .collect()
}

/// The consumers, by number.
pub(super) fn consumers(world: &World) -> impl Iterator<Item = &Consumer> {
    let clients = world.clients().values();
    clients.filter_map(|client| match client {
        Client::Consumer(consumer) => Some(&**consumer),
        _ => None,
    })
}

/// A group that reads: what its coordinator has stored, and who owns what.
/// Looked up once, however many partitions are asked about.
pub(super) struct Reading<'a> {
    pub group: String,
    shard: Option<&'a GroupCoordinator>,
    owners: BTreeMap<&'a TopicPartition, (ClientNumber, Option<i64>)>,
}

/// What a group has done in a partition.
pub(super) struct Progress {
    pub committed: Option<i64>,
    /// The consumer that owns the partition, and the offset it reads next.
    pub owner: Option<(ClientNumber, Option<i64>)>,
}

impl<'a> Reading<'a> {
    /// That of one group.
    pub fn of(world: &'a World, group: &str) -> Reading<'a> {
        let broker = coordinator(world, group);
        Reading::at(world, group.to_owned(), broker)
    }

    /// Those of all groups, by name.
    pub fn all(world: &'a World) -> Vec<Reading<'a>> {
        let (classic, consumer, share) = (
            world.groups(),
            world.consumer_groups(),
            world.share_groups(),
        );
        let reading = |id: String| {
            let of_classic = classic.get(id.as_str()).map(|(broker, _)| *broker);
            let of_consumer = consumer.get(id.as_str()).map(|(broker, _)| *broker);
            let of_share = share.get(id.as_str()).map(|(broker, _)| *broker);
            Reading::at(world, id, of_classic.or(of_consumer).or(of_share))
        };
        group_ids(world).into_iter().map(reading).collect()
    }

    fn at(world: &'a World, group: String, broker: Option<&'a Broker>) -> Reading<'a> {
        let members = consumers(world).filter(|it| it.config.group_id == group);
        let owners = members.flat_map(|it| {
            let number = it.connection.number;
            let assigned = it.assignment().iter();
            assigned.map(move |(of, at)| (of, (number, at.position)))
        });
        Reading {
            shard: broker.and_then(|broker| broker.groups().shard_of(&group)),
            owners: owners.collect(),
            group,
        }
    }

    /// What it has done in a partition; `None` when it has nothing to do with
    /// it.
    pub fn progress(&self, of: &TopicPartition) -> Option<Progress> {
        let progress = Progress {
            committed: self.committed(of),
            owner: self.owners.get(of).copied(),
        };
        (progress.committed.is_some() || progress.owner.is_some()).then_some(progress)
    }

    /// What it has committed in a partition, by its coordinator.
    pub fn committed(&self, of: &TopicPartition) -> Option<i64> {
        Some(self.shard?.offset(&self.group, of)?.committed.offset)
    }

    /// The partitions it has committed in, or that its members own.
    pub fn partitions(&self) -> BTreeSet<TopicPartition> {
        let stored = self.shard.into_iter();
        let stored = stored.flat_map(|shard| shard.offsets(&self.group).map(|(of, _)| of));
        stored.chain(self.owners.keys().copied()).cloned().collect()
    }

    /// When the coordinator takes a member for dead, unless it hears of it.
    pub fn session_deadline(&self, member_id: &str) -> Option<Time> {
        self.shard?.session_deadline(&self.group, member_id)
    }
}

impl Progress {
    /// The records after the committed offset: the LAG of Kafka's tools.
    pub fn lag(&self, log_end: i64) -> Option<i64> {
        Some((log_end - self.committed?).max(0))
    }
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
