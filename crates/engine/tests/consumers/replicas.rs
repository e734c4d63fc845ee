//! Whom a consumer reads from.

use super::support::{assigned, cluster, consumer_of, run_ms};
use super::{TOPIC, config, member, partition, position, wait};
use engine::client::{Acks, ConsumerConfig};
use engine::{EventKind, World, WorldConfig};

/// Three brokers, each in a rack of its own.
fn cluster_in_racks(selector: &[(&str, &str)]) -> World {
    let mut config = WorldConfig::cluster(&[1, 2, 3], &[100], selector);
    for broker in &mut config.brokers {
        broker.rack = Some(format!("rack-{}", broker.id));
    }
    World::new(15, config)
}

#[test]
fn a_consumer_reads_from_the_replica_in_its_rack() {
    let selector = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
    for (settings, replica) in [
        (&[("replica.selector.class", selector)][..], Some(2)),
        (&[], None),
    ] {
        let mut world = cluster_in_racks(settings);
        cluster::create(&mut world, TOPIC, "1:2:3", &[]);
        let config = ConsumerConfig {
            client_rack: Some("rack-2".to_owned()),
            ..config("billing")
        };
        let consumer = member(&mut world, config);
        run_ms(&mut world, 10_000);
        cluster::send(&mut world, Acks::All, "orders-0", &["one"]);
        run_ms(&mut world, 10_000);
        let assigned = consumer_of(&world, consumer).assignment()[&partition()].clone();
        assert_eq!(assigned.read_replica, replica);
        assert_eq!(assigned.position, Some(1));
        if replica.is_some() {
            // It reads on at the leader when the replica is gone. In between
            // it has nothing: see the next lesson.
            cluster::kill(&mut world, 2);
            cluster::send(&mut world, Acks::Leader, "orders-0", &["two"]);
            wait(&mut world, "the second record", |world| {
                position(world, consumer) == Some(2)
            });
        }
    }
}

/// KIP-881: an assignment was made for the racks in which the replicas were. A
/// group leader with a `client.rack` has its group rebalance when they are in
/// others, and with a broker its rack is gone; members that are eager, as by
/// default, give up all that they have for it. Without a rack nothing happens.
#[test]
fn a_group_leader_in_a_rack_has_its_group_rebalance_when_a_rack_is_gone() {
    for (rack, rebalances) in [(Some("rack-2"), 1), (None, 0)] {
        let mut world = cluster_in_racks(&[]);
        cluster::create(&mut world, TOPIC, "1:2:3", &[]);
        let config = ConsumerConfig {
            client_rack: rack.map(str::to_owned),
            ..config("billing")
        };
        let consumer = member(&mut world, config);
        run_ms(&mut world, 10_000);
        let before = consumer_of(&world, consumer).generation();
        // Not its coordinator's end, nor that of the partition's leader.
        let coordinator = consumer_of(&world, consumer).coordinator();
        assert_ne!(coordinator, Some(2));
        cluster::kill(&mut world, 2);
        let metadata_max_age_ms = 300_000;
        let events = run_ms(&mut world, metadata_max_age_ms + 30_000);
        let revoked = events.iter().filter(|event| {
            matches!(event.kind, EventKind::PartitionsRevoked { consumer: it, .. } if it == consumer)
        });
        assert_eq!(revoked.count(), rebalances, "{rack:?}");
        let after = consumer_of(&world, consumer).generation();
        assert_eq!(after - before, rebalances as i32, "{rack:?}");
        assert_eq!(assigned(&world, consumer), [0]);
    }
}

#[test]
fn a_consumer_notices_that_another_leader_lacks_what_it_has_read() {
    let mut world = cluster::cluster_with(16, &[("unclean.leader.election.enable", "true")]);
    cluster::create(&mut world, TOPIC, "1:2", &[]);
    let consumer = member(&mut world, config("billing"));
    cluster::send(&mut world, Acks::All, "orders-0", &["both have this"]);
    run_ms(&mut world, 5_000);
    cluster::kill(&mut world, 2);
    cluster::wait_isr(&mut world, "orders-0", &[1]);
    for value in ["1", "2", "3"] {
        cluster::send(&mut world, Acks::All, "orders-0", &[value]);
    }
    wait(&mut world, "the fourth", |world| {
        position(world, consumer) == Some(4)
    });
    cluster::kill(&mut world, 1);
    cluster::start_broker(&mut world, 2);
    cluster::wait_leader(&mut world, "orders-0", Some(2));
    // More than was lost: by its offset alone the position would look right.
    for value in ["a", "b", "c", "d", "e"] {
        cluster::send(&mut world, Acks::Leader, "orders-0", &[value]);
    }
    wait(&mut world, "the last", |world| {
        position(world, consumer) == Some(6)
    });
    let processed = &world.processed_by("billing").expect("it has")[&partition()];
    assert_eq!(
        processed.skipped(),
        0,
        "it went back to where the logs part"
    );
    assert_eq!(
        processed.repeated(),
        3,
        "offsets 1 to 3 are other records now"
    );
}
