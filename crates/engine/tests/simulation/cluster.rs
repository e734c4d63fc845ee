//! What a seed's cluster looks like.

use engine::WorldConfig;
use engine::sim::{Latency, Random};
use engine::world::BrokerSpec;

use super::pick;

/// One to six brokers, rarely more, one or three controllers, on the brokers'
/// machines or on their own, or ZooKeeper, and short times, so that much
/// happens in a few virtual seconds.
pub fn config(random: &mut Random) -> WorldConfig {
    let brokers = match random.below(12) {
        0 => 7 + random.below(4),
        1 => 1,
        _ => 2 + random.below(5),
    } as i32;
    let racks = random.below(4);
    let has_zookeeper = random.below(5) == 0;
    let voters = pick(random, &[1, 1, 3]);
    let are_shared = random.below(2) == 0 && brokers >= voters;
    let controllers: Vec<i32> = match are_shared {
        true => (1..=voters).collect(),
        false => (101..=100 + voters).collect(),
    };
    let settings = settings(random, brokers);
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (*name, *value))
        .collect();
    let ids: Vec<i32> = (1..=brokers).collect();
    let mut config = match has_zookeeper {
        true => WorldConfig::with_zookeeper(&ids, &settings),
        false => WorldConfig::cluster(&ids, &controllers, &settings),
    };
    config.brokers = (1..=brokers)
        .map(|id| BrokerSpec {
            id,
            rack: (racks > 0).then(|| format!("rack-{}", id as u32 % racks)),
        })
        .collect();
    config.latency = latency(random);
    config
}

/// About a millisecond, now and then ten.
pub fn latency(random: &mut Random) -> Latency {
    Latency {
        base_us: pick(random, &[200, 1_000, 1_000, 10_000]),
        jitter_us: pick(random, &[0, 500, 2_000]),
    }
}

/// A broker alone cannot ask for two replicas in sync: it could store neither
/// records nor offsets.
fn settings(random: &mut Random, brokers: i32) -> Vec<(&'static str, &'static str)> {
    let mut settings = vec![("log.initial.task.delay.ms", "2000")];
    let mut set = |name, values: &[&'static str]| settings.push((name, pick(random, values)));
    set("broker.session.timeout.ms", &["1000", "3000", "6000"]);
    set("broker.heartbeat.interval.ms", &["200", "500", "900"]);
    set("replica.lag.time.max.ms", &["500", "2000", "5000"]);
    set("replica.fetch.wait.max.ms", &["50", "300", "500"]);
    set("replica.fetch.backoff.ms", &["100", "1000"]);
    set("replica.fetch.max.bytes", &["300", "1048576"]);
    set("replica.socket.timeout.ms", &["1000", "5000", "30000"]);
    set(
        "replica.high.watermark.checkpoint.interval.ms",
        &["500", "5000"],
    );
    set("log.retention.check.interval.ms", &["1000", "5000"]);
    set("offsets.topic.num.partitions", &["1", "3", "3", "10"]);
    set("offsets.topic.segment.bytes", &["6000", "104857600"]);
    set("group.consumer.heartbeat.interval.ms", &["300", "1000"]);
    set("group.consumer.session.timeout.ms", &["3000", "6000"]);
    set("transaction.state.log.num.partitions", &["1", "3"]);
    set(
        "transaction.abort.timed.out.transaction.cleanup.interval.ms",
        &["500", "2000"],
    );
    set("group.share.heartbeat.interval.ms", &["300", "1000"]);
    set("group.share.session.timeout.ms", &["3000", "6000"]);
    set("group.share.record.lock.duration.ms", &["1000", "3000"]);
    set("group.share.delivery.count.limit", &["2", "5"]);
    set("share.coordinator.state.topic.num.partitions", &["1", "3"]);
    set(
        "share.coordinator.snapshot.update.records.per.snapshot",
        &["5", "500"],
    );
    if brokers == 1 {
        set("transaction.state.log.min.isr", &["1"]);
        set("share.coordinator.state.topic.min.isr", &["1"]);
    }
    let min_isr: &[&str] = if brokers > 1 {
        &["1", "1", "2"]
    } else {
        &["1"]
    };
    set("min.insync.replicas", min_isr);
    set(
        "unclean.leader.election.enable",
        &["false", "false", "true"],
    );
    set("controller.quorum.election.timeout.ms", &["300", "1000"]);
    set("controller.quorum.fetch.timeout.ms", &["600", "2000"]);
    settings
}
