//! As much as a browser tab is to hold.

use engine::client::{Acks, KeyPattern, ProducerConfig, Workload};
use engine::protocol::TopicName;
use engine::sim::Latency;
use engine::{Command, WorldConfig};

use super::ReadyMade;
use super::building::of_group;
use crate::playground::Playground;
use crate::stage::By;

/// 256 partitions, 64 consumers, 100,000 records a second. The page's speed is
/// measured with it (`cargo xtask bench --page`).
pub(super) const BUSY_CLUSTER: ReadyMade = ReadyMade {
    id: "busy-cluster",
    title: "A busy cluster",
    sentence: "Eight brokers, four topics of 64 partitions, two groups of 32 consumers, and 100,000 \
               records a second over a network that takes a second; more than a million records \
               are retained.",
    by: By::Topic,
    config: eight_brokers,
    set: busy_cluster,
};

const TOPICS: [&str; 4] = ["clicks", "orders", "payments", "views"];
const PARTITIONS: i32 = 64;
/// Each group reads two of the topics.
const GROUPS: [(&str, usize); 2] = [("archive", 0), ("billing", 2)];
const MEMBERS: usize = 32;
const PRODUCERS: u32 = 48;
/// Each producer sends so many records at a time, so often: together a little
/// more than 100,000 a second. They begin one after the other, so that records
/// are made at an even pace.
const BURST: u32 = 106;
const EVERY_US: u64 = 48_000;
const APART_US: u64 = 1_000;
const VALUE_BYTES: u32 = 60;
/// Slow enough for 2,000 packets to be under way at a time.
const LATENCY: Latency = Latency {
    base_us: 1_050_000,
    jitter_us: 200_000,
};
/// How long groups are given to come to rest, and how long records then come in
/// until the world is first seen, in microseconds.
const GROUPS_TAKE_US: u64 = 12_000_000;
const AGE_US: u64 = 18_000_000;

fn eight_brokers() -> WorldConfig {
    let settings = [
        ("default.replication.factor", "1"),
        ("num.partitions", "64"),
        ("log.segment.bytes", "65536"),
        // At least 4,000 records of a partition stay.
        ("log.retention.bytes", "340000"),
        ("log.retention.check.interval.ms", "5000"),
        // A heartbeat and its answer take longer than elsewhere.
        ("broker.session.timeout.ms", "60000"),
    ];
    WorldConfig::cluster(&[1, 2, 3, 4, 5, 6, 7, 8], &[1], &settings)
}

fn busy_cluster(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&TOPICS.map(|topic| (topic, PARTITIONS)))?;
    for (group, first) in GROUPS {
        let topics = &TOPICS[first..first + 2];
        for member in 0..MEMBERS {
            let mut config = of_group(group);
            config.client_id = format!("{group}-{}", member + 1);
            let topics = topics.iter().map(|topic| TopicName::from(*topic)).collect();
            playground.execute(Command::AddConsumer { config, topics })?;
        }
    }
    playground.advance_us(GROUPS_TAKE_US);
    playground.execute(Command::SetLatency { latency: LATENCY })?;
    for number in 0..PRODUCERS {
        let topic = TOPICS[number as usize % TOPICS.len()];
        let config = ProducerConfig {
            client_id: format!("server-{}", number + 1),
            acks: Acks::Leader,
            max_in_flight_requests: 10,
            enable_idempotence: false,
            ..ProducerConfig::default()
        };
        let workload = Workload {
            topic: TopicName::from(topic),
            keys: KeyPattern::None,
            interval_us: EVERY_US,
            burst: BURST,
            value_prefix: format!("{topic} "),
            value_bytes: VALUE_BYTES,
        };
        playground.add_producer(config, Some(workload))?;
        playground.advance_us(APART_US);
    }
    playground.advance_us(AGE_US);
    Ok(())
}
