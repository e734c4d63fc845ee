//! Which values of its type a setting takes, and how Kafka says so
//! (`ConfigDef.Range`, `ValidString`, `ValidList` and their like).

use super::config_def::Type;
use super::decimal::Decimal;
use super::metadata_version;

/// Which values of its type a setting takes (`ConfigDef.Validator`). No bound
/// of Kafka's is beyond 32 bits, not even of larger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validator {
    /// All.
    Any,
    /// Whole numbers from here on.
    AtLeast(i32),
    /// Whole numbers from here to there.
    Between(i32, i32),
    /// Whole numbers from here to there, or the last, which stands for a
    /// default (`CompressionType.levelValidator`).
    BetweenOr(i32, i32, i32),
    /// A number of threads from 1 on, or -1 for as many as another setting
    /// says (`RemoteLogManagerConfig`).
    ThreadsOrMinusOne,
    /// Decimal numbers from here to there, as Kafka prints them.
    Decimals(&'static str, &'static str),
    /// One of these; a list holds nothing else.
    In(&'static [&'static str]),
    /// One of these, in capitals or not.
    InIgnoringCase(&'static [&'static str]),
    /// Not Kafka's `null`, which no text is.
    NonNull,
    /// At least one character, or not set.
    NonEmpty,
    /// The nodes of a quorum. Kafka reads their addresses; the engine's nodes
    /// have none, and every list is taken.
    QuorumNodes,
    /// `*`, or a list of `partition:broker`.
    ThrottledReplicas,
    /// A version of Kafka's metadata, or a release, such as `3.0`.
    MetadataVersion,
}

/// What is wrong with a value.
pub(super) struct Wrong {
    /// The value as Kafka shows it, or the part of it that is wrong.
    pub(super) shown: String,
    pub(super) why: String,
}

fn wrong<T>(shown: impl Into<String>, why: impl Into<String>) -> Result<T, Wrong> {
    let (shown, why) = (shown.into(), why.into());
    Err(Wrong { shown, why })
}

const THROTTLED_REPLICAS: &str = "[partitionId]:[brokerId],[partitionId]:[brokerId],...";

impl Validator {
    /// What Kafka prints of the validator; `None` when there is none.
    pub(super) fn valid_values(self) -> Option<String> {
        Some(match self {
            Validator::Any => return None,
            Validator::AtLeast(min) => format!("[{min},...]"),
            Validator::Between(min, max) => format!("[{min},...,{max}]"),
            Validator::BetweenOr(min, max, or) => format!("[{min},...,{max}] or {or}"),
            Validator::ThreadsOrMinusOne => "[-1,1,...]".to_owned(),
            Validator::Decimals(min, max) => format!("[{min},...,{max}]"),
            Validator::In(allowed) => format!("[{}]", allowed.join(", ")),
            Validator::InIgnoringCase(allowed) => {
                format!("(case insensitive) [{}]", allowed.join(", "))
            }
            Validator::NonNull => "non-null string".to_owned(),
            Validator::NonEmpty => "non-empty string".to_owned(),
            Validator::QuorumNodes => "non-empty list".to_owned(),
            Validator::ThrottledReplicas => THROTTLED_REPLICAS.to_owned(),
            Validator::MetadataVersion => format!("[{}]", metadata_version::NAMES.join(", ")),
        })
    }

    /// Refuses what is not of the type or not among its valid values.
    pub(super) fn check(self, name: &str, of: Type, given: &str) -> Result<(), Wrong> {
        let value = given.trim();
        let not_a_number = || Wrong {
            shown: given.to_owned(),
            why: format!("Not a number of type {}", of.name()),
        };
        match of {
            Type::Boolean => boolean(given),
            Type::Int | Type::Long | Type::Short => {
                self.check_number(whole_number(of, value).ok_or_else(not_a_number)?)
            }
            Type::Double => self.check_decimal(&value.parse().map_err(|()| not_a_number())?),
            Type::String | Type::Class | Type::Password => self.check_text(value),
            Type::List => self.check_list(name, value),
        }
    }

    fn check_number(self, number: i64) -> Result<(), Wrong> {
        let refused = |why: String| wrong(number.to_string(), why);
        let is_less = |min: i32| number < i64::from(min);
        let is_more = |max: i32| number > i64::from(max);
        match self {
            Validator::AtLeast(min) | Validator::Between(min, _) if is_less(min) => {
                refused(format!("Value must be at least {min}"))
            }
            Validator::Between(_, max) if is_more(max) => {
                refused(format!("Value must be no more than {max}"))
            }
            Validator::BetweenOr(min, max, or)
                if (is_less(min) || is_more(max)) && number != i64::from(or) =>
            {
                refused(format!(
                    "Value must be between {min} and {max} or equal to {or}"
                ))
            }
            Validator::ThreadsOrMinusOne if number < 1 && number != -1 => {
                refused("Value must be -1 or at least 1".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_decimal(self, number: &Decimal) -> Result<(), Wrong> {
        let Validator::Decimals(min, max) = self else {
            return Ok(());
        };
        if *number < bound(min) {
            return wrong(number.to_string(), format!("Value must be at least {min}"));
        }
        if *number > bound(max) {
            return wrong(
                number.to_string(),
                format!("Value must be no more than {max}"),
            );
        }
        Ok(())
    }

    fn check_text(self, value: &str) -> Result<(), Wrong> {
        match self {
            Validator::In(allowed) if !allowed.contains(&value) => {
                let why = format!("String must be one of: {}", allowed.join(", "));
                wrong(value, why)
            }
            Validator::InIgnoringCase(allowed)
                if !allowed.iter().any(|one| one.eq_ignore_ascii_case(value)) =>
            {
                let allowed = allowed.join(", ");
                wrong(
                    value,
                    format!("String must be one of (case insensitive): {allowed}"),
                )
            }
            Validator::NonEmpty if value.is_empty() => wrong(value, "String must be non-empty"),
            Validator::MetadataVersion if !metadata_version::is_version(value) => {
                wrong(value, format!("Version {value} is not a valid version"))
            }
            _ => Ok(()),
        }
    }

    fn check_list(self, name: &str, value: &str) -> Result<(), Wrong> {
        match self {
            Validator::ThrottledReplicas => throttled_replicas(name, value),
            _ => items(value).try_for_each(|item| self.check_text(item)),
        }
    }
}

/// A bound of a table of this folder.
fn bound(text: &str) -> Decimal {
    text.parse().expect("the bound is a decimal number")
}

fn boolean(given: &str) -> Result<(), Wrong> {
    let value = given.trim();
    match value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
        true => Ok(()),
        false => wrong(given, "Expected value to be either true or false"),
    }
}

fn whole_number(of: Type, value: &str) -> Option<i64> {
    match of {
        Type::Short => value.parse::<i16>().map(i64::from).ok(),
        Type::Int => value.parse::<i32>().map(i64::from).ok(),
        _ => value.parse().ok(),
    }
}

/// What a list holds; nothing, when it is empty.
pub(super) fn items(list: &str) -> impl Iterator<Item = &str> {
    let items = list.split(',').map(str::trim);
    items.filter(move |_| !list.is_empty())
}

/// `ThrottledReplicaListValidator`.
fn throttled_replicas(name: &str, value: &str) -> Result<(), Wrong> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_pair = |item: &str| {
        let pair = item.split_once(':');
        pair.is_some_and(|(partition, broker)| is_number(partition) && is_number(broker))
    };
    if value == "*" || items(value).all(|item| item.is_empty() || is_pair(item)) {
        return Ok(());
    }
    let shown: Vec<&str> = items(value).collect();
    wrong(
        format!("[{}]", shown.join(", ")),
        format!(
            "{name} must be the literal '*' or a list of replicas in the following format: \
             {THROTTLED_REPLICAS}"
        ),
    )
}
