//! Fetches within sessions (KIP-227): whoever fetches names its partitions once,
//! and afterwards what has changed.

mod support;

use engine::client::{Acks, OutgoingRecord, Processing};
use engine::command::ClientNumber;
use engine::protocol::{FINAL_EPOCH, FetchRequest, FetchResponse, INITIAL_EPOCH};
use engine::protocol::{INVALID_SESSION_ID, Payload, Request, Response};
use engine::sim::{NodeId, PacketId};
use engine::{Command, ErrorCode, Time, World};
use support::cluster::{cluster, cluster_with, create, isr, kill, partition, start_broker};
use support::{consumer, consumer_of, producer, run_ms};

/// A Fetch on its way.
#[derive(Clone, Debug)]
enum Fetch {
    Asked(FetchRequest),
    Answered(FetchResponse),
}

impl Fetch {
    fn request(&self) -> &FetchRequest {
        match self {
            Fetch::Asked(request) => request,
            Fetch::Answered(response) => panic!("{response:?}"),
        }
    }

    fn response(&self) -> &FetchResponse {
        match self {
            Fetch::Answered(response) => response,
            Fetch::Asked(request) => panic!("{request:?}"),
        }
    }
}

/// Lets time pass, and returns what was asked and answered between the two.
fn watch(world: &mut World, client: NodeId, broker: i32, ms: i64) -> Vec<Fetch> {
    let until = world.now().plus_ms(ms);
    let server = NodeId::Broker(broker);
    let mut last: Option<PacketId> = world.packets().map(|packet| packet.id).max();
    let mut seen = Vec::new();
    while let Some(next) = world.next_time().filter(|next| *next <= until) {
        world.advance_to(next);
        let mut new: Vec<_> = world.packets().filter(|it| Some(it.id) > last).collect();
        engine::sorting::sort_by_key(&mut new, |packet| packet.id);
        for packet in new {
            last = Some(packet.id);
            match &packet.payload {
                Payload::Request(Request::Fetch(request))
                    if (packet.from, packet.to) == (client, server) =>
                {
                    seen.push(Fetch::Asked(request.clone()));
                }
                Payload::Response(Response::Fetch(response))
                    if (packet.from, packet.to) == (server, client) =>
                {
                    seen.push(Fetch::Answered(response.clone()));
                }
                _ => {}
            }
        }
    }
    seen
}

fn named(request: &FetchRequest) -> Vec<(String, i64)> {
    let named = request.partitions.iter();
    named
        .map(|it| (it.topic_partition.to_string(), it.fetch_offset))
        .collect()
}

fn forgotten(request: &FetchRequest) -> Vec<String> {
    let forgotten = request.forgotten_topics_data.iter();
    forgotten.map(|it| it.topic_partition.to_string()).collect()
}

fn told(response: &FetchResponse) -> Vec<String> {
    let told = response.partitions.iter();
    told.map(|(of, _)| of.to_string()).collect()
}

fn send(world: &mut World, of: &str, value: &str) {
    support::cluster::send(world, Acks::Leader, of, &[value]);
}

/// A cluster with three partitions on broker 1, and a consumer that joins.
fn with_consumer(settings: &[(&str, &str)]) -> (World, ClientNumber) {
    let mut world = cluster_with(21, settings);
    create(&mut world, "orders", "1,1,1", &[]);
    run_ms(&mut world, 2_000);
    let number = consumer(&mut world, "readers", "orders");
    (world, number)
}

const ALL: [&str; 3] = ["orders-0", "orders-1", "orders-2"];

#[test]
fn a_consumer_names_its_partitions_once_and_then_what_has_changed() {
    let (mut world, number) = with_consumer(&[]);
    let seen = watch(&mut world, NodeId::Client(number), 1, 8_000);
    let first = seen[0].request();
    assert_eq!(first.session_id, INVALID_SESSION_ID);
    assert_eq!(first.session_epoch, INITIAL_EPOCH);
    let all = ALL.map(|of| (of.to_owned(), 0));
    assert_eq!(named(first), all);
    let opened = seen[1].response();
    assert_ne!(opened.session_id, INVALID_SESSION_ID);
    assert_eq!(told(opened), ALL);

    let quiet: Vec<&FetchRequest> = seen[2..].iter().step_by(2).map(Fetch::request).collect();
    for (epoch, request) in (1..).zip(&quiet) {
        assert_eq!(request.session_id, opened.session_id);
        assert_eq!(request.session_epoch, epoch);
        assert_eq!(named(request), []);
    }
    let answers = seen[3..].iter().step_by(2).map(Fetch::response);
    assert!(answers.clone().count() > 2);
    assert!(answers.clone().all(|answer| told(answer).is_empty()));

    let producer = producer(&mut world);
    let record = OutgoingRecord {
        topic: "orders".into(),
        partition: Some(1),
        value: Some(b"a".to_vec()),
        ..OutgoingRecord::default()
    };
    let sends = Command::Send { producer, record };
    world.execute(sends).expect("a record that send() takes");
    let seen = watch(&mut world, NodeId::Client(number), 1, 700);
    let news = seen.iter().position(|it| match it {
        Fetch::Answered(answer) => told(answer) == ["orders-1"],
        Fetch::Asked(_) => false,
    });
    let next = match news {
        Some(news) => seen[news + 1].request(),
        None => panic!("{seen:?}"),
    };
    assert_eq!(named(next), [("orders-1".to_owned(), 1)]);
}

/// The consumer is busy while its broker is killed and started, so that no fetch
/// of it is lost, from which it would learn that the session is.
#[test]
fn a_broker_that_starts_has_no_sessions_and_is_asked_for_all_anew() {
    let (mut world, consumer) = with_consumer(&[]);
    run_ms(&mut world, 8_000);
    let processing = Processing {
        per_record_us: 40_000_000,
        commit: None,
    };
    let slow = Command::SetProcessing {
        consumer,
        processing,
    };
    world.execute(slow).expect("it runs");
    send(&mut world, "orders-1", "a");
    run_ms(&mut world, 2_000);
    assert!(!consumer_of(&world, consumer).is_polling());
    let before = consumer_of(&world, consumer).fetch_session(1).cloned();
    let before = before.expect("it has fetched").next();
    assert!(!before.is_full());

    kill(&mut world, 1);
    run_ms(&mut world, 1_000);
    start_broker(&mut world, 1);
    assert_eq!(world.brokers()[&1].incremental_fetch_sessions(), 0);
    let seen = watch(&mut world, NodeId::Client(consumer), 1, 50_000);
    assert_eq!(seen[0].request().metadata(), before);
    let refused = seen[1].response();
    assert_eq!(refused.error_code, ErrorCode::FetchSessionIdNotFound);
    assert_eq!(told(refused), [""; 0]);
    let anew = seen[2].request();
    assert_eq!(anew.session_id, INVALID_SESSION_ID);
    assert_eq!(anew.session_epoch, INITIAL_EPOCH);
    assert_eq!(named(anew).len(), 3);
}

#[test]
fn what_a_rebalance_takes_away_is_forgotten() {
    let (mut world, number) = with_consumer(&[]);
    run_ms(&mut world, 8_000);
    consumer(&mut world, "readers", "orders");
    let seen = watch(&mut world, NodeId::Client(number), 1, 10_000);
    let requests = seen.iter().filter_map(|it| match it {
        Fetch::Asked(request) => Some(request),
        Fetch::Answered(_) => None,
    });
    let gone: Vec<String> = requests.flat_map(forgotten).collect();
    let left = consumer_of(&world, number).assignment();
    let is_left = |of: &str| left.keys().any(|it| it.to_string() == of);
    let expected: Vec<&str> = ALL.into_iter().filter(|of| !is_left(of)).collect();
    assert!(!expected.is_empty());
    assert_eq!(gone, expected);
}

#[test]
fn a_consumer_that_is_closed_closes_its_session() {
    let (mut world, client) = with_consumer(&[]);
    run_ms(&mut world, 8_000);
    let sessions = world.brokers()[&1].incremental_fetch_sessions();
    let session = consumer_of(&world, client).fetch_session(1).cloned();
    let session = session.expect("it has fetched").next();
    world.execute(Command::Close { client }).expect("it runs");
    let seen = watch(&mut world, NodeId::Client(client), 1, 2_000);
    let last = seen.iter().rev().find_map(|it| match it {
        Fetch::Asked(request) => Some(request),
        Fetch::Answered(_) => None,
    });
    let last = last.expect("it says so");
    assert_eq!(last.session_id, session.session_id);
    assert_eq!(last.session_epoch, FINAL_EPOCH);
    assert_eq!(named(last), []);
    let now = world.brokers()[&1].incremental_fetch_sessions();
    assert_eq!(now, sessions - 1);
    assert!(!world.clients().contains_key(&client));
}

#[test]
fn without_room_for_sessions_everything_is_named_each_time() {
    let slots = ("max.incremental.fetch.session.cache.slots", "0");
    let (mut world, number) = with_consumer(&[slots]);
    let seen = watch(&mut world, NodeId::Client(number), 1, 8_000);
    assert!(seen.len() > 4);
    for fetch in &seen {
        match fetch {
            Fetch::Asked(request) => {
                assert_eq!(request.session_id, INVALID_SESSION_ID);
                assert_eq!(request.session_epoch, INITIAL_EPOCH);
                assert_eq!(named(request).len(), 3);
            }
            Fetch::Answered(response) => {
                assert_eq!(response.session_id, INVALID_SESSION_ID);
                assert_eq!(told(response), ALL);
            }
        }
    }
}

/// A cluster with a topic that broker 1 leads and broker 2 follows.
fn with_follower() -> World {
    let mut world = cluster(22);
    create(&mut world, "orders", "1:2,1:2,1:2", &[]);
    run_ms(&mut world, 5_000);
    world
}

#[test]
fn a_follower_names_the_partition_that_it_has_got_records_of() {
    let mut world = with_follower();
    send(&mut world, "orders-2", "a");
    run_ms(&mut world, 2_000);
    let quiet = watch(&mut world, NodeId::Broker(2), 1, 3_000);
    for fetch in &quiet {
        match fetch {
            Fetch::Asked(request) => {
                assert!(request.session_epoch > INITIAL_EPOCH);
                assert_eq!(named(request), []);
            }
            Fetch::Answered(response) => assert_eq!(told(response), [""; 0]),
        }
    }
    let before = world.now();
    send(&mut world, "orders-2", "b");
    assert!(world.now() < before.plus_ms(5_000));
    let end = partition("orders-2");
    let end = |world: &World| world.brokers()[&2].partitions()[&end].log.end_offset();
    while end(&world) < 2 {
        run_ms(&mut world, 1);
    }
    let fetcher = &world.brokers()[&2].fetchers()[&1];
    let asked = &fetcher.session().partitions()[&partition("orders-2")];
    assert_eq!(asked.fetch_offset, 2, "the next fetch says how far it is");
}

/// Nothing of a partition that rests is looked at, and yet its leader knows that
/// the follower keeps up.
#[test]
fn a_follower_that_has_had_nothing_to_fetch_for_long_is_in_sync() {
    let mut world = with_follower();
    for _ in 0..4 {
        run_ms(&mut world, 33_000);
        let follower = world.brokers()[&1].follower(&partition("orders-0"), 2);
        let follower = follower.expect("it follows");
        let now_ms = world.now().us_since(Time::ZERO) as i64 / 1_000;
        for then in [follower.last_fetch_ms, follower.last_caught_up_ms] {
            let ago = now_ms - then.expect("it has fetched");
            assert!((0..=600).contains(&ago), "{ago} ms ago");
        }
    }
    support::cluster::send(&mut world, Acks::All, "orders-0", &["a"]);
    assert_eq!(isr(&world, "orders"), [1, 2]);
}
