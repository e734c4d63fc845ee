//! Options as Kafka's tools read them: with the joptsimple library, whose
//! rules and words these are.

use engine::collections::BTreeMap;

use crate::java::{parse_int, parse_long};

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    /// One; the text names it in the usage.
    Value(&'static str),
    /// One, unless another option follows.
    Optional(&'static str),
}

/// An option of a tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionSpec {
    pub name: &'static str,
    pub takes: Takes,
    pub help: &'static str,
}

/// An option with a value, which the usage calls `of`.
pub(crate) const fn value(name: &'static str, of: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        takes: Takes::Value(of),
        help,
    }
}

/// An option without a value.
pub(crate) const fn flag(name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        takes: Takes::Nothing,
        help,
    }
}

/// Why arguments cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OptionError {
    /// The Java class, with its package.
    pub class: &'static str,
    pub message: String,
}

/// The options that were given.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    given: BTreeMap<&'static str, Vec<String>>,
}

fn unrecognized(name: &str) -> OptionError {
    OptionError {
        class: "joptsimple.UnrecognizedOptionException",
        message: format!("{name} is not a recognized option"),
    }
}

/// The option of this name, or the only one whose name begins so.
fn find<'s>(specs: &'s [OptionSpec], name: &str) -> Result<&'s OptionSpec, OptionError> {
    if let Some(exact) = specs.iter().find(|spec| spec.name == name) {
        return Ok(exact);
    }
    let mut beginning = specs.iter().filter(|spec| spec.name.starts_with(name));
    match (beginning.next(), beginning.next()) {
        (Some(only), None) if !name.is_empty() => Ok(only),
        _ => Err(unrecognized(name)),
    }
}

fn looks_like_an_option(argument: &str) -> bool {
    argument.len() > 1 && argument.starts_with('-') && argument != "--"
}

impl Options {
    /// Reads arguments. What is neither an option nor an option's value is
    /// passed over, as Kafka's tools do.
    pub fn parse(specs: &[OptionSpec], arguments: &[String]) -> Result<Options, OptionError> {
        let mut options = Options {
            given: BTreeMap::new(),
        };
        let mut rest = arguments.iter().map(String::as_str).peekable();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                break;
            }
            if !looks_like_an_option(argument) {
                continue;
            }
            let long = argument.starts_with("--");
            let bare = argument.trim_start_matches('-');
            let bare = if long { &argument[2..] } else { bare };
            let (name, value) = match bare.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (bare, None),
            };
            let spec = match find(specs, name) {
                // `-x` alone is a cluster of one-letter options.
                Err(_) if !long => find(specs, first_letter(bare))?,
                found => found?,
            };
            let value = value.filter(|value| !value.is_empty());
            options.take(spec, value, &mut rest)?;
        }
        Ok(options)
    }

    fn take<'a>(
        &mut self,
        spec: &OptionSpec,
        value: Option<&'a str>,
        rest: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    ) -> Result<(), OptionError> {
        let values = self.given.entry(spec.name).or_default();
        match spec.takes {
            Takes::Nothing => {}
            Takes::Value(_) => {
                let value = value.or_else(|| rest.next()).ok_or_else(|| OptionError {
                    class: "joptsimple.OptionMissingRequiredArgumentException",
                    message: format!("Option {} requires an argument", spec.name),
                })?;
                values.push(value.to_owned());
            }
            Takes::Optional(_) => {
                let next = || rest.next_if(|next| !looks_like_an_option(next));
                values.extend(value.or_else(next).map(str::to_owned));
            }
        }
        Ok(())
    }

    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// All values of an option.
    pub fn values(&self, name: &str) -> &[String] {
        self.given.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of an option that may be given once.
    pub fn value(&self, name: &'static str) -> Result<Option<&str>, OptionError> {
        match self.values(name) {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err(OptionError {
                class: "joptsimple.MultipleArgumentsForOptionException",
                message: format!(
                    "Found multiple arguments for option {name}, but you asked for only one"
                ),
            }),
        }
    }

    /// The value of an option that is an `int`.
    pub fn int(&self, name: &'static str) -> Result<Option<i32>, OptionError> {
        self.converted(name, parse_int)
    }

    /// The value of an option that is a `long`.
    pub fn long(&self, name: &'static str) -> Result<Option<i64>, OptionError> {
        self.converted(name, parse_long)
    }

    fn converted<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, OptionError> {
        let Some(text) = self.value(name)? else {
            return Ok(None);
        };
        match parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(OptionError {
                class: "joptsimple.OptionArgumentConversionException",
                message: format!("Cannot parse argument '{text}' of option {name}"),
            }),
        }
    }
}

fn first_letter(text: &str) -> &str {
    let end = text.chars().next().map_or(0, char::len_utf8);
    &text[..end]
}

/// Values of the form `key=value`, the last of each key
/// (`CommandLineUtils.parseKeyValueArgs`). What has no `=` is empty.
pub(crate) fn key_values(values: &[String]) -> BTreeMap<String, String> {
    let split = |value: &String| match value.split_once('=') {
        Some((key, value)) => (key.to_owned(), value.to_owned()),
        None => (value.clone(), String::new()),
    };
    values.iter().map(split).collect()
}

/// What the tool's options are, in a table.
pub(crate) fn usage(specs: &[OptionSpec]) -> String {
    let head = |spec: &OptionSpec| match spec.takes {
        Takes::Nothing => format!("--{}", spec.name),
        Takes::Value(value) => format!("--{} <{value}>", spec.name),
        Takes::Optional(value) => format!("--{} [{value}]", spec.name),
    };
    let heads: Vec<String> = specs.iter().map(head).collect();
    let width = heads.iter().map(String::len).max().unwrap_or_default();
    let rows = specs.iter().zip(heads);
    let rows: String = rows
        .map(|(spec, head)| format!("{head:width$}  {}\n", spec.help))
        .collect();
    format!("{:width$}  What it does\n{rows}", "Option")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[OptionSpec] = &[
        spec("topic", Takes::Value("name")),
        spec("topic-id", Takes::Value("id")),
        spec("list", Takes::Nothing),
        spec("partitions", Takes::Value("count")),
        spec("codec", Takes::Optional("codec")),
    ];

    const fn spec(name: &'static str, takes: Takes) -> OptionSpec {
        OptionSpec {
            name,
            takes,
            help: "",
        }
    }

    fn parse(line: &str) -> Result<Options, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(SPECS, &arguments).map_err(|error| error.message)
    }

    #[test]
    fn values_come_after_a_space_or_a_sign() {
        let options = parse("--topic a --partitions=3 rest -list").unwrap();
        assert_eq!(options.value("topic"), Ok(Some("a")));
        assert_eq!(options.int("partitions"), Ok(Some(3)));
        assert!(options.has("list"));
        assert_eq!(
            parse("--partitions -3").unwrap().int("partitions"),
            Ok(Some(-3))
        );
        // A value that is required is taken whatever it looks like.
        assert_eq!(
            parse("--topic --list").unwrap().value("topic"),
            Ok(Some("--list"))
        );
    }

    #[test]
    fn a_name_may_be_cut_where_it_is_plain() {
        assert_eq!(parse("--part 3").unwrap().int("partitions"), Ok(Some(3)));
        assert_eq!(
            parse("--topi a").unwrap_err(),
            "topi is not a recognized option"
        );
        assert!(parse("-l").unwrap().has("list"));
    }

    #[test]
    fn an_optional_value_may_be_left_out() {
        assert_eq!(
            parse("--codec gzip").unwrap().value("codec"),
            Ok(Some("gzip"))
        );
        let left_out = parse("--codec --list").unwrap();
        assert_eq!(
            (left_out.value("codec"), left_out.has("list")),
            (Ok(None), true)
        );
    }

    #[test]
    fn refusals_are_the_library_s() {
        assert_eq!(
            parse("--frobnicate").unwrap_err(),
            "frobnicate is not a recognized option"
        );
        assert_eq!(
            parse("--topic").unwrap_err(),
            "Option topic requires an argument"
        );
        let message = |options: Options| options.value("topic").unwrap_err().message;
        assert_eq!(
            message(parse("--topic a --topic b").unwrap()),
            "Found multiple arguments for option topic, but you asked for only one"
        );
        assert_eq!(
            parse("--partitions abc")
                .unwrap()
                .int("partitions")
                .unwrap_err()
                .message,
            "Cannot parse argument 'abc' of option partitions"
        );
    }
}
