//! The picture's rules, held against random worlds.

mod brokers;
mod clients;
mod connectors;
mod golden;
mod happenings;
mod lanes;
mod moving;
mod pictures;
mod producers;
mod rebalances;
mod watched;
mod words;

#[path = "../../crates/engine/tests/support/random_commands.rs"]
mod random_commands;

use engine::client::{
    AdminConfig, AutoOffsetReset, ConsumerConfig, KeyPattern, OutgoingRecord, ProducerConfig,
    Workload,
};
use engine::protocol::{CreatableTopic, CreateTopicsRequest, Request};
use engine::{Command, TopicPartition, World, WorldConfig};

use super::testing::*;

/// What many worlds and widths are tried on.
const SEEDS: u64 = 40;
const COMMANDS: usize = 60;
const WIDTHS: [f32; 9] = [20.0, 24.4, 33.0, 40.0, 50.0, 63.9, 64.0, 80.0, 160.0];

fn random_worlds() -> impl Iterator<Item = (u64, World)> {
    (0..SEEDS).map(|seed| {
        let mut world = random_commands::random_world(seed, COMMANDS);
        run_ms(&mut world, 3_000);
        (seed, world)
    })
}

#[test]
fn a_packet_is_found_where_it_is_drawn() {
    let mut world = world_with_topic("orders", 3);
    shop(&mut world, "orders");
    consumer(&mut world, "billing", "orders");
    run_ms(&mut world, 8_000);
    let view = super::View::new(80.0);
    let mut found = 0;
    for _ in 0..100 {
        run_ms(&mut world, 30);
        let scene = super::Scene::of(&world, &view);
        for mark in super::packet_marks(&world, &scene) {
            let there = super::packet_at(&world, &scene, mark.at);
            let there = there.expect("something flies there");
            let marks = super::packet_marks(&world, &scene);
            let at_same_place = marks
                .iter()
                .any(|it| it.id == there && it.at.distance(mark.at) < 0.01);
            assert!(at_same_place, "{mark:?}");
            found += 1;
        }
        let nowhere = super::geometry::Point::new(-50.0, -50.0);
        assert_eq!(super::packet_at(&world, &scene, nowhere), None);
    }
    assert!(found > 20, "{found}");
}
