//! Says what is being done, and how long it took.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::problem::Problem;

/// Prints a line. A reader who has gone away, as `head` does, is no problem of ours.
pub fn say(line: &str) {
    if cfg!(test) {
        // The one way to print that the test runner keeps to itself.
        println!("{line}");
    } else {
        let _ = writeln!(io::stdout(), "{line}");
    }
}

/// The steps of one task, in the order in which they were done.
#[derive(Default)]
pub struct Steps(Vec<Step>);

struct Step {
    name: String,
    took: Duration,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Done,
    Failed,
    Skipped,
}

impl Steps {
    /// Does one step: says `doing`, does it, says how long it took.
    pub fn run<T>(
        &mut self,
        name: &str,
        doing: &str,
        work: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        say(&format!("\n==> {name}: {doing}"));
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        let ended = if result.is_ok() {
            "done in"
        } else {
            "FAILED after"
        };
        say(&format!("    {name}: {ended} {}", readable(took)));
        let outcome = if result.is_ok() {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        self.0.push(Step {
            name: name.to_owned(),
            took,
            outcome,
        });
        result
    }

    /// Leaves a step out, since it makes no sense without `needed`, which has not been done.
    pub fn skip(&mut self, name: &str, needed: &str) {
        say(&format!(
            "\n==> {name}: skipped, since it needs the step `{needed}`"
        ));
        let step = Step {
            name: name.to_owned(),
            took: Duration::ZERO,
            outcome: Outcome::Skipped,
        };
        self.0.push(step);
    }

    /// The names of the steps that were begun or due, and are not done.
    pub fn not_done(&self) -> Vec<&str> {
        let not_done = self.0.iter().filter(|step| step.outcome != Outcome::Done);
        not_done.map(|step| step.name.as_str()).collect()
    }

    /// One line for each step and one for all of them.
    pub fn summary(&self) -> String {
        let line =
            |name: &str, took, outcome| format!("    {name:<22} {:>12}  {outcome}", readable(took));
        let mut lines: Vec<String> = self
            .0
            .iter()
            .map(|step| match step.outcome {
                Outcome::Done => line(&step.name, step.took, "done"),
                Outcome::Failed => line(&step.name, step.took, "FAILED"),
                Outcome::Skipped => line(&step.name, step.took, "skipped"),
            })
            .collect();
        lines.push(line("all", self.0.iter().map(|step| step.took).sum(), ""));
        lines
            .iter()
            .map(|line| line.trim_end())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A duration as a person would say it.
fn readable(duration: Duration) -> String {
    let tenths = duration.as_millis().div_ceil(100);
    let (minutes, tenths) = (tenths / 600, tenths % 600);
    if minutes == 0 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{minutes} min {:02} s", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(readable(Duration::from_millis(20)), "0.1 s");
        assert_eq!(readable(Duration::from_millis(59_900)), "59.9 s");
        assert_eq!(readable(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn what_failed_is_passed_on_and_remembered() {
        let mut steps = Steps::default();
        let good: Result<u8, Problem> = steps.run("good", "works", || Ok(1));
        let bad: Result<u8, Problem> = steps.run("bad", "fails", || Err(Problem::new("no")));
        steps.skip("after", "bad");
        assert_eq!(good, Ok(1));
        assert_eq!(bad, Err(Problem::new("no")));
        assert_eq!(steps.not_done(), ["bad", "after"]);
        let summary = steps.summary();
        assert_eq!(summary.lines().count(), 4);
        assert!(
            summary.contains("FAILED") && summary.contains("skipped"),
            "{summary}"
        );
    }
}
