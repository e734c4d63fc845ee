//! Worlds driven by random commands, for properties that hold for all of them.

#![allow(dead_code, reason = "each test file uses some of it")]

use engine::collections::BTreeMap;

use engine::assignor::ClientAssignor;
use engine::client::connect::{ConnectorClass, ConnectorConfig};
use engine::client::{
    Acks, AdminConfig, AutoOffsetReset, Client, CommitEach, CommitWhen, ConsumerConfig, KeyPattern,
    ManualCommit, OutgoingRecord, Processing, ProducerConfig, SeekTo, SubscriptionType, Workload,
};
use engine::command::ClientNumber;
use engine::log::record_batch::CompressionType;
use engine::protocol::{
    CreatableTopic, CreatePartitionsRequest, CreatePartitionsTopic, CreateTopicsRequest,
    DeleteRecordsRequest, DeleteTopicsRequest, MetadataRequest, Request, TopicName,
};
use engine::sim::{Host, Latency, Random, Stream};
use engine::{Command, Event, TopicPartition, World, WorldConfig};

/// A world after `commands` random commands with random pauses between them.
/// The seed decides everything. Commands that are refused count too. Every
/// fourth world is a cluster of three brokers of which parts fail, and every
/// fourth has connectors.
pub fn random_world(seed: u64, commands: usize) -> World {
    if seed % 4 != 3 {
        return watched_random_world(seed, commands, |_, _| {});
    }
    let mut random = Random::new(seed, Stream::Tool);
    let controllers: &[i32] = [&[1, 2, 3][..], &[100]][random.below(2) as usize];
    let settings = [
        ("default.replication.factor", "3"),
        ("broker.session.timeout.ms", "2000"),
        ("broker.heartbeat.interval.ms", "500"),
    ];
    let config = WorldConfig::cluster(&[1, 2, 3], controllers, &settings);
    let mut world = World::new(seed, config);
    for _ in 0..commands {
        let command = match random.below(5) {
            0 => random_fault(&mut random),
            _ => random_command(&mut random, &world),
        };
        // A refusal is a legitimate answer: it leaves no trace.
        let _ = world.execute(command);
        let magnitude = 1 + random.below(23);
        let pause_us = u64::from(random.below(1 << magnitude));
        world.advance_to(world.now().plus_us(pause_us));
    }
    world
}

fn random_fault(random: &mut Random) -> Command {
    let broker = 1 + random.below(3) as i32;
    let one = vec![Host::Server(broker)];
    let other = vec![Host::Server(1 + broker % 3)];
    match random.below(9) {
        0 => Command::KillBroker { broker },
        1 => Command::StopBroker { broker },
        2 | 3 => Command::StartBroker { broker },
        4 => Command::LoseDisk { broker },
        5 => Command::Cut { one, other },
        6 => Command::HealNetwork,
        7 => Command::KillController { controller: broker },
        _ => Command::StartController { controller: broker },
    }
}

/// The same; `watch` is shown the world after each of its moments, with what
/// has happened in it.
pub fn watched_random_world(
    seed: u64,
    commands: usize,
    mut watch: impl FnMut(&World, &[Event]),
) -> World {
    let mut random = Random::new(seed, Stream::Tool);
    let mut connecting = Random::new(seed, Stream::Workload(u32::MAX));
    let mut world = World::new(seed, WorldConfig::playground());
    for number in 0..commands {
        let connects = seed % 4 == 1 && number % 4 == 0;
        let command = match connects {
            true => connector_command(&mut connecting),
            false => random_command(&mut random, &world),
        };
        // A refusal is a legitimate answer: it leaves no trace.
        if let Ok(outcome) = world.execute(command) {
            watch(&world, &outcome.events);
        }
        let magnitude = 1 + random.below(23);
        let until = world.now().plus_us(u64::from(random.below(1 << magnitude)));
        while let Some(next) = world.next_time().filter(|next| *next <= until) {
            let events = world.advance_to(next);
            watch(&world, &events);
        }
        world.advance_to(until);
    }
    world
}

fn random_command(random: &mut Random, world: &World) -> Command {
    let clients: Vec<ClientNumber> = world.clients().keys().copied().collect();
    let client = match clients.len() {
        0 => 1,
        len => clients[random.below(len as u32) as usize],
    };
    match random.below(20) {
        16.. => consumer_command(random, world, client),
        0 | 1 => Command::AddProducer {
            config: producer_config(random),
            workload: (random.below(2) == 0).then(|| workload(random)),
        },
        2..=4 => Command::AddConsumer {
            config: consumer_config(random),
            topics: vec![topic(random)],
        },
        5 | 6 => Command::AddAdmin {
            config: AdminConfig::named("admin"),
        },
        7..=9 => Command::AdminCall {
            admin: client,
            request: admin_request(random),
        },
        10 | 11 => Command::Send {
            producer: client,
            record: record(random),
        },
        12 => Command::Close { client },
        13 => Command::Crash { client },
        14 => Command::SetWorkload {
            producer: client,
            workload: (random.below(3) > 0).then(|| workload(random)),
        },
        _ => Command::SetLatency {
            latency: Latency {
                base_us: u64::from(random.below(100_000)),
                jitter_us: random.below(100_000),
            },
        },
    }
}

/// A source and a sink, each there or not.
fn connector_command(random: &mut Random) -> Command {
    let is_source = random.below(3) > 0;
    let connector = ["source", "sink"][usize::from(!is_source)].to_owned();
    let rows = format!("id,name\n{},x\n", random.below(5));
    match random.below(8) {
        0..=2 => {
            let class = match is_source {
                true => ConnectorClass::TableSource,
                false => ConnectorClass::TableSink,
            };
            let mut config = ConnectorConfig::new(connector, class);
            config.topics = vec![topic(random)];
            config.key_field = Some("id".to_owned());
            config.offset_flush_interval_ms = 1_000 + i64::from(random.below(5_000));
            let rows = if is_source { rows } else { String::new() };
            Command::AddConnector { config, rows }
        }
        3 | 4 => Command::WriteRows { connector, rows },
        5 => Command::RestartConnector { connector },
        6 => Command::RemoveConnector { connector },
        _ => Command::DeleteRow {
            connector,
            key: random.below(5).to_string(),
        },
    }
}

fn consumer_command(random: &mut Random, world: &World, consumer: ClientNumber) -> Command {
    let assigned = match world.clients().get(&consumer) {
        Some(Client::Consumer(of)) => of.assignment().keys().cloned().collect(),
        _ => Vec::new(),
    };
    let partitions: Vec<TopicPartition> = assigned.into_iter().take(2).collect();
    match random.below(8) {
        0 => Command::Pause {
            consumer,
            partitions,
        },
        1 => Command::Resume {
            consumer,
            partitions,
        },
        2 => Command::Seek {
            consumer,
            partitions,
            to: [SeekTo::Beginning, SeekTo::End][random.below(2) as usize],
        },
        3 => Command::Commit {
            consumer,
            is_sync: random.below(2) == 0,
        },
        4 => Command::Subscribe {
            consumer,
            to: match random.below(3) {
                0 => SubscriptionType::Pattern("orders|cl.*".to_owned()),
                1 => SubscriptionType::Topics(vec![topic(random), topic(random)]),
                _ => SubscriptionType::None,
            },
        },
        _ => Command::SetProcessing {
            consumer,
            processing: processing(random),
        },
    }
}

fn processing(random: &mut Random) -> Processing {
    let commit = ManualCommit {
        when: [CommitWhen::Before, CommitWhen::After][random.below(2) as usize],
        each: [CommitEach::Poll, CommitEach::Record][random.below(2) as usize],
        is_sync: random.below(2) == 0,
    };
    Processing {
        per_record_us: [0, 100, 20_000][random.below(3) as usize],
        commit: (random.below(2) == 0).then_some(commit),
    }
}

fn topic(random: &mut Random) -> TopicName {
    ["orders", "clicks", "nowhere"][random.below(3) as usize].into()
}

fn producer_config(random: &mut Random) -> ProducerConfig {
    ProducerConfig {
        acks: [Acks::None, Acks::Leader, Acks::All][random.below(3) as usize],
        batch_size: [0, 100, 16_384][random.below(3) as usize],
        linger_ms: i64::from(random.below(50)),
        compression_type: CompressionType::ALL[random.below(5) as usize],
        ..ProducerConfig::default()
    }
}

fn consumer_config(random: &mut Random) -> ConsumerConfig {
    let group = ["red", "blue"][random.below(2) as usize];
    let assignors: &[ClientAssignor] = match group {
        "red" => &[ClientAssignor::Range, ClientAssignor::CooperativeSticky],
        _ => &[ClientAssignor::CooperativeSticky],
    };
    ConsumerConfig {
        partition_assignment_strategy: assignors.to_vec(),
        // What a poll() returns is processed well within max.poll.interval.ms.
        max_poll_records: [1, 10, 50][random.below(3) as usize],
        auto_offset_reset: [AutoOffsetReset::Earliest, AutoOffsetReset::Latest]
            [random.below(2) as usize],
        enable_auto_commit: random.below(4) > 0,
        session_timeout_ms: 6_000 + random.below(4_000) as i32,
        metadata_max_age_ms: 1_000 + i64::from(random.below(10_000)),
        ..ConsumerConfig::of_group(group)
    }
}

fn workload(random: &mut Random) -> Workload {
    let prefix = "k".to_owned();
    let count = 1 + random.below(8);
    Workload {
        topic: topic(random),
        keys: match random.below(4) {
            0 => KeyPattern::None,
            1 => KeyPattern::Fixed("one".to_owned()),
            2 => KeyPattern::Cycle { prefix, count },
            _ => KeyPattern::Random { prefix, count },
        },
        interval_us: 10_000 + u64::from(random.below(500_000)),
        burst: 1,
        value_prefix: "value ".to_owned(),
        value_bytes: 0,
    }
}

fn record(random: &mut Random) -> OutgoingRecord {
    OutgoingRecord {
        topic: topic(random),
        partition: (random.below(8) == 0).then(|| random.below(5) as i32),
        key: (random.below(2) == 0).then(|| vec![random.below(20) as u8]),
        value: (random.below(10) > 0).then(|| vec![b'v'; random.below(2_000) as usize]),
        ..OutgoingRecord::default()
    }
}

/// Half of the topics have small segments that do not stay long.
fn topic_configs(random: &mut Random) -> BTreeMap<String, String> {
    let mut configs = BTreeMap::new();
    if random.below(2) == 0 {
        let mut set = |name: &str, values: [&str; 3]| {
            let value = values[random.below(3) as usize];
            configs.insert(name.to_owned(), value.to_owned());
        };
        set("segment.bytes", ["300", "1000", "5000"]);
        set("segment.ms", ["2000", "10000", "604800000"]);
        set("retention.bytes", ["0", "1500", "-1"]);
        set("retention.ms", ["5000", "60000", "-1"]);
        set(
            "message.timestamp.type",
            ["CreateTime", "CreateTime", "LogAppendTime"],
        );
        set("compression.type", ["producer", "uncompressed", "zstd"]);
        set("cleanup.policy", ["delete", "delete", "compact,delete"]);
    }
    configs
}

fn admin_request(random: &mut Random) -> Request {
    let name = topic(random);
    match random.below(8) {
        0..=2 => Request::CreateTopics(CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name,
                num_partitions: random.below(5) as i32 - 1,
                replication_factor: -1,
                assignments: BTreeMap::new(),
                configs: topic_configs(random),
            }],
        }),
        3 => Request::CreatePartitions(CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic {
                name,
                count: random.below(8) as i32,
                assignments: None,
            }],
        }),
        4 | 5 => Request::DeleteRecords(DeleteRecordsRequest {
            partitions: vec![(
                TopicPartition::new(name, random.below(3) as i32),
                i64::from(random.below(40)) - 2,
            )],
            timeout_ms: 60_000,
        }),
        6 => Request::DeleteTopics(DeleteTopicsRequest { topics: vec![name] }),
        _ => Request::Metadata(MetadataRequest { topics: None }),
    }
}
