//! Rows as a person pastes them: CSV whose first line names the fields, or
//! JSON lines, one object a line.

use std::fmt;

use csv_core::{ReadFieldResult, Reader};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A row: values by name, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    /// Each value as JSON has it.
    fields: Vec<(String, String)>,
}

/// Why pasted text is no rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowsError {
    /// The line it is about, from 1; `None` when it is about all of the text.
    pub line: Option<usize>,
    /// What is wrong with it, in a sentence.
    pub text: String,
}

/// A row with the line at which it begins, from 1.
pub type RowOfLine = (usize, Row);

impl Row {
    /// The names and the values, each as JSON has it.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, json)| (name.as_str(), json.as_str()))
    }

    /// The value of a field as people read it: text without quotation marks,
    /// and nothing for `null`. `None` when there is no such field.
    pub fn shown(&self, name: &str) -> Option<String> {
        let (_, json) = self.fields().find(|(known, _)| *known == name)?;
        Some(shown(json))
    }

    /// The row as one JSON object, as the JsonConverter writes it without a
    /// schema.
    pub fn to_json(&self) -> String {
        let fields = self.fields();
        let fields = fields.map(|(name, json)| format!("{}:{json}", quoted(name)));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    /// Reads one JSON object.
    ///
    /// # Errors
    ///
    /// Why it is none, in the words of the JSON parser, with the column.
    pub fn from_json(text: &str) -> Result<Row, String> {
        let row: Result<Row, _> = serde_json::from_str(text);
        row.map_err(|error| {
            let column = error.column();
            let error = error.to_string();
            let what = error.split(" at line ").next().unwrap_or_default();
            format!("{what} (column {column})")
        })
    }
}

/// Text as JSON has it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A JSON value as people read it.
fn shown(json: &str) -> String {
    match json {
        "null" => String::new(),
        _ => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
    }
}

/// An object's fields in their order, with the values as they are written.
impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Row, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Row, M::Error> {
                let mut fields: Vec<(String, String)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    // Of two with one name the later counts, as in Java's map.
                    fields.retain(|(known, _)| *known != name);
                    fields.push((name, value.get().to_owned()));
                }
                Ok(Row { fields })
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl RowsError {
    pub(super) fn at(line: usize, text: impl Into<String>) -> RowsError {
        RowsError {
            line: Some(line),
            text: text.into(),
        }
    }
}

impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "Line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Reads rows: JSON lines when the first thing in the text is `{`, else CSV
/// (RFC 4180), whose values are all text.
///
/// # Errors
///
/// The first line that is no row, and why.
pub fn parse_rows(text: &str) -> Result<Vec<RowOfLine>, RowsError> {
    match text.trim_start().starts_with('{') {
        true => json_lines(text),
        false => csv(text),
    }
}

fn json_lines(text: &str) -> Result<Vec<RowOfLine>, RowsError> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, line): (usize, &str)| {
        let row = Row::from_json(line.trim_end());
        let row = row.map_err(|why| format!("this is no JSON object: {why}."));
        let row = row.map_err(|text| RowsError::at(number, text))?;
        match row.fields.is_empty() {
            true => Err(RowsError::at(number, "this object has no fields.")),
            false => Ok((number, row)),
        }
    };
    lines.map(row).collect()
}

fn csv(text: &str) -> Result<Vec<RowOfLine>, RowsError> {
    let mut records = csv_records(text)?.into_iter();
    let Some((line, names)) = records.next() else {
        return Ok(Vec::new());
    };
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(RowsError::at(line, "a field has no name."));
        }
        if names[..index].contains(name) {
            return Err(RowsError::at(line, format!("two fields are named {name}.")));
        }
    }
    let row = |(line, values): (usize, Vec<String>)| {
        if values.len() != names.len() {
            let (has, wants) = (values.len(), names.len());
            let text = format!("{has} values where the first line names {wants} fields.");
            return Err(RowsError::at(line, text));
        }
        let fields = names.iter().cloned();
        let fields = fields.zip(values.iter().map(|value| quoted(value)));
        let fields = fields.collect();
        Ok((line, Row { fields }))
    };
    records.map(row).collect()
}

/// The records of the text with the lines at which they begin.
fn csv_records(text: &str) -> Result<Vec<(usize, Vec<String>)>, RowsError> {
    let mut reader = Reader::new();
    let mut input = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
    let mut line = 1;
    let mut records = Vec::new();
    // A value is never longer than what it is written as.
    let mut buffer = vec![0; input.len() + 1];
    loop {
        while let Some(rest) = input.strip_prefix(b"\r").or(input.strip_prefix(b"\n")) {
            line += usize::from(input[0] == b'\n');
            input = rest;
        }
        let begins = line;
        let mut values = Vec::new();
        let mut length = 0;
        loop {
            let (result, read, written) = reader.read_field(input, &mut buffer[length..]);
            line += input[..read].iter().filter(|byte| **byte == b'\n').count();
            input = &input[read..];
            length += written;
            match result {
                ReadFieldResult::Field { record_end } => {
                    let value = String::from_utf8_lossy(&buffer[..length]);
                    values.push(value.trim().to_owned());
                    length = 0;
                    if record_end {
                        break;
                    }
                }
                // Whoever reads an empty input says that this was all.
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => {
                    return Err(RowsError::at(begins, "this value is too long."));
                }
                ReadFieldResult::End => return Ok(records),
            }
        }
        records.push((begins, values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(usize, String)> {
        let rows = parse_rows(text).expect("these are rows").into_iter();
        rows.map(|(line, row)| (line, row.to_json())).collect()
    }

    fn refusal(text: &str) -> String {
        parse_rows(text).expect_err("a line is wrong").to_string()
    }

    #[test]
    fn csv_names_its_fields_in_the_first_line() {
        let text = "id,name\r\n1,Ada\n\n2,\"Grace, \"\"the\nadmiral\"\"\"\n3,Edsger";
        let ada = "{\"id\":\"1\",\"name\":\"Ada\"}".to_owned();
        let grace = "{\"id\":\"2\",\"name\":\"Grace, \\\"the\\nadmiral\\\"\"}".to_owned();
        let edsger = "{\"id\":\"3\",\"name\":\"Edsger\"}".to_owned();
        assert_eq!(rows(text), [(2, ada), (4, grace), (6, edsger)]);
        assert!(rows("id,name\n").is_empty());
        assert!(rows("").is_empty());
    }

    #[test]
    fn json_lines_keep_their_fields_as_they_are_written() {
        let text = "\n{\"id\": 7, \"price\": 1.10, \"tags\": [1, 2]}\n{\"b\":null,\"a\":true}\n";
        let first = "{\"id\":7,\"price\":1.10,\"tags\":[1, 2]}".to_owned();
        let second = "{\"b\":null,\"a\":true}".to_owned();
        assert_eq!(rows(text), [(2, first), (3, second)]);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        assert_eq!(
            refusal("id,name\n1,Ada\n2\n"),
            "Line 3: 1 values where the first line names 2 fields."
        );
        assert_eq!(refusal("id,,x\n"), "Line 1: a field has no name.");
        assert_eq!(refusal("id,id\n"), "Line 1: two fields are named id.");
        assert_eq!(
            refusal("{\"id\":1}\n{\"id\" 2}"),
            "Line 2: this is no JSON object: expected `:` (column 7)."
        );
        assert_eq!(
            refusal("{\"id\":1}\n[1]"),
            "Line 2: this is no JSON object: invalid type: sequence, expected an object (column 0)."
        );
        assert_eq!(refusal("{}"), "Line 1: this object has no fields.");
    }

    #[test]
    fn a_value_is_shown_without_its_quotation_marks() {
        let row = Row::from_json("{\"id\":7,\"name\":\"a\\tb\",\"gone\":null}").unwrap();
        assert_eq!(row.shown("id").as_deref(), Some("7"));
        assert_eq!(row.shown("name").as_deref(), Some("a\tb"));
        assert_eq!(row.shown("gone").as_deref(), Some(""));
        assert_eq!(row.shown("none"), None);
    }
}
