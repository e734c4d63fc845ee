//! How `kafka-topics` reports what went wrong while it worked.

use engine::ErrorCode;

use crate::options::OptionError;
use crate::tools::Host;

/// An exception of Java's: its class and its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub class: String,
    pub message: String,
}

/// The package of the exceptions that brokers' errors become.
const ERRORS: &str = "org.apache.kafka.common.errors";

impl Failure {
    pub fn new(class: &str, message: impl Into<String>) -> Failure {
        Failure {
            class: class.to_owned(),
            message: message.into(),
        }
    }

    /// Java's answer to an argument that cannot be.
    pub fn illegal_argument(message: impl Into<String>) -> Failure {
        Failure::new("java.lang.IllegalArgumentException", message)
    }

    /// One of Kafka's own exceptions.
    pub fn of_kafka(exception: &str, message: impl Into<String>) -> Failure {
        Failure::new(&format!("{ERRORS}.{exception}"), message)
    }

    /// What a broker answered.
    pub fn of_broker(error: ErrorCode, message: Option<&str>) -> Failure {
        let message = message.unwrap_or(error.message());
        Failure::of_kafka(error.exception(), message)
    }

    /// Prints it as the tool does; returns the exit status.
    pub fn report(&self, host: &mut Host) -> i32 {
        let Failure { class, message } = self;
        host.out(&format!(
            "Error while executing topic command : {message}\n"
        ));
        host.log(
            "ERROR",
            &format!("{class}: {message}\n"),
            "org.apache.kafka.tools.TopicCommand",
        );
        1
    }
}

impl From<OptionError> for Failure {
    fn from(error: OptionError) -> Failure {
        Failure::new(error.class, error.message)
    }
}
