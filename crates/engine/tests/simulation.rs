//! Two hundred random clusters under random work and faults
//! (`tests/simulation/`): whatever happens, nothing is lost that was promised.
//! `cargo xtask simulate` runs as many as one likes.

#[path = "simulation/mod.rs"]
mod simulation;

use simulation::{Summary, run};

const COMMANDS: usize = 160;

/// Worlds in which nothing happens would prove nothing.
fn run_all(seeds: std::ops::Range<u64>) {
    let mut sum = Summary::default();
    for seed in seeds {
        sum.add(run(seed, COMMANDS));
    }
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

#[test]
fn nothing_that_was_promised_is_lost_in_the_first_hundred_worlds() {
    run_all(0..100);
}

#[test]
fn nothing_that_was_promised_is_lost_in_the_second_hundred_worlds() {
    run_all(100..200);
}
