//! Settings of clients given as `name=value`.

use engine::Refusal;

use super::Host;

/// Settings that a client has to have and that mean nothing here: who it
/// connects to, and how bytes become objects.
const OF_NO_MEANING: [&str; 5] = [
    "bootstrap.servers",
    "key.serializer",
    "value.serializer",
    "key.deserializer",
    "value.deserializer",
];

/// Gives settings to a client, and says of each that the simulation does not
/// act on. It ends with the first that the client refuses.
pub(super) fn apply<'a>(
    settings: impl IntoIterator<Item = (&'a String, &'a String)>,
    host: &mut Host,
    mut set: impl FnMut(&str, &str) -> Result<bool, Refusal>,
) -> Result<(), Refusal> {
    for (name, value) in settings {
        if OF_NO_MEANING.contains(&name.as_str()) {
            continue;
        }
        if !set(name, value)? {
            host.note(&format!(
                "{name}={value} changes nothing here: the playground does not simulate it yet."
            ));
        }
    }
    Ok(())
}
