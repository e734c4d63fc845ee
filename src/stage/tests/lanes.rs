//! What stands in lanes besides records.

use engine::Command;
use engine::client::TransactionCall;

use super::super::scene::{Fate, MarkerKind};
use super::watched::{Watched, lane, row};
use super::*;

fn transactional(watched: &mut Watched, id: &str) -> u32 {
    let config = ProducerConfig {
        client_id: id.to_owned(),
        transactional_id: Some(id.to_owned()),
        ..ProducerConfig::default()
    };
    let producer = watched.producer(config);
    call(watched, producer, TransactionCall::Init);
    producer
}

fn call(watched: &mut Watched, producer: u32, call: TransactionCall) {
    watched.run(Command::Transaction { producer, call });
    watched.pass_ms(1_500);
}

#[test]
fn open_aborted_and_committed_transactions_are_told_apart() {
    let mut watched = Watched::of("orders", 1);
    let till = transactional(&mut watched, "till");
    for end in [TransactionCall::Commit, TransactionCall::Abort] {
        call(&mut watched, till, TransactionCall::Begin);
        watched.send(till, "orders", 0, "a");
        watched.pass_ms(1_000);
        call(&mut watched, till, end);
    }
    call(&mut watched, till, TransactionCall::Begin);
    watched.send(till, "orders", 0, "b");
    watched.pass_ms(1_000);
    let scene = watched.scene();
    let lane = lane(&scene, "orders", 0);
    let fates: Vec<(i64, Option<Fate>)> =
        lane.cells.iter().map(|it| (it.offset, it.fate)).collect();
    assert_eq!(
        fates,
        [
            (0, Some(Fate::Committed)),
            (2, Some(Fate::Aborted)),
            (4, Some(Fate::Open))
        ]
    );
    let ends: Vec<(i64, bool)> = lane
        .controls
        .iter()
        .map(|it| (it.offset, it.commits))
        .collect();
    assert_eq!(ends, [(1, true), (3, false)]);
    assert_eq!((lane.last_stable, lane.high_watermark), (4, 5));
    let stable = lane
        .markers
        .iter()
        .find(|it| it.kind == MarkerKind::LastStable);
    let stable = stable.expect("it differs from the high watermark");
    assert!((stable.x - lane.cells[2].rect.x).abs() < 0.1);
    watched
        .tells("last stable offset 4, high watermark 5, log end 5; last records: offset 4 key b");
    watched.tells("value \"v\" in an open transaction, offset 2 key a value \"v\" aborted");
    watched.tells("markers: commit at 1, abort at 3");
    watched.tells("transactional.id till is in a transaction (IN_TRANSACTION)");
}

#[test]
fn without_transactions_no_last_stable_offset_is_marked() {
    let mut watched = Watched::of("orders", 1);
    let producer = watched.producer(ProducerConfig::default());
    watched.send(producer, "orders", 0, "a");
    watched.pass_ms(1_000);
    let scene = watched.scene();
    let markers = lane(&scene, "orders", 0).markers.len();
    assert_eq!(markers, 3);
    assert!(!watched.twin().contains("last stable"));
}

#[test]
fn holes_of_compaction_take_one_place_each_and_segments_are_marked() {
    let configs = [
        ("cleanup.policy", "compact"),
        ("segment.bytes", "200"),
        ("min.cleanable.dirty.ratio", "0.01"),
    ];
    let settings = [("log.cleaner.backoff.ms", "1000")];
    let mut watched = Watched::with(&settings, "prices", 1, &configs);
    let producer = watched.producer(ProducerConfig::default());
    for number in 0..30 {
        watched.send(producer, "prices", 0, ["a", "b"][number % 2]);
        watched.pass_ms(200);
    }
    watched.pass_ms(30_000);
    let scene = watched.scene();
    let lane = lane(&scene, "prices", 0);
    assert_eq!(lane.log_end, 30);
    let hole = lane.holes.first().expect("compaction took records");
    assert_eq!(hole.from, 0);
    assert!(hole.to > 20, "{hole:?}");
    assert!(
        (hole.rect.width - (lane.scale.cell - 0.12)).abs() < 0.01,
        "one place"
    );
    assert!(lane.earlier.is_none(), "all of it fits");
    let cell = lane.cells.last().expect("the last records stay");
    assert_eq!(cell.offset, 29);
    assert!((lane.scale.place(30).0 - cell.rect.right()).abs() < 0.1);
    let segment = lane.segments.last().expect("there are several");
    assert!(lane.track.x <= segment.x && segment.x <= lane.track.right());
    watched.tells("compacted away: 0 to ");
    watched.tells("a segment begins at ");
}

#[test]
fn what_retention_deletes_fades_for_a_moment() {
    let configs = [("retention.ms", "4000"), ("segment.bytes", "300")];
    let settings = [
        ("log.retention.check.interval.ms", "1000"),
        ("log.initial.task.delay.ms", "500"),
    ];
    let mut watched = Watched::with(&settings, "orders", 1, &configs);
    let producer = watched.producer(ProducerConfig::default());
    for _ in 0..12 {
        watched.send(producer, "orders", 0, "a");
        watched.pass_ms(300);
    }
    let scene = watched.until(20_000, |scene| lane(scene, "orders", 0).deleted.is_some());
    let deleted = lane(&scene, "orders", 0).deleted.clone().expect("just now");
    assert_eq!(deleted.from, 0);
    assert_eq!(deleted.words(), "by retention.ms");
    watched.tells("deleted by retention.ms");
    let fresh = deleted.fresh;
    watched.pass_ms(900);
    let later = lane(&watched.scene(), "orders", 0).deleted.clone();
    assert!(later.is_none_or(|it| it.fresh <= fresh));
    watched.pass_ms(30_000);
    assert!(lane(&watched.scene(), "orders", 0).deleted.is_none());
}

#[test]
fn a_lag_has_a_length_and_a_number() {
    let mut watched = Watched::of("orders", 1);
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        enable_auto_commit: true,
        ..ConsumerConfig::of_group("billing")
    };
    let reader = watched.consumer(config, "orders");
    let producer = watched.producer(ProducerConfig::default());
    watched.pass_ms(8_000);
    watched.run(Command::Close { client: reader });
    watched.pass_ms(1_000);
    for key in ["a", "b", "c"] {
        watched.send(producer, "orders", 0, key);
    }
    watched.pass_ms(1_000);
    let scene = watched.scene();
    let row = row(&scene, "orders", 0, "billing");
    assert_eq!(row.lag, Some(3));
    let bar = row.lag_bar.as_ref().expect("it lags");
    let cell = lane(&scene, "orders", 0).scale.cell;
    assert!((bar.rect.width - 3.0 * cell).abs() < 0.01, "{bar:?}");
    assert!(row.is_dark, "nobody reads it");
    assert!(lane(&scene, "orders", 0).is_dark);
    watched.tells("lag 3, no owner");
}
