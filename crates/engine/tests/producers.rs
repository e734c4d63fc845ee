//! What a producer does between `send()` and the acknowledgement, as lessons:
//! duplicates and order, callbacks, memory, partitions.

mod support;

use engine::collections::BTreeSet;

use engine::client::{Acks, Client, OutgoingRecord, Producer, ProducerConfig};
use engine::command::ClientNumber;
use engine::sim::Host;
use engine::{Command, Event, EventKind, Refusal, World};
use support::cluster::{cluster, create, held, kill, wait_isr, wait_leader};
use support::{records, run_ms, start};

/// A producer with these settings.
fn producer(world: &mut World, settings: &[(&str, &str)]) -> ClientNumber {
    let mut config = ProducerConfig::default();
    for (name, value) in settings {
        config.set(name, value).expect("a setting");
    }
    let workload = None;
    let producer = start(world, Command::AddProducer { config, workload });
    // It learns the brokers and gets its producer id.
    run_ms(world, 1_000);
    producer
}

fn producer_of(world: &World, number: ClientNumber) -> &Producer {
    match world.clients().get(&number) {
        Some(Client::Producer(producer)) => producer,
        other => panic!("{number} is no producer: {other:?}"),
    }
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn send(world: &mut World, producer: ClientNumber, key: Option<&str>, value: &str) -> Vec<Event> {
    let record = OutgoingRecord {
        topic: "orders".into(),
        key: key.map(|key| key.as_bytes().to_vec()),
        value: Some(value.as_bytes().to_vec()),
        ..OutgoingRecord::default()
    };
    execute(world, Command::Send { producer, record })
}

/// The values of the topic's first partition, in order.
fn stored(world: &World) -> Vec<String> {
    let records = records(world, "orders", 0);
    records.into_iter().map(|(_, _, value)| value).collect()
}

/// Cuts the producer off from every broker, or mends that.
fn cut(world: &mut World, producer: ClientNumber, is_cut: bool) {
    let one = vec![Host::Client(producer)];
    let other = vec![Host::Server(1), Host::Server(2), Host::Server(3)];
    execute(
        world,
        match is_cut {
            true => Command::Cut { one, other },
            false => Command::Join { one, other },
        },
    );
}

/// Lets time pass until something of this kind happens.
fn run_until(world: &mut World, happens: impl Fn(&EventKind) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..200_000 {
        let next = world.next_time().expect("something is due");
        events.extend(world.advance_to(next));
        if events.iter().any(|event| happens(&event.kind)) {
            return events;
        }
    }
    panic!("it does not happen");
}

fn failures(events: &[Event]) -> Vec<String> {
    let failed = events.iter().filter_map(|event| match &event.kind {
        EventKind::SendFailed {
            exception, message, ..
        } => Some(format!("{exception}: {message}")),
        _ => None,
    });
    failed.collect()
}

fn count(events: &[Event], is_counted: impl Fn(&EventKind) -> bool) -> usize {
    events
        .iter()
        .filter(|event| is_counted(&event.kind))
        .count()
}

/// Sends a record whose acknowledgement is lost on the network.
fn lose_an_acknowledgement(idempotence: &str) -> (World, Vec<Event>) {
    let mut world = cluster(1);
    create(&mut world, "orders", "1", &[]);
    let settings = [
        ("enable.idempotence", idempotence),
        ("request.timeout.ms", "2000"),
    ];
    let producer = producer(&mut world, &settings);
    send(&mut world, producer, None, "paid");
    run_until(&mut world, |kind| {
        matches!(kind, EventKind::RecordsAppended { .. })
    });
    cut(&mut world, producer, true);
    let mut events = run_ms(&mut world, 5_000);
    cut(&mut world, producer, false);
    events.extend(run_ms(&mut world, 10_000));
    (world, events)
}

#[test]
fn without_idempotence_a_lost_acknowledgement_stores_a_record_twice() {
    let (world, events) = lose_an_acknowledgement("false");
    assert_eq!(stored(&world), ["paid", "paid"]);
    let told = count(&events, |kind| matches!(kind, EventKind::Delivered { .. }));
    assert_eq!(told, 1, "the producer knows of one");
}

#[test]
fn an_idempotent_producers_record_is_stored_once_though_it_is_sent_twice() {
    let (world, events) = lose_an_acknowledgement("true");
    assert_eq!(stored(&world), ["paid"]);
    let recognized = events.iter().find_map(|event| match event.kind {
        EventKind::DuplicateRecognized { base_offset, .. } => Some(base_offset),
        _ => None,
    });
    assert_eq!(recognized, Some(0), "the broker knows its sequence number");
    let delivered = events.iter().find_map(|event| match event.kind {
        EventKind::Delivered { base_offset, .. } => Some(base_offset),
        _ => None,
    });
    assert_eq!(
        delivered,
        Some(Some(0)),
        "and answers with its first offset"
    );
}

/// Two requests are under way when the connection is lost.
fn lose_two_requests(settings: &[(&str, &str)]) -> Vec<String> {
    let mut world = cluster(2);
    create(&mut world, "orders", "1", &[]);
    let settings = [
        &[("linger.ms", "0"), ("request.timeout.ms", "2000")],
        settings,
    ]
    .concat();
    let producer = producer(&mut world, &settings);
    send(&mut world, producer, None, "0");
    run_ms(&mut world, 1_000);
    cut(&mut world, producer, true);
    send(&mut world, producer, None, "1");
    send(&mut world, producer, None, "2");
    run_ms(&mut world, 2_500);
    cut(&mut world, producer, false);
    run_ms(&mut world, 10_000);
    stored(&world)
}

#[test]
fn without_idempotence_retries_with_several_in_flight_change_the_order() {
    let stored = lose_two_requests(&[("enable.idempotence", "false")]);
    assert_eq!(stored, ["0", "2", "1"]);
}

#[test]
fn one_request_in_flight_at_a_time_keeps_the_order() {
    let settings = [
        ("enable.idempotence", "false"),
        ("max.in.flight.requests.per.connection", "1"),
    ];
    assert_eq!(lose_two_requests(&settings), ["0", "1", "2"]);
}

#[test]
fn an_idempotent_producer_keeps_the_order_with_five_in_flight() {
    assert_eq!(lose_two_requests(&[]), ["0", "1", "2"]);
}

/// The leader dies while five batches are under way.
#[test]
fn a_change_of_leaders_neither_doubles_nor_reorders() {
    for seed in 0..10 {
        let mut world = cluster(seed);
        create(&mut world, "orders", "1:2:3", &[]);
        let producer = producer(&mut world, &[("linger.ms", "0"), ("acks", "all")]);
        for number in 0..60 {
            send(&mut world, producer, None, &format!("{number:02}"));
            run_ms(&mut world, 1);
            if number == 30 {
                kill(&mut world, 1);
            }
        }
        wait_leader(&mut world, "orders-0", Some(2));
        run_ms(&mut world, 20_000);
        let all: Vec<String> = (0..60).map(|number| format!("{number:02}")).collect();
        assert_eq!(stored(&world), all, "seed {seed}");
    }
}

/// What was given up may be stored or not: the epoch is bumped, and sequences
/// begin at 0 again.
#[test]
fn after_a_delivery_timeout_the_epoch_is_bumped() {
    let mut world = cluster(3);
    create(&mut world, "orders", "1", &[]);
    let settings = [
        ("request.timeout.ms", "1000"),
        ("delivery.timeout.ms", "3000"),
    ];
    let producer = producer(&mut world, &settings);
    send(&mut world, producer, None, "first");
    run_ms(&mut world, 1_000);
    let before = producer_of(&world, producer).transactions();
    let before = before.and_then(|of| of.producer_id_and_epoch()).unwrap();
    cut(&mut world, producer, true);
    send(&mut world, producer, None, "lost");
    let events = run_ms(&mut world, 10_000);
    let failed = failures(&events);
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0].starts_with("TimeoutException: Expiring 1 record(s) for orders-0:"),
        "{failed:?}"
    );
    cut(&mut world, producer, false);
    run_ms(&mut world, 5_000);
    send(&mut world, producer, None, "next");
    run_ms(&mut world, 5_000);
    assert_eq!(stored(&world), ["first", "next"]);
    let batches: Vec<_> = held(&world, 1, "orders-0").log.batches().collect();
    let next = batches[1];
    assert_eq!(next.producer_id(), before.producer_id);
    assert_eq!(next.producer_epoch(), before.epoch + 1);
    assert_eq!(next.base_sequence(), 0);
}

#[test]
fn no_two_producers_have_the_same_id() {
    let mut world = cluster(4);
    let producers: Vec<ClientNumber> = (0..12).map(|_| producer(&mut world, &[])).collect();
    let id_of = |number: &ClientNumber| {
        let transactions = producer_of(&world, *number).transactions();
        transactions.unwrap().producer_id_and_epoch().unwrap()
    };
    let ids: BTreeSet<i64> = producers.iter().map(|of| id_of(of).producer_id).collect();
    assert_eq!(ids.len(), 12);
    let next = world.image().next_producer_id;
    assert!(
        ids.iter().all(|id| *id < next),
        "they are of blocks of 1000"
    );
}

/// The Python client: the callback waits for `poll()`.
#[test]
fn callbacks_wait_for_poll() {
    let mut world = cluster(5);
    create(&mut world, "orders", "1", &[]);
    let producer = producer(&mut world, &[("delivery.callbacks.on.poll", "true")]);
    let mut events = send(&mut world, producer, None, "paid");
    events.extend(run_ms(&mut world, 1_000));
    let returned =
        |kind: &EventKind| matches!(kind, EventKind::SendReturned { undelivered: 1, .. });
    assert_eq!(
        count(&events, returned),
        1,
        "send() returns before delivery"
    );
    let is_callback = |kind: &EventKind| matches!(kind, EventKind::CallbackRun { .. });
    assert_eq!(stored(&world), ["paid"]);
    assert_eq!(count(&events, is_callback), 0);
    assert_eq!(producer_of(&world, producer).queued_callbacks().count(), 1);
    let events = execute(&mut world, Command::Poll { producer });
    let offset = events.iter().find_map(|event| match &event.kind {
        EventKind::CallbackRun { callback, .. } => callback.base_offset,
        _ => None,
    });
    assert_eq!(offset, Some(0));
    let events = execute(&mut world, Command::Poll { producer });
    assert_eq!(count(&events, is_callback), 0, "each runs once");
}

#[test]
fn flush_sends_without_lingering_and_returns_when_all_is_delivered() {
    let mut world = cluster(6);
    create(&mut world, "orders", "1", &[]);
    let settings = [
        ("delivery.callbacks.on.poll", "true"),
        ("linger.ms", "60000"),
        ("request.timeout.ms", "30000"),
    ];
    let producer = producer(&mut world, &settings);
    send(&mut world, producer, None, "1");
    send(&mut world, producer, None, "2");
    run_ms(&mut world, 1_000);
    assert_eq!(stored(&world), [""; 0], "they linger");
    execute(&mut world, Command::Flush { producer });
    assert!(producer_of(&world, producer).is_flushing());
    let events = run_until(&mut world, |kind| matches!(kind, EventKind::Flushed { .. }));
    assert_eq!(stored(&world), ["1", "2"]);
    let is_callback = |kind: &EventKind| matches!(kind, EventKind::CallbackRun { .. });
    assert_eq!(count(&events, is_callback), 1, "one for the batch of both");
    let events = execute(&mut world, Command::Flush { producer });
    let flushed = |kind: &EventKind| matches!(kind, EventKind::Flushed { .. });
    assert_eq!(
        count(&events, flushed),
        1,
        "with nothing held it returns at once"
    );
}

#[test]
fn a_program_that_ends_without_flush_loses_what_was_not_sent() {
    let mut world = cluster(7);
    create(&mut world, "orders", "1", &[]);
    let producer = producer(&mut world, &[("linger.ms", "1000")]);
    send(&mut world, producer, None, "1");
    send(&mut world, producer, None, "2");
    let events = execute(&mut world, Command::CloseWithoutFlush { producer });
    let lost = events.iter().find_map(|event| match event.kind {
        EventKind::RecordsNeverSent { records, .. } => Some(records),
        _ => None,
    });
    assert_eq!(lost, Some(2));
    run_ms(&mut world, 5_000);
    assert_eq!(stored(&world), [""; 0]);
    let again = world.execute(Command::Flush { producer });
    assert_eq!(again, Err(Refusal::NoSuchClient(producer)));
}

#[test]
fn close_delivers_what_is_held_and_serves_callbacks() {
    let mut world = cluster(8);
    create(&mut world, "orders", "1", &[]);
    let settings = [
        ("delivery.callbacks.on.poll", "true"),
        ("linger.ms", "60000"),
    ];
    let producer = producer(&mut world, &settings);
    send(&mut world, producer, None, "1");
    execute(&mut world, Command::Close { client: producer });
    let events = run_ms(&mut world, 1_000);
    assert_eq!(stored(&world), ["1"]);
    let is_callback = |kind: &EventKind| matches!(kind, EventKind::CallbackRun { .. });
    assert_eq!(count(&events, is_callback), 1);
    assert!(!world.clients().contains_key(&producer));
}

#[test]
fn a_send_that_finds_no_memory_blocks_and_then_fails() {
    let mut world = cluster(9);
    create(&mut world, "orders", "1", &[]);
    let settings = [
        ("buffer.memory", "2000"),
        ("batch.size", "1000"),
        ("max.block.ms", "3000"),
    ];
    let producer = producer(&mut world, &settings);
    send(&mut world, producer, None, "known");
    run_ms(&mut world, 1_000);
    cut(&mut world, producer, true);
    for _ in 0..3 {
        send(&mut world, producer, None, &"x".repeat(800));
    }
    assert_eq!(producer_of(&world, producer).waiting_records(), 1);
    assert_eq!(producer_of(&world, producer).used_memory(), 2_000);
    let events = run_ms(&mut world, 3_000);
    let expected = "BufferExhaustedException: Failed to allocate 1000 bytes within the configured \
                    max blocking time 3000 ms. Total memory: 2000 bytes. Available memory: 0 \
                    bytes. Poolable size: 1000 bytes";
    assert_eq!(failures(&events), [expected]);
    cut(&mut world, producer, false);
    run_ms(&mut world, 60_000);
    assert_eq!(stored(&world).len(), 3, "the others are delivered");
    assert_eq!(producer_of(&world, producer).used_memory(), 0);
}

#[test]
fn a_batch_that_the_topic_finds_too_large_is_split() {
    let mut world = cluster(10);
    create(&mut world, "orders", "1", &[("max.message.bytes", "1300")]);
    let settings = [("compression.type", "gzip"), ("batch.size", "1000")];
    let producer = producer(&mut world, &settings);
    // Repetitions first, so that it expects records to shrink.
    for round in 0..120 {
        send(
            &mut world,
            producer,
            None,
            &format!("{round}{}", "a".repeat(600)),
        );
        run_ms(&mut world, 20);
    }
    let noise = |seed: u32| -> String {
        let mut x = seed;
        let mut next = || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + (x >> 24) as u8 % 90)
        };
        (0..400).map(|_| next()).collect()
    };
    let mut events = Vec::new();
    for seed in 0..8 {
        events.extend(send(&mut world, producer, None, &noise(seed)));
    }
    events.extend(run_ms(&mut world, 10_000));
    let is_split = |kind: &EventKind| matches!(kind, EventKind::ClientLog { text, .. } if text.contains("splitting and retrying"));
    assert!(count(&events, is_split) > 0, "the estimate was too low");
    assert_eq!(failures(&events), [""; 0]);
    let expected: Vec<String> = (0..8).map(noise).collect();
    assert_eq!(stored(&world)[120..], expected[..]);
}

#[test]
fn when_retries_are_used_up_the_broker_s_error_is_told() {
    let mut world = cluster(11);
    create(&mut world, "orders", "1:2", &[("min.insync.replicas", "2")]);
    kill(&mut world, 2);
    wait_isr(&mut world, "orders-0", &[1]);
    let producer = producer(&mut world, &[("retries", "2"), ("retry.backoff.ms", "10")]);
    send(&mut world, producer, None, "never");
    let events = run_ms(&mut world, 5_000);
    let message = "NotEnoughReplicasException: Messages are rejected since there are fewer in-sync \
                   replicas than required.";
    assert_eq!(failures(&events), [message]);
    let is_retry = |kind: &EventKind| matches!(kind, EventKind::ClientLog { text, .. } if text.contains("retrying ("));
    assert_eq!(count(&events, is_retry), 2);
}

fn partitions_of(settings: &[(&str, &str)], keys: &[Option<&str>]) -> Vec<i32> {
    let mut world = cluster(12);
    create(&mut world, "orders", "1,2,3", &[]);
    let producer = producer(&mut world, settings);
    let mut chosen = Vec::new();
    for key in keys {
        let mut events = send(&mut world, producer, *key, "value");
        events.extend(run_ms(&mut world, 1_000));
        chosen.extend(events.iter().filter_map(|event| match &event.kind {
            EventKind::RecordsAccumulated {
                topic_partition, ..
            } => Some(topic_partition.partition),
            _ => None,
        }));
    }
    chosen
}

#[test]
fn the_round_robin_partitioner_takes_no_notice_of_keys() {
    let class = "org.apache.kafka.clients.producer.RoundRobinPartitioner";
    let chosen = partitions_of(&[("partitioner.class", class)], &[Some("a"); 6]);
    assert_eq!(chosen, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn a_rule_of_ones_own_gives_some_keys_a_partition_for_themselves() {
    let rule = r#"key == "vip" ? 0 : 1 + hash(key) % (partitions - 1)"#;
    let keys = [Some("vip"), Some("a"), Some("b"), Some("vip"), None];
    let chosen = partitions_of(&[("partitioner.expression", rule)], &keys);
    assert_eq!((chosen[0], chosen[3]), (0, 0));
    assert!(
        [1, 2, 4].iter().all(|index| chosen[*index] > 0),
        "{chosen:?}"
    );
}

#[test]
fn with_keys_ignored_records_of_one_key_go_anywhere() {
    let settings = [("partitioner.ignore.keys", "true"), ("batch.size", "1")];
    let chosen = partitions_of(&settings, &[Some("a"); 30]);
    let different: BTreeSet<i32> = chosen.into_iter().collect();
    assert_eq!(different.len(), 3);
}

#[test]
fn headers_and_timestamp_are_the_senders() {
    let mut world = cluster(13);
    create(&mut world, "orders", "1", &[]);
    let producer = producer(&mut world, &[]);
    let record = OutgoingRecord {
        topic: "orders".into(),
        timestamp_ms: Some(1_767_225_600_123),
        headers: vec![
            ("trace".to_owned(), Some(b"7".to_vec())),
            ("empty".to_owned(), None),
        ],
        ..OutgoingRecord::default()
    };
    let sent = record.clone();
    execute(&mut world, Command::Send { producer, record });
    run_ms(&mut world, 1_000);
    let log = &held(&world, 1, "orders-0").log;
    let batch = log.batches().next().expect("it is stored");
    let stored = batch.records().next().expect("a record").expect("sound");
    let stored = stored.to_record();
    assert_eq!(Some(stored.timestamp_ms), sent.timestamp_ms);
    assert_eq!(stored.headers, sent.headers);
    let record = OutgoingRecord {
        timestamp_ms: Some(-1),
        ..sent
    };
    let refused = world.execute(Command::Send { producer, record });
    let message = "Invalid timestamp: -1. Timestamp should always be non-negative or null.";
    assert_eq!(refused, Err(Refusal::IllegalRecord(message.to_owned())));
}

/// `acks=0`: nobody says that the record is stored, and nobody notices that it
/// is not.
#[test]
fn with_acks_0_what_is_lost_on_the_way_is_not_noticed() {
    let mut world = cluster(14);
    create(&mut world, "orders", "1", &[]);
    let producer = producer(&mut world, &[("acks", "0")]);
    assert_eq!(producer_of(&world, producer).config.acks, Acks::None);
    assert!(producer_of(&world, producer).transactions().is_none());
    send(&mut world, producer, None, "1");
    run_ms(&mut world, 1_000);
    cut(&mut world, producer, true);
    send(&mut world, producer, None, "2");
    let events = run_ms(&mut world, 1_000);
    assert_eq!(
        count(&events, |kind| matches!(kind, EventKind::Delivered { .. })),
        1
    );
    execute(&mut world, Command::Crash { client: producer });
    execute(&mut world, Command::HealNetwork);
    run_ms(&mut world, 5_000);
    assert_eq!(stored(&world), ["1"]);
}
