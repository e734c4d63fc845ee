//! Runs other programs.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::problem::Problem;

/// Cargo, of the toolchain that runs this program.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Runs a program to its end, what it prints being seen as it comes; nothing can ask for input.
pub fn run(command: &mut Command) -> Result<(), Problem> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        return Ok(());
    }
    let how = status.code().map_or("was stopped".to_owned(), |code| {
        format!("ended with code {code}")
    });
    Err(Problem::new(format!(
        "`{}` {how}; what it printed above says why",
        shown(command)
    )))
}

/// Runs a program to its end and gives the text it prints, or nothing when it fails.
pub fn output(command: &mut Command) -> Option<String> {
    bytes(command).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Runs a program to its end and gives the bytes it prints, or nothing when it fails.
pub fn bytes(command: &mut Command) -> Option<Vec<u8>> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// The problem of a program that could not be started.
pub fn not_started(command: &Command, error: &std::io::Error) -> Problem {
    let program = command.get_program().to_string_lossy();
    Problem::new(format!(
        "cannot start `{program}`: {error}; is it installed and on PATH?"
    ))
}

/// A command as a person would type it, without the folder its program is in.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words: Vec<_> = std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let problem = run(&mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(
            problem
                .sentence()
                .unwrap()
                .contains("`no-such-program-anywhere`")
        );
    }

    #[test]
    fn a_program_that_fails_is_named_with_what_it_was_given() {
        let problem = run(cargo().arg("--no-such-flag").stderr(Stdio::null())).unwrap_err();
        let sentence = problem.sentence().unwrap();
        assert!(
            sentence.starts_with("`cargo --no-such-flag` ended with code"),
            "{sentence}"
        );
    }
}
