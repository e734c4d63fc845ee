//! Which topics `kafka-topics` is about.

use engine::protocol::{MetadataResponse, MetadataTopic};
use regex_lite::Regex;

use super::failure::Failure;

/// Which topics: all, those whose name matches, or the one with an id.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// The value of `--topic`.
    pub topic: Option<String>,
    /// The value of `--topic-id`.
    pub topic_id: Option<String>,
    pub exclude_internal: bool,
    /// Whether it is no failure when there is none.
    pub if_exists: bool,
}

impl Selection {
    /// The topics selected, by name.
    pub fn of(&self, cluster: &MetadataResponse) -> Result<Vec<MetadataTopic>, Failure> {
        let visible = |topic: &&MetadataTopic| !(topic.is_internal && self.exclude_internal);
        let all = cluster.topics.iter().filter(visible);
        if let Some(id) = &self.topic_id {
            let with_id = all.filter(|topic| topic.topic_id.to_string() == *id);
            return Ok(with_id.cloned().collect());
        }
        let Some(pattern) = &self.topic else {
            return Ok(all.cloned().collect());
        };
        let pattern = compile(pattern)?;
        Ok(all
            .filter(|topic| pattern.is_match(&topic.name))
            .cloned()
            .collect())
    }

    /// The failure when there must be one and there is none.
    pub fn check_found(&self, found: &[MetadataTopic]) -> Result<(), Failure> {
        if !found.is_empty() || self.if_exists {
            return Ok(());
        }
        match (&self.topic_id, &self.topic) {
            (Some(id), _) => Err(Failure::illegal_argument(format!(
                "TopicId '{id}' does not exist as expected"
            ))),
            (None, Some(topic)) => Err(Failure::illegal_argument(format!(
                "Topic 'Optional[{topic}]' does not exist as expected"
            ))),
            (None, None) => Ok(()),
        }
    }
}

/// A pattern that a whole name must match; a comma means "or"
/// (`TopicFilter.IncludeList`).
fn compile(pattern: &str) -> Result<Regex, Failure> {
    let tidy = pattern.trim().replace(',', "|").replace(' ', "");
    let tidy = tidy.trim_matches(['"', '\'']);
    Regex::new(&format!("^(?:{tidy})$")).map_err(|_| {
        Failure::new(
            "java.lang.RuntimeException",
            format!("{tidy} is an invalid regex."),
        )
    })
}

/// The id that `--topic-id` gives, or why it is none (`Uuid.fromString`).
pub(super) fn check_topic_id(id: &str) -> Result<(), Failure> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.chars().count() > 24 {
        let first: String = id.chars().take(24).collect();
        return Err(Failure::illegal_argument(format!(
            "Input string with prefix `{first}` is too long to be decoded as a base64 UUID"
        )));
    }
    if let Some(c) = id.chars().find(|c| !legal(*c)) {
        let code = u32::from(c);
        return Err(Failure::illegal_argument(format!(
            "Illegal base64 character {code:x}"
        )));
    }
    let bytes = id.len() * 6 / 8;
    match bytes {
        16 => Ok(()),
        bytes => Err(Failure::illegal_argument(format!(
            "Input string `{id}` decoded as {bytes} bytes, which is not equal to the expected 16 \
             bytes of a base64-encoded UUID"
        ))),
    }
}
