//! `cargo xtask conformance FILE...`: vectors made by Kafka, run against the engine.

use std::env;
use std::process::Stdio;

use crate::arguments::Arguments;
use crate::problem::Problem;
use crate::process;
use crate::project::Project;

/// Runs the engine's own program for this, and ends as it ends.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Problem> {
    let files = arguments.rest();
    if files.is_empty() {
        return Err(Problem::new(
            "which vectors? `cargo xtask conformance FILE...` wants at least one file",
        ));
    }
    let here = env::current_dir().map_err(|error| {
        Problem::new(format!(
            "cannot tell which folder this is: {error}; go to one that is there"
        ))
    })?;
    let mut cargo = process::cargo();
    cargo
        .args([
            "run",
            "--quiet",
            "--package",
            "engine",
            "--example",
            "conformance",
            "--",
        ])
        // The engine's program is started elsewhere, where a relative name means another file.
        .args(files.iter().map(|file| here.join(file)))
        .current_dir(&project.root)
        .stdin(Stdio::null());
    let status = cargo
        .status()
        .map_err(|error| process::not_started(&cargo, &error))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Problem::Ended(u8::try_from(code).unwrap_or(1))),
        None => Err(Problem::new(
            "the conformance run was stopped before its end: start it again",
        )),
    }
}
