//! Words of a command line, by the quoting rules of a POSIX shell or of
//! Windows.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// Whose rules a line follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A POSIX shell's: a backslash takes the next character's meaning away.
    Posix,
    /// That of Windows: a backslash is a part of a path.
    Windows,
}

impl Style {
    /// The style of a line typed where `windows` says whether paths are those
    /// of Windows. A path with backslashes gives a line away.
    pub fn of(line: &str, windows: bool) -> Style {
        match windows || line.split_whitespace().any(is_windows_path) {
            true => Style::Windows,
            false => Style::Posix,
        }
    }
}

/// Whether a word is a path of Windows: `.\bin`, `C:\kafka`, `kafka-topics.bat`.
pub(crate) fn is_windows_path(word: &str) -> bool {
    let has_drive = word.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && word[1..].starts_with(":\\");
    has_drive
        || word.starts_with(".\\")
        || word.starts_with("..\\")
        || (word.contains('\\') && (word.ends_with(".bat") || word.ends_with(".cmd")))
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text as it is.
    Text(String),
    /// `$NAME`, or `?` for `$?`.
    Variable(String),
}

/// A word, whose variables have no value yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word(pub Vec<Piece>);

impl Word {
    /// Quotes around nothing make a word, too.
    fn begin_text(&mut self) {
        if !matches!(self.0.last(), Some(Piece::Text(_))) {
            self.0.push(Piece::Text(String::new()));
        }
    }

    fn push(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.0.push(Piece::Text(c.to_string())),
        }
    }
}

/// A word, or what stands between commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    Operator(&'static str),
}

/// Why a line cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A quote has no partner.
    UnclosedQuote(char),
    /// The line ends in a backslash: it goes on in the next one.
    GoesOn,
    /// An operator stands where a command should.
    Misplaced(String),
    /// Something of a shell that is not here; what it is, and what to do.
    NotHere(&'static str),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::UnclosedQuote(quote) => {
                write!(
                    f,
                    "bash: unexpected EOF while looking for matching `{quote}'"
                )
            }
            Unreadable::GoesOn => {
                f.write_str("bash: syntax error: unexpected end of file after `\\'")
            }
            Unreadable::Misplaced(token) => {
                write!(f, "bash: syntax error near unexpected token `{token}'")
            }
            Unreadable::NotHere(what) => f.write_str(what),
        }
    }
}

impl Unreadable {
    /// What the person can do about it.
    pub fn advice(&self) -> Option<String> {
        match self {
            Unreadable::UnclosedQuote(quote) => Some(format!(
                "A {quote} is opened and never closed: nothing was run. Close it, or put the text \
                 that holds it between quotes of the other kind."
            )),
            Unreadable::GoesOn => {
                Some("A line that ends in \\ goes on in the next: paste both together.".to_owned())
            }
            _ => None,
        }
    }
}

const NO_FILES: &str = "This terminal has no files to write to or read from: leave out > and <. \
                        To feed a tool, write echo '...' | in front of it.";
const NO_BACKGROUND: &str =
    "This terminal runs nothing in the background: leave out the &, and open another terminal.";
const NO_SUBSTITUTION: &str =
    "This terminal runs no command inside another: run it first and type its result.";

/// Divides a line into words and operators.
pub(super) fn tokens(line: &str, style: Style) -> Result<Vec<Token>, Unreadable> {
    let mut lexer = Lexer {
        rest: line.chars().peekable(),
        style,
    };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    style: Style,
}

impl Lexer<'_> {
    fn next_token(&mut self) -> Result<Option<Token>, Unreadable> {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(first) = self.rest.peek().copied() else {
            return Ok(None);
        };
        let is_comment = first == '#' && self.style == Style::Posix;
        if is_comment {
            while self.rest.next_if(|c| *c != '\n').is_some() {}
            return self.next_token();
        }
        if let Some(operator) = self.operator(first)? {
            return Ok(Some(Token::Operator(operator)));
        }
        self.word().map(|word| Some(Token::Word(word)))
    }

    fn operator(&mut self, first: char) -> Result<Option<&'static str>, Unreadable> {
        let (single, double) = match first {
            '|' => ("|", "||"),
            '&' => ("&", "&&"),
            ';' => return Ok(self.rest.next().map(|_| ";")),
            '>' | '<' => return Err(Unreadable::NotHere(NO_FILES)),
            '(' | ')' => return Err(Unreadable::Misplaced(first.to_string())),
            _ => return Ok(None),
        };
        self.rest.next();
        if self.rest.next_if_eq(&first).is_some() {
            return Ok(Some(double));
        }
        match single {
            "&" => Err(Unreadable::NotHere(NO_BACKGROUND)),
            single => Ok(Some(single)),
        }
    }

    fn word(&mut self) -> Result<Word, Unreadable> {
        let mut word = Word::default();
        self.dash(&mut word);
        while let Some(c) = self.rest.peek().copied() {
            match c {
                c if c.is_whitespace() || "|&;()".contains(c) => break,
                '>' | '<' => return Err(Unreadable::NotHere(NO_FILES)),
                _ => self.rest.next(),
            };
            match c {
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '\\' if self.style == Style::Posix => match self.rest.next() {
                    None => return Err(Unreadable::GoesOn),
                    Some('\n') => {}
                    Some(c) => word.push(c),
                },
                '$' if self.style == Style::Posix => self.dollar(&mut word)?,
                '`' if self.style == Style::Posix => {
                    return Err(Unreadable::NotHere(NO_SUBSTITUTION));
                }
                c => word.push(c),
            }
        }
        Ok(word)
    }

    /// Slides print dashes where options want hyphens: `–d`, `–topic`.
    fn dash(&mut self, word: &mut Word) {
        let Some(dash) = self.rest.next_if(|c| matches!(c, '–' | '—')) else {
            return;
        };
        let name: String = self
            .rest
            .clone()
            .take_while(|c| !c.is_whitespace())
            .collect();
        let is_long = dash == '—' || name.chars().take_while(|c| *c != '=').count() > 1;
        word.push('-');
        if is_long && !name.starts_with('-') {
            word.push('-');
        }
    }

    fn single_quoted(&mut self, word: &mut Word) -> Result<(), Unreadable> {
        word.begin_text();
        loop {
            match self.rest.next() {
                None => return Err(Unreadable::UnclosedQuote('\'')),
                Some('\'') => return Ok(()),
                Some(c) => word.push(c),
            }
        }
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), Unreadable> {
        word.begin_text();
        loop {
            match self.rest.next() {
                None => return Err(Unreadable::UnclosedQuote('"')),
                Some('"') => return Ok(()),
                Some('\\') => self.escaped_in_double_quotes(word),
                Some('$') if self.style == Style::Posix => self.dollar(word)?,
                Some('`') if self.style == Style::Posix => {
                    return Err(Unreadable::NotHere(NO_SUBSTITUTION));
                }
                Some(c) => word.push(c),
            }
        }
    }

    fn escaped_in_double_quotes(&mut self, word: &mut Word) {
        let special = match self.style {
            Style::Posix => "\"\\$`",
            Style::Windows => "\"",
        };
        match self.rest.next_if(|c| special.contains(*c)) {
            Some(c) => word.push(c),
            None if self.style == Style::Posix && self.rest.next_if_eq(&'\n').is_some() => {}
            None => word.push('\\'),
        }
    }

    /// After a `$`: a variable, `$'...'`, or the sign itself.
    fn dollar(&mut self, word: &mut Word) -> Result<(), Unreadable> {
        match self.rest.peek() {
            Some('?') => {
                self.rest.next();
                word.0.push(Piece::Variable("?".to_owned()));
            }
            Some('(') => return Err(Unreadable::NotHere(NO_SUBSTITUTION)),
            Some('{') => {
                self.rest.next();
                let name = self.name();
                if name.is_empty() || self.rest.next_if_eq(&'}').is_none() {
                    return Err(Unreadable::NotHere("bash: bad substitution"));
                }
                word.0.push(Piece::Variable(name));
            }
            Some('\'') => {
                self.rest.next();
                return self.ansi_quoted(word);
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => {
                let name = self.name();
                word.0.push(Piece::Variable(name));
            }
            _ => word.push('$'),
        }
        Ok(())
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self
            .rest
            .next_if(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            name.push(c);
        }
        name
    }

    /// `$'a\tb'`.
    fn ansi_quoted(&mut self, word: &mut Word) -> Result<(), Unreadable> {
        word.begin_text();
        loop {
            match self.rest.next() {
                None => return Err(Unreadable::UnclosedQuote('\'')),
                Some('\'') => return Ok(()),
                Some('\\') => match self.rest.next() {
                    None => return Err(Unreadable::UnclosedQuote('\'')),
                    Some(c) => word.push(escape(c).unwrap_or(c)),
                },
                Some(c) => word.push(c),
            }
        }
    }
}

/// What `\t` and its like stand for.
fn escape(c: char) -> Option<char> {
    Some(match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'e' => '\u{1b}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let style = Style::of(line, false);
        let tokens = tokens(line, style).unwrap_or_else(|error| panic!("{line}: {error}"));
        let text = |token| match token {
            Token::Operator(operator) => operator.to_owned(),
            Token::Word(Word(pieces)) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Variable(name) => format!("<{name}>"),
                })
                .collect(),
        };
        tokens.into_iter().map(text).collect()
    }

    #[test]
    fn quotes_and_backslashes() {
        assert_eq!(
            words(r#"echo 'a  b' "c \"d\" \n" e\ f"#),
            ["echo", "a  b", r#"c "d" \n"#, "e f"]
        );
        assert_eq!(words("a '' \"\""), ["a", "", ""]);
        assert_eq!(words(r#"'it'"'"'s'"#), ["it's"]);
        assert_eq!(
            words(r"--property key.separator=$'\t'"),
            ["--property", "key.separator=\t"]
        );
        assert_eq!(words("echo a#b # c"), ["echo", "a#b"]);
    }

    #[test]
    fn a_record_of_the_lab_comes_through() {
        let record = r#"{"event": "new_envelope", "to": "Alan Turing"}"#;
        let line = format!("echo '{record}' | ./kafka-console-producer.sh --topic post.office");
        assert_eq!(
            words(&line),
            [
                "echo",
                record,
                "|",
                "./kafka-console-producer.sh",
                "--topic",
                "post.office"
            ]
        );
    }

    #[test]
    fn paths_of_windows_keep_their_backslashes() {
        assert_eq!(
            words(r".\bin\windows\kafka-topics.bat --list"),
            [r".\bin\windows\kafka-topics.bat", "--list"]
        );
        assert_eq!(words(r"cd C:\kafka\"), ["cd", r"C:\kafka\"]);
        assert_eq!(
            words(r#"echo "{\"a\": 1}" | .\kafka-console-producer.bat --topic t"#)[1],
            r#"{"a": 1}"#
        );
    }

    #[test]
    fn variables_are_found() {
        assert_eq!(
            words("echo $? \"$HOME/x\" ${A}b '$A' 5$"),
            ["echo", "<?>", "<HOME>/x", "<A>b", "$A", "5$"]
        );
    }

    #[test]
    fn dashes_of_slides_are_hyphens() {
        assert_eq!(
            words("docker-compose up –d broker"),
            ["docker-compose", "up", "-d", "broker"]
        );
        assert_eq!(
            words("t –topic a —list –-x=1"),
            ["t", "--topic", "a", "--list", "--x=1"]
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let why = |line| tokens(line, Style::Posix).unwrap_err().to_string();
        assert_eq!(
            why("echo 'a"),
            "bash: unexpected EOF while looking for matching `''"
        );
        assert_eq!(
            why("echo \"a"),
            "bash: unexpected EOF while looking for matching `\"'"
        );
        assert!(why("a > b").contains("no files"));
        assert!(why("a &").contains("background"));
        assert!(why("echo $(a)").contains("inside another"));
        assert_eq!(tokens("a \\", Style::Posix), Err(Unreadable::GoesOn));
    }
}
