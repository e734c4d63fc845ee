//! Applications that read, transform and write with transactions: each record
//! that goes in has its effect exactly once, whatever crashes when.

mod support;

use engine::collections::BTreeMap;

use engine::client::{
    AutoOffsetReset, ConsumerConfig, GroupProtocol, OutgoingRecord, ProcessorEvent, ProducerConfig,
    SOURCE_HEADER,
};
use engine::command::{ClientNumber, Refusal};
use engine::log::record_batch::RecordBatch;
use engine::protocol::{IsolationLevel, TopicName};
use engine::sim::{Host, Random, Stream};
use engine::{Command, Event, EventKind, World};
use support::cluster::{cluster_with, create};
use support::{run_ms, start};

/// How long it takes at most until a crashed application's successor has done
/// all that was left, in milliseconds: its group misses the one that crashed
/// after `session.timeout.ms`.
const RECOVERY_MS: i64 = 15_000;

/// Three brokers, and the topics `in` and `out` with two partitions on all of
/// them.
fn world(seed: u64) -> World {
    let mut world = cluster_with(
        seed,
        &[
            ("group.initial.rebalance.delay.ms", "0"),
            ("min.insync.replicas", "2"),
        ],
    );
    create(&mut world, "in", "1:2:3,2:3:1", &[]);
    create(&mut world, "out", "2:3:1,3:1:2", &[]);
    world
}

fn reads_in_group(max_poll_records: i32) -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        isolation_level: IsolationLevel::ReadCommitted,
        session_timeout_ms: 6_000,
        heartbeat_interval_ms: 1_000,
        max_poll_records,
        ..ConsumerConfig::of_group("processors")
    }
}

fn writes_as(transactional_id: &str) -> ProducerConfig {
    ProducerConfig {
        transactional_id: Some(transactional_id.to_owned()),
        ..ProducerConfig::default()
    }
}

/// An application that copies `in` to `out`, so many records a transaction.
fn add_processor(world: &mut World, id: &str, max_poll_records: i32) -> ClientNumber {
    let command = Command::AddProcessor {
        consumer: reads_in_group(max_poll_records),
        producer: writes_as(id),
        input: vec!["in".into()],
        output: "out".into(),
    };
    start(world, command)
}

fn send(world: &mut World, producer: ClientNumber, partition: i32, value: &str) {
    let record = OutgoingRecord {
        topic: "in".into(),
        partition: Some(partition),
        value: Some(value.as_bytes().to_vec()),
        ..OutgoingRecord::default()
    };
    let sent = world.execute(Command::Send { producer, record });
    sent.expect("a record that fits");
}

/// What readers of committed transactions are shown of the topic.
fn committed(world: &mut World, topic: &str) -> Vec<RecordBatch> {
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        isolation_level: IsolationLevel::ReadCommitted,
        ..ConsumerConfig::of_group(format!("reader-{}", world.now().as_us()))
    };
    let topics: Vec<TopicName> = vec![topic.into()];
    let reader = start(world, Command::AddConsumer { config, topics });
    let events = run_ms(world, 3_000);
    let closed = world.execute(Command::Close { client: reader });
    closed.expect("it runs");
    let read = |event: Event| match event.kind {
        EventKind::RecordsRead {
            consumer, batches, ..
        } if consumer == reader => batches,
        _ => Vec::new(),
    };
    events.into_iter().flat_map(read).collect()
}

/// How often each record of `in`, named by partition and offset, has its
/// effect in `out`.
fn effects(world: &mut World) -> BTreeMap<String, u32> {
    let mut effects = BTreeMap::new();
    for batch in committed(world, "out") {
        for record in batch.records().map(Result::unwrap) {
            let mut headers = record.headers;
            let (_, source) = headers
                .find(|(name, _)| name == SOURCE_HEADER)
                .expect("its source");
            let source = String::from_utf8(source.unwrap().to_vec()).unwrap();
            *effects.entry(source).or_default() += 1;
        }
    }
    effects
}

/// Each record once: so many in the first partition and in the second.
fn each_once(first: i64, second: i64) -> BTreeMap<String, u32> {
    let of = |partition: i32, end| (0..end).map(move |offset| format!("in-{partition}@{offset}"));
    of(0, first)
        .chain(of(1, second))
        .map(|source| (source, 1))
        .collect()
}

#[test]
fn what_is_read_and_what_is_written_are_committed_together() {
    let mut world = world(1);
    let input = support::producer(&mut world);
    for value in ["a", "b", "c"] {
        send(&mut world, input, 0, value);
    }
    let processor = add_processor(&mut world, "copy", 2);
    run_ms(&mut world, 5_000);
    assert_eq!(effects(&mut world), each_once(3, 0));
    let begins = world.processors()[&processor].producer();
    // It goes on with the next one.
    send(&mut world, input, 1, "d");
    let commits = run_ms(&mut world, 1_000)
        .iter()
        .filter(|event| {
            matches!(&event.kind, EventKind::TransactionCallReturned { producer, call, error: None }
                if *producer == begins && *call == "commitTransaction")
        })
        .count();
    assert_eq!(commits, 1);
    assert_eq!(effects(&mut world), each_once(3, 1));
}

/// Lets an application do its work in a world, and at each instant of it does
/// something else to a copy of the world. In each copy the work must be done in
/// the end. Returns how many copies there were.
fn at_each_instant(seed: u64, disturb: impl Fn(&mut World, ClientNumber)) -> usize {
    let mut world = world(seed);
    let input = support::producer(&mut world);
    for (partition, value) in [(0, "a"), (1, "b"), (0, "c")] {
        send(&mut world, input, partition, value);
    }
    run_ms(&mut world, 1_000);
    let processor = add_processor(&mut world, "copy", 2);
    let mut copies = 0;
    let mut commits = 0;
    while commits < 2 {
        let next = world.next_time().expect("brokers send heartbeats");
        for event in world.advance_to(next) {
            let EventKind::TransactionCallReturned { call, error, .. } = event.kind else {
                continue;
            };
            assert_eq!(error, None, "nothing is wrong here");
            commits += usize::from(call == "commitTransaction");
        }
        let mut other = world.clone();
        disturb(&mut other, processor);
        run_ms(&mut other, RECOVERY_MS);
        assert_eq!(effects(&mut other), each_once(2, 1), "disturbed at {next}");
        copies += 1;
    }
    copies
}

/// The application is killed at each instant of its work, each time in another
/// course of the world, and another with the same `transactional.id` takes
/// over.
#[test]
fn an_application_may_crash_at_any_instant() {
    let copies = at_each_instant(2, |world, processor| {
        let crashed = world.execute(Command::Crash { client: processor });
        crashed.expect("it runs");
        add_processor(world, "copy", 2);
    });
    assert!(copies > 100, "only {copies} instants");
}

/// The same with a broker, which leads partitions and coordinates.
#[test]
fn a_broker_may_crash_at_any_instant() {
    for broker in [1, 2, 3] {
        at_each_instant(3, |world, _| {
            let killed = world.execute(Command::KillBroker { broker });
            killed.expect("it runs");
        });
    }
}

/// Another application begins with the same `transactional.id`: the first one
/// is fenced and ends, and the other does what is left.
#[test]
fn an_application_is_fenced_by_another_with_its_id() {
    let mut world = world(4);
    let input = support::producer(&mut world);
    let first = add_processor(&mut world, "copy", 2);
    run_ms(&mut world, 8_000);
    send(&mut world, input, 0, "a");
    send(&mut world, input, 1, "b");
    let second = add_processor(&mut world, "copy", 2);
    let mut events = run_ms(&mut world, RECOVERY_MS);
    send(&mut world, input, 0, "c");
    events.extend(run_ms(&mut world, 5_000));
    let fenced = events.iter().find_map(|event| match &event.kind {
        EventKind::Processor {
            event: ProcessorEvent::Failed { exception, .. },
            ..
        } => Some(exception.clone()),
        _ => None,
    });
    let expected = ["ProducerFencedException", "InvalidProducerEpochException"];
    let fenced = fenced.expect("one of two with the same id must fail");
    assert!(expected.contains(&fenced.as_str()), "{fenced}");
    assert!(
        !world.clients().contains_key(&first),
        "its process has ended"
    );
    assert!(world.clients().contains_key(&second));
    assert_eq!(effects(&mut world), each_once(2, 1));
}

/// An application cannot reach the brokers that it writes to for longer than
/// `max.poll.interval.ms`, while it has records in hand. Its consumer leaves the
/// group, and another application does the work. What the first one was at must
/// not count then: it tells the coordinator the generation it read the records
/// in, and that is over.
#[test]
fn an_application_that_was_too_slow_does_not_do_again_what_another_has_done() {
    for group_protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
        let mut world = world(7);
        let input = support::producer(&mut world);
        let add = |world: &mut World, id: &str| {
            let consumer = ConsumerConfig {
                group_protocol,
                max_poll_interval_ms: 2_000,
                ..reads_in_group(10)
            };
            let command = Command::AddProcessor {
                consumer,
                producer: writes_as(id),
                input: vec!["in".into()],
                output: "out".into(),
            };
            start(world, command)
        };
        let slow = add(&mut world, "slow");
        run_ms(&mut world, 10_000);
        let producer = Host::Client(world.processors()[&slow].producer());
        let (one, other) = (vec![producer], [1, 2, 3].map(Host::Server).to_vec());
        let cut = Command::Cut {
            one: one.clone(),
            other: other.clone(),
        };
        world.execute(cut).expect("there are such links");
        send(&mut world, input, 0, "a");
        send(&mut world, input, 1, "b");
        run_ms(&mut world, 1_000);
        add(&mut world, "quick");
        run_ms(&mut world, 20_000);
        assert_eq!(effects(&mut world), each_once(1, 1), "{group_protocol:?}");
        let join = Command::Join { one, other };
        world.execute(join).expect("there are such links");
        run_ms(&mut world, 30_000);
        assert_eq!(effects(&mut world), each_once(1, 1), "{group_protocol:?}");
    }
}

/// `close()` aborts what is open, and both clients go.
#[test]
fn an_application_that_is_closed_leaves_nothing_behind() {
    let mut world = world(6);
    let input = support::producer(&mut world);
    let processor = add_processor(&mut world, "copy", 2);
    let producer = world.processors()[&processor].producer();
    run_ms(&mut world, 8_000);
    send(&mut world, input, 0, "a");
    let begins = |event: &Event| {
        matches!(&event.kind, EventKind::TransactionCallReturned { call, .. }
            if *call == "beginTransaction")
    };
    while !world.step().iter().any(begins) {}
    let closed = world.execute(Command::Close { client: processor });
    closed.expect("it runs");
    run_ms(&mut world, 2_000);
    assert!(!world.clients().contains_key(&processor));
    assert!(!world.clients().contains_key(&producer));
    assert!(world.processors().is_empty());
    assert_eq!(effects(&mut world), BTreeMap::new());
    // The next one has to do it.
    add_processor(&mut world, "copy", 2);
    run_ms(&mut world, 5_000);
    assert_eq!(effects(&mut world), each_once(1, 0));
}

/// Applications and brokers crash over and over while records come in; two
/// applications share the work.
#[test]
fn each_record_has_its_effect_once_through_many_crashes() {
    for seed in 0..30 {
        let mut random = Random::new(seed, Stream::Tool);
        let mut world = world(seed);
        let input = support::producer(&mut world);
        let mut applications = [0, 1].map(|of| add_processor(&mut world, &format!("copy-{of}"), 3));
        let mut down = None;
        let mut sent = [0, 0];
        for _ in 0..40 {
            for _ in 0..random.below(4) {
                let partition = random.below(2) as usize;
                let value = format!("{partition}/{}", sent[partition]);
                send(&mut world, input, partition as i32, &value);
                sent[partition] += 1;
            }
            match (random.below(6), down) {
                (0 | 1, _) => {
                    let of = random.below(2) as usize;
                    let client = applications[of];
                    // One that was fenced is gone already.
                    let _ = world.execute(Command::Crash { client });
                    applications[of] = add_processor(&mut world, &format!("copy-{of}"), 3);
                }
                (2, None) => {
                    let broker = 1 + random.below(3) as i32;
                    let killed = world.execute(Command::KillBroker { broker });
                    killed.expect("it runs");
                    down = Some(broker);
                }
                (3 | 4, Some(broker)) => {
                    let started = world.execute(Command::StartBroker { broker });
                    started.expect("it is down");
                    down = None;
                }
                _ => {}
            }
            let magnitude = 4 + random.below(9);
            run_ms(&mut world, i64::from(random.below(1 << magnitude)));
        }
        if let Some(broker) = down {
            let started = world.execute(Command::StartBroker { broker });
            started.expect("it is down");
        }
        for (of, client) in applications.into_iter().enumerate() {
            if !world.clients().contains_key(&client) {
                add_processor(&mut world, &format!("copy-{of}"), 3);
            }
        }
        run_ms(&mut world, 90_000);
        let written: BTreeMap<String, u32> = committed(&mut world, "in")
            .iter()
            .flat_map(|batch| batch.records().map(Result::unwrap))
            .map(|record| String::from_utf8(record.value.unwrap().to_vec()).unwrap())
            .map(|value| (value, 1))
            .collect();
        assert_eq!(written.len() as i64, sent[0] + sent[1], "seed {seed}");
        assert_eq!(
            effects(&mut world),
            each_once(sent[0], sent[1]),
            "seed {seed}"
        );
    }
}

/// A person's mistakes.
#[test]
fn a_processor_needs_a_transactional_id_and_topics() {
    let mut world = world(5);
    let mut add = |producer: ProducerConfig, input: Vec<TopicName>| {
        let command = Command::AddProcessor {
            consumer: reads_in_group(10),
            producer,
            input,
            output: "out".into(),
        };
        world.execute(command).expect_err("it cannot work")
    };
    let refused = add(ProducerConfig::default(), vec!["in".into()]);
    assert!(matches!(refused, Refusal::InvalidConfig(text) if text.contains("transactional.id")));
    let refused = add(writes_as("copy"), Vec::new());
    assert!(matches!(refused, Refusal::InvalidConfig(text) if text.contains("topics")));
}
