//! What happened a moment ago is marked where it happened.

use engine::client::{CommitEach, CommitWhen, ManualCommit, Processing};
use engine::event::Cause;
use engine::{Command, Event, EventKind, TopicPartition};

use super::super::scene::NoticeKind;
use super::super::{Recent, Scene, View};
use super::watched::{Watched, lane, row};
use super::*;

#[test]
fn what_is_lost_and_what_came_twice_is_marked_in_its_lane() {
    let mut watched = Watched::of("orders", 1);
    let producer = watched.producer(ProducerConfig::default());
    for _ in 0..5 {
        watched.send(producer, "orders", 0, "a");
    }
    watched.pass_ms(2_000);
    let of = TopicPartition::new("orders", 0);
    let tell = |watched: &mut Watched, kind| {
        let event = Event {
            at: watched.world.now(),
            cause: Cause::Start,
            kind,
        };
        watched.recent.note(&event, &watched.world);
    };
    let twice = EventKind::DuplicateRecognized {
        broker: 1,
        topic_partition: of.clone(),
        base_offset: 1,
        records: 2,
        from: engine::NodeId::Client(producer),
    };
    tell(&mut watched, twice);
    watched.tells("offsets 1 to 2 of orders-0 came again and were stored once");
    let lost = EventKind::RecordsLost {
        topic_partition: of,
        from: 3,
        to: 5,
    };
    tell(&mut watched, lost);
    watched.tells("committed records were lost: offsets 3 to 4 of orders-0");
    let scene = watched.scene();
    let lane = lane(&scene, "orders", 0);
    let kinds: Vec<NoticeKind> = lane.bands.iter().map(|band| band.kind).collect();
    assert_eq!(kinds, [NoticeKind::Duplicate, NoticeKind::Lost]);
    for (band, offset) in lane.bands.iter().zip([1, 3]) {
        let cell = lane.cells.iter().find(|cell| cell.offset == offset);
        let x = cell.expect("it is shown").rect.x;
        assert!((band.rect.x - x).abs() < 0.1, "{band:?}");
        assert!(lane.track.encloses(&band.rect));
    }
}

#[test]
fn marks_of_what_happened_lie_in_their_lanes_on_any_board() {
    let mut marks = 0;
    for seed in 0..6 {
        let mut recent = Recent::default();
        let mut moments = 0;
        random_commands::watched_random_world(seed, 5 * COMMANDS, |world, events| {
            for event in events {
                recent.note(event, world);
            }
            moments += 1;
            if moments % 80 != 0 {
                return;
            }
            for width in [24.4, 64.0, 110.0] {
                let what = format!("seed {seed}, moment {moments}, {width} rem");
                let scene = Scene::remembering(world, &View::new(width), &recent);
                super::pictures::check_scene(world, &scene, &what);
                for lane in scene.topics.iter().flat_map(|card| &card.lanes) {
                    let of_rows = lane.rows.iter().flat_map(|row| &row.bands);
                    for band in lane.bands.iter().chain(of_rows) {
                        assert!(lane.rect.encloses(&band.rect), "{what}: {band:?}");
                    }
                    let notices = lane.rows.iter().filter_map(|row| row.notice.as_ref());
                    marks += notices.filter(|it| it.kind > NoticeKind::Unread).count();
                }
            }
        });
    }
    assert!(marks > 5, "only {marks} marks");
}

fn reader(group: &str) -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group(group)
    }
}

#[test]
fn records_that_are_processed_again_are_marked() {
    let mut watched = Watched::of("orders", 1);
    let consumer = watched.consumer(reader("billing"), "orders");
    let producer = watched.producer(ProducerConfig::default());
    watched.pass_ms(6_000);
    for _ in 0..3 {
        watched.send(producer, "orders", 0, "a");
    }
    watched.pass_ms(1_000);
    watched.run(Command::Seek {
        consumer,
        partitions: vec![TopicPartition::new("orders", 0)],
        to: engine::client::SeekTo::Beginning,
    });
    let scene = watched.until(3_000, |scene| {
        let notice = &row(scene, "orders", 0, "billing").notice;
        notice
            .as_ref()
            .is_some_and(|it| it.kind == NoticeKind::Again)
    });
    let row = row(&scene, "orders", 0, "billing");
    let cells = &lane(&scene, "orders", 0).cells;
    let band = row.bands.first().expect("where it was");
    assert!((band.rect.x - cells[0].rect.x).abs() < 0.1);
    assert!(row.rect.encloses(&band.rect));
    watched.tells("group billing processed offset");
    watched.pass_ms(6_000);
    assert!(!watched.twin().contains("again"), "{}", watched.twin());
}

#[test]
fn records_that_are_passed_over_are_marked() {
    let mut watched = Watched::of("orders", 1);
    let consumer = watched.consumer(reader("billing"), "orders");
    let producer = watched.producer(ProducerConfig::default());
    watched.pass_ms(6_000);
    watched.send(producer, "orders", 0, "a");
    watched.pass_ms(1_000);
    let of = vec![TopicPartition::new("orders", 0)];
    watched.run(Command::Pause {
        consumer,
        partitions: of.clone(),
    });
    for _ in 0..4 {
        watched.send(producer, "orders", 0, "a");
    }
    watched.pass_ms(1_000);
    watched.run(Command::Seek {
        consumer,
        partitions: of.clone(),
        to: engine::client::SeekTo::Offset(4),
    });
    watched.run(Command::Resume {
        consumer,
        partitions: of,
    });
    watched.pass_ms(1_500);
    watched.tells("group billing passed over offsets 1 to 3 of orders-0");
}

#[test]
fn a_key_that_moves_to_another_partition_may_be_processed_out_of_order() {
    let mut watched = Watched::of("orders", 2);
    let consumer = watched.consumer(reader("billing"), "orders");
    let producer = watched.producer(ProducerConfig::default());
    watched.pass_ms(6_000);
    let old = vec![TopicPartition::new("orders", 0)];
    watched.run(Command::Pause {
        consumer,
        partitions: old.clone(),
    });
    watched.send(producer, "orders", 0, "alice");
    watched.pass_ms(1_000);
    // As after a partition was added: the same key, later, elsewhere.
    watched.send(producer, "orders", 1, "alice");
    watched.pass_ms(1_000);
    watched.run(Command::Resume {
        consumer,
        partitions: old,
    });
    watched.pass_ms(1_000);
    let scene = watched.scene();
    let notice = row(&scene, "orders", 0, "billing").notice.as_ref();
    assert_eq!(notice.map(|it| it.kind), Some(NoticeKind::OutOfOrder));
    watched.tells(
        "group billing processed key alice out of order: offset 0 of orders-0 after the later \
         offset 0 of orders-1",
    );
}

#[test]
fn keys_that_are_processed_in_order_are_not_marked() {
    let mut watched = Watched::of("orders", 3);
    let consumer = watched.consumer(reader("billing"), "orders");
    shop(&mut watched.world, "orders");
    watched.run(Command::SetProcessing {
        consumer,
        processing: Processing {
            per_record_us: 50_000,
            commit: Some(ManualCommit {
                when: CommitWhen::After,
                each: CommitEach::Poll,
                is_sync: true,
            }),
        },
    });
    for _ in 0..60 {
        watched.pass_ms(500);
        let text = watched.twin();
        assert!(!text.contains("out of order"), "{text}");
    }
}

#[test]
fn records_that_were_never_sent_are_told_when_their_producer_is_gone() {
    let mut watched = Watched::of("orders", 1);
    let producer = watched.producer(ProducerConfig {
        client_id: "till".to_owned(),
        linger_ms: 60_000,
        ..ProducerConfig::default()
    });
    watched.pass_ms(500);
    for _ in 0..3 {
        watched.send(producer, "orders", 0, "a");
    }
    watched.pass_ms(1_000);
    watched.run(Command::CloseWithoutFlush { producer });
    watched.tells("3 records of till were never sent");
    watched.tells("✗ till is gone: 3 records never sent.");
    watched.pass_ms(6_000);
    assert!(!watched.twin().contains("never sent"));
}
