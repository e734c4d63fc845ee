//! A rebalance, followed by eye.

use engine::Command;
use engine::assignor::ClientAssignor;

use super::super::recent::Change;
use super::super::scene::Step;
use super::watched::{Watched, lane, member, row};
use super::*;

fn slow_to_join(strategy: ClientAssignor) -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: AutoOffsetReset::Earliest,
        partition_assignment_strategy: vec![strategy],
        ..ConsumerConfig::of_group("billing")
    }
}

#[test]
fn an_eager_rebalance_stops_the_world_and_says_for_how_long() {
    let mut watched = Watched::of("orders", 4);
    let config = || slow_to_join(ClientAssignor::Range);
    let first = watched.consumer(config(), "orders");
    watched.pass_ms(10_000);
    assert!(!lane(&watched.scene(), "orders", 0).is_dark);
    let second = watched.consumer(config(), "orders");
    let scene = watched.until(10_000, |scene| {
        let group = scene.group("billing").expect("it is drawn");
        group.state == Some("PreparingRebalance") && lane(scene, "orders", 0).is_dark
    });
    let group = scene.group("billing").expect("it is drawn");
    let bar = group.rebalances.as_ref().expect("it has rebalances");
    assert!(
        bar.is_under_way && bar.text.starts_with("rebalancing for "),
        "{bar:?}"
    );
    for partition in 0..4 {
        let row = row(&scene, "orders", partition, "billing");
        assert_eq!(row.change, Some(Change::Revoked));
        let notice = row.notice.as_ref().expect("it is told");
        assert_eq!(notice.text, "revoked");
    }
    let scene = watched.until(5_000, |scene| {
        let group = scene.group("billing").expect("it is drawn");
        group
            .rebalances
            .as_ref()
            .is_some_and(|bar| !bar.is_under_way)
    });
    let (moved, returned) = (
        row(&scene, "orders", 3, "billing"),
        row(&scene, "orders", 0, "billing"),
    );
    assert_eq!(moved.change, Some(Change::Moved));
    assert_eq!(returned.change, Some(Change::Returned));
    assert_eq!(
        member(&scene, second).change.as_deref(),
        Some("2 moved here")
    );
    assert_eq!(member(&scene, first).change.as_deref(), Some("2 returned"));
    let ribbon = scene
        .ribbons
        .iter()
        .find(|it| it.topic_partition.partition == 3);
    assert_eq!(ribbon.expect("it has an owner").change, Some(Change::Moved));
    watched.tells("last rebalance took ");
    watched.tells("2 moved, 0 kept, 4 revoked, longest unread ");
    watched.pass_ms(6_000);
    assert_eq!(row(&watched.scene(), "orders", 3, "billing").change, None);
    watched.tells("last rebalance took ");
}

#[test]
fn a_cooperative_rebalance_stops_only_what_moves() {
    let mut watched = Watched::of("orders", 4);
    let config = || slow_to_join(ClientAssignor::CooperativeSticky);
    watched.consumer(config(), "orders");
    watched.pass_ms(10_000);
    watched.consumer(config(), "orders");
    let mut most_dark = 0;
    for _ in 0..10_000 {
        watched.pass_ms(1);
        let scene = watched.scene();
        let lanes = scene.topics[0].lanes.iter();
        most_dark = most_dark.max(lanes.filter(|lane| lane.is_dark).count());
        let bar = scene.groups[0]
            .rebalances
            .clone()
            .expect("it has rebalances");
        if bar.fresh == 100 && !bar.is_under_way {
            break;
        }
    }
    assert_eq!(most_dark, 2);
    let scene = watched.scene();
    let changes: Vec<Option<Change>> = (0..4)
        .map(|partition| row(&scene, "orders", partition, "billing").change)
        .collect();
    let count = |of| changes.iter().filter(|change| **change == Some(of)).count();
    assert_eq!(
        (count(Change::Kept), count(Change::Moved)),
        (2, 2),
        "{changes:?}"
    );
}

#[test]
fn who_has_joined_and_who_has_synced_is_told_while_others_are_waited_for() {
    let mut watched = Watched::of("orders", 2);
    let config = || slow_to_join(ClientAssignor::Range);
    let first = watched.consumer(config(), "orders");
    watched.pass_ms(10_000);
    let second = watched.consumer(config(), "orders");
    let scene = watched.until(10_000, |scene| {
        scene.groups[0].progress.as_deref() == Some("1 of 2 joined")
    });
    let step = |client| member(&scene, client).step;
    assert_eq!(step(second), Some(Step::Joined));
    assert_eq!(step(first), Some(Step::NotJoined));
    watched.tells("1 of 2 joined");
    let scene = watched.until(10_000, |scene| {
        scene.groups[0]
            .progress
            .as_deref()
            .is_some_and(|progress| progress.ends_with("of 2 synced"))
    });
    assert_eq!(scene.groups[0].state, Some("CompletingRebalance"));
    watched.pass_ms(5_000);
    let scene = watched.scene();
    assert!(scene.groups[0].progress.is_none());
    watched.run(Command::Close { client: first });
}
