//! Options that older course material gives and today's tools no longer have.
//! They are taken all the same, and one line says what replaced them.

use super::Host;

/// An option that was removed.
pub(super) struct Removed {
    /// Its name, with hyphens.
    pub name: &'static str,
    /// When, such as `Kafka 3.0`.
    pub when: &'static str,
    /// Its replacement.
    pub instead: &'static str,
    /// Its replacement's value here, where the old one's is of no use.
    pub value: Option<&'static str>,
}

/// Puts the replacement in the place of an option that was removed, and says
/// so.
pub(super) fn replace_removed(
    arguments: &[String],
    removed: &[Removed],
    host: &mut Host,
) -> Vec<String> {
    let mut replaced = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter().cloned();
    while let Some(argument) = rest.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let Some(option) = removed.iter().find(|option| option.name == name) else {
            replaced.push(argument);
            continue;
        };
        let given = value.or_else(|| rest.next()).unwrap_or_default();
        let value = option.value.map_or(given, str::to_owned);
        host.note(&format!(
            "{} was removed from this tool in {}: today it is {} {value}, with which it runs here.",
            option.name, option.when, option.instead
        ));
        replaced.extend([option.instead.to_owned(), value]);
    }
    replaced
}
