//! Why a task could not be done.

/// Why a task could not be done, told to a person.
#[derive(Debug, PartialEq)]
pub enum Problem {
    /// One sentence that says what is wrong and names what fixes it.
    Said(String),
    /// A program that the task stands for ended with this code, and has said why itself.
    Ended(u8),
}

impl Problem {
    /// A problem told in one sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self::Said(sentence.into())
    }

    /// The sentence to print, unless all has been said.
    pub fn sentence(&self) -> Option<&str> {
        match self {
            Self::Said(sentence) => Some(sentence),
            Self::Ended(_) => None,
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Said(_) => 1,
            Self::Ended(code) => *code,
        }
    }
}
