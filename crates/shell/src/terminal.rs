//! One terminal: its screen, its prompt and what runs in front.

use engine::collections::BTreeMap;
use std::collections::VecDeque;

use engine::{Event, Time};

use crate::commands::{self, Outcome};
use crate::line::{Piece, Step, Style, Unreadable, Word, parse, strip_prompt};
use crate::place::Place;
use crate::screen::{Line, LineKind, Screen};
use crate::tools::{Ground, Host, Tool, known_tool, tool_name};

/// The number of a terminal; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerminalId(pub u32);

/// What holds a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Foreground {
    /// The tool, such as `kafka-console-consumer`.
    pub name: String,
    /// Whether lines that are typed go to it.
    pub reads_input: bool,
    /// Whether it ends when virtual time goes on; otherwise it holds the
    /// terminal until Ctrl+C or Ctrl+D.
    pub ends_by_itself: bool,
}

impl Foreground {
    /// Whether a line that is typed can only wait for Ctrl+C.
    pub(crate) fn holds(&self) -> bool {
        !self.reads_input && !self.ends_by_itself
    }
}

/// A terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    id: TerminalId,
    pub(crate) screen: Screen,
    pub(crate) place: Place,
    /// What `NAME=value` has set.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) status: i32,
    tool: Option<Tool>,
    /// What is left of the command line that runs.
    steps: VecDeque<Step>,
    /// Lines typed or pasted that nobody has read.
    typed: VecDeque<String>,
    /// Whether they may run in another terminal when a tool holds this one.
    may_move: bool,
}

impl Terminal {
    pub(crate) fn new(id: TerminalId) -> Terminal {
        Terminal {
            id,
            screen: Screen::default(),
            place: Place::home(),
            variables: BTreeMap::new(),
            status: 0,
            tool: None,
            steps: VecDeque::new(),
            typed: VecDeque::new(),
            may_move: false,
        }
    }

    /// Its number.
    pub fn id(&self) -> TerminalId {
        self.id
    }

    /// What stands before the line that is typed next: the shell's prompt, the
    /// prompt of a tool that reads, or nothing.
    pub fn prompt(&self) -> String {
        match &self.tool {
            Some(tool) => tool.as_run().prompt().to_owned(),
            None => self.place.prompt(),
        }
    }

    /// What it shows, oldest first; at most 2,000 lines.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.screen.lines()
    }

    /// The number of the first of its [`lines`](Self::lines), counted from the
    /// first it ever showed: with it, a line keeps its number when older ones
    /// are dropped.
    pub fn first_line_number(&self) -> u64 {
        self.screen.first_number()
    }

    /// What holds it; `None` when a command may be typed.
    pub fn foreground(&self) -> Option<Foreground> {
        self.tool.as_ref().map(|tool| tool.as_run().foreground())
    }

    /// The client in the world that the tool in front drives.
    pub fn client(&self) -> Option<u32> {
        self.tool.as_ref()?.as_run().client()
    }

    /// The lines typed or pasted that wait for the tool in front to end.
    pub fn waiting_lines(&self) -> usize {
        self.typed.len()
    }

    /// The exit status of the last command (`$?`): 0 when it went well.
    pub fn last_status(&self) -> i32 {
        self.status
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        self.tool.as_ref()?.as_run().deadline()
    }

    /// Whether nothing runs and nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.tool.is_none() && self.steps.is_empty() && self.typed.is_empty()
    }

    /// Takes lines in, which may move to another terminal or not; they are
    /// read by [`Terminal::go_on`].
    pub(crate) fn type_lines(&mut self, lines: Vec<String>, may_move: bool) {
        self.typed.extend(lines);
        self.may_move = may_move;
    }

    /// Takes back the lines that wait for Ctrl+C and may as well run elsewhere,
    /// with the name of the tool they wait for.
    pub(crate) fn take_stuck_lines(&mut self) -> Option<(String, Vec<String>)> {
        let front = self.foreground().filter(Foreground::holds)?;
        if !self.may_move || self.typed.is_empty() {
            return None;
        }
        Some((front.name, self.typed.drain(..).collect()))
    }

    /// Reads and runs what was typed, until a tool has to be waited for.
    pub(crate) fn go_on(&mut self, ground: &mut Ground) {
        loop {
            if let Some(tool) = &self.tool {
                if !tool.as_run().foreground().reads_input {
                    return;
                }
                let Some(line) = self.typed.pop_front() else {
                    return;
                };
                self.feed(ground, &line);
            } else if let Some(step) = self.steps.pop_front() {
                if step.runs_after(self.status) {
                    self.run(ground, &step);
                }
            } else if let Some(line) = self.typed.pop_front() {
                self.read_command(line);
            } else {
                return;
            }
        }
    }

    /// Gives a line to the tool in front.
    fn feed(&mut self, ground: &mut Ground, line: &str) {
        let echo = format!("{}{line}", self.prompt());
        self.screen.line(LineKind::Command, &echo);
        if let Some(name) = looks_like_a_command(line) {
            self.screen.line(
                LineKind::Note,
                &format!(
                    "That line went to the tool in front as input. To run {name}, press Ctrl+C \
                     first, or open another terminal."
                ),
            );
        }
        self.with_tool(ground, |tool, host| tool.run().input(host, line));
    }

    /// Reads a command line; the lines after it are part of it as long as a
    /// quote is open.
    fn read_command(&mut self, first: String) {
        let mut line = first;
        let steps = loop {
            let (command, windows) = strip_prompt(&line);
            let style = Style::of(command, windows || self.place.is_windows());
            match parse(command, style) {
                Err(Unreadable::UnclosedQuote(_) | Unreadable::GoesOn)
                    if !self.typed.is_empty() =>
                {
                    let next = self.typed.pop_front().unwrap_or_default();
                    line = format!("{line}\n{next}");
                }
                result => break result,
            }
        };
        let echo = format!("{}{}", self.place.prompt(), strip_prompt(&line).0);
        for (number, part) in echo.split('\n').enumerate() {
            let part = if number == 0 {
                part
            } else {
                &format!("> {part}")
            };
            self.screen.line(LineKind::Command, part);
        }
        match steps {
            Ok(steps) => self.steps.extend(steps),
            Err(unreadable) => {
                self.screen.line(LineKind::Stderr, &unreadable.to_string());
                if let Some(advice) = unreadable.advice() {
                    self.screen.line(LineKind::Note, &advice);
                }
                self.status = 2;
            }
        }
    }

    fn run(&mut self, ground: &mut Ground, step: &Step) {
        let commands = step.pipeline.iter();
        let commands: Vec<Vec<String>> = commands
            .map(|command| command.words.iter().map(|word| self.expand(word)).collect())
            .collect();
        self.screen.end_line();
        match commands::run(self, ground, commands) {
            Outcome::Ended(status) => self.ended(status),
            Outcome::Runs(tool) => self.tool = Some(tool),
        }
    }

    /// A word with the values of its variables.
    fn expand(&self, word: &Word) -> String {
        let pieces = word.0.iter();
        pieces
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(name) => self.variable(name),
            })
            .collect()
    }

    fn variable(&self, name: &str) -> String {
        match (name, self.variables.get(name)) {
            ("?", _) => self.status.to_string(),
            (_, Some(value)) => value.clone(),
            ("PWD", None) => self.place.folder().to_owned(),
            _ => String::new(),
        }
    }

    /// Shows the tool in front what happened.
    pub(crate) fn on_event(&mut self, ground: &mut Ground, event: &Event) {
        self.with_tool(ground, |tool, host| tool.run().on_event(host, event));
        self.go_on(ground);
    }

    /// Tells the tool in front that time has passed. One whose client was taken
    /// away with the time it ran in ends.
    pub(crate) fn on_time(&mut self, ground: &mut Ground) {
        let is_gone = |client: u32| !ground.world.clients().contains_key(&client);
        if self.client().is_some_and(is_gone) {
            self.screen.line(
                LineKind::Note,
                "The tool in front has ended: its client is no longer in this world.",
            );
            self.tool_ended(1);
        }
        self.with_tool(ground, |tool, host| tool.run().on_time(host));
        self.go_on(ground);
    }

    /// Ctrl+C.
    pub(crate) fn interrupt(&mut self, ground: &mut Ground) {
        self.typed.clear();
        self.steps.clear();
        let echo = format!("{}^C", self.prompt());
        self.screen.line(LineKind::Command, &echo);
        if self.tool.is_none() {
            self.status = 130;
        }
        self.with_tool(ground, |tool, host| tool.run().interrupt(host));
    }

    /// Ctrl+D: only a tool that reads takes notice.
    pub(crate) fn end_of_input(&mut self, ground: &mut Ground) {
        let reads = self.foreground().is_some_and(|front| front.reads_input);
        if reads {
            self.with_tool(ground, |tool, host| tool.run().end_of_input(host));
            self.go_on(ground);
        } else if self.is_idle() && self.place.leave() {
            self.screen.line(LineKind::Command, "exit");
        }
    }

    fn with_tool(
        &mut self,
        ground: &mut Ground,
        act: impl FnOnce(&mut Tool, &mut Host) -> Option<i32>,
    ) {
        let Some(tool) = &mut self.tool else {
            return;
        };
        let mut host = Host {
            ground,
            screen: &mut self.screen,
        };
        if let Some(status) = act(tool, &mut host) {
            self.tool_ended(status);
        }
    }

    fn tool_ended(&mut self, status: i32) {
        self.tool = None;
        self.ended(status);
    }

    fn ended(&mut self, status: i32) {
        self.screen.end_line();
        self.status = status;
    }
}

/// The tool that a line would run if it were a command.
fn looks_like_a_command(line: &str) -> Option<&str> {
    let first = strip_prompt(line).0.split_whitespace().next()?;
    let name = tool_name(first);
    known_tool(name).map(|_| name)
}
