//! Transactions from begin to end, with producers and consumers: what a real
//! cluster shows of commits, aborts, fencing and timeouts.

mod support;

use engine::client::{
    AutoOffsetReset, ConsumerConfig, ConsumerGroupMetadata, OutgoingRecord, ProducerConfig,
    TransactionCall, TransactionState,
};
use engine::command::ClientNumber;
use engine::coordinator::transaction::{TransactionLogKey, TransactionLogValue};
use engine::log::record_batch::RecordBatch;
use engine::protocol::{
    ActiveProducer, CommittedOffset, DescribeProducersRequest, DescribeTransactionsRequest,
    IsolationLevel, OffsetFetchRequest, Request, Response,
};
use engine::sim::Host;
use engine::{Command, ErrorCode, Event, EventKind, TopicPartition, World};
use support::cluster::{cluster_with, create, partition, wait, wait_isr, wait_leader};
use support::{admin_call, run_ms, start};

/// Three brokers, and the topic `tx` with one partition on all of them.
fn world() -> World {
    let mut world = cluster_with(
        11,
        &[
            ("offsets.topic.num.partitions", "5"),
            ("transaction.state.log.num.partitions", "5"),
            ("group.initial.rebalance.delay.ms", "0"),
        ],
    );
    create(&mut world, "tx", "1:2:3", &[]);
    world
}

fn open_with(world: &mut World, id: &str, settings: &[(&str, &str)]) -> ClientNumber {
    let mut config = ProducerConfig::default();
    config.set("transactional.id", id).unwrap();
    for (name, value) in settings {
        config.set(name, value).unwrap();
    }
    let producer = start(
        world,
        Command::AddProducer {
            config,
            workload: None,
        },
    );
    assert_eq!(call(world, producer, TransactionCall::Init), Ok(()));
    producer
}

/// A producer that has called `initTransactions()`.
fn open(world: &mut World, id: &str) -> ClientNumber {
    open_with(world, id, &[])
}

/// Makes a call and waits until it returns.
fn call(world: &mut World, producer: ClientNumber, call: TransactionCall) -> Result<(), String> {
    let mut events = world
        .execute(Command::Transaction { producer, call })
        .expect("a producer")
        .events;
    for _ in 0..100 {
        let returned = events.into_iter().find_map(|event| match event.kind {
            EventKind::TransactionCallReturned { error, .. } => Some(error),
            _ => None,
        });
        if let Some(error) = returned {
            return match error {
                None => Ok(()),
                Some((exception, message)) => Err(format!("{exception}: {message}")),
            };
        }
        events = run_ms(world, 100);
    }
    panic!("no answer within ten seconds");
}

fn begin(world: &mut World, producer: ClientNumber) {
    assert_eq!(call(world, producer, TransactionCall::Begin), Ok(()));
}

fn commit(world: &mut World, producer: ClientNumber) -> Result<(), String> {
    call(world, producer, TransactionCall::Commit)
}

fn abort(world: &mut World, producer: ClientNumber) -> Result<(), String> {
    call(world, producer, TransactionCall::Abort)
}

fn record(value: &str) -> OutgoingRecord {
    OutgoingRecord {
        topic: "tx".into(),
        partition: Some(0),
        key: Some(b"k".to_vec()),
        value: Some(value.as_bytes().to_vec()),
        ..OutgoingRecord::default()
    }
}

/// Sends a record; says at which offset it is, or the exception.
fn send(world: &mut World, producer: ClientNumber, value: &str) -> Result<i64, String> {
    let record = record(value);
    let outcome = world.execute(Command::Send { producer, record });
    let mut events: Vec<Event> = outcome.expect("a record that fits").events;
    for _ in 0..100 {
        for event in events {
            match event.kind {
                EventKind::Delivered { base_offset, .. } => return Ok(base_offset.unwrap()),
                EventKind::SendFailed {
                    exception, message, ..
                } => return Err(format!("{exception}: {message}")),
                _ => {}
            }
        }
        events = run_ms(world, 100);
    }
    panic!("no answer within ten seconds");
}

/// What a new consumer reads of the topic: offsets and values.
fn read(world: &mut World, isolation_level: IsolationLevel) -> Vec<(i64, String)> {
    let group = format!("reader-{}", world.now().as_us());
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        isolation_level,
        ..ConsumerConfig::of_group(group)
    };
    let topics = vec!["tx".into()];
    let consumer = start(world, Command::AddConsumer { config, topics });
    let mut read = Vec::new();
    for event in run_ms(world, 6_000) {
        if let EventKind::RecordsRead {
            consumer: of,
            batches,
            ..
        } = event.kind
            && of == consumer
        {
            for batch in &batches {
                for record in batch.records().map(Result::unwrap) {
                    let value = record.value.map(<[u8]>::to_vec).unwrap_or_default();
                    read.push((record.offset, String::from_utf8(value).unwrap()));
                }
            }
        }
    }
    world.execute(Command::Close { client: consumer }).unwrap();
    run_ms(world, 500);
    read
}

fn committed(world: &mut World) -> Vec<(i64, String)> {
    read(world, IsolationLevel::ReadCommitted)
}

fn uncommitted(world: &mut World) -> Vec<(i64, String)> {
    read(world, IsolationLevel::ReadUncommitted)
}

fn values(read: &[(i64, &str)]) -> Vec<(i64, String)> {
    let read = read.iter();
    read.map(|(offset, value)| (*offset, (*value).to_owned()))
        .collect()
}

fn state(world: &World, producer: ClientNumber) -> TransactionState {
    let engine::client::Client::Producer(producer) = &world.clients()[&producer] else {
        panic!("no producer");
    };
    producer.transactions().expect("it is idempotent").state()
}

/// The transaction as its coordinator knows it: epoch and state.
fn coordinated(world: &World, id: &str) -> (i16, &'static str) {
    let brokers = world.brokers().values();
    let mut known = brokers.filter_map(|broker| broker.transaction_coordinator().transaction(id));
    let metadata = known.next().expect("somebody coordinates it");
    (metadata.producer_epoch, metadata.state.name())
}

#[test]
fn commit_and_abort() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    assert_eq!(coordinated(&world, "tx-A"), (0, "Empty"));
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a1"), Ok(0));
    assert_eq!(send(&mut world, a, "a2"), Ok(1));
    assert_eq!(coordinated(&world, "tx-A"), (0, "Ongoing"));
    assert_eq!(uncommitted(&mut world), values(&[(0, "a1"), (1, "a2")]));
    assert_eq!(committed(&mut world), []);

    assert_eq!(commit(&mut world, a), Ok(()));
    run_ms(&mut world, 500);
    assert_eq!(coordinated(&world, "tx-A"), (0, "CompleteCommit"));
    assert_eq!(committed(&mut world), values(&[(0, "a1"), (1, "a2")]));

    // The marker lies at offset 2.
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a3"), Ok(3));
    assert_eq!(abort(&mut world, a), Ok(()));
    run_ms(&mut world, 500);
    assert_eq!(coordinated(&world, "tx-A"), (0, "CompleteAbort"));
    let plain = support::producer(&mut world);
    assert_eq!(send(&mut world, plain, "plain"), Ok(5));
    let all = [(0, "a1"), (1, "a2"), (3, "a3"), (5, "plain")];
    assert_eq!(uncommitted(&mut world), values(&all));
    let seen = [(0, "a1"), (1, "a2"), (5, "plain")];
    assert_eq!(committed(&mut world), values(&seen));
    let log = &world.partition(&partition("tx-0")).unwrap().log;
    assert_eq!((log.end_offset(), log.last_stable_offset()), (6, 6));
}

#[test]
fn a_second_producer_with_the_same_id_fences_the_first() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a1"), Ok(0));
    let a2 = open(&mut world, "tx-A");
    run_ms(&mut world, 500);
    assert_eq!(uncommitted(&mut world), values(&[(0, "a1")]));
    assert_eq!(committed(&mut world), []);
    assert_eq!(
        send(&mut world, a, "a2"),
        Err(
            "InvalidProducerEpochException: Producer attempted to produce with an old epoch."
                .to_owned()
        )
    );
    assert_eq!(
        commit(&mut world, a),
        Err(
            "InvalidProducerEpochException: Producer with transactionalId 'tx-A' and \
             (producerId=0, epoch=0) attempted to produce with an old epoch"
                .to_owned()
        )
    );
    begin(&mut world, a2);
    assert_eq!(send(&mut world, a2, "a3"), Ok(2));
    assert_eq!(commit(&mut world, a2), Ok(()));
    run_ms(&mut world, 500);
    assert_eq!(coordinated(&world, "tx-A"), (2, "CompleteCommit"));
    assert_eq!(committed(&mut world), values(&[(2, "a3")]));
}

#[test]
fn a_transaction_that_takes_too_long_is_aborted() {
    let mut world = world();
    let z = open_with(&mut world, "tx-Z", &[("transaction.timeout.ms", "3000")]);
    begin(&mut world, z);
    assert_eq!(send(&mut world, z, "z1"), Ok(0));
    run_ms(&mut world, 14_000);
    assert_eq!(coordinated(&world, "tx-Z"), (1, "CompleteAbort"));
    assert_eq!(
        commit(&mut world, z),
        Err(
            "ProducerFencedException: There is a newer producer with the same transactionalId \
             which fences the current one."
                .to_owned()
        )
    );
    assert_eq!(state(&world, z), TransactionState::FatalError);
    assert_eq!(uncommitted(&mut world), values(&[(0, "z1")]));
    assert_eq!(committed(&mut world), []);
}

/// Offsets that are part of a transaction count when it is committed, and not
/// when it is aborted (KIP-98, KIP-447).
#[test]
fn offsets_are_committed_with_the_transaction() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    let offsets = |offset: i64| {
        let committed = CommittedOffset {
            offset,
            leader_epoch: -1,
            metadata: String::new(),
        };
        let group = ConsumerGroupMetadata {
            group_id: "g".to_owned(),
            generation_id: -1,
            member_id: String::new(),
            group_instance_id: None,
        };
        TransactionCall::SendOffsets(group, vec![(partition("tx-0"), committed)])
    };
    let stored = |world: &mut World| {
        let request = Request::OffsetFetch(OffsetFetchRequest {
            group_id: "g".to_owned(),
            partitions: Some(vec![partition("tx-0")]),
            require_stable: false,
            member_id: None,
            member_epoch: -1,
        });
        match admin_call(world, request) {
            Response::OffsetFetch(response) => {
                let (_, committed) = response.partitions[0].clone();
                committed.map(|committed| committed.offset)
            }
            other => panic!("{other:?}"),
        }
    };
    begin(&mut world, a);
    assert_eq!(call(&mut world, a, offsets(5)), Ok(()));
    assert_eq!(stored(&mut world), None);
    assert_eq!(commit(&mut world, a), Ok(()));
    run_ms(&mut world, 1_000);
    assert_eq!(stored(&mut world), Some(5));

    begin(&mut world, a);
    assert_eq!(call(&mut world, a, offsets(9)), Ok(()));
    assert_eq!(abort(&mut world, a), Ok(()));
    run_ms(&mut world, 1_000);
    assert_eq!(stored(&mut world), Some(5));
}

#[test]
fn calls_come_in_their_order() {
    let mut world = world();
    let config = ProducerConfig {
        transactional_id: Some("tx-A".to_owned()),
        ..ProducerConfig::default()
    };
    let workload = None;
    let a = start(&mut world, Command::AddProducer { config, workload });
    let begun = call(&mut world, a, TransactionCall::Begin);
    let refused = "IllegalStateException: TransactionalId tx-A: Invalid transition attempted from \
                   state UNINITIALIZED to state IN_TRANSACTION";
    assert_eq!(begun, Err(refused.to_owned()));
    assert_eq!(call(&mut world, a, TransactionCall::Init), Ok(()));
    let refused = "IllegalStateException: TransactionalId tx-A: Invalid transition attempted from \
                   state READY to state COMMITTING_TRANSACTION";
    assert_eq!(commit(&mut world, a), Err(refused.to_owned()));
    // A transaction without records ends without a word to the coordinator.
    begin(&mut world, a);
    assert_eq!(commit(&mut world, a), Ok(()));
    assert_eq!(coordinated(&world, "tx-A"), (0, "Empty"));
}

/// Leaders of the data, of the log and of both change hands: what is committed
/// is read, and nothing else.
#[test]
fn transactions_outlive_a_broker() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a1"), Ok(0));
    world.execute(Command::KillBroker { broker: 1 }).unwrap();
    run_ms(&mut world, 6_000);
    let of: TopicPartition = partition("tx-0");
    assert_ne!(world.image().partition(&of).unwrap().leader, Some(1));
    assert_eq!(send(&mut world, a, "a2"), Ok(1));
    assert_eq!(commit(&mut world, a), Ok(()));
    run_ms(&mut world, 2_000);
    assert_eq!(committed(&mut world), values(&[(0, "a1"), (1, "a2")]));
}

/// A commit is decided before its markers are written. Here one leader refuses
/// its marker, since too few replicas are in sync, and another partition has no
/// leader at all: the coordinator tries both again, again and again, while the
/// partition whose marker is written can be read.
#[test]
fn markers_that_are_refused_are_sent_again_while_other_leaders_are_away() {
    let mut world = world();
    create(&mut world, "picky", "2:3", &[("min.insync.replicas", "2")]);
    create(&mut world, "away", "3", &[]);
    let a = open(&mut world, "tx-A");
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a1"), Ok(0));
    for topic in ["picky", "away"] {
        let record = OutgoingRecord {
            topic: topic.into(),
            ..record("a1")
        };
        let producer = a;
        world.execute(Command::Send { producer, record }).unwrap();
    }
    run_ms(&mut world, 1_000);
    world.execute(Command::KillBroker { broker: 3 }).unwrap();
    wait_isr(&mut world, "picky-0", &[2]);
    wait_leader(&mut world, "away-0", None);

    assert_eq!(commit(&mut world, a), Ok(()));
    let events = run_ms(&mut world, 5_000);
    assert_eq!(coordinated(&world, "tx-A"), (0, "PrepareCommit"));
    assert_eq!(committed(&mut world), values(&[(0, "a1")]));
    let markers = |of: &str| {
        let of = partition(of);
        let held = world.partition(&of).expect("it has a leader");
        let batches = held.log.batches();
        batches.filter(|batch| batch.is_control()).count()
    };
    assert_eq!((markers("tx-0"), markers("picky-0")), (1, 0));
    assert!(events.len() < 1_000, "it does not try all the time");

    world.execute(Command::StartBroker { broker: 3 }).unwrap();
    wait(&mut world, "the end", |world| {
        coordinated(world, "tx-A") == (0, "CompleteCommit")
    });
    for of in ["tx-0", "picky-0", "away-0"] {
        let of = partition(of);
        let held = world.partition(&of).expect("it has a leader");
        let batches = held.log.batches();
        let markers = batches.filter(|batch| batch.is_control()).count();
        assert_eq!(markers, 1, "{of}");
    }
}

/// What is in a log of each batch: base offset, base sequence, whether it is
/// transactional and a marker, and its size in bytes.
fn dumped(world: &World, of: &str) -> Vec<(i64, i32, bool, bool, usize)> {
    let log = &world.partition(&partition(of)).unwrap().log;
    let batch = |batch: &RecordBatch| {
        (
            batch.base_offset(),
            batch.base_sequence(),
            batch.is_transactional(),
            batch.is_control(),
            batch.size_in_bytes(),
        )
    };
    log.batches().map(batch).collect()
}

/// As `kafka-dump-log` shows it of a real broker.
#[test]
fn markers_are_batches_of_their_own() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    begin(&mut world, a);
    for value in ["a1", "a2"] {
        let record = record(value);
        let sent = world.execute(Command::Send {
            producer: a,
            record,
        });
        sent.expect("a record that fits");
    }
    run_ms(&mut world, 1_000);
    assert_eq!(commit(&mut world, a), Ok(()));
    run_ms(&mut world, 500);
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a3"), Ok(3));
    assert_eq!(abort(&mut world, a), Ok(()));
    run_ms(&mut world, 500);
    let config = ProducerConfig {
        enable_idempotence: false,
        ..ProducerConfig::default()
    };
    let workload = None;
    let plain = start(&mut world, Command::AddProducer { config, workload });
    assert_eq!(send(&mut world, plain, "plain"), Ok(5));
    assert_eq!(
        dumped(&world, "tx-0"),
        [
            (0, 0, true, false, 81),
            (2, -1, true, true, 78),
            (3, 2, true, false, 71),
            (4, -1, true, true, 78),
            (5, -1, false, false, 74),
        ]
    );
}

/// Each step is a record of `__transaction_state`, of the size that a real
/// broker's has.
#[test]
fn the_transaction_log_tells_each_step() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a1"), Ok(0));
    assert_eq!(commit(&mut world, a), Ok(()));
    run_ms(&mut world, 500);
    let of_log = (0..5).map(|number| partition(&format!("__transaction_state-{number}")));
    let logs: Vec<_> = of_log
        .map(|of| &world.partition(&of).unwrap().log)
        .filter(|log| log.end_offset() > 0)
        .collect();
    assert_eq!(logs.len(), 1);
    let steps = logs[0].batches().map(|batch| {
        let record = batch.records().next().unwrap().unwrap();
        let key = TransactionLogKey::from_bytes(record.key.unwrap()).unwrap();
        assert_eq!(key.transactional_id, "tx-A");
        let value = TransactionLogValue::from_bytes(record.value.unwrap()).unwrap();
        let partitions: i32 = value.transaction_partitions.map_or(-1, |by_topic| {
            by_topic.iter().map(|(_, of)| of.len() as i32).sum()
        });
        let size = batch.size_in_bytes();
        (value.transaction_status.name(), partitions, size)
    });
    // The name of the topic has one letter more than the recorded one's.
    assert_eq!(
        steps.collect::<Vec<_>>(),
        [
            ("Empty", -1, 113),
            ("Ongoing", 1, 125),
            ("PrepareCommit", 1, 125),
            ("CompleteCommit", 0, 113),
        ]
    );
}

/// The producers that the leader of `tx-0` knows: id, epoch, last sequence,
/// epoch of the coordinator, and where the open transaction begins.
fn described_producers(world: &mut World) -> Vec<(i64, i16, i32, i32, i64)> {
    let partitions = vec![partition("tx-0")];
    let request = Request::DescribeProducers(DescribeProducersRequest { partitions });
    let Response::DescribeProducers(response) = admin_call(world, request) else {
        panic!("another answer");
    };
    let (_, told) = &response.partitions[0];
    let producer = |of: &ActiveProducer| {
        (
            of.producer_id,
            of.producer_epoch,
            of.last_sequence,
            of.coordinator_epoch,
            of.current_txn_start_offset,
        )
    };
    told.active_producers.iter().map(producer).collect()
}

#[test]
fn producers_are_described_within_a_transaction_and_after_it() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a1"), Ok(0));
    assert_eq!(send(&mut world, a, "a2"), Ok(1));
    assert_eq!(described_producers(&mut world), [(0, 0, 1, -1, 0)]);
    assert_eq!(commit(&mut world, a), Ok(()));
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a3"), Ok(3));
    assert_eq!(abort(&mut world, a), Ok(()));
    run_ms(&mut world, 500);
    assert_eq!(described_producers(&mut world), [(0, 0, 2, 0, -1)]);
}

#[test]
fn transactions_are_described_by_their_id() {
    let mut world = world();
    let z = open_with(&mut world, "tx-Z", &[("transaction.timeout.ms", "3000")]);
    begin(&mut world, z);
    assert_eq!(send(&mut world, z, "z1"), Ok(0));
    let described = |world: &mut World, id: &str| {
        let transactional_ids = vec![id.to_owned()];
        let request =
            Request::DescribeTransactions(DescribeTransactionsRequest { transactional_ids });
        match admin_call(world, request) {
            Response::DescribeTransactions(response) => response.transaction_states[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    let ongoing = described(&mut world, "tx-Z");
    assert_eq!(ongoing.transaction_state, "Ongoing");
    assert_eq!(ongoing.transaction_timeout_ms, 3_000);
    assert_eq!(ongoing.topic_partitions, [partition("tx-0")]);
    run_ms(&mut world, 14_000);
    let aborted = described(&mut world, "tx-Z");
    assert_eq!(aborted.transaction_state, "CompleteAbort");
    assert_eq!((aborted.producer_id, aborted.producer_epoch), (0, 1));
    assert_eq!(aborted.topic_partitions, []);
    // It still tells when the transaction began.
    let began = ongoing.transaction_start_time_ms;
    assert_eq!(aborted.transaction_start_time_ms, began);
    let unknown = described(&mut world, "nope");
    assert_eq!(unknown.error_code, ErrorCode::TransactionalIdNotFound);
}

/// `send()` belongs into a transaction.
#[test]
fn a_record_outside_a_transaction_is_refused() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    let refused = "IllegalStateException: Cannot add partition tx-0 to transaction while in state  \
                   READY";
    assert_eq!(send(&mut world, a, "a1"), Err(refused.to_owned()));
}

/// A call that has timed out goes on behind the application's back. It finds
/// out what came of it by making the same call again, and can do nothing else
/// before.
#[test]
fn a_call_that_timed_out_is_to_be_made_again() {
    let mut world = world();
    let a = open_with(&mut world, "tx-A", &[("max.block.ms", "3000")]);
    begin(&mut world, a);
    assert_eq!(send(&mut world, a, "a1"), Ok(0));
    let one = vec![Host::Client(a)];
    let other = [1, 2, 3].map(Host::Server).to_vec();
    world.execute(Command::Cut { one, other }).unwrap();
    let timed_out =
        "TimeoutException: Timeout expired after 3000ms while awaiting EndTxn(true)".to_owned();
    assert_eq!(commit(&mut world, a), Err(timed_out.clone()));
    let refused = "IllegalStateException: Cannot attempt operation `abortTransaction` because the \
                   previous call to `commitTransaction` timed out and must be retried";
    assert_eq!(abort(&mut world, a), Err(refused.to_owned()));
    assert_eq!(commit(&mut world, a), Err(timed_out));
    world.execute(Command::HealNetwork).unwrap();
    // It may even have been done by now.
    run_ms(&mut world, 60_000);
    assert_eq!(commit(&mut world, a), Ok(()));
    begin(&mut world, a);
    assert_eq!(abort(&mut world, a), Ok(()));
    assert_eq!(committed(&mut world), values(&[(0, "a1")]));
}

/// A new coordinator takes a transaction up where the log of the one before it
/// ends.
#[test]
fn a_new_coordinator_goes_on_with_what_its_log_tells() {
    let mut world = world();
    let a = open(&mut world, "tx-A");
    for _ in 0..50 {
        begin(&mut world, a);
        send(&mut world, a, "a").expect("it is stored");
        assert_eq!(commit(&mut world, a), Ok(()));
    }
    begin(&mut world, a);
    send(&mut world, a, "last").expect("it is stored");
    let coordinator = |world: &World| {
        let leads = |number: i32| {
            let of = partition(&format!("__transaction_state-{number}"));
            let log = &world.partition(&of)?.log;
            (log.end_offset() > 0).then(|| world.image().partition(&of)?.leader)?
        };
        (0..5).find_map(leads).expect("somebody leads it")
    };
    let first = coordinator(&world);
    let killed = world.execute(Command::KillBroker { broker: first });
    killed.expect("it runs");
    run_ms(&mut world, 6_000);
    assert_ne!(coordinator(&world), first);
    assert_eq!(commit(&mut world, a), Ok(()));
    assert_eq!(coordinated(&world, "tx-A").1, "CompleteCommit");
}
