//! `conformance FILE...`: runs vector files made by Kafka's own classes.
//!
//! It prints each failing case's id and the first difference, then one line
//! `N passed, M failed` over all files, and exits with 1 when M is not 0. A
//! file that cannot be run counts as one failure.

use std::path::Path;
use std::process::ExitCode;

#[path = "../tests/conformance/mod.rs"]
mod conformance;

use conformance::{Report, run_file};

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: conformance FILE...");
        return ExitCode::from(2);
    }
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        match run(file) {
            Ok(report) => {
                print_failures(&report);
                passed += report.passed;
                failed += report.failures.len();
            }
            Err(problem) => {
                println!("{file}: {problem}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(file: &str) -> Result<Report, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
    let name = Path::new(file)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let report = run_file(&name, &text)?;
    let cases = report.passed + report.failures.len() as u64;
    if report.count.is_some_and(|count| count != cases) {
        eprintln!(
            "{file}: {} has {cases} cases, not as many as it says",
            report.kind
        );
    }
    Ok(report)
}

fn print_failures(report: &Report) {
    for failure in &report.failures {
        match failure.expected {
            None => println!("{}: {}", failure.id, failure.difference),
            Some(reason) => {
                println!(
                    "{}: {} (on purpose: {reason})",
                    failure.id, failure.difference
                );
            }
        }
    }
}
