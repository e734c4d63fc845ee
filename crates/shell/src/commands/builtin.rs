//! What the shell does by itself.

use crate::screen::LineKind;
use crate::terminal::Terminal;
use crate::tools::runnable;

/// The text of `echo` or `printf`; `None` for any other command.
pub(super) fn text(words: &[String]) -> Option<String> {
    let (command, arguments) = words.split_first()?;
    match command.as_str() {
        "echo" => Some(echo(arguments)),
        "printf" => Some(printf(arguments)),
        _ => None,
    }
}

/// Runs a command of the shell's own; `None` when it is none.
pub(super) fn run(
    terminal: &mut Terminal,
    command: &str,
    arguments: &[String],
    stdin: Option<&str>,
) -> Option<i32> {
    let argument = arguments.first().map(String::as_str);
    match command {
        "echo" => terminal.screen.print(LineKind::Stdout, &echo(arguments)),
        "printf" => terminal.screen.print(LineKind::Stdout, &printf(arguments)),
        "cat" if stdin.is_some() && argument.is_none() => {
            terminal
                .screen
                .print(LineKind::Stdout, stdin.unwrap_or_default());
        }
        "cd" | "chdir" => terminal.place.change_folder(argument.unwrap_or_default()),
        "pwd" => {
            let folder = terminal.place.folder().to_owned();
            terminal.screen.line(LineKind::Stdout, &folder);
        }
        "ls" | "dir" | "ll" => list(terminal),
        "clear" | "cls" => terminal.screen.clear(),
        "exit" | "logout" => leave(terminal),
        "help" => help(terminal),
        "true" | ":" => {}
        "false" => return Some(1),
        assignment => {
            let (name, value) = assignment.split_once('=')?;
            let mut letters = name.chars();
            let first = letters
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            let is_name = first && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name || !arguments.is_empty() {
                return None;
            }
            terminal.variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Some(0)
}

fn echo(arguments: &[String]) -> String {
    let options = arguments
        .iter()
        .take_while(|word| matches!(word.as_str(), "-n" | "-e" | "-ne" | "-en"));
    let options: Vec<&String> = options.collect();
    let text = arguments[options.len()..].join(" ");
    let has = |letter| options.iter().any(|option| option.contains(letter));
    let mut text = if has('e') { unescape(&text) } else { text };
    if !has('n') {
        text.push('\n');
    }
    text
}

/// `printf FORMAT ARGUMENTS`: `%s` and `%d` take an argument each, and the
/// format is used again until none is left.
fn printf(arguments: &[String]) -> String {
    let Some((format, arguments)) = arguments.split_first() else {
        return String::new();
    };
    let format = unescape(format);
    let mut arguments = arguments.iter();
    let mut text = String::new();
    loop {
        let before = arguments.len();
        let mut rest = format.chars();
        while let Some(c) = rest.next() {
            match (c, c == '%') {
                (_, true) => match rest.next() {
                    Some('s' | 'd' | 'i') => text.extend(arguments.next().map(String::as_str)),
                    Some('%') => text.push('%'),
                    other => text.extend(['%'].into_iter().chain(other)),
                },
                (c, false) => text.push(c),
            }
        }
        if arguments.len() == 0 || arguments.len() == before {
            return text;
        }
    }
}

/// Text whose `\n`, `\t` and `\\` have become what they stand for.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some('r') => plain.push('\r'),
                Some('\\') => plain.push('\\'),
                other => plain.extend(['\\'].into_iter().chain(other)),
            },
            c => plain.push(c),
        }
    }
    plain
}

fn list(terminal: &mut Terminal) {
    if terminal.place.is_tools_folder() {
        let ending = if terminal.place.is_windows() {
            "bat"
        } else {
            "sh"
        };
        for tool in runnable() {
            terminal
                .screen
                .line(LineKind::Stdout, &format!("{tool}.{ending}"));
        }
    } else {
        terminal.screen.line(
            LineKind::Note,
            "There are no files here. Kafka's tools run from any folder: help names them.",
        );
    }
}

fn leave(terminal: &mut Terminal) {
    if terminal.place.leave() {
        terminal.screen.line(LineKind::Stdout, "exit");
    } else {
        terminal.screen.line(
            LineKind::Note,
            "This is the outermost shell: close the terminal to be rid of it.",
        );
    }
}

const HELP: &str = "\
Kafka's own command lines run here, against the cluster on the board, with or without a path and .sh or .bat:
  kafka-topics            --create, --list, --describe, --alter, --delete
  kafka-console-producer  sends each line you type, until Ctrl+D or Ctrl+C; echo '...' | feeds it one
  kafka-console-consumer  prints records as they come, until Ctrl+C; --group shares the partitions
For example:
  kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 3
  echo 'hello' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders
  kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic orders --from-beginning
A tool followed by --help tells its options. Of the shell there are cd, pwd, ls, echo, printf, clear, exit, docker exec, $?, |, ;, && and ||.
While time stands still, a command that ends by itself takes the world on as far as it needs.
";

fn help(terminal: &mut Terminal) {
    for line in HELP.lines() {
        terminal.screen.line(LineKind::Note, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        text(&words).unwrap()
    }

    #[test]
    fn echo_and_printf_make_text() {
        assert_eq!(said("echo a b"), "a b\n");
        assert_eq!(said("echo -n a"), "a");
        assert_eq!(said(r"echo -e a\tb\nc"), "a\tb\nc\n");
        assert_eq!(said(r"echo a\tb"), "a\\tb\n");
        assert_eq!(said(r"printf k:%s\n 1 2"), "k:1\nk:2\n");
        assert_eq!(said(r"printf 100%%\n"), "100%\n");
        assert_eq!(said("printf a 1 2"), "a");
    }
}
