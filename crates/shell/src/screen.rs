//! What a terminal shows: lines, the oldest of which are dropped in the end.

use std::collections::VecDeque;

/// How many lines a terminal keeps.
pub const SCROLLBACK_MAX: usize = 2_000;

/// How much of a line is kept, in bytes.
const LINE_MAX: usize = 16_384;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// What was typed, after the prompt it was typed at.
    Command,
    /// What a tool printed on its standard output.
    Stdout,
    /// What a tool printed on its standard error.
    Stderr,
    /// What the playground says for itself: no Kafka tool printed it.
    Note,
}

/// One line on a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its text, without a line end. Only ever text: it may hold whatever is in
    /// a record.
    pub text: String,
}

/// The lines of a terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen {
    lines: VecDeque<Line>,
    /// Lines that were dropped or cleared, so that each line has a number.
    gone: u64,
    /// Whether the last line has no line end yet.
    is_open: bool,
}

impl Screen {
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.iter()
    }

    /// The number of the first line kept, counted from the terminal's first.
    pub fn first_number(&self) -> u64 {
        self.gone
    }

    /// Prints text, in which `\n` ends a line. Text of the same kind goes on in
    /// a line that has not ended.
    pub fn print(&mut self, kind: LineKind, text: &str) {
        for part in text.split_inclusive('\n') {
            let (part, ends) = match part.strip_suffix('\n') {
                Some(part) => (part, true),
                None => (part, false),
            };
            self.put(kind, part);
            self.is_open = !ends;
        }
    }

    /// Prints one whole line.
    pub fn line(&mut self, kind: LineKind, text: &str) {
        self.end_line();
        self.print(kind, text);
        self.end_line();
    }

    /// Ends a line that has no line end.
    pub fn end_line(&mut self) {
        self.is_open = false;
    }

    /// Drops all lines.
    pub fn clear(&mut self) {
        self.gone += self.lines.len() as u64;
        self.lines.clear();
        self.is_open = false;
    }

    fn put(&mut self, kind: LineKind, text: &str) {
        let is_same = |last: &Line| last.kind == kind && last.text.len() + text.len() <= LINE_MAX;
        let is_open = self.is_open;
        match self
            .lines
            .back_mut()
            .filter(|last| is_open && is_same(last))
        {
            Some(last) => last.text.push_str(text),
            None => self.push(Line {
                kind,
                text: shortened(text),
            }),
        }
    }

    fn push(&mut self, line: Line) {
        self.lines.push_back(line);
        if self.lines.len() > SCROLLBACK_MAX {
            self.lines.pop_front();
            self.gone += 1;
        }
    }
}

/// The beginning of a text that is too long to keep, and how long it was.
fn shortened(text: &str) -> String {
    if text.len() <= LINE_MAX {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(LINE_MAX)];
    format!("{kept} ... and {} more bytes", text.len() - kept.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(screen: &Screen) -> Vec<&str> {
        screen.lines().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn text_goes_on_where_no_line_ended() {
        let mut screen = Screen::default();
        screen.print(LineKind::Stdout, "a;");
        screen.print(LineKind::Stdout, "b\nc");
        screen.print(LineKind::Stderr, "d");
        screen.line(LineKind::Stderr, "e");
        screen.print(LineKind::Stdout, "\n");
        assert_eq!(texts(&screen), ["a;b", "c", "d", "e", ""]);
    }

    #[test]
    fn old_lines_and_long_ones_are_cut() {
        let mut screen = Screen::default();
        for number in 0..SCROLLBACK_MAX + 5 {
            screen.line(LineKind::Stdout, &number.to_string());
        }
        assert_eq!(screen.lines().len(), SCROLLBACK_MAX);
        assert_eq!((screen.first_number(), texts(&screen)[0]), (5, "5"));
        screen.clear();
        assert_eq!((screen.first_number(), screen.lines().len()), (2_005, 0));
        screen.line(LineKind::Stdout, &"é".repeat(LINE_MAX));
        assert!(texts(&screen)[0].ends_with("... and 16384 more bytes"));
    }
}
