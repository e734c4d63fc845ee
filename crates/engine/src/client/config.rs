//! How clients read their settings: each value is checked against the table of
//! its section (`AbstractConfig`), and those that all clients have are checked
//! against each other (`CommonClientConfigs`).

use crate::collections::BTreeMap;
use std::str::FromStr;

use super::addresses::check_addresses;
use super::classes;
use crate::command::Refusal;
use crate::config::ConfigDef;

/// The settings that somebody gave a client, by name
/// (`AbstractConfig.originals`): some rules hold for those only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Originals(BTreeMap<String, String>);

impl Originals {
    /// Whether the setting was given.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value that was given, trimmed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    pub(super) fn insert(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }
}

/// Refuses a value that the setting of this name does not take; a name that the
/// section does not know is let through, as Kafka's clients do.
pub(super) fn checked(section: &ConfigDef, name: &str, value: &str) -> Result<(), Refusal> {
    let Some(key) = section.find(name) else {
        return Ok(());
    };
    let checked = key.check(value);
    checked.map_err(|why| Refusal::InvalidConfig(why.to_string()))?;
    classes::check(key, value)?;
    check_addresses(name, value)
}

/// Refuses settings that contradict each other in any client
/// (`CommonClientConfigs.postValidateSaslMechanismConfig`).
pub(super) fn check_common(given: &Originals) -> Result<(), Refusal> {
    let protocol = given.get("security.protocol").unwrap_or_default();
    let is_sasl = protocol.to_ascii_uppercase().starts_with("SASL_");
    match is_sasl && given.get("sasl.mechanism") == Some("") {
        false => Ok(()),
        true => Err(Refusal::InvalidConfig(
            "Invalid value null for configuration sasl.mechanism: When the security.protocol \
             configuration enables SASL, mechanism must be non-null and non-empty string."
                .to_owned(),
        )),
    }
}

/// What a client warns of when it starts
/// (`CommonClientConfigs.warnDisablingExponentialBackoff`,
/// `postProcessReconnectBackoffConfigs`).
pub(super) fn warnings(section: &ConfigDef, given: &Originals) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, max_name, what) in [
        ("retry.backoff.ms", "retry.backoff.max.ms", "backoff"),
        (
            "socket.connection.setup.timeout.ms",
            "socket.connection.setup.timeout.max.ms",
            "connection setup timeout",
        ),
    ] {
        let value = |name| section.value(&given.0, name).map(number::<i64>);
        if let (Some(first), Some(max)) = (value(name), value(max_name))
            && first > max
        {
            warnings.push(format!(
                "Configuration '{name}' with value '{first}' is greater than configuration \
                 '{max_name}' with value '{max}'. A static {what} with value '{max}' will be \
                 applied."
            ));
        }
    }
    if has_static_reconnect_backoff(given) {
        warnings.push(
            "Disabling exponential reconnect backoff because reconnect.backoff.ms is set, but \
             reconnect.backoff.max.ms is not."
                .to_owned(),
        );
    }
    warnings
}

fn has_static_reconnect_backoff(given: &Originals) -> bool {
    given.contains("reconnect.backoff.ms") && !given.contains("reconnect.backoff.max.ms")
}

/// How long a client waits before it tries again, in milliseconds
/// (`CommonClientConfigs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoffs {
    /// `retry.backoff.ms`: the first wait before something is tried again.
    pub retry_ms: i64,
    /// `retry.backoff.max.ms`: the longest such wait.
    pub retry_max_ms: i64,
    /// `reconnect.backoff.ms`: the first wait before a broker is tried again
    /// to which a connection has ended.
    pub reconnect_ms: i64,
    /// `reconnect.backoff.max.ms`: the longest such wait.
    pub reconnect_max_ms: i64,
}

impl Default for Backoffs {
    fn default() -> Self {
        Backoffs {
            retry_ms: 100,
            retry_max_ms: 1_000,
            reconnect_ms: 50,
            reconnect_max_ms: 1_000,
        }
    }
}

impl Backoffs {
    /// Sets one of them by Kafka's name, to a value that has been checked; says
    /// whether it is one of them.
    pub(super) fn set(&mut self, name: &str, value: &str) -> bool {
        match name {
            "retry.backoff.ms" => self.retry_ms = number(value),
            "retry.backoff.max.ms" => self.retry_max_ms = number(value),
            "reconnect.backoff.ms" => self.reconnect_ms = number(value),
            "reconnect.backoff.max.ms" => self.reconnect_max_ms = number(value),
            _ => return false,
        }
        true
    }

    /// As they hold: `reconnect.backoff.ms` given alone does not grow
    /// (`CommonClientConfigs.postProcessReconnectBackoffConfigs`).
    pub(super) fn where_given(self, given: &Originals) -> Backoffs {
        match has_static_reconnect_backoff(given) {
            true => Backoffs {
                reconnect_max_ms: self.reconnect_ms,
                ..self
            },
            false => self,
        }
    }
}

/// Whether the client begins anew with `bootstrap.servers` when it can reach
/// no broker it knows (`metadata.recovery.strategy`; `rebootstrap` unless
/// given otherwise, KIP-1102).
pub(super) fn rebootstraps(given: &Originals) -> bool {
    let strategy = given.get("metadata.recovery.strategy");
    !strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case("none"))
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

/// A text as Kafka keeps it.
pub(super) fn text(value: &str) -> String {
    value.trim().to_owned()
}
