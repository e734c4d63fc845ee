//! Words and signs as an expression whose types go together.

use super::lexer::{Token, tokens};
use super::{ExpressionError, Function, Node, Operator, Type};

/// How deep an expression may be nested.
const DEPTH_MAX: usize = 50;

pub(super) fn parse(source: &str) -> Result<Node, ExpressionError> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        next: 0,
        depth: 0,
    };
    let root = parser.choice()?;
    if *parser.peek() != Token::End {
        let found = describe(parser.peek());
        return parser.error(format!("{found} is too much"));
    }
    root.wanted(Type::Number)
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

/// A part with its type and its place.
struct Part {
    node: Node,
    of: Type,
    at: usize,
}

impl Part {
    fn wanted(self, wanted: Type) -> Result<Node, ExpressionError> {
        match self.of == wanted {
            true => Ok(self.node),
            false => Err(ExpressionError {
                at: self.at,
                problem: format!("{} is wanted instead of {}", wanted.name(), self.of.name()),
            }),
        }
    }
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Number => "a number",
            Type::Text => "a text",
            Type::Condition => "a condition",
        }
    }
}

/// What binds alike, the loosest first.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[("==", Operator::Equal), ("!=", Operator::NotEqual)],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("%", Operator::Remainder),
    ],
];

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].1
    }

    fn at(&self) -> usize {
        self.tokens[self.next].0
    }

    fn error<T>(&self, problem: String) -> Result<T, ExpressionError> {
        let at = self.at();
        Err(ExpressionError { at, problem })
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        // The end stays.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Token::Sign(next) if *next == sign);
        if is_next {
            self.take();
        }
        is_next
    }

    fn expect(&mut self, sign: &str) -> Result<(), ExpressionError> {
        match self.takes(sign) {
            true => Ok(()),
            false => self.error(format!("`{sign}` is missing")),
        }
    }

    fn choice(&mut self) -> Result<Part, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.error("it is nested too deep".to_owned());
        }
        let condition = self.operators(0)?;
        let part = match self.takes("?") {
            false => condition,
            true => {
                let at = condition.at;
                let condition = condition.wanted(Type::Condition)?;
                let yes = self.choice()?;
                self.expect(":")?;
                let of = yes.of;
                let no = self.choice()?.wanted(of)?;
                let node = Node::Choice(Box::new((condition, yes.node, no)));
                Part { node, of, at }
            }
        };
        self.depth -= 1;
        Ok(part)
    }

    /// Operators of this level and those that bind tighter.
    fn operators(&mut self, level: usize) -> Result<Part, ExpressionError> {
        let Some(of_level) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.operators(level + 1)?;
        while let Some((_, operator)) = of_level.iter().find(|(sign, _)| self.takes(sign)) {
            let right = self.operators(level + 1)?;
            left = binary(*operator, left, right)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Part, ExpressionError> {
        let at = self.at();
        let (of, wrap): (Type, fn(Box<Node>) -> Node) = match self.peek() {
            Token::Sign("-") => (Type::Number, Node::Negative),
            Token::Sign("!") => (Type::Condition, Node::Not),
            _ => return self.primary(),
        };
        self.take();
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.error("it is nested too deep".to_owned());
        }
        let inner = self.unary()?.wanted(of)?;
        self.depth -= 1;
        let node = wrap(Box::new(inner));
        Ok(Part { node, of, at })
    }

    fn primary(&mut self) -> Result<Part, ExpressionError> {
        let at = self.at();
        let (node, of) = match self.peek().clone() {
            Token::Number(number) => (Node::Number(number), Type::Number),
            Token::Text(text) => (Node::Text(Some(text.into_bytes())), Type::Text),
            Token::Name(name) => return self.name(&name),
            Token::Sign("(") => {
                self.take();
                let inner = self.choice()?;
                self.expect(")")?;
                return Ok(Part { at, ..inner });
            }
            _ => return self.error("a value is missing".to_owned()),
        };
        self.take();
        Ok(Part { node, of, at })
    }

    fn name(&mut self, name: &str) -> Result<Part, ExpressionError> {
        let at = self.at();
        if self.tokens[self.next + 1].1 == Token::Sign("(") {
            return self.call(name);
        }
        let (node, of) = match name {
            "key" => (Node::Key, Type::Text),
            "value" => (Node::Value, Type::Text),
            "partitions" => (Node::Partitions, Type::Number),
            "null" => (Node::Text(None), Type::Text),
            _ => {
                return self.error(format!(
                    "`{name}` is not known; there are key, value, partitions and null"
                ));
            }
        };
        self.take();
        Ok(Part { node, of, at })
    }

    fn call(&mut self, name: &str) -> Result<Part, ExpressionError> {
        let at = self.at();
        let (function, count, of) = match name {
            "hash" => (Function::Hash, 1, Type::Number),
            "length" => (Function::Length, 1, Type::Number),
            "number" => (Function::Number, 1, Type::Number),
            "starts_with" => (Function::StartsWith, 2, Type::Condition),
            _ => {
                return self.error(format!(
                    "there is no function `{name}`; there are hash, length, number and starts_with"
                ));
            }
        };
        self.take();
        self.expect("(")?;
        let mut arguments = Vec::new();
        for index in 0..count {
            if index > 0 {
                self.expect(",")?;
            }
            arguments.push(self.choice()?.wanted(Type::Text)?);
        }
        self.expect(")")?;
        let node = Node::Call(function, arguments);
        Ok(Part { node, of, at })
    }
}

fn binary(operator: Operator, left: Part, right: Part) -> Result<Part, ExpressionError> {
    let (wanted, of) = match operator {
        Operator::Equal | Operator::NotEqual => (left.of, Type::Condition),
        Operator::And | Operator::Or => (Type::Condition, Type::Condition),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            (Type::Number, Type::Condition)
        }
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::Remainder => (Type::Number, Type::Number),
    };
    let at = left.at;
    let sides = Box::new((left.wanted(wanted)?, right.wanted(wanted)?));
    let node = Node::Binary(operator, sides);
    Ok(Part { node, of, at })
}

fn describe(token: &Token) -> String {
    match token {
        Token::Number(number) => format!("`{number}`"),
        Token::Text(text) => format!("\"{text}\""),
        Token::Name(name) => format!("`{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::End => "the end".to_owned(),
    }
}
