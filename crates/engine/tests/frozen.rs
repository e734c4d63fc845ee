//! Processes that stand still, and packets that are lost: what Kafka makes of
//! a silence, and of one that ends.

mod support;

use engine::client::{
    Acks, AutoOffsetReset, Client, ConsumerConfig, OutgoingRecord, ProducerConfig,
};
use engine::command::ClientNumber;
use engine::coordinator::GroupEvent;
use engine::protocol::{Payload, Request};
use engine::sim::PacketId;
use engine::{Command, Event, EventKind, Refusal, TopicPartition, World, WorldConfig};
use support::cluster::*;
use support::run_ms;

fn world() -> World {
    let mut world = World::new(5, WorldConfig::playground());
    create(&mut world, "t", "1", &[]);
    world
}

fn execute(world: &mut World, command: Command) -> Vec<Event> {
    world.execute(command).expect("it can be done").events
}

fn start(world: &mut World, command: Command) -> ClientNumber {
    let outcome = world.execute(command).expect("it can start");
    outcome.client.expect("it has a number")
}

fn consumer(world: &mut World, session_timeout_ms: i32) -> ClientNumber {
    let config = ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        session_timeout_ms,
        ..ConsumerConfig::of_group("g")
    };
    let topics = vec!["t".into()];
    start(world, Command::AddConsumer { config, topics })
}

fn producer(world: &mut World) -> ClientNumber {
    let config = ProducerConfig::default();
    let workload = None;
    start(world, Command::AddProducer { config, workload })
}

fn send(world: &mut World, producer: ClientNumber, value: &str) -> Vec<Event> {
    let record = OutgoingRecord {
        topic: "t".into(),
        value: Some(value.as_bytes().to_vec()),
        ..OutgoingRecord::default()
    };
    execute(world, Command::Send { producer, record })
}

fn read(world: &World, consumer: ClientNumber) -> u64 {
    match &world.clients()[&consumer] {
        Client::Consumer(consumer) => consumer.records_read(),
        other => panic!("{} is no consumer", other.client_id()),
    }
}

fn log_end(world: &World) -> i64 {
    let of = TopicPartition::new("t", 0);
    world.partition(&of).expect("it is led").log.end_offset()
}

/// While a consumer is frozen it does nothing and is not told to be gone: its
/// connections are open. When it goes on in time, nobody has noticed.
#[test]
fn a_short_freeze_costs_time_and_nothing_else() {
    let mut world = world();
    let reader = consumer(&mut world, 45_000);
    let writer = producer(&mut world);
    run_ms(&mut world, 8_000);
    let generation = world.groups()["g"].1.generation();
    execute(&mut world, Command::Freeze { client: reader });
    assert!(world.is_frozen(reader));
    send(&mut world, writer, "while it stands still");
    let events = run_ms(&mut world, 10_000);
    assert_eq!(log_end(&world), 1);
    assert_eq!(read(&world, reader), 0);
    let is_closed = |event: &Event| matches!(event.kind, EventKind::ClientClosed { .. });
    assert!(!events.iter().any(is_closed));
    execute(&mut world, Command::Thaw { client: reader });
    run_ms(&mut world, 2_000);
    assert_eq!(read(&world, reader), 1);
    let group = world.groups()["g"].1;
    assert_eq!((group.generation(), group.members().len()), (generation, 1));
}

/// A freeze that is longer than the session: the coordinator takes the member
/// for dead, and it learns so when it goes on, and joins again.
#[test]
fn a_long_freeze_costs_the_membership() {
    let mut world = world();
    let reader = consumer(&mut world, 6_000);
    run_ms(&mut world, 8_000);
    let before = match &world.clients()[&reader] {
        Client::Consumer(consumer) => consumer.member_id().to_owned(),
        _ => unreachable!(),
    };
    execute(&mut world, Command::Freeze { client: reader });
    let events = run_ms(&mut world, 10_000);
    let is_removed = |event: &Event| {
        matches!(
            event.kind,
            EventKind::Group(GroupEvent::MemberRemoved { .. })
        )
    };
    assert!(events.iter().any(is_removed), "{events:#?}");
    assert_eq!(world.groups()["g"].1.members().len(), 0);
    execute(&mut world, Command::Thaw { client: reader });
    run_ms(&mut world, 10_000);
    let group = world.groups()["g"].1;
    let members: Vec<&str> = group.members().map(|member| member.id()).collect();
    assert_eq!(members.len(), 1);
    assert_ne!(members[0], before, "it was given a new id");
}

/// What a frozen producer was given before waits in its accumulator; what it
/// is asked for now is refused; and answers that came are read when it goes on.
#[test]
fn a_frozen_producer_sends_nothing_until_it_goes_on() {
    let mut world = world();
    let writer = producer(&mut world);
    send(&mut world, writer, "first");
    run_ms(&mut world, 3_000);
    assert_eq!(log_end(&world), 1);
    send(&mut world, writer, "lingers");
    execute(&mut world, Command::Freeze { client: writer });
    let record = OutgoingRecord {
        topic: "t".into(),
        ..OutgoingRecord::default()
    };
    let refused = world.execute(Command::Send {
        producer: writer,
        record,
    });
    assert_eq!(refused.unwrap_err(), Refusal::ClientIsFrozen(writer));
    run_ms(&mut world, 5_000);
    assert_eq!(
        log_end(&world),
        1,
        "linger.ms has run out, and nobody looks"
    );
    execute(&mut world, Command::Thaw { client: writer });
    run_ms(&mut world, 2_000);
    assert_eq!(log_end(&world), 2);
    let refused = world.execute(Command::Thaw { client: writer });
    assert_eq!(refused.unwrap_err(), Refusal::ClientRuns(writer));
}

/// SIGTERM waits until the process goes on; SIGKILL does not.
#[test]
fn a_frozen_process_closes_when_it_goes_on_and_dies_at_once() {
    let mut world = world();
    let (closes, dies) = (consumer(&mut world, 45_000), consumer(&mut world, 45_000));
    run_ms(&mut world, 8_000);
    for client in [closes, dies] {
        execute(&mut world, Command::Freeze { client });
    }
    execute(&mut world, Command::Close { client: closes });
    execute(&mut world, Command::Crash { client: dies });
    run_ms(&mut world, 1_000);
    assert!(world.clients().contains_key(&closes));
    assert!(!world.clients().contains_key(&dies) && !world.is_frozen(dies));
    execute(&mut world, Command::Thaw { client: closes });
    run_ms(&mut world, 5_000);
    assert!(!world.clients().contains_key(&closes));
}

/// A lost packet comes 200 ms later, in its place: TCP hands out what follows
/// on the connection after it. Kafka notices nothing but the time.
#[test]
fn a_lost_packet_comes_late_and_all_behind_it() {
    let mut world = world();
    let writer = producer(&mut world);
    send(&mut world, writer, "first");
    run_ms(&mut world, 3_000);
    for value in ["a", "b", "c"] {
        send(&mut world, writer, value);
        run_ms(&mut world, 10);
    }
    let produces = |world: &World| -> Vec<(PacketId, engine::Time)> {
        let packets = world.packets();
        let produces =
            packets.filter(|it| matches!(it.payload, Payload::Request(Request::Produce(_))));
        produces.map(|it| (it.id, it.arrival)).collect()
    };
    let before = produces(&world);
    assert!(before.len() >= 2, "{before:?}");
    let (packet, arrival) = before[0];
    let events = execute(&mut world, Command::LosePacket { packet });
    let told = events
        .iter()
        .map(|event| event.describe(&world).to_string());
    assert!(told.into_iter().any(|text| text.contains("is lost")));
    let after = produces(&world);
    assert_eq!(after[0], (packet, arrival.plus_us(200_000)));
    assert!(
        after.is_sorted_by(|one, other| one.1 < other.1),
        "{after:?}"
    );
    run_ms(&mut world, 3_000);
    assert_eq!(
        log_end(&world),
        4,
        "nothing is missing, and nothing is twice"
    );
    let refused = world.execute(Command::LosePacket { packet });
    assert_eq!(refused.unwrap_err(), Refusal::CannotLosePacket(packet.0));
}

/// Freezing and losing are commands like others: the same journal gives the
/// same world.
#[test]
fn they_are_replayed_from_the_journal() {
    let mut world = world();
    let reader = consumer(&mut world, 6_000);
    let writer = producer(&mut world);
    run_ms(&mut world, 6_000);
    send(&mut world, writer, "one");
    run_ms(&mut world, 30);
    let packet = world.packets().next().map(|packet| packet.id);
    let packet = packet.expect("something is under way");
    execute(&mut world, Command::LosePacket { packet });
    execute(&mut world, Command::Freeze { client: reader });
    run_ms(&mut world, 7_000);
    let frozen = world.digest();
    let again = replay(&world);
    assert_eq!(again.digest(), frozen);
    execute(&mut world, Command::Thaw { client: reader });
    run_ms(&mut world, 3_000);
    assert_eq!(replay(&world).digest(), world.digest());
}

fn replay(world: &World) -> World {
    let journal = world.journal();
    let mut again = World::new(journal.seed, journal.config.clone());
    for entry in &journal.entries {
        again.advance_to(entry.at);
        again
            .execute(entry.command.clone())
            .expect("it was done once");
    }
    again.advance_to(world.now());
    again
}

/// A leader that stands still is silent, not gone: what is sent to it waits, and
/// when it goes on before its session ends, nobody is elected.
#[test]
fn a_short_freeze_of_a_leader_makes_nobody_else_the_leader() {
    let mut world = cluster(3);
    create(&mut world, "orders", "1:2:3", &[]);
    let writer = producer(&mut world);
    run_ms(&mut world, 1_000);
    execute(&mut world, Command::FreezeServer { server: 1 });
    let record = OutgoingRecord {
        topic: "orders".into(),
        value: Some(b"waits".to_vec()),
        ..OutgoingRecord::default()
    };
    let producer = writer;
    execute(&mut world, Command::Send { producer, record });
    run_ms(&mut world, 2_000);
    assert!(world.is_server_frozen(1));
    assert_eq!(ends(&world, "orders")[0], (1, 0, 0), "nothing is written");
    execute(&mut world, Command::ThawServer { server: 1 });
    let events = run_ms(&mut world, 1_000);
    let elected = |event: &Event| matches!(event.kind, EventKind::LeaderElected { .. });
    assert!(!events.iter().any(elected));
    assert_eq!(leader(&world, "orders"), Some(1));
    assert_eq!(consume(&mut world, "orders-0"), numbered(&["waits"]));
}

/// After `broker.session.timeout.ms` the controller fences a leader that stands
/// still, and another leads. When it goes on it still takes itself for the
/// leader, until it hears otherwise; what was acknowledged with `acks=all` is
/// all there, and it comes back into the ISR.
#[test]
fn a_leader_that_stands_still_for_long_comes_back_as_a_follower() {
    let mut world = cluster(4);
    create(&mut world, "orders", "1:2:3", &[]);
    send_all(&mut world, &["before"]);
    execute(&mut world, Command::FreezeServer { server: 1 });
    wait_leader(&mut world, "orders-0", Some(2));
    assert!(world.image().brokers.is_fenced(1));
    send_all(&mut world, &["meanwhile"]);
    let still = world.brokers()[&1].partitions()[&partition("orders-0")].is_leader();
    assert!(still, "nobody could tell it");
    execute(&mut world, Command::ThawServer { server: 1 });
    wait_isr(&mut world, "orders-0", &[1, 2, 3]);
    assert!(!world.image().brokers.is_fenced(1));
    assert_eq!(leader(&world, "orders"), Some(2));
    let all = numbered(&["before", "meanwhile"]);
    assert_eq!(consume(&mut world, "orders-0"), all);
    assert_eq!(ends(&world, "orders"), [(1, 2, 2), (2, 2, 2), (3, 2, 2)]);
}

fn send_all(world: &mut World, values: &[&str]) {
    let answers = support::cluster::send(world, Acks::All, "orders-0", values);
    assert_eq!(answers.len(), values.len());
}

/// An active controller that stands still is replaced by the others, and is an
/// ordinary voter when it goes on.
#[test]
fn a_controller_that_stands_still_is_replaced() {
    let mut world = cluster_of_three_controllers(5);
    let active = |world: &World| world.active_controller().map(|node| node.id());
    let old = active(&world).expect("there is one");
    execute(&mut world, Command::FreezeServer { server: old });
    let is_another = |world: &World| active(world).is_some_and(|id| id != old);
    wait(&mut world, "another controller", is_another);
    let new = active(&world);
    create(&mut world, "orders", "1:2:3", &[]);
    execute(&mut world, Command::ThawServer { server: old });
    run_ms(&mut world, 5_000);
    assert_eq!(active(&world), new);
    let offsets = world.controllers().values();
    let ends: Vec<i64> = offsets
        .map(|node| node.quorum().log().len() as i64)
        .collect();
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

/// SIGTERM reaches a broker when it goes on; SIGKILL ends it at once.
#[test]
fn a_frozen_broker_hears_of_sigterm_later_and_of_sigkill_never() {
    let mut world = cluster(6);
    create(&mut world, "orders", "1:2:3", &[]);
    execute(&mut world, Command::FreezeServer { server: 1 });
    execute(&mut world, Command::StopBroker { broker: 1 });
    run_ms(&mut world, 1_000);
    assert!(world.brokers()[&1].state().is_up());
    execute(&mut world, Command::ThawServer { server: 1 });
    let is_down = |world: &World| !world.brokers()[&1].state().is_up();
    wait(&mut world, "broker 1 to stop", is_down);

    execute(&mut world, Command::FreezeServer { server: 2 });
    kill(&mut world, 2);
    assert!(!world.is_server_frozen(2));
    start_broker(&mut world, 2);
    start_broker(&mut world, 1);
    wait_isr(&mut world, "orders-0", &[1, 2, 3]);
    assert_eq!(consume(&mut world, "orders-0"), []);
}

/// What cannot be is refused with a sentence, and nothing has changed.
#[test]
fn servers_that_cannot_be_frozen_or_thawed_are_refused() {
    let mut world = cluster(7);
    kill(&mut world, 3);
    execute(&mut world, Command::FreezeServer { server: 1 });
    let refused = [
        (
            Command::FreezeServer { server: 1 },
            Refusal::ServerIsFrozen(1),
        ),
        (Command::LoseDisk { broker: 1 }, Refusal::ServerIsFrozen(1)),
        (
            Command::ThawServer { server: 2 },
            Refusal::ServerIsNotFrozen(2),
        ),
        (
            Command::FreezeServer { server: 3 },
            Refusal::ServerIsDown(3),
        ),
        (Command::ThawServer { server: 9 }, Refusal::NoSuchServer(9)),
    ];
    let before = world.digest();
    for (command, refusal) in refused {
        assert_eq!(world.execute(command).err(), Some(refusal));
    }
    assert_eq!(world.digest(), before);
}
