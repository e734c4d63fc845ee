use std::fmt;

/// What a processor does besides what its consumer and its producer do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProcessorEvent {
    /// It aborts a transaction, and reads its records again.
    Aborts {
        /// Why: the exception, without its package.
        exception: String,
        /// Its message.
        message: String,
    },
    /// It ends, because nothing can be done with its producer any more.
    Failed {
        /// The exception, without its package.
        exception: String,
        /// Its message.
        message: String,
    },
}

impl ProcessorEvent {
    /// What happened, in one plain sentence about the producer of this name.
    pub(crate) fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessorEvent::Aborts { exception, message } => write!(
                f,
                "{name} aborts its transaction and reads the same records again: {exception}: {message}"
            ),
            ProcessorEvent::Failed { exception, message } => {
                write!(f, "{name} ends: {exception}: {message}")
            }
        }
    }
}
