//! Commands strung together: `a | b && c ; d`.

use super::words::{Style, Token, Unreadable, Word, tokens};

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Simple {
    /// At least one word.
    pub words: Vec<Word>,
}

/// When a step runs, seen from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// In any case: it is the first, or follows a `;`.
    Always,
    /// When that went well: `&&`.
    IfWell,
    /// When that failed: `||`.
    IfFailed,
}

/// Commands that feed each other, and when to run them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// When.
    pub join: Join,
    /// At least one command; each feeds the next.
    pub pipeline: Vec<Simple>,
}

impl Step {
    /// Whether it runs after a step that ended with this status.
    pub fn runs_after(&self, status: i32) -> bool {
        match self.join {
            Join::Always => true,
            Join::IfWell => status == 0,
            Join::IfFailed => status != 0,
        }
    }
}

/// Reads a command line; nothing comes of an empty one.
pub(crate) fn parse(line: &str, style: Style) -> Result<Vec<Step>, Unreadable> {
    let mut steps = Vec::new();
    let mut join = Join::Always;
    let mut pipeline = Vec::new();
    let mut words = Vec::new();
    let mut awaited: Option<&str> = None;
    for token in tokens(line, style)? {
        let operator = match token {
            Token::Word(word) => {
                words.push(word);
                awaited = None;
                continue;
            }
            Token::Operator(operator) => operator,
        };
        if words.is_empty() {
            return Err(Unreadable::Misplaced(operator.to_owned()));
        }
        pipeline.push(Simple {
            words: std::mem::take(&mut words),
        });
        if operator != "|" {
            let pipeline = std::mem::take(&mut pipeline);
            steps.push(Step { join, pipeline });
        }
        join = match operator {
            "|" => join,
            "&&" => Join::IfWell,
            "||" => Join::IfFailed,
            _ => Join::Always,
        };
        awaited = (operator != ";").then_some(operator);
    }
    if awaited.is_some() {
        return Err(Unreadable::Misplaced("newline".to_owned()));
    }
    if !words.is_empty() {
        pipeline.push(Simple { words });
        steps.push(Step { join, pipeline });
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(line: &str) -> Vec<(Join, Vec<usize>)> {
        let steps = parse(line, Style::Posix).unwrap_or_else(|error| panic!("{line}: {error}"));
        let counts = |step: Step| step.pipeline.iter().map(|c| c.words.len()).collect();
        steps
            .into_iter()
            .map(|step| (step.join, counts(step)))
            .collect()
    }

    #[test]
    fn steps_and_pipes() {
        assert_eq!(shape(""), []);
        assert_eq!(shape("# only a comment"), []);
        assert_eq!(shape("a b | c"), [(Join::Always, vec![2, 1])]);
        assert_eq!(
            shape("a && b c || d ; e ;"),
            [
                (Join::Always, vec![1]),
                (Join::IfWell, vec![2]),
                (Join::IfFailed, vec![1]),
                (Join::Always, vec![1])
            ]
        );
    }

    #[test]
    fn operators_need_commands() {
        for (line, token) in [
            ("| a", "|"),
            ("a | | b", "|"),
            ("a &&", "newline"),
            ("; a", ";"),
        ] {
            assert_eq!(
                parse(line, Style::Posix),
                Err(Unreadable::Misplaced(token.to_owned())),
                "{line}"
            );
        }
    }
}
