//! Clients that read are made and restarted as a person asks.

use super::*;
use crate::panels::{ConsumerRequest, Reader, ReaderKind};
use engine::client::{AutoOffsetReset, GroupProtocol, ShareConsumerConfig};

fn request(reader: Reader, topics: &[&str]) -> ConsumerRequest {
    ConsumerRequest {
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        reader,
        per_record_us: 20_000,
    }
}

#[test]
fn every_kind_of_reader_is_made_from_a_form() {
    let mut playground = WORLDS[0].open(8);
    playground
        .create_topic("copies", 2, -1, BTreeMap::new())
        .expect("the request is sent");
    playground.advance_us(3_000_000);
    let of_kip848 = ConsumerConfig {
        group_protocol: GroupProtocol::Consumer,
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::of_group("modern")
    };
    let readers = [
        Reader::Member(Box::new(of_kip848)),
        Reader::Alone(Box::new(ConsumerConfig::without_group()), vec![2]),
        Reader::Share(Box::new(ShareConsumerConfig::of_group("crew"))),
        Reader::Processor {
            consumer: Box::new(ConsumerConfig::of_group("copier")),
            producer: Box::new(ProducerConfig {
                transactional_id: Some("copier".to_owned()),
                ..ProducerConfig::default()
            }),
            output: "copies".to_owned(),
        },
    ];
    let started = readers.map(|reader| {
        let started = playground.add_reader(request(reader, &["orders"]));
        started.expect("nothing is wrong with it")
    });
    playground.advance_us(30_000_000);
    let world = playground.world();
    assert_eq!(world.consumer_groups()["modern"].1.members().len(), 1);
    let Client::Consumer(alone) = &world.clients()[&started[1]] else {
        panic!("it is a consumer");
    };
    let read: Vec<i32> = alone.assignment().keys().map(|of| of.partition).collect();
    assert_eq!(read, [2]);
    assert_eq!(alone.config.client_id, "reader-1");
    let Client::ShareConsumer(share) = &world.clients()[&started[2]] else {
        panic!("it is a share consumer");
    };
    assert!(share.records_processed() > 0 && share.config.processing_us == 20_000);
    let copied: i64 = (0..2)
        .map(|number| {
            let of = TopicPartition::new("copies", number);
            world.partition(&of).expect("it is led").log.end_offset()
        })
        .sum();
    assert!(copied > 0, "the processor writes");
    assert_eq!(playground.take_complaints(), Vec::<String>::new());
}

#[test]
fn one_more_member_is_of_the_kind_that_the_others_are() {
    let mut playground = ReadyMade::of_id("work-queue").expect("it is there").open(1);
    let member = playground
        .add_member("workers", &["jobs"])
        .expect("there is room");
    let Client::ShareConsumer(worker) = &playground.world().clients()[&member] else {
        panic!("the others are share consumers");
    };
    assert_eq!(worker.config.processing_us, 900_000);
    playground.advance_us(5_000_000);
    assert_eq!(
        playground.world().share_groups()["workers"]
            .1
            .members()
            .len(),
        5
    );
}

#[test]
fn an_empty_group_says_of_what_kind_its_next_member_is() {
    let mut playground = WORLDS[0].open(8);
    let of_kip848 = ConsumerConfig {
        group_protocol: GroupProtocol::Consumer,
        ..ConsumerConfig::of_group("modern")
    };
    let readers = [
        Reader::Member(Box::new(ConsumerConfig::of_group("old"))),
        Reader::Member(Box::new(of_kip848)),
        Reader::Share(Box::new(ShareConsumerConfig::of_group("crew"))),
    ];
    let started = readers.map(|reader| {
        let started = playground.add_reader(request(reader, &["orders"]));
        started.expect("nothing is wrong with it")
    });
    let kinds = |playground: &Playground| {
        ["old", "modern", "crew", "nobody"].map(|id| ReaderKind::of_group(playground.world(), id))
    };
    let expected = [
        Some(ReaderKind::Classic),
        Some(ReaderKind::Consumer),
        Some(ReaderKind::Share),
        None,
    ];
    assert_eq!(kinds(&playground), expected, "as its member is");
    playground.advance_us(20_000_000);
    for client in started {
        playground
            .execute(Command::Close { client })
            .expect("it runs");
    }
    playground.advance_us(10_000_000);
    let clients = playground.world().clients();
    assert!(started.iter().all(|it| !clients.contains_key(it)));
    assert_eq!(kinds(&playground), expected, "as its coordinator knows");
    playground
        .add_member("crew", &["orders"])
        .expect("there is room");
    playground.advance_us(10_000_000);
    let crew = playground.world().share_groups()["crew"].1.members().len();
    assert_eq!(crew, 1, "it is a share consumer too");
}

#[test]
fn a_processor_may_read_what_it_writes() {
    let mut playground = WORLDS[0].open(8);
    let reader = Reader::Processor {
        consumer: Box::new(ConsumerConfig::of_group("circle")),
        producer: Box::new(ProducerConfig {
            transactional_id: Some("circle".to_owned()),
            ..ProducerConfig::default()
        }),
        output: "orders".to_owned(),
    };
    let consumer = playground
        .add_reader(request(reader, &["orders"]))
        .expect("Kafka allows it");
    playground.advance_us(20_000_000);
    let mut without = WORLDS[0].open(8);
    without.advance_us(20_000_000);
    let ends = (0..3).map(|number| {
        let of = TopicPartition::new("orders", number);
        let leader = without.world().partition(&of).expect("it is led");
        leader.log.end_offset()
    });
    let of_others: i64 = ends.sum();
    let Client::Consumer(consumer) = &playground.world().clients()[&consumer] else {
        panic!("it runs");
    };
    let read = consumer.records_read();
    assert!(
        read > of_others.unsigned_abs(),
        "{read}, where others write {of_others}: it reads its own too"
    );
    assert_eq!(playground.take_complaints(), Vec::<String>::new());
}

#[test]
fn what_is_restarted_comes_back_as_it_was() {
    let mut playground = WORLDS[0].open(9);
    playground.advance_us(5_000_000);
    let number = |playground: &Playground, name: &str| {
        let clients = playground.world().clients().iter();
        let mut named = clients.filter(|(_, client)| client.client_id() == name);
        named.next().map(|(number, _)| *number)
    };
    for name in ["shop", "billing-1"] {
        let before = number(&playground, name).expect("it runs");
        playground
            .restart(Victim::Client(before))
            .expect("it can be");
        playground.advance_us(20_000_000);
        let after = number(&playground, name).expect("it runs again");
        assert!(after > before, "{name} is another process");
    }
    let shop = number(&playground, "shop").expect("it runs");
    let Client::Producer(shop) = &playground.world().clients()[&shop] else {
        panic!("it is a producer");
    };
    assert!(shop.workload().is_some());
    assert_eq!(group_state(&playground, "billing"), GroupState::Stable);
    playground.restart(Victim::Broker(1)).expect("it runs");
    playground.advance_us(20_000_000);
    assert!(playground.world().brokers()[&1].state().is_up());
    let complaints = playground.take_complaints();
    assert_eq!(complaints, Vec::<String>::new());
}
