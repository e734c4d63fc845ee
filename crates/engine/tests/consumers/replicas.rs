//! Whom a consumer reads from.

use super::support::{cluster, consumer_of, run_ms};
use super::{TOPIC, config, member, partition, position, wait};
use engine::client::{Acks, ConsumerConfig};
use engine::{World, WorldConfig};

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
            // The leader reads on when the replica is gone.
            cluster::kill(&mut world, 2);
            cluster::send(&mut world, Acks::Leader, "orders-0", &["two"]);
            wait(&mut world, "the second record", |world| {
                position(world, consumer) == Some(2)
            });
        }
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
