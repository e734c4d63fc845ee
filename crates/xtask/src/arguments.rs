//! The words after `cargo xtask`.

use std::collections::VecDeque;

use crate::problem::Problem;

/// The words of a command line that are still to be understood.
pub struct Arguments(VecDeque<String>);

impl Arguments {
    /// The words this process was started with, without its own name.
    pub fn of_this_process() -> Self {
        std::env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    /// The next word.
    pub fn next(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    /// The word that must follow the option `option`.
    pub fn value_of(&mut self, option: &str) -> Result<String, Problem> {
        self.next()
            .ok_or_else(|| Problem::new(format!("`{option}` wants a value after it")))
    }

    /// All the words that are left.
    pub fn rest(&mut self) -> Vec<String> {
        self.0.drain(..).collect()
    }

    /// Refuses the words that are left: `task` understands none.
    pub fn end(&mut self, task: &str) -> Result<(), Problem> {
        self.next().map_or(Ok(()), |word| Err(unknown(task, &word)))
    }
}

impl FromIterator<String> for Arguments {
    fn from_iter<T: IntoIterator<Item = String>>(words: T) -> Self {
        Self(words.into_iter().collect())
    }
}

/// The task `task` does not know `word`.
pub fn unknown(task: &str, word: &str) -> Problem {
    Problem::new(format!(
        "`cargo xtask {task}` does not know `{word}`: `cargo xtask help` lists what it knows"
    ))
}
