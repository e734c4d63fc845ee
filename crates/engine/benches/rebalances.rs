//! A whole group rebalances in the world: CPU time from the moment that a
//! member leaves or joins until everybody reads again. All is counted in that
//! happens meanwhile: heartbeats, commits, JoinGroup and SyncGroup of every
//! member, the leader's assignment, what is written and replicated, fetches.

#[path = "support/clock.rs"]
mod clock;
#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use engine::assignor::ClientAssignor;
use engine::client::{ConsumerConfig, GroupProtocol};
use engine::command::ClientNumber;
use engine::event::EventKind;
use engine::protocol::TopicName;
use engine::{Command, World};
use support::{cluster, create_topics};

/// A group and what it reads.
struct Size {
    members: usize,
    topics: usize,
    partitions_per_topic: i32,
}

/// With ten times the topics a thousand members should be too much for one record
/// of `__consumer_offsets` (`message.max.bytes`): every member names them all.
const SIZES: [Size; 2] = [
    Size {
        members: 64,
        topics: 16,
        partitions_per_topic: 16,
    },
    Size {
        members: 1_000,
        topics: 10,
        partitions_per_topic: 1_000,
    },
];

/// How long a rebalance may take, in milliseconds of virtual time. A member
/// learns of one by a heartbeat, within three seconds.
const REBALANCE_MAX_MS: i64 = 120_000;

fn main() {
    let brokers = [1, 2, 3];
    let only = std::env::args()
        .nth(1)
        .filter(|name| !name.starts_with('-'));
    for size in &SIZES {
        let names = (0..size.topics).map(|number| TopicName::from(format!("topic-{number}")));
        let topics: Vec<TopicName> = names.collect();
        let mut empty = cluster(&brokers);
        create_topics(&mut empty, &topics, size.partitions_per_topic);
        for (name, config) in groups() {
            if only.as_ref().is_none_or(|only| *only == name) {
                measure(size, (&name, &config), &topics, &empty);
            }
        }
    }
}

/// What members of each kind of group are like: a classic one for each assignor
/// of the clients, and one of KIP-848 for each of the coordinator's.
fn groups() -> Vec<(String, ConsumerConfig)> {
    let readers = || ConsumerConfig::of_group("readers");
    let classic = ClientAssignor::ALL.into_iter().map(|assignor| {
        let partition_assignment_strategy = vec![assignor];
        let config = ConsumerConfig {
            partition_assignment_strategy,
            ..readers()
        };
        (assignor.name().to_owned(), config)
    });
    let modern = ["uniform", "range"].map(|assignor| {
        let config = ConsumerConfig {
            group_protocol: GroupProtocol::Consumer,
            group_remote_assignor: Some(assignor.to_owned()),
            ..readers()
        };
        (format!("consumer-{assignor}"), config)
    });
    classic.chain(modern).collect()
}

fn measure(
    size: &Size,
    (name, config): (&str, &ConsumerConfig),
    topics: &[TopicName],
    empty: &World,
) {
    let join = |world: &mut World| {
        let (config, topics) = (config.clone(), topics.to_vec());
        let added = world.execute(Command::AddConsumer { config, topics });
        added
            .expect("it can start")
            .client
            .expect("it has a number")
    };
    let report = |what: &str, (time, generations): (Duration, u32)| {
        println!(
            "rebalance {} members={} partitions={} {what} native {:.0} ms in {generations} \
             generations",
            name,
            size.members,
            size.topics as i32 * size.partitions_per_topic,
            time.as_secs_f64() * 1e3
        );
    };
    let mut world = empty.clone();
    let members: Vec<ClientNumber> = (0..size.members).map(|_| join(&mut world)).collect();
    until_rebalanced(&mut world);
    support::pass_ms(&mut world, 10_000);

    let leaving = members[size.members / 2];
    let leave = |world: &mut World| {
        let closed = world.execute(Command::Close { client: leaving });
        closed.expect("it runs");
    };
    report("one-leaves", time(&world, leave));

    leave(&mut world);
    until_rebalanced(&mut world);
    support::pass_ms(&mut world, 10_000);
    report(
        "one-joins",
        time(&world, |world| {
            join(world);
        }),
    );
}

/// How long the world takes to be done with what `begin` makes necessary, and
/// with how many generations of the group.
fn time(world: &World, begin: impl Fn(&mut World)) -> (Duration, u32) {
    let mut generations = 0;
    let rebalance = |mut world: World| {
        begin(&mut world);
        generations = until_rebalanced(&mut world);
        world
    };
    let time = clock::fastest_cpu(|| world.clone(), rebalance);
    (time, generations)
}

/// Lets time pass until everybody in the group reads, and returns how many
/// generations that took.
fn until_rebalanced(world: &mut World) -> u32 {
    let end = world.now().plus_ms(REBALANCE_MAX_MS);
    while world.now() < end {
        let until = world.now().plus_ms(support::FRAME_MS);
        let events = world.advance_to(until);
        let done = events.iter().find_map(|event| match &event.kind {
            EventKind::RebalanceMeasured(rebalance) => Some(rebalance.generations),
            _ => None,
        });
        if let Some(generations) = done {
            return generations;
        }
    }
    panic!("the group does not come to rest");
}
