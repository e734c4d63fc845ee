use std::rc::Rc;

use shell::{Foreground, Line, Terminal, TerminalId};

/// How many lines of a terminal the page shows. The terminal keeps more.
const LINES_SHOWN: usize = 400;

/// A terminal as it is painted.
#[derive(Clone, Debug, PartialEq)]
pub struct TerminalSnapshot {
    /// Its number.
    pub id: TerminalId,
    /// What stands before the line that is typed next.
    pub prompt: String,
    /// What holds it.
    pub foreground: Option<Foreground>,
    /// How many lines wait for that to end.
    pub waiting_lines: usize,
    /// The number of the first line shown.
    pub first_line: u64,
    /// The lines shown, oldest first.
    pub lines: Rc<[Line]>,
}

impl TerminalSnapshot {
    /// The terminal as it is now. Lines that `last` showed already are not
    /// copied again.
    pub fn of(terminal: &Terminal, last: Option<&TerminalSnapshot>) -> TerminalSnapshot {
        let lines = terminal.lines();
        let skipped = lines.len().saturating_sub(LINES_SHOWN);
        let first_line = terminal.first_line_number() + skipped as u64;
        let shown = lines.len() - skipped;
        let unchanged = last.filter(|last| {
            last.first_line == first_line
                && last.lines.len() == shown
                && last.lines.last() == terminal.lines().next_back()
        });
        TerminalSnapshot {
            id: terminal.id(),
            prompt: terminal.prompt(),
            foreground: terminal.foreground(),
            waiting_lines: terminal.waiting_lines(),
            first_line,
            lines: match unchanged {
                Some(last) => last.lines.clone(),
                None => terminal.lines().skip(skipped).cloned().collect(),
            },
        }
    }
}
