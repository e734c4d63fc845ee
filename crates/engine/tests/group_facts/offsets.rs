//! Where a group reads on, and where it can be reset to.

use super::support::cluster::*;
use super::support::{consumer_of, create_topic, create_topic_with, run_ms, start};
use super::{
    close, cluster_with_clicks, committed, delete, describe_offsets, describe_state, execute, join,
    join_clicks, list, offsets, rows,
};
use engine::client::{Acks, AdminConfig, OutgoingRecord, Processing, SubscriptionType};
use engine::protocol::{IsolationLevel, ListOffsetsRequest, Request};
use engine::{Command, EventKind, World};

/// `groups-reset-dry-run`: what each way to reset a group asks for.
#[test]
fn where_a_group_can_be_reset_to() {
    let mut world = cluster(75);
    create_topic_with(&mut world, "clicks", 3, &[("retention.ms", "-1")]);
    let all = ["clicks-0", "clicks-1", "clicks-2"];
    for of in all {
        send_at(
            &mut world,
            of,
            (0..10).map(|minute| NOVEMBER_MS + minute * 60_000),
        );
    }
    let reader = join_clicks(&mut world, ("g", "a"), &[]);
    close(&mut world, reader);
    for of in all {
        send_at(&mut world, of, [NOVEMBER_MS + 600_000]);
    }
    let before = rows("10 11 1", &["-"; 3]);
    assert_eq!(describe_offsets(&mut world, "g"), before);

    let each = |offset: i64| all.map(|of| format!("{of}:{offset}"));
    let to_latest = ListOffsetsRequest::LATEST;
    assert_eq!(
        offsets(&mut world, &all, ListOffsetsRequest::EARLIEST),
        each(0)
    );
    assert_eq!(offsets(&mut world, &all, to_latest), each(11));
    // --to-datetime 2023-11-14T22:18:20.000, 2000-01-01 and 2030-01-01.
    assert_eq!(offsets(&mut world, &all, NOVEMBER_MS + 300_000), each(5));
    assert_eq!(offsets(&mut world, &all, 946_684_800_000), each(0));
    let none = <[String; 0]>::default();
    assert_eq!(
        offsets(&mut world, &all, 1_893_456_000_000),
        none,
        "it falls back to the latest"
    );
    // --by-duration P30000D: before 1970, which is no timestamp.
    let message = "UnsupportedVersionException: The version of API is not supported.";
    let refused = all.map(|of| format!("{of}: {message}"));
    assert_eq!(offsets(&mut world, &all, -800_000_000_000), refused);
    assert_eq!(
        describe_offsets(&mut world, "g"),
        before,
        "nobody has moved"
    );
}

/// Reads so many records as a member of a group, then closes.
fn read_some(world: &mut World, of: (&str, &str), reset: &str, count: i64) {
    let settings = [("auto.offset.reset", reset)];
    let to = SubscriptionType::Topics(vec!["clicks".into()]);
    let consumer = join(world, of, to, &settings);
    let processing = Processing {
        per_record_us: 100_000,
        commit: None,
    };
    execute(
        world,
        Command::SetProcessing {
            consumer,
            processing,
        },
    );
    wait(world, "so many records", |world| {
        let processed = consumer_of(world, consumer).processed().values();
        let ranges = processed.flat_map(|counts| counts.ranges());
        ranges.map(|(from, to, _)| to - from).sum::<i64>() >= count
    });
    close(world, consumer);
}

/// `groups-several`
#[test]
fn groups_on_one_topic_do_not_know_of_each_other() {
    let mut world = cluster_with_clicks(76, 3);
    let a = join_clicks(&mut world, ("live", "a"), &[]);
    read_some(&mut world, ("idle", "b"), "earliest", 5);
    assert_eq!(list(&mut world), ["idle Empty", "live Stable"]);
    assert_eq!(
        describe_offsets(&mut world, "live"),
        rows("3 3 0", &["a"; 3])
    );
    assert_eq!(describe_state(&mut world, "live"), "range Stable 1");
    assert_eq!(describe_state(&mut world, "idle"), " Empty 0");
    let idle = committed(&mut world, "idle");
    assert_eq!(idle.len(), 3, "also of what it has read nothing of");
    let read: i64 = idle.values().map(|at| at.offset).sum();
    assert_eq!(read, 5);
    close(&mut world, a);
    assert_eq!(delete(&mut world, &["idle", "live"]), ["idle", "live"]);
    assert_eq!(list(&mut world), <[String; 0]>::default());
}

/// `groups-errors`: `--reset-offsets --topic clicks:7`.
#[test]
fn the_end_of_a_partition_that_there_is_not_is_looked_for_in_vain() {
    let mut world = cluster_with_clicks(79, 3);
    let config = AdminConfig::named("admin");
    let admin = start(&mut world, Command::AddAdmin { config });
    let request = Request::ListOffsets(ListOffsetsRequest {
        replica_id: None,
        isolation_level: IsolationLevel::ReadUncommitted,
        partitions: vec![(partition("clicks-7"), ListOffsetsRequest::EARLIEST)],
    });
    execute(&mut world, Command::AdminCall { admin, request });
    let events = run_ms(&mut world, 61_000);
    let failed = events.iter().find_map(|event| match &event.kind {
        EventKind::AdminFailed {
            exception, message, ..
        } => Some((exception.as_str(), message.as_str())),
        _ => None,
    });
    let (exception, message) = failed.expect("it gives up");
    assert_eq!(exception, "TimeoutException");
    let begins = "Call(callName=listOffsets(api=METADATA), deadlineMs=";
    assert!(message.starts_with(begins), "{message}");
    assert!(message.ends_with(" attempt(s)"), "{message}");
}

/// `offsets-get`
#[test]
fn offsets_are_found_at_the_ends_and_by_time() {
    let mut world = cluster(80);
    create_topic_with(&mut world, "t", 3, &[("retention.ms", "-1")]);
    create_topic(&mut world, "empty", 1);
    send_at(
        &mut world,
        "t-0",
        [0, 2, 4, 6].map(|s| NOVEMBER_MS + s * 1_000),
    );
    send_at(
        &mut world,
        "t-1",
        [1, 3, 5, 7].map(|s| NOVEMBER_MS + s * 1_000),
    );
    send_at(&mut world, "t-0", [1_600_000_000_000]);
    let all = ["t-0", "t-1", "t-2"];
    for (time, expected) in [
        (-1, &["t-0:5", "t-1:4", "t-2:0"][..]),
        (-2, &["t-0:0", "t-1:0", "t-2:0"]),
        (-3, &["t-0:3", "t-1:3"]),
        (-4, &["t-0:0", "t-1:0", "t-2:0"]),
        (-5, &[]),
        (NOVEMBER_MS + 3_000, &["t-0:2", "t-1:1"]),
        (NOVEMBER_MS + 3_001, &["t-0:2", "t-1:2"]),
        (0, &["t-0:0", "t-1:0"]),
        (99_999_999_999_999, &[]),
    ] {
        assert_eq!(offsets(&mut world, &all, time), expected, "--time {time}");
    }
    assert_eq!(
        offsets(&mut world, &["empty-0"], -3),
        <[String; 0]>::default()
    );
}

/// `console-group-resume`
#[test]
fn a_group_goes_on_where_it_ended_and_a_new_one_at_the_end() {
    let mut world = cluster(81);
    create_topic(&mut world, "clicks", 1);
    send(
        &mut world,
        Acks::All,
        "clicks-0",
        &["m0", "m1", "m2", "m3", "m4", "m5"],
    );
    read_some(&mut world, ("g", "a"), "earliest", 4);
    assert_eq!(describe_offsets(&mut world, "g"), ["clicks-0 4 6 2 -"]);
    read_some(&mut world, ("g", "b"), "earliest", 2);
    assert_eq!(describe_offsets(&mut world, "g"), ["clicks-0 6 6 0 -"]);
    // Nothing comes for it: it commits where it would begin.
    let late = [("auto.offset.reset", "latest")];
    let c = join_clicks(&mut world, ("late", "c"), &late);
    close(&mut world, c);
    assert_eq!(describe_offsets(&mut world, "late"), ["clicks-0 6 6 0 -"]);
    send(&mut world, Acks::All, "clicks-0", &["m6", "m7"]);
    read_some(&mut world, ("late", "d"), "latest", 2);
    assert_eq!(describe_offsets(&mut world, "late"), ["clicks-0 8 8 0 -"]);
    assert_eq!(describe_offsets(&mut world, "g"), ["clicks-0 6 8 2 -"]);
}

/// Has a producer send records with these timestamps, in order.
fn send_at(world: &mut World, of: &str, timestamps: impl IntoIterator<Item = i64>) {
    let producer = producer_with(world, Acks::All);
    let to = partition(of);
    for timestamp in timestamps {
        let record = OutgoingRecord {
            topic: to.topic.clone(),
            partition: Some(to.partition),
            timestamp_ms: Some(timestamp),
            value: Some(b"value".to_vec()),
            ..OutgoingRecord::default()
        };
        execute(world, Command::Send { producer, record });
    }
    run_ms(world, 1_000);
    close(world, producer);
}

/// 14 November 2023, 22:13:20 UTC.
const NOVEMBER_MS: i64 = 1_700_000_000_000;
