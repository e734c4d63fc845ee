//! Facts of a recorded cluster with a compacted topic, and the log cleaner at
//! work on each broker.

mod support;

use engine::client::Acks;
use engine::log::{Cleaning, LogSegment};
use engine::sorting::sort_by_key;
use engine::{Event, EventKind, World};
use support::cluster::*;
use support::run_ms;

/// The recording's topic: tiny segments, cleaned as soon as may be.
const EAGER: &[(&str, &str)] = &[
    ("cleanup.policy", "compact"),
    ("segment.bytes", "200"),
    ("min.cleanable.dirty.ratio", "0.01"),
    ("delete.retention.ms", "100"),
    ("min.compaction.lag.ms", "0"),
];

fn put(world: &mut World, key: &str, value: Option<&str>) -> String {
    send_records(world, Acks::All, "c-0", &[(Some(key), value)]).remove(0)
}

/// Records of three keys, over and over: 0 to 11.
fn put_three_keys(world: &mut World) {
    for number in 0..12 {
        let key = format!("k{}", number % 3);
        let value = format!("value-{number}");
        assert_eq!(put(world, &key, Some(&value)), format!("c-0@{number}"));
    }
}

/// `compaction` up to the first wait.
fn compacted() -> World {
    let mut world = cluster(31);
    create(&mut world, "c", "1", EAGER);
    put_three_keys(&mut world);
    put(&mut world, "k1", None);
    put(&mut world, "last", Some(&"x".repeat(60)));
    assert_eq!(put(&mut world, "last2", Some(&"y".repeat(60))), "c-0@14");
    run_ms(&mut world, 9_000);
    world
}

/// The same up to the second.
fn compacted_twice() -> World {
    let mut world = compacted();
    let z = "z".repeat(80);
    let records = [(Some("k2"), Some("again")), (Some("z1"), Some(z.as_str()))];
    let sent = send_records(&mut world, Acks::All, "c-0", &records);
    assert_eq!(sent, ["c-0@15", "c-0@16"]);
    assert_eq!(put(&mut world, "z2", Some(&z)), "c-0@17");
    run_ms(&mut world, 9_000);
    world
}

fn offsets_read(world: &mut World) -> Vec<i64> {
    let read = consume(world, "c-0");
    read.into_iter().map(|(offset, _)| offset).collect()
}

fn cleanings(events: &[Event]) -> Vec<(i32, String, Cleaning)> {
    let cleaning = |event: &Event| match &event.kind {
        EventKind::LogCleaned {
            broker,
            topic_partition,
            cleaning,
        } => Some((*broker, topic_partition.to_string(), *cleaning)),
        _ => None,
    };
    events.iter().filter_map(cleaning).collect()
}

#[test]
fn of_each_key_the_last_record_stays_at_its_offset_and_a_tombstone_stays_for_a_while() {
    let mut world = compacted();
    let read = consume(&mut world, "c-0");
    let expected = [
        (9, "value-9".to_owned()),
        (11, "value-11".to_owned()),
        (12, "null".to_owned()),
        (13, "x".repeat(60)),
        (14, "y".repeat(60)),
    ];
    assert_eq!(read, expected);
}

#[test]
fn compaction_moves_neither_end_of_the_log() {
    let world = compacted();
    let log = &held(&world, 1, "c-0").log;
    assert_eq!((log.start_offset(), log.end_offset()), (0, 15));
}

#[test]
fn the_next_cleaning_takes_the_tombstone_and_what_was_written_over() {
    let mut world = compacted_twice();
    assert_eq!(offsets_read(&mut world), [9, 13, 14, 15, 16, 17]);
}

#[test]
fn cleaned_segments_merge_where_they_fit_and_an_empty_one_stays_where_they_do_not() {
    let world = compacted_twice();
    let segments = held(&world, 1, "c-0").log.segments();
    let segments: Vec<(i64, usize)> = segments
        .map(|segment: &LogSegment| (segment.base_offset(), segment.size_bytes()))
        .collect();
    let expected = [(0, 77), (12, 0), (13, 133), (14, 134), (15, 166), (17, 152)];
    assert_eq!(segments, expected);
}

#[test]
fn a_compacted_topic_takes_no_record_without_a_key() {
    let mut world = cluster(32);
    create(&mut world, "c", "1", EAGER);
    let record = (None, Some("no key on a compacted topic"));
    let failed = send_records(&mut world, Acks::All, "c-0", &[record]);
    let message = "InvalidRecordException: Compacted topic cannot accept message without key in \
                   topic partition c-0";
    assert_eq!(failed, [message]);
    assert_eq!(held(&world, 1, "c-0").log.end_offset(), 0);
}

#[test]
fn the_active_segment_is_never_cleaned() {
    let mut world = cluster(33);
    create(&mut world, "c", "1", EAGER);
    put(&mut world, "k", Some("1"));
    put(&mut world, "k", Some("2"));
    run_ms(&mut world, 5_000);
    assert_eq!(offsets_read(&mut world), [0, 1]);
}

#[test]
fn every_replica_cleans_its_own_log_and_they_hold_the_same() {
    let mut world = cluster(34);
    create(&mut world, "c", "1:2", EAGER);
    put_three_keys(&mut world);
    run_ms(&mut world, 5_000);
    let offsets = |broker| -> Vec<i64> {
        let log = &held(&world, broker, "c-0").log;
        let records = log.batches().flat_map(|batch| batch.records().flatten());
        records.map(|record| record.offset).collect()
    };
    // The last of k1 lies in the active segment, which the cleaner does not
    // look at.
    assert_eq!(offsets(1), [7, 8, 9, 10, 11]);
    assert_eq!(offsets(2), offsets(1));
}

/// A cluster whose cleaner looks once a minute, and a compacted topic.
fn cleaned_by_the_minute(topics: &[&str]) -> World {
    let mut world = cluster_with(35, &[("log.cleaner.backoff.ms", "60000")]);
    for topic in topics {
        create(&mut world, topic, "1:2", EAGER);
    }
    world
}

#[test]
fn the_cleaner_looks_every_backoff_and_tells_what_it_did() {
    let mut world = cleaned_by_the_minute(&["c"]);
    put_three_keys(&mut world);
    let before = run_ms(&mut world, 40_000);
    assert_eq!(cleanings(&before), []);
    let events = run_ms(&mut world, 20_000);
    let mut by_broker = cleanings(&events);
    sort_by_key(&mut by_broker, |(broker, ..)| *broker);
    let cleaning = Cleaning {
        cleaned_to: 10,
        bytes_before: 10 * 77,
        bytes_after: 3 * 77,
        records_before: 10,
        records_after: 3,
    };
    let of = |broker| (broker, "c-0".to_owned(), cleaning);
    assert_eq!(by_broker, [of(1), of(2)]);
    let event = events
        .iter()
        .find(|event| matches!(event.kind, EventKind::LogCleaned { broker: 1, .. }))
        .expect("there is one");
    assert_eq!(event.at.as_ms(), 60_000);
    assert_eq!(
        event.describe(&world),
        "Broker 1 compacts c-0 up to offset 10: of 10 records 3 stay, 231 bytes instead of 770."
    );
}

#[test]
fn what_was_cleaned_is_remembered_on_the_disk_and_not_cleaned_again() {
    let mut world = cleaned_by_the_minute(&["c"]);
    put_three_keys(&mut world);
    run_ms(&mut world, 60_000);
    let cleaned_to = held(&world, 2, "c-0").cleaned_to;
    assert_eq!(cleaned_to, Some(10));
    kill(&mut world, 2);
    wait_brokers(&mut world, 2);
    start_broker(&mut world, 2);
    let events = run_ms(&mut world, 200_000);
    assert_eq!(cleanings(&events), []);
    assert_eq!(held(&world, 2, "c-0").cleaned_to, cleaned_to);
    world
        .execute(engine::Command::LoseDisk { broker: 2 })
        .expect("it runs");
    wait_isr(&mut world, "c-0", &[1]);
    start_broker(&mut world, 2);
    wait_isr(&mut world, "c-0", &[1, 2]);
    assert_eq!(held(&world, 2, "c-0").cleaned_to, None, "with the log");
}

#[test]
fn the_dirtiest_log_is_cleaned_first() {
    let mut world = cleaned_by_the_minute(&["c", "d"]);
    put_three_keys(&mut world);
    run_ms(&mut world, 60_000);
    put(&mut world, "k0", Some("new"));
    put(&mut world, "k1", Some("new"));
    put(&mut world, "k2", Some("new"));
    for value in ["1", "2", "3", "4"] {
        send(&mut world, Acks::All, "d-0", &[value]);
    }
    let events = run_ms(&mut world, 60_000);
    for broker in [1, 2] {
        let cleanings = cleanings(&events).into_iter();
        let order: Vec<String> = cleanings
            .filter(|(by, ..)| *by == broker)
            .map(|(_, of, _)| of)
            .collect();
        assert_eq!(order, ["d-0", "c-0"]);
    }
}

#[test]
fn max_compaction_lag_ms_has_a_log_cleaned_that_is_not_dirty_enough() {
    let configs: Vec<_> = EAGER
        .iter()
        .copied()
        .filter(|(name, _)| *name != "min.cleanable.dirty.ratio")
        .chain([("min.cleanable.dirty.ratio", "1")])
        .collect();
    let mut world = cluster(36);
    create(&mut world, "c", "1", &configs);
    put_three_keys(&mut world);
    let events = run_ms(&mut world, 30_000);
    assert_eq!(cleanings(&events), []);

    let overdue = [&configs[..], &[("max.compaction.lag.ms", "10000")]].concat();
    let mut world = cluster(37);
    create(&mut world, "c", "1", &overdue);
    put_three_keys(&mut world);
    let events = run_ms(&mut world, 5_000);
    assert_eq!(cleanings(&events), []);
    let events = run_ms(&mut world, 10_000);
    assert_eq!(cleanings(&events).len(), 1);
}

#[test]
fn a_log_that_is_cut_off_is_cleaned_anew_from_there() {
    let mut world = cluster(38);
    create(&mut world, "c", "2:3", EAGER);
    put(&mut world, "k0", Some("value-0"));
    put(&mut world, "k1", Some("value-1"));
    run_ms(&mut world, 1_000);
    kill(&mut world, 3);
    wait_isr(&mut world, "c-0", &[2]);
    for number in 2..12 {
        put(&mut world, "k", Some(&format!("value-{number}")));
    }
    run_ms(&mut world, 5_000);
    assert_eq!(held(&world, 2, "c-0").cleaned_to, Some(10));
    kill(&mut world, 2);
    wait_leader(&mut world, "c-0", None);
    start_broker(&mut world, 3);
    wait_brokers(&mut world, 2);
    elect(
        &mut world,
        engine::protocol::ElectionType::Unclean,
        Some("c-0"),
    );
    start_broker(&mut world, 2);
    wait_isr(&mut world, "c-0", &[2, 3]);
    let partition = held(&world, 2, "c-0");
    assert_eq!(partition.log.end_offset(), 2);
    let last_segment = partition.log.active_segment().base_offset();
    assert_eq!(
        partition.cleaned_to,
        Some(last_segment),
        "where its last segment begins"
    );
}

/// In Kafka the retention task leaves compacted logs alone.
#[test]
fn old_segments_of_a_topic_that_is_also_deleted_from_are_the_cleaners_to_delete() {
    let never = ("log.retention.check.interval.ms", "1000000000");
    let mut world = cluster_with(39, &[("log.initial.task.delay.ms", "1000000000"), never]);
    let configs = [
        ("cleanup.policy", "compact,delete"),
        ("segment.bytes", "200"),
        ("retention.ms", "20000"),
    ];
    create(&mut world, "c", "1", &configs);
    put_three_keys(&mut world);
    run_ms(&mut world, 15_000);
    assert_eq!(held(&world, 1, "c-0").log.start_offset(), 0);
    run_ms(&mut world, 10_000);
    let log = &held(&world, 1, "c-0").log;
    assert_eq!((log.start_offset(), log.end_offset()), (12, 12));
}

#[test]
fn without_the_cleaner_nothing_is_compacted() {
    let mut world = cluster_with(40, &[("log.cleaner.enable", "false")]);
    create(&mut world, "c", "1", EAGER);
    put_three_keys(&mut world);
    let events = run_ms(&mut world, 30_000);
    assert_eq!(cleanings(&events), []);
    assert_eq!(offsets_read(&mut world).len(), 12);
}

#[test]
fn without_the_cleaner_nobody_deletes_old_segments_of_a_compacted_topic() {
    let mut world = cluster_with(41, &[("log.cleaner.enable", "false")]);
    for (topic, policy) in [("c", "compact,delete"), ("d", "delete")] {
        let configs = [("cleanup.policy", policy), ("retention.ms", "5000")];
        create(&mut world, topic, "1", &configs);
        send(&mut world, Acks::All, &format!("{topic}-0"), &["v0"]);
    }
    run_ms(&mut world, 20_000);
    assert_eq!(held(&world, 1, "c-0").log.start_offset(), 0);
    assert_eq!(held(&world, 1, "d-0").log.start_offset(), 1);
}
