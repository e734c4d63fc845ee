//! `cargo xtask test`: everything that must hold before a change is taken in.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::arguments::{self, Arguments};
use crate::browser::Browser;
use crate::bundle;
use crate::page;
use crate::problem::Problem;
use crate::process;
use crate::project::{Project, cannot};
use crate::setup::{self, WASM_TARGET};
use crate::steps::{Steps, say};
use crate::tools::Tools;

/// Tests compiled to wasm that Node runs: a package, and the name of a file in its `tests/`.
const WASM_TESTS_IN_NODE: [(&str, &str); 1] = [("engine", "parity")];

/// Tests compiled to wasm that the browser runs: a package, and the name of a file in its `tests/`.
const WASM_TESTS_IN_BROWSER: [(&str, &str); 1] = [("kafka-lanes", "board")];

/// How long the tests of one wasm file may take.
const WASM_TEST_SECONDS_MAX: u32 = 300;

/// What reads the logs that the engine wrote.
const SEGMENT_READER: &str = "tests/segments/read_back.py";

/// All steps, quick ones first. The page is built once: the browser gets the very files that are
/// handed out.
const CHECKS: [Check; 10] = [
    Check {
        name: "format",
        doing: "is the code formatted? (`cargo fmt --all` mends it)",
        needs: None,
        run: |bench, more| process::run(bench.cargo(&["fmt", "--all", "--check"]).args(more)),
    },
    Check {
        name: "clippy",
        doing: "Clippy on the engine, the shell and the tasks, warnings denied",
        needs: None,
        run: |bench, more| {
            let what = [
                "clippy",
                "--workspace",
                "--exclude",
                "kafka-lanes",
                "--all-targets",
            ];
            process::run(
                bench
                    .cargo(&what)
                    .args(more)
                    .args(["--", "--deny", "warnings"]),
            )
        },
    },
    Check {
        name: "native",
        doing: "the tests that need no browser",
        needs: None,
        run: |bench, more| {
            process::run(
                bench
                    .cargo(&["test", "--workspace", "--no-fail-fast"])
                    .args(more),
            )
        },
    },
    Check {
        name: "segments",
        doing: "a log written by the engine, read by kafka-python",
        needs: None,
        run: |bench, more| bench.segment_tests(more),
    },
    Check {
        name: "clippy-page",
        doing: "Clippy on the page, warnings denied",
        needs: None,
        run: |bench, more| {
            let what = [
                "clippy",
                "--package",
                "kafka-lanes",
                "--all-targets",
                "--target",
                WASM_TARGET,
            ];
            process::run(
                bench
                    .cargo(&what)
                    .args(more)
                    .args(["--", "--deny", "warnings"]),
            )
        },
    },
    Check {
        name: "wasm-node",
        doing: "wasm tests in Node",
        needs: None,
        run: |bench, more| bench.wasm_tests(&WASM_TESTS_IN_NODE, more),
    },
    Check {
        name: "wasm-browser",
        doing: "wasm tests in the browser",
        needs: None,
        run: |bench, more| bench.wasm_tests(&WASM_TESTS_IN_BROWSER, more),
    },
    Check {
        name: "page",
        doing: "building the page for release into dist/",
        needs: None,
        run: |bench, more| {
            process::run(
                page::trunk(bench.project, &bench.tools, "build")
                    .arg("--release")
                    .args(more),
            )
        },
    },
    Check {
        name: "bundle",
        doing: "packing the page into one file",
        needs: Some("page"),
        run: |bench, _| bundle::pack(bench.project),
    },
    Check {
        name: "browser",
        doing: "the page in dist/, used as a person would",
        needs: Some("bundle"),
        run: |bench, more| bench.page_tests(more),
    },
];

/// One step of the tests.
struct Check {
    name: &'static str,
    doing: &'static str,
    /// The step without which this one makes no sense.
    needs: Option<&'static str>,
    /// Does it; the words are those that the person gave after `--`.
    run: fn(&Bench, &[String]) -> Result<(), Problem>,
}

/// What the tests are run with.
struct Bench<'a> {
    project: &'a Project,
    tools: Tools,
    browser: Browser,
    node: PathBuf,
}

/// What the person asked for.
#[derive(Debug, Default, PartialEq)]
struct Wishes {
    only: Option<String>,
    more: Vec<String>,
}

/// The names of the steps and what they do, one a line.
pub fn list() -> String {
    let lines: Vec<String> = CHECKS
        .iter()
        .map(|check| format!("  {:<14} {}", check.name, check.doing))
        .collect();
    lines.join("\n")
}

/// `cargo xtask test`.
pub fn run(project: &Project, arguments: Arguments) -> Result<(), Problem> {
    let wishes = understand(arguments)?;
    let mut steps = Steps::default();
    let bench = Bench::put_in_place(project, &mut steps)?;
    for check in wishes.checks() {
        if let Some(needed) = check
            .needs
            .filter(|needed| steps.not_done().contains(needed))
        {
            steps.skip(check.name, needed);
            continue;
        }
        // A step that fails does not end the run: the others may have more to say.
        let done = steps.run(check.name, check.doing, || {
            (check.run)(&bench, &wishes.more)
        });
        if let Err(sentence) = done
            .as_ref()
            .map_err(|problem| problem.sentence().unwrap_or_default())
        {
            say(&format!("    {sentence}"));
        }
    }
    say(&format!("\n==> summary\n{}", steps.summary()));
    match steps.not_done()[..] {
        [] => Ok(()),
        ref names => Err(Problem::new(format!(
            "failed: {}; `cargo xtask test --only {}` runs that step alone",
            names.join(", "),
            names[0]
        ))),
    }
}

fn understand(mut arguments: Arguments) -> Result<Wishes, Problem> {
    let mut wishes = Wishes::default();
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "--only" => {
                let name = arguments.value_of("--only")?;
                if !CHECKS.iter().any(|check| check.name == name) {
                    return Err(Problem::new(format!(
                        "there is no step `{name}`: `cargo xtask help` lists them"
                    )));
                }
                wishes.only = Some(name);
            }
            "--" if wishes.only.is_some() => wishes.more = arguments.rest(),
            other => return Err(arguments::unknown("test", other)),
        }
    }
    Ok(wishes)
}

impl Wishes {
    /// The steps asked for.
    fn checks(&self) -> impl Iterator<Item = &'static Check> {
        CHECKS
            .iter()
            .filter(|check| self.only.as_deref().is_none_or(|only| only == check.name))
    }
}

impl<'a> Bench<'a> {
    fn put_in_place(project: &'a Project, steps: &mut Steps) -> Result<Self, Problem> {
        let tools = setup::for_page(project, steps, true)?;
        say("\n==> set-up: what the tests need");
        setup::rust_components(steps)?;
        let node = setup::page_tests(project, steps)?;
        let browser = Browser::put_in_place(steps)?;
        Ok(Self {
            project,
            tools,
            browser,
            node,
        })
    }

    /// Cargo, in the checkout and with the tools on PATH.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = process::cargo();
        cargo
            .args(arguments)
            .current_dir(&self.project.root)
            .env("PATH", self.tools.path());
        cargo
    }

    fn wasm_tests(&self, tests: &[(&str, &str)], more: &[String]) -> Result<(), Problem> {
        for (package, test) in tests {
            let what = [
                "test",
                "--target",
                WASM_TARGET,
                "--package",
                package,
                "--test",
                test,
            ];
            process::run(
                self.cargo(&what)
                    .args(more)
                    .env(
                        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
                        "wasm-bindgen-test-runner",
                    )
                    .env("CHROMEDRIVER", &self.browser.driver)
                    .env(
                        "WASM_BINDGEN_TEST_WEBDRIVER_JSON",
                        self.browser.webdriver_json(self.project)?,
                    )
                    .env(
                        "WASM_BINDGEN_TEST_TIMEOUT",
                        WASM_TEST_SECONDS_MAX.to_string(),
                    ),
            )?;
        }
        Ok(())
    }

    /// Has the engine write logs, and kafka-python read them. That is put in place here: nothing
    /// else needs Python.
    fn segment_tests(&self, more: &[String]) -> Result<(), Problem> {
        let python = setup::segment_tests(self.project)?;
        let folder = self.project.root.join("target").join("segments");
        // What an earlier run wrote must not be read as this one's.
        let _ = fs::remove_dir_all(&folder);
        let what = ["run", "--quiet", "--package", "engine", "--example"];
        process::run(
            self.cargo(&what)
                .args(["export_segment", "--"])
                .arg(&folder),
        )?;
        process::run(
            Command::new(python)
                .arg(self.project.root.join(SEGMENT_READER))
                .arg(&folder)
                .args(more)
                .env("PYTHONPATH", self.project.python_packages())
                // With it, Python would leave out what the script asserts.
                .env_remove("PYTHONOPTIMIZE"),
        )
    }

    /// Runs the tests in `tests/page/` with Node's own test runner.
    fn page_tests(&self, more: &[String]) -> Result<(), Problem> {
        if !self.project.single_file().is_file() {
            return Err(Problem::new(
                "there is no page in dist/ to test: `cargo xtask bundle` builds it",
            ));
        }
        process::run(
            Command::new(&self.node)
                // One file at a time: each drives a browser that paints in software.
                .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
                .args(more)
                .args(self.page_test_files()?)
                .current_dir(self.project.page_tests())
                .env("CHROME", &self.browser.chrome),
        )
    }

    /// The files of the page's tests, named one by one: what Node makes of a folder differs from
    /// one of its versions to the next.
    fn page_test_files(&self) -> Result<Vec<PathBuf>, Problem> {
        let folder = self.project.page_tests().join("page");
        let entries = folder
            .read_dir()
            .map_err(|error| cannot("read", &folder, &error))?;
        let is_test = |file: &PathBuf| file.to_string_lossy().ends_with(".test.mjs");
        let mut files: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(is_test)
            .collect();
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(words: &[&str]) -> Result<Wishes, Problem> {
        understand(words.iter().map(|word| word.to_string()).collect())
    }

    #[test]
    fn all_steps_are_run_unless_one_is_asked_for() {
        assert_eq!(wishes(&[]).unwrap().checks().count(), CHECKS.len());
        let only: Vec<_> = wishes(&["--only", "native"])
            .unwrap()
            .checks()
            .map(|c| c.name)
            .collect();
        assert_eq!(only, ["native"]);
    }

    #[test]
    fn one_step_takes_arguments() {
        let wishes = wishes(&["--only", "native", "--", "-p", "engine"]).unwrap();
        assert_eq!(wishes.more, ["-p", "engine"]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (words, named) in [
            (&["--only"][..], "`--only`"),
            (&["--only", "nothing"], "`nothing`"),
            (&["--fast"], "`--fast`"),
            (&["--", "x"], "`--`"),
        ] {
            let problem = wishes(words).unwrap_err();
            assert!(problem.sentence().unwrap().contains(named), "{problem:?}");
        }
    }

    #[test]
    fn a_step_needs_an_earlier_one() {
        for (place, check) in CHECKS.iter().enumerate() {
            if let Some(needed) = check.needs {
                assert!(CHECKS[..place].iter().any(|earlier| earlier.name == needed));
            }
        }
    }
}
