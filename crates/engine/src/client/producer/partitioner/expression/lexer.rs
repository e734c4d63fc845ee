//! An expression's text as words and signs.

use super::{ExpressionError, LENGTH_MAX};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Number(i64),
    Text(String),
    Name(String),
    Sign(&'static str),
    End,
}

/// The longer before the shorter.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "!", "?", ":", "(", ")",
    ",",
];

/// The words and signs, each with the place of its first character, from 1.
pub(super) fn tokens(source: &str) -> Result<Vec<(usize, Token)>, ExpressionError> {
    let characters: Vec<char> = source.chars().collect();
    if characters.len() > LENGTH_MAX {
        return Err(ExpressionError {
            at: LENGTH_MAX + 1,
            problem: format!("it goes on though it may have at most {LENGTH_MAX} characters"),
        });
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if characters[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (token, length) = token(&characters[at..], at + 1)?;
        tokens.push((at + 1, token));
        at += length;
    }
    tokens.push((at + 1, Token::End));
    Ok(tokens)
}

/// The first token, and how many characters it has.
fn token(rest: &[char], at: usize) -> Result<(Token, usize), ExpressionError> {
    let error = |problem: String| Err(ExpressionError { at, problem });
    let first = rest[0];
    let run = |belongs: fn(char) -> bool| -> String {
        rest.iter().copied().take_while(|c| belongs(*c)).collect()
    };
    if first == '"' {
        return match text(rest) {
            Some(text) => Ok(text),
            None => error("a text begins that does not end".to_owned()),
        };
    }
    if first.is_ascii_digit() {
        let digits = run(|c| c.is_ascii_digit());
        return match digits.parse() {
            Ok(number) => Ok((Token::Number(number), digits.len())),
            Err(_) => error("the number is too large".to_owned()),
        };
    }
    if first.is_ascii_alphabetic() {
        let name = run(|c| c.is_ascii_alphanumeric() || c == '_');
        let length = name.len();
        return Ok((Token::Name(name), length));
    }
    let begins = |sign: &&&str| {
        let mut rest = rest.iter();
        sign.chars().all(|c| rest.next() == Some(&c))
    };
    match SIGNS.iter().find(begins) {
        Some(sign) => Ok((Token::Sign(sign), sign.len())),
        None => error(format!("`{first}` means nothing here")),
    }
}

/// A text in quotes, in which `\` takes the next character as it is.
fn text(rest: &[char]) -> Option<(Token, usize)> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        match *rest.get(at)? {
            '"' => return Some((Token::Text(text), at + 1)),
            '\\' => {
                text.push(*rest.get(at + 1)?);
                at += 2;
            }
            character => {
                text.push(character);
                at += 1;
            }
        }
    }
}
