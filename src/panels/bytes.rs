//! Bytes of records as a person reads them: text, JSON in lines, hexadecimal.

/// The most bytes of one thing that are shown.
pub const SHOWN_MAX: usize = 64 * 1024;

/// Bytes as text: what is no UTF-8 becomes U+FFFD, and control characters but
/// line ends and tabs become their pictures. What is very long is cut, and that
/// is said.
pub fn text(bytes: &[u8]) -> String {
    let seen = &bytes[..bytes.len().min(SHOWN_MAX)];
    let mut text: String = String::from_utf8_lossy(seen).chars().map(picture).collect();
    if seen.len() < bytes.len() {
        let more = bytes.len() - seen.len();
        text.push_str(&format!("\n… and {more} bytes more"));
    }
    text
}

/// The Unicode picture of a control character.
fn picture(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// Bytes in lines of sixteen: where each begins, in hexadecimal, and as ASCII.
pub fn hex(bytes: &[u8]) -> String {
    let seen = &bytes[..bytes.len().min(SHOWN_MAX / 16)];
    let mut lines: Vec<String> = seen
        .chunks(16)
        .enumerate()
        .map(|(number, line)| hex_line(number * 16, line))
        .collect();
    if seen.len() < bytes.len() {
        lines.push(format!("… and {} bytes more", bytes.len() - seen.len()));
    }
    lines.join("\n")
}

fn hex_line(at: usize, line: &[u8]) -> String {
    let pairs: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
    let ascii: String = line
        .iter()
        .map(|byte| match byte {
            0x20..=0x7e => char::from(*byte),
            _ => '.',
        })
        .collect();
    format!("{at:04x}  {:<47}  {ascii}", pairs.join(" "))
}

/// A JSON object or array in lines, two spaces a level; `None` for all that is
/// none, and for what is very long. Names, numbers and strings stay as they
/// were written.
pub fn pretty_json(bytes: &[u8]) -> Option<String> {
    if bytes.len() > SHOWN_MAX {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let mut reader = Json {
        rest: text,
        out: String::new(),
        depth: 0,
    };
    if !text.starts_with(['{', '[']) {
        return None;
    }
    reader.value()?;
    reader.rest.trim_start().is_empty().then_some(reader.out)
}

/// How deep JSON may be nested.
const DEPTH_MAX: usize = 64;

/// A reader of JSON that writes what it reads in lines.
struct Json<'a> {
    rest: &'a str,
    out: String,
    depth: usize,
}

impl Json<'_> {
    fn value(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '{' => self.items('}', |reader| {
                reader.string()?;
                reader.take(':')?;
                reader.out.push_str(": ");
                reader.value()
            }),
            '[' => self.items(']', Json::value),
            '"' => self.string(),
            _ => self.word(),
        }
    }

    fn items(&mut self, close: char, item: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.keep(1);
        if self.is_next(close) {
            self.depth -= 1;
            self.take(close)?;
            self.out.push(close);
            return Some(());
        }
        loop {
            self.line();
            item(self)?;
            if self.is_next(close) {
                break;
            }
            self.take(',')?;
            self.out.push(',');
        }
        self.depth -= 1;
        self.line();
        self.take(close)?;
        self.out.push(close);
        Some(())
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&"  ".repeat(self.depth));
    }

    fn is_next(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.starts_with(c)
    }

    fn take(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(c)?;
        Some(())
    }

    /// Writes so many bytes as they are.
    fn keep(&mut self, length: usize) {
        let (kept, rest) = self.rest.split_at(length);
        self.out.push_str(kept);
        self.rest = rest;
    }

    fn string(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start();
        let mut is_escaped = false;
        let body = self.rest.strip_prefix('"')?;
        let end = body.char_indices().find_map(|(at, c)| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends.then_some(at)
        })?;
        if body[..end].contains(|c: char| c.is_control()) {
            return None;
        }
        self.keep(end + 2);
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let word = &self.rest[..length];
        let is_known = matches!(word, "true" | "false" | "null");
        let is_number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && word.parse::<f64>().is_ok_and(f64::is_finite);
        if !is_known && !is_number {
            return None;
        }
        self.keep(length);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_put_in_lines_and_what_is_none_stays_as_it_is() {
        let pretty = pretty_json(br#" {"to":"Ada \"L\"","n":[1, -2.5e3,{}],"ok":true} "#);
        let lines = [
            "{",
            "  \"to\": \"Ada \\\"L\\\"\",",
            "  \"n\": [",
            "    1,",
            "    -2.5e3,",
            "    {}",
            "  ],",
            "  \"ok\": true",
            "}",
        ];
        assert_eq!(pretty.as_deref(), Some(lines.join("\n").as_str()));
        for other in [
            "order 5",
            "{\"a\":}",
            "{\"a\" 1}",
            "[1,]",
            "[1] 2",
            "{\"a\":nul}",
            "12",
            "[\"open]",
            "",
        ] {
            assert_eq!(pretty_json(other.as_bytes()), None, "{other}");
        }
        assert_eq!(pretty_json("[".repeat(100).as_bytes()), None);
    }

    #[test]
    fn bytes_are_shown_as_a_dump_shows_them() {
        let dump = hex(b"key \xff\x00 and more than a line");
        let first = dump.lines().next();
        let line = "0000  6b 65 79 20 ff 00 20 61 6e 64 20 6d 6f 72 65 20  key .. and more ";
        assert_eq!(first, Some(line));
        assert!(dump.lines().nth(1).is_some_and(|it| it.starts_with("0010")));
        assert_eq!(text(b"a\x01b\xff\nc"), "a\u{2401}b\u{fffd}\nc");
    }

    #[test]
    fn what_is_very_long_is_cut_and_says_so() {
        let long = vec![b'x'; SHOWN_MAX + 5];
        assert!(text(&long).ends_with("… and 5 bytes more"));
        assert!(hex(&long).ends_with("bytes more"));
        assert_eq!(pretty_json(&long), None);
    }
}
