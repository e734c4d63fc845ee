//! `simulate FROM..TO [COMMANDS]`: runs these seeds of the randomised
//! simulation, with so many commands each.
//!
//! Of each seed that fails it prints the number, the last events and what is
//! wrong; at the end one line with what all runs have seen. It exits with 1
//! when any has failed.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[path = "../tests/simulation/mod.rs"]
mod simulation;

use simulation::Summary;

/// As many commands as the tests give each world.
const COMMANDS: usize = 160;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seeds = arguments.next().and_then(|text| range(&text));
    let commands = match arguments.next() {
        Some(text) => text.parse().ok(),
        None => Some(COMMANDS),
    };
    let (Some(seeds), Some(commands)) = (seeds, commands) else {
        eprintln!("usage: simulate FROM..TO [COMMANDS]");
        return ExitCode::from(2);
    };
    let (sum, failed) = run_all(seeds, commands);
    println!("{sum:?}");
    match failed.is_empty() {
        true => ExitCode::SUCCESS,
        false => {
            println!("{} seeds fail: {failed:?}", failed.len());
            ExitCode::FAILURE
        }
    }
}

/// `FROM..TO`, without the last.
fn range(text: &str) -> Option<std::ops::Range<u64>> {
    let (from, to) = text.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

/// On all processors: each seed is a world of its own.
fn run_all(seeds: std::ops::Range<u64>, commands: usize) -> (Summary, Vec<u64>) {
    let next = AtomicU64::new(seeds.start);
    let result = Mutex::new((Summary::default(), Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let outcome = std::panic::catch_unwind(|| simulation::run(seed, commands));
            let mut result = result.lock().expect("nobody panics with it");
            match outcome {
                Ok(summary) => result.0.add(summary),
                Err(_) => result.1.push(seed),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    result.into_inner().expect("nobody panics with it")
}
