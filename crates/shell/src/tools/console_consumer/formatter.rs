//! How a record is printed
//! (`org.apache.kafka.tools.consumer.DefaultMessageFormatter`).

use engine::collections::BTreeMap;

use engine::log::record_batch::{RecordView, TimestampType};

/// How bytes are read before they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deserializer {
    /// As text.
    Text,
    /// As a number of so many bytes, by the class of this name.
    Number(usize, &'static str),
}

const PACKAGE: &str = "org.apache.kafka.common.serialization.";

impl Deserializer {
    /// The class of this name; `None` for one that cannot be loaded.
    fn named(class: &str) -> Option<Deserializer> {
        Some(match class.strip_prefix(PACKAGE)? {
            "StringDeserializer" => Deserializer::Text,
            "ShortDeserializer" => Deserializer::Number(2, "ShortDeserializer"),
            "IntegerDeserializer" => Deserializer::Number(4, "IntegerDeserializer"),
            "LongDeserializer" => Deserializer::Number(8, "LongDeserializer"),
            _ => return None,
        })
    }

    fn read(self, bytes: &[u8]) -> Result<String, String> {
        let Deserializer::Number(size, class) = self else {
            return Ok(String::from_utf8_lossy(bytes).into_owned());
        };
        if bytes.len() != size {
            return Err(format!("Size of data received by {class} is not {size}"));
        }
        let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        let start = if is_negative { -1 } else { 0 };
        let number = bytes
            .iter()
            .fold(start, |number: i64, byte| number << 8 | i64::from(*byte));
        Ok(number.to_string())
    }
}

/// What of a record is printed, and what between.
#[derive(Clone, Debug)]
pub(super) struct Formatter {
    timestamp: bool,
    partition: bool,
    offset: bool,
    epoch: bool,
    headers: bool,
    key: bool,
    value: bool,
    key_separator: String,
    line_separator: String,
    headers_separator: String,
    null_literal: String,
    key_deserializer: Deserializer,
    value_deserializer: Deserializer,
    headers_deserializer: Deserializer,
}

impl Formatter {
    /// The formatter with these settings, and the classes it could not load.
    pub fn new(settings: &BTreeMap<String, String>) -> (Formatter, Vec<String>) {
        let flag = |name: &str, default: bool| {
            let given = settings.get(name);
            given.map_or(default, |value| value.trim().eq_ignore_ascii_case("true"))
        };
        let text = |name: &str, default: &str| {
            let given = settings.get(name).cloned();
            given.unwrap_or_else(|| default.to_owned())
        };
        let mut unknown = Vec::new();
        let mut deserializer = |name: &str| match settings.get(name) {
            None => Deserializer::Text,
            Some(class) => Deserializer::named(class).unwrap_or_else(|| {
                unknown.push(class.clone());
                Deserializer::Text
            }),
        };
        let formatter = Formatter {
            timestamp: flag("print.timestamp", false),
            partition: flag("print.partition", false),
            offset: flag("print.offset", false),
            epoch: flag("print.epoch", false),
            headers: flag("print.headers", false),
            key: flag("print.key", false),
            value: flag("print.value", true),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
            key_deserializer: deserializer("key.deserializer"),
            value_deserializer: deserializer("value.deserializer"),
            headers_deserializer: deserializer("headers.deserializer"),
        };
        (formatter, unknown)
    }

    /// The text of a record. When a part cannot be read: what was printed
    /// before it, and the `SerializationException`'s message.
    pub fn format(
        &self,
        partition: i32,
        record: &RecordView,
        timestamp_type: TimestampType,
    ) -> Result<String, (String, String)> {
        let mut columns = Vec::new();
        if self.timestamp {
            columns.push(match record.timestamp_ms {
                -1 => "NO_TIMESTAMP".to_owned(),
                ms => format!("{timestamp_type:?}:{ms}"),
            });
        }
        if self.partition {
            columns.push(format!("Partition:{partition}"));
        }
        if self.offset {
            columns.push(format!("Offset:{}", record.offset));
        }
        if self.epoch {
            // The tool hands the formatter a copy without the epoch.
            columns.push("Epoch:NOT_PRESENT".to_owned());
        }
        self.add_bytes(&mut columns, record).map_err(|message| {
            let before = columns
                .iter()
                .map(|column| format!("{column}{}", self.key_separator));
            (before.collect(), message)
        })?;
        match columns.is_empty() {
            true => Ok(String::new()),
            false => Ok(columns.join(&self.key_separator) + &self.line_separator),
        }
    }

    fn add_bytes(&self, columns: &mut Vec<String>, record: &RecordView) -> Result<(), String> {
        if self.headers {
            columns.push(self.headers(record)?);
        }
        if self.key {
            columns.push(self.read(self.key_deserializer, record.key)?);
        }
        if self.value {
            columns.push(self.read(self.value_deserializer, record.value)?);
        }
        Ok(())
    }

    fn headers(&self, record: &RecordView) -> Result<String, String> {
        let headers = record.headers.map(|(name, value)| {
            let value = self.read(self.headers_deserializer, value)?;
            Ok(format!("{name}:{value}"))
        });
        let headers: Vec<String> = headers.collect::<Result<_, String>>()?;
        Ok(match headers.is_empty() {
            true => "NO_HEADERS".to_owned(),
            false => headers.join(&self.headers_separator),
        })
    }

    fn read(&self, deserializer: Deserializer, bytes: Option<&[u8]>) -> Result<String, String> {
        deserializer.read(bytes.unwrap_or(self.null_literal.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::log::record_batch::{Record, RecordBatchBuilder};

    fn print(settings: &[(&str, &str)], key: Option<&[u8]>, value: Option<&[u8]>) -> String {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let (formatter, unknown) = Formatter::new(&settings.iter().map(own).collect());
        assert_eq!(unknown, Vec::<String>::new());
        let mut builder = RecordBatchBuilder::default();
        let record = Record {
            timestamp_ms: 1_767_225_600_000,
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            headers: Vec::new(),
        };
        builder.append(&record).unwrap();
        let batch = builder.build().unwrap();
        let record = batch.records().next().unwrap().unwrap();
        match formatter.format(2, &record, batch.timestamp_type()) {
            Ok(text) => text,
            Err((before, message)) => format!("{before}!{message}"),
        }
    }

    #[test]
    fn columns_come_in_the_tool_s_order() {
        let all = [
            ("print.value", "true"),
            ("print.key", "true"),
            ("print.headers", "true"),
            ("print.epoch", "true"),
            ("print.offset", "true"),
            ("print.partition", "true"),
            ("print.timestamp", "true"),
        ];
        assert_eq!(
            print(&all, Some(b"k"), Some(b"v")),
            "CreateTime:1767225600000\tPartition:2\tOffset:0\tEpoch:NOT_PRESENT\tNO_HEADERS\tk\tv\n"
        );
        assert_eq!(print(&[], None, Some(b"v")), "v\n");
    }

    #[test]
    fn separators_and_nulls_are_as_set() {
        let settings = [
            ("print.key", "true"),
            ("key.separator", " => "),
            ("line.separator", ";"),
        ];
        assert_eq!(print(&settings, None, None), "null => null;");
        let settings = [
            ("print.key", "true"),
            ("print.value", "false"),
            ("null.literal", "-"),
        ];
        assert_eq!(print(&settings, None, Some(b"v")), "-\n");
        assert_eq!(print(&[("print.value", "false")], None, Some(b"v")), "");
    }

    #[test]
    fn numbers_are_read_or_refused() {
        let long = [
            ("print.key", "true"),
            (
                "value.deserializer",
                "org.apache.kafka.common.serialization.LongDeserializer",
            ),
        ];
        assert_eq!(
            print(&long, Some(b"k"), Some(&(-5i64).to_be_bytes())),
            "k\t-5\n"
        );
        assert_eq!(
            print(&long, Some(b"k"), Some(b"v")),
            "k\t!Size of data received by LongDeserializer is not 8"
        );
    }
}
