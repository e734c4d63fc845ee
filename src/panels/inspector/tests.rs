//! Every kind of thing has a sheet, with its numbers, and says when it is gone.

mod clients;
mod cluster;
mod groups;

use engine::client::{
    AdminConfig, Client, ConsumerConfig, GroupProtocol, OutgoingRecord, ProducerConfig,
    ShareConsumerConfig, TransactionCall,
};
use engine::sim::{Latency, PacketId};
use engine::{Command, TopicPartition, World, WorldConfig};

use super::act::Act;
use super::{Deed, Sheet, Verb, sheet, words};
use crate::playground::{Playground, ReadyMade, ResetTo, WORLDS};
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

/// What can be done by this name.
fn act<'a>(sheet: &'a Sheet, name: &str) -> &'a Act {
    let found = sheet.acts.iter().find(|act| act.name == name);
    found.unwrap_or_else(|| panic!("{} has no {name}", sheet.title))
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
