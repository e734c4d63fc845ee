//! Transactions at the level of requests: what brokers answer, and what lies
//! in the logs then. Three brokers, one topic with a replica on each; the facts
//! are those that a real cluster shows.

use crate::command::Command;
use crate::coordinator::transaction::{TransactionLogKey, TransactionLogValue, TransactionState};
use crate::log::record_batch::{
    BatchOptions, EndTransactionMarker, Record, RecordBatch, RecordBatchBuilder, TransactionResult,
};
use crate::protocol::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTransaction, CreatableTopic, CreateTopicsRequest,
    DescribeProducersRequest, DescribeTransactionsRequest, DescribedTransaction, EndTxnRequest,
    ErrorCode, FINAL_EPOCH, FetchPartition, FetchRequest, FetchedPartition, INVALID_SESSION_ID,
    InitProducerIdRequest, IsolationLevel, ListOffsetsRequest, ListTransactionsRequest,
    PartitionProduceResponse, ProduceRequest, Request, Response, TopicPartition,
};
use crate::world::{World, WorldConfig};

const SETTINGS: &[(&str, &str)] = &[
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    ("replica.lag.time.max.ms", "4000"),
    ("transaction.state.log.num.partitions", "5"),
];

/// A cluster with the topic `tx`, whose one partition broker 1 leads.
fn cluster() -> World {
    cluster_with(&[])
}

fn cluster_with(settings: &[(&str, &str)]) -> World {
    let settings = [SETTINGS, settings].concat();
    let mut world = World::new(7, WorldConfig::cluster(&[1, 2, 3], &[100], &settings));
    create(&mut world, "tx", &[vec![1, 2, 3]]);
    let replicas: Vec<Vec<i32>> = vec![
        vec![1, 2, 3],
        vec![2, 3, 1],
        vec![3, 1, 2],
        vec![1, 2, 3],
        vec![2, 3, 1],
    ];
    create(&mut world, "__transaction_state", &replicas);
    wait(&mut world, 1_000);
    world
}

fn create(world: &mut World, name: &str, assignments: &[Vec<i32>]) {
    let topic = CreatableTopic {
        name: name.into(),
        num_partitions: -1,
        replication_factor: -1,
        assignments: (0..).zip(assignments.iter().cloned()).collect(),
        configs: crate::collections::BTreeMap::new(),
    };
    let request = Request::CreateTopics(CreateTopicsRequest {
        topics: vec![topic],
    });
    world.ask_by_hand(1, request);
}

fn wait(world: &mut World, ms: i64) {
    world.advance_to(world.now().plus_ms(ms));
}

fn tx() -> TopicPartition {
    TopicPartition::new("tx", 0)
}

/// A producer as its coordinator knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Producer {
    id: i64,
    epoch: i16,
}

fn coordinator(world: &World, transactional_id: &str) -> i32 {
    let coordinator = world.brokers()[&1].transaction_coordinator_of(transactional_id);
    coordinator.expect("the partition has a leader")
}

fn try_init(
    world: &mut World,
    id: &str,
    timeout_ms: i32,
    had: Option<Producer>,
) -> Result<Producer, ErrorCode> {
    let had = had.unwrap_or(Producer { id: -1, epoch: -1 });
    let request = Request::InitProducerId(InitProducerIdRequest {
        transactional_id: Some(id.to_owned()),
        transaction_timeout_ms: timeout_ms,
        producer_id: had.id,
        producer_epoch: had.epoch,
    });
    match world.ask_by_hand(coordinator(world, id), request.clone()) {
        // The broker asks the controller for ids first.
        Response::InitProducerId(response)
            if response.error_code == ErrorCode::CoordinatorLoadInProgress =>
        {
            wait(world, 100);
            try_init(world, id, timeout_ms, Some(had))
        }
        Response::InitProducerId(response) if response.error_code.is_none() => Ok(Producer {
            id: response.producer_id,
            epoch: response.producer_epoch,
        }),
        Response::InitProducerId(response) => Err(response.error_code),
        other => panic!("{other:?}"),
    }
}

/// As a producer does: it asks again while its last transaction is ended.
fn init(world: &mut World, id: &str) -> Producer {
    loop {
        match try_init(world, id, 60_000, None) {
            Err(ErrorCode::ConcurrentTransactions) => wait(world, 100),
            other => return other.expect("an id and an epoch"),
        }
    }
}

fn add_partitions(world: &mut World, id: &str, producer: Producer, verify_only: bool) -> ErrorCode {
    let request = Request::AddPartitionsToTxn(AddPartitionsToTxnRequest {
        transactions: vec![AddPartitionsToTxnTransaction {
            transactional_id: id.to_owned(),
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            verify_only,
            partitions: vec![tx()],
        }],
    });
    match world.ask_by_hand(coordinator(world, id), request) {
        Response::AddPartitionsToTxn(response) => response.results_by_transaction[0].1[0].1,
        other => panic!("{other:?}"),
    }
}

fn batch(now_ms: i64, producer: Producer, sequence: i32, value: &str) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        producer_id: producer.id,
        producer_epoch: producer.epoch,
        base_sequence: sequence,
        is_transactional: true,
        ..BatchOptions::default()
    });
    let record = Record {
        timestamp_ms: now_ms,
        value: Some(value.as_bytes().to_vec()),
        ..Record::default()
    };
    builder.append(&record).unwrap();
    builder.build().unwrap()
}

fn produce_request(id: Option<&str>, batch: RecordBatch) -> Request {
    Request::Produce(ProduceRequest {
        transactional_id: id.map(Into::into),
        acks: -1,
        timeout_ms: 1_500,
        partitions: vec![(tx(), batch)],
    })
}

fn produced(answer: Response) -> PartitionProduceResponse {
    match answer {
        Response::Produce(response) => response.partitions[0].1.clone(),
        other => panic!("{other:?}"),
    }
}

/// Sends a record; says where it landed, or why not.
fn send(
    world: &mut World,
    id: &str,
    producer: Producer,
    sequence: i32,
    value: &str,
) -> Result<i64, ErrorCode> {
    let request = produce_request(
        Some(id),
        batch(world.timestamp_ms(), producer, sequence, value),
    );
    let response = produced(world.ask_by_hand(1, request));
    match response.error_code {
        ErrorCode::None => Ok(response.base_offset),
        error => Err(error),
    }
}

fn end(world: &mut World, id: &str, producer: Producer, result: TransactionResult) -> ErrorCode {
    let request = Request::EndTxn(EndTxnRequest {
        transactional_id: id.to_owned(),
        producer_id: producer.id,
        producer_epoch: producer.epoch,
        result,
    });
    match world.ask_by_hand(coordinator(world, id), request) {
        Response::EndTxn(response) => response.error_code,
        other => panic!("{other:?}"),
    }
}

fn commit(world: &mut World, id: &str, producer: Producer) -> ErrorCode {
    end(world, id, producer, TransactionResult::Commit)
}

fn describe(world: &mut World, id: &str) -> DescribedTransaction {
    let request = Request::DescribeTransactions(DescribeTransactionsRequest {
        transactional_ids: vec![id.to_owned()],
    });
    match world.ask_by_hand(coordinator(world, id), request) {
        Response::DescribeTransactions(response) => response.transaction_states[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn state(world: &mut World, id: &str) -> String {
    describe(world, id).transaction_state
}

fn fetch(world: &mut World, isolation_level: IsolationLevel) -> FetchedPartition {
    let request = Request::Fetch(FetchRequest {
        replica_state: None,
        max_wait_ms: 0,
        min_bytes: 1,
        max_bytes: i32::MAX,
        isolation_level,
        session_id: INVALID_SESSION_ID,
        session_epoch: FINAL_EPOCH,
        partitions: vec![FetchPartition {
            topic_partition: tx(),
            topic_id: None,
            fetch_offset: 0,
            current_leader_epoch: -1,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: i32::MAX,
        }],
        forgotten_topics_data: Vec::new(),
        rack_id: None,
    });
    match world.ask_by_hand(1, request) {
        Response::Fetch(response) => response.partitions[0].1.clone(),
        other => panic!("{other:?}"),
    }
}

fn latest_offset(world: &mut World, isolation_level: IsolationLevel) -> i64 {
    let request = Request::ListOffsets(ListOffsetsRequest {
        replica_id: None,
        isolation_level,
        partitions: vec![(tx(), ListOffsetsRequest::LATEST)],
    });
    match world.ask_by_hand(1, request) {
        Response::ListOffsets(response) => response.partitions[0].1.offset,
        other => panic!("{other:?}"),
    }
}

/// What a log of `__transaction_state` says of an id, state by state.
fn transaction_log(world: &World, id: &str) -> Vec<TransactionLogValue> {
    let broker = &world.brokers()[&coordinator(world, id)];
    let partition = broker.transaction_coordinator().partition_for(id);
    let of = TopicPartition::new("__transaction_state", partition);
    let batches = broker.partitions()[&of].log.batches();
    let mut values = Vec::new();
    for batch in batches {
        let record = batch.records().next().unwrap().unwrap();
        let key = TransactionLogKey::from_bytes(record.key.unwrap()).unwrap();
        if key.transactional_id == id {
            values.push(TransactionLogValue::from_bytes(record.value.unwrap()).unwrap());
        }
    }
    values
}

fn markers(world: &World) -> Vec<(i64, TransactionResult, i32)> {
    let batches = world.brokers()[&1].partitions()[&tx()].log.batches();
    let control = batches.filter(|batch| batch.is_control());
    let marker = |batch: &RecordBatch| {
        let record = batch.records().next().unwrap().unwrap();
        let marker = EndTransactionMarker::from_record(&record).unwrap();
        (batch.base_offset(), marker.result, marker.coordinator_epoch)
    };
    control.map(marker).collect()
}

const READ_COMMITTED: IsolationLevel = IsolationLevel::ReadCommitted;
const READ_UNCOMMITTED: IsolationLevel = IsolationLevel::ReadUncommitted;

#[test]
fn a_transaction_becomes_readable_when_it_is_committed() {
    let mut world = cluster();
    let a = init(&mut world, "tx-A");
    assert_eq!(a.epoch, 0);
    assert_eq!(state(&mut world, "tx-A"), "Empty");
    assert_eq!(describe(&mut world, "tx-A").transaction_start_time_ms, -1);

    assert_eq!(
        add_partitions(&mut world, "tx-A", a, false),
        ErrorCode::None
    );
    assert_eq!(send(&mut world, "tx-A", a, 0, "a1"), Ok(0));
    assert_eq!(send(&mut world, "tx-A", a, 1, "a2"), Ok(1));
    let described = describe(&mut world, "tx-A");
    assert_eq!(described.transaction_state, "Ongoing");
    assert_eq!(described.topic_partitions, [tx()]);
    assert_eq!(fetch(&mut world, READ_UNCOMMITTED).records.len(), 2);
    let open = fetch(&mut world, READ_COMMITTED);
    assert_eq!(
        (
            open.records.len(),
            open.last_stable_offset,
            open.high_watermark
        ),
        (0, 0, 2)
    );
    assert_eq!(latest_offset(&mut world, READ_COMMITTED), 0);
    assert_eq!(latest_offset(&mut world, READ_UNCOMMITTED), 2);

    assert_eq!(commit(&mut world, "tx-A", a), ErrorCode::None);
    wait(&mut world, 1_500);
    assert_eq!(state(&mut world, "tx-A"), "CompleteCommit");
    assert_eq!(markers(&world), [(2, TransactionResult::Commit, 0)]);
    let committed = fetch(&mut world, READ_COMMITTED);
    assert_eq!(
        (committed.records.len(), committed.last_stable_offset),
        (3, 3)
    );
    assert_eq!(committed.aborted_transactions, []);
}

#[test]
fn the_transaction_log_holds_each_step() {
    let mut world = cluster();
    let a = init(&mut world, "tx-A");
    add_partitions(&mut world, "tx-A", a, false);
    send(&mut world, "tx-A", a, 0, "x").unwrap();
    commit(&mut world, "tx-A", a);
    wait(&mut world, 1_000);
    let steps = transaction_log(&world, "tx-A");
    let partitions = Some(vec![("tx".into(), vec![0])]);
    let told: Vec<_> = steps
        .iter()
        .map(|step| (step.transaction_status, step.transaction_partitions.clone()))
        .collect();
    assert_eq!(
        told,
        [
            (TransactionState::Empty, None),
            (TransactionState::Ongoing, partitions.clone()),
            (TransactionState::PrepareCommit, partitions),
            (TransactionState::CompleteCommit, Some(Vec::new())),
        ]
    );
    assert!(
        steps
            .iter()
            .all(|step| step.transaction_timeout_ms == 60_000)
    );
    assert_eq!(steps[0].transaction_start_timestamp_ms, -1);
    let begun = steps[1].transaction_start_timestamp_ms;
    assert!(begun > 0 && begun == steps[3].transaction_start_timestamp_ms);
}

#[test]
fn an_aborted_transaction_is_named_to_who_reads_committed() {
    let mut world = cluster();
    let a = init(&mut world, "tx-A");
    add_partitions(&mut world, "tx-A", a, false);
    assert_eq!(send(&mut world, "tx-A", a, 0, "a1"), Ok(0));
    assert_eq!(
        end(&mut world, "tx-A", a, TransactionResult::Abort),
        ErrorCode::None
    );
    wait(&mut world, 1_500);
    assert_eq!(state(&mut world, "tx-A"), "CompleteAbort");
    assert_eq!(markers(&world), [(1, TransactionResult::Abort, 0)]);
    let fetched = fetch(&mut world, READ_COMMITTED);
    let aborted: Vec<_> = fetched
        .aborted_transactions
        .iter()
        .map(|it| (it.producer_id, it.first_offset))
        .collect();
    assert_eq!(aborted, [(a.id, 0)]);
    assert_eq!(fetch(&mut world, READ_UNCOMMITTED).aborted_transactions, []);

    let request = Request::DescribeProducers(DescribeProducersRequest {
        partitions: vec![tx(), TopicPartition::new("tx", 9)],
    });
    let Response::DescribeProducers(described) = world.ask_by_hand(1, request) else {
        panic!("another answer");
    };
    let producer = &described.partitions[0].1.active_producers[0];
    assert_eq!((producer.producer_id, producer.producer_epoch), (a.id, 0));
    assert_eq!((producer.last_sequence, producer.coordinator_epoch), (0, 0));
    assert_eq!(producer.current_txn_start_offset, -1);
    let unknown = &described.partitions[1].1;
    assert_eq!(unknown.error_code, ErrorCode::UnknownTopicOrPartition);
}

/// A second producer with the same transactional id: the first is fenced, and
/// its transaction aborted with an epoch that nobody is given.
#[test]
fn a_new_instance_fences_the_old_one() {
    let mut world = cluster();
    let a = init(&mut world, "tx-A");
    add_partitions(&mut world, "tx-A", a, false);
    assert_eq!(send(&mut world, "tx-A", a, 0, "a1"), Ok(0));

    let answer = try_init(&mut world, "tx-A", 60_000, None);
    assert_eq!(answer, Err(ErrorCode::ConcurrentTransactions));
    let a2 = init(&mut world, "tx-A");
    assert_eq!(a2, Producer { id: a.id, epoch: 2 });
    assert_eq!(markers(&world), [(1, TransactionResult::Abort, 0)]);

    assert_eq!(
        send(&mut world, "tx-A", a, 1, "a2"),
        Err(ErrorCode::InvalidProducerEpoch)
    );
    assert_eq!(commit(&mut world, "tx-A", a), ErrorCode::ProducerFenced);
    add_partitions(&mut world, "tx-A", a2, false);
    assert_eq!(send(&mut world, "tx-A", a2, 0, "a3"), Ok(2));
    assert_eq!(commit(&mut world, "tx-A", a2), ErrorCode::None);
    wait(&mut world, 1_000);
    let described = describe(&mut world, "tx-A");
    assert_eq!(described.transaction_state, "CompleteCommit");
    assert_eq!(described.producer_epoch, 2);
}

#[test]
fn what_is_open_for_too_long_is_aborted() {
    let mut world = cluster();
    let z = try_init(&mut world, "tx-Z", 3_000, None).unwrap();
    add_partitions(&mut world, "tx-Z", z, false);
    assert_eq!(send(&mut world, "tx-Z", z, 0, "z1"), Ok(0));
    wait(&mut world, 14_000);
    let described = describe(&mut world, "tx-Z");
    assert_eq!(described.transaction_state, "CompleteAbort");
    assert_eq!(described.producer_epoch, 1);
    assert_eq!(commit(&mut world, "tx-Z", z), ErrorCode::ProducerFenced);
    assert_eq!(fetch(&mut world, READ_COMMITTED).last_stable_offset, 2);
}

/// KIP-890: nothing of a transaction that the coordinator knows nothing of
/// gets into the log, where it would hang.
#[test]
fn a_leader_asks_the_coordinator_before_a_first_batch() {
    let mut world = cluster();
    let a = init(&mut world, "tx-A");
    let late = send(&mut world, "tx-A", a, 0, "not added");
    assert_eq!(late, Err(ErrorCode::TransactionAbortable));
    assert_eq!(latest_offset(&mut world, READ_UNCOMMITTED), 0);
    add_partitions(&mut world, "tx-A", a, false);
    assert_eq!(send(&mut world, "tx-A", a, 0, "added"), Ok(0));

    let mut world = cluster_with(&[("transaction.partition.verification.enable", "false")]);
    let a = init(&mut world, "tx-A");
    assert_eq!(send(&mut world, "tx-A", a, 0, "hangs"), Ok(0));
}

/// The answer of the coordinator is late, and an abort came before it: it no
/// longer counts.
#[test]
fn an_answer_from_before_a_marker_does_not_count() {
    let mut world = cluster();
    let a = init(&mut world, "tx-A");
    let first = batch(world.timestamp_ms(), a, 0, "x");
    let broker = world.brokers().get(&1).unwrap();
    let mut log = broker.partitions()[&tx()].log.clone();
    let guard = log.begin_verification(&first, 0).expect("it must be asked");
    assert!(log.producer_state().is_verified(a.id, a.epoch, guard));
    let mut marker = RecordBatchBuilder::new(BatchOptions {
        producer_id: a.id,
        producer_epoch: a.epoch,
        is_transactional: true,
        is_control: true,
        ..BatchOptions::default()
    });
    let abort = EndTransactionMarker {
        result: TransactionResult::Abort,
        coordinator_epoch: 0,
    };
    marker.append_end_transaction_marker(0, abort).unwrap();
    log.append_as_coordinator(&marker.build().unwrap(), 0, 0)
        .unwrap();
    assert!(!log.producer_state().is_verified(a.id, a.epoch, guard));
    assert_ne!(log.begin_verification(&first, 0), Some(guard));
}

#[test]
fn transactional_records_without_a_transactional_id_are_refused() {
    let mut world = cluster();
    let a = init(&mut world, "tx-A");
    let request = produce_request(None, batch(world.timestamp_ms(), a, 0, "x"));
    let response = produced(world.ask_by_hand(1, request));
    assert_eq!(
        response.error_code,
        ErrorCode::TransactionalIdAuthorizationFailed
    );
}

/// Decided transactions are ended by the next coordinator, in its own epoch.
#[test]
fn the_next_coordinator_ends_what_the_last_one_decided() {
    let mut world = cluster();
    let id = (0..)
        .map(|n| format!("tx-{n}"))
        .find(|id| coordinator(&world, id) == 2);
    let id = id.unwrap();
    let a = init(&mut world, &id);
    add_partitions(&mut world, &id, a, false);
    assert_eq!(send(&mut world, &id, a, 0, "a1"), Ok(0));
    // The leader of the data cannot be reached: the marker waits.
    world
        .execute(Command::Cut {
            one: vec![crate::sim::Host::Server(1)],
            other: vec![crate::sim::Host::Server(2)],
        })
        .unwrap();
    world.send_by_hand(
        77,
        2,
        Request::EndTxn(EndTxnRequest {
            transactional_id: id.clone(),
            producer_id: a.id,
            producer_epoch: a.epoch,
            result: TransactionResult::Commit,
        }),
    );
    wait(&mut world, 8_000);
    world.execute(Command::KillBroker { broker: 2 }).unwrap();
    wait(&mut world, 8_000);
    world.execute(Command::HealNetwork).unwrap();
    wait(&mut world, 8_000);
    assert_ne!(coordinator(&world, &id), 2);
    assert_eq!(state(&mut world, &id), "CompleteCommit");
    let written = markers(&world);
    assert_eq!(written.len(), 1, "{written:?}");
    assert!(written[0].2 > 0, "{written:?}");
}

#[test]
fn transactions_are_listed_by_state_producer_and_duration() {
    let mut world = cluster();
    let id = "tx-A";
    let a = init(&mut world, id);
    let mut list = |states: &[&str], ids: &[i64], longer_than_ms: i64| {
        let request = Request::ListTransactions(ListTransactionsRequest {
            state_filters: states.iter().map(|it| (*it).to_owned()).collect(),
            producer_id_filters: ids.to_vec(),
            duration_filter: longer_than_ms,
        });
        match world.ask_by_hand(coordinator(&world, id), request) {
            Response::ListTransactions(response) => (
                response.transaction_states.len(),
                response.unknown_state_filters,
            ),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(list(&[], &[], -1), (1, vec![]));
    assert_eq!(list(&["Empty"], &[a.id], -1), (1, vec![]));
    assert_eq!(
        list(&["Ongoing", "Lost"], &[], -1),
        (0, vec!["Lost".to_owned()])
    );
    assert_eq!(list(&[], &[a.id + 1], -1), (0, vec![]));
}
