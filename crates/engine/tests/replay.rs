//! One history: a journal replayed on a new world gives the identical world.

#[path = "support/random_commands.rs"]
mod random_commands;

use engine::{Time, World};
use random_commands::random_world;

/// How many random journals each property is tried on.
const SEEDS: u64 = 60;
const COMMANDS: usize = 80;

#[test]
fn a_journal_replayed_on_a_new_world_gives_the_identical_world() {
    let mut carried_out = 0;
    for seed in 0..SEEDS {
        let world = random_world(seed, COMMANDS);
        let again = world.journal().replay(world.now());
        assert_eq!(again.digest(), world.digest(), "seed {seed}");
        carried_out += world.journal().entries.len();
    }
    // Not all commands may have been refused, or nothing was tried.
    assert!(carried_out > SEEDS as usize * COMMANDS / 3, "{carried_out}");
}

/// The past is there to be visited: a replay to an earlier instant is the
/// world as it was then, and going on from it leads to the same present.
#[test]
fn a_replay_to_an_earlier_instant_is_the_world_as_it_was_then() {
    for seed in 0..SEEDS {
        let world = random_world(seed, COMMANDS);
        let half = Time::from_us(world.now().as_us() / 2);
        let journal = world.journal();
        let mut then = journal.replay(half);
        assert_eq!(then.now(), half);
        for entry in journal.entries.iter().filter(|entry| entry.at > half) {
            then.advance_to(entry.at);
            then.execute(entry.command.clone())
                .expect("it was carried out before");
        }
        then.advance_to(world.now());
        assert_eq!(then.digest(), world.digest(), "seed {seed}");
    }
}

/// How the page's frames cut time up makes no difference.
#[test]
fn time_may_pass_in_pieces_of_any_size() {
    for seed in 0..SEEDS {
        let world = random_world(seed, COMMANDS);
        let until = world.now().plus_ms(5_000);
        let mut at_once = world.clone();
        at_once.advance_to(until);
        let mut in_pieces = world.clone();
        while in_pieces.now() < until {
            let piece_us = 1 + in_pieces.now().as_us() % 33_333;
            in_pieces.advance_to(in_pieces.now().plus_us(piece_us).min(until));
        }
        assert_eq!(in_pieces.digest(), at_once.digest(), "seed {seed}");
        let mut by_steps = world.clone();
        while by_steps.next_time().is_some_and(|next| next <= until) {
            let before = by_steps.clone();
            by_steps.step();
            if by_steps.now() > until {
                by_steps = before;
                break;
            }
        }
        by_steps.advance_to(until);
        assert_eq!(by_steps.digest(), at_once.digest(), "seed {seed}");
    }
}

#[test]
fn other_seeds_give_other_worlds() {
    let digests: engine::collections::BTreeSet<u64> = (0..SEEDS)
        .map(|seed| random_world(seed, 20).digest())
        .collect();
    assert_eq!(digests.len(), SEEDS as usize);
}

/// A refused command leaves no trace.
#[test]
fn a_refused_command_leaves_the_world_as_it_was() {
    for seed in 0..SEEDS {
        let world: World = random_world(seed, 40);
        let mut asked = world.clone();
        let nobody = engine::Command::Close { client: u32::MAX };
        asked.execute(nobody).expect_err("there is no such client");
        assert_eq!(asked.digest(), world.digest(), "seed {seed}");
    }
}
