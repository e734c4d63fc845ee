//! Worlds that tests of the page begin with.

use engine::client::{
    AdminConfig, AutoOffsetReset, ConsumerConfig, KeyPattern, OutgoingRecord, ProducerConfig,
    Workload,
};
use engine::protocol::{CreatableTopic, CreateTopicsRequest, Request};
use engine::{Command, World, WorldConfig};

pub(crate) fn run_ms(world: &mut World, ms: i64) {
    let until = world.now().plus_ms(ms);
    world.advance_to(until);
}

pub(crate) fn world_with_topic(topic: &str, partitions: i32) -> World {
    let mut world = World::new(7, WorldConfig::playground());
    let admin = start(
        &mut world,
        Command::AddAdmin {
            config: AdminConfig::named("admin"),
        },
    );
    let topics = vec![CreatableTopic {
        name: topic.into(),
        num_partitions: partitions,
        replication_factor: -1,
        assignments: Default::default(),
        configs: Default::default(),
    }];
    let request = Request::CreateTopics(CreateTopicsRequest { topics });
    world
        .execute(Command::AdminCall { admin, request })
        .expect("the admin client runs");
    run_ms(&mut world, 1_000);
    world
        .execute(Command::Close { client: admin })
        .expect("the admin client runs");
    world
}

pub(crate) fn start(world: &mut World, command: Command) -> u32 {
    let outcome = world.execute(command).expect("it can start");
    outcome.client.expect("it has a number")
}

/// A producer that makes up a record every 400 ms, with the keys `user-0` to
/// `user-4` in turn.
pub(crate) fn shop(world: &mut World, topic: &str) -> u32 {
    let config = ProducerConfig {
        client_id: "shop".to_owned(),
        ..ProducerConfig::default()
    };
    let workload = Some(Workload {
        topic: topic.into(),
        keys: KeyPattern::Cycle {
            prefix: "user-".to_owned(),
            count: 5,
        },
        interval_us: 400_000,
        burst: 1,
        value_prefix: "order ".to_owned(),
        value_bytes: 0,
    });
    start(world, Command::AddProducer { config, workload })
}

pub(crate) fn by_hand(world: &mut World) -> u32 {
    let config = ProducerConfig::default();
    start(
        world,
        Command::AddProducer {
            config,
            workload: None,
        },
    )
}

pub(crate) fn send(world: &mut World, producer: u32, topic: &str, key: Option<&str>, value: &str) {
    let record = OutgoingRecord {
        topic: topic.into(),
        key: key.map(|key| key.as_bytes().to_vec()),
        value: Some(value.as_bytes().to_vec()),
        ..OutgoingRecord::default()
    };
    world
        .execute(Command::Send { producer, record })
        .expect("the producer runs");
}

pub(crate) fn consumer(world: &mut World, group: &str, topic: &str) -> u32 {
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group(group)
    };
    start(
        world,
        Command::AddConsumer {
            config,
            topics: vec![topic.into()],
        },
    )
}
