//! `cargo xtask serve`: the page, built and served, and built again when a file changes.

use std::env;
use std::net::TcpListener;
use std::process::Command;

use crate::arguments::{self, Arguments};
use crate::page;
use crate::problem::Problem;
use crate::process;
use crate::project::Project;
use crate::setup;
use crate::steps::{Steps, say};

/// Where the page is served unless another port is asked for.
const PORT: u16 = 8080;

/// What the person asked for.
#[derive(Debug, PartialEq)]
struct Wishes {
    port: u16,
    release: bool,
}

/// `cargo xtask serve`.
pub fn run(project: &Project, arguments: Arguments) -> Result<(), Problem> {
    let wishes = understand(arguments)?;
    // Known at once, rather than after all that is to be installed.
    let port_is_free = || free(wishes.port);
    port_is_free()?;
    let tools = setup::for_page(project, &mut Steps::default(), wishes.release)?;
    port_is_free()?;
    let mut trunk = page::trunk(project, &tools, "serve");
    trunk
        .args(["--address", "127.0.0.1", "--port", &wishes.port.to_string()])
        // Not dist/, which holds the release page.
        .args(["--dist", "target/serve"])
        .args(wishes.release.then_some("--release"));
    if somebody_watches() {
        trunk.arg("--open");
    }
    let address = format!("http://127.0.0.1:{}", wishes.port);
    say(&format!(
        "\n==> serve: building the page, then serving it on {address} (Ctrl-C ends it)"
    ));
    become_or_await(&mut trunk)
}

fn understand(mut arguments: Arguments) -> Result<Wishes, Problem> {
    let mut wishes = Wishes {
        port: PORT,
        release: true,
    };
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "--dev" => wishes.release = false,
            "--port" => {
                let value = arguments.value_of("--port")?;
                let port = value.parse().ok().filter(|port| *port > 0);
                wishes.port = port.ok_or_else(|| {
                    Problem::new(format!(
                        "`--port {value}`: a port is a number from 1 to 65535"
                    ))
                })?;
            }
            other => return Err(arguments::unknown("serve", other)),
        }
    }
    Ok(wishes)
}

/// Refuses a port that something else listens on.
fn free(port: u16) -> Result<(), Problem> {
    TcpListener::bind(("127.0.0.1", port)).map(drop).map_err(|error| {
        let other = port.checked_add(1).unwrap_or(PORT);
        Problem::new(format!(
            "port {port} cannot be used ({error}): end what listens there, or take another with \
             `cargo xtask serve --port {other}`"
        ))
    })
}

/// Whether there is a screen to open a browser on.
fn somebody_watches() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let screen =
        cfg!(any(windows, target_os = "macos")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    screen && !is_set("CI")
}

/// Replaces this process by the server, so that ending the one ends the other.
#[cfg(unix)]
fn become_or_await(server: &mut Command) -> Result<(), Problem> {
    use std::os::unix::process::CommandExt;
    let error = server.exec();
    Err(process::not_started(server, &error))
}

/// Waits for the server where a process cannot be replaced by another.
#[cfg(not(unix))]
fn become_or_await(server: &mut Command) -> Result<(), Problem> {
    process::run(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(words: &[&str]) -> Result<Wishes, Problem> {
        understand(words.iter().map(|word| word.to_string()).collect())
    }

    #[test]
    fn the_defaults_are_a_release_page_on_8080() {
        assert_eq!(
            wishes(&[]),
            Ok(Wishes {
                port: 8080,
                release: true
            })
        );
    }

    #[test]
    fn port_and_dev_are_understood() {
        assert_eq!(
            wishes(&["--port", "9000", "--dev"]),
            Ok(Wishes {
                port: 9000,
                release: false
            })
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (words, named) in [
            (&["--port"][..], "`--port`"),
            (&["--port", "http"], "`--port http`"),
            (&["--port", "0"], "`--port 0`"),
            (&["--prot", "1"], "`--prot`"),
        ] {
            let problem = wishes(words).unwrap_err();
            assert!(problem.sentence().unwrap().contains(named), "{problem:?}");
        }
    }

    #[test]
    fn a_taken_port_is_said_with_what_to_do() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let problem = free(port).unwrap_err();
        assert!(
            problem.sentence().unwrap().contains("--port"),
            "{problem:?}"
        );
        drop(taken);
        assert_eq!(free(port), Ok(()));
    }
}
