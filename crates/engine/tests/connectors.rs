//! Connectors: rows become records, a table's changes become upserts and
//! tombstones, and a sink keeps a table in step with a topic. What Kafka stores
//! for them is how far they have come, so that a crash repeats and loses
//! nothing.

mod support;

use engine::client::connect::{
    ConnectorClass, ConnectorConfig, ConnectorEvent, ConnectorState, OFFSETS_TOPIC, Row,
};
use engine::client::{AutoOffsetReset, ConsumerConfig, OutgoingRecord};
use engine::collections::BTreeMap;
use engine::command::ClientNumber;
use engine::{Command, Event, EventKind, Refusal, TopicPartition, World, WorldConfig};
use support::{create_topic, create_topic_with, records, run_ms, start};

/// A playground with the topic `people`.
fn world(partitions: i32) -> World {
    let mut world = World::new(1, WorldConfig::playground());
    create_topic(&mut world, "people", partitions);
    world
}

fn config(name: &str, class: ConnectorClass, settings: &[(&str, &str)]) -> ConnectorConfig {
    let mut config = ConnectorConfig::new(name, class);
    for (name, value) in settings {
        let is_known = config.set(name, value).expect("the value is allowed");
        assert!(is_known, "{name}");
    }
    config
}

/// A source of `people` with rows; more settings may be given.
fn rows_source(settings: &[(&str, &str)]) -> ConnectorConfig {
    let own = [("topic", "people"), ("key.field", "id")];
    config(
        "rows",
        ConnectorClass::RowsSource,
        &[&own, settings].concat(),
    )
}

fn table_source() -> ConnectorConfig {
    let own = [("topic", "people"), ("key.field", "id")];
    config("table", ConnectorClass::TableSource, &own)
}

fn table_sink(settings: &[(&str, &str)]) -> ConnectorConfig {
    let own = [
        ("topics", "people"),
        ("consumer.override.session.timeout.ms", "6000"),
    ];
    config(
        "sink",
        ConnectorClass::TableSink,
        &[&own, settings].concat(),
    )
}

fn add(world: &mut World, config: ConnectorConfig, rows: &str) -> ClientNumber {
    let rows = rows.to_owned();
    start(world, Command::AddConnector { config, rows })
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn write(world: &mut World, connector: &str, rows: &str) {
    let (connector, rows) = (connector.to_owned(), rows.to_owned());
    execute(world, Command::WriteRows { connector, rows });
}

fn delete(world: &mut World, connector: &str, key: &str) {
    let (connector, key) = (connector.to_owned(), key.to_owned());
    execute(world, Command::DeleteRow { connector, key });
}

fn restart(world: &mut World, connector: &str) {
    let connector = connector.to_owned();
    execute(world, Command::RestartConnector { connector });
}

fn crash(world: &mut World, connector: &str) {
    let client = client(world, connector);
    execute(world, Command::Crash { client });
}

/// The client by which a connector's process is known.
fn client(world: &World, connector: &str) -> ClientNumber {
    let client = world.connectors()[connector].client();
    client.expect("its task runs")
}

fn state(world: &World, connector: &str) -> ConnectorState {
    world.connectors()[connector].state()
}

/// What connectors have done.
fn done(events: &[Event]) -> Vec<ConnectorEvent> {
    let of = |event: &Event| match &event.kind {
        EventKind::Connector { event, .. } => Some(event.clone()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Keys and values of a topic's first partition.
fn written(world: &World, topic: &str) -> Vec<(String, String)> {
    let records = records(world, topic, 0).into_iter();
    records.map(|(_, key, value)| (key, value)).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// The offset that is stored last for a source in `connect-offsets`.
fn stored_offset(world: &World) -> Option<(String, String)> {
    let partitions = world.topics()[OFFSETS_TOPIC].partitions.len() as i32;
    let all = (0..partitions).flat_map(|partition| records(world, OFFSETS_TOPIC, partition));
    all.last().map(|(_, key, value)| (key, value))
}

/// The table of a sink, each row as JSON.
fn table(world: &World, sink: &str, name: &str) -> BTreeMap<String, String> {
    let tables = world.sink_tables(sink).expect("there is such a sink");
    let rows = tables.get(name).cloned().unwrap_or_default();
    let json = |row: &Row| row.to_json();
    rows.iter()
        .map(|(key, row)| (key.clone(), json(row)))
        .collect()
}

/// Sends a record by hand.
fn send(world: &mut World, topic: &str, key: Option<&str>, value: Option<&str>) {
    let producer = support::producer(world);
    let bytes = |text: &str| text.as_bytes().to_vec();
    let record = OutgoingRecord {
        topic: topic.into(),
        key: key.map(bytes),
        value: value.map(bytes),
        ..OutgoingRecord::default()
    };
    execute(world, Command::Send { producer, record });
    run_ms(world, 2_000);
    execute(world, Command::Close { client: producer });
}

/// A person pastes CSV, and later JSON lines. Each row becomes a record: its
/// key is the field that `key.field` names, its value the row as JSON.
#[test]
fn rows_become_records() {
    let mut world = world(1);
    add(&mut world, rows_source(&[]), "id,name\n1,Ada\n2,Grace\n");
    run_ms(&mut world, 5_000);
    assert_eq!(state(&world, "rows"), ConnectorState::Running);
    write(&mut world, "rows", "{\"id\": 3, \"name\": \"Edsger\"}\n");
    run_ms(&mut world, 3_000);
    let expected = [
        pair("1", r#"{"id":"1","name":"Ada"}"#),
        pair("2", r#"{"id":"2","name":"Grace"}"#),
        pair("3", r#"{"id":3,"name":"Edsger"}"#),
    ];
    assert_eq!(written(&world, "people"), expected);
}

/// Without `key.field` a record has no key.
#[test]
fn rows_without_a_key_field_become_records_without_a_key() {
    let mut world = world(1);
    let settings = [("topic", "people")];
    let config = config("rows", ConnectorClass::RowsSource, &settings);
    add(&mut world, config, "name\nAda\n");
    run_ms(&mut world, 5_000);
    let partition = world.partition(&TopicPartition::new("people", 0));
    let batch = partition.unwrap().log.batches().next().cloned().unwrap();
    let record = batch.records().next().unwrap().unwrap();
    assert_eq!(record.key, None);
    assert_eq!(record.value, Some(&br#"{"name":"Ada"}"#[..]));
}

/// Each `offset.flush.interval.ms` the connector stores how far it has come, in
/// the compacted topic connect-offsets, under its name. What runs after it,
/// whether it ended in order or crashed, goes on there.
#[test]
fn a_restart_goes_on_at_the_stored_offset() {
    let mut world = world(1);
    add(&mut world, rows_source(&[]), "id\n1\n2\n3\n");
    run_ms(&mut world, 10_000);
    assert_eq!(stored_offset(&world), None, "it is not time yet");
    let events = run_ms(&mut world, 60_000);
    let stored = ConnectorEvent::OffsetCommitted { position: 3 };
    assert_eq!(done(&events), [stored]);
    let expected = pair(r#"["rows",{"filename":"rows"}]"#, r#"{"position":3}"#);
    assert_eq!(stored_offset(&world), Some(expected));
    let settings = &world.topics()[OFFSETS_TOPIC].configs;
    assert_eq!(
        settings.get("cleanup.policy").map(String::as_str),
        Some("compact")
    );

    crash(&mut world, "rows");
    assert_eq!(state(&world, "rows"), ConnectorState::Unassigned);
    write(&mut world, "rows", "id\n4\n");
    run_ms(&mut world, 10_000);
    assert_eq!(written(&world, "people").len(), 3, "nobody runs its task");
    restart(&mut world, "rows");
    let events = run_ms(&mut world, 10_000);
    let position = Some(3);
    let expected = [
        ConnectorEvent::OffsetRead { position },
        ConnectorEvent::ChangesSent { from: 3, to: 4 },
    ];
    assert_eq!(done(&events), expected);
    let keys: Vec<String> = written(&world, "people")
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(keys, ["1", "2", "3", "4"]);
}

/// What was sent after the last flush is sent again when the worker crashes:
/// at least once.
#[test]
fn a_crash_before_the_flush_repeats_rows() {
    let mut world = world(1);
    add(&mut world, rows_source(&[]), "id\n1\n2\n");
    run_ms(&mut world, 70_000);
    write(&mut world, "rows", "id\n3\n4\n");
    run_ms(&mut world, 5_000);
    assert_eq!(written(&world, "people").len(), 4);
    crash(&mut world, "rows");
    restart(&mut world, "rows");
    let events = run_ms(&mut world, 10_000);
    let again = ConnectorEvent::ChangesSentAgain { from: 2, to: 4 };
    assert!(done(&events).contains(&again), "{:?}", done(&events));
    let keys: Vec<String> = written(&world, "people")
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(keys, ["1", "2", "3", "4", "3", "4"]);
}

/// A task that is told to end stores its offset before it goes, so that a
/// restart in order repeats nothing.
#[test]
fn a_restart_in_order_repeats_nothing() {
    let mut world = world(1);
    add(&mut world, rows_source(&[]), "id\n1\n2\n");
    run_ms(&mut world, 5_000);
    let first = client(&world, "rows");
    restart(&mut world, "rows");
    assert_eq!(state(&world, "rows"), ConnectorState::Restarting);
    write(&mut world, "rows", "id\n3\n");
    run_ms(&mut world, 10_000);
    assert_eq!(state(&world, "rows"), ConnectorState::Running);
    assert_ne!(client(&world, "rows"), first, "it has other clients");
    assert!(!world.clients().contains_key(&first));
    assert_eq!(written(&world, "people").len(), 3);
}

/// Changes of a table: what is written to a key that is there is an update,
/// what is taken out becomes a tombstone.
#[test]
fn a_tables_changes_become_upserts_and_tombstones() {
    let mut world = world(1);
    add(&mut world, table_source(), "id,name\n1,Ada\n2,Grace\n");
    run_ms(&mut world, 5_000);
    write(&mut world, "table", "id,name\n1,Ada Lovelace\n");
    delete(&mut world, "table", "2");
    run_ms(&mut world, 3_000);
    let expected = [
        pair("1", r#"{"id":"1","name":"Ada"}"#),
        pair("2", r#"{"id":"2","name":"Grace"}"#),
        pair("1", r#"{"id":"1","name":"Ada Lovelace"}"#),
        pair("2", ""),
    ];
    assert_eq!(written(&world, "people"), expected);
    let table = world.source_table("table").unwrap();
    let rows: Vec<_> = table.rows().values().map(|row| row.to_json()).collect();
    assert_eq!(rows, [r#"{"id":"1","name":"Ada Lovelace"}"#]);
}

/// The same changes go through a topic with three partitions into the sink's
/// table, which is then as the source's.
#[test]
fn a_sink_keeps_its_table_in_step_with_the_source() {
    let mut world = world(3);
    add(
        &mut world,
        table_source(),
        "id,name\n1,Ada\n2,Grace\n3,Edsger\n",
    );
    add(&mut world, table_sink(&[]), "");
    run_ms(&mut world, 10_000);
    write(&mut world, "table", "id,name\n1,Ada Lovelace\n4,Barbara\n");
    delete(&mut world, "table", "2");
    run_ms(&mut world, 5_000);
    let source = world.source_table("table").unwrap().rows().iter();
    let source: BTreeMap<_, _> = source
        .map(|(key, row)| (key.clone(), row.to_json()))
        .collect();
    assert_eq!(source.len(), 3);
    assert_eq!(table(&world, "sink", "people"), source);
    assert!(world.groups().contains_key("connect-sink"), "its group");
}

/// A sink commits each `offset.flush.interval.ms`. After a crash it reads again
/// what it had not committed, and writes it again to the same keys: the table
/// is the same.
#[test]
fn a_sink_that_crashes_writes_again_to_the_same_keys() {
    let mut world = world(1);
    add(&mut world, table_source(), "id,name\n1,Ada\n2,Grace\n");
    add(&mut world, table_sink(&[]), "");
    run_ms(&mut world, 10_000);
    let before = table(&world, "sink", "people");
    assert_eq!(before.len(), 2);
    crash(&mut world, "sink");
    assert_eq!(
        table(&world, "sink", "people"),
        before,
        "it lies outside Kafka"
    );
    restart(&mut world, "sink");
    let events = run_ms(&mut world, 20_000);
    let again = ConnectorEvent::RecordsPut {
        upserts: 2,
        deletes: 0,
    };
    assert_eq!(done(&events), [again]);
    let is_repeated = |event: &Event| matches!(event.kind, EventKind::RecordsProcessedAgain { .. });
    assert!(events.iter().any(is_repeated), "an onlooker is told");
    assert_eq!(table(&world, "sink", "people"), before);
    // By then it has committed, and a second crash repeats nothing.
    run_ms(&mut world, 61_000);
    crash(&mut world, "sink");
    restart(&mut world, "sink");
    assert_eq!(done(&run_ms(&mut world, 20_000)), []);
}

/// A sink that is stopped commits before it leaves.
#[test]
fn a_sink_that_is_stopped_commits_what_it_has_put() {
    let mut world = world(1);
    add(&mut world, table_source(), "id\n1\n2\n");
    add(&mut world, table_sink(&[]), "");
    run_ms(&mut world, 10_000);
    let connector = "sink".to_owned();
    execute(
        &mut world,
        Command::StopConnector {
            connector: connector.clone(),
        },
    );
    run_ms(&mut world, 3_000);
    assert_eq!(state(&world, "sink"), ConnectorState::Stopped);
    assert_eq!(world.connectors()["sink"].client(), None);
    write(&mut world, "table", "id\n3\n");
    run_ms(&mut world, 3_000);
    assert_eq!(table(&world, "sink", "people").len(), 2);
    execute(&mut world, Command::ResumeConnector { connector });
    let events = run_ms(&mut world, 10_000);
    let put = ConnectorEvent::RecordsPut {
        upserts: 1,
        deletes: 0,
    };
    assert!(done(&events).contains(&put), "{:?}", done(&events));
    assert_eq!(table(&world, "sink", "people").len(), 3);
}

/// Each topic has a table of its own, unless `table.name.format` says
/// otherwise.
#[test]
fn a_sink_of_two_topics_keeps_two_tables() {
    let mut world = world(1);
    create_topic(&mut world, "pets", 1);
    let settings = [("topics", "people, pets")];
    add(&mut world, table_sink(&settings), "");
    send(&mut world, "people", Some("1"), Some(r#"{"name":"Ada"}"#));
    send(&mut world, "pets", Some("1"), Some(r#"{"name":"Rex"}"#));
    run_ms(&mut world, 10_000);
    let one = |name: &str| BTreeMap::from([pair("1", &format!(r#"{{"name":"{name}"}}"#))]);
    assert_eq!(table(&world, "sink", "people"), one("Ada"));
    assert_eq!(table(&world, "sink", "pets"), one("Rex"));
}

/// Another member comes into the sink's group and goes: before partitions are
/// given up the sink commits, and the table has everything in the end.
#[test]
fn rebalances_make_no_difference_to_the_table() {
    let mut world = world(3);
    let rows: String = (0..30).map(|id| format!("{id}\n")).collect();
    add(&mut world, table_source(), &format!("id\n{rows}"));
    add(&mut world, table_sink(&[]), "");
    run_ms(&mut world, 10_000);
    assert_eq!(table(&world, "sink", "people").len(), 30);
    let guest = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        enable_auto_commit: false,
        session_timeout_ms: 6_000,
        ..ConsumerConfig::of_group("connect-sink")
    };
    let topics = vec!["people".into()];
    let guest = start(
        &mut world,
        Command::AddConsumer {
            config: guest,
            topics,
        },
    );
    let events = run_ms(&mut world, 10_000);
    let read = support::values_read(&events, guest);
    assert!(read.is_empty(), "the sink had committed: {read:?}");
    execute(&mut world, Command::Crash { client: guest });
    let more: String = (30..40).map(|id| format!("{id}\n")).collect();
    write(&mut world, "table", &format!("id\n{more}"));
    run_ms(&mut world, 20_000);
    assert_eq!(table(&world, "sink", "people").len(), 40);
}

/// A value that is no JSON fails the task, which says so and is not started
/// again by itself. Nothing of what it was given with it is put.
#[test]
fn a_record_that_cannot_be_converted_fails_the_task() {
    let mut world = world(1);
    add(&mut world, table_sink(&[]), "");
    run_ms(&mut world, 5_000);
    send(&mut world, "people", Some("1"), Some("no JSON"));
    let connector = &world.connectors()["sink"];
    assert_eq!(connector.state(), ConnectorState::Failed);
    let trace = connector.trace().expect("it says why");
    let first = "ConnectException: Tolerance exceeded in error handler\n\
                 Caused by: DataException: Converting byte[] to Kafka Connect data failed due to \
                 serialization error: \nCaused by: SerializationException: ";
    assert!(trace.starts_with(first), "{trace}");
    let reason = connector.reason().unwrap_or_default();
    let short = "ConnectException: Tolerance exceeded in error handler (SerializationException: ";
    assert!(reason.starts_with(short), "{reason}");
    assert!(
        trace.ends_with("The record: people-0 at offset 0."),
        "{trace}"
    );
    // It fails as often as it is restarted.
    send(&mut world, "people", Some("2"), Some("{}"));
    restart(&mut world, "sink");
    run_ms(&mut world, 10_000);
    assert_eq!(state(&world, "sink"), ConnectorState::Failed);
    // With errors.tolerance=all it passes over the record.
    let config = table_sink(&[("errors.tolerance", "all")]);
    execute(&mut world, Command::SetConnectorConfig { config });
    let events = run_ms(&mut world, 10_000);
    let is_skipped = |event: &ConnectorEvent| {
        matches!(
            event,
            ConnectorEvent::RecordSkipped {
                offset: Some(0),
                ..
            }
        )
    };
    assert!(done(&events).iter().any(is_skipped), "{:?}", done(&events));
    assert_eq!(state(&world, "sink"), ConnectorState::Running);
    assert_eq!(
        table(&world, "sink", "people"),
        BTreeMap::from([pair("2", "{}")])
    );
}

/// What the sink itself cannot take fails the task whatever `errors.tolerance`
/// is.
#[test]
fn a_record_without_a_key_fails_the_task_always() {
    let mut world = world(1);
    add(&mut world, table_sink(&[("errors.tolerance", "all")]), "");
    run_ms(&mut world, 5_000);
    send(&mut world, "people", None, Some("{}"));
    let trace = world.connectors()["sink"].trace();
    let expected = "ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n\
                    Caused by: ConnectException: The record people-0 at offset 0 has no key to \
                    know its row by.";
    assert_eq!(trace, Some(expected));
}

/// A row that is larger than the topic takes fails the source's task; the
/// offset that is stored is that before it.
#[test]
fn a_record_that_cannot_be_sent_fails_the_source() {
    let mut world = World::new(1, WorldConfig::playground());
    create_topic_with(&mut world, "people", 1, &[("max.message.bytes", "200")]);
    let settings = [("batch.max.rows", "1")];
    let long = "x".repeat(300);
    let rows = format!("id\n1\n{long}\n3\n");
    add(&mut world, rows_source(&settings), &rows);
    run_ms(&mut world, 20_000);
    let connector = &world.connectors()["rows"];
    assert_eq!(connector.state(), ConnectorState::Failed);
    let trace = connector.trace().expect("it says why");
    let first = "ConnectException: Unrecoverable exception from producer send callback\n\
                 Caused by: RecordTooLargeException: ";
    assert!(trace.starts_with(first), "{trace}");
    let (_, offset) = stored_offset(&world).expect("it stored what it could");
    assert_eq!(offset, r#"{"position":1}"#);
}

/// A paused connector keeps its clients and reads nothing.
#[test]
fn a_paused_connector_neither_reads_nor_writes() {
    let mut world = world(1);
    add(&mut world, table_source(), "id\n1\n");
    add(&mut world, table_sink(&[]), "");
    run_ms(&mut world, 10_000);
    let member = client(&world, "sink");
    for connector in ["table", "sink"].map(str::to_owned) {
        execute(&mut world, Command::PauseConnector { connector });
    }
    write(&mut world, "table", "id\n2\n");
    send(&mut world, "people", Some("7"), Some("{}"));
    run_ms(&mut world, 10_000);
    assert_eq!(state(&world, "table"), ConnectorState::Paused);
    assert_eq!(written(&world, "people").len(), 2);
    assert_eq!(table(&world, "sink", "people").len(), 1);
    assert_eq!(client(&world, "sink"), member);
    for connector in ["table", "sink"].map(str::to_owned) {
        execute(&mut world, Command::ResumeConnector { connector });
    }
    run_ms(&mut world, 10_000);
    assert_eq!(state(&world, "sink"), ConnectorState::Running);
    assert_eq!(table(&world, "sink", "people").len(), 3);
}

/// Who pauses a connector that is stopped gives it a task again, one that is
/// paused; also while its last task still ends.
#[test]
fn a_stopped_connector_that_is_paused_has_a_task_again() {
    for pause_ms in [0, 10_000] {
        let mut world = world(1);
        add(&mut world, table_source(), "id\n1\n");
        run_ms(&mut world, 5_000);
        let connector = "table".to_owned();
        let stop = Command::StopConnector {
            connector: connector.clone(),
        };
        execute(&mut world, stop);
        run_ms(&mut world, pause_ms);
        let pause = Command::PauseConnector {
            connector: connector.clone(),
        };
        execute(&mut world, pause);
        write(&mut world, "table", "id\n2\n");
        run_ms(&mut world, 10_000);
        assert_eq!(state(&world, "table"), ConnectorState::Paused);
        assert_eq!(written(&world, "people").len(), 1);
        execute(&mut world, Command::ResumeConnector { connector });
        run_ms(&mut world, 5_000);
        assert_eq!(written(&world, "people").len(), 2, "after {pause_ms} ms");
    }
}

/// A process that stands still does nothing; when it goes on, it does what is
/// left.
#[test]
fn connectors_are_frozen_and_thawed_as_any_client() {
    let mut world = world(1);
    let source = add(&mut world, table_source(), "id\n1\n");
    run_ms(&mut world, 5_000);
    execute(&mut world, Command::Freeze { client: source });
    let connector = "table".to_owned();
    let refused = world.execute(Command::RestartConnector { connector });
    assert_eq!(refused.unwrap_err(), Refusal::ClientIsFrozen(source));
    write(&mut world, "table", "id\n2\n");
    run_ms(&mut world, 10_000);
    assert_eq!(written(&world, "people").len(), 1);
    execute(&mut world, Command::Thaw { client: source });
    run_ms(&mut world, 3_000);
    assert_eq!(written(&world, "people").len(), 2);
}

/// A connector that is deleted leaves its offset and what lies outside Kafka:
/// another of its name goes on there. A worker that is closed does the same.
#[test]
fn another_connector_of_the_same_name_goes_on_where_it_was() {
    let mut world = world(1);
    let source = add(&mut world, table_source(), "id\n1\n2\n");
    run_ms(&mut world, 5_000);
    let connector = "table".to_owned();
    execute(&mut world, Command::RemoveConnector { connector });
    run_ms(&mut world, 5_000);
    assert!(world.connectors().is_empty());
    assert!(!world.clients().contains_key(&source));
    let source = add(&mut world, table_source(), "id\n3\n");
    run_ms(&mut world, 5_000);
    assert_eq!(written(&world, "people").len(), 3, "nothing twice");
    execute(&mut world, Command::Close { client: source });
    run_ms(&mut world, 5_000);
    assert_eq!(state(&world, "table"), ConnectorState::Unassigned);
    restart(&mut world, "table");
    run_ms(&mut world, 10_000);
    assert_eq!(written(&world, "people").len(), 3, "nothing twice");
}

/// The broker is down when the connector starts: it cannot find the topic with
/// the offsets, and fails in the end.
#[test]
fn a_source_fails_that_cannot_reach_the_offsets() {
    let mut world = world(1);
    execute(&mut world, Command::KillBroker { broker: 1 });
    add(&mut world, table_source(), "id\n1\n");
    run_ms(&mut world, 65_000);
    let trace = world.connectors()["table"].trace().expect("it says why");
    let first = "ConnectException: Timed out while checking for or creating topic(s) \
                 'connect-offsets'.";
    assert!(trace.starts_with(first), "{trace}");
    execute(&mut world, Command::StartBroker { broker: 1 });
    run_ms(&mut world, 60_000);
    restart(&mut world, "table");
    run_ms(&mut world, 10_000);
    assert_eq!(written(&world, "people").len(), 1);
}

/// The producer of a source cannot reach the brokers when it is to end: it is
/// given up after 30 seconds, and what it held is sent by the next task.
#[test]
fn a_producer_that_cannot_close_is_given_up() {
    let mut world = world(1);
    add(&mut world, table_source(), "id\n1\n");
    run_ms(&mut world, 5_000);
    execute(&mut world, Command::KillBroker { broker: 1 });
    write(&mut world, "table", "id\n2\n");
    run_ms(&mut world, 3_000);
    restart(&mut world, "table");
    run_ms(&mut world, 30_000);
    assert_eq!(state(&world, "table"), ConnectorState::Restarting);
    execute(&mut world, Command::StartBroker { broker: 1 });
    run_ms(&mut world, 40_000);
    assert_eq!(state(&world, "table"), ConnectorState::Running);
    let keys: Vec<String> = written(&world, "people")
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert!(keys.contains(&"2".to_owned()), "{keys:?}");
}

/// A person's mistakes are told in a sentence, and leave everything as it was.
#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let mut world = world(1);
    add(&mut world, table_source(), "id,name\n1,Ada\n");
    add(&mut world, table_sink(&[]), "");
    run_ms(&mut world, 10_000);
    let before = world.digest();
    let rows = |connector: &str, rows: &str| Command::WriteRows {
        connector: connector.to_owned(),
        rows: rows.to_owned(),
    };
    let new = |config: ConnectorConfig, rows: &str| Command::AddConnector {
        config,
        rows: rows.to_owned(),
    };
    let other = |settings: &[(&str, &str)]| config("x", ConnectorClass::TableSource, settings);
    let topic = ("topic", "people");
    let cases = [
        (
            rows("table", "id,name\n2,Grace\n3\n"),
            "Line 3: 1 values where the first line names 2 fields.",
        ),
        (
            rows("table", "{\"id\":2}\n{\"id\":"),
            "Line 2: this is no JSON object: EOF while parsing a value (column 6).",
        ),
        (
            rows("table", "name\nGrace\n"),
            "Line 2: there is no field id, which is the key (key.field).",
        ),
        (
            rows("table", "id,name\n,Grace\n"),
            "Line 2: the field id, which is the key (key.field), is empty.",
        ),
        (
            rows("sink", "id\n1\n"),
            "Connector sink is a TableSink, which this cannot be done with: choose another.",
        ),
        (
            rows("nobody", "id\n1\n"),
            "Connector nobody not found: choose one that is on the board.",
        ),
        (
            Command::DeleteRow {
                connector: "table".to_owned(),
                key: "7".to_owned(),
            },
            "There is no row with the key 7: choose one of the table.",
        ),
        (
            new(table_source(), ""),
            "Connector table already exists: choose another name.",
        ),
        (
            new(other(&[topic, ("key.field", "id")]), "id\n1\n1,2\n"),
            "Line 3: 2 values where the first line names 1 fields.",
        ),
        (
            new(other(&[topic]), ""),
            "A TableSource needs key.field: the field by which its table knows a row.",
        ),
        (
            new(other(&[("topic", "a,b"), ("key.field", "id")]), ""),
            "A TableSource writes to one topic: name it in topic.",
        ),
        (
            new(config("y", ConnectorClass::TableSink, &[]), ""),
            "Must configure one of topics or topics.regex",
        ),
        (
            new(config("a b", ConnectorClass::TableSink, &[]), ""),
            "A connector's name has 1 to 100 letters, digits, points, hyphens and underscores: \
             choose another than 'a b'.",
        ),
    ];
    for (command, sentence) in cases {
        let refusal = world.execute(command).expect_err("it is a mistake");
        assert_eq!(refusal.to_string(), sentence);
    }
    assert_eq!(world.digest(), before);
    let mut config = table_source();
    let refused = config.set("tasks.max", "2").expect_err("there is one task");
    assert_eq!(
        refused.to_string(),
        "Invalid value 2 for configuration tasks.max: it can only be 1 here"
    );
    assert_eq!(config, table_source());
}

/// Connectors are commands in the journal: replayed, they give the same world.
#[test]
fn connectors_are_replayed_from_the_journal() {
    let mut world = world(3);
    add(&mut world, table_source(), "id,name\n1,Ada\n2,Grace\n");
    add(
        &mut world,
        table_sink(&[("offset.flush.interval.ms", "2000")]),
        "",
    );
    run_ms(&mut world, 10_000);
    crash(&mut world, "table");
    delete(&mut world, "table", "1");
    restart(&mut world, "table");
    restart(&mut world, "sink");
    run_ms(&mut world, 5_000);
    crash(&mut world, "sink");
    restart(&mut world, "sink");
    run_ms(&mut world, 5_000);
    let again = world.journal().replay(world.now());
    assert_eq!(again.digest(), world.digest());
}
