//! Where a consumer reads: where its application sends it, and where it is paused.

use super::support::{consumer_of, producer, run_ms, send, values_read};
use super::{
    TOPIC, config, execute, failure, member, of_consumer, partition, position, world_with_records,
};
use engine::client::{
    AutoOffsetReset, ConsumerConfig, ConsumerEvent, Membership, SeekTo, SubscriptionType,
};
use engine::{Command, Refusal, TopicPartition, World};

#[test]
fn what_is_paused_is_not_read_until_it_is_resumed() {
    let (mut world, producer) = world_with_records(5, 3);
    let consumer = member(&mut world, config("billing"));
    run_ms(&mut world, 5_000);
    let partitions = vec![partition()];
    let pause = Command::Pause {
        consumer,
        partitions: partitions.clone(),
    };
    execute(&mut world, pause);
    send(&mut world, producer, TOPIC, None, "while paused");
    let events = run_ms(&mut world, 5_000);
    assert_eq!(values_read(&events, consumer), Vec::<String>::new());
    assert_eq!(
        consumer_of(&world, consumer).membership(),
        Membership::Stable
    );
    let resume = Command::Resume {
        consumer,
        partitions,
    };
    let mut events = execute(&mut world, resume);
    events.extend(run_ms(&mut world, 5_000));
    assert_eq!(values_read(&events, consumer), ["while paused"]);
}

#[test]
fn a_consumer_goes_where_its_application_sends_it() {
    let (mut world, _) = world_with_records(6, 5);
    let third = world.timestamp_ms();
    run_ms(&mut world, 1_000);
    let late = producer(&mut world);
    send(&mut world, late, TOPIC, None, "5");
    let consumer = member(&mut world, config("billing"));
    run_ms(&mut world, 5_000);
    assert_eq!(position(&world, consumer), Some(6));
    let read_from = |world: &mut World, to: SeekTo| {
        let partitions = vec![partition()];
        let seek = Command::Seek {
            consumer,
            partitions,
            to,
        };
        let mut events = execute(world, seek);
        events.extend(run_ms(world, 3_000));
        values_read(&events, consumer)
    };
    assert_eq!(read_from(&mut world, SeekTo::Offset(4)), ["4", "5"]);
    assert_eq!(read_from(&mut world, SeekTo::Beginning).len(), 6);
    assert_eq!(read_from(&mut world, SeekTo::End), Vec::<String>::new());
    assert_eq!(read_from(&mut world, SeekTo::Timestamp(third)), ["5"]);
}

#[test]
fn offsets_are_found_by_time() {
    let (mut world, _) = world_with_records(7, 5);
    let consumer = member(&mut world, config("billing"));
    run_ms(&mut world, 3_000);
    let mut ask = |timestamp| {
        let ask = Command::OffsetsForTimes {
            consumer,
            partitions: vec![partition()],
            timestamp,
        };
        execute(&mut world, ask);
        let events = run_ms(&mut world, 3_000);
        let found = of_consumer(&events, consumer)
            .into_iter()
            .find_map(|event| match event {
                ConsumerEvent::OffsetsForTimes { found } => Some(found.clone()),
                _ => None,
            });
        found.expect("an answer")[0].1.map(|(offset, _)| offset)
    };
    assert_eq!(ask(0), Some(0));
    assert_eq!(ask(i64::MAX), None);
}

#[test]
fn what_cannot_be_asked_of_a_consumer_is_refused_in_kafkas_words() {
    let (mut world, producer) = world_with_records(8, 1);
    let consumer = member(&mut world, config("billing"));
    let elsewhere = TopicPartition::new(TOPIC, 7);
    let seek = |partition: &TopicPartition, offset| Command::Seek {
        consumer,
        partitions: vec![partition.clone()],
        to: SeekTo::Offset(offset),
    };
    let mut refusal = |command| world.execute(command).expect_err("it is refused");
    let not_assigned = refusal(seek(&elsewhere, 1));
    assert_eq!(
        not_assigned.to_string(),
        "No current assignment for partition orders-7"
    );
    assert_eq!(not_assigned.exception(), Some("IllegalStateException"));
    let negative = refusal(seek(&partition(), -1));
    assert_eq!(
        negative.to_string(),
        "seek offset must not be a negative number"
    );
    let of_producer = refusal(Command::Commit {
        consumer: producer,
        is_sync: true,
    });
    assert!(matches!(of_producer, Refusal::WrongKind { .. }));
    let pattern = SubscriptionType::Pattern("orders[".to_owned());
    let unreadable = refusal(Command::Subscribe {
        consumer,
        to: pattern,
    });
    assert!(
        unreadable
            .to_string()
            .starts_with("orders[ is no regular expression")
    );
}

#[test]
fn without_a_committed_offset_and_a_reset_policy_a_consumer_fails() {
    let (mut world, _) = world_with_records(13, 3);
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::None,
        ..config("billing")
    };
    let consumer = member(&mut world, config);
    let events = run_ms(&mut world, 10_000);
    let message = "Undefined offset with no reset policy for partitions: [orders-0]";
    assert_eq!(
        failure(&events),
        Some(("NoOffsetForPartitionException", message))
    );
    assert!(!world.clients().contains_key(&consumer));
    assert_eq!(
        world.groups()["billing"].1.state().name(),
        "Empty",
        "it has left"
    );
}
