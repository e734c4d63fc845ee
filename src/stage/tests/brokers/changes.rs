use engine::EventKind;
use engine::client::Acks;
use engine::protocol::AlterPartitionReassignmentsRequest;

use super::super::super::scene::brokers::BadgeKind;
use super::super::super::scene::brokers::{BrokerLife, Change, ControllerRole};
use super::super::words::assert_has;
use super::*;

fn orders(number: i32) -> TopicPartition {
    TopicPartition::new("orders", number)
}

fn leader(world: &World, of: &TopicPartition) -> Option<i32> {
    world.image().partition(of)?.leader
}

fn badge(scene: &Scene, of: &TopicPartition, on: i32) -> &'static str {
    replica(scene, of, on).badge().0
}

fn led_by_another_than_the_controller(world: &World) -> TopicPartition {
    let controller = world.active_controller().map(|it| it.id());
    let mut all = (0..6).map(orders);
    let found = all.find(|of| leader(world, of) != controller);
    found.expect("others lead too")
}

/// From the kill to the new leader, and on until nothing is new any more.
#[test]
fn an_election_is_followed_by_eye() {
    let mut world = three_brokers();
    let of = led_by_another_than_the_controller(&world);
    let old = leader(&world, &of).expect("it is led");
    assert_eq!(badge(&scene(&world, 75.0), &of, old), "leader");
    execute(&mut world, Command::KillBroker { broker: old });
    let dead = scene(&world, 75.0);
    assert_eq!(broker(&dead, old).life, BrokerLife::Killed);
    assert!(!broker(&dead, old).is_fenced);
    assert_eq!(badge(&dead, &of, old), "still leader", "nobody knows yet");
    let text = broker(&dead, old).sentence();
    assert!(
        text.contains("killed, controller down, leads 2, fenced in "),
        "{text}"
    );

    run_ms(&mut world, 5_000);
    let new = leader(&world, &of).expect("another leads");
    let elected = scene(&world, 75.0);
    assert!(broker(&elected, old).is_fenced);
    assert_eq!(badge(&elected, &of, old), "offline");
    assert_eq!(replica(&elected, &of, old).change, Some(Change::LeftIsr));
    assert_eq!(
        replica(&elected, &of, new).badge(),
        ("new leader", BadgeKind::New)
    );
    assert_eq!(replica(&elected, &of, new).measure(), "epoch 1");
    let sentence = replica(&elected, &of, new).sentence();
    let begins = format!("Replica {of}: leader in epoch 1, elected just now");
    assert!(sentence.starts_with(&begins), "{sentence}");

    run_ms(&mut world, 9_000);
    assert_eq!(badge(&scene(&world, 75.0), &of, new), "leader");
    execute(&mut world, Command::StartBroker { broker: old });
    let mut joined = false;
    for _ in 0..40 {
        run_ms(&mut world, 500);
        joined |= badge(&scene(&world, 75.0), &of, old) == "joined ISR";
    }
    assert!(joined, "it comes back into the ISR");
    assert_eq!(badge(&scene(&world, 75.0), &of, old), "in sync");
}

/// From the first two brokers to the last two: who comes and who goes is seen
/// for as long as the one that comes has not caught up.
#[test]
fn a_reassignment_shows_who_comes_and_who_goes() {
    let mut world = World::new(9, WorldConfig::cluster(&[1, 2, 3], &[100], &QUICK));
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 1, 2);
    let held = world.image().partition(&orders(0)).expect("it is there");
    let (leads, goes) = (held.replicas[0], held.replicas[1]);
    let comes = 6 - leads - goes;
    let (one, other) = (vec![Host::Server(leads)], vec![Host::Server(comes)]);
    execute(&mut world, Command::Cut { one, other });
    let config = AdminConfig::named("admin");
    let admin = start(&mut world, Command::AddAdmin { config });
    let partitions = vec![(orders(0), Some(vec![leads, comes]))];
    let request =
        Request::AlterPartitionReassignments(AlterPartitionReassignmentsRequest { partitions });
    execute(&mut world, Command::AdminCall { admin, request });
    run_ms(&mut world, 3_000);
    let picture = scene(&world, 75.0);
    assert_eq!(badge(&picture, &orders(0), leads), "leader");
    assert_eq!(badge(&picture, &orders(0), comes), "adding");
    assert_eq!(badge(&picture, &orders(0), goes), "removing");
    let sentence = replica(&picture, &orders(0), comes).sentence();
    assert!(sentence.contains("not in sync, being added"), "{sentence}");
    execute(&mut world, Command::HealNetwork);
    run_ms(&mut world, 5_000);
    let picture = scene(&world, 75.0);
    assert_eq!(badge(&picture, &orders(0), comes), "joined ISR");
    assert!(broker(&picture, goes).replica(&orders(0)).is_none());
}

/// A broker that starts has its log and does not lead yet, whatever the
/// controller still believes of it.
#[test]
fn a_broker_that_starts_does_not_serve_yet() {
    let mut world = three_brokers();
    let of = led_by_another_than_the_controller(&world);
    let leads = leader(&world, &of).expect("it is led");
    execute(&mut world, Command::KillBroker { broker: leads });
    execute(&mut world, Command::StartBroker { broker: leads });
    let picture = scene(&world, 75.0);
    assert_eq!(broker(&picture, leads).life, BrokerLife::Starting);
    assert_eq!(badge(&picture, &of, leads), "still leader");
    let read = picture.ribbons.iter().find(|it| it.topic_partition == of);
    assert!(read.is_some_and(|ribbon| !ribbon.is_running), "{read:?}");
}

#[test]
fn how_a_broker_went_is_told() {
    let life = |command: Command| {
        let mut world = three_brokers();
        execute(&mut world, command);
        run_ms(&mut world, 6_000);
        broker(&scene(&world, 75.0), 2).life
    };
    assert_eq!(life(Command::StopBroker { broker: 2 }), BrokerLife::Stopped);
    assert_eq!(life(Command::KillBroker { broker: 2 }), BrokerLife::Killed);
    assert_eq!(life(Command::LoseDisk { broker: 2 }), BrokerLife::DiskLost);
    let one = vec![Host::Server(2)];
    let other = vec![Host::Server(1), Host::Server(3)];
    assert_eq!(life(Command::Cut { one, other }), BrokerLife::Fenced);
}

#[test]
fn a_leader_that_was_cut_off_believes_that_it_leads() {
    let mut world = three_brokers();
    let of = orders(0);
    let old = leader(&world, &of).expect("it is led");
    let others = [1, 2, 3].into_iter().filter(|id| *id != old);
    let (one, other) = (vec![Host::Server(old)], others.map(Host::Server).collect());
    execute(&mut world, Command::Cut { one, other });
    run_ms(&mut world, 6_000);
    let picture = scene(&world, 75.0);
    assert_eq!(badge(&picture, &of, old), "thinks it leads");
    let cluster = cluster_of(&picture);
    assert_eq!(cluster.links.len(), 2);
    assert!(
        cluster.links.iter().all(|link| link.words == "cut"),
        "{cluster:?}"
    );
    let text = words(&world);
    assert!(text.contains("believes to lead in epoch 0"), "{text}");
    assert!(text.contains("cut off from broker "), "{text}");
    assert_has(
        &text,
        &format!(
            "Between broker {} and broker {}: cut",
            old.min(3 - old % 3),
            old.max(3 - old % 3)
        ),
    );
}

/// What one broker alone had and is gone with its disk is marked where it is
/// missed.
#[test]
fn lost_records_are_marked_where_they_were_lost() {
    let mut world = World::new(3, WorldConfig::cluster(&[1, 2], &[100], &QUICK));
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 1, 1);
    let producer = by_hand(&mut world);
    run_ms(&mut world, 1_000);
    for number in 0..5 {
        send(&mut world, producer, "orders", None, &number.to_string());
    }
    run_ms(&mut world, 3_000);
    let on = leader(&world, &orders(0)).expect("it is led");
    execute(&mut world, Command::LoseDisk { broker: on });
    let gone = scene(&world, 75.0);
    assert_eq!(replica(&gone, &orders(0), on).log_end, None);
    run_ms(&mut world, 5_000);
    execute(&mut world, Command::StartBroker { broker: on });
    run_ms(&mut world, 5_000);
    let marked = scene(&world, 75.0);
    let replica = replica(&marked, &orders(0), on);
    assert_eq!(replica.lost, Some((0, 4)));
    assert_eq!(replica.measure(), "lost 0–4");
    assert!(words(&world).contains("committed records lost: 0–4"));
    run_ms(&mut world, 25_000);
    assert_eq!(
        super::replica(&scene(&world, 75.0), &orders(0), on).lost,
        None
    );
}

/// With acks=1 the old leader has records that the new one does not have: back
/// again, it cuts them off.
#[test]
fn a_replica_that_cuts_records_off_says_so() {
    let mut world = World::new(4, WorldConfig::cluster(&[1, 2], &[100], &QUICK));
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 1, 2);
    let config = ProducerConfig {
        acks: Acks::Leader,
        enable_idempotence: false,
        ..ProducerConfig::default()
    };
    let workload = None;
    let producer = start(&mut world, Command::AddProducer { config, workload });
    run_ms(&mut world, 2_000);
    let old = leader(&world, &orders(0)).expect("it is led");
    let (one, other) = (vec![Host::Server(old)], vec![Host::Server(3 - old)]);
    execute(&mut world, Command::Cut { one, other });
    send(&mut world, producer, "orders", None, "one");
    send(&mut world, producer, "orders", None, "two");
    run_ms(&mut world, 1_000);
    execute(&mut world, Command::KillBroker { broker: old });
    execute(&mut world, Command::HealNetwork);
    run_ms(&mut world, 6_000);
    execute(&mut world, Command::StartBroker { broker: old });
    let mut cut = None;
    for _ in 0..60 {
        for event in world.advance_to(world.now().plus_ms(100)) {
            if let EventKind::RecordsTruncated { from, to, .. } = event.kind {
                cut = Some((from, to - 1));
            }
        }
    }
    let picture = scene(&world, 75.0);
    assert!(cut.is_some());
    assert_eq!(replica(&picture, &orders(0), old).cut, cut);
    assert!(
        replica(&picture, &orders(0), old)
            .measure()
            .starts_with("cut ")
    );
}

#[test]
fn a_follower_that_lags_says_by_how_much() {
    let mut world = World::new(6, WorldConfig::cluster(&[1, 2], &[100], &QUICK));
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 1, 2);
    let producer = by_hand(&mut world);
    run_ms(&mut world, 1_000);
    let leads = leader(&world, &orders(0)).expect("it is led");
    let follows = 3 - leads;
    let (one, other) = (vec![Host::Server(1)], vec![Host::Server(2)]);
    execute(&mut world, Command::Cut { one, other });
    for number in 0..4 {
        send(&mut world, producer, "orders", None, &number.to_string());
    }
    run_ms(&mut world, 2_000);
    let picture = scene(&world, 75.0);
    let follower = replica(&picture, &orders(0), follows);
    assert_eq!(
        (follower.lag, follower.measure().as_str()),
        (Some(4), "lag 4")
    );
    assert_eq!((follower.bar.records, follower.bar.filled), (4, 0.0));
    let leader = replica(&picture, &orders(0), leads);
    assert_eq!((leader.bar.filled, leader.bar.committed), (1.0, 0.0));
    run_ms(&mut world, 8_000);
    let text = words(&world);
    let line = format!("follower of broker {leads} in epoch 0, just left the ISR, not in sync");
    assert!(text.contains(&line), "{text}");
}

#[test]
fn it_is_told_who_is_the_controller_and_who_elects_it() {
    let combined = words(&three_brokers());
    assert_has(
        &combined,
        "Controller quorum 1, 2, 3: controller: broker 1, epoch 1",
    );
    assert!(
        combined.contains("Broker 1: running, active controller, "),
        "{combined}"
    );
    assert!(
        combined.contains("Broker 2: running, standby controller, "),
        "{combined}"
    );

    let mut world = nine_brokers();
    let roles = |world: &World| {
        let scene = scene(world, 75.0);
        let nodes = cluster_of(&scene).controllers.iter();
        nodes.map(|it| (it.id, it.role)).collect::<Vec<_>>()
    };
    assert_eq!(roles(&world)[0], (101, ControllerRole::Active));
    execute(&mut world, Command::KillController { controller: 101 });
    run_ms(&mut world, 10_000);
    assert_eq!(roles(&world)[0], (101, ControllerRole::Down));
    let active = roles(&world)
        .into_iter()
        .filter(|it| it.1 == ControllerRole::Active);
    assert_eq!(active.count(), 1);

    let mut world = with_zookeeper();
    assert_has(&words(&world), "ZooKeeper: controller: broker 1, epoch 1");
    execute(&mut world, Command::KillBroker { broker: 1 });
    run_ms(&mut world, 30_000);
    let text = words(&world);
    assert!(
        text.contains("ZooKeeper: controller: broker 2, epoch 2")
            || text.contains("broker 3, epoch 2"),
        "{text}"
    );
}

#[test]
fn a_slow_broker_and_its_links_say_so() {
    let mut world = three_brokers();
    let slowness = Slowness {
        request_us: 200_000,
        disk_write_us: 0,
    };
    execute(
        &mut world,
        Command::SlowBroker {
            broker: 3,
            slowness,
        },
    );
    let link = Link {
        loss_per_mille: 150,
        ..Link::default()
    };
    let (one, other) = (vec![Host::Server(1)], vec![Host::Server(2)]);
    execute(&mut world, Command::SetLink { one, other, link });
    let text = words(&world);
    assert!(text.contains("slow by 200 ms"), "{text}");
    assert!(text.contains("lossy link to broker 2"), "{text}");
    assert_has(&text, "Between broker 1 and broker 2: loses 15 %");
}

#[test]
fn a_group_without_its_coordinator_says_so() {
    let mut world = three_brokers();
    let state = |world: &World| scene(world, 80.0).groups[0].state_words();
    assert_eq!(state(&world), "Stable");
    let coordinator = scene(&world, 80.0).groups[0].coordinator;
    let broker = coordinator.expect("somebody coordinates it");
    execute(&mut world, Command::KillBroker { broker });
    assert_eq!(state(&world), "no coordinator");
    assert!(words(&world).contains("Group billing: no coordinator"));
    run_ms(&mut world, 20_000);
    assert_eq!(
        state(&world),
        "Stable",
        "another broker took the group over"
    );
}
