//! The fields of a request or an answer by Kafka's names, from the engine's
//! own: `max_wait_ms: 500` is `maxWaitMs: 500`.

/// The most lines that are shown.
const LINES_MAX: usize = 200;

/// The fields in lines, two spaces a level. `debug` is a message as Rust's
/// `{:#?}` writes it.
pub(super) fn of(debug: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // What closes a bracket that is not shown is not shown either.
    let mut hidden: Vec<bool> = Vec::new();
    for line in debug.lines().skip(1) {
        let depth = hidden.iter().filter(|is_hidden| !**is_hidden).count();
        let text = line.trim().trim_end_matches(',');
        let (name, value) = match text.split_once(": ") {
            Some((name, value)) if is_name(name) => (Some(name), value),
            _ => (None, text),
        };
        if matches!(value, ")" | "}" | "]") {
            hidden.pop();
            continue;
        }
        let opens = value.ends_with(['(', '{', '[']);
        let shown = match name {
            Some(name) if name.ends_with("error_code") => screaming(value),
            _ => shown(value),
        };
        let line = match (name, shown.as_str()) {
            (Some(name), "") => Some(format!("{}:", camel_case(name))),
            (Some(name), value) => Some(format!("{}: {value}", camel_case(name))),
            (None, "") => None,
            (None, value) => Some(value.to_owned()),
        };
        if opens {
            hidden.push(line.is_none());
        }
        if let Some(line) = line {
            lines.push(format!("{}{line}", "  ".repeat(depth)));
        }
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    if more > 0 {
        lines.push(format!("… and {more} lines more"));
    }
    match lines.is_empty() {
        true => "no fields".to_owned(),
        false => lines.join("\n"),
    }
}

fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.chars().all(is_part)
}

/// A value without Rust's own words: `None` is Kafka's null, and the types of
/// structures go without saying.
fn shown(value: &str) -> String {
    match value {
        "None" => "null".to_owned(),
        "[]" => "none".to_owned(),
        "Some(" | "(" | "[" | "{" => String::new(),
        _ => match value.strip_suffix([' ', '(', '{', '[']) {
            Some(_) if value.ends_with(['(', '{', '[']) => String::new(),
            _ => value.to_owned(),
        },
    }
}

/// The name of an error as Kafka writes it: `NotLeaderOrFollower` is
/// `NOT_LEADER_OR_FOLLOWER`.
fn screaming(name: &str) -> String {
    let mut screaming = String::new();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            screaming.push('_');
        }
        screaming.push(letter.to_ascii_uppercase());
    }
    screaming
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut camel, word| {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::protocol::{
        FetchPartition, FetchRequest, ForgottenPartition, HeartbeatRequest, IsolationLevel,
        Request, TopicPartition,
    };

    #[test]
    fn fields_have_kafkas_names() {
        let request = Request::Heartbeat(HeartbeatRequest {
            group_id: "billing".to_owned(),
            generation_id: 3,
            member_id: "consumer-1".to_owned(),
            group_instance_id: None,
        });
        let text = of(&format!("{request:#?}"));
        assert!(text.contains("groupId: \"billing\""), "{text}");
        assert!(text.contains("generationId: 3"), "{text}");
        assert!(text.contains("groupInstanceId: null"), "{text}");
        assert!(!text.contains("Request"), "{text}");
        assert!(text.lines().all(|line| !line.starts_with(' ')), "{text}");
    }

    #[test]
    fn errors_have_kafkas_names() {
        let text = of("X {\n    error_code: NotLeaderOrFollower,\n    log_error_code: None,\n}");
        assert_eq!(
            text,
            "errorCode: NOT_LEADER_OR_FOLLOWER\nlogErrorCode: NONE"
        );
    }

    #[test]
    fn lists_are_indented_under_their_names() {
        let request = Request::Fetch(FetchRequest {
            replica_state: None,
            max_wait_ms: 500,
            min_bytes: 1,
            max_bytes: 1_000,
            isolation_level: IsolationLevel::ReadUncommitted,
            session_id: 7,
            session_epoch: 3,
            partitions: vec![FetchPartition {
                topic_partition: TopicPartition::new("orders", 2),
                topic_id: None,
                fetch_offset: 7,
                current_leader_epoch: -1,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: 1_000,
            }],
            forgotten_topics_data: vec![ForgottenPartition {
                topic_partition: TopicPartition::new("orders", 1),
                topic_id: None,
            }],
            rack_id: Some("a".to_owned()),
        });
        let text = of(&format!("{request:#?}"));
        assert!(
            text.contains("\npartitions:\n  topicPartition:\n    topic: \"orders\""),
            "{text}"
        );
        assert!(text.contains("\nsessionId: 7\nsessionEpoch: 3\n"), "{text}");
        let forgotten = "\nforgottenTopicsData:\n  topicPartition:\n    topic: \"orders\"";
        assert!(text.contains(forgotten), "{text}");
        assert!(text.contains("\nrackId:\n  \"a\""), "{text}");
    }
}
