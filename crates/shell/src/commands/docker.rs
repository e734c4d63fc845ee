//! Docker, as far as course material uses it to reach the broker.

use crate::screen::LineKind;
use crate::terminal::Terminal;

/// What Docker is asked for.
pub(super) enum Wanted {
    /// A shell inside this container.
    Shell(String),
    /// A command inside the container, which may as well run here.
    Command(Vec<String>),
    /// The cluster, which runs already.
    Up,
    /// The list of containers.
    List,
    /// Something else.
    Other(String),
}

/// Options of `docker exec` and `docker compose` that take a value.
const WITH_VALUE: [&str; 8] = [
    "-u",
    "--user",
    "-w",
    "--workdir",
    "-e",
    "--env",
    "-f",
    "--file",
];

/// Reads the arguments of `docker` or `docker-compose`.
pub(super) fn read(program: &str, arguments: &[String]) -> Wanted {
    let mut plain: Vec<&str> = Vec::new();
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        // What follows the container's name is the command's own.
        let in_command = plain.contains(&"exec") && plain.len() >= own_words(program, &plain);
        if in_command || !argument.starts_with('-') {
            plain.push(argument);
        } else if WITH_VALUE.contains(&argument) {
            rest.next();
        }
    }
    let words = match plain.as_slice() {
        ["compose", words @ ..] => words,
        words => words,
    };
    match words {
        ["exec", container, command @ ..] => inside(container, command),
        ["up", ..] | ["start", ..] => Wanted::Up,
        ["ps", ..] | ["container", "ls", ..] => Wanted::List,
        words => Wanted::Other(format!("{program} {}", words.join(" "))),
    }
}

/// How many words are Docker's own: `exec CONTAINER`, `compose exec SERVICE`.
fn own_words(program: &str, plain: &[&str]) -> usize {
    let compose = program != "docker-compose" && plain.first() == Some(&"compose");
    if compose { 3 } else { 2 }
}

fn inside(container: &str, command: &[&str]) -> Wanted {
    let shells = ["bash", "sh", "/bin/bash", "/bin/sh", "/usr/bin/bash"];
    match command {
        [shell] if shells.contains(shell) => Wanted::Shell(container.to_owned()),
        [shell, "-l" | "-i"] if shells.contains(shell) => Wanted::Shell(container.to_owned()),
        [] => Wanted::Other(format!("docker exec {container}")),
        command => Wanted::Command(command.iter().map(|word| (*word).to_owned()).collect()),
    }
}

/// Does what Docker is asked for; returns the exit status.
pub(super) fn run(terminal: &mut Terminal, wanted: Wanted) -> i32 {
    let (kind, text, status) = match wanted {
        Wanted::Shell(container) => {
            if !terminal.place.is_in_container() {
                terminal.place.enter_container(&container);
                return 0;
            }
            let text = "bash: docker: command not found".to_owned();
            terminal.screen.line(LineKind::Stderr, &text);
            let text = "You are inside the container already: exit leads out of it.".to_owned();
            (LineKind::Note, text, 127)
        }
        Wanted::Up => {
            let text = "The cluster runs already: it is the one on the board.".to_owned();
            (LineKind::Note, text, 0)
        }
        Wanted::List => {
            let text = "CONTAINER ID   IMAGE          STATUS   PORTS                    NAMES\n\
                        000000000001   apache/kafka   Up       9092/tcp, 19092/tcp      kafka\n";
            terminal.screen.print(LineKind::Stdout, text);
            return 0;
        }
        Wanted::Command(_) => return 0,
        Wanted::Other(command) => {
            let text = format!(
                "{}: of Docker, only what leads to the broker is here: docker exec -it kafka bash.",
                command.trim_end()
            );
            (LineKind::Note, text, 1)
        }
    };
    terminal.screen.line(kind, &text);
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match read(&words[0], &words[1..]) {
            Wanted::Shell(container) => format!("shell in {container}"),
            Wanted::Command(words) => words.join(" "),
            Wanted::Up => "up".to_owned(),
            Wanted::List => "list".to_owned(),
            Wanted::Other(command) => format!("other: {command}"),
        }
    }

    #[test]
    fn ways_into_the_container() {
        for (line, wanted) in [
            ("docker exec -it kafka bash", "shell in kafka"),
            ("docker exec -i -t broker-1 /bin/sh", "shell in broker-1"),
            ("docker exec -u root -it kafka bash", "shell in kafka"),
            ("docker compose exec kafka bash", "shell in kafka"),
            ("docker-compose exec broker bash", "shell in broker"),
            ("docker compose -f lab.yml up -d", "up"),
            ("docker-compose up -d broker", "up"),
            ("docker ps -a", "list"),
            (
                "docker exec -it kafka kafka-topics.sh --list --topic exec",
                "kafka-topics.sh --list --topic exec",
            ),
            (
                "docker compose exec -T kafka kafka-topics.sh --list",
                "kafka-topics.sh --list",
            ),
            ("docker run hello", "other: docker run hello"),
        ] {
            assert_eq!(what(line), wanted, "{line}");
        }
    }
}
