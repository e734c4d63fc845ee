//! Looking along lanes, folding topics, zooming.

use std::time::{Duration, Instant};

use engine::TopicPartition;
use engine::client::TransactionCall;
use engine::client::murmur2::partition_for_key;

use super::super::scene::{Arrangement, Pin, Room};
use super::super::{Scene, Twin, View, ViewChange};
use super::watched::{Watched, lane};
use super::*;

fn long_lane(records: usize) -> Watched {
    let mut watched = Watched::of("orders", 1);
    let producer = watched.producer(ProducerConfig::default());
    for number in 0..records {
        watched.send(producer, "orders", 0, &format!("k{number}"));
        if number % 50 == 0 {
            watched.pass_ms(20);
        }
    }
    watched.pass_ms(2_000);
    watched
}

#[test]
fn a_lane_is_moved_to_any_offset_and_back_to_its_newest_records() {
    let watched = long_lane(500);
    let of = TopicPartition::new("orders", 0);
    let mut view = View::new(90.0);
    let scene = watched.scene_for(&view);
    let newest = lane(&scene, "orders", 0);
    let bounds = newest.scrolling.expect("not all fits");
    assert_eq!((bounds.first, bounds.least), (bounds.most, 0));
    assert_eq!(newest.cells.last().map(|it| it.offset), Some(499));
    view.change(ViewChange::MoveLane(of.clone(), 120), &scene);
    let scene = watched.scene_for(&view);
    let moved = lane(&scene, "orders", 0);
    assert_eq!(moved.cells[0].offset, 120);
    assert_eq!(moved.cells.len(), newest.cells.len());
    let later = moved.later.as_ref().expect("there is more");
    assert_eq!(later.records, 500 - moved.scale.end);
    assert_eq!(moved.earlier.as_ref().map(|it| it.records), Some(120));
    assert_eq!(moved.scale.place(499).1, Pin::After);
    super::pictures::check_scene(&watched.world, &scene, "moved");
    let text = Twin::of(&scene).to_text();
    assert!(text.contains("shown from offset 120 to"), "{text}");
    view.change(ViewChange::MoveLane(of.clone(), -5), &scene);
    let scene = watched.scene_for(&view);
    assert_eq!(lane(&scene, "orders", 0).cells[0].offset, 0);
    assert!(lane(&scene, "orders", 0).earlier.is_none());
    view.change(ViewChange::MoveLane(of.clone(), 100_000), &scene);
    assert!(view.moved.is_empty(), "it follows again");
}

#[test]
fn a_moved_lane_stays_where_it_is_when_the_log_begins_later() {
    let configs = [("retention.ms", "3000"), ("segment.bytes", "1000")];
    let settings = [
        ("log.retention.check.interval.ms", "1000"),
        ("log.initial.task.delay.ms", "500"),
    ];
    let mut watched = Watched::with(&settings, "orders", 1, &configs);
    let producer = watched.producer(ProducerConfig::default());
    for _ in 0..120 {
        watched.send(producer, "orders", 0, "a");
        watched.pass_ms(50);
    }
    let mut view = View::new(90.0);
    view.moved.insert(TopicPartition::new("orders", 0), 2);
    let scene = watched.scene_for(&view);
    let lane = lane(&scene, "orders", 0);
    assert!(lane.log_start > 2);
    assert_eq!(lane.scale.first, lane.log_start);
    super::pictures::check_scene(&watched.world, &scene, "moved before the log start");
}

#[test]
fn a_topic_is_folded_into_a_line() {
    let mut watched = long_lane(10);
    watched.create("wide", 12, &[]);
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group("billing")
    };
    watched.consumer(config.clone(), "orders");
    watched.consumer(config, "wide");
    watched.pass_ms(15_000);
    let mut view = View::new(90.0);
    let scene = watched.scene_for(&view);
    view.change(ViewChange::Fold("wide".into(), true), &scene);
    for width in WIDTHS {
        let view = View {
            room: room(width, 40.0),
            ..view.clone()
        };
        let scene = watched.scene_for(&view);
        super::pictures::check_scene(&watched.world, &scene, "folded");
    }
    let scene = watched.scene_for(&view);
    let card = scene.topic("wide").expect("it is drawn");
    assert!(card.is_folded && card.lanes.is_empty());
    assert!(card.rect.height < 2.5, "one line");
    assert!(!scene.topic("orders").expect("it is drawn").is_folded);
    super::pictures::check_scene(&watched.world, &scene, "folded");
    let text = Twin::of(&scene).to_text();
    let told = "Topic wide: 12 partitions, replication factor 1; folded: 0 records, group billing";
    assert!(text.contains(told), "{text}");
    view.change(ViewChange::FoldAll(false), &scene);
    assert!(
        !watched
            .scene_for(&view)
            .topic("wide")
            .expect("drawn")
            .is_folded
    );
}

#[test]
fn very_many_lanes_are_folded_by_themselves() {
    let mut watched = Watched::of("t0", 40);
    for number in 1..5 {
        watched.create(&format!("t{number}"), 40, &[]);
    }
    let scene = watched.scene();
    let folded: Vec<bool> = scene.topics.iter().map(|card| card.is_folded).collect();
    assert_eq!(folded, [false, true, true, true, true]);
    super::pictures::check_scene(&watched.world, &scene, "very many lanes");
}

#[test]
fn zooming_makes_room_for_less_or_for_more() {
    let watched = long_lane(3);
    let mut view = View::new(90.0);
    let plain = watched.scene_for(&view);
    view.change(ViewChange::Zoom(0.5), &plain);
    let small = watched.scene_for(&view);
    assert!((small.width * small.zoom - 90.0).abs() < 0.01);
    super::pictures::check_scene(&watched.world, &small, "small");
    for wild in [f32::NAN, 1e9, -3.0] {
        view.change(ViewChange::Zoom(wild), &small);
        let scene = watched.scene_for(&view);
        assert!(scene.width.is_finite() && scene.width >= 20.0);
        super::pictures::check_scene(&watched.world, &scene, "wild");
    }
}

/// Draws until the board fits, as the page does, and says how large it is then.
fn fitted(watched: &Watched, view: &mut View) -> Scene {
    for _ in 0..20 {
        let scene = watched.scene_for(view);
        if !view.fit(&scene) {
            return scene;
        }
    }
    panic!("the board grows and shrinks for ever");
}

fn room(width_rem: f32, height_rem: f32) -> Room {
    Room {
        width_rem,
        height_rem: Some(height_rem),
        keeps_columns: false,
    }
}

#[test]
fn a_small_board_is_drawn_as_large_as_the_window_has_room_for() {
    let watched = long_lane(3);
    let mut view = View::new(90.0);
    view.take_room(room(110.0, 60.0));
    let scene = fitted(&watched, &mut view);
    assert!(scene.zoom > 1.3, "{}", scene.zoom);
    assert!(scene.width >= 74.0, "a lane still shows some records");
    assert!(scene.height * scene.zoom <= 60.0);
    super::pictures::check_scene(&watched.world, &scene, "fitted");

    view.take_room(room(110.0, 30.0));
    let scene = fitted(&watched, &mut view);
    assert!(scene.height * scene.zoom <= 30.0 || scene.zoom == 1.0);
    view.take_room(room(110.0, 5.0));
    let scene = fitted(&watched, &mut view);
    assert_eq!(scene.zoom, 1.0, "a board that is too high scrolls");
}

#[test]
fn what_a_person_has_chosen_stays_until_they_let_it_be_fitted_again() {
    let watched = long_lane(3);
    let mut view = View::new(90.0);
    view.take_room(room(110.0, 60.0));
    let scene = fitted(&watched, &mut view);
    view.change(ViewChange::Zoom(0.8), &scene);
    let scene = fitted(&watched, &mut view);
    assert_eq!(scene.zoom, 0.8);
    view.change(ViewChange::Fit, &scene);
    assert!(fitted(&watched, &mut view).zoom > 1.3);
}

#[test]
fn beside_a_panel_a_fitted_board_keeps_its_columns_by_being_smaller() {
    let watched = long_lane(3);
    let mut view = View::new(90.0);
    view.take_room(Room {
        keeps_columns: true,
        ..room(46.0, 40.0)
    });
    let scene = fitted(&watched, &mut view);
    assert_eq!(scene.arrangement, Arrangement::Columns);
    assert!(scene.width * scene.zoom <= 46.01, "all of it is seen");
    view.change(ViewChange::Zoom(1.0), &scene);
    let scene = fitted(&watched, &mut view);
    assert_eq!(scene.arrangement, Arrangement::Columns, "it scrolls");
}

#[test]
fn before_a_topic_grows_the_board_shows_which_keys_would_move() {
    let mut watched = Watched::of("orders", 2);
    let producer = watched.producer(ProducerConfig::default());
    for number in 0..12 {
        let partition = partition_for_key(format!("k{number}").as_bytes(), 2);
        watched.send(producer, "orders", partition, &format!("k{number}"));
    }
    watched.pass_ms(2_000);
    let mut view = View::new(110.0);
    let plain = watched.scene_for(&view);
    assert_eq!(plain.topics[0].forecast, None);
    view.change(ViewChange::Grow(Some("orders".into())), &plain);
    let grown = watched.scene_for(&view);
    let forecast = grown.topics[0].forecast.clone().expect("it is told");
    assert_eq!((forecast.partitions, forecast.keys), (3, 12));
    assert!(forecast.moved > 0 && forecast.moved == forecast.split);
    let cells = grown.topics[0].lanes.iter().flat_map(|lane| {
        let here = lane.topic_partition.partition;
        lane.cells.iter().map(move |cell| (here, cell))
    });
    for (here, cell) in cells {
        let key = cell.key.as_deref().expect("each has a key");
        let there = partition_for_key(key.as_bytes(), 3);
        assert_eq!(cell.moves_to, (there != here).then_some(there), "{key}");
    }
    view.change(ViewChange::Grow(None), &grown);
    assert_eq!(watched.scene_for(&view), plain);
}

/// Ten times a second with 256 partitions and 64 consumers must leave most of
/// each tenth of a second to everything else, also where this is not optimized.
#[test]
fn a_large_board_is_made_quickly() {
    let mut watched = Watched::of("orders", 256);
    for number in 0..64 {
        let group = format!("group-{}", number % 4);
        watched.consumer(ConsumerConfig::of_group(group), "orders");
    }
    let workload = shop(&mut watched.world, "orders");
    assert!(watched.world.clients().contains_key(&workload));
    watched.pass_ms(15_000);
    let view = View::new(110.0);
    let began = Instant::now();
    let times = 5;
    for _ in 0..times {
        let scene = watched.scene_for(&view);
        assert_eq!(scene.groups.len(), 4);
    }
    let each = began.elapsed() / times;
    assert!(each < Duration::from_millis(250), "{each:?}");
    println!("a large board: {each:?}");
}

#[test]
fn a_long_lane_is_moved_as_quickly_as_a_short_one() {
    let mut watched = Watched::of("orders", 1);
    let config = ProducerConfig::default();
    let workload = Some(Workload {
        topic: "orders".into(),
        keys: KeyPattern::None,
        interval_us: 20_000,
        burst: 1_000,
        value_prefix: String::new(),
        value_bytes: 0,
    });
    watched.start(engine::Command::AddProducer { config, workload });
    watched.pass_ms(5_000);
    let of = TopicPartition::new("orders", 0);
    let end = lane(&watched.scene(), "orders", 0).log_end;
    assert!(end > 90_000, "only {end} records");
    let mut view = View::new(90.0);
    let began = Instant::now();
    let firsts: Vec<i64> = (0..20).map(|part| end / 20 * part).collect();
    for first in &firsts {
        view.moved.insert(of.clone(), *first);
        let scene = watched.scene_for(&view);
        assert_eq!(lane(&scene, "orders", 0).cells[0].offset, *first);
    }
    let each = began.elapsed() / firsts.len() as u32;
    assert!(each < Duration::from_millis(60), "{each:?}");
    println!("a long lane: {each:?}");
}

#[test]
fn a_marker_of_a_transaction_at_the_end_is_scrolled_past() {
    let mut watched = Watched::of("orders", 1);
    let config = ProducerConfig {
        transactional_id: Some("till".to_owned()),
        ..ProducerConfig::default()
    };
    let producer = watched.producer(config);
    let call = |watched: &mut Watched, call| {
        watched.run(engine::Command::Transaction { producer, call });
        watched.pass_ms(1_200);
    };
    call(&mut watched, TransactionCall::Init);
    for _ in 0..20 {
        call(&mut watched, TransactionCall::Begin);
        watched.send(producer, "orders", 0, "a");
        call(&mut watched, TransactionCall::Commit);
    }
    let mut view = View::new(90.0);
    for first in [0, 1, 7, 30, 39, 40] {
        view.moved.insert(TopicPartition::new("orders", 0), first);
        let scene = watched.scene_for(&view);
        super::pictures::check_scene(&watched.world, &scene, &format!("from {first}"));
        let lane = lane(&scene, "orders", 0);
        let places = lane.cells.len() + lane.controls.len();
        assert_eq!(places, lane.scale.places.len());
    }
    let scene: Scene = watched.scene();
    let last = lane(&scene, "orders", 0)
        .controls
        .last()
        .expect("it ends so");
    let lane = lane(&scene, "orders", 0);
    assert_eq!(last.offset, lane.log_end - 1);
}
