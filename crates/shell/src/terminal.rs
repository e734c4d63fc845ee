//! One terminal: its screen, its prompt and what runs in front.

use crate::screen::{Line, Screen};

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

/// A terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    id: TerminalId,
    screen: Screen,
}

impl Terminal {
    /// Its number.
    pub fn id(&self) -> TerminalId {
        self.id
    }

    /// What stands before the line that is typed next: the shell's prompt, the
    /// prompt of a tool that reads, or nothing.
    pub fn prompt(&self) -> String {
        todo!()
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
        todo!()
    }

    /// The lines typed or pasted that wait for the tool in front to end.
    pub fn waiting_lines(&self) -> usize {
        todo!()
    }

    /// The exit status of the last command (`$?`): 0 when it went well.
    pub fn last_status(&self) -> i32 {
        todo!()
    }
}
