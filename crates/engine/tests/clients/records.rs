//! Which records are lost, repeated or given up.

use super::support::{run_ms, send};
use super::{
    BROKERS, TOPIC, cluster_with_topic, delivered, execute, failures, leader, producer, values,
    without_repetitions,
};
use engine::client::{Acks, ProducerConfig};
use engine::command::ClientNumber;
use engine::sim::Host;
use engine::{Command, World};

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
