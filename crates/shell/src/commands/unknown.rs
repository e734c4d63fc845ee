//! Commands that do not run here, each with what to do instead.

use crate::screen::LineKind;
use crate::terminal::Terminal;
use crate::tools::runnable;

/// Names that a mistyped command may have meant.
const COMMANDS: [&str; 12] = [
    "cd",
    "clear",
    "docker",
    "docker-compose",
    "echo",
    "exit",
    "help",
    "ls",
    "printf",
    "pwd",
    "kafka-server-start",
    "kafka-consumer-groups",
];

/// A tool of Kafka's that the playground does not have yet.
pub(super) fn not_yet(terminal: &mut Terminal, name: &str) -> i32 {
    let said = format!(
        "{name} is a real tool that this playground does not have yet: help tells which ones run \
         here."
    );
    terminal.screen.line(LineKind::Note, &said);
    1
}

/// A command that is nobody's, unless it starts what runs already.
pub(super) fn run(terminal: &mut Terminal, command: &str, name: &str) -> i32 {
    let said = match name {
        "kafka-server-start" => "The broker runs already: it is the one on the board.",
        "zookeeper-server-start" | "zookeeper-server-stop" | "zookeeper-shell" => {
            "Kafka 4.0 runs without ZooKeeper, which it no longer ships: its controllers keep the \
             metadata themselves (KRaft), and here they run already."
        }
        _ => return not_found(terminal, command, name),
    };
    terminal.screen.line(LineKind::Note, said);
    0
}

fn not_found(terminal: &mut Terminal, command: &str, name: &str) -> i32 {
    let shown: String = command.chars().take(200).collect();
    let text = match command.contains('/') {
        true => format!("bash: {shown}: No such file or directory"),
        false => format!("bash: {shown}: command not found"),
    };
    terminal.screen.line(LineKind::Stderr, &text);
    let said = match nearest(name) {
        Some(near) => format!("Did you mean {near}? help tells what runs here."),
        None => "help tells what runs here.".to_owned(),
    };
    terminal.screen.line(LineKind::Note, &said);
    127
}

/// The known name that is nearest, when it is near.
fn nearest(name: &str) -> Option<&'static str> {
    if name.len() > 64 {
        return None;
    }
    let known = runnable().chain(COMMANDS);
    let (distance, near) = known.map(|known| (distance(name, known), known)).min()?;
    let limit = 1 + name.chars().count() / 4;
    (distance <= limit.min(6)).then_some(near)
}

/// How many letters have to be put in, left out or changed to make one word of
/// the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(nearest("kafka-topic"), Some("kafka-topics"));
        assert_eq!(
            nearest("kakfa-console-consumer"),
            Some("kafka-console-consumer")
        );
        assert_eq!(nearest("hepl"), Some("help"));
        assert_eq!(nearest("frobnicate"), None);
        assert_eq!(nearest(""), Some("cd").filter(|_| false));
    }
}
