use std::collections::BTreeMap;

use super::Playground;
use engine::client::{AutoOffsetReset, ConsumerConfig, KeyPattern, ProducerConfig, Workload};

const TOPIC: &str = "orders";
const GROUP: &str = "billing";

/// How long the first world has run when it is first seen, in microseconds:
/// its group is stable and its lanes hold some records.
const AGE_US: u64 = 14_000_000;

impl Playground {
    /// A topic, a producer with keys, and a group of two that reads: what a
    /// lesson begins with. Everything here could be done by hand.
    pub(super) fn set_the_first_scene(&mut self) {
        let mut scene = || -> Result<(), String> {
            self.create_topic(TOPIC, 3, BTreeMap::new())?;
            self.advance_us(2_000_000);
            let config = ProducerConfig {
                client_id: "shop".to_owned(),
                ..ProducerConfig::default()
            };
            self.add_producer(config, Some(shop()))?;
            for _ in 0..2 {
                let config = ConsumerConfig {
                    auto_offset_reset: AutoOffsetReset::Earliest,
                    ..ConsumerConfig::of_group(GROUP)
                };
                self.add_consumer(config, TOPIC)?;
            }
            self.advance_us(AGE_US);
            Ok(())
        };
        scene().expect("nothing stands in the way of the first scene");
    }
}

fn shop() -> Workload {
    Workload {
        topic: TOPIC.into(),
        keys: KeyPattern::Random {
            prefix: "cart-".to_owned(),
            count: 5,
        },
        interval_us: 1_000_000,
        burst: 1,
        value_prefix: "order ".to_owned(),
        value_bytes: 0,
    }
}
