//! What a rebalance costs.

use engine::assignor::ClientAssignor;
use engine::client::{ConsumerConfig, GroupProtocol};
use engine::{Command, WorldConfig};

use super::ReadyMade;
use super::building::{named, random_keys, records};
use crate::playground::Playground;
use crate::stage::By;

/// Eager, cooperative, and the protocol of KIP-848, side by side.
pub(super) const THREE_PROTOCOLS: ReadyMade = ReadyMade {
    id: "three-protocols",
    title: "Three ways to rebalance",
    sentence: "The same topic is read by an eager group, a cooperative one and one of the new \
               protocol; each gets one more member after ten seconds: in the eager one \
               everybody stops, in the others only what moves.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: three_protocols,
};

fn configs(number: u32) -> [ConsumerConfig; 3] {
    let member = |group: &str| named(&format!("{group}-{number}"), group);
    let classic = |group: &str, assignor| ConsumerConfig {
        partition_assignment_strategy: vec![assignor],
        ..member(group)
    };
    [
        classic("eager", ClientAssignor::RoundRobin),
        classic("cooperative", ClientAssignor::CooperativeSticky),
        ConsumerConfig {
            group_protocol: GroupProtocol::Consumer,
            ..member("new-protocol")
        },
    ]
}

fn three_protocols(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("clicks", 4)])?;
    let workload = records("clicks", 400, random_keys("page-", 12), "click ");
    playground.set_producer("pages", workload)?;
    for number in 1..=2 {
        for config in configs(number) {
            playground.add_consumer(config, &["clicks"])?;
        }
    }
    playground.advance_us(16_000_000);
    for config in configs(3) {
        let topics = vec!["clicks".into()];
        playground.later(10, Command::AddConsumer { config, topics });
    }
    Ok(())
}
