//! What the tests share: a world to play in, and short ways to say things.

#![allow(dead_code, reason = "each test file uses some of it")]

pub mod cluster;
pub mod configs;

use engine::collections::BTreeMap;

use engine::client::{
    AdminConfig, AutoOffsetReset, Client, Consumer, ConsumerConfig, OutgoingRecord, ProducerConfig,
};
use engine::command::ClientNumber;
use engine::protocol::{CreatableTopic, CreateTopicsRequest, Request, Response};
use engine::{Command, Event, EventKind, TopicPartition, World, WorldConfig};

/// A playground with one topic.
pub fn world_with_topic(seed: u64, topic: &str, partitions: i32) -> World {
    let mut world = World::new(seed, WorldConfig::playground());
    create_topic(&mut world, topic, partitions);
    world
}

/// Creates a topic and waits until it is there.
pub fn create_topic(world: &mut World, topic: &str, partitions: i32) {
    create_topic_with(world, topic, partitions, &[]);
}

/// The same, with settings of its own.
pub fn create_topic_with(
    world: &mut World,
    topic: &str,
    partitions: i32,
    configs: &[(&str, &str)],
) {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let request = Request::CreateTopics(CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: topic.into(),
            num_partitions: partitions,
            replication_factor: -1,
            assignments: BTreeMap::new(),
            configs: configs.iter().map(owned).collect(),
        }],
    });
    match admin_call(world, request) {
        Response::CreateTopics(response) => {
            assert!(response.topics[0].error_code.is_none(), "{response:?}");
        }
        other => panic!("{other:?}"),
    }
}

/// Makes one call with an admin client of its own, and waits for the answer.
pub fn admin_call(world: &mut World, request: Request) -> Response {
    try_admin_call(world, request).expect("an answer within ten seconds")
}

/// The same; `None` when there is no answer within ten seconds, since the
/// broker that the client has chosen cannot give one.
pub fn try_admin_call(world: &mut World, request: Request) -> Option<Response> {
    let admin = start(
        world,
        Command::AddAdmin {
            config: AdminConfig::named("admin"),
        },
    );
    world
        .execute(Command::AdminCall { admin, request })
        .expect("a call that an admin client makes");
    let mut answer = None;
    for _ in 0..100 {
        let events = run_ms(world, 100);
        answer = events.into_iter().find_map(|event| match event.kind {
            EventKind::AdminAnswered { response, .. } => Some(response),
            _ => None,
        });
        if answer.is_some() {
            break;
        }
    }
    world
        .execute(Command::Close { client: admin })
        .expect("it runs");
    answer
}

/// Carries out a command that starts a client; returns its number.
pub fn start(world: &mut World, command: Command) -> ClientNumber {
    let outcome = world.execute(command).expect("it can start");
    outcome.client.expect("it is a client")
}

/// Starts a producer that sends what it is given.
pub fn producer(world: &mut World) -> ClientNumber {
    let config = ProducerConfig::default();
    start(
        world,
        Command::AddProducer {
            config,
            workload: None,
        },
    )
}

/// Starts a consumer of a group that begins with the first record.
pub fn consumer(world: &mut World, group: &str, topic: &str) -> ClientNumber {
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

/// Has a producer send a record.
pub fn send(
    world: &mut World,
    producer: ClientNumber,
    topic: &str,
    key: Option<&str>,
    value: &str,
) {
    let record = OutgoingRecord {
        topic: topic.into(),
        key: key.map(|key| key.as_bytes().to_vec()),
        value: Some(value.as_bytes().to_vec()),
        ..OutgoingRecord::default()
    };
    world
        .execute(Command::Send { producer, record })
        .expect("a record that send() takes");
}

/// Lets `ms` milliseconds pass.
pub fn run_ms(world: &mut World, ms: i64) -> Vec<Event> {
    let until = world.now().plus_ms(ms);
    world.advance_to(until)
}

/// The consumer with this number.
pub fn consumer_of(world: &World, number: ClientNumber) -> &Consumer {
    match world.clients().get(&number) {
        Some(Client::Consumer(consumer)) => consumer,
        other => panic!("{number} is no consumer: {other:?}"),
    }
}

/// The partitions a consumer has.
pub fn assigned(world: &World, number: ClientNumber) -> Vec<i32> {
    let consumer = consumer_of(world, number);
    consumer.assignment().keys().map(|p| p.partition).collect()
}

/// The values a consumer read, in order.
pub fn values_read(events: &[Event], number: ClientNumber) -> Vec<String> {
    let mut values = Vec::new();
    for event in events {
        if let EventKind::RecordsRead {
            consumer,
            from,
            to,
            batches,
            ..
        } = &event.kind
            && *consumer == number
        {
            for record in batches.iter().flat_map(|batch| batch.records().flatten()) {
                if (*from..*to).contains(&record.offset) {
                    let value = record.value.unwrap_or_default();
                    values.push(String::from_utf8_lossy(value).into_owned());
                }
            }
        }
    }
    values
}

/// All records of a partition as (offset, key, value).
pub fn records(world: &World, topic: &str, partition: i32) -> Vec<(i64, String, String)> {
    let partition = world
        .partition(&TopicPartition::new(topic, partition))
        .expect("there is such a partition");
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let batches = partition.log.batches();
    batches
        .flat_map(|batch| batch.records().flatten())
        .map(|record| (record.offset, text(record.key), text(record.value)))
        .collect()
}
