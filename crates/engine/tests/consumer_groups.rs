//! Lessons about groups of KIP-848 (`group.protocol=consumer`): the coordinator
//! decides who reads what, and nobody stops who is not concerned.

mod support;

use engine::client::{
    AutoOffsetReset, ConsumerConfig, ConsumerMemberState, GroupProtocol, SubscriptionType,
};
use engine::command::ClientNumber;
use engine::coordinator::consumer_group::ConsumerGroupState;
use engine::{Command, Event, EventKind, Rebalance, World};
use support::{assigned, consumer_of, run_ms, start, world_with_topic};

const TOPIC: &str = "clicks";
const GROUP: &str = "modern";

fn config(client_id: &str) -> ConsumerConfig {
    ConsumerConfig {
        client_id: client_id.to_owned(),
        group_protocol: GroupProtocol::Consumer,
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group(GROUP)
    }
}

fn add(world: &mut World, config: ConsumerConfig) -> ClientNumber {
    let topics = vec![TOPIC.into()];
    start(world, Command::AddConsumer { config, topics })
}

/// Adds a member, and lets the group come to rest.
fn join(world: &mut World, config: ConsumerConfig) -> (ClientNumber, Vec<Event>) {
    let member = add(world, config);
    (member, run_ms(world, 15_000))
}

fn state(world: &World) -> ConsumerGroupState {
    world.consumer_groups()[GROUP].1.state()
}

fn measured(events: &[Event]) -> Vec<&Rebalance> {
    let rebalances = events.iter().filter_map(|event| match &event.kind {
        EventKind::RebalanceMeasured(rebalance) => Some(rebalance),
        _ => None,
    });
    rebalances.collect()
}

#[test]
fn three_members_share_a_topic() {
    let mut world = world_with_topic(1, TOPIC, 6);
    let members: Vec<ClientNumber> = ["a", "b", "c"]
        .map(|name| add(&mut world, config(name)))
        .to_vec();
    run_ms(&mut world, 30_000);
    assert_eq!(state(&world), ConsumerGroupState::Stable);
    let mut all: Vec<i32> = Vec::new();
    for member in members {
        let consumer = consumer_of(&world, member);
        assert_eq!(consumer.member_state(), Some(ConsumerMemberState::Stable));
        let own = assigned(&world, member);
        assert_eq!(own.len(), 2);
        all.extend(own);
    }
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn only_what_moves_is_given_up() {
    let mut world = world_with_topic(1, TOPIC, 6);
    join(&mut world, config("a"));
    join(&mut world, config("b"));
    let (c, events) = join(&mut world, config("c"));
    assert_eq!(assigned(&world, c).len(), 2);
    let measured = measured(&events);
    assert_eq!(measured.len(), 1, "{measured:?}");
    let rebalance = measured[0];
    assert_eq!(rebalance.revoked.len(), 2);
    assert_eq!(rebalance.moved, rebalance.revoked);
    assert_eq!(rebalance.kept.len(), 4);
    assert_eq!(rebalance.unread.len(), 2, "four were read all the time");
}
