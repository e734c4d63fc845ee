//! What a consumer reads: by pattern, by hand, and no more.

use super::support::{assigned, consumer_of, create_topic, run_ms, send, start, values_read};
use super::{config, execute, failure, member, of_consumer, partition, world_with_records};
use engine::Command;
use engine::client::{AutoOffsetReset, ConsumerConfig, ConsumerEvent, SubscriptionType};

#[test]
fn a_pattern_takes_in_topics_that_come_later() {
    let (mut world, producer) = world_with_records(9, 1);
    let config = ConsumerConfig {
        metadata_max_age_ms: 5_000,
        ..config("billing")
    };
    let topics = Vec::new();
    let consumer = start(&mut world, Command::AddConsumer { config, topics });
    let to = SubscriptionType::Pattern("orders(-.*)?".to_owned());
    execute(&mut world, Command::Subscribe { consumer, to });
    let events = run_ms(&mut world, 5_000);
    assert_eq!(values_read(&events, consumer), ["0"]);
    for topic in ["orders-eu", "reorders"] {
        create_topic(&mut world, topic, 1);
        send(&mut world, producer, topic, None, topic);
    }
    let events = run_ms(&mut world, 10_000);
    assert_eq!(
        values_read(&events, consumer),
        ["orders-eu"],
        "whole names match"
    );
    let subscribed: Vec<&str> = consumer_of(&world, consumer)
        .subscription()
        .iter()
        .map(|topic| &**topic)
        .collect();
    assert_eq!(subscribed, ["orders", "orders-eu"]);
}

#[test]
fn a_consumer_without_group_reads_what_it_is_assigned_by_hand() {
    let (mut world, _) = world_with_records(10, 3);
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::without_group()
    };
    let topics = Vec::new();
    let consumer = start(&mut world, Command::AddConsumer { config, topics });
    let to = SubscriptionType::Partitions(vec![partition()]);
    execute(&mut world, Command::Subscribe { consumer, to });
    let events = run_ms(&mut world, 5_000);
    assert_eq!(values_read(&events, consumer), ["0", "1", "2"]);
    assert!(world.groups().is_empty());
    let commit = Command::Commit {
        consumer,
        is_sync: true,
    };
    let refused = world.execute(commit).expect_err("there is no group");
    assert!(
        refused
            .to_string()
            .starts_with("To use the group management or offset commit APIs")
    );
}

#[test]
fn two_consumers_that_are_assigned_by_hand_read_the_same_and_share_offsets() {
    let (mut world, _) = world_with_records(11, 3);
    let mut read = || {
        let topics = Vec::new();
        let config = config("billing");
        let consumer = start(&mut world, Command::AddConsumer { config, topics });
        let to = SubscriptionType::Partitions(vec![partition()]);
        execute(&mut world, Command::Subscribe { consumer, to });
        let events = run_ms(&mut world, 3_000);
        (
            consumer,
            values_read(&events, consumer).len(),
            run_ms(&mut world, 5_000),
        )
    };
    let (first, values, _) = read();
    assert_eq!(values, 3);
    let (_, values, _) = read();
    assert_eq!(values, 0, "the first has committed all");
    assert_eq!(assigned(&world, first), [0], "nobody took it away");
}

#[test]
fn unsubscribing_leaves_the_group() {
    let (mut world, _) = world_with_records(12, 3);
    let consumer = member(&mut world, config("billing"));
    run_ms(&mut world, 5_000);
    let to = SubscriptionType::None;
    let events = execute(&mut world, Command::Subscribe { consumer, to });
    let reason = "the consumer unsubscribed from all topics".to_owned();
    assert!(of_consumer(&events, consumer).contains(&&ConsumerEvent::LeavesGroup { reason }));
    run_ms(&mut world, 5_000);
    assert_eq!(world.groups()["billing"].1.state().name(), "Empty");
    assert_eq!(consumer_of(&world, consumer).assignment().len(), 0);
}

#[test]
fn a_session_timeout_that_the_broker_does_not_allow_ends_the_consumer() {
    let (mut world, _) = world_with_records(14, 1);
    let config = ConsumerConfig {
        session_timeout_ms: 3_600_000,
        ..config("billing")
    };
    member(&mut world, config);
    let events = run_ms(&mut world, 5_000);
    let message = "The session timeout is not within the range allowed by the broker (as \
                   configured by group.min.session.timeout.ms and group.max.session.timeout.ms).";
    assert_eq!(
        failure(&events),
        Some(("InvalidSessionTimeoutException", message))
    );
}
