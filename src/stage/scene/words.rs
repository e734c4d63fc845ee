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

/// A text of at most `most` characters as a person counts them: what is longer
/// keeps its first and its last, since keys and names often differ at the end.
pub fn short_text(text: &str, most: usize) -> String {
    let starts: Vec<usize> = starts(text).collect();
    let length = starts.len();
    if length <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let tail = kept.div_ceil(2);
    let head = kept - tail;
    let first = &text[..starts[head]];
    let last = starts
        .get(length - tail)
        .map_or("", |start| &text[*start..]);
    format!("{first}…{last}")
}

/// How many characters a person counts in a text.
pub fn text_length(text: &str) -> usize {
    starts(text).count()
}

/// The first of a text: at most `most` code points, and none that belongs
/// together with the next.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    let Some((limit, _)) = text.char_indices().nth(most) else {
        return text;
    };
    let end = starts(text).take_while(|start| *start <= limit).last();
    match end {
        // One character of so many code points that it must be cut.
        None | Some(0) => &text[..limit],
        Some(end) => &text[..end],
    }
}

/// Where in a text a character begins, as a person counts them: not before
/// what changes or joins the one before it, and not after a joiner.
fn starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut before = None;
    text.char_indices().filter_map(move |(index, c)| {
        let is_start = before.is_none() || (before != Some(JOINER) && !belongs_to_previous(c));
        before = Some(c);
        is_start.then_some(index)
    })
}

/// Zero width joiner: makes one of two emoji.
const JOINER: char = '\u{200d}';

/// Joiners, combining marks, variation selectors, skin tones and tags.
fn belongs_to_previous(c: char) -> bool {
    matches!(
        c,
        JOINER
            | '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0020}'..='\u{e007f}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}
