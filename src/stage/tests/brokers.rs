//! The board by broker, held against worlds in which parts fail.

mod beside_a_panel;
mod changes;
mod pictures;

use engine::broker::Slowness;
use engine::sim::{Host, Link};
use engine::world::BrokerSpec;

use super::super::scene::brokers::{BrokerBox, Cluster, Replica};
use super::super::{By, Scene, View};
use super::*;

/// What quickens the failures of a cluster.
const QUICK: [(&str, &str); 4] = [
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    ("replica.lag.time.max.ms", "4000"),
    ("auto.leader.rebalance.enable", "false"),
];

fn view(width_rem: f32) -> View {
    View {
        by: By::Broker,
        ..View::new(width_rem)
    }
}

fn scene(world: &World, width_rem: f32) -> Scene {
    Scene::of(world, &view(width_rem))
}

fn cluster_of(scene: &Scene) -> &Cluster {
    scene.cluster.as_ref().expect("it is by broker")
}

fn broker(scene: &Scene, id: i32) -> &BrokerBox {
    cluster_of(scene).broker(id).expect("it is drawn")
}

fn replica<'a>(scene: &'a Scene, of: &TopicPartition, on: i32) -> &'a Replica {
    broker(scene, on).replica(of).expect("it is drawn")
}

fn words(world: &World) -> String {
    super::super::Twin::of(&scene(world, 80.0)).to_text()
}

fn execute(world: &mut World, command: Command) {
    world.execute(command).expect("it can be done");
}

/// Three brokers that are the controllers too, and a topic of six partitions
/// with three replicas each, written and read.
fn three_brokers() -> World {
    let config = WorldConfig::cluster(&[1, 2, 3], &[1, 2, 3], &QUICK);
    let mut world = World::new(11, config);
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 6, 3);
    shop(&mut world, "orders");
    consumer(&mut world, "billing", "orders");
    run_ms(&mut world, 15_000);
    world
}

/// Nine brokers in three racks with controllers of their own, and 60
/// partitions.
fn nine_brokers() -> World {
    let ids: Vec<i32> = (1..=9).collect();
    let mut config = WorldConfig::cluster(&ids, &[101, 102, 103], &QUICK);
    let racks = ["a", "b", "c"].into_iter().cycle();
    config.brokers = ids
        .iter()
        .zip(racks)
        .map(|(id, rack)| BrokerSpec {
            id: *id,
            rack: Some(rack.to_owned()),
        })
        .collect();
    let mut world = World::new(12, config);
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 60, 3);
    shop(&mut world, "orders");
    consumer(&mut world, "billing", "orders");
    run_ms(&mut world, 15_000);
    world
}

/// One broker, one topic.
fn one_broker() -> World {
    let mut world = world_with_topic("orders", 3);
    shop(&mut world, "orders");
    consumer(&mut world, "billing", "orders");
    run_ms(&mut world, 15_000);
    world
}

fn with_zookeeper() -> World {
    let mut world = World::new(13, WorldConfig::with_zookeeper(&[1, 2, 3], &QUICK));
    run_ms(&mut world, 1_000);
    create_topic(&mut world, "orders", 2, 3);
    run_ms(&mut world, 3_000);
    world
}

/// All of these, each with parts that fail.
fn clusters() -> Vec<(&'static str, World)> {
    let mut all = vec![
        ("one broker", one_broker()),
        ("three brokers", three_brokers()),
        ("nine brokers", nine_brokers()),
        ("ZooKeeper", with_zookeeper()),
    ];
    let mut failing = three_brokers();
    execute(&mut failing, Command::KillBroker { broker: 2 });
    let (one, other) = (
        vec![Host::Server(1)],
        vec![Host::Server(3), Host::Client(2)],
    );
    execute(&mut failing, Command::Cut { one, other });
    run_ms(&mut failing, 5_000);
    all.push(("three brokers, failing", failing));
    let mut failing = nine_brokers();
    execute(&mut failing, Command::KillBroker { broker: 5 });
    execute(&mut failing, Command::LoseDisk { broker: 9 });
    let (one, other) = (vec![Host::Server(1)], (2..=9).map(Host::Server).collect());
    let link = Link {
        loss_per_mille: 200,
        ..Link::default()
    };
    execute(&mut failing, Command::SetLink { one, other, link });
    let (one, other) = (vec![Host::Server(2)], vec![Host::Server(101)]);
    execute(&mut failing, Command::Cut { one, other });
    let slowness = Slowness {
        request_us: 200_000,
        disk_write_us: 0,
    };
    execute(
        &mut failing,
        Command::SlowBroker {
            broker: 3,
            slowness,
        },
    );
    run_ms(&mut failing, 5_000);
    all.push(("nine brokers, failing", failing));
    all
}

fn create_topic(world: &mut World, topic: &str, partitions: i32, replication_factor: i16) {
    let config = AdminConfig::named("admin");
    let admin = start(world, Command::AddAdmin { config });
    let topics = vec![CreatableTopic {
        name: topic.into(),
        num_partitions: partitions,
        replication_factor,
        assignments: Default::default(),
        configs: Default::default(),
    }];
    let request = Request::CreateTopics(CreateTopicsRequest { topics });
    execute(world, Command::AdminCall { admin, request });
    run_ms(world, 2_000);
    execute(world, Command::Close { client: admin });
}
