//! How large the built page is, and how large when a web server compresses it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::Problem;
use crate::process;
use crate::project::cannot;

/// What Node runs to compress the file that it is given.
const NODE_GZIP: &str = "process.stdout.write(require('node:zlib')\
    .gzipSync(require('node:fs').readFileSync(process.argv[1]), { level: 9 }))";

/// One line for each file of `folder`.
pub fn table(folder: &Path) -> Result<String, Problem> {
    let mut lines = vec![line("file", "bytes", "gzipped")];
    for file in files(folder)? {
        let size = fs::metadata(&file)
            .map_err(|error| cannot("read", &file, &error))?
            .len();
        let gzipped = gzipped(&file).map_or("unknown".to_owned(), grouped);
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy();
        lines.push(line(&name, &grouped(size), &gzipped));
    }
    Ok(lines.join("\n"))
}

/// All files under `folder`, in the order of their names.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The size of `file` compressed, where gzip or Node is there to tell.
fn gzipped(file: &Path) -> Option<u64> {
    process::bytes(Command::new("gzip").args(["-9", "-c"]).arg(file))
        .or_else(|| process::bytes(Command::new("node").args(["-e", NODE_GZIP]).arg(file)))
        .map(|bytes| bytes.len() as u64)
}

fn line(name: &str, size: &str, gzipped: &str) -> String {
    format!("    {name:<44} {size:>12} {gzipped:>12}")
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_groups_of_three() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (123_456_789, "123,456,789"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }
}
