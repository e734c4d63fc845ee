//! The commands of a command line: the little of a Unix shell that course
//! material uses, Docker's way into the broker's container, and Kafka's tools.

mod builtin;
mod docker;
mod unknown;

use crate::screen::LineKind;
use crate::terminal::Terminal;
use crate::tools::{Ground, Host, Tool, known_tool, tool_name};

/// What has become of a command.
pub(crate) enum Outcome {
    /// It is done, with this exit status.
    Ended(i32),
    /// It runs, and holds the terminal.
    Runs(Tool),
}

/// Runs commands that feed each other.
pub(crate) fn run(
    terminal: &mut Terminal,
    ground: &mut Ground,
    mut commands: Vec<Vec<String>>,
) -> Outcome {
    let Some(last) = commands.pop() else {
        return Outcome::Ended(0);
    };
    let mut stdin = None;
    for command in &commands {
        match builtin::text(command) {
            Some(text) => stdin = Some(text),
            None => {
                let name = command.first().map_or("", String::as_str);
                let said = format!(
                    "Only the text of echo and printf can be piped here, not that of {name}: run \
                     it by itself."
                );
                terminal.screen.line(LineKind::Note, &said);
                return Outcome::Ended(1);
            }
        }
    }
    one(terminal, ground, last, stdin)
}

/// Runs one command.
fn one(
    terminal: &mut Terminal,
    ground: &mut Ground,
    words: Vec<String>,
    stdin: Option<String>,
) -> Outcome {
    let Some((command, arguments)) = words.split_first() else {
        return Outcome::Ended(0);
    };
    let name = tool_name(command);
    if let Some(status) = builtin::run(terminal, command, arguments, stdin.as_deref()) {
        return Outcome::Ended(status);
    }
    match name {
        "sudo" | "winpty" | "command" | "exec" => {
            return one(terminal, ground, arguments.to_vec(), stdin);
        }
        "docker" | "podman" | "docker-compose" => {
            return match docker::read(name, arguments) {
                docker::Wanted::Command(words) => one(terminal, ground, words, stdin),
                wanted => Outcome::Ended(docker::run(terminal, wanted)),
            };
        }
        "bash" | "sh" => return Outcome::Ended(0),
        _ => {}
    }
    match known_tool(name) {
        Some(Some(tool)) => {
            let mut host = Host {
                ground,
                screen: &mut terminal.screen,
            };
            match Tool::start(tool, arguments, stdin, &mut host) {
                Ok(tool) => Outcome::Runs(tool),
                Err(status) => Outcome::Ended(status),
            }
        }
        Some(None) => Outcome::Ended(unknown::not_yet(terminal, name)),
        None => Outcome::Ended(unknown::run(terminal, command, name)),
    }
}
