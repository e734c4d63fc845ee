//! What holds at every moment of every world.

#[path = "support/random_commands.rs"]
mod random_commands;

use engine::collections::BTreeMap;

use engine::client::{Client, Membership};
use engine::log::{DeletionReason, LogSegment};
use engine::protocol::Request;
use engine::sorting::sort;
use engine::{Command, Event, EventKind, TopicPartition, World};
use random_commands::watched_random_world;

const SEEDS: u64 = 40;
const COMMANDS: usize = 120;

/// Offsets are dense, where no log is compacted, each record has one, and the
/// batches are sound.
fn logs_are_dense(world: &World) {
    for (partition, led) in world.brokers()[&1].partitions() {
        let mut next = led.log.start_offset();
        for batch in led.log.batches_from(next) {
            // The log may begin within a batch.
            let first = batch.base_offset().max(led.log.start_offset());
            let is_in_place = match led.log.config().cleanup_policy.compact {
                true => first >= next,
                false => first == next,
            };
            assert!(is_in_place, "{partition}: {first} comes after {next}");
            assert!(batch.is_crc_valid(), "{partition} at {next}");
            next = batch.next_offset();
        }
        assert_eq!(led.log.end_offset(), next, "{partition}");
    }
}

/// Segments follow one another, hold the log's start, and the high watermark
/// lies between the log's ends.
fn segments_are_in_order(world: &World) {
    for (partition, led) in world.brokers()[&1].partitions() {
        let log = &led.log;
        let bases: Vec<i64> = log.segments().map(LogSegment::base_offset).collect();
        assert!(bases.is_sorted_by(|a, b| a < b), "{partition}: {bases:?}");
        let marks = [
            bases[0],
            log.start_offset(),
            log.high_watermark(),
            log.end_offset(),
        ];
        assert!(marks.is_sorted(), "{partition}: {marks:?}");
    }
}

/// No partition has two owners in one group.
fn each_partition_has_one_owner(world: &World) {
    let mut owners: BTreeMap<(&str, &TopicPartition), u32> = BTreeMap::new();
    for (number, client) in world.clients() {
        let Client::Consumer(consumer) = client else {
            continue;
        };
        if consumer.membership() != Membership::Stable {
            continue;
        }
        for partition in consumer.assignment().keys() {
            let key = (consumer.config.group_id.as_str(), partition);
            let other = owners.insert(key, *number);
            assert_eq!(other, None, "{partition} is also {number}'s");
        }
    }
}

/// Nobody reads or commits beyond the end of a log.
fn positions_lie_within_the_log(world: &World) {
    let end =
        |partition: &TopicPartition| world.partition(partition).map(|led| led.log.end_offset());
    for client in world.clients().values() {
        let Client::Consumer(consumer) = client else {
            continue;
        };
        for (partition, assigned) in consumer.assignment() {
            // Who read a topic that was deleted and made anew finds out with
            // its next fetch.
            if was_deleted(world, &partition.topic) {
                continue;
            }
            if let (Some(position), Some(end)) = (assigned.position, end(partition)) {
                assert!(
                    position <= end,
                    "{partition}: position {position}, log end {end}"
                );
            }
        }
    }
}

/// Whether the topic was ever deleted: then offsets of before mean nothing.
fn was_deleted(world: &World, topic: &str) -> bool {
    let mut entries = world.journal().entries.iter();
    entries.any(|entry| match &entry.command {
        Command::AdminCall {
            request: Request::DeleteTopics(request),
            ..
        } => request.topics.iter().any(|deleted| &**deleted == topic),
        _ => false,
    })
}

/// What a producer was told is stored, is stored, where it was told.
fn delivered_records_are_in_the_log(world: &World, events: &[Event]) {
    for event in events {
        if let EventKind::Delivered {
            topic_partition,
            base_offset: Some(offset),
            records,
            ..
        } = &event.kind
            && let Some(led) = world.partition(topic_partition)
            && !was_deleted(world, &topic_partition.topic)
        {
            let last = offset + i64::from(*records);
            assert!(
                last <= led.log.end_offset(),
                "{topic_partition} at {offset}"
            );
        }
    }
}

#[test]
fn the_invariants_hold_at_every_moment() {
    let mut delivered = 0;
    let mut owned = 0;
    let mut deleted = 0;
    let mut expired = 0;
    for seed in 0..SEEDS {
        watched_random_world(seed, COMMANDS, |world, events| {
            if events
                .iter()
                .any(|event| matches!(event.kind, EventKind::RecordsAppended { .. }))
            {
                logs_are_dense(world);
            }
            segments_are_in_order(world);
            each_partition_has_one_owner(world);
            positions_lie_within_the_log(world);
            delivered_records_are_in_the_log(world, events);
            let of_kind = |wanted: fn(&EventKind) -> bool| {
                events.iter().filter(|event| wanted(&event.kind)).count()
            };
            delivered += of_kind(|kind| matches!(kind, EventKind::Delivered { .. }));
            deleted += of_kind(|kind| matches!(kind, EventKind::RecordsDeleted { .. }));
            expired += of_kind(
                |kind| matches!(kind, EventKind::RecordsDeleted { reason, .. } if *reason != DeletionReason::ClientRequest),
            );
            owned += of_kind(
                |kind| matches!(kind, EventKind::PartitionsAssigned { partitions, .. } if !partitions.is_empty()),
            );
        });
    }
    // Worlds in which nothing happens would prove nothing.
    assert!(delivered > 100, "{delivered}");
    assert!(owned > 100, "{owned}");
    assert!(deleted > expired && expired > 10, "{deleted}, {expired}");
}

/// A calm world comes to rest: every group with members is stable, and every
/// partition of the topics it reads has an owner.
#[test]
fn a_world_left_in_peace_comes_to_rest() {
    let mut checked = 0;
    for seed in 0..SEEDS {
        let mut world = watched_random_world(seed, COMMANDS, |_, _| {});
        world.advance_to(world.now().plus_ms(120_000));
        for (name, (_, group)) in world.groups() {
            if group.members().len() == 0 {
                continue;
            }
            assert_eq!(group.state().name(), "Stable", "seed {seed}, group {name}");
            let members = world.clients().values().filter_map(|client| match client {
                Client::Consumer(consumer)
                    if consumer.config.group_id == name
                        && consumer.subscription_type().is_managed_by_group() =>
                {
                    Some(consumer)
                }
                _ => None,
            });
            let mut wanted: Vec<TopicPartition> = Vec::new();
            let mut owned: Vec<TopicPartition> = Vec::new();
            for member in members {
                assert_eq!(
                    member.membership(),
                    Membership::Stable,
                    "seed {seed}, group {name}"
                );
                owned.extend(member.assignment().keys().cloned());
                for topic in member.subscription() {
                    let partitions = world
                        .topics()
                        .get(topic)
                        .map_or(0, |topic| topic.partitions.len());
                    wanted.extend(
                        (0..partitions as i32).map(|p| TopicPartition::new(topic.clone(), p)),
                    );
                }
            }
            sort(&mut owned);
            sort(&mut wanted);
            wanted.dedup();
            assert_eq!(owned, wanted, "seed {seed}, group {name}");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}
