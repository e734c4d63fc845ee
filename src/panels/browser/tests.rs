//! The browser over worlds that have records.

use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::page::PAGE;
use super::{Cursor, Filter, browse};
use crate::stage::testing::{by_hand, run_ms, send, world_with_topic};

const TOPIC: &str = "orders";

/// A topic with so many records of two keys, `even` and `odd`.
fn world(records: usize) -> World {
    let mut world = world_with_topic(TOPIC, 2);
    let producer = by_hand(&mut world);
    for number in 0..records {
        let key = if number % 2 == 0 { "even" } else { "odd" };
        send(
            &mut world,
            producer,
            TOPIC,
            Some(key),
            &format!("Order {number}"),
        );
        if number % 10 == 0 {
            run_ms(&mut world, 20);
        }
    }
    run_ms(&mut world, 5_000);
    world
}

fn all(world: &World, filter: &Filter) -> Vec<(TopicPartition, i64, String)> {
    let topic = TopicName::from(TOPIC);
    let mut cursor = Cursor::new();
    let mut found = Vec::new();
    loop {
        let page = browse(world, &topic, filter, &cursor).expect("the topic is there");
        assert!(page.records.len() <= PAGE);
        let records = page.records.into_iter();
        found.extend(
            records.map(|it| (it.topic_partition, it.offset, it.value.unwrap_or_default())),
        );
        match page.next {
            Some(next) => cursor = next,
            None => return found,
        }
    }
}

#[test]
fn pages_show_each_record_once_and_each_partition_from_its_end() {
    let world = world(130);
    let found = all(&world, &Filter::default());
    assert_eq!(found.len(), 130);
    for partition in 0..2 {
        let of = TopicPartition::new(TOPIC, partition);
        let offsets: Vec<i64> = found
            .iter()
            .filter(|(it, ..)| *it == of)
            .map(|(_, offset, _)| *offset)
            .collect();
        let end = world.partition(&of).expect("it is led").log.end_offset();
        let expected: Vec<i64> = (0..end).rev().collect();
        assert_eq!(offsets, expected, "{of}");
    }
}

#[test]
fn a_page_without_a_filter_looks_at_no_more_than_it_shows() {
    let world = world(2_000);
    let topic = TopicName::from(TOPIC);
    let mut cursor = Cursor::new();
    for _ in 0..5 {
        let page = browse(&world, &topic, &Filter::default(), &cursor).expect("it is there");
        assert_eq!((page.records.len(), page.total), (PAGE, 2_000));
        // One more of each partition, to tell which comes next.
        assert!(
            page.looked_at <= PAGE + page.partitions,
            "{}",
            page.looked_at
        );
        cursor = page.next.expect("there are more");
    }
}

#[test]
fn filters_go_by_partition_key_text_and_offset() {
    let world = world(60);
    let with = |filter: Filter| all(&world, &filter);
    let of_key = with(Filter {
        key: Some("odd".to_owned()),
        ..Filter::default()
    });
    assert_eq!(of_key.len(), 30);
    assert!(
        of_key.iter().all(|(of, ..)| *of == of_key[0].0),
        "one key, one partition"
    );
    let of_text = with(Filter {
        text: "order 5".to_owned(),
        ..Filter::default()
    });
    // 5 and 50 to 59: capitals do not matter.
    assert_eq!(of_text.len(), 11);
    let of_partition = with(Filter {
        partition: Some(of_key[0].0.partition),
        ..Filter::default()
    });
    let of_range = with(Filter {
        partition: Some(of_key[0].0.partition),
        from: Some(3),
        to: Some(6),
        ..Filter::default()
    });
    let offsets: Vec<i64> = of_range.iter().map(|(_, offset, _)| *offset).collect();
    assert_eq!(offsets, [6, 5, 4, 3]);
    assert!(of_partition.len() >= 30);
    let of_nothing = with(Filter {
        text: "no such text".to_owned(),
        ..Filter::default()
    });
    assert!(of_nothing.is_empty());
}

#[test]
fn a_topic_that_is_gone_has_no_page() {
    let world = world(0);
    let filter = Filter::default();
    assert_eq!(
        browse(&world, &"gone".into(), &filter, &Cursor::new()),
        None
    );
    let page = browse(&world, &TOPIC.into(), &filter, &Cursor::new()).expect("it is there");
    assert!(page.records.is_empty() && page.next.is_none());
}

#[test]
fn a_filter_is_read_from_its_fields() {
    let fields = |name: &str| match name {
        "partition" => "1".to_owned(),
        "text" => " Ada ".to_owned(),
        "from" => "10".to_owned(),
        _ => String::new(),
    };
    let filter = Filter::read(&fields).expect("it makes sense");
    assert_eq!(filter.partition, Some(1));
    assert_eq!(
        (filter.text.as_str(), filter.from, filter.to),
        ("ada", Some(10), None)
    );
    let refusal = Filter::read(&|_| "-3".to_owned()).expect_err("no offset is below 0");
    assert!(refusal.starts_with("Partition:"), "{refusal}");
}
