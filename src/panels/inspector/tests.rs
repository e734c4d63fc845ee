//! Every kind of thing has a sheet, with its numbers, and says when it is gone.

use engine::client::{
    AdminConfig, Client, ConsumerConfig, GroupProtocol, OutgoingRecord, ProducerConfig,
    ShareConsumerConfig, TransactionCall,
};
use engine::sim::PacketId;
use engine::{Command, TopicPartition, World, WorldConfig};

use super::{Deed, Sheet, Verb, sheet};
use crate::stage::Subject;
use crate::stage::testing::{by_hand, consumer, run_ms, send, shop, start, world_with_topic};

const TOPIC: &str = "orders";

fn lane(partition: i32) -> TopicPartition {
    TopicPartition::new(TOPIC, partition)
}

/// A topic of three partitions, a producer with keys, a group of two.
fn world() -> World {
    let mut world = world_with_topic(TOPIC, 3);
    shop(&mut world, TOPIC);
    consumer(&mut world, "billing", TOPIC);
    consumer(&mut world, "billing", TOPIC);
    run_ms(&mut world, 12_000);
    world
}

fn value(sheet: &Sheet, name: &str) -> String {
    let value = sheet.value(name);
    value.unwrap_or_else(|| panic!("{} has no row {name}: {sheet:#?}", sheet.title))
}

/// All that a sheet says, in lines.
fn text(sheet: &Sheet) -> String {
    let mut lines = vec![sheet.title.clone(), sheet.sentence.clone()];
    for section in &sheet.sections {
        lines.push(section.heading.clone());
        lines.extend(
            section
                .rows
                .iter()
                .map(|row| format!("{}: {}", row.name, row.value)),
        );
        lines.extend(section.text.clone());
        for row in section.table.iter().flat_map(|table| &table.rows) {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            lines.push(cells.join(" | "));
        }
    }
    lines.join("\n")
}

fn links(sheet: &Sheet) -> Vec<Subject> {
    let rows = sheet.sections.iter().flat_map(|section| {
        let values = section.rows.iter().map(|row| &row.value);
        let cells = section
            .table
            .iter()
            .flat_map(|table| table.rows.iter().flatten());
        values.chain(cells)
    });
    rows.flat_map(|text| text.0.iter().filter_map(|piece| piece.to.clone()))
        .collect()
}

#[test]
fn a_topic_tells_of_its_partitions_and_settings() {
    let world = world();
    let sheet = sheet(&world, &Subject::Topic(TOPIC.into()));
    assert_eq!(sheet.title, "Topic orders");
    assert_eq!(value(&sheet, "PartitionCount"), "3");
    assert_eq!(value(&sheet, "Read by"), "billing");
    assert_eq!(value(&sheet, "retention.ms"), "604800000");
    assert!(links(&sheet).contains(&Subject::Partition(lane(2))));
    let names: Vec<&str> = sheet.acts.iter().map(|act| act.name).collect();
    for name in [
        "Browse messages",
        "Add partitions",
        "Delete records",
        "Delete topic",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn a_setting_is_changed_by_an_admin_call() {
    let mut world = world();
    let config = AdminConfig::named("desk");
    let admin = start(&mut world, Command::AddAdmin { config });
    let of = |world: &World| sheet(world, &Subject::Topic(TOPIC.into()));
    let fill = |sheet: &Sheet, given: &str| {
        let mut acts = sheet.acts.iter();
        let act = acts.find(|act| act.name == "Change a setting");
        let fields = |name: &str| match name {
            "name" => "retention.ms".to_owned(),
            _ => given.to_owned(),
        };
        match act.expect("it can be done").verb.fill(&fields) {
            Ok(Deed::Admin(request)) => *request,
            other => panic!("{other:?}"),
        }
    };
    for (given, expected) in [("60000", "60000"), ("", "604800000")] {
        let request = fill(&of(&world), given);
        let call = Command::AdminCall { admin, request };
        world.execute(call).expect("the admin client runs");
        run_ms(&mut world, 3_000);
        assert_eq!(value(&of(&world), "retention.ms"), expected);
    }
}

#[test]
fn a_partition_has_the_numbers_of_its_log_and_of_each_group() {
    let world = world();
    for number in 0..3 {
        let sheet = sheet(&world, &Subject::Partition(lane(number)));
        let log = &world.partition(&lane(number)).expect("it is led").log;
        assert_eq!(value(&sheet, "Leader"), "broker 1");
        assert_eq!(
            value(&sheet, "Log end offset (LEO)"),
            log.end_offset().to_string()
        );
        assert_eq!(
            value(&sheet, "High watermark (HW)"),
            log.high_watermark().to_string()
        );
        assert_eq!(
            value(&sheet, "Last stable offset (LSO)"),
            log.last_stable_offset().to_string()
        );
        assert_eq!(value(&sheet, "Size"), log.size_bytes().to_string());
        let text = text(&sheet);
        assert!(text.contains("\nbilling | "), "{text}");
    }
}

#[test]
fn a_record_tells_its_batch_its_key_and_who_has_processed_it() {
    let world = world();
    let of = (0..3).map(lane).find(|of| {
        let log = &world.partition(of).expect("it is led").log;
        log.end_offset() > 2
    });
    let of = of.expect("some partition has records");
    let subject = Subject::Record(of.clone(), 0);
    let found = sheet(&world, &subject);
    assert!(value(&found, "Key").starts_with("user-"));
    assert_eq!(
        value(&found, "Replication").split(':').next(),
        Some("committed")
    );
    assert!(value(&found, "So").ends_with("here"), "{found:#?}");
    assert!(
        text(&found).contains("billing | processed once"),
        "{}",
        text(&found)
    );
    assert_eq!(value(&found, "producerEpoch"), "0");
    assert_eq!(value(&found, "sequence"), "0");
    let beyond = sheet(&world, &Subject::Record(of, 1_000));
    assert!(
        beyond.is_gone && beyond.sentence.contains("the log ends at"),
        "{beyond:?}"
    );
}

#[test]
fn a_value_that_is_json_is_put_in_lines() {
    let mut world = world_with_topic(TOPIC, 1);
    let producer = by_hand(&mut world);
    let record = OutgoingRecord {
        topic: TOPIC.into(),
        value: Some(br#"{"to":"Ada"}"#.to_vec()),
        headers: vec![("trace".to_owned(), Some(b"7".to_vec()))],
        ..OutgoingRecord::default()
    };
    let send = Command::Send { producer, record };
    world.execute(send).expect("the producer runs");
    run_ms(&mut world, 2_000);
    let found = sheet(&world, &Subject::Record(lane(0), 0));
    assert!(
        text(&found).contains("{\n  \"to\": \"Ada\"\n}"),
        "{}",
        text(&found)
    );
    assert_eq!(value(&found, "Header trace"), "7");
    assert!(text(&found).contains("7b 22 74 6f"), "{}", text(&found));
}

#[test]
fn transactions_are_told_open_committed_aborted() {
    let mut world = world_with_topic(TOPIC, 1);
    let config = ProducerConfig {
        transactional_id: Some("till".to_owned()),
        ..ProducerConfig::default()
    };
    let workload = None;
    let producer = start(&mut world, Command::AddProducer { config, workload });
    let call = |world: &mut World, call| {
        let command = Command::Transaction { producer, call };
        world.execute(command).expect("the producer runs");
        run_ms(world, 3_000);
    };
    call(&mut world, TransactionCall::Init);
    call(&mut world, TransactionCall::Begin);
    send(&mut world, producer, TOPIC, None, "first");
    run_ms(&mut world, 2_000);
    let of = |world: &World, offset| {
        value(
            &sheet(world, &Subject::Record(lane(0), offset)),
            "Transaction",
        )
    };
    assert!(of(&world, 0).starts_with("open"));
    let client = sheet(&world, &Subject::Client(producer));
    assert_eq!(value(&client, "State"), "IN_TRANSACTION");
    assert_eq!(value(&client, "In the transaction"), "orders-0");
    call(&mut world, TransactionCall::Abort);
    assert!(of(&world, 0).starts_with("aborted"));
    let marker = sheet(&world, &Subject::Record(lane(0), 1));
    assert!(
        marker.sentence.starts_with("A control record"),
        "{marker:?}"
    );
    call(&mut world, TransactionCall::Begin);
    send(&mut world, producer, TOPIC, None, "second");
    run_ms(&mut world, 2_000);
    call(&mut world, TransactionCall::Commit);
    assert_eq!(of(&world, 2), "committed");
    let broker = sheet(&world, &Subject::Broker(1));
    assert!(text(&broker).contains("till | "), "{}", text(&broker));
}

#[test]
fn groups_of_every_kind_tell_their_members_and_their_coordinator() {
    let mut world = world();
    let config = ConsumerConfig {
        group_protocol: GroupProtocol::Consumer,
        ..ConsumerConfig::of_group("new-style")
    };
    let topics = vec![TOPIC.into()];
    start(&mut world, Command::AddConsumer { config, topics });
    let config = ShareConsumerConfig::of_group("queue");
    let topics = vec![TOPIC.into()];
    start(&mut world, Command::AddShareConsumer { config, topics });
    run_ms(&mut world, 15_000);
    for (id, state) in [
        ("billing", "Stable"),
        ("new-style", "Stable"),
        ("queue", "Stable"),
    ] {
        let sheet = sheet(&world, &Subject::Group(id.to_owned()));
        assert_eq!(value(&sheet, "State"), state, "{id}");
        assert_eq!(value(&sheet, "Coordinator"), "broker 1", "{id}");
        assert!(
            value(&sheet, "Partition").starts_with("__consumer_offsets-"),
            "{id}"
        );
        assert!(
            links(&sheet)
                .iter()
                .any(|to| matches!(to, Subject::Client(_))),
            "{id}"
        );
    }
    let billing = sheet(&world, &Subject::Group("billing".to_owned()));
    assert_eq!(value(&billing, "Members"), "2");
    assert!(text(&billing).contains("orders-1 | "), "{}", text(&billing));
}

#[test]
fn clients_of_every_kind_have_a_sheet() {
    let mut world = world();
    let config = ShareConsumerConfig::of_group("queue");
    let topics = vec![TOPIC.into()];
    start(&mut world, Command::AddShareConsumer { config, topics });
    let config = AdminConfig::named("desk");
    start(&mut world, Command::AddAdmin { config });
    let consumer = ConsumerConfig::of_group("copy");
    let producer = ProducerConfig {
        transactional_id: Some("copy-1".to_owned()),
        ..ProducerConfig::default()
    };
    let command = Command::AddProcessor {
        consumer,
        producer,
        input: vec![TOPIC.into()],
        output: TOPIC.into(),
    };
    let processor = start(&mut world, command);
    run_ms(&mut world, 10_000);
    for (number, client) in world.clients() {
        let sheet = sheet(&world, &Subject::Client(*number));
        assert!(!sheet.is_gone && !sheet.sections.is_empty(), "{sheet:?}");
        assert_eq!(value(&sheet, "client.id"), client.client_id());
        let names: Vec<&str> = sheet.acts.iter().map(|act| act.name).collect();
        for name in ["Close", "Crash", "Cut its links"] {
            assert!(names.contains(&name), "{}: {names:?}", sheet.title);
        }
    }
    let sheet = sheet(&world, &Subject::Client(processor));
    assert_eq!(value(&sheet, "Output"), TOPIC);
    // A screen reader says the head of each column.
    let tables = sheet
        .sections
        .iter()
        .filter_map(|section| section.table.as_ref());
    let heads: Vec<&str> = tables.flat_map(|table| table.heads.clone()).collect();
    assert!(!heads.is_empty() && heads.iter().all(|head| !head.is_empty()));
}

#[test]
fn a_consumer_tells_positions_clocks_and_what_it_processed() {
    let world = world();
    let (number, consumer) = world
        .clients()
        .iter()
        .find_map(|(number, client)| match client {
            Client::Consumer(consumer) if !consumer.assignment().is_empty() => {
                Some((*number, consumer))
            }
            _ => None,
        })
        .expect("somebody owns partitions");
    let sheet = sheet(&world, &Subject::Client(number));
    assert_eq!(value(&sheet, "Member id"), consumer.member_id());
    assert_eq!(
        value(&sheet, "Generation or epoch"),
        consumer.generation().to_string()
    );
    assert_eq!(
        value(&sheet, "Records read"),
        consumer.records_read().to_string()
    );
    assert!(value(&sheet, "Next heartbeat").starts_with("in "));
    assert!(value(&sheet, "Session ends").starts_with("in "));
    for of in consumer.assignment().keys() {
        assert!(links(&sheet).contains(&Subject::Partition(of.clone())));
    }
}

#[test]
fn brokers_controllers_and_replicas_have_sheets() {
    let mut world = World::new(3, WorldConfig::cluster(&[1, 2, 3], &[101, 102, 103], &[]));
    run_ms(&mut world, 2_000);
    let broker = sheet(&world, &Subject::Broker(2));
    assert_eq!(value(&broker, "State"), "RUNNING");
    assert!(
        broker
            .acts
            .iter()
            .any(|act| act.name == "Kill" && act.is_grave)
    );
    let kill = Command::KillBroker { broker: 2 };
    world.execute(kill).expect("it runs");
    let broker = sheet(&world, &Subject::Broker(2));
    assert_eq!(value(&broker, "State"), "NOT_RUNNING");
    assert!(broker.acts.iter().any(|act| act.name == "Start"));
    let controllers: Vec<String> = [101, 102, 103]
        .iter()
        .map(|id| value(&sheet(&world, &Subject::Controller(*id)), "Active"))
        .collect();
    assert_eq!(controllers.iter().filter(|it| *it == "yes").count(), 1);
    let single = world_with_topic(TOPIC, 1);
    let replica = sheet(&single, &Subject::Replica(lane(0), 1));
    assert_eq!(value(&replica, "Role"), "leader");
    assert_eq!(value(&replica, "In sync (Isr)"), "yes");
}

#[test]
fn packets_show_their_fields_by_kafkas_names() {
    let mut world = world();
    let mut kinds = engine::collections::BTreeSet::new();
    for _ in 0..2_000 {
        run_ms(&mut world, 7);
        for packet in world.packets() {
            let sheet = sheet(&world, &Subject::Packet(packet.id));
            assert!(!sheet.is_gone);
            let carries = sheet
                .sections
                .iter()
                .find_map(|section| section.text.clone());
            let carries = carries.expect("its fields are shown");
            let rust = ["Some(", "Request {", "Response {", "topic_partition"];
            assert!(rust.iter().all(|word| !carries.contains(word)), "{carries}");
            kinds.insert(packet.payload.api());
        }
    }
    for api in ["Produce", "Fetch", "Heartbeat", "OffsetCommit"] {
        assert!(kinds.contains(api), "{kinds:?}");
    }
}

#[test]
fn a_frozen_client_says_so_and_can_go_on() {
    let mut world = world();
    let consumers = world.clients().iter();
    let mut consumers = consumers.filter(|(_, client)| matches!(client, Client::Consumer(_)));
    let client = *consumers.next().expect("two consumers run").0;
    let freeze = Command::Freeze { client };
    world.execute(freeze).expect("it runs");
    let frozen = sheet(&world, &Subject::Client(client));
    assert_eq!(value(&frozen, "State"), "frozen");
    let names: Vec<&str> = frozen.acts.iter().map(|act| act.name).collect();
    assert!(
        names.contains(&"Let it go on") && !names.contains(&"Freeze"),
        "{names:?}"
    );
}

#[test]
fn what_is_gone_says_so() {
    let world = world();
    for subject in [
        Subject::Topic("no".into()),
        Subject::Partition(lane(9)),
        Subject::Record(lane(9), 0),
        Subject::Group("no".to_owned()),
        Subject::Client(99),
        Subject::Broker(9),
        Subject::Controller(9),
        Subject::Replica(lane(0), 9),
        Subject::Packet(PacketId(u64::MAX)),
    ] {
        let sheet = sheet(&world, &subject);
        assert!(sheet.is_gone && sheet.acts.is_empty(), "{subject:?}");
        assert!(sheet.sentence.ends_with('.'), "{}", sheet.sentence);
    }
}

#[test]
fn what_is_filled_in_becomes_what_is_done() {
    let world = world();
    let topic = sheet(&world, &Subject::Topic(TOPIC.into()));
    let verb = |name: &str| {
        let act = topic.acts.iter().find(|act| act.name == name);
        &act.expect("it can be done").verb
    };
    let fields = |name: &str| match name {
        "count" => "5".to_owned(),
        "partition" => "orders-1".to_owned(),
        _ => String::new(),
    };
    assert!(matches!(
        verb("Add partitions").fill(&fields),
        Ok(Deed::Admin(_))
    ));
    assert!(matches!(
        verb("Delete records").fill(&fields),
        Ok(Deed::Admin(_))
    ));
    let wrong = verb("Add partitions").fill(&|_| "many".to_owned());
    assert!(
        wrong
            .expect_err("that is no number")
            .starts_with("Partitions:")
    );
    let slow = Verb::Slow(1).fill(&|name| if name == "request" { "20" } else { "0" }.to_owned());
    let expected = Command::SlowBroker {
        broker: 1,
        slowness: engine::broker::Slowness {
            request_us: 20_000,
            disk_write_us: 0,
        },
    };
    assert_eq!(slow, Ok(Deed::Command(Box::new(expected))));
}

#[test]
fn a_connectors_sheet_tells_how_far_it_is_and_takes_rows() {
    use engine::client::connect::{ConnectorClass, ConnectorConfig};
    let mut world = world_with_topic("people", 1);
    let mut config = ConnectorConfig::new("source", ConnectorClass::TableSource);
    config.topics = vec!["people".into()];
    config.key_field = Some("id".to_owned());
    let rows = "id,name\n1,Ada\n".to_owned();
    let client = start(&mut world, Command::AddConnector { config, rows });
    run_ms(&mut world, 5_000);
    let subject = Subject::Connector("source".to_owned());
    let shown = sheet(&world, &subject);
    assert_eq!(value(&shown, "State"), "RUNNING");
    assert_eq!(value(&shown, "Next change"), "1");
    assert_eq!(value(&shown, "Stored"), "0");
    assert!(text(&shown).contains("1 | {\"id\":\"1\",\"name\":\"Ada\"}"));
    assert!(links(&shown).contains(&Subject::Client(client)));
    assert!(links(&sheet(&world, &Subject::Client(client))).contains(&subject));
    let add = shown.acts.iter().find(|act| act.name == "Add rows");
    let filled = |name: &str| match name {
        "rows" => "id,name\n2,Grace".to_owned(),
        other => panic!("{other}"),
    };
    let deed = add.expect("it takes rows").verb.fill(&filled);
    let Ok(Deed::Command(command)) = deed else {
        panic!("{deed:?}");
    };
    world.execute(*command).expect("these are rows");
    assert!(text(&sheet(&world, &subject)).contains("Grace"));
    let connector = "source".to_owned();
    let remove = Command::RemoveConnector { connector };
    world.execute(remove).expect("it is there");
    run_ms(&mut world, 5_000);
    assert!(sheet(&world, &subject).is_gone);
}
