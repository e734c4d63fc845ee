//! The workload that speed and memory are measured by, the same natively and
//! as wasm: three producers, a topic of six partitions on three brokers, and a
//! group of three consumers.

#![allow(dead_code, reason = "each benchmark uses some of it")]

use engine::collections::BTreeMap;

use engine::client::{
    Acks, AdminConfig, AutoOffsetReset, Client, ConsumerConfig, KeyPattern, ProducerConfig,
    Workload,
};
use engine::command::ClientNumber;
use engine::protocol::{CreatableTopic, CreateTopicsRequest, Request, TopicName};
use engine::sim::Latency;
use engine::{Command, World, WorldConfig};

/// The size of each record's value, in bytes; there is no key.
pub const VALUE_BYTES: u32 = 100;
/// How many records make up one measurement.
pub const RECORDS: u64 = 1_000_000;

const BROKERS: [i32; 3] = [1, 2, 3];
const PRODUCERS: usize = 3;
const CONSUMERS: usize = 3;
const PARTITIONS: i32 = 6;
const TOPIC: &str = "measured";

/// How many records each producer sends each millisecond of virtual time: less
/// than it can have carried, so that nothing piles up. With `acks=1` that is
/// some seven full batches. With `acks=all` a broker answers when its followers
/// have the records, and reads the connection's next request after that.
fn records_per_ms(acks: Acks) -> u32 {
    match acks {
        Acks::All => 300,
        _ => 1_000,
    }
}

/// How much virtual time passes before the events are let go of, in
/// milliseconds, as a page does that draws a frame.
pub const FRAME_MS: i64 = 10;

/// A cluster with its producers and consumers.
pub struct Lab {
    /// The world.
    pub world: World,
    producers: Vec<ClientNumber>,
    acks: Acks,
}

/// What is measured: the producers' `acks`, and the benchmark's name. Those with
/// `acks=all` are idempotent.
pub const MEASURED: [(Acks, &str); 2] = [
    (Acks::Leader, "produce-replicate-consume"),
    (Acks::All, "produce-replicate-consume-idempotent"),
];

/// Has `records` records made, replicated and read, in a world of its own;
/// returns how many it were exactly.
pub fn produce_replicate_consume(records: u64, acks: Acks) -> u64 {
    let mut lab = Lab::with_acks(acks);
    lab.run(records);
    lab.records_read()
}

impl Lab {
    /// A cluster whose group is stable and whose producers, with `acks=1`, have
    /// not begun.
    pub fn new() -> Lab {
        Lab::with_acks(Acks::Leader)
    }

    /// The same with other producers; with `acks=all` they are idempotent.
    pub fn with_acks(acks: Acks) -> Lab {
        let mut world = cluster(&BROKERS);
        create_topics(&mut world, &[TOPIC.into()], PARTITIONS);
        let start = |world: &mut World, command| {
            let outcome = world.execute(command).expect("a client can start");
            outcome.client.expect("it has a number")
        };
        for _ in 0..CONSUMERS {
            let config = ConsumerConfig {
                auto_offset_reset: AutoOffsetReset::Earliest,
                ..ConsumerConfig::of_group("readers")
            };
            let topics = vec![TOPIC.into()];
            start(&mut world, Command::AddConsumer { config, topics });
        }
        let producer = |world: &mut World| {
            let config = ProducerConfig {
                acks,
                ..ProducerConfig::default()
            };
            let workload = None;
            start(world, Command::AddProducer { config, workload })
        };
        let producers = (0..PRODUCERS).map(|_| producer(&mut world)).collect();
        pass_ms(&mut world, 10_000);
        Lab {
            world,
            producers,
            acks,
        }
    }

    /// Produces until so many records have been read.
    pub fn run(&mut self, records: u64) {
        self.set_workloads(Some(workload(self.acks)));
        while self.records_read() < records {
            pass_ms(&mut self.world, FRAME_MS);
        }
    }

    /// Ends producing, and waits until all that was made is stored and read.
    pub fn finish(&mut self) {
        self.set_workloads(None);
        pass_ms(&mut self.world, 2_000);
        assert_eq!(self.records_read(), self.records_stored(), "all is read");
    }

    /// How many records the group has read.
    pub fn records_read(&self) -> u64 {
        let clients = self.world.clients().values();
        clients
            .map(|client| match client {
                Client::Consumer(consumer) => consumer.records_read(),
                _ => 0,
            })
            .sum()
    }

    /// How many records every replica of the topic holds.
    ///
    /// # Panics
    ///
    /// When the replicas do not hold the same.
    pub fn records_stored(&self) -> u64 {
        let on_broker = |id: &i32| {
            let partitions = self.world.brokers()[id].partitions().iter();
            let of_topic = partitions.filter(|(of, _)| *of.topic == *TOPIC);
            let ends = of_topic.map(|(_, partition)| partition.log.end_offset() as u64);
            ends.sum::<u64>()
        };
        let stored: Vec<u64> = BROKERS.iter().map(on_broker).collect();
        assert!(stored.iter().all(|count| *count == stored[0]), "{stored:?}");
        stored[0]
    }

    fn set_workloads(&mut self, workload: Option<Workload>) {
        for producer in self.producers.clone() {
            let workload = workload.clone();
            let command = Command::SetWorkload { producer, workload };
            self.world.execute(command).expect("the producer runs");
        }
    }
}

/// Brokers on a fast network, and one controller beside them.
pub fn cluster(brokers: &[i32]) -> World {
    let mut config = WorldConfig::cluster(brokers, &[1_000], &[]);
    config.latency = Latency {
        base_us: 500,
        jitter_us: 100,
    };
    let mut world = World::new(1, config);
    pass_ms(&mut world, 10_000);
    world
}

/// Lets virtual time pass, and lets go of what happened.
pub fn pass_ms(world: &mut World, ms: i64) {
    let until = world.now().plus_ms(ms);
    world.advance_to(until);
}

fn workload(acks: Acks) -> Workload {
    Workload {
        topic: TOPIC.into(),
        keys: KeyPattern::None,
        interval_us: 1_000,
        burst: records_per_ms(acks),
        value_prefix: String::new(),
        value_bytes: VALUE_BYTES,
    }
}

/// Makes topics with this many partitions each, on all brokers.
pub fn create_topics(world: &mut World, names: &[TopicName], num_partitions: i32) {
    let config = AdminConfig::named("admin");
    let outcome = world.execute(Command::AddAdmin { config });
    let admin = outcome.expect("it can start").client.expect("a number");
    let topic = |name: &TopicName| CreatableTopic {
        name: name.clone(),
        num_partitions,
        replication_factor: BROKERS.len() as i16,
        assignments: Default::default(),
        configs: BTreeMap::new(),
    };
    let topics = names.iter().map(topic).collect();
    let request = Request::CreateTopics(CreateTopicsRequest { topics });
    let called = world.execute(Command::AdminCall { admin, request });
    called.expect("a call that an admin client makes");
    pass_ms(world, 1_000);
    let closed = world.execute(Command::Close { client: admin });
    closed.expect("it runs");
    let exists = |name| world.topics().contains_key(name);
    assert!(names.iter().all(exists), "the topics are made");
}
