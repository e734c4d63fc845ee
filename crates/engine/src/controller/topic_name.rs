/// The topic that holds groups and their offsets.
pub const GROUP_METADATA_TOPIC_NAME: &str = "__consumer_offsets";

/// The topic that holds transactions.
pub const TRANSACTION_STATE_TOPIC_NAME: &str = "__transaction_state";

/// The topic that holds how far share groups have come (KIP-932).
pub const SHARE_GROUP_STATE_TOPIC_NAME: &str = "__share_group_state";

/// Topics that a cluster keeps for itself
/// (`org.apache.kafka.common.internals.Topic`).
pub const INTERNAL_TOPICS: [&str; 3] = [
    GROUP_METADATA_TOPIC_NAME,
    TRANSACTION_STATE_TOPIC_NAME,
    SHARE_GROUP_STATE_TOPIC_NAME,
];

/// Whether a topic is one that the cluster keeps for itself
/// (`Topic.isInternal`).
pub fn is_internal(topic: &str) -> bool {
    INTERNAL_TOPICS.contains(&topic)
}

/// The longest name a topic may have, in characters.
const LENGTH_MAX: usize = 249;

/// Whether a topic may have this name
/// (`org.apache.kafka.common.internals.Topic.validate`).
///
/// # Errors
///
/// Kafka's words for why not.
pub fn validate_topic_name(name: &str) -> Result<(), String> {
    validate_name(name, "Topic name")
}

/// Whether something may have this name that follows the rules of topics' names,
/// such as a `Group instance id`.
///
/// # Errors
///
/// Kafka's words for why not.
pub fn validate_name(name: &str, what: &str) -> Result<(), String> {
    let invalid = |why: String| Err(format!("{what} is invalid: {why}"));
    if name.is_empty() {
        return invalid("the empty string is not allowed".to_owned());
    }
    if name == "." || name == ".." {
        return invalid(format!("'{name}' is not allowed"));
    }
    if name.chars().count() > LENGTH_MAX {
        return invalid(format!(
            "the length of '{name}' is longer than the max allowed length {LENGTH_MAX}"
        ));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.chars().all(legal) {
        return invalid(format!(
            "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ));
    }
    Ok(())
}

/// Whether two names are one name to Kafka's metrics, which write `_` for `.`
/// (`Topic.hasCollision`).
pub fn collides(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.replace('.', "_");
    plain(a) == plain(b)
}
