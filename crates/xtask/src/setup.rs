//! What must be in place before the project can be built and tested, and how to get it there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::Problem;
use crate::process;
use crate::programs;
use crate::project::{Project, cannot};
use crate::steps::{Steps, say};
use crate::tools::{self, Tools};

/// What the page is compiled to.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The oldest Node that the page's tests run on.
const NODE_MAJOR_MIN: u32 = 20;

/// The Python package that reads segments, and its version.
const SEGMENT_REQUIREMENTS: &str = "tests/segments/requirements.txt";

/// Puts in place what building the page needs.
pub fn for_page(project: &Project, steps: &mut Steps, release: bool) -> Result<Tools, Problem> {
    say("==> set-up: what building the page needs");
    wasm_target(steps)?;
    let tools = tools::put_in_place(project, steps, release)?;
    crates(project, steps)?;
    Ok(tools)
}

/// Puts in place the target that the page is compiled to.
fn wasm_target(steps: &mut Steps) -> Result<(), Problem> {
    let has_target = || {
        let mut rustc = Command::new("rustc");
        process::output(rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]))
            .is_some_and(|folder| Path::new(&folder).is_dir())
    };
    if has_target() {
        say(&format!("    Rust's {WASM_TARGET} target is in place"));
        return Ok(());
    }
    steps.run("wasm target", "adding it with rustup", || {
        let added = process::run(Command::new("rustup").args(["target", "add", WASM_TARGET]));
        match added {
            Ok(()) if has_target() => Ok(()),
            _ => Err(Problem::new(format!(
                "Rust cannot compile to {WASM_TARGET} yet: with rustup (https://rustup.rs), \
                 `rustup target add {WASM_TARGET}` puts that in place; then start again"
            ))),
        }
    })
}

/// Fetches the crates that the page is made of: Trunk is then told to use no network.
fn crates(project: &Project, steps: &mut Steps) -> Result<(), Problem> {
    let fetch = |offline: Option<&str>| {
        let mut cargo = process::cargo();
        cargo.arg("fetch").args(offline).current_dir(&project.root);
        cargo
    };
    if process::output(&mut fetch(Some("--offline"))).is_some() {
        say("    the crates are in place");
        return Ok(());
    }
    steps.run("crates", "fetching them", || process::run(&mut fetch(None)))
}

/// Puts in place the two parts of Rust that check how the code is written.
pub fn rust_components(steps: &mut Steps) -> Result<(), Problem> {
    for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let is_there = || process::output(process::cargo().args([command, "--version"])).is_some();
        if is_there() {
            say(&format!("    Rust's {component} is in place"));
            continue;
        }
        steps.run(component, "adding it with rustup", || {
            let added = process::run(Command::new("rustup").args(["component", "add", component]));
            match added {
                Ok(()) if is_there() => Ok(()),
                _ => Err(Problem::new(format!(
                    "`cargo {command}` is not there: `rustup component add {component}` puts it in place"
                ))),
            }
        })?;
    }
    Ok(())
}

/// Puts in place the npm packages of the page's tests, and gives Node.
pub fn page_tests(project: &Project, steps: &mut Steps) -> Result<PathBuf, Problem> {
    let node = node()?;
    let folder = project.page_tests();
    let lock = project.read("tests/package-lock.json")?;
    // npm leaves no sign of which lock file it has followed to the end, so we do.
    let stamp = folder.join("node_modules").join(".installed-lock.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        say("    the npm packages of the page's tests are in place");
        return Ok(node);
    }
    steps.run(
        "npm packages",
        "installing those of the page's tests",
        || {
            process::run(
                tools::npm()?
                    .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
                    .current_dir(&folder),
            )?;
            fs::write(&stamp, &lock).map_err(|error| cannot("write", &stamp, &error))
        },
    )?;
    Ok(node)
}

/// The Node that is installed.
fn node() -> Result<PathBuf, Problem> {
    tools::npm()?;
    let node = programs::on_path("node").unwrap_or_else(|| "node".into());
    let version = process::output(Command::new(&node).arg("--version")).unwrap_or_default();
    match major(&version) {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(node),
        _ => Err(Problem::new(format!(
            "the tests need Node {NODE_MAJOR_MIN} or later and this one says `{version}`: \
             install a newer one from https://nodejs.org, then start again"
        ))),
    }
}

/// The first number of what `node --version` prints, as in `v20.1.0`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Puts in place the Python package that reads segments, and gives Python.
///
/// It goes to a folder of its own, which needs no virtual environment and is none of the business
/// of a Python that the system manages.
pub fn segment_tests(project: &Project) -> Result<PathBuf, Problem> {
    let python = python()?;
    let wanted = project.read(SEGMENT_REQUIREMENTS)?;
    let folder = project.python_packages();
    // As with npm: pip leaves no sign of what it was asked for.
    let stamp = folder.join(".installed-requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    say("    installing the Python package that reads segments");
    // Pip leaves what is there as it is. When nothing is, there is nothing to remove.
    let _ = fs::remove_dir_all(&folder);
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--only-binary", ":all:", "--require-hashes"])
        .args(["--disable-pip-version-check", "--target"])
        .arg(&folder)
        .arg("--requirement")
        .arg(project.root.join(SEGMENT_REQUIREMENTS))
        // As an option, older ones do not know it; as a setting, they pass over it.
        .env("PIP_ROOT_USER_ACTION", "ignore");
    process::run(&mut pip)?;
    fs::write(&stamp, &wanted).map_err(|error| cannot("write", &stamp, &error))?;
    Ok(python)
}

/// The Python that is installed.
fn python() -> Result<PathBuf, Problem> {
    let python = programs::on_path("python3").or_else(|| programs::on_path("python"));
    let has_pip = |python: &PathBuf| {
        process::output(Command::new(python).args(["-m", "pip", "--version"])).is_some()
    };
    python.filter(has_pip).ok_or_else(|| {
        Problem::new(
            "Python 3 with pip is not installed: the system's packages have it (python3 and \
             python3-pip), or https://www.python.org; then start again",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_of_node() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("20"), None);
        assert_eq!(major(""), None);
    }
}
