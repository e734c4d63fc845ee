//! What the page's buttons do, without the page.

mod readers;

use super::*;
use engine::TopicPartition;
use engine::client::ConsumerConfig;
use engine::coordinator::GroupState;

fn named(client_id: &str) -> ProducerConfig {
    ProducerConfig {
        client_id: client_id.to_owned(),
        ..ProducerConfig::default()
    }
}

fn group_state(playground: &Playground, group: &str) -> GroupState {
    playground.world().groups()[group].1.state()
}

#[test]
fn the_first_world_is_already_running() {
    let playground = WORLDS[0].open(1);
    assert_eq!(group_state(&playground, "billing"), GroupState::Stable);
    let appended: i64 = (0..3)
        .map(|partition| {
            let partition = TopicPartition::new("orders", partition);
            playground
                .world()
                .partition(&partition)
                .expect("it leads")
                .log
                .end_offset()
        })
        .sum();
    assert!(appended >= 8, "{appended} records");
    assert!(playground.news().told() > 10);
}

#[test]
fn a_button_adds_a_partition_and_the_group_gets_it() {
    let mut playground = WORLDS[0].open(2);
    playground.add_partition("orders").expect("there is room");
    playground.advance_us(30_000_000);
    assert_eq!(playground.world().topics()["orders"].partitions.len(), 4);
    let owned: usize = playground
        .world()
        .clients()
        .values()
        .filter_map(|client| match client {
            Client::Consumer(consumer) => Some(consumer.assignment().len()),
            _ => None,
        })
        .sum();
    assert_eq!(owned, 4, "noticed at the next metadata refresh");
}

#[test]
fn presses_that_follow_each_other_quickly_all_count() {
    let mut playground = WORLDS[0].open(6);
    for _ in 0..4 {
        playground.add_partition("orders").expect("there is room");
    }
    playground.let_calls_finish();
    assert_eq!(playground.world().topics()["orders"].partitions.len(), 7);
    assert!(playground.take_complaints().is_empty());
}

#[test]
fn the_caption_tells_what_changed_first_and_what_flows_last() {
    let mut playground = WORLDS[0].open(7);
    playground.advance_us(5_000_000);
    playground.take_headline();
    let orders = "orders".into();
    playground
        .delete_topic(&orders)
        .expect("the request is sent");
    playground.advance_us(3_000_000);
    let line = playground.take_headline().expect("much has happened");
    assert_eq!(line.text, "Topic orders is deleted.");
}

#[test]
fn what_the_cluster_refuses_is_complained_about_once() {
    let mut playground = WORLDS[0].open(3);
    playground
        .create_topic("orders", 3, -1, BTreeMap::new())
        .expect("the request is sent");
    playground.advance_us(5_000_000);
    let complaints = playground.take_complaints();
    assert_eq!(
        complaints,
        ["orders: TOPIC_ALREADY_EXISTS: Topic 'orders' already exists."]
    );
    assert!(playground.take_complaints().is_empty());
}

#[test]
fn bad_input_gets_a_sentence_and_changes_nothing() {
    let mut playground = WORLDS[0].open(4);
    let before = playground.world().digest();
    let record = |topic: &str, size: usize| OutgoingRecord {
        topic: topic.into(),
        value: Some(vec![b'x'; size]),
        ..OutgoingRecord::default()
    };
    let shop = *playground
        .world()
        .clients()
        .iter()
        .find(|(_, c)| c.client_id() == "shop")
        .expect("shop")
        .0;
    let refusals = [
        playground.send_record(Some(shop), record("nowhere", 1)),
        playground.send_record(Some(shop), record("orders", 5 << 20)),
        playground.add_partition("nowhere"),
        playground.add_producer(named("shop"), None).map(|_| ()),
        playground
            .add_producer(
                named("till"),
                Some(Workload {
                    topic: "".into(),
                    ..workload()
                }),
            )
            .map(|_| ()),
        playground
            .add_consumer(ConsumerConfig::of_group(""), &["orders"])
            .map(|_| ()),
        playground
            .add_consumer(ConsumerConfig::of_group("g"), &["nowhere"])
            .map(|_| ()),
    ];
    for refusal in refusals {
        let sentence = refusal.expect_err("it is bad input");
        assert!(sentence.ends_with('.'), "{sentence}");
    }
    assert_eq!(playground.world().digest(), before);
}

#[test]
fn a_tool_started_while_time_stands_still_has_its_answer() {
    let mut playground = WORLDS[0].open(5);
    let terminal = playground
        .shell()
        .terminals()
        .next()
        .expect("one is open")
        .id();
    playground.enter(
        terminal,
        "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic post.office",
    );
    playground.let_calls_finish();
    assert_eq!(
        playground.world().topics()["post.office"].partitions.len(),
        3
    );
    let printed = playground
        .shell()
        .terminals()
        .next()
        .expect("it is still open");
    let mut lines = printed.lines();
    assert!(lines.any(|line| line.text == "Created topic post.office."));
}

fn workload() -> Workload {
    Workload {
        topic: "orders".into(),
        keys: engine::client::KeyPattern::None,
        interval_us: 1_000_000,
        burst: 1,
        value_prefix: String::new(),
        value_bytes: 0,
    }
}

/// Each ready-made world runs for a minute as its sentence says: none of its
/// cues is refused, and something is read in it.
#[test]
fn ready_made_worlds_do_what_they_say() {
    for world in &WORLDS {
        let mut playground = world.open(1);
        assert!(world.sentence.ends_with('.'), "{}", world.id);
        let cues = playground.cues.len();
        let journal = playground.world().journal().entries.len();
        playground.advance_us(60_000_000);
        assert!(playground.cues.is_empty(), "{}", world.id);
        let carried_out = playground.world().journal().entries.len() - journal;
        assert_eq!(carried_out, cues, "{}", world.id);
        assert!(playground.news().told() > 10, "{}", world.id);
        assert_eq!(
            playground.take_complaints(),
            Vec::<String>::new(),
            "{}",
            world.id
        );
    }
}

#[test]
fn ready_made_worlds_have_names_of_their_own() {
    for (place, world) in WORLDS.iter().enumerate() {
        assert_eq!(WORLDS.iter().position(|it| it.id == world.id), Some(place));
        assert_eq!(
            WORLDS.iter().position(|it| it.title == world.title),
            Some(place)
        );
    }
}

#[test]
fn stepping_stops_where_a_cue_is_due() {
    let mut playground = WORLDS
        .iter()
        .find(|world| world.id == "failing-broker")
        .expect("it is there")
        .open(1);
    let (at, _) = playground.cues[0];
    while playground.cues.len() == 2 {
        playground.step();
        assert!(playground.world().now() <= at);
    }
    assert!(!playground.world().brokers()[&2].state().is_up());
}

/// The page's speed is measured with it, so that it must be as busy as it says.
#[test]
fn the_busy_cluster_is_as_busy_as_it_says() {
    let mut playground = BUSY_CLUSTER.open(1);
    let ends = |playground: &Playground| -> (usize, i64, i64) {
        let world = playground.world();
        let partitions: Vec<TopicPartition> = world
            .user_topics()
            .flat_map(|(name, topic)| {
                let numbers = 0..topic.partitions.len() as i32;
                numbers.map(|number| TopicPartition::new(name.clone(), number))
            })
            .collect();
        let logs = partitions.iter().filter_map(|of| world.partition(of));
        let ends = logs.clone().map(|it| it.log.end_offset()).sum();
        let starts: i64 = logs.map(|it| it.log.start_offset()).sum();
        (partitions.len(), starts, ends)
    };
    let (partitions, starts, before) = ends(&playground);
    assert_eq!(partitions, 256);
    assert!(before - starts > 1_000_000, "{} retained", before - starts);
    let clients = playground.world().clients().values();
    let consumers = clients.filter(|it| matches!(it, engine::client::Client::Consumer(_)));
    assert_eq!(consumers.count(), 64);
    let packets = playground.world().packets().count();
    assert!(packets >= 2_000, "{packets} packets");
    // On the average of some seconds: batches come in as they come.
    playground.advance_us(5_000_000);
    let (_, _, after) = ends(&playground);
    let rate = (after - before) / 5;
    assert!(rate >= 100_000, "{rate} records a second");
    let image = playground.world().image();
    let mut partitions = image.topics.values().flat_map(|topic| &topic.partitions);
    let has_leader = partitions.all(|it| it.leader.is_some());
    assert!(has_leader, "its brokers are heard of in time");
}

#[test]
fn an_address_may_ask_for_a_world() {
    let id = |fragment| ReadyMade::asked_for(fragment).map(|world| world.id);
    assert_eq!(id("#world=busy-cluster"), Some("busy-cluster"));
    assert_eq!(id("#a=b&world=hot-key"), Some("hot-key"));
    assert_eq!(id("#world=nowhere"), None);
    assert_eq!(id(""), None);
}

/// The source's worker crashes when it has sent more than it has stored: that is
/// sent again, and the copy of the table is the same.
#[test]
fn a_table_is_kept_in_step_through_a_crash() {
    use engine::client::connect::ConnectorEvent;
    let world = WORLDS.iter().find(|world| world.id == "table-in-step");
    let mut playground = world.expect("it is there").open(1);
    let mut again = 0;
    for _ in 0..60 {
        let until = playground.world().now().plus_ms(1_000);
        while let Some(cue) = playground.next_cue().filter(|at| *at <= until) {
            let events = playground.world.advance_to(cue);
            again += sent_again(&events);
            playground.take_cue();
        }
        again += sent_again(&playground.world.advance_to(until));
    }
    fn sent_again(events: &[Event]) -> usize {
        let is_again = |event: &&Event| {
            matches!(
                &event.kind,
                EventKind::Connector {
                    event: ConnectorEvent::ChangesSentAgain { .. },
                    ..
                }
            )
        };
        events.iter().filter(is_again).count()
    }
    assert_eq!(again, 1);
    let world = playground.world();
    let source = world.source_table("products").expect("it reads a table");
    let copy = &world.sink_tables("warehouse").expect("it keeps one")["products"];
    assert_eq!(source.rows(), copy);
    assert_eq!(copy.len(), 4);
}
