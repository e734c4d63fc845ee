//! A cluster as the recordings of a real one have it: brokers 1, 2 and 3,
//! controller 100, and the settings that differ from the defaults; with short
//! ways to do what a person does there and to say what they see.

use engine::collections::BTreeMap;

use engine::broker::Partition;
use engine::client::{Acks, AutoOffsetReset, ConsumerConfig, OutgoingRecord, ProducerConfig};
use engine::command::ClientNumber;
use engine::protocol::{
    AlterPartitionReassignmentsRequest, CreatableTopic, CreateTopicsRequest, ElectLeadersRequest,
    ElectionType, ListPartitionReassignmentsRequest, OngoingReassignment, PartitionResult, Request,
    Response,
};
use engine::sim::Latency;
use engine::{Command, ErrorCode, Event, EventKind, TopicPartition, World, WorldConfig};

use super::{admin_call, run_ms, start};
use engine::sorting::sort;

const SETTINGS: &[(&str, &str)] = &[
    ("num.partitions", "3"),
    ("default.replication.factor", "1"),
    ("offsets.topic.num.partitions", "5"),
    ("transaction.state.log.num.partitions", "5"),
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    ("replica.lag.time.max.ms", "4000"),
    ("auto.leader.rebalance.enable", "false"),
    ("log.cleaner.backoff.ms", "1000"),
    ("log.initial.task.delay.ms", "1000"),
    ("log.retention.check.interval.ms", "2000"),
];

/// How long the recorder waited for what it expected, in milliseconds.
const PATIENCE_MS: i64 = 45_000;

/// The cluster.
pub fn cluster(seed: u64) -> World {
    cluster_with(seed, &[])
}

/// The cluster with other broker settings besides (`broker_config`).
pub fn cluster_with(seed: u64, settings: &[(&str, &str)]) -> World {
    cluster_of(seed, &[100], settings)
}

/// The cluster with three controllers instead of one.
pub fn cluster_of_three_controllers(seed: u64) -> World {
    cluster_of(seed, &[101, 102, 103], &[])
}

/// The cluster with these controllers, and other settings besides.
pub fn cluster_of(seed: u64, controllers: &[i32], settings: &[(&str, &str)]) -> World {
    let settings = [SETTINGS, settings].concat();
    in_a_data_centre(
        seed,
        WorldConfig::cluster(&[1, 2, 3], controllers, &settings),
    )
}

/// The cluster with ZooKeeper instead of controllers of its own.
pub fn cluster_with_zookeeper(seed: u64) -> World {
    in_a_data_centre(seed, WorldConfig::with_zookeeper(&[1, 2, 3], SETTINGS))
}

fn in_a_data_centre(seed: u64, mut config: WorldConfig) -> World {
    config.latency = Latency {
        base_us: 1_000,
        jitter_us: 500,
    };
    World::new(seed, config)
}

/// `topic-partition` as the tools write it.
pub fn partition(name: &str) -> TopicPartition {
    let (topic, number) = name.rsplit_once('-').expect("topic-partition");
    TopicPartition::new(topic, number.parse().expect("a number"))
}

fn owned(configs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    configs.iter().map(owned).collect()
}

/// `1:2,2:3` as `--replica-assignment` has it.
pub fn assignment(text: &str) -> Vec<Vec<i32>> {
    let replicas = |list: &str| {
        let ids = list.split(':').map(|id| id.parse().expect("a node.id"));
        ids.collect()
    };
    text.split(',').map(replicas).collect()
}

/// `--create --replica-assignment`; says what the controller says.
pub fn try_create(
    world: &mut World,
    topic: &str,
    replica_assignment: &str,
    configs: &[(&str, &str)],
) -> (ErrorCode, String) {
    try_create_topic(
        world,
        CreatableTopic {
            name: topic.into(),
            num_partitions: -1,
            replication_factor: -1,
            assignments: (0..).zip(assignment(replica_assignment)).collect(),
            configs: owned(configs),
        },
    )
}

/// Asks for a topic; says what the controller says.
pub fn try_create_topic(world: &mut World, topic: CreatableTopic) -> (ErrorCode, String) {
    let request = Request::CreateTopics(CreateTopicsRequest {
        topics: vec![topic],
    });
    match admin_call(world, request) {
        Response::CreateTopics(response) => {
            let result = &response.topics[0];
            let message = result.error_message.clone().unwrap_or_default();
            (result.error_code, message)
        }
        other => panic!("{other:?}"),
    }
}

/// `--create --replica-assignment`, which succeeds.
pub fn create(world: &mut World, topic: &str, replica_assignment: &str, configs: &[(&str, &str)]) {
    let (error, message) = try_create(world, topic, replica_assignment, configs);
    assert!(error.is_none(), "{error}: {message}");
}

/// A topic without settings of its own, as `--create` asks for it.
pub fn new_topic(name: &str, partitions: i32, replicas: i16) -> CreatableTopic {
    CreatableTopic {
        name: name.into(),
        num_partitions: partitions,
        replication_factor: replicas,
        assignments: BTreeMap::new(),
        configs: BTreeMap::new(),
    }
}

/// `--create --partitions --replication-factor`, which succeeds.
pub fn create_placed(
    world: &mut World,
    topic: &str,
    partitions: i32,
    replicas: i16,
    configs: &[(&str, &str)],
) {
    let topic = CreatableTopic {
        configs: owned(configs),
        ..new_topic(topic, partitions, replicas)
    };
    let (error, message) = try_create_topic(world, topic);
    assert!(error.is_none(), "{error}: {message}");
}

/// `--describe`: for each partition its line without its number.
pub fn describe(world: &World, topic: &str) -> Vec<String> {
    let ids = |ids: &[i32]| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        ids.join(",")
    };
    let partitions = world.topics()[topic].partitions.iter();
    let line = |of: &std::sync::Arc<engine::controller::PartitionRegistration>| {
        let leader = of.leader.map_or("none".to_owned(), |id| id.to_string());
        format!(
            "Leader: {leader} Replicas: {} Isr: {}",
            ids(&of.replicas),
            ids(&of.isr)
        )
    };
    partitions.map(line).collect()
}

/// The leader of the topic's first partition.
pub fn leader(world: &World, topic: &str) -> Option<i32> {
    world.topics()[topic].partitions[0].leader
}

/// The in-sync replicas of the topic's first partition.
pub fn isr(world: &World, topic: &str) -> Vec<i32> {
    world.topics()[topic].partitions[0].isr.clone()
}

/// Ends a broker as `kill -9` does.
pub fn kill(world: &mut World, broker: i32) {
    world
        .execute(Command::KillBroker { broker })
        .expect("it runs");
}

/// Stops a broker as SIGTERM does, and waits for its end.
pub fn stop(world: &mut World, broker: i32) {
    world
        .execute(Command::StopBroker { broker })
        .expect("it runs");
    wait(world, "it stops", |world| {
        !world.brokers()[&broker].state().is_up()
    });
}

/// Starts a broker.
pub fn start_broker(world: &mut World, broker: i32) {
    world
        .execute(Command::StartBroker { broker })
        .expect("it does not run");
}

/// Lets time pass until something holds.
pub fn wait(world: &mut World, what: &str, holds: impl Fn(&World) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..PATIENCE_MS / 50 {
        if holds(world) {
            return events;
        }
        events.extend(run_ms(world, 50));
    }
    panic!("{what}: not within {PATIENCE_MS} ms");
}

/// Waits until these replicas are in sync, in whatever order.
pub fn wait_isr(world: &mut World, of: &str, expected: &[i32]) -> Vec<Event> {
    let key = partition(of);
    wait(world, &format!("isr {of} = {expected:?}"), |world| {
        let mut isr = world.image().partition(&key).expect("it is").isr.clone();
        sort(&mut isr);
        isr == expected
    })
}

/// Waits until this broker, or nobody, leads.
pub fn wait_leader(world: &mut World, of: &str, expected: Option<i32>) -> Vec<Event> {
    let key = partition(of);
    wait(world, &format!("leader {of} = {expected:?}"), |world| {
        world.image().partition(&key).expect("it is").leader == expected
    })
}

/// Waits until these replicas, in this order, hold the partition.
pub fn wait_replicas(world: &mut World, of: &str, expected: &[i32]) -> Vec<Event> {
    let key = partition(of);
    wait(world, &format!("replicas {of} = {expected:?}"), |world| {
        let now = world.image().partition(&key).expect("it is");
        now.replicas == expected && !now.is_reassigning()
    })
}

/// Waits until so many brokers take part.
pub fn wait_brokers(world: &mut World, expected: usize) {
    wait(world, &format!("brokers = {expected}"), |world| {
        let ids = [1, 2, 3].into_iter();
        let brokers = &world.image().brokers;
        ids.filter(|id| brokers.is_active(*id)).count() == expected
    });
}

/// What a broker holds of a partition.
pub fn held<'a>(world: &'a World, broker: i32, of: &str) -> &'a Partition {
    &world.brokers()[&broker].partitions()[&partition(of)]
}

/// Whether a broker holds anything of a partition.
pub fn holds(world: &World, broker: i32, of: &str) -> bool {
    let partitions = world.brokers()[&broker].partitions();
    partitions.contains_key(&partition(of))
}

/// Where the logs of a topic's first partition end, and the high watermarks,
/// by broker.
pub fn ends(world: &World, topic: &str) -> Vec<(i32, i64, i64)> {
    let of = TopicPartition::new(topic, 0);
    let held = world.brokers().values().filter_map(|broker| {
        let held = broker.partitions().get(&of)?;
        Some((broker.id, held.log.end_offset(), held.high_watermark()))
    });
    held.collect()
}

/// The producer of the recordings, which was not idempotent. What it is given
/// at one time shares a batch, as with the recorder.
pub fn producer_with(world: &mut World, acks: Acks) -> ClientNumber {
    let config = ProducerConfig {
        acks,
        enable_idempotence: false,
        delivery_timeout_ms: 3_000,
        request_timeout_ms: 1_500,
        linger_ms: 1,
        max_block_ms: 3_000,
        ..ProducerConfig::default()
    };
    let workload = None;
    start(world, Command::AddProducer { config, workload })
}

/// Has a new producer send values with the key `k`; see [`send_records`].
pub fn send(world: &mut World, acks: Acks, of: &str, values: &[&str]) -> Vec<String> {
    let records: Vec<_> = values
        .iter()
        .map(|value| (Some("k"), Some(*value)))
        .collect();
    send_records(world, acks, of, &records)
}

/// Has a new producer send records of key and value; returns where they are,
/// as `topic-partition@offset`, or the exception, in order.
pub fn send_records(
    world: &mut World,
    acks: Acks,
    of: &str,
    records: &[(Option<&str>, Option<&str>)],
) -> Vec<String> {
    let producer = producer_with(world, acks);
    let to = partition(of);
    let bytes = |text: &Option<&str>| text.map(|text| text.as_bytes().to_vec());
    for (key, value) in records {
        let record = OutgoingRecord {
            topic: to.topic.clone(),
            partition: Some(to.partition),
            key: bytes(key),
            value: bytes(value),
            ..OutgoingRecord::default()
        };
        let command = Command::Send { producer, record };
        world.execute(command).expect("it takes a record");
    }
    let mut results = Vec::new();
    for _ in 0..100 {
        for event in run_ms(world, 100) {
            results.extend(results_of(&event.kind));
        }
        if results.len() >= records.len() {
            break;
        }
    }
    world
        .execute(Command::Close { client: producer })
        .expect("it runs");
    results
}

fn results_of(kind: &EventKind) -> Vec<String> {
    match kind {
        EventKind::Delivered {
            topic_partition,
            base_offset: Some(first),
            records,
            ..
        } => {
            let offsets = (*first..).take(*records as usize);
            offsets
                .map(|offset| format!("{topic_partition}@{offset}"))
                .collect()
        }
        EventKind::SendFailed {
            exception,
            message,
            records,
            ..
        } => vec![format!("{exception}: {message}"); *records as usize],
        _ => Vec::new(),
    }
}

/// What a new consumer that begins with the first record reads of a partition
/// of one topic: offset and value.
pub fn consume(world: &mut World, of: &str) -> Vec<(i64, String)> {
    let wanted = partition(of);
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group(format!("console-consumer-{}", world.now().as_us()))
    };
    let topics = vec![wanted.topic.clone()];
    let consumer = start(world, Command::AddConsumer { config, topics });
    let mut read = Vec::new();
    for event in run_ms(world, 5_000) {
        if let EventKind::RecordsRead {
            topic_partition,
            from,
            to,
            batches,
            ..
        } = &event.kind
            && *topic_partition == wanted
        {
            let records = batches.iter().flat_map(|batch| batch.records().flatten());
            for record in records.filter(|record| (*from..*to).contains(&record.offset)) {
                let value = record.value.map_or("null".into(), String::from_utf8_lossy);
                read.push((record.offset, value.into_owned()));
            }
        }
    }
    world
        .execute(Command::Close { client: consumer })
        .expect("it runs");
    run_ms(world, 1_000);
    read
}

/// What [`consume`] gives for these values from offset 0 on.
pub fn numbered(values: &[&str]) -> Vec<(i64, String)> {
    let values = values.iter().map(|value| (*value).to_owned());
    (0..).zip(values).collect()
}

fn outcomes(results: &[PartitionResult]) -> Vec<(String, ErrorCode, String)> {
    let outcome = |result: &PartitionResult| {
        let message = result.error_message.clone().unwrap_or_default();
        (result.partition.to_string(), result.error_code, message)
    };
    results.iter().map(outcome).collect()
}

/// An election for one partition, or for all; what became of each.
pub fn elect(
    world: &mut World,
    election_type: ElectionType,
    of: Option<&str>,
) -> Vec<(String, ErrorCode, String)> {
    let request = Request::ElectLeaders(ElectLeadersRequest {
        election_type,
        partitions: of.map(|of| vec![partition(of)]),
    });
    match admin_call(world, request) {
        Response::ElectLeaders(response) => outcomes(&response.results),
        other => panic!("{other:?}"),
    }
}

/// What an election or reassignment that succeeds says of a partition.
pub fn succeeded(of: &str) -> (String, ErrorCode, String) {
    (of.to_owned(), ErrorCode::None, String::new())
}

/// Moves a partition, or, with `None`, takes that back.
pub fn reassign(
    world: &mut World,
    of: &str,
    target: Option<&[i32]>,
) -> (String, ErrorCode, String) {
    let partitions = vec![(partition(of), target.map(<[i32]>::to_vec))];
    let request =
        Request::AlterPartitionReassignments(AlterPartitionReassignmentsRequest { partitions });
    match admin_call(world, request) {
        Response::AlterPartitionReassignments(response) => outcomes(&response.results).remove(0),
        other => panic!("{other:?}"),
    }
}

/// The reassignments under way.
pub fn reassignments(world: &mut World) -> Vec<(String, OngoingReassignment)> {
    let request =
        Request::ListPartitionReassignments(ListPartitionReassignmentsRequest { partitions: None });
    match admin_call(world, request) {
        Response::ListPartitionReassignments(response) => {
            let all = response.partitions.into_iter();
            all.map(|(of, now)| (of.to_string(), now)).collect()
        }
        other => panic!("{other:?}"),
    }
}
