//! `bootstrap.servers`: the addresses are read as Kafka's clients read them,
//! though every client of a world is connected to its brokers anyway
//! (`ClientUtils.parseAndValidateAddresses`).

use super::config::Originals;
use crate::command::Refusal;

/// Refuses what is not a list of addresses with ports.
///
/// # Errors
///
/// [`Refusal::InvalidConfig`] with Kafka's message.
pub(super) fn check_addresses(name: &str, value: &str) -> Result<(), Refusal> {
    if !matches!(name, "bootstrap.servers" | "bootstrap.controllers") {
        return Ok(());
    }
    let refuse = |message: String| Err(Refusal::InvalidConfig(message));
    let urls = value.split(',').map(str::trim);
    for url in urls.filter(|url| !url.is_empty()) {
        let Some(port) = port(url) else {
            return refuse(format!("Invalid url in bootstrap.servers: {url}"));
        };
        if port.parse::<u16>().is_err() {
            return refuse(format!("Invalid port in bootstrap.servers: {url}"));
        }
    }
    Ok(())
}

/// Refuses a list without addresses, where one was given.
///
/// # Errors
///
/// [`Refusal::InvalidConfig`] with Kafka's message.
pub(super) fn check_bootstrap(given: &Originals) -> Result<(), Refusal> {
    let servers = given.get("bootstrap.servers");
    match servers.is_some_and(|list| list.split(',').all(|url| url.trim().is_empty())) {
        false => Ok(()),
        true => Err(Refusal::InvalidConfig(
            "No resolvable bootstrap urls given in bootstrap.servers".to_owned(),
        )),
    }
}

/// The digits after the last colon, when the rest is a host (`Utils.getPort`).
fn port(url: &str) -> Option<&str> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || "-%._".contains(c);
    let after_scheme = match url.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(in_name) => rest,
        _ => url,
    };
    let (host, port) = after_scheme.rsplit_once(':')?;
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    let is_host = host.chars().all(|c| in_name(c) || c == ':');
    let is_number = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    (is_host && is_number).then_some(port)
}
