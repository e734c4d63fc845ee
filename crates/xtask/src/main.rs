//! The project's own tasks: `cargo xtask serve`, `test`, `build`, `bundle`, `bench`,
//! `conformance`, `simulate`.
//!
//! Each subject has its file: [`setup`] puts in place what a task needs, [`page`] builds the page
//! with what [`setup`] found, [`steps`] tells the person at the terminal what goes on and for how
//! long. A task that cannot be done ends in one sentence, a [`Problem`], never in a panic.

#![allow(
    clippy::disallowed_methods,
    reason = "what would make the page large does no harm here"
)]

mod arguments;
mod base64;
mod bench;
mod browser;
mod bundle;
mod conformance;
mod example;
mod html;
mod packer;
mod page;
mod problem;
mod process;
mod programs;
mod project;
mod serve;
mod setup;
mod simulate;
mod sizes;
mod steps;
mod test;
mod tools;

use std::process::ExitCode;

use arguments::Arguments;
use problem::Problem;
use project::Project;
use steps::say;

/// What `cargo xtask` prints when it is not told what to do.
const USAGE: &str = "\
Kafka Lanes: the project's own tasks

  cargo xtask serve [--port N] [--dev]
      puts in place whatever is missing, builds the page, serves it on
      http://127.0.0.1:8080 and opens the browser when there is one;
      --dev builds faster and runs slower: for work on the page itself

  cargo xtask test [--only STEP [-- ARGUMENTS]]
      puts in place what the tests need too, and runs everything;
      --only runs one step and hands it the arguments after `--`

  cargo xtask build
      the release page in dist/, and its sizes

  cargo xtask bundle
      the same as a folder that works under any path of any web server (dist/)
      and as one file that opens by double-click (dist/kafka-lanes.html)

  cargo xtask bench
      how many records a second the engine makes, replicates and reads, natively
      and in the browser

  cargo xtask bench --page [-- OPTIONS]
      drives the release page in the browser with 256 partitions, 64 consumers and
      100,000 records/s: frame times, first paint, bytes; with `--seconds N` for
      so long, with `--profile FILE` what the browser was busy with

  cargo xtask conformance FILE...
      runs files of vectors against the engine; each failing case is named

  cargo xtask simulate --seeds A..B [--commands N]
      runs random clusters under random work and faults, one for each seed from A
      to B - 1; of each seed that fails, the last events and what is wrong

What it installs goes to .tools/ in the checkout, or to $KAFKA_LANES_CACHE/tools.
";

fn main() -> ExitCode {
    match run(Arguments::of_this_process()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            if let Some(sentence) = problem.sentence() {
                eprintln!("\nerror: {sentence}");
            }
            ExitCode::from(problem.exit_code())
        }
    }
}

fn run(mut arguments: Arguments) -> Result<(), Problem> {
    let project = Project::find();
    match arguments.next().as_deref() {
        Some("serve") => serve::run(&project, arguments),
        Some("test") => test::run(&project, arguments),
        Some("build") => page::run(&project, arguments),
        Some("bundle") => bundle::run(&project, arguments),
        Some("bench") => bench::run(&project, arguments),
        Some("conformance") => conformance::run(&project, arguments),
        Some("simulate") => simulate::run(&project, arguments),
        Some("help" | "--help" | "-h") | None => {
            say(USAGE.trim_end());
            say(&format!(
                "\nThe steps of `cargo xtask test`:\n{}",
                test::list()
            ));
            Ok(())
        }
        Some(other) => Err(Problem::new(format!(
            "there is no task `{other}`: `cargo xtask help` lists them"
        ))),
    }
}
