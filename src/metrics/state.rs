//! What is measured of a world's state, at one instant.

use engine::collections::BTreeMap;
use engine::coordinator::GroupCoordinator;
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use crate::stage::scene::shares;

/// How many records each group is behind: of the partitions in which it has
/// committed those after the committed offset, up to the log's end; of those
/// that a share group reads all that it is not done with.
pub(super) fn lags(world: &World) -> BTreeMap<String, u64> {
    let classic = world.groups().into_iter();
    let classic = classic.map(|(id, (broker, _))| (id, broker));
    let consumer = world.consumer_groups().into_iter();
    let consumer = consumer.map(|(id, (broker, _))| (id, broker));
    let reading = classic.chain(consumer).filter_map(|(id, broker)| {
        let shard = broker.groups().shard_of(id)?;
        Some((id.to_owned(), lag(world, shard, id)?))
    });
    let sharing = shares::by_group(world).into_iter().map(|(id, partitions)| {
        let undone = partitions.into_iter().filter_map(|(of, partition)| {
            let log_end = world.partition(of)?.log.end_offset();
            Some(shares::undone(partition, log_end).unsigned_abs())
        });
        (id.to_owned(), undone.sum())
    });
    reading.chain(sharing).collect()
}

/// `None` while nothing is committed.
fn lag(world: &World, shard: &GroupCoordinator, group: &str) -> Option<u64> {
    let lags = shard.offsets(group).filter_map(|(of, stored)| {
        let log_end = world.partition(of)?.log.end_offset();
        Some((log_end - stored.committed.offset).max(0).unsigned_abs())
    });
    lags.fold(None, |sum: Option<u64>, lag| Some(sum.unwrap_or(0) + lag))
}

/// Partitions that lack replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// Partitions with a replica that is not in sync (`UnderReplicatedPartitions`).
    pub under_replicated: u64,
    /// Partitions without a leader (`OfflinePartitionsCount`).
    pub leaderless: u64,
}

/// How the partitions stand, those of internal topics too.
pub(super) fn replicas(world: &World) -> Replicas {
    let mut replicas = Replicas::default();
    let topics = world.topics().values();
    for partition in topics.flat_map(|topic| &topic.partitions) {
        replicas.under_replicated += u64::from(partition.isr.len() < partition.replicas.len());
        replicas.leaderless += u64::from(partition.leader.is_none());
    }
    replicas
}

/// How many records each partition of a topic holds.
pub(super) fn records_by_partition(world: &World, topic: &TopicName) -> Vec<u64> {
    let partitions = world
        .topics()
        .get(topic)
        .map_or(0, |it| it.partitions.len());
    let records = (0..partitions).map(|number| {
        let of = TopicPartition::new(topic.clone(), number as i32);
        let log = world.partition(&of).map(|it| &it.log);
        let records = log.map(|log| log.data_records(log.start_offset(), log.end_offset()));
        records.unwrap_or(0).unsigned_abs()
    });
    records.collect()
}
