//! The message browser of a topic: its records page by page, newest first, as
//! far as a filter lets them through.
//!
//! A page is found by offset, from its end on, so that the first page of a
//! million records costs as much as that of ten. A filter looks at a bounded
//! number of records for each page, and says how far it has come.

mod page;
mod view;

#[cfg(test)]
mod tests;

pub use page::{Browsed, Cursor, Page, browse};
pub use view::Browser;

use super::requests::Fields;

/// Which records are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of one partition; `None` of all.
    pub partition: Option<i32>,
    /// With just this key.
    pub key: Option<String>,
    /// With this text in the key, the value or a header, in capitals or not.
    pub text: String,
    /// From this offset on.
    pub from: Option<i64>,
    /// Up to this offset, which is the last one.
    pub to: Option<i64>,
}

impl Filter {
    /// Reads the fields `partition`, `key`, `text`, `from` and `to`; an empty
    /// one filters nothing.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn read(fields: Fields<'_>) -> Result<Filter, String> {
        let key = fields("key");
        Ok(Filter {
            partition: offset(&fields("partition"), "Partition")?
                .map(|number| i32::try_from(number).unwrap_or(i32::MAX)),
            key: (!key.is_empty()).then_some(key),
            text: fields("text").trim().to_lowercase(),
            from: offset(&fields("from"), "From offset")?,
            to: offset(&fields("to"), "To offset")?,
        })
    }

    /// Whether each record must be looked at.
    pub fn looks_inside(&self) -> bool {
        self.key.is_some() || !self.text.is_empty()
    }
}

fn offset(text: &str, field: &str) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
    let refused = || format!("{field}: {text} will not do, take a number from 0 on.");
    number.map(Some).ok_or_else(refused)
}
