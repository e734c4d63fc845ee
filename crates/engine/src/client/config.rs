//! How clients read their settings: each value is checked against the table of
//! its section (`AbstractConfig`).

use std::str::FromStr;

use crate::command::Refusal;
use crate::config::ConfigDef;

/// Refuses a value that the setting of this name does not take; a name that the
/// section does not know is let through, as Kafka's clients do.
pub(super) fn checked(section: &ConfigDef, name: &str, value: &str) -> Result<(), Refusal> {
    let key = section.find(name);
    key.map_or(Ok(()), |key| key.check(value))
        .map_err(|why| Refusal::InvalidConfig(why.to_string()))
}

/// A number that has been checked.
pub(super) fn number<T: FromStr>(value: &str) -> T {
    let number = value.trim().parse().ok();
    number.expect("the table says that it is a number in its range")
}

/// `true` or `false`, which has been checked.
pub(super) fn boolean(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}
