use engine::collections::BTreeMap;

use engine::client::connect::is_bookkeeping;
use engine::sim::PacketId;

use super::super::super::geometry::{Point, Rect};
use super::super::super::packet_marks;
use super::super::pictures::{assert_apart, assert_within};
use super::*;

const WIDTHS: [f32; 7] = [20.0, 24.4, 40.0, 64.0, 75.0, 96.0, 160.0];

fn check_broker(broker: &BrokerBox, what: &str) {
    let chips = broker.topics.iter().flat_map(|topic| &topic.chips);
    let replicas: Vec<&Replica> = broker.tiles.iter().chain(chips).collect();
    let mut parts: Vec<Rect> = replicas.iter().map(|it| it.rect).collect();
    parts.push(broker.header);
    parts.extend(broker.topics.iter().map(|it| it.label));
    parts.extend(broker.internal.iter().map(|it| it.rect));
    if broker.more_tiles + broker.more_topics > 0 {
        parts.push(broker.more);
    }
    assert_apart(&parts, what);
    assert_within(&broker.rect, &parts, what);
    for tile in &broker.tiles {
        assert_within(&tile.rect, &[tile.bar.rect], what);
    }
}

/// Everything that stands by itself.
fn standing(scene: &Scene) -> Vec<Rect> {
    let cluster = cluster_of(scene);
    let mut all = vec![scene.switch, scene.admin.rect, scene.legend];
    all.extend(scene.notes.iter().map(|it| it.rect));
    all.extend(scene.producers.iter().map(|it| it.rect));
    all.extend(scene.groups.iter().map(|it| it.rect));
    all.extend(cluster.controllers.iter().map(|it| it.rect));
    all.extend(cluster.election.iter().map(|it| it.rect));
    all.extend(scene.internal.map(|it| it.rect));
    all
}

fn check_scene(scene: &Scene, what: &str) {
    let cluster = cluster_of(scene);
    let mut alone = standing(scene);
    alone.extend(cluster.racks.iter().map(|it| it.rect));
    assert_apart(&alone, what);
    assert_within(&scene.bounds(), &alone, what);
    let mut in_racks: Vec<Rect> = cluster.brokers.iter().map(|it| it.rect).collect();
    for rect in &in_racks {
        let racks = cluster.racks.iter().filter(|it| it.rect.encloses(rect));
        assert_eq!(racks.count(), 1, "{what}: {rect:?} is in one rack");
    }
    in_racks.extend(
        cluster
            .racks
            .iter()
            .map(|it| it.header)
            .filter(|it| it.height > 0.0),
    );
    in_racks.extend(cluster.links.iter().map(|it| it.label));
    assert_apart(&in_racks, what);
    let labels: Vec<Rect> = cluster.links.iter().map(|it| it.label).collect();
    assert_within(&scene.bounds(), &labels, what);
    for broker in &cluster.brokers {
        check_broker(broker, &format!("{what}, broker {}", broker.id));
    }
    check_links(scene, what);
}

/// A broken link joins two boxes.
fn check_links(scene: &Scene, what: &str) {
    let cluster = cluster_of(scene);
    let mut boxes = standing(scene);
    boxes.extend(cluster.brokers.iter().map(|it| it.rect));
    let members = scene.groups.iter().flat_map(|it| &it.members);
    boxes.extend(members.map(|it| it.rect));
    for link in &cluster.links {
        for end in [link.route.start(), link.route.end()] {
            let touches = boxes.iter().any(|it| it.contains(end));
            assert!(touches, "{what}: {link:?} ends at {end:?}");
        }
        for step in 0..=50 {
            let at = link.route.at(step as f32 / 50.0);
            assert!(scene.bounds().contains(at), "{what}: {link:?} at {at:?}");
        }
    }
}

#[test]
fn nothing_overlaps_on_any_board_by_broker() {
    let random = random_worlds().map(|(seed, world)| (format!("seed {seed}"), world));
    let given = clusters()
        .into_iter()
        .map(|(name, world)| (name.to_owned(), world));
    for (name, world) in random.chain(given) {
        for width in WIDTHS {
            for shows_internal in [false, true] {
                let view = View {
                    shows_internal,
                    ..view(width)
                };
                let what = format!("{name}, {width} rem, internal topics {shows_internal}");
                check_scene(&Scene::of(&world, &view), &what);
            }
        }
    }
}

/// Every replica of the world stands on its broker, by itself or counted, and
/// says what the world says of it.
#[test]
fn every_replica_is_shown_or_counted() {
    let mut shown = 0;
    let random = random_worlds().map(|(seed, world)| (format!("seed {seed}"), world));
    let given = clusters()
        .into_iter()
        .map(|(name, world)| (name.to_owned(), world));
    for (name, world) in random.chain(given) {
        let mut expected: BTreeMap<(i32, bool), usize> = BTreeMap::new();
        for (of, registration) in world.image().partitions() {
            for id in &registration.replicas {
                *expected
                    .entry((*id, is_bookkeeping(&of.topic)))
                    .or_default() += 1;
            }
        }
        let scene = scene(&world, 80.0);
        for broker in &cluster_of(&scene).brokers {
            let what = format!("{name}, broker {}", broker.id);
            let of = |internal| expected.get(&(broker.id, internal)).copied().unwrap_or(0);
            assert_eq!(broker.replicas, of(false), "{what}");
            let counted: usize = broker.topics.iter().map(|it| it.replicas).sum();
            match broker.is_folded {
                true => assert_eq!(counted, of(false), "{what}"),
                false => assert_eq!(broker.tiles.len(), of(false), "{what}"),
            }
            let internal: usize = broker.internal.iter().map(|it| it.replicas).sum();
            assert_eq!(internal, of(true), "{what}");
            let chips = broker.topics.iter().flat_map(|topic| &topic.chips);
            for replica in broker.tiles.iter().chain(chips) {
                check_numbers(&world, replica, &what);
                shown += 1;
            }
        }
    }
    assert!(shown > 200, "only {shown} replicas");
}

fn check_numbers(world: &World, replica: &Replica, what: &str) {
    let of = &replica.topic_partition;
    let registration = world.image().partition(of).expect(what);
    assert_eq!(
        replica.is_leader(),
        registration.leader == Some(replica.broker)
    );
    assert_eq!(
        replica.is_in_sync,
        registration.isr.contains(&replica.broker)
    );
    assert_eq!(replica.leader_epoch, registration.leader_epoch);
    let held = world.brokers()[&replica.broker].partitions().get(of);
    assert_eq!(
        replica.log_end,
        held.map(|it| it.log.end_offset()),
        "{what}"
    );
    assert_eq!(
        replica.high_watermark,
        held.map(|it| it.high_watermark()),
        "{what}"
    );
    if let (Some(lag), Some(leader)) = (replica.lag, world.partition(of)) {
        let end = replica.log_end.expect(what);
        assert_eq!(lag, leader.log.end_offset() - end, "{what}");
    }
    let sentence = replica.sentence();
    for number in [replica.log_end, replica.high_watermark]
        .into_iter()
        .flatten()
    {
        assert!(sentence.contains(&number.to_string()), "{sentence}");
    }
    assert!((0.0..=1.0).contains(&replica.bar.filled), "{replica:?}");
    assert!((0.0..=1.0).contains(&replica.bar.committed), "{replica:?}");
}

#[test]
fn few_replicas_stand_in_rows_and_many_are_folded() {
    let world = three_brokers();
    let scene = scene(&world, 75.0);
    let rows: Vec<Vec<f32>> = (0..6)
        .map(|number| {
            let of = TopicPartition::new("orders", number);
            let on = |id| replica(&scene, &of, id).rect.y;
            [1, 2, 3].map(on).to_vec()
        })
        .collect();
    for row in &rows {
        assert!(row.iter().all(|y| *y == row[0]), "{rows:?}");
    }
    assert!(rows.windows(2).all(|two| two[0][0] < two[1][0]), "{rows:?}");

    let world = nine_brokers();
    let folded = super::scene(&world, 75.0);
    let names: Vec<_> = cluster_of(&folded)
        .racks
        .iter()
        .map(|it| it.rack.clone())
        .collect();
    assert_eq!(names, ["a", "b", "c"].map(|it| Some(it.to_owned())));
    for broker in &cluster_of(&folded).brokers {
        assert!(
            broker.is_folded && broker.tiles.is_empty(),
            "all is well: {broker:?}"
        );
        assert_eq!(broker.topics[0].chips.len(), broker.replicas);
    }
    assert_eq!(cluster_of(&folded).controllers.len(), 3);

    let mut world = three_brokers();
    create_topic(&mut world, "wide", 200, 3);
    let counted = super::scene(&world, 75.0);
    assert!(
        broker(&counted, 1)
            .topics
            .iter()
            .all(|it| it.chips.is_empty())
    );
}

#[test]
fn internal_topics_are_folded_into_a_line_each_until_they_are_opened() {
    let world = three_brokers();
    let scene = scene(&world, 75.0);
    let leads: usize = cluster_of(&scene)
        .brokers
        .iter()
        .map(|broker| {
            assert_eq!(broker.internal.len(), 1, "{broker:?}");
            broker.internal[0].leads
        })
        .sum();
    assert_eq!(leads, world.topics()["__consumer_offsets"].partitions.len());
    assert!(scene.internal.is_some_and(|it| !it.is_open));
    let view = View {
        shows_internal: true,
        ..view(75.0)
    };
    let opened = Scene::of(&world, &view);
    let broker = broker(&opened, 1);
    assert!(broker.internal.is_empty());
    assert_eq!(&*broker.topics[0].topic, "__consumer_offsets");
    assert_eq!(broker.topics[0].chips.len(), broker.topics[0].replicas);
}

#[test]
fn packets_fly_on_the_board_by_broker() {
    let mut marks = 0;
    for (name, mut world) in clusters() {
        for _ in 0..40 {
            run_ms(&mut world, 137);
            for width in [24.4, 75.0] {
                let scene = scene(&world, width);
                for mark in packet_marks(&world, &scene) {
                    let what = format!("{name}, {width} rem: {mark:?}");
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

/// Every packet begins at the box of its sender and ends at that of its
/// receiver.
#[test]
fn packets_start_and_end_at_boxes() {
    let mut world = three_brokers();
    let mut ways: BTreeMap<(PacketId, usize), (&str, Point, Point)> = BTreeMap::new();
    let before: Vec<PacketId> = world.packets().map(|it| it.id).collect();
    for _ in 0..3_600 {
        run_ms(&mut world, 1);
        let scene = scene(&world, 75.0);
        for mark in packet_marks(&world, &scene) {
            let at = mark.at;
            let way = ways
                .entry((mark.id, mark.part))
                .or_insert((mark.api, at, at));
            way.2 = at;
        }
    }
    let under_way: Vec<PacketId> = world.packets().map(|it| it.id).collect();
    let scene = scene(&world, 75.0);
    let cluster = cluster_of(&scene);
    let mut boxes: Vec<Rect> = cluster.brokers.iter().map(|it| it.rect).collect();
    boxes.extend(scene.producers.iter().map(|it| it.rect));
    let members = scene.groups.iter().flat_map(|it| &it.members);
    boxes.extend(members.map(|it| it.rect));
    let is_near = |at: Point| {
        let slack = 1.2;
        boxes.iter().any(|it| {
            let (width, height) = (it.width + 2.0 * slack, it.height + 2.0 * slack);
            Rect::new(it.x - slack, it.y - slack, width, height).contains(at)
        })
    };
    let whole = ways
        .iter()
        .filter(|((id, _), _)| !before.contains(id) && !under_way.contains(id));
    let mut apis = BTreeMap::new();
    for (_, (api, from, to)) in whole {
        assert!(is_near(*from), "{api} leaves from {from:?}");
        assert!(is_near(*to), "{api} arrives at {to:?}");
        *apis.entry(*api).or_insert(0) += 1;
    }
    for api in ["Produce", "Fetch", "FetchMetadata", "Heartbeat"] {
        assert!(apis.contains_key(api), "{apis:?}");
    }
}

/// What the leader stores flies to each follower's replica.
#[test]
fn records_fly_from_replica_to_replica() {
    let mut world = three_brokers();
    let mut seen = 0;
    for _ in 0..3_000 {
        run_ms(&mut world, 1);
        let scene = scene(&world, 75.0);
        for mark in packet_marks(&world, &scene) {
            let packet = world
                .packets()
                .find(|it| it.id == mark.id)
                .expect("it flies");
            let (engine::NodeId::Broker(from), engine::NodeId::Broker(to)) =
                (packet.from, packet.to)
            else {
                continue;
            };
            if mark.shape != super::super::super::packets::Shape::FetchedRecords {
                continue;
            }
            let engine::protocol::Payload::Response(engine::protocol::Response::Fetch(answer)) =
                &packet.payload
            else {
                panic!("{mark:?}");
            };
            let of = &answer.partitions[mark.part].0;
            let (from, to) = (replica(&scene, of, from).rect, replica(&scene, of, to).rect);
            let way = from.center().distance(to.center());
            let made = from.center().distance(mark.at) + mark.at.distance(to.center());
            assert!((made - way).abs() < 0.1, "{mark:?} flies along the row");
            assert_eq!(from.y, to.y);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn ribbons_lead_from_the_replica_that_is_read() {
    let world = three_brokers();
    let scene = scene(&world, 75.0);
    assert_eq!(scene.ribbons.len(), 6);
    for ribbon in scene.ribbons.iter() {
        let registration = world
            .image()
            .partition(&ribbon.topic_partition)
            .expect("it is there");
        let leader = registration.leader.expect("it is led");
        let tile = replica(&scene, &ribbon.topic_partition, leader).rect;
        assert!(tile.contains(ribbon.route.start()), "{ribbon:?}");
        let (_, member) = scene.consumer(ribbon_reader(&scene)).expect("it is drawn");
        assert!(member.rect.contains(ribbon.route.end()), "{ribbon:?}");
    }
}

fn ribbon_reader(scene: &Scene) -> u32 {
    scene.groups[0].members[0].client.expect("it runs")
}

/// KIP-392: who says in which rack it is reads there.
#[test]
fn a_consumer_in_a_rack_is_joined_to_the_follower_that_it_reads() {
    let settings = [(
        "replica.selector.class",
        "org.apache.kafka.common.replica.RackAwareReplicaSelector",
    )];
    let mut config = WorldConfig::cluster(&[1, 2], &[1], &settings);
    for (broker, rack) in config.brokers.iter_mut().zip(["a", "b"]) {
        broker.rack = Some(rack.to_owned());
    }
    let mut world = World::new(5, config);
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 2, 2);
    shop(&mut world, "orders");
    let config = ConsumerConfig {
        client_rack: Some("b".to_owned()),
        ..ConsumerConfig::of_group("billing")
    };
    let topics = vec!["orders".into()];
    start(&mut world, Command::AddConsumer { config, topics });
    run_ms(&mut world, 20_000);
    let scene = scene(&world, 75.0);
    assert_eq!(scene.ribbons.len(), 2);
    for ribbon in scene.ribbons.iter() {
        let on_b = broker(&scene, 2).rect;
        assert!(on_b.contains(ribbon.route.start()), "{ribbon:?}");
    }
}

#[test]
fn the_same_world_gives_the_same_picture_by_broker() {
    for (name, world) in clusters() {
        let again = world.journal().replay(world.now());
        assert_eq!(scene(&world, 75.0), scene(&again, 75.0), "{name}");
    }
}
