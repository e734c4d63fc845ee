//! `cargo xtask conformance FILE...`: vectors made by Kafka, run against the engine.

use std::env;

use crate::arguments::Arguments;
use crate::example;
use crate::problem::Problem;
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
    let mut cargo = example::command(project, "conformance", &[]);
    // The engine's program is started elsewhere, where a relative name means another file.
    cargo.args(files.iter().map(|file| here.join(file)));
    example::run(cargo, "conformance run")
}
