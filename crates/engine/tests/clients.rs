//! Clients in a cluster that fails: what they lose, and what they do not.

mod support;

use std::collections::BTreeSet;

use engine::client::{Acks, AdminConfig, Client, Membership, ProducerConfig};
use engine::command::ClientNumber;
use engine::protocol::{
    CreateTopicsRequest, DeleteRecordsRequest, DescribeGroupsRequest, IsolationLevel,
    ListGroupsRequest, ListOffsetsRequest, Request, Response,
};
use engine::sim::{Host, Random, Stream};
use engine::{Command, Event, EventKind, TopicPartition, World};
use support::cluster::{
    cluster, cluster_of_three_controllers, cluster_with, create_placed, new_topic,
};
use support::{assigned, consumer, consumer_of, run_ms, send, start, values_read};

const TOPIC: &str = "orders";
const BROKERS: [i32; 3] = [1, 2, 3];

/// With one topic that every broker holds.
fn cluster_with_topic(seed: u64, partitions: i32) -> World {
    let mut world = cluster_with(seed, &[("min.insync.replicas", "2")]);
    create_placed(&mut world, TOPIC, partitions, 3, &[]);
    run_ms(&mut world, 2_000);
    world
}

fn create(topic: &str, partitions: i32) -> Request {
    let topics = vec![new_topic(topic, partitions, 3)];
    Request::CreateTopics(CreateTopicsRequest { topics })
}

fn admin(world: &mut World) -> ClientNumber {
    let config = AdminConfig::named("admin");
    start(world, Command::AddAdmin { config })
}

fn call(world: &mut World, admin: ClientNumber, request: Request) {
    execute(world, Command::AdminCall { admin, request });
}

/// The answer to an admin client's call, or the message with which it fails,
/// and what happened meanwhile.
fn answer(
    world: &mut World,
    admin: ClientNumber,
    within_ms: i64,
) -> (Result<Response, String>, Vec<Event>) {
    let mut events = Vec::new();
    for _ in 0..within_ms / 10 {
        events.extend(run_ms(world, 10));
        let found = events.iter().find_map(|event| match &event.kind {
            EventKind::AdminAnswered {
                admin: of,
                response,
            } if *of == admin => Some(Ok(response.clone())),
            EventKind::AdminFailed {
                admin: of, message, ..
            } if *of == admin => Some(Err(message.clone())),
            _ => None,
        });
        if let Some(found) = found {
            return (found, events);
        }
    }
    panic!("no answer within {within_ms} ms");
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn producer(world: &mut World, config: ProducerConfig) -> ClientNumber {
    let workload = None;
    start(world, Command::AddProducer { config, workload })
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new(TOPIC, number)
}

fn leader(world: &World, number: i32) -> i32 {
    let registration = world.image().partition(&partition(number));
    registration
        .and_then(|of| of.leader)
        .expect("it has a leader")
}

/// The values in a partition's log, in order.
fn values(world: &World, number: i32) -> Vec<String> {
    let records = support::records(world, TOPIC, number);
    records.into_iter().map(|(_, _, value)| value).collect()
}

fn delivered(events: &[Event]) -> i32 {
    let delivered = events.iter().map(|event| match event.kind {
        EventKind::Delivered { records, .. } => records,
        _ => 0,
    });
    delivered.sum()
}

fn failures(events: &[Event]) -> Vec<String> {
    let failed = events.iter().filter_map(|event| match &event.kind {
        EventKind::SendFailed {
            exception, message, ..
        } => Some(format!("{exception}: {message}")),
        _ => None,
    });
    failed.collect()
}

/// Each value the first time it comes.
fn without_repetitions(values: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let first = values
        .into_iter()
        .filter(|value| seen.insert(value.clone()));
    first.collect()
}

/// `acks=all`, three replicas and `min.insync.replicas=2`: the leader of a
/// partition dies, and the next one, and nothing that was sent is lost. With one
/// request in flight at a time the order stays too.
#[test]
fn acks_all_loses_nothing_and_keeps_the_order_when_leaders_die() {
    for seed in 0..20 {
        let mut world = cluster_with_topic(seed, 1);
        let config = ProducerConfig {
            max_in_flight_requests: 1,
            ..ProducerConfig::default()
        };
        let producer = producer(&mut world, config);
        let mut events = Vec::new();
        for number in 0..400 {
            send(&mut world, producer, TOPIC, None, &format!("{number:03}"));
            events.extend(run_ms(&mut world, 97));
            let broker = leader(&world, 0);
            match number {
                100 | 250 => events.extend(execute(&mut world, Command::KillBroker { broker })),
                200 | 350 => {
                    let down = BROKERS
                        .into_iter()
                        .find(|id| !world.brokers()[id].state().is_up());
                    let broker = down.expect("one was killed");
                    events.extend(execute(&mut world, Command::StartBroker { broker }));
                }
                _ => {}
            }
        }
        events.extend(run_ms(&mut world, 120_000));
        assert_eq!(failures(&events), [""; 0], "seed {seed}");
        assert_eq!(delivered(&events), 400, "seed {seed}");
        let sent: Vec<String> = (0..400).map(|number| format!("{number:03}")).collect();
        let stored = without_repetitions(values(&world, 0));
        assert_eq!(stored, sent, "seed {seed}");
    }
}

/// `acks=1`: the leader says that it has the record, and dies before anybody
/// else has it.
#[test]
fn acks_1_may_lose_what_was_acknowledged() {
    let mut world = cluster_with_topic(1, 1);
    let config = ProducerConfig {
        acks: Acks::Leader,
        ..ProducerConfig::default()
    };
    let producer = producer(&mut world, config);
    run_ms(&mut world, 1_000);
    let broker = leader(&world, 0);
    let others: Vec<Host> = BROKERS
        .into_iter()
        .filter(|id| *id != broker)
        .map(Host::Server)
        .collect();
    let one = vec![Host::Server(broker)];
    execute(&mut world, Command::Cut { one, other: others });
    send(&mut world, producer, TOPIC, None, "acknowledged");
    let events = run_ms(&mut world, 1_000);
    assert_eq!(delivered(&events), 1);
    execute(&mut world, Command::KillBroker { broker });
    execute(&mut world, Command::HealNetwork);
    run_ms(&mut world, 60_000);
    assert_ne!(leader(&world, 0), broker);
    assert_eq!(values(&world, 0), [""; 0]);
}

/// A consumer reads every record, in order, while the leader of what it reads
/// dies, then its group's coordinator, then its network.
#[test]
fn a_consumer_reads_on_when_leader_coordinator_and_network_fail() {
    for seed in 0..20 {
        let mut world = cluster_with_topic(seed, 3);
        let reader = consumer(&mut world, "office", TOPIC);
        let config = ProducerConfig::default();
        let producer = producer(&mut world, config);
        let mut events = run_ms(&mut world, 10_000);
        assert_eq!(assigned(&world, reader), [0, 1, 2], "seed {seed}");
        let mut sent = 0;
        let mut send_some = |world: &mut World, events: &mut Vec<Event>| {
            for _ in 0..20 {
                send(world, producer, TOPIC, None, &format!("{sent:03}"));
                sent += 1;
                events.extend(run_ms(world, 200));
            }
        };
        send_some(&mut world, &mut events);
        let broker = leader(&world, 0);
        events.extend(execute(&mut world, Command::KillBroker { broker }));
        send_some(&mut world, &mut events);
        events.extend(run_ms(&mut world, 20_000));
        events.extend(execute(&mut world, Command::StartBroker { broker }));
        events.extend(run_ms(&mut world, 20_000));

        let broker = consumer_of(&world, reader)
            .coordinator()
            .expect("it has one");
        events.extend(execute(&mut world, Command::KillBroker { broker }));
        send_some(&mut world, &mut events);
        events.extend(run_ms(&mut world, 20_000));
        events.extend(execute(&mut world, Command::StartBroker { broker }));
        events.extend(run_ms(&mut world, 20_000));
        let coordinator = consumer_of(&world, reader).coordinator();
        assert!(coordinator.is_some(), "seed {seed}: it has found the next");

        let one = vec![Host::Client(reader)];
        let other = BROKERS.map(Host::Server).to_vec();
        events.extend(execute(&mut world, Command::Cut { one, other }));
        send_some(&mut world, &mut events);
        events.extend(run_ms(&mut world, 40_000));
        events.extend(execute(&mut world, Command::HealNetwork));
        send_some(&mut world, &mut events);
        events.extend(run_ms(&mut world, 120_000));

        let mut read = without_repetitions(values_read(&events, reader));
        read.sort();
        let all: Vec<String> = (0..sent).map(|number| format!("{number:03}")).collect();
        assert_eq!(read, all, "seed {seed}");
        let now = consumer_of(&world, reader);
        assert_eq!(now.membership(), Membership::Stable, "seed {seed}");
        let positions = now.assignment().values().filter_map(|of| of.position);
        assert_eq!(positions.sum::<i64>(), i64::from(sent), "seed {seed}");
    }
}

/// A member that is cut off longer than `session.timeout.ms` is thrown out; the
/// others take over. When it is back it learns that nobody knows it
/// (`UNKNOWN_MEMBER_ID`), and joins anew.
#[test]
fn a_member_that_was_cut_off_for_a_session_joins_anew() {
    let mut world = cluster_with_topic(1, 2);
    let one = consumer(&mut world, "office", TOPIC);
    let two = consumer(&mut world, "office", TOPIC);
    run_ms(&mut world, 10_000);
    let member_id = consumer_of(&world, one).member_id().to_owned();
    assert_eq!(assigned(&world, one).len(), 1);
    let hosts = vec![Host::Client(one)];
    let other = BROKERS.map(Host::Server).to_vec();
    execute(&mut world, Command::Cut { one: hosts, other });
    run_ms(&mut world, 60_000);
    assert_eq!(assigned(&world, two), [0, 1], "the other has all");
    assert_eq!(assigned(&world, one).len(), 1, "it does not know");
    execute(&mut world, Command::HealNetwork);
    run_ms(&mut world, 30_000);
    assert_eq!(assigned(&world, one).len(), 1);
    assert_eq!(assigned(&world, two).len(), 1, "they share again");
    assert_ne!(consumer_of(&world, one).member_id(), member_id);
}

/// The active controller dies while a topic is made: the call is answered when
/// there is another.
#[test]
fn a_call_outlives_the_controller() {
    for seed in 0..20 {
        let mut world = cluster_of_three_controllers(seed);
        let admin = admin(&mut world);
        let active = world.active_controller().expect("there is one").id();
        execute(&mut world, Command::KillController { controller: active });
        call(&mut world, admin, create(TOPIC, 3));
        let (answer, _) = answer(&mut world, admin, 60_000);
        let Ok(Response::CreateTopics(response)) = answer else {
            panic!("seed {seed}: {answer:?}");
        };
        assert!(
            response.topics[0].error_code.is_none(),
            "seed {seed}: {response:?}"
        );
        assert!(world.topics().contains_key(TOPIC), "seed {seed}");
    }
}

/// With no broker to ask, a call fails after `default.api.timeout.ms`.
#[test]
fn a_call_with_no_broker_alive_times_out_in_kafkas_words() {
    let mut world = cluster(1);
    for broker in BROKERS {
        execute(&mut world, Command::KillBroker { broker });
    }
    let admin = admin(&mut world);
    call(&mut world, admin, create(TOPIC, 1));
    let before = world.now();
    let (answer, events) = answer(&mut world, admin, 70_000);
    assert_eq!(
        answer,
        Err("Timed out waiting for a node assignment. Call: createTopics".to_owned())
    );
    assert!(world.now().us_since(before) >= 60_000_000);
    let logged = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::ClientLog { .. }));
    assert!(
        logged.count() <= 6,
        "two lines for each broker, not for each try"
    );
}

/// A broker that takes a call and stays silent: the call is sent to another
/// after `request.timeout.ms`.
#[test]
fn a_call_on_a_cut_link_goes_to_another_broker() {
    let mut world = cluster(1);
    let admin = admin(&mut world);
    call(&mut world, admin, create("first", 1));
    answer(&mut world, admin, 10_000).0.expect("an answer");
    // Whoever it asks next, it hears nothing of.
    call(&mut world, admin, create("second", 1));
    let asked = world.packets().find_map(|packet| match packet.to.host() {
        Host::Server(id) if packet.from.host() == Host::Client(admin) => Some(id),
        _ => None,
    });
    let one = vec![Host::Client(admin)];
    let other = vec![Host::Server(asked.expect("it asks somebody"))];
    let before = world.now();
    execute(&mut world, Command::Cut { one, other });
    answer(&mut world, admin, 60_000).0.expect("an answer");
    assert!(world.now().us_since(before) >= 30_000_000);
}

/// Calls about records go to the leaders, those about groups to the
/// coordinators, and the list of groups comes from all brokers: each is one
/// answer, in the order asked.
#[test]
fn calls_are_divided_and_put_together_again() {
    let mut world = cluster_with_topic(1, 6);
    let leaders: BTreeSet<i32> = (0..6).map(|number| leader(&world, number)).collect();
    assert!(leaders.len() > 1, "several lead");
    let groups: Vec<String> = (0..6).map(|number| format!("group-{number}")).collect();
    for group in &groups {
        consumer(&mut world, group, TOPIC);
    }
    run_ms(&mut world, 10_000);
    let coordinators: BTreeSet<i32> = world.groups().values().map(|(of, _)| of.id).collect();
    assert!(coordinators.len() > 1, "several coordinate");

    let admin = admin(&mut world);
    let partitions: Vec<_> = (0..6).rev().map(|number| (partition(number), 0)).collect();
    let wanted: Vec<TopicPartition> = partitions.iter().map(|(of, _)| of.clone()).collect();
    let delete = Request::DeleteRecords(DeleteRecordsRequest {
        partitions: partitions.clone(),
        timeout_ms: 30_000,
    });
    call(&mut world, admin, delete);
    let (deleted, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::DeleteRecords(deleted)) = deleted else {
        panic!("{deleted:?}");
    };
    let asked: Vec<TopicPartition> = deleted
        .partitions
        .iter()
        .map(|(of, _)| of.clone())
        .collect();
    assert_eq!(asked, wanted);
    assert!(
        deleted
            .partitions
            .iter()
            .all(|(_, of)| of.error_code.is_none())
    );

    let latest = |of: &TopicPartition| (of.clone(), ListOffsetsRequest::LATEST);
    let list = Request::ListOffsets(ListOffsetsRequest {
        replica_id: None,
        isolation_level: IsolationLevel::ReadUncommitted,
        partitions: wanted.iter().map(latest).collect(),
    });
    call(&mut world, admin, list);
    let (listed, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::ListOffsets(listed)) = listed else {
        panic!("{listed:?}");
    };
    let asked: Vec<TopicPartition> = listed.partitions.iter().map(|(of, _)| of.clone()).collect();
    assert_eq!(asked, wanted);

    call(
        &mut world,
        admin,
        Request::ListGroups(ListGroupsRequest::default()),
    );
    let (listed, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::ListGroups(listed)) = listed else {
        panic!("{listed:?}");
    };
    let names: Vec<String> = listed.groups.into_iter().map(|of| of.group_id).collect();
    assert_eq!(names, groups);

    let describe = Request::DescribeGroups(DescribeGroupsRequest {
        groups: groups.clone(),
    });
    call(&mut world, admin, describe);
    let (described, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::DescribeGroups(described)) = described else {
        panic!("{described:?}");
    };
    let states = described.groups.into_iter();
    let states: Vec<(String, String)> = states.map(|of| (of.group_id, of.group_state)).collect();
    let stable = groups.into_iter().map(|group| (group, "Stable".to_owned()));
    assert_eq!(states, stable.collect::<Vec<_>>());
}

/// Without a leader nobody can delete records: the client asks for metadata
/// again and again, and at last gives up.
#[test]
fn a_call_about_a_partition_without_a_leader_gives_up() {
    let mut world = cluster_with_topic(1, 1);
    let holders = BROKERS.into_iter().filter(|id| *id != 3);
    let admin = admin(&mut world);
    for broker in holders.chain([3]) {
        execute(&mut world, Command::KillBroker { broker });
        run_ms(&mut world, 15_000);
    }
    // One is back, but it was not the last in sync.
    execute(&mut world, Command::StartBroker { broker: 1 });
    run_ms(&mut world, 15_000);
    let request = Request::DeleteRecords(DeleteRecordsRequest {
        partitions: vec![(partition(0), 0)],
        timeout_ms: 30_000,
    });
    call(&mut world, admin, request);
    let (answer, _) = answer(&mut world, admin, 70_000);
    let message = answer.expect_err("nobody leads");
    assert!(
        message.starts_with("Call(callName=deleteRecords(api=METADATA), deadlineMs="),
        "{message}"
    );
    assert!(message.ends_with("attempt(s)"), "{message}");
}

/// A link that is cut tells nobody: after `request.timeout.ms` the producer
/// gives the connection up, and what it has sent on it again. It asks about
/// each record once more at most, and since the first request may have arrived,
/// a record may be stored twice (`enable.idempotence=false`), but is not lost.
#[test]
fn a_producer_on_a_cut_link_reconnects_and_sends_again() {
    let mut world = cluster_with_topic(1, 1);
    let producer = producer(&mut world, ProducerConfig::default());
    run_ms(&mut world, 1_000);
    let broker = leader(&world, 0);
    let one = vec![Host::Client(producer)];
    let other = vec![Host::Server(broker)];
    execute(
        &mut world,
        Command::Cut {
            one: one.clone(),
            other: other.clone(),
        },
    );
    send(&mut world, producer, TOPIC, None, "patience");
    run_ms(&mut world, 29_000);
    assert_eq!(in_flight(&world, producer, broker), 1);
    run_ms(&mut world, 1_100);
    execute(&mut world, Command::Join { one, other });
    let events = run_ms(&mut world, 32_000);
    assert_eq!(delivered(&events), 1);
    assert_eq!(values(&world, 0), ["patience"], "the first never left");
}

fn in_flight(world: &World, client: ClientNumber, broker: i32) -> usize {
    let client = &world.clients()[&client];
    client.connection().requests_in_flight(broker)
}

/// Nobody answers for longer than `delivery.timeout.ms`: the records fail, in
/// flight or not.
#[test]
fn records_expire_when_nobody_takes_them() {
    let mut world = cluster_with_topic(1, 1);
    let producer = producer(&mut world, ProducerConfig::default());
    send(&mut world, producer, TOPIC, None, "first");
    run_ms(&mut world, 1_000);
    let one = vec![Host::Client(producer)];
    let other = BROKERS.map(Host::Server).to_vec();
    execute(&mut world, Command::Cut { one, other });
    send(&mut world, producer, TOPIC, None, "second");
    let events = run_ms(&mut world, 119_000);
    assert_eq!(failures(&events), [""; 0]);
    let events = run_ms(&mut world, 2_000);
    assert_eq!(
        failures(&events),
        [format!(
            "TimeoutException: Expiring 1 record(s) for {TOPIC}-0:120000 ms has passed since \
             batch creation"
        )]
    );
}

/// `acks=0`: nobody tells the producer that the connection was dead.
#[test]
fn acks_0_loses_silently() {
    let mut world = cluster_with_topic(1, 1);
    let config = ProducerConfig {
        acks: Acks::None,
        ..ProducerConfig::default()
    };
    let producer = producer(&mut world, config);
    send(&mut world, producer, TOPIC, None, "stored");
    run_ms(&mut world, 1_000);
    let broker = leader(&world, 0);
    let one = vec![Host::Client(producer)];
    let other = vec![Host::Server(broker)];
    execute(&mut world, Command::Cut { one, other });
    send(&mut world, producer, TOPIC, None, "lost");
    let events = run_ms(&mut world, 1_000);
    assert_eq!(delivered(&events), 1, "so it believes");
    execute(&mut world, Command::KillBroker { broker });
    execute(&mut world, Command::HealNetwork);
    let events = run_ms(&mut world, 60_000);
    assert_eq!(failures(&events), [""; 0]);
    assert_eq!(values(&world, 0), ["stored"]);
}

/// `close()` ends, though nobody answers any more: a consumer's after 30
/// seconds, a producer's when the last record has expired.
#[test]
fn clients_close_though_all_brokers_are_gone() {
    let mut world = cluster_with_topic(1, 3);
    let reader = consumer(&mut world, "office", TOPIC);
    let producer = producer(&mut world, ProducerConfig::default());
    send(&mut world, producer, TOPIC, None, "stored");
    run_ms(&mut world, 10_000);
    for broker in BROKERS {
        execute(&mut world, Command::KillBroker { broker });
    }
    send(&mut world, producer, TOPIC, None, "lost");
    execute(&mut world, Command::Close { client: reader });
    execute(&mut world, Command::Close { client: producer });
    run_ms(&mut world, 31_000);
    assert!(!world.clients().contains_key(&reader));
    run_ms(&mut world, 90_000);
    assert!(!world.clients().contains_key(&producer));
}

/// Hours without any network: nothing piles up, nothing spins, and all goes on
/// afterwards.
#[test]
fn hours_without_a_network_change_nothing() {
    let mut world = cluster_with_topic(1, 3);
    let reader = consumer(&mut world, "office", TOPIC);
    let sender = producer(&mut world, ProducerConfig::default());
    let admin = admin(&mut world);
    run_ms(&mut world, 10_000);
    let one: Vec<Host> = [reader, sender, admin].map(Host::Client).to_vec();
    let other = BROKERS.map(Host::Server).to_vec();
    execute(&mut world, Command::Cut { one, other });
    for hour in 0..6 {
        call(&mut world, admin, create("more", 1));
        send(&mut world, sender, TOPIC, None, &format!("{hour}"));
        let events = run_ms(&mut world, 3_600_000);
        assert!(events.len() < 2_000, "{} events", events.len());
        assert!(world.packets().count() < 40, "{}", world.packets().count());
    }
    execute(&mut world, Command::HealNetwork);
    run_ms(&mut world, 60_000);
    send(&mut world, sender, TOPIC, None, "after all");
    let events = run_ms(&mut world, 10_000);
    assert_eq!(values_read(&events, reader), ["after all"]);
    let Client::Producer(sender) = &world.clients()[&sender] else {
        panic!("it is a producer");
    };
    assert_eq!(sender.undelivered_records(), 0);
}

/// Whatever fails, and in whatever order: when all is whole again, everything
/// that was acknowledged by all in-sync replicas is stored, a group has read
/// it, every call has ended, and the clients are at rest.
#[test]
fn after_any_trouble_all_goes_on() {
    for seed in 0..30 {
        let mut world = cluster_with_topic(seed, 3);
        let mut random = Random::new(seed, Stream::Tool);
        let readers = [(); 2].map(|()| consumer(&mut world, "office", TOPIC));
        let sender = producer(&mut world, ProducerConfig::default());
        let admin = admin(&mut world);
        let hosts: Vec<Host> = BROKERS
            .into_iter()
            .map(Host::Server)
            .chain([readers[0], readers[1], sender, admin].map(Host::Client))
            .collect();
        let mut events = run_ms(&mut world, 10_000);
        let mut calls = 0;
        for number in 0..300 {
            let broker = BROKERS[random.below(3) as usize];
            let mut host = || hosts[random.below(hosts.len() as u32) as usize];
            let (one, other) = (vec![host()], vec![host()]);
            let command = match random.below(12) {
                0 => Some(Command::KillBroker { broker }),
                1 => Some(Command::StopBroker { broker }),
                2..=4 => Some(Command::StartBroker { broker }),
                5 => Some(Command::Cut { one, other }),
                6..=7 => Some(Command::HealNetwork),
                8 => Some(Command::AdminCall {
                    admin,
                    request: Request::ListGroups(ListGroupsRequest::default()),
                }),
                _ => None,
            };
            let is_call = matches!(command, Some(Command::AdminCall { .. }));
            // What cannot be done now, such as to kill the dead, is left.
            if let Some(outcome) = command.and_then(|command| world.execute(command).ok()) {
                events.extend(outcome.events);
                calls += i32::from(is_call);
            }
            send(&mut world, sender, TOPIC, None, &format!("{number:03}"));
            events.extend(run_ms(&mut world, i64::from(random.below(4_000))));
        }
        execute(&mut world, Command::HealNetwork);
        for broker in BROKERS {
            let _ = world.execute(Command::StartBroker { broker });
        }
        events.extend(run_ms(&mut world, 400_000));

        let ended = events.iter().filter(|event| {
            matches!(
                event.kind,
                EventKind::AdminAnswered { .. } | EventKind::AdminFailed { .. }
            )
        });
        assert_eq!(ended.count() as i32, calls, "seed {seed}");
        let stored: Vec<String> = (0..3).flat_map(|number| values(&world, number)).collect();
        let different: BTreeSet<&String> = stored.iter().collect();
        let failed = events.iter().map(|event| match event.kind {
            EventKind::SendFailed { records, .. } => records as usize,
            _ => 0,
        });
        let failed: usize = failed.sum();
        let kept = different.len();
        assert!(
            kept + failed >= 300,
            "seed {seed}: {kept} kept, {failed} failed"
        );
        let lost = |event: &Event| matches!(event.kind, EventKind::RecordsLost { .. });
        assert!(!events.iter().any(lost), "seed {seed}");
        let read: BTreeSet<String> = readers
            .iter()
            .flat_map(|reader| values_read(&events, *reader))
            .collect();
        assert_eq!(
            read.iter().collect::<BTreeSet<_>>(),
            different,
            "seed {seed}"
        );
        for reader in readers {
            assert_eq!(
                consumer_of(&world, reader).membership(),
                Membership::Stable,
                "seed {seed}"
            );
        }
    }
}
