//! What a panel shows of a thing, as plain data.

use crate::stage::Subject;

use super::act::Act;

/// All that a panel shows of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The thing.
    pub subject: Subject,
    /// Its kind and its name, such as `Partition orders-0`.
    pub title: String,
    /// What it is, in a sentence or two.
    pub sentence: String,
    /// Its numbers, by what they are about.
    pub sections: Vec<Section>,
    /// What can be done to it.
    pub acts: Vec<Act>,
    /// Whether it is no more: then nothing but the sentence is known.
    pub is_gone: bool,
}

/// A part of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// Whether it is folded away until somebody asks.
    pub is_folded: bool,
    /// Names with values.
    pub rows: Vec<Row>,
    /// A table under them.
    pub table: Option<Table>,
    /// Text as it is, in lines: a record's value, bytes.
    pub text: Option<String>,
}

/// A name with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Kafka's name for it.
    pub name: String,
    /// The value.
    pub value: Text,
    /// Its unit, or what it means; empty when the name says it all.
    pub note: String,
}

/// Rows that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What the columns are.
    pub heads: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Text>>,
    /// How many rows there are besides.
    pub more: usize,
}

/// The most rows that a table shows.
pub const TABLE_MAX: usize = 100;

/// A text, parts of which lead to other things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Vec<Piece>);

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// What it leads to.
    pub to: Option<Subject>,
}

impl Sheet {
    /// The sheet of a thing, with nothing on it yet.
    pub fn new(subject: &Subject, title: impl Into<String>, sentence: impl Into<String>) -> Sheet {
        Sheet {
            subject: subject.clone(),
            title: title.into(),
            sentence: sentence.into(),
            sections: Vec::new(),
            acts: Vec::new(),
            is_gone: false,
        }
    }

    /// The sheet of a thing that is no more, or never was.
    pub fn gone(subject: &Subject, title: impl Into<String>, why: impl Into<String>) -> Sheet {
        Sheet {
            is_gone: true,
            ..Sheet::new(subject, title, why)
        }
    }

    /// With one more section.
    pub fn with(mut self, section: Section) -> Sheet {
        self.sections.push(section);
        self
    }

    /// With something more that can be done.
    pub fn can(mut self, act: Act) -> Sheet {
        self.acts.push(act);
        self
    }

    /// The value of a row, as text; for tests and summaries.
    pub fn value(&self, name: &str) -> Option<String> {
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        let mut found = rows.filter(|row| row.name == name);
        found.next().map(|row| row.value.to_string())
    }
}

impl Section {
    /// A section of rows.
    pub fn new(heading: impl Into<String>) -> Section {
        Section {
            heading: heading.into(),
            ..Section::default()
        }
    }

    /// Adds a row.
    pub fn row(mut self, name: impl Into<String>, value: impl Into<Text>, note: &str) -> Section {
        self.rows.push(Row {
            name: name.into(),
            value: value.into(),
            note: note.to_owned(),
        });
        self
    }

    /// Adds a row if there is a value.
    pub fn maybe<T: Into<Text>>(self, name: &str, value: Option<T>, note: &str) -> Section {
        match value {
            Some(value) => self.row(name, value, note),
            None => self,
        }
    }

    /// With a table, of which the first rows are kept.
    pub fn table(mut self, heads: &[&'static str], mut rows: Vec<Vec<Text>>) -> Section {
        let more = rows.len().saturating_sub(TABLE_MAX);
        rows.truncate(TABLE_MAX);
        self.table = Some(Table {
            heads: heads.to_vec(),
            rows,
            more,
        });
        self
    }

    /// Of a table of which only the first rows were made: how many there are
    /// besides.
    pub fn and_more(mut self, more: usize) -> Section {
        if let Some(table) = &mut self.table {
            table.more += more;
        }
        self
    }

    /// With text in lines.
    pub fn text(mut self, text: impl Into<String>) -> Section {
        self.text = Some(text.into());
        self
    }

    /// Folded away at first.
    pub fn folded(mut self) -> Section {
        self.is_folded = true;
        self
    }
}

impl Text {
    /// A text that leads to a thing.
    pub fn link(text: impl Into<String>, to: Subject) -> Text {
        Text(vec![Piece {
            text: text.into(),
            to: Some(to),
        }])
    }

    /// Texts one after the other, with commas; `none` when there are none.
    pub fn list(parts: impl IntoIterator<Item = Text>, none: &str) -> Text {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            if !pieces.is_empty() {
                pieces.push(plain(", "));
            }
            pieces.extend(part.0);
        }
        if pieces.is_empty() {
            pieces.push(plain(none));
        }
        Text(pieces)
    }

    /// With more text behind it.
    pub fn then(mut self, text: impl Into<Text>) -> Text {
        self.0.extend(text.into().0);
        self
    }
}

fn plain(text: &str) -> Piece {
    Piece {
        text: text.to_owned(),
        to: None,
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(&piece.text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(vec![plain(text)])
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::from(text.as_str())
    }
}

impl From<bool> for Text {
    fn from(yes: bool) -> Text {
        Text::from(if yes { "yes" } else { "no" })
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {
        $(impl From<$number> for Text {
            fn from(number: $number) -> Text {
                Text::from(number.to_string())
            }
        })+
    };
}

numbers!(i16, i32, i64, u16, u32, u64, usize);
