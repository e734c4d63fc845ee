//! A rule of one's own for the partition of a record, in a small language of
//! whole numbers and texts (`partitioner.expression`, which is Kafka Lanes'
//! own and stands for a `Partitioner` class of one's own).
//!
//! ```text
//! hash(key) % partitions
//! key == "vip" ? 0 : 1 + hash(key) % (partitions - 1)
//! ```
//!
//! | what | is |
//! |---|---|
//! | `key`, `value` | the record's, as texts; `null` where it has none |
//! | `partitions` | how many partitions the topic has |
//! | `12`, `"text"`, `null` | a number, a text, no text |
//! | `hash(text)` | murmur2 of it, made positive, as Kafka hashes keys |
//! | `length(text)` | how many bytes it has |
//! | `number(text)` | the number it stands for |
//! | `starts_with(text, text)` | whether the first begins with the second |
//! | `+ - * / %` | as in Java, on numbers of 64 bits |
//! | `== != < <= > >=` | comparisons; texts are equal or not |
//! | `! && \|\|`, `condition ? a : b` | as in Java |
//!
//! `null` counts as an empty text for the functions. An expression has no side
//! effects and no loops, and is at most [`LENGTH_MAX`] characters long.

mod lexer;
mod parser;

use std::fmt;

use crate::client::murmur2::{murmur2, to_positive};

/// How many characters an expression may have.
pub const LENGTH_MAX: usize = 1_000;

/// A rule that was understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expression {
    source: String,
    root: Node,
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpressionError {
    /// The character at which it is noticed, from 1.
    pub at: usize,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "At character {}, {}.", self.at, self.problem)
    }
}

/// Why a rule has no partition for a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EvaluationError {
    /// It divides by 0.
    DivisionByZero,
    /// `number(…)` of a text that is none.
    NotANumber(String),
    /// There is no such partition in any topic.
    InvalidPartition(i64),
}

impl EvaluationError {
    /// The exception that a class in Java would throw, without its package.
    pub fn exception(&self) -> &'static str {
        match self {
            EvaluationError::DivisionByZero => "ArithmeticException",
            EvaluationError::NotANumber(_) => "NumberFormatException",
            EvaluationError::InvalidPartition(_) => "IllegalArgumentException",
        }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvaluationError::DivisionByZero => f.write_str("/ by zero"),
            EvaluationError::NotANumber(text) => write!(f, "For input string: \"{text}\""),
            EvaluationError::InvalidPartition(partition) => write!(
                f,
                "The partitioner generated an invalid partition number: {partition}. Partition \
                 number should always be non-negative."
            ),
        }
    }
}

/// What a part of an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Type {
    Number,
    Text,
    Condition,
}

/// A part of an expression whose types go together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    Number(i64),
    Text(Option<Vec<u8>>),
    Key,
    Value,
    Partitions,
    Call(Function, Vec<Node>),
    Binary(Operator, Box<(Node, Node)>),
    Negative(Box<Node>),
    Not(Box<Node>),
    Choice(Box<(Node, Node, Node)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Function {
    Hash,
    Length,
    Number,
    StartsWith,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

/// What a part of an expression is for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value<'a> {
    Number(i64),
    Text(Option<&'a [u8]>),
    Condition(bool),
}

impl Value<'_> {
    fn number(&self) -> i64 {
        match self {
            Value::Number(number) => *number,
            _ => unreachable!("the parser has looked at the types"),
        }
    }

    fn condition(&self) -> bool {
        match self {
            Value::Condition(holds) => *holds,
            _ => unreachable!("the parser has looked at the types"),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Value::Text(text) => text.unwrap_or_default(),
            _ => unreachable!("the parser has looked at the types"),
        }
    }
}

/// What an expression may ask of a record.
struct Circumstances<'a> {
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    partitions: i32,
}

impl Expression {
    /// Understands a text.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`] says what is wrong, and where.
    pub fn parse(source: &str) -> Result<Expression, ExpressionError> {
        let root = parser::parse(source)?;
        let source = source.to_owned();
        Ok(Expression { source, root })
    }

    /// The text it was understood from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The partition of a record of a topic of so many partitions. As with a
    /// class in Java it may be one that the topic does not have.
    ///
    /// # Errors
    ///
    /// [`EvaluationError`] when there is none.
    pub fn partition(
        &self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        partitions: i32,
    ) -> Result<i32, EvaluationError> {
        let circumstances = Circumstances {
            key,
            value,
            partitions,
        };
        let number = self.root.evaluate(&circumstances)?.number();
        let partition = i32::try_from(number).ok().filter(|number| *number >= 0);
        partition.ok_or(EvaluationError::InvalidPartition(number))
    }
}

impl Node {
    fn evaluate<'a>(&'a self, of: &Circumstances<'a>) -> Result<Value<'a>, EvaluationError> {
        Ok(match self {
            Node::Number(number) => Value::Number(*number),
            Node::Text(text) => Value::Text(text.as_deref()),
            Node::Key => Value::Text(of.key),
            Node::Value => Value::Text(of.value),
            Node::Partitions => Value::Number(i64::from(of.partitions)),
            Node::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| argument.evaluate(of));
                let arguments: Vec<Value<'_>> = arguments.collect::<Result<_, _>>()?;
                function.call(&arguments)?
            }
            Node::Binary(operator, sides) => operator.evaluate(&sides.0, &sides.1, of)?,
            Node::Negative(inner) => Value::Number(inner.evaluate(of)?.number().wrapping_neg()),
            Node::Not(inner) => Value::Condition(!inner.evaluate(of)?.condition()),
            Node::Choice(parts) => match parts.0.evaluate(of)?.condition() {
                true => parts.1.evaluate(of)?,
                false => parts.2.evaluate(of)?,
            },
        })
    }
}

impl Function {
    fn call(self, arguments: &[Value<'_>]) -> Result<Value<'static>, EvaluationError> {
        let first = arguments[0].bytes();
        Ok(match self {
            Function::Hash => Value::Number(i64::from(to_positive(murmur2(first)))),
            Function::Length => Value::Number(first.len() as i64),
            Function::Number => {
                let text = String::from_utf8_lossy(first);
                let number = text.trim().parse().ok();
                let not_a_number = || EvaluationError::NotANumber(text.to_string());
                Value::Number(number.ok_or_else(not_a_number)?)
            }
            Function::StartsWith => Value::Condition(first.starts_with(arguments[1].bytes())),
        })
    }
}

impl Operator {
    fn evaluate<'a>(
        self,
        left: &'a Node,
        right: &'a Node,
        of: &Circumstances<'a>,
    ) -> Result<Value<'a>, EvaluationError> {
        let left = left.evaluate(of)?;
        match (self, &left) {
            (Operator::And, Value::Condition(false)) | (Operator::Or, Value::Condition(true)) => {
                return Ok(left);
            }
            (Operator::And | Operator::Or, _) => return right.evaluate(of),
            _ => {}
        }
        let right = right.evaluate(of)?;
        match self {
            Operator::Equal => return Ok(Value::Condition(left == right)),
            Operator::NotEqual => return Ok(Value::Condition(left != right)),
            _ => {}
        }
        let (left, right) = (left.number(), right.number());
        Ok(match self {
            Operator::Add => Value::Number(left.wrapping_add(right)),
            Operator::Subtract => Value::Number(left.wrapping_sub(right)),
            Operator::Multiply => Value::Number(left.wrapping_mul(right)),
            Operator::Divide | Operator::Remainder if right == 0 => {
                return Err(EvaluationError::DivisionByZero);
            }
            Operator::Divide => Value::Number(left.wrapping_div(right)),
            Operator::Remainder => Value::Number(left.wrapping_rem(right)),
            Operator::Less => Value::Condition(left < right),
            Operator::LessOrEqual => Value::Condition(left <= right),
            Operator::Greater => Value::Condition(left > right),
            Operator::GreaterOrEqual => Value::Condition(left >= right),
            Operator::Equal | Operator::NotEqual | Operator::And | Operator::Or => {
                unreachable!("they were seen to before")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::murmur2::partition_for_key;

    fn partition(source: &str, key: Option<&str>) -> Result<i32, EvaluationError> {
        let expression = Expression::parse(source).unwrap_or_else(|error| panic!("{error}"));
        expression.partition(key.map(str::as_bytes), Some(b"42"), 6)
    }

    #[test]
    fn keys_may_be_hashed_as_kafka_does_it() {
        for key in ["", "21", "foobar"] {
            let expected = partition_for_key(key.as_bytes(), 6);
            assert_eq!(partition("hash(key) % partitions", Some(key)), Ok(expected));
        }
    }

    #[test]
    fn some_keys_may_have_a_partition_of_their_own() {
        let source = r#"key == "vip" ? 0 : 1 + hash(key) % (partitions - 1)"#;
        assert_eq!(partition(source, Some("vip")), Ok(0));
        for key in ["a", "b", "c", "d"] {
            let other = partition(source, Some(key)).unwrap();
            assert!((1..6).contains(&other), "{key}: {other}");
        }
    }

    #[test]
    fn operators_bind_as_in_java() {
        for (source, expected) in [
            ("1 + 2 * 3", 7),
            ("(1 + 2) * 3", 9),
            ("10 - 4 - 3", 3),
            ("7 / 2 % 2", 1),
            ("1 + 1 == 2 && !(3 < 2) ? 4 : 5", 4),
            ("1 > 2 || 2 >= 2 ? 1 > 0 ? 1 : 2 : 3", 1),
            ("- -3", 3),
            ("length(value) + number(value)", 44),
            (r#"starts_with(key, "or") ? 1 : 2"#, 1),
            (r#"key != null && value == "42" ? 1 : 2"#, 1),
            (r#""a\"\\" == "b" ? 1 : 2"#, 2),
        ] {
            assert_eq!(partition(source, Some("order")), Ok(expected), "{source}");
        }
        assert_eq!(partition("key == null ? 5 : 0", None), Ok(5));
    }

    #[test]
    fn what_has_no_partition_fails_as_a_class_in_java_would() {
        let failed = |source| partition(source, Some("x")).unwrap_err();
        assert_eq!(failed("1 / 0"), EvaluationError::DivisionByZero);
        assert_eq!(failed("number(key)").to_string(), "For input string: \"x\"");
        assert_eq!(failed("0 - 1"), EvaluationError::InvalidPartition(-1));
        assert_eq!(
            failed("1 % (partitions - 6)").exception(),
            "ArithmeticException"
        );
    }

    #[test]
    fn mistakes_are_one_sentence_with_their_place() {
        for (source, expected) in [
            ("", "At character 1, a value is missing."),
            ("hash(key) %", "At character 12, a value is missing."),
            ("hash(key", "At character 9, `)` is missing."),
            (
                "hash(key) partitions",
                "At character 11, `partitions` is too much.",
            ),
            (
                "size(key)",
                "At character 1, there is no function `size`; there are hash, length, number and starts_with.",
            ),
            (
                "keys % 2",
                "At character 1, `keys` is not known; there are key, value, partitions and null.",
            ),
            (
                "key % 2",
                "At character 1, a number is wanted instead of a text.",
            ),
            (
                "1 + (key == null)",
                "At character 5, a number is wanted instead of a condition.",
            ),
            (
                "key",
                "At character 1, a number is wanted instead of a text.",
            ),
            (
                "partitions ? 1 : 2",
                "At character 1, a condition is wanted instead of a number.",
            ),
            (
                "key == 1 ? 1 : 2",
                "At character 8, a text is wanted instead of a number.",
            ),
            ("1 < 2 ? 1", "At character 10, `:` is missing."),
            (
                "key == \"vip ? 0 : 1",
                "At character 8, a text begins that does not end.",
            ),
            ("1 # 2", "At character 3, `#` means nothing here."),
            ("hash(key, value)", "At character 9, `)` is missing."),
            (
                "99999999999999999999",
                "At character 1, the number is too large.",
            ),
        ] {
            let error = Expression::parse(source).expect_err(source);
            assert_eq!(error.to_string(), expected, "{source}");
        }
    }

    #[test]
    fn nothing_too_long_or_too_deep_is_taken() {
        let deep = "(".repeat(500);
        let error = Expression::parse(&deep).unwrap_err();
        assert!(error.problem.contains("too deep"), "{error}");
        let long = "1+".repeat(LENGTH_MAX);
        let error = Expression::parse(&long).unwrap_err();
        assert!(error.problem.contains("at most 1000"), "{error}");
    }
}
