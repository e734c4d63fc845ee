//! Builds the page with Trunk.

use std::env;
use std::process::Command;

use crate::arguments::Arguments;
use crate::problem::Problem;
use crate::process;
use crate::project::Project;
use crate::setup;
use crate::sizes;
use crate::steps::{Steps, say};
use crate::tools::Tools;

/// `cargo xtask build`: the release page, and its sizes.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Problem> {
    arguments.end("build")?;
    let mut steps = Steps::default();
    let tools = setup::for_page(project, &mut steps, true)?;
    steps.run("page", "building it for release into dist/", || {
        build(project, &tools)
    })?;
    say(&format!("\n{}", sizes::table(&project.dist())?));
    Ok(())
}

/// Builds the release page into `dist/`.
pub fn build(project: &Project, tools: &Tools) -> Result<(), Problem> {
    process::run(trunk(project, tools, "build").arg("--release"))
}

/// A Trunk command that uses the programs that are in place, and no network.
pub fn trunk(project: &Project, tools: &Tools, command: &str) -> Command {
    let mut trunk = Command::new(&tools.trunk);
    trunk
        .arg(command)
        .current_dir(&project.root)
        .env("PATH", tools.path())
        .env("TRUNK_OFFLINE", "true")
        .env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Trunk takes NO_COLOR for a flag that must be `true` or `false`, and stops at its usual `1`.
    if env::var_os("NO_COLOR").is_some() {
        trunk.env_remove("NO_COLOR").env("TRUNK_COLOR", "never");
    }
    trunk
}
