//! The engine's own programs, run as tasks.

use std::process::{Command, Stdio};

use crate::problem::Problem;
use crate::process;
use crate::project::Project;

/// `cargo run` of an example of the engine, up to its own arguments.
pub fn command(project: &Project, example: &str, options: &[&str]) -> Command {
    let mut cargo = process::cargo();
    cargo
        .args(["run", "--quiet", "--package", "engine"])
        .args(options)
        .args(["--example", example, "--"])
        .current_dir(&project.root)
        .stdin(Stdio::null());
    cargo
}

/// Runs it, and ends as it ends; `what` is what it does.
pub fn run(mut cargo: Command, what: &str) -> Result<(), Problem> {
    let status = cargo
        .status()
        .map_err(|error| process::not_started(&cargo, &error))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Problem::Ended(u8::try_from(code).unwrap_or(1))),
        None => Err(Problem::new(format!(
            "the {what} was stopped before its end: start it again"
        ))),
    }
}
