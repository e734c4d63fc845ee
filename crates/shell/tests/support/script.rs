//! The language of the scripts in `tests/scripts/`. A script is a session at
//! the terminals of a fresh playground; a reader should be able to type it.
//!
//! ```text
//! # Prose, for the reader.
//! @seed 7              the world's seed; first of all, 1 when left out
//! @terminal 2          what follows happens in terminal 2, opened if need be
//! $ command            types a command line, and waits until it ends; for a
//!                      tool that holds the terminal, 10 s of virtual time
//! > text               types a line for the tool in front
//! @paste N             types the next N lines of the script at once, as the
//!                      page does: into another terminal where this one is held
//! @wait 3s             lets 3 s of virtual time pass
//! @ctrl-c  @ctrl-d     presses these keys, and waits until the tool has ended
//! @status 1            the last command's exit status was 1
//! @nothing-changed     topics, records and offsets are as before the last $
//! @counts T 1 0 2      the partitions of topic T hold so many records
//! @total T 3           they hold so many together
//! ```
//!
//! All other lines are what the terminal must have shown since it was last
//! looked at, in order and without omission (prompts and typed lines aside).
//! It is looked at after each step that may show something: after `$`, `>`,
//! `@terminal`, `@paste`, `@wait` and the keys.
//!
//! ```text
//! text                 a line of standard output
//! ! text               a line of standard error
//! ? text               a line that the playground says for itself
//! ...                  any lines, or none
//! a <> b               <> stands for any text
//! ```
//!
//! A blank line ends such a list, and expects nothing when the list is empty.
//! At the end no terminal may have shown more than the script expects.

use engine::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Lines;

use shell::{Line, LineKind, TerminalId};

use super::session::Session;

/// How long a tool that holds its terminal is left to itself, in milliseconds
/// of virtual time.
const PATIENCE_MS: i64 = 10_000;

struct Player<'a> {
    lines: Peekable<std::iter::Enumerate<Lines<'a>>>,
    session: Session,
    at: TerminalId,
    /// The number of the first line of each terminal not looked at yet.
    looked_at: BTreeMap<TerminalId, u64>,
    kept_before: String,
}

/// Plays a script; says on which line it goes wrong, and how.
pub fn play(text: &str) -> Result<(), String> {
    let mut lines = text.lines().enumerate().peekable();
    let is_prose = |(_, line): &(usize, &str)| line.starts_with('#') || line.is_empty();
    while lines.next_if(is_prose).is_some() {}
    let seed = lines
        .next_if(|(_, line)| line.starts_with("@seed "))
        .map_or(Ok(1), |(_, line)| line["@seed ".len()..].parse());
    let mut player = Player {
        lines,
        session: Session::new(seed.map_err(|_| "@seed takes a number".to_owned())?),
        at: TerminalId(1),
        looked_at: BTreeMap::new(),
        kept_before: String::new(),
    };
    player.play()
}

impl Player<'_> {
    fn play(&mut self) -> Result<(), String> {
        while let Some((number, line)) = self.lines.next() {
            let at = |why: String| format!("line {}: {line}\n{why}", number + 1);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            self.step(line).map_err(at)?;
            let step = line;
            let at = |why: String| format!("after line {}: {step}\n{why}", number + 1);
            let mut expected = Vec::new();
            while let Some((_, line)) = self.lines.next_if(|(_, line)| is_expected(line)) {
                expected.push(line);
            }
            let shows = ["$", ">", "@paste", "@terminal", "@wait", "@ctrl"];
            if !expected.is_empty() || shows.iter().any(|begin| step.starts_with(begin)) {
                self.look(&expected).map_err(at)?;
            }
        }
        for number in 1..=shell::TERMINALS_MAX {
            self.at = TerminalId(number as u32);
            if self.session.shell.terminal(self.at).is_some() {
                let at = |why| format!("at the end, in terminal {number}\n{why}");
                self.look(&[]).map_err(at)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, line: &str) -> Result<(), String> {
        if let Some(command) = line.strip_prefix("$ ") {
            self.kept_before = self.session.kept();
            self.session.enter(self.at, command, PATIENCE_MS);
            return Ok(());
        }
        if let Some(text) = line.strip_prefix("> ") {
            self.session.enter(self.at, text, PATIENCE_MS);
            return Ok(());
        }
        let (directive, argument) = line.split_once(' ').unwrap_or((line, ""));
        match directive {
            "@terminal" => self.terminal(argument),
            "@paste" => self.paste(argument),
            "@wait" => {
                let seconds: Option<i64> = argument.strip_suffix('s').and_then(|s| s.parse().ok());
                self.session
                    .wait_ms(seconds.ok_or("@wait takes seconds: 3s")? * 1_000);
                Ok(())
            }
            "@ctrl-c" => self.press(true),
            "@ctrl-d" => self.press(false),
            "@status" => self.status(argument),
            "@nothing-changed" if self.session.kept() == self.kept_before => Ok(()),
            "@nothing-changed" => Err("something has changed".to_owned()),
            "@counts" | "@total" => self.counts(directive, argument),
            other => Err(format!("there is no such directive: {other}")),
        }
    }

    fn terminal(&mut self, argument: &str) -> Result<(), String> {
        let number: u32 = argument.parse().map_err(|_| "@terminal takes a number")?;
        self.at = TerminalId(number);
        while self.session.shell.terminal(self.at).is_none() {
            self.session.shell.open()?;
        }
        Ok(())
    }

    fn paste(&mut self, argument: &str) -> Result<(), String> {
        let count: usize = argument.parse().map_err(|_| "@paste takes a number")?;
        let lines: Vec<&str> = self
            .lines
            .by_ref()
            .take(count)
            .map(|(_, line)| line)
            .collect();
        let text = lines.join("\n");
        let session = &mut self.session;
        let (_, events) = session
            .shell
            .enter_anywhere(&mut session.world, self.at, &text);
        session.events.extend(events);
        session.wait_ms(PATIENCE_MS);
        Ok(())
    }

    fn press(&mut self, interrupt: bool) -> Result<(), String> {
        let session = &mut self.session;
        let events = match interrupt {
            true => session.shell.interrupt(&mut session.world, self.at),
            false => session.shell.end_of_input(&mut session.world, self.at),
        };
        session.events.extend(events);
        for _ in 0..100 {
            if !session.is_busy(self.at) {
                break;
            }
            session.wait_ms(100);
        }
        Ok(())
    }

    fn status(&self, argument: &str) -> Result<(), String> {
        let terminal = self.session.shell.terminal(self.at);
        let status = terminal.map(shell::Terminal::last_status);
        match status.map(|status| status.to_string()) {
            Some(status) if status == argument => Ok(()),
            status => Err(format!("the exit status was {status:?}")),
        }
    }

    fn counts(&self, directive: &str, argument: &str) -> Result<(), String> {
        let (topic, wanted) = argument.split_once(' ').ok_or("a topic and numbers")?;
        let counts = self.session.record_counts(topic);
        let found = match directive {
            "@total" => counts.iter().sum::<i64>().to_string(),
            _ => {
                let texts: Vec<String> = counts.iter().map(i64::to_string).collect();
                texts.join(" ")
            }
        };
        match found == wanted {
            true => Ok(()),
            false => Err(format!("the partitions of {topic} hold {counts:?}")),
        }
    }

    /// Compares what the terminal has shown since it was last looked at.
    fn look(&mut self, expected: &[&str]) -> Result<(), String> {
        let terminal = self.session.shell.terminal(self.at).ok_or("it is closed")?;
        let first = terminal.first_line_number();
        let end = first + terminal.lines().len() as u64;
        let seen = self.looked_at.insert(self.at, end).unwrap_or(0);
        let skip = seen.saturating_sub(first) as usize;
        let shown: Vec<String> = terminal
            .lines()
            .skip(skip)
            .filter(|line| line.kind != LineKind::Command)
            .map(written)
            .collect();
        if matches_all(expected, &shown) {
            return Ok(());
        }
        Err(format!(
            "expected:\n  {}\nshown:\n  {}",
            expected.join("\n  "),
            shown.join("\n  ")
        ))
    }
}

/// Whether a line is one of those that a terminal must show.
fn is_expected(line: &str) -> bool {
    !line.is_empty()
        && !line.starts_with(['#', '@'])
        && !line.starts_with("$ ")
        && !line.starts_with("> ")
}

/// A line as a script has it.
fn written(line: &Line) -> String {
    match line.kind {
        LineKind::Stderr => format!("! {}", line.text),
        LineKind::Note => format!("? {}", line.text),
        _ if line.text.is_empty() => "<empty>".to_owned(),
        _ => line.text.clone(),
    }
}

fn matches_all(expected: &[&str], shown: &[String]) -> bool {
    match (expected, shown) {
        ([], shown) => shown.is_empty(),
        (["...", rest @ ..], shown) => {
            (0..=shown.len()).any(|skipped| matches_all(rest, &shown[skipped..]))
        }
        ([first, rest @ ..], [line, others @ ..]) => {
            matches_line(first, line) && matches_all(rest, others)
        }
        _ => false,
    }
}

fn matches_line(expected: &str, line: &str) -> bool {
    let Some((before, after)) = expected.split_once("<>") else {
        return expected == line;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    let starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    starts
        .into_iter()
        .any(|at| matches_line(after, &rest[at..]))
}
