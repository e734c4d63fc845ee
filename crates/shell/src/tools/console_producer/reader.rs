//! How a line becomes a record (`org.apache.kafka.tools.LineMessageReader`).

use engine::collections::BTreeMap;

/// What was read from a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
}

/// The reader and its settings.
#[derive(Clone, Debug)]
pub(super) struct LineReader {
    parse_key: bool,
    key_separator: String,
    ignore_error: bool,
    null_marker: Option<String>,
    lines: u64,
}

fn is_true(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

impl LineReader {
    /// The reader with these settings; the error is the exception's message.
    pub fn new(settings: &BTreeMap<String, String>) -> Result<LineReader, String> {
        let text = |name: &str, default: &str| {
            let given = settings.get(name).cloned();
            given.unwrap_or_else(|| default.to_owned())
        };
        let null_marker = settings.get("null.marker").cloned();
        let separators = [
            ("headers.delimiter", text("headers.delimiter", "\t")),
            ("headers.separator", text("headers.separator", ",")),
            ("headers.key.separator", text("headers.key.separator", ":")),
        ];
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            let (a, b) = (&separators[first], &separators[second]);
            if a.1 == b.1 {
                return Err(format!("{} and {} may not be equal", a.0, b.0));
            }
        }
        let key_separator = text("key.separator", "\t");
        let separator = [("key.separator", key_separator.clone())];
        for (name, separator) in separator.iter().chain(&separators) {
            if null_marker.as_ref() == Some(separator) {
                return Err(format!("null.marker and {name} may not be equal"));
            }
        }
        Ok(LineReader {
            parse_key: settings
                .get("parse.key")
                .is_some_and(|value| is_true(value)),
            key_separator,
            ignore_error: settings
                .get("ignore.error")
                .is_some_and(|value| is_true(value)),
            null_marker,
            lines: 0,
        })
    }

    /// The record in a line; the error is the exception's message.
    pub fn read(&mut self, line: &str) -> Result<Parsed, String> {
        self.lines += 1;
        let split = match self.parse_key {
            true => line.split_once(&self.key_separator),
            false => None,
        };
        let (key, value) = match split {
            Some((key, value)) => (Some(key), value),
            None if self.parse_key && !self.ignore_error => {
                return Err(format!(
                    "No key separator found on line number {}: '{line}'",
                    self.lines
                ));
            }
            None => (None, line),
        };
        Ok(Parsed {
            key: key.and_then(|key| self.unless_null(key)),
            value: self.unless_null(value),
        })
    }

    fn unless_null(&self, text: &str) -> Option<Vec<u8>> {
        let is_null = self.null_marker.as_deref() == Some(text);
        (!is_null).then(|| text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(settings: &[(&str, &str)]) -> Result<LineReader, String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        LineReader::new(&settings.iter().map(own).collect())
    }

    fn parsed(key: Option<&str>, value: Option<&str>) -> Parsed {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Parsed {
            key: key.map(bytes),
            value: value.map(bytes),
        }
    }

    #[test]
    fn a_line_is_a_value_or_a_key_and_a_value() {
        let mut plain = reader(&[]).unwrap();
        assert_eq!(plain.read("a:b"), Ok(parsed(None, Some("a:b"))));
        let mut keyed = reader(&[("parse.key", "true"), ("key.separator", ":")]).unwrap();
        assert_eq!(keyed.read("a:b:c"), Ok(parsed(Some("a"), Some("b:c"))));
        assert_eq!(
            keyed.read("ab"),
            Err("No key separator found on line number 2: 'ab'".to_owned())
        );
    }

    #[test]
    fn a_marker_stands_for_null() {
        let settings = [
            ("parse.key", "true"),
            ("null.marker", "NULL"),
            ("ignore.error", "true"),
        ];
        let mut reader = reader(&settings).unwrap();
        assert_eq!(reader.read("NULL\tv"), Ok(parsed(None, Some("v"))));
        assert_eq!(reader.read("k\tNULL"), Ok(parsed(Some("k"), None)));
        assert_eq!(reader.read("no tab"), Ok(parsed(None, Some("no tab"))));
    }

    #[test]
    fn separators_differ() {
        assert_eq!(
            reader(&[("headers.separator", ":")]).unwrap_err(),
            "headers.separator and headers.key.separator may not be equal"
        );
        assert_eq!(
            reader(&[("key.separator", "x"), ("null.marker", "x")]).unwrap_err(),
            "null.marker and key.separator may not be equal"
        );
    }
}
