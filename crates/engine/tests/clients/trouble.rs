//! All of it at once, and for long.

use engine::collections::BTreeSet;

use super::support::{consumer, consumer_of, run_ms, send, values_read};
use super::{BROKERS, TOPIC, admin, call, cluster_with_topic, create, execute, producer, values};
use engine::client::{Client, Membership, ProducerConfig};
use engine::protocol::{ListGroupsRequest, Request};
use engine::sim::{Host, Random, Stream};
use engine::{Command, Event, EventKind};

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
