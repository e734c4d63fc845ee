//! `cargo xtask simulate --seeds A..B`: random clusters under random faults.

use crate::arguments::{self, Arguments};
use crate::example;
use crate::problem::Problem;
use crate::project::Project;

/// How many commands each world gets, where nothing is said of it.
const COMMANDS: &str = "160";

/// Runs the engine's own program for this, with optimisations and the engine's
/// assertions, and ends as it ends.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Problem> {
    let mut seeds = None;
    let mut commands = COMMANDS.to_owned();
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "--seeds" => seeds = Some(arguments.value_of("--seeds")?),
            "--commands" => commands = arguments.value_of("--commands")?,
            other => return Err(arguments::unknown("simulate", other)),
        }
    }
    let seeds = seeds.ok_or_else(|| {
        Problem::new("which seeds? `cargo xtask simulate --seeds A..B` wants a range, as 0..1000")
    })?;
    let mut cargo = example::command(project, "simulate", &["--profile", "simulate"]);
    cargo.args([seeds, commands]);
    example::run(cargo, "simulation")
}
