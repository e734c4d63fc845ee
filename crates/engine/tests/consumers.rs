//! Lessons about consumers: what they read, when they commit, and what is lost
//! or repeated when they fail.

mod support;

use engine::client::{
    Acks, AutoOffsetReset, CommitEach, CommitWhen, ConsumerConfig, ConsumerEvent, ManualCommit,
    Membership, Processing, SeekTo, SubscriptionType,
};
use engine::command::ClientNumber;
use engine::event::LogLevel;
use engine::{Command, Event, EventKind, Refusal, TopicPartition, World, WorldConfig};
use support::{
    assigned, cluster, consumer_of, create_topic, producer, run_ms, send, start, values_read,
    world_with_topic,
};

const TOPIC: &str = "orders";
const SECOND_US: u64 = 1_000_000;

/// A world with one topic of one partition and so many records in it.
fn world_with_records(seed: u64, records: i32) -> (World, ClientNumber) {
    let mut world = world_with_topic(seed, TOPIC, 1);
    let producer = producer(&mut world);
    for number in 0..records {
        send(&mut world, producer, TOPIC, None, &number.to_string());
    }
    run_ms(&mut world, 2_000);
    (world, producer)
}

/// A member that is missed after six seconds.
fn config(group: &str) -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        session_timeout_ms: 6_000,
        heartbeat_interval_ms: 1_000,
        ..ConsumerConfig::of_group(group)
    }
}

fn member(world: &mut World, config: ConsumerConfig) -> ClientNumber {
    let topics = vec![TOPIC.into()];
    start(world, Command::AddConsumer { config, topics })
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn set_processing(world: &mut World, consumer: ClientNumber, processing: Processing) {
    let command = Command::SetProcessing {
        consumer,
        processing,
    };
    execute(world, command);
}

fn partition() -> TopicPartition {
    TopicPartition::new(TOPIC, 0)
}

/// Where it reads on; `None` too while it has nothing, since its group
/// rebalances.
fn position(world: &World, consumer: ClientNumber) -> Option<i64> {
    let assignment = consumer_of(world, consumer).assignment();
    assignment.get(&partition())?.position
}

fn processed(world: &World, consumer: ClientNumber) -> i64 {
    let processed = consumer_of(world, consumer).processed();
    processed
        .get(&partition())
        .and_then(|of| of.end())
        .unwrap_or(0)
}

/// Lets time pass until it holds, a minute at the most.
fn wait(world: &mut World, what: &str, holds: impl Fn(&World) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..1_200 {
        if holds(world) {
            return events;
        }
        events.extend(run_ms(world, 50));
    }
    panic!("{what} does not come");
}

fn of_consumer(events: &[Event], number: ClientNumber) -> Vec<&ConsumerEvent> {
    let mine = events.iter().filter_map(|event| match &event.kind {
        EventKind::Consumer { consumer, event } if *consumer == number => Some(event),
        _ => None,
    });
    mine.collect()
}

fn failure(events: &[Event]) -> Option<(&str, &str)> {
    events.iter().find_map(|event| match &event.kind {
        EventKind::ConsumerFailed {
            exception, message, ..
        } => Some((exception.as_str(), message.as_str())),
        _ => None,
    })
}

fn repeated(events: &[Event]) -> Vec<(i64, i64)> {
    let found = events.iter().filter_map(|event| match event.kind {
        EventKind::RecordsProcessedAgain { from, to, .. } => Some((from, to)),
        _ => None,
    });
    found.collect()
}

fn skipped(events: &[Event]) -> Vec<(i64, i64)> {
    let found = events.iter().filter_map(|event| match event.kind {
        EventKind::RecordsSkipped { from, to, .. } => Some((from, to)),
        _ => None,
    });
    found.collect()
}

/// A member that takes a second over each record is killed after three of ten;
/// another one goes on, and is sent one record more.
fn killed_after_three(commit: ManualCommit) -> (World, Vec<Event>) {
    let (mut world, producer) = world_with_records(1, 10);
    let config = ConsumerConfig {
        enable_auto_commit: false,
        ..config("billing")
    };
    let first = member(&mut world, config.clone());
    set_processing(
        &mut world,
        first,
        Processing {
            per_record_us: SECOND_US,
            commit: Some(commit),
        },
    );
    wait(&mut world, "the third record", |world| {
        processed(world, first) == 3
    });
    // The answer to a commit of the third record is there.
    run_ms(&mut world, 600);
    execute(&mut world, Command::Crash { client: first });
    let second = member(&mut world, config);
    let mut events = run_ms(&mut world, 15_000);
    send(&mut world, producer, TOPIC, None, "10");
    events.extend(run_ms(&mut world, 5_000));
    assert_eq!(processed(&world, second), 11);
    (world, events)
}

#[test]
fn committing_before_processing_loses_what_a_crash_interrupts() {
    let (world, events) = killed_after_three(ManualCommit {
        when: CommitWhen::Before,
        each: CommitEach::Poll,
        is_sync: true,
    });
    assert_eq!(repeated(&events), []);
    assert_eq!(skipped(&events), [(3, 10)], "at most once");
    let processed = &world.processed_by("billing").expect("it has")[&partition()];
    assert_eq!((processed.skipped(), processed.repeated()), (7, 0));
}

#[test]
fn committing_after_processing_repeats_what_a_crash_interrupts() {
    let (world, events) = killed_after_three(ManualCommit {
        when: CommitWhen::After,
        each: CommitEach::Poll,
        is_sync: true,
    });
    assert_eq!(skipped(&events), []);
    assert_eq!(repeated(&events), [(0, 3)], "at least once");
    let processed = &world.processed_by("billing").expect("it has")[&partition()];
    assert_eq!((processed.skipped(), processed.repeated()), (0, 3));
}

#[test]
fn committing_each_record_repeats_none_that_was_committed() {
    let (_, events) = killed_after_three(ManualCommit {
        when: CommitWhen::After,
        each: CommitEach::Record,
        is_sync: true,
    });
    assert_eq!((repeated(&events), skipped(&events)), (vec![], vec![]));
}

#[test]
fn automatic_commits_are_made_in_poll_when_all_before_is_processed() {
    let (mut world, _) = world_with_records(2, 10);
    let config = ConsumerConfig {
        auto_commit_interval_ms: 1_000,
        max_poll_records: 5,
        ..config("billing")
    };
    let consumer = member(&mut world, config);
    let processing = Processing {
        per_record_us: 2 * SECOND_US,
        commit: None,
    };
    set_processing(&mut world, consumer, processing);
    let committed =
        |world: &World| consumer_of(world, consumer).assignment()[&partition()].committed;
    wait(&mut world, "four of five", |world| {
        processed(world, consumer) == 4
    });
    assert_eq!(
        committed(&world),
        None,
        "the interval has passed, but it does not poll"
    );
    wait(&mut world, "the next poll", |world| {
        processed(world, consumer) == 6
    });
    assert_eq!(committed(&world), Some(5));
    assert_eq!(
        position(&world, consumer),
        Some(10),
        "what poll() has returned"
    );
}

#[test]
fn poll_returns_no_more_than_max_poll_records_and_fetches_ahead() {
    let (mut world, _) = world_with_records(3, 10);
    let config = ConsumerConfig {
        max_poll_records: 4,
        ..config("billing")
    };
    let consumer = member(&mut world, config);
    let processing = Processing {
        per_record_us: SECOND_US,
        commit: None,
    };
    set_processing(&mut world, consumer, processing);
    let events = wait(&mut world, "the first", |world| {
        processed(world, consumer) == 1
    });
    let read: Vec<(i64, i64)> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::RecordsRead { from, to, .. } => Some((from, to)),
            _ => None,
        })
        .collect();
    assert_eq!(read, [(0, 4)]);
    assert_eq!(values_read(&events, consumer), ["0", "1", "2", "3"]);
    assert!(
        consumer_of(&world, consumer).records_buffered() >= 6,
        "the others have come"
    );
    assert_eq!(consumer_of(&world, consumer).records_in_hand(), 3);
}

#[test]
fn an_application_that_does_not_poll_in_time_is_thrown_out_and_comes_back() {
    let (mut world, _) = world_with_records(4, 10);
    let slow = ConsumerConfig {
        max_poll_interval_ms: 4_000,
        ..config("billing")
    };
    let consumer = member(&mut world, slow);
    let processing = Processing {
        per_record_us: SECOND_US,
        commit: None,
    };
    set_processing(&mut world, consumer, processing);
    let events = wait(&mut world, "its leaving", |world| {
        consumer_of(world, consumer).membership() == Membership::Unjoined
            && processed(world, consumer) > 0
    });
    let reason = "consumer poll timeout has expired.".to_owned();
    assert!(of_consumer(&events, consumer).contains(&&ConsumerEvent::LeavesGroup { reason }));
    let warned = events.iter().any(|event| {
        matches!(&event.kind, EventKind::ClientLog { level: LogLevel::Warn, text, .. }
            if text.contains("longer than the configured max.poll.interval.ms"))
    });
    assert!(warned);
    let events = wait(&mut world, "its return", |world| {
        consumer_of(world, consumer).membership() == Membership::Stable
    });
    let partitions = vec![partition()];
    assert!(
        of_consumer(&events, consumer).contains(&&ConsumerEvent::PartitionsLost { partitions })
    );
    // It could not commit what it did: it does it all again.
    let events = wait(&mut world, "the same again", |world| {
        let again = world
            .processed_by("billing")
            .map(|of| of[&partition()].repeated());
        again.is_some_and(|repeated| repeated > 0)
    });
    assert_eq!(repeated(&events)[0].0, 0);
}

#[test]
fn with_fewer_records_at_a_time_the_same_application_stays() {
    let (mut world, _) = world_with_records(4, 10);
    let slow = ConsumerConfig {
        max_poll_interval_ms: 4_000,
        max_poll_records: 2,
        ..config("billing")
    };
    let consumer = member(&mut world, slow);
    let processing = Processing {
        per_record_us: SECOND_US,
        commit: None,
    };
    set_processing(&mut world, consumer, processing);
    let events = wait(&mut world, "the last", |world| {
        processed(world, consumer) == 10
    });
    let left = |event: &&ConsumerEvent| matches!(event, ConsumerEvent::LeavesGroup { .. });
    assert!(!of_consumer(&events, consumer).iter().any(left));
    assert_eq!(repeated(&events), []);
}

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

/// Three brokers, each in a rack of its own.
fn cluster_in_racks(selector: &[(&str, &str)]) -> World {
    let mut config = WorldConfig::cluster(&[1, 2, 3], &[100], selector);
    for broker in &mut config.brokers {
        broker.rack = Some(format!("rack-{}", broker.id));
    }
    World::new(15, config)
}

#[test]
fn a_consumer_reads_from_the_replica_in_its_rack() {
    let selector = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
    for (settings, replica) in [
        (&[("replica.selector.class", selector)][..], Some(2)),
        (&[], None),
    ] {
        let mut world = cluster_in_racks(settings);
        cluster::create(&mut world, TOPIC, "1:2:3", &[]);
        let config = ConsumerConfig {
            client_rack: Some("rack-2".to_owned()),
            ..config("billing")
        };
        let consumer = member(&mut world, config);
        run_ms(&mut world, 10_000);
        cluster::send(&mut world, Acks::All, "orders-0", &["one"]);
        run_ms(&mut world, 10_000);
        let assigned = consumer_of(&world, consumer).assignment()[&partition()].clone();
        assert_eq!(assigned.read_replica, replica);
        assert_eq!(assigned.position, Some(1));
        if replica.is_some() {
            // It reads on at the leader when the replica is gone. In between
            // it has nothing: see the next lesson.
            cluster::kill(&mut world, 2);
            cluster::send(&mut world, Acks::Leader, "orders-0", &["two"]);
            wait(&mut world, "the second record", |world| {
                position(world, consumer) == Some(2)
            });
        }
    }
}

/// KIP-881: an assignment was made for the racks in which the replicas were. A
/// group leader with a `client.rack` has its group rebalance when they are in
/// others, and with a broker its rack is gone; members that are eager, as by
/// default, give up all that they have for it. Without a rack nothing happens.
#[test]
fn a_group_leader_in_a_rack_has_its_group_rebalance_when_a_rack_is_gone() {
    for (rack, rebalances) in [(Some("rack-2"), 1), (None, 0)] {
        let mut world = cluster_in_racks(&[]);
        cluster::create(&mut world, TOPIC, "1:2:3", &[]);
        let config = ConsumerConfig {
            client_rack: rack.map(str::to_owned),
            ..config("billing")
        };
        let consumer = member(&mut world, config);
        run_ms(&mut world, 10_000);
        let before = consumer_of(&world, consumer).generation();
        // Not its coordinator's end, nor that of the partition's leader.
        let coordinator = consumer_of(&world, consumer).coordinator();
        assert_ne!(coordinator, Some(2));
        cluster::kill(&mut world, 2);
        let metadata_max_age_ms = 300_000;
        let events = run_ms(&mut world, metadata_max_age_ms + 30_000);
        let revoked = events.iter().filter(|event| {
            matches!(event.kind, EventKind::PartitionsRevoked { consumer: it, .. } if it == consumer)
        });
        assert_eq!(revoked.count(), rebalances, "{rack:?}");
        let after = consumer_of(&world, consumer).generation();
        assert_eq!(after - before, rebalances as i32, "{rack:?}");
        assert_eq!(assigned(&world, consumer), [0]);
    }
}

#[test]
fn a_consumer_notices_that_another_leader_lacks_what_it_has_read() {
    let mut world = cluster::cluster_with(16, &[("unclean.leader.election.enable", "true")]);
    cluster::create(&mut world, TOPIC, "1:2", &[]);
    let consumer = member(&mut world, config("billing"));
    cluster::send(&mut world, Acks::All, "orders-0", &["both have this"]);
    run_ms(&mut world, 5_000);
    cluster::kill(&mut world, 2);
    cluster::wait_isr(&mut world, "orders-0", &[1]);
    for value in ["1", "2", "3"] {
        cluster::send(&mut world, Acks::All, "orders-0", &[value]);
    }
    wait(&mut world, "the fourth", |world| {
        position(world, consumer) == Some(4)
    });
    cluster::kill(&mut world, 1);
    cluster::start_broker(&mut world, 2);
    cluster::wait_leader(&mut world, "orders-0", Some(2));
    // More than was lost: by its offset alone the position would look right.
    for value in ["a", "b", "c", "d", "e"] {
        cluster::send(&mut world, Acks::Leader, "orders-0", &[value]);
    }
    wait(&mut world, "the last", |world| {
        position(world, consumer) == Some(6)
    });
    let processed = &world.processed_by("billing").expect("it has")[&partition()];
    assert_eq!(
        processed.skipped(),
        0,
        "it went back to where the logs part"
    );
    assert_eq!(
        processed.repeated(),
        3,
        "offsets 1 to 3 are other records now"
    );
}
