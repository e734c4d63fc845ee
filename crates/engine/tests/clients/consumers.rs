//! Consumers whose leader, coordinator or network fails.

use super::support::{assigned, consumer, consumer_of, run_ms, send, values_read};
use super::{BROKERS, TOPIC, cluster_with_topic, execute, leader, producer, without_repetitions};
use engine::client::{Membership, ProducerConfig};
use engine::sim::Host;
use engine::sorting::sort;
use engine::{Command, Event, World};

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
        sort(&mut read);
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
