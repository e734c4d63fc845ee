//! A command line as text: prompts that were pasted with it, words and their
//! quotes, and how commands are strung together.

mod list;
mod prompt;
mod words;

pub(crate) use list::{Step, parse};
pub(crate) use prompt::strip_prompt;
pub(crate) use words::{Piece, Style, Unreadable, Word, is_windows_path};
