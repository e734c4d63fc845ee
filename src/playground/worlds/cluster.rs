//! Several brokers, and logs that are cleaned.

use engine::client::{Acks, ProducerConfig};
use engine::{Command, WorldConfig};

use super::ReadyMade;
use super::building::{random_keys, records};
use crate::playground::Playground;
use crate::stage::By;

/// A broker dies, and nothing is lost.
pub(super) const FAILING_BROKER: ReadyMade = ReadyMade {
    id: "failing-broker",
    title: "Replication with a failing broker",
    sentence: "Three brokers keep every record three times; broker 2 is killed after ten seconds, \
               others take over what it led, and when it comes back it catches up.",
    by: By::Broker,
    config: three_brokers,
    set: failing_broker,
};

/// The last value of each key.
pub(super) const COMPACTED_TABLE: ReadyMade = ReadyMade {
    id: "compacted-table",
    title: "A compacted table",
    sentence: "Prices come in keyed by product, and the log cleaner leaves only the last price of \
               each: the log is a table that a new reader can have whole.",
    by: By::Topic,
    config: quick_cleaner,
    set: compacted_table,
};

fn three_brokers() -> WorldConfig {
    let settings = [
        ("num.partitions", "3"),
        ("default.replication.factor", "3"),
        ("min.insync.replicas", "2"),
    ];
    WorldConfig::cluster(&[1, 2, 3], &[1, 2, 3], &settings)
}

fn failing_broker(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("orders", 3)])?;
    let config = ProducerConfig {
        client_id: "shop".to_owned(),
        acks: Acks::All,
        ..ProducerConfig::default()
    };
    let workload = records("orders", 800, random_keys("cart-", 6), "order ");
    playground.add_producer(config, Some(workload))?;
    playground.set_group("billing", "orders", 2)?;
    playground.advance_us(14_000_000);
    playground.later(10, Command::KillBroker { broker: 2 });
    playground.later(50, Command::StartBroker { broker: 2 });
    Ok(())
}

pub(super) fn quick_cleaner() -> WorldConfig {
    let settings = [("num.partitions", "3"), ("log.cleaner.backoff.ms", "5000")];
    WorldConfig::cluster(&[1], &[1], &settings)
}

fn compacted_table(playground: &mut Playground) -> Result<(), String> {
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.bytes", "900"),
        ("min.cleanable.dirty.ratio", "0.2"),
    ];
    playground.set_topic_with("prices", 2, &settings)?;
    let workload = records("prices", 400, random_keys("item-", 6), "price ");
    playground.set_producer("catalogue", workload)?;
    playground.set_group("web-shop", "prices", 1)?;
    playground.advance_us(24_000_000);
    Ok(())
}
