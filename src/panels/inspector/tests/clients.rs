//! The sheets of clients.

use super::*;
use crate::panels::{Cursor, Filter, browse};

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

/// Fills an act in and carries out the command that comes of it.
fn fill(world: &mut World, client: u32, name: &str, fields: &[(&str, &str)]) {
    let shown = sheet(world, &Subject::Client(client));
    let filled = act(&shown, name).verb.fill(&|wanted| {
        let field = fields.iter().find(|(field, _)| *field == wanted);
        field.map_or(String::new(), |(_, value)| (*value).to_owned())
    });
    let Ok(Deed::Command(command)) = filled else {
        panic!("{filled:?}");
    };
    world.execute(*command).expect("the client runs");
}

#[test]
fn what_a_share_consumer_says_and_how_slow_it_is_are_changed() {
    let mut world = world();
    let config = ShareConsumerConfig::of_group("queue");
    let topics = vec![TOPIC.into()];
    let client = start(&mut world, Command::AddShareConsumer { config, topics });
    fill(&mut world, client, "Slow down", &[("per-record", "300")]);
    let says = [("says", "reject"), ("every", "4")];
    fill(&mut world, client, "Change what it says", &says);
    let shown = sheet(&world, &Subject::Client(client));
    assert_eq!(value(&shown, "Time for a record"), "300");
    assert_eq!(
        value(&shown, "Says of records"),
        "accept; Reject for one record in 4"
    );
    run_ms(&mut world, 20_000);
    let Client::ShareConsumer(consumer) = &world.clients()[&client] else {
        panic!("it runs");
    };
    let at_most = 20_000 / 300;
    let processed = consumer.records_processed();
    assert!((1..=at_most).contains(&processed), "{processed} in 20 s");
}

#[test]
fn a_producers_rate_and_what_a_consumer_reads_are_changed() {
    let mut world = world();
    let of_kind = |world: &World, kind: &str| {
        let clients = world.clients().iter();
        let mut of_kind = clients.filter(|(_, client)| client.kind() == kind);
        *of_kind.next().expect("there is one").0
    };
    let producer = of_kind(&world, "producer");
    fill(&mut world, producer, "Change its rate", &[("rate", "4")]);
    let shown = sheet(&world, &Subject::Client(producer));
    assert_eq!(value(&shown, "Makes up"), "1 record every 250 ms to orders");
    let consumer = of_kind(&world, "consumer");
    let assign = [("how", "assign"), ("what", "orders-0, orders-2")];
    fill(&mut world, consumer, "Change what it reads", &assign);
    run_ms(&mut world, 2_000);
    let shown = sheet(&world, &Subject::Client(consumer));
    assert_eq!(value(&shown, "Subscribed to"), "orders-0, orders-2");
    let verb = &act(&shown, "Change what it reads").verb;
    let wrong = verb.fill(&|name| if name == "how" { "assign" } else { "orders" }.to_owned());
    assert_eq!(
        wrong.expect_err("that is a topic"),
        "orders is no partition: name it as orders-1."
    );
}

#[test]
fn a_consumer_finds_records_by_time_and_goes_there() {
    let mut world = world();
    let holds_some = |of: &&TopicPartition| {
        let leader = world.partition(of);
        leader.is_some_and(|it| it.log.end_offset() > 1)
    };
    let owners = world.clients().iter();
    let mut owners = owners.filter_map(|(number, client)| match client {
        Client::Consumer(it) => {
            let mut owned = it.assignment().keys();
            Some((*number, owned.find(holds_some)?.clone()))
        }
        _ => None,
    });
    let (consumer, of) = owners.next().expect("somebody owns what holds records");
    let filter = Filter {
        partition: Some(of.partition),
        ..Filter::default()
    };
    let page = browse(&world, &of.topic, &filter, &Cursor::new()).expect("it is there");
    let record = &page.records[page.records.len() / 2];
    let (offset, time) = (record.offset, record.timestamp_ms.to_string());
    let partition = of.to_string();
    let sentences = |world: &mut World| -> Vec<String> {
        let until = world.now().plus_ms(2_000);
        let events = world.advance_to(until);
        events.iter().map(|it| it.describe(world)).collect()
    };

    let asked = [("partition", &*partition), ("timestamp", &*time)];
    fill(&mut world, consumer, "offsetsForTimes()", &asked);
    let told = sentences(&mut world);
    let found = format!("finds by time: {partition} at offset {offset}.");
    assert!(told.iter().any(|it| it.contains(&found)), "{told:?}");
    let sought = format!("goes on in {partition} at offset {offset}, as it was told to.");
    let goes = |told: &[String]| told.iter().any(|it| it.contains(&sought));
    assert!(!goes(&told), "{told:?}");

    let to = [
        ("partition", &*partition),
        ("to", "timestamp"),
        ("offset", &*time),
    ];
    fill(&mut world, consumer, "Seek", &to);
    let told = sentences(&mut world);
    assert!(goes(&told), "{told:?}");

    let shown = sheet(&world, &Subject::Client(consumer));
    let verb = &act(&shown, "offsetsForTimes()").verb;
    let refused = verb.fill(&|_| "yesterday".to_owned());
    assert_eq!(
        refused.expect_err("that is no time"),
        "\"yesterday\" is no offset and no timestamp: take a number from 0 on."
    );
}
