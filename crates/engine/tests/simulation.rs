//! Four hundred random clusters under random work and faults
//! (`tests/simulation/`): whatever happens, nothing is lost that was promised,
//! and groups keep to what they share. `cargo xtask simulate` runs as many as
//! one likes.

#[path = "simulation/mod.rs"]
mod simulation;

use simulation::{Summary, run};

const COMMANDS: usize = 160;

fn run_all(seeds: std::ops::Range<u64>) {
    let mut sum = Summary::default();
    for seed in seeds {
        sum.add(run(seed, COMMANDS));
    }
    much_has_happened_to_the_cluster(&sum);
    much_has_happened_in_groups(&sum);
    much_has_happened_in_transactions(&sum);
    much_has_been_shared(&sum);
    assert!(sum.rows > 10, "{sum:?}");
}

/// Worlds in which nothing happens would prove nothing.
fn much_has_happened_to_the_cluster(sum: &Summary) {
    assert!(sum.faults > 500, "{sum:?}");
    assert!(
        sum.elections > 1_000 && sum.unclean_elections > 10,
        "{sum:?}"
    );
    assert!(
        sum.by_zookeeper > 10 && sum.controllers > 100 + sum.by_zookeeper,
        "{sum:?}"
    );
    assert!(sum.acknowledged > 1_000 && sum.read > 1_000, "{sum:?}");
}

/// The same for groups.
fn much_has_happened_in_groups(sum: &Summary) {
    let rebalances = sum.generations > 400 && sum.cooperative > 80;
    assert!(rebalances && sum.looked_at > 100_000, "{sum:?}");
    assert!(sum.epochs > 400 && sum.reconciled > 800, "{sum:?}");
    assert!(sum.looked_at_epochs > 100_000, "{sum:?}");
    assert!(sum.commits > 5_000 && sum.refused_commits > 500, "{sum:?}");
    assert!(sum.expired_members > 50, "{sum:?}");
    assert!(
        sum.replaced_members > 5 && sum.fenced_members > 0,
        "{sum:?}"
    );
    assert!(sum.poll_timeouts > 5 && sum.lost_partitions > 20, "{sum:?}");
    assert!(
        sum.processed > 10_000 && sum.processed_again > 200,
        "{sum:?}"
    );
    assert!(
        sum.kept_offsets > 200 && sum.settled_groups > 100,
        "{sum:?}"
    );
}

/// The same for transactions.
fn much_has_happened_in_transactions(sum: &Summary) {
    assert!(
        sum.committed_transactions > 250 && sum.aborted_transactions > 25,
        "{sum:?}"
    );
    assert!(sum.isolated > 100 && sum.effects > 300, "{sum:?}");
}

/// The same for share groups.
fn much_has_been_shared(sum: &Summary) {
    assert!(sum.share_deliveries > 2_000, "{sum:?}");
    assert!(
        sum.share_redeliveries > 300 && sum.share_archived > 50,
        "{sum:?}"
    );
    assert!(sum.finished_share_groups > 50, "{sum:?}");
}

#[test]
fn promises_are_kept_in_the_first_hundred_worlds() {
    run_all(0..100);
}

#[test]
fn promises_are_kept_in_the_second_hundred_worlds() {
    run_all(100..200);
}

#[test]
fn promises_are_kept_in_the_third_hundred_worlds() {
    run_all(200..300);
}

#[test]
fn promises_are_kept_in_the_fourth_hundred_worlds() {
    run_all(300..400);
}
