//! `partition.assignment.strategy`: the assignors a member brings along.

use crate::assignor::ClientAssignor;
use crate::command::Refusal;

/// Reads the list of classes
/// (`ConsumerPartitionAssignor.getAssignorInstances`).
///
/// # Errors
///
/// [`Refusal::CannotConstruct`] with Kafka's message when there is no such
/// class, or two have the same name.
pub(super) fn read(value: &str) -> Result<Vec<ClientAssignor>, Refusal> {
    let refuse = |message: String| Refusal::CannotConstruct {
        exception: "KafkaException",
        message,
    };
    let mut assignors: Vec<ClientAssignor> = Vec::new();
    let classes = value.split(',').map(str::trim);
    for class in classes.filter(|_| !value.trim().is_empty()) {
        // The table shows the default as Java prints classes.
        let class = class.strip_prefix("class ").unwrap_or(class);
        let Some(assignor) = ClientAssignor::of_class(class) else {
            return Err(refuse(format!(
                "{class} ClassNotFoundException exception occurred"
            )));
        };
        if assignors.contains(&assignor) {
            return Err(refuse(format!(
                "The assignor name: '{}' is used in more than one assignor: {class}, {class}",
                assignor.name()
            )));
        }
        assignors.push(assignor);
    }
    Ok(assignors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read_in_their_order() {
        let value = "org.apache.kafka.clients.consumer.StickyAssignor, \
                     org.apache.kafka.clients.consumer.RangeAssignor";
        assert_eq!(
            read(value),
            Ok(vec![ClientAssignor::Sticky, ClientAssignor::Range])
        );
    }

    #[test]
    fn a_class_that_there_is_not_is_refused_in_kafkas_words() {
        let refusal = read("com.example.Mine").expect_err("there is no such class");
        assert_eq!(
            refusal.to_string(),
            "com.example.Mine ClassNotFoundException exception occurred"
        );
    }
}
