use std::rc::Rc;

use super::super::geometry::{Rect, Route};
use super::super::ink::Ink;
use super::super::scene::{Arrangement, Lane, MarkerKind, Phase, Pin};
use super::super::{Scene, View, last_workload, packet_marks};
use super::*;
use engine::log::partition_log::PartitionLog;

pub(super) fn assert_apart(rects: &[Rect], what: &str) {
    for (index, one) in rects.iter().enumerate() {
        for other in &rects[index + 1..] {
            assert!(!one.overlaps(other), "{what}: {one:?} over {other:?}");
        }
    }
}

pub(super) fn assert_within(outer: &Rect, inner: &[Rect], what: &str) {
    for rect in inner {
        assert!(outer.encloses(rect), "{what}: {rect:?} not in {outer:?}");
    }
}

/// Everything that stands on the board by itself.
fn standing(scene: &Scene) -> Vec<Rect> {
    let notes = scene.notes.iter().map(|it| it.rect);
    let brokers = scene.brokers.iter().map(|it| it.rect);
    let producers = scene.producers.iter().map(|it| it.rect);
    let topics = scene.topics.iter().map(|it| it.rect);
    let groups = scene.groups.iter().map(|it| it.rect);
    notes
        .chain([scene.admin.rect, scene.legend, scene.switch])
        .chain(brokers)
        .chain(producers)
        .chain(topics)
        .chain(groups)
        .chain(scene.connectors.iter().map(|it| it.rect))
        .collect()
}

/// How many records applications wrote that the log still has: the markers of
/// transactions are none of these.
fn data_records(log: &PartitionLog) -> usize {
    let batches = log.batches().filter(|batch| !batch.is_control());
    let records = batches.flat_map(|batch| batch.records().flatten());
    let readable = records.filter(|record| record.offset >= log.start_offset());
    readable.count()
}

fn check_lane(world: &World, lane: &Lane, what: &str) {
    let mut on_track: Vec<Rect> = lane.cells.iter().map(|cell| cell.rect).collect();
    let around = [&lane.earlier, &lane.later];
    on_track.extend(around.into_iter().flatten().map(|it| it.rect));
    on_track.extend(lane.controls.iter().map(|mark| mark.rect));
    on_track.extend(lane.holes.iter().map(|hole| hole.rect));
    on_track.extend(lane.deleted.iter().map(|deleted| deleted.rect));
    assert_apart(&on_track, what);
    assert_within(&lane.track, &on_track, what);
    let mut parts: Vec<Rect> = lane.rows.iter().map(|row| row.rect).collect();
    parts.push(lane.track);
    assert_apart(&parts, what);
    assert_within(&lane.rect, &parts, what);
    assert!(lane.cells.len() <= 40, "{what}: {} cells", lane.cells.len());
    let shown = lane.cells.len() as i64;
    let hidden: i64 = around.into_iter().flatten().map(|it| it.records).sum();
    let partition = world.partition(&lane.topic_partition);
    let records = partition.map_or(0, |partition| data_records(&partition.log));
    assert_eq!(shown + hidden, records as i64, "{what}");
    assert!(lane.track.contains(lane.landing(0)), "{what}");
    assert!(lane.track.contains(lane.landing(1_000)), "{what}");
}

pub(super) fn check_scene(world: &World, scene: &Scene, what: &str) {
    let standing = standing(scene);
    assert_apart(&standing, what);
    assert_within(&scene.bounds(), &standing, what);
    for producer in &scene.producers {
        let mut parts: Vec<Rect> = producer.slots.iter().map(|slot| slot.rect).collect();
        parts.extend([producer.accumulator, producer.controls]);
        assert_apart(&parts, what);
        assert_within(&producer.rect, &parts, what);
    }
    for card in &scene.topics {
        let mut parts: Vec<Rect> = card.lanes.iter().map(|lane| lane.rect).collect();
        parts.extend([card.header, card.controls, card.fold]);
        parts.extend(card.is_folded.then_some(card.line));
        assert_apart(&parts, what);
        assert_within(&card.rect, &parts, what);
        for lane in &card.lanes {
            check_lane(world, lane, &format!("{what}, {}", lane.topic_partition));
        }
    }
    for connector in &scene.connectors {
        let parts = [connector.table, connector.controls];
        assert_apart(&parts, what);
        assert_within(&connector.rect, &parts, what);
    }
    for group in &scene.groups {
        let mut parts: Vec<Rect> = group.members.iter().map(|it| it.rect).collect();
        parts.push(group.header);
        assert_apart(&parts, what);
        assert_within(&group.rect, &parts, what);
        assert!(group.header.encloses(&group.controls), "{what}");
        for member in &group.members {
            assert!(member.rect.encloses(&member.controls), "{what}");
        }
    }
}

#[test]
fn nothing_overlaps_on_any_board() {
    for (seed, world) in random_worlds() {
        for width in WIDTHS {
            let scene = Scene::of(&world, &View::new(width));
            check_scene(&world, &scene, &format!("seed {seed}, {width} rem"));
        }
    }
}

#[test]
fn a_board_of_no_width_is_drawn_all_the_same() {
    let world = world_with_topic("orders", 3);
    for width in [0.0, -5.0, f32::NAN, f32::INFINITY] {
        let scene = Scene::of(&world, &View::new(width));
        assert!(scene.width.is_finite() && scene.height.is_finite());
        check_scene(&world, &scene, &format!("{width} rem"));
    }
}

/// How many of a scene's markers have a cell at their offset, at which they
/// must stand.
fn check_markers(scene: &Scene, what: &str) -> usize {
    let mut with_cell = 0;
    for lane in scene.topics.iter().flat_map(|card| &card.lanes) {
        let of_groups = lane.rows.iter().flat_map(|row| &row.markers);
        for marker in lane.markers.iter().chain(of_groups) {
            let cell = lane.cells.iter().find(|cell| cell.offset == marker.offset);
            let what = format!("{what}, {}: {marker:?}", lane.topic_partition);
            if let Some(cell) = cell {
                if marker.offset > lane.log_start {
                    assert!((marker.x - cell.rect.x).abs() < 0.1, "{what}");
                }
                assert_eq!(marker.pin, Pin::None, "{what}");
                with_cell += 1;
            } else if marker.kind == MarkerKind::LogEnd {
                let last = lane.cells.last();
                let end = last.map_or(lane.scale.x, |cell| cell.rect.right());
                // Behind the last record there may be markers of transactions,
                // and a place for all that compaction took.
                let next = last.map_or(lane.log_start, |cell| cell.offset + 1);
                let controls = lane.controls.iter().filter(|it| it.offset >= next).count();
                let holes = lane.holes.iter().filter(|it| it.from >= next).count();
                let end = end + (controls + holes) as f32 * lane.scale.cell;
                assert!((marker.x - end).abs() < 0.1, "{what}");
            } else {
                assert!(lane.track.x <= marker.x && marker.x <= lane.track.right());
            }
        }
    }
    with_cell
}

#[test]
fn a_marker_sits_at_its_offsets_cell() {
    for (seed, world) in random_worlds() {
        check_markers(
            &Scene::of(&world, &View::new(80.0)),
            &format!("seed {seed}"),
        );
    }
    let mut world = world_with_topic("orders", 2);
    shop(&mut world, "orders");
    consumer(&mut world, "billing", "orders");
    let mut seen = 0;
    for moment in 0..100 {
        run_ms(&mut world, 311);
        let scene = Scene::of(&world, &View::new(80.0));
        seen += check_markers(&scene, &format!("moment {moment}"));
    }
    assert!(seen > 200, "only {seen} markers had a cell");
}

#[test]
fn a_marker_before_the_first_cell_is_pinned() {
    let mut world = world_with_topic("orders", 1);
    consumer(&mut world, "slow", "orders");
    run_ms(&mut world, 8_000);
    let producer = by_hand(&mut world);
    for number in 0..100 {
        send(
            &mut world,
            producer,
            "orders",
            Some("k"),
            &number.to_string(),
        );
    }
    run_ms(&mut world, 900);
    let scene = Scene::of(&world, &View::new(80.0));
    let lane = &scene.topics[0].lanes[0];
    let earlier = lane.earlier.as_ref().expect("not all fit");
    assert_eq!(earlier.density.len(), 12);
    let committed = lane.rows[0]
        .markers
        .iter()
        .find(|marker| marker.kind == MarkerKind::Committed)
        .expect("it has committed");
    assert_eq!((committed.offset, committed.pin), (0, Pin::None));
    assert_eq!(lane.scale.place(1), (lane.scale.pin_x, Pin::Before));
    assert!(earlier.rect.x < lane.scale.pin_x && lane.scale.pin_x < lane.cells[0].rect.x);
}

#[test]
fn ribbons_join_lanes_to_their_owners() {
    let mut ribbons = 0;
    for (seed, world) in random_worlds() {
        for width in WIDTHS {
            let scene = Scene::of(&world, &View::new(width));
            for ribbon in scene.ribbons.iter() {
                let what = format!("seed {seed}, {width} rem: {ribbon:?}");
                let (start, end) = (ribbon.route.start(), ribbon.route.end());
                let card = scene.topic(&ribbon.topic_partition.topic).expect(&what);
                let lane = scene.lane(&ribbon.topic_partition).expect(&what);
                assert!((start.x - card.rect.right()).abs() < 0.01, "{what}");
                assert!(
                    lane.rect.y < start.y && start.y < lane.rect.bottom(),
                    "{what}"
                );
                let group = scene.group(&ribbon.group).expect(&what);
                let owners: Vec<_> = group
                    .members
                    .iter()
                    .filter(|member| member.rect.contains(end))
                    .collect();
                assert_eq!(owners.len(), 1, "{what}");
                let owns = |it: &(engine::TopicPartition, _)| it.0 == ribbon.topic_partition;
                assert!(owners[0].partitions.iter().any(owns), "{what}");
                ribbons += 1;
            }
        }
    }
    assert!(ribbons > 100, "only {ribbons} ribbons");
}

#[test]
fn packets_fly_on_the_board() {
    let mut marks = 0;
    for (seed, mut world) in random_worlds() {
        for _ in 0..12 {
            run_ms(&mut world, 137);
            for width in WIDTHS {
                let scene = Scene::of(&world, &View::new(width));
                for mark in packet_marks(&world, &scene) {
                    let what = format!("seed {seed}, {width} rem: {mark:?}");
                    assert!(scene.bounds().contains(mark.at), "{what}");
                    let (half_width, _) = mark.half_size();
                    let (left, right) = (mark.at.x - half_width, mark.at.x + half_width);
                    assert!(left >= 0.0 && right <= scene.width, "{what} is cut");
                    assert!(mark.heading.is_finite(), "{what}");
                    marks += 1;
                }
            }
        }
    }
    assert!(marks > 1_000, "only {marks} marks");
}

#[test]
fn a_record_flies_from_its_producer_to_its_cell() {
    let mut world = world_with_topic("orders", 1);
    let producer = by_hand(&mut world);
    run_ms(&mut world, 2_000);
    send(&mut world, producer, "orders", Some("alice"), "hello");
    let view = View::new(80.0);
    let is_produce = |it: &&engine::sim::Packet| {
        matches!(
            &it.payload,
            engine::protocol::Payload::Request(Request::Produce(_))
        )
    };
    let mut ways = Vec::new();
    for _ in 0..20_000 {
        let next = world.now().plus_ms(1);
        world.advance_to(next);
        if !world.packets().any(|packet| is_produce(&packet)) {
            if ways.is_empty() {
                continue;
            }
            break;
        }
        let scene = Scene::of(&world, &view);
        let marks = packet_marks(&world, &scene);
        let mark = marks
            .iter()
            .find(|mark| mark.api == "Produce")
            .expect("it flies");
        assert_eq!(mark.text, "alice");
        assert_eq!(mark.ink, Ink::of_key(Some(b"alice")));
        ways.push(mark.at);
    }
    let scene = Scene::of(&world, &view);
    let cell = &scene.topics[0].lanes[0].cells[0];
    let from = &scene.producers[0].rect;
    assert!((ways[0].x - from.right()).abs() < 1.0, "{:?}", ways[0]);
    let last = ways.last().expect("it flew");
    assert!(last.distance(cell.rect.center()) < 0.5, "{last:?} {cell:?}");
    assert_eq!(cell.letters, "alice");
    assert!(
        ways.windows(2).all(|two| two[0].x <= two[1].x),
        "never back"
    );
}

#[test]
fn the_same_world_gives_the_same_picture() {
    for (seed, world) in random_worlds().take(10) {
        let again = world.journal().replay(world.now());
        let view = View::new(80.0);
        let (one, other) = (Scene::of(&world, &view), Scene::of(&again, &view));
        assert_eq!(one, other, "seed {seed}");
        assert_eq!(packet_marks(&world, &one), packet_marks(&again, &other));
    }
}

#[test]
fn many_partitions_and_clients_are_counted_not_drawn() {
    let mut world = world_with_topic("wide", 300);
    for _ in 0..60 {
        by_hand(&mut world);
        consumer(&mut world, "crowd", "wide");
    }
    run_ms(&mut world, 20_000);
    let scene = Scene::of(&world, &View::new(80.0));
    check_scene(&world, &scene, "crowd");
    let card = &scene.topics[0];
    assert_eq!(
        (card.lanes.len() + card.more_lanes, card.partitions),
        (300, 300)
    );
    assert_eq!(scene.producers.len(), 40);
    assert_eq!(
        scene.groups[0].members.len() + scene.groups[0].more_members,
        60
    );
    for mark in packet_marks(&world, &scene) {
        assert!(scene.bounds().contains(mark.at), "{mark:?}");
    }
}

#[test]
fn a_group_keeps_its_letter_and_colour_when_others_come() {
    let mut world = world_with_topic("orders", 1);
    consumer(&mut world, "zebra", "orders");
    run_ms(&mut world, 3_000);
    consumer(&mut world, "ant", "orders");
    run_ms(&mut world, 3_000);
    let scene = Scene::of(&world, &View::new(80.0));
    let groups: Vec<_> = scene
        .groups
        .iter()
        .map(|group| (group.id.as_str(), group.letter.as_str(), group.ink))
        .collect();
    assert_eq!(
        groups,
        [("zebra", "A", Ink::Group(0)), ("ant", "B", Ink::Group(1))]
    );
}

#[test]
fn a_member_keeps_its_badge_which_stands_at_its_lanes() {
    let mut world = world_with_topic("orders", 2);
    let members = [
        consumer(&mut world, "billing", "orders"),
        consumer(&mut world, "billing", "orders"),
    ];
    consumer(&mut world, "mail", "orders");
    run_ms(&mut world, 10_000);
    let badges = |world: &World| -> Vec<String> {
        let scene = Scene::of(world, &View::new(80.0));
        let rows = scene.topics[0].lanes.iter().map(|lane| &lane.rows[0]);
        let owners = rows.filter_map(|row| row.owner.as_ref());
        owners.map(|owner| owner.badge.clone()).collect()
    };
    assert_eq!(badges(&world), ["A1", "A2"]);
    world
        .execute(Command::Close { client: members[0] })
        .expect("it runs");
    run_ms(&mut world, 10_000);
    assert_eq!(badges(&world), ["A2", "A2"]);
    let scene = Scene::of(&world, &View::new(80.0));
    assert_eq!(scene.groups[1].members[0].badge, "B1");
}

#[test]
fn a_crashed_member_stays_until_its_session_times_out() {
    let mut world = world_with_topic("orders", 2);
    let member = consumer(&mut world, "billing", "orders");
    run_ms(&mut world, 8_000);
    world
        .execute(Command::Crash { client: member })
        .expect("it runs");
    let view = View::new(80.0);
    let scene = Scene::of(&world, &view);
    let left = &scene.groups[0].members[0];
    assert!(
        matches!(
            left.phase,
            Phase::Crashed {
                seconds_left: Some(1..=45)
            }
        ),
        "{left:?}"
    );
    assert_eq!((left.client, left.partitions.len()), (None, 2));
    assert!(scene.ribbons.iter().all(|ribbon| !ribbon.is_running));
    run_ms(&mut world, 60_000);
    let scene = Scene::of(&world, &view);
    assert!(scene.groups.iter().all(|group| group.members.is_empty()));
    assert!(scene.ribbons.is_empty());
}

#[test]
fn a_crashed_member_keeps_its_place() {
    let mut world = world_with_topic("orders", 3);
    let members: Vec<u32> = (0..4)
        .map(|_| {
            let number = consumer(&mut world, "billing", "orders");
            run_ms(&mut world, 1_000);
            number
        })
        .collect();
    run_ms(&mut world, 10_000);
    let names = |world: &World| -> Vec<String> {
        let scene = Scene::of(world, &View::new(80.0));
        let members = scene.groups[0].members.iter();
        members.map(|member| member.name.clone()).collect()
    };
    let before = names(&world);
    for client in [members[0], members[2]] {
        world.execute(Command::Crash { client }).expect("it runs");
        run_ms(&mut world, 100);
        assert_eq!(names(&world), before);
    }
    let scene = Scene::of(&world, &View::new(80.0));
    let clients: Vec<_> = scene.groups[0].members.iter().map(|it| it.client).collect();
    assert_eq!(clients, [None, Some(members[1]), None, Some(members[3])]);
}

#[test]
fn crashed_members_of_one_client_id_keep_their_place_too() {
    let mut world = world_with_topic("orders", 2);
    let named = |world: &mut World, client_id: &str| {
        let config = ConsumerConfig {
            client_id: client_id.to_owned(),
            ..ConsumerConfig::of_group("billing")
        };
        let topics = vec!["orders".into()];
        start(world, Command::AddConsumer { config, topics })
    };
    let gone = named(&mut world, "twin");
    run_ms(&mut world, 8_000);
    world
        .execute(Command::Close { client: gone })
        .expect("it runs");
    run_ms(&mut world, 8_000);
    let other = named(&mut world, "other");
    let twin = named(&mut world, "twin");
    run_ms(&mut world, 12_000);
    world
        .execute(Command::Crash { client: twin })
        .expect("it runs");
    let scene = Scene::of(&world, &View::new(80.0));
    let clients: Vec<_> = scene.groups[0].members.iter().map(|it| it.client).collect();
    assert_eq!(clients, [Some(other), None]);
}

#[test]
fn a_member_names_its_partitions_by_number() {
    let mut world = world_with_topic("post.office", 3);
    consumer(&mut world, "mail", "post.office");
    run_ms(&mut world, 10_000);
    let chip = |world: &World, width| {
        let scene = Scene::of(world, &View::new(width));
        let member = &scene.groups[0].members[0];
        assert_eq!((member.chips.len(), member.more_chips), (1, 0));
        member.chips[0].clone()
    };
    let wide = chip(&world, 86.0);
    assert_eq!(wide.text, "post.office-0, 1, 2");
    assert_eq!(wide.title, "post.office-0, post.office-1, post.office-2");
    let narrow = chip(&world, 64.0);
    assert!(narrow.text.ends_with("-0, 1, 2"), "{narrow:?}");
    assert!(narrow.text.contains('…'), "{narrow:?}");
    let mut many = world_with_topic("orders", 40);
    consumer(&mut many, "mail", "orders");
    run_ms(&mut many, 10_000);
    let many = chip(&many, 78.0);
    assert!(many.text.contains("-0, 1, 2"), "{many:?}");
    assert!(many.text.ends_with(", …"), "{many:?}");
}

#[test]
fn texts_beside_marks_stay_on_the_board() {
    for (seed, world) in random_worlds() {
        for width in WIDTHS {
            let scene = Scene::of(&world, &View::new(width));
            for lane in scene.topics.iter().flat_map(|card| &card.lanes) {
                for label in lane.labels() {
                    let what = format!("seed {seed}, {width} rem: {label:?}");
                    assert!(scene.bounds().encloses(&label.rect), "{what}");
                }
            }
        }
    }
}

#[test]
fn keys_are_told_in_few_words_where_there_is_little_room() {
    let mut world = world_with_topic("orders", 1);
    let producer = shop(&mut world, "orders");
    let mut workload = last_workload(&world, producer).expect("it has one");
    workload.keys = KeyPattern::Random {
        prefix: "user-".to_owned(),
        count: 5,
    };
    let workload = Some(workload);
    world
        .execute(Command::SetWorkload { producer, workload })
        .expect("it runs");
    let keys = |width| {
        let scene = Scene::of(&world, &View::new(width));
        scene.producers[0].keys_line.clone()
    };
    assert_eq!(keys(64.0), "keys user-0 to 4 at random");
    assert_eq!(keys(120.0), "keys user-0 to user-4 at random");
}

#[test]
fn narrow_boards_are_stacked() {
    let world = world_with_topic("orders", 1);
    let arrangement = |width| Scene::of(&world, &View::new(width)).arrangement;
    assert_eq!(arrangement(40.0), Arrangement::Stacked);
    assert_eq!(arrangement(80.0), Arrangement::Columns);
}

#[test]
fn a_bent_route_runs_evenly() {
    let point = super::super::geometry::Point::new;
    let route = Route::Bent(vec![point(0.0, 0.0), point(4.0, 0.0), point(4.0, 4.0)]);
    assert_eq!(route.at(0.5), point(4.0, 0.0));
    assert_eq!(route.at(0.75), point(4.0, 2.0));
    assert_eq!(route.reversed().at(0.25), point(4.0, 2.0));
    assert!(route.to_svg().starts_with("M0.00 0.00L"));
}

#[test]
fn scenes_of_worlds_in_which_nothing_changed_are_equal() {
    let world = world_with_topic("orders", 3);
    let view = View::new(80.0);
    let (one, other) = (
        Rc::new(Scene::of(&world, &view)),
        Rc::new(Scene::of(&world, &view)),
    );
    assert!(one == other);
}
