//! Texts that fit.

/// A number with at most six characters: exact below 100,000.
pub fn short_number(number: i64) -> String {
    let (unit, letter) = match number.abs() {
        0..100_000 => return number.to_string(),
        100_000..1_000_000 => (1_000, 'k'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        1_000_000_000..1_000_000_000_000 => (1_000_000_000, 'G'),
        _ => return format!("{:.0e}", number as f64),
    };
    let tenths = number / (unit / 10);
    match tenths.abs() {
        0..1_000 => format!("{}.{}{letter}", tenths / 10, (tenths % 10).abs()),
        _ => format!("{}{letter}", tenths / 10),
    }
}

/// A text of at most `most` characters: what is longer keeps its first and its
/// last, since keys and names often differ at the end.
pub fn short_text(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let tail = kept.div_ceil(2);
    let head = kept - tail;
    let first: String = text.chars().take(head).collect();
    let last: String = text.chars().skip(length - tail).collect();
    format!("{first}…{last}")
}
