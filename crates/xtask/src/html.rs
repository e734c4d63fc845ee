//! Just enough HTML to find what a page refers to: tags with their attributes, and the insides of
//! `<script>` and `<style>`. It reads pages that this project writes, not any page there is.

/// A part of a page. The parts, written one after the other, are the page.
#[derive(Debug, PartialEq)]
pub enum Piece<'a> {
    /// Text, a comment, an end tag, a declaration: nothing to look into.
    Verbatim(&'a str),
    /// A start tag.
    Tag(Tag),
    /// What stands between `<script>` and `</script>`.
    Script(&'a str),
    /// What stands between `<style>` and `</style>`.
    Style(&'a str),
}

/// A start tag.
#[derive(Debug, PartialEq)]
pub struct Tag {
    /// Its name, in small letters.
    pub name: String,
    /// Its attributes as they are written.
    attributes: Vec<Attribute>,
}

#[derive(Debug, PartialEq)]
struct Attribute {
    name: String,
    /// The value with its quotes, as it is written; none for an attribute that is just there.
    value: Option<String>,
}

impl Tag {
    /// The value of the attribute `name`, without its quotes.
    pub fn value(&self, name: &str) -> Option<&str> {
        let attribute = self
            .attributes
            .iter()
            .find(|attribute| attribute.name == name)?;
        attribute
            .value
            .as_deref()
            .map(|value| value.trim_matches(['"', '\'']))
    }

    /// Gives the attribute `name` another value, which holds no quotes.
    pub fn set(&mut self, name: &str, value: String) {
        for attribute in self
            .attributes
            .iter_mut()
            .filter(|attribute| attribute.name == name)
        {
            attribute.value = Some(format!("\"{value}\""));
        }
    }

    /// Takes the attribute `name` away.
    pub fn remove(&mut self, name: &str) {
        self.attributes.retain(|attribute| attribute.name != name);
    }

    /// The tag as text.
    pub fn text(&self) -> String {
        let attributes = self
            .attributes
            .iter()
            .map(|Attribute { name, value }| match value {
                Some(value) => format!(" {name}={value}"),
                None => format!(" {name}"),
            });
        format!("<{}{}>", self.name, attributes.collect::<String>())
    }
}

/// Cuts a page into its parts.
pub fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        pieces.push(Piece::Verbatim(before));
        if let Some((tag, after)) = start_tag(from) {
            let raw = ["script", "style"]
                .into_iter()
                .find(|name| *name == tag.name);
            pieces.push(Piece::Tag(tag));
            rest = after;
            if let Some(name) = raw {
                let (inside, end) = after.split_at(end_of(after, name));
                pieces.push(if name == "script" {
                    Piece::Script(inside)
                } else {
                    Piece::Style(inside)
                });
                rest = end;
            }
        } else {
            let length = match from
                .strip_prefix("<!--")
                .and_then(|comment| comment.find("-->"))
            {
                Some(length) => "<!--".len() + length + "-->".len(),
                None => 1,
            };
            let (verbatim, after) = from.split_at(length);
            pieces.push(Piece::Verbatim(verbatim));
            rest = after;
        }
    }
    pieces.push(Piece::Verbatim(rest));
    pieces.retain(|piece| *piece != Piece::Verbatim(""));
    pieces
}

/// Where the inside of a `<script>` or `<style>` ends.
fn end_of(text: &str, name: &str) -> usize {
    text.to_ascii_lowercase()
        .find(&format!("</{name}"))
        .unwrap_or(text.len())
}

/// The start tag that `text` begins with, and what comes after it.
fn start_tag(text: &str) -> Option<(Tag, &str)> {
    let text = text.strip_prefix('<')?;
    if !text.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return None;
    }
    let (name, mut rest) = split_where(text, |letter| {
        letter.is_whitespace() || "/>".contains(letter)
    });
    let mut tag = Tag {
        name: name.to_ascii_lowercase(),
        attributes: Vec::new(),
    };
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return Some((tag, after));
        }
        let (attribute, after) = attribute(rest)?;
        tag.attributes.push(attribute);
        rest = after;
    }
}

/// The attribute that `text` begins with, and what comes after it.
fn attribute(text: &str) -> Option<(Attribute, &str)> {
    let (name, after) = split_where(text, |letter| {
        letter.is_whitespace() || "/>=".contains(letter)
    });
    if name.is_empty() {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
        return Some((Attribute { name, value: None }, after));
    };
    let length = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].find(quote)? + 2,
        _ => value.find(|letter: char| letter.is_whitespace() || letter == '>')?,
    };
    let (value, after) = value.split_at(length);
    Some((
        Attribute {
            name,
            value: Some(value.to_owned()),
        },
        after,
    ))
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(html: &str) -> Vec<String> {
        pieces(html)
            .into_iter()
            .filter_map(|piece| {
                if let Piece::Tag(tag) = piece {
                    Some(tag.text())
                } else {
                    None
                }
            })
            .collect()
    }

    #[test]
    fn tags_keep_their_attributes() {
        let html = "a < b <P CLASS='x y' hidden data-n=3>t</P><br/><img alt=\"a > b\"/>";
        assert_eq!(
            tags(html),
            [
                "<p class='x y' hidden data-n=3>",
                "<br>",
                "<img alt=\"a > b\">"
            ]
        );
    }

    #[test]
    fn comments_and_scripts_hold_no_tags() {
        let html = "<!-- <p> --><script>if (a <b) '<i>'</SCRIPT><style>a > b</style>";
        assert_eq!(tags(html), ["<script>", "<style>"]);
        assert!(pieces(html).contains(&Piece::Script("if (a <b) '<i>'")));
        assert!(pieces(html).contains(&Piece::Style("a > b")));
    }

    #[test]
    fn values_lose_their_quotes() {
        let pieces = pieces("<link rel=icon href='x.svg'>");
        let Piece::Tag(tag) = &pieces[0] else {
            panic!("not a tag: {pieces:?}")
        };
        assert_eq!(
            (tag.value("rel"), tag.value("href"), tag.value("as")),
            (Some("icon"), Some("x.svg"), None)
        );
    }

    #[test]
    fn what_is_cut_off_is_kept() {
        for html in [
            "<",
            "<p",
            "<p class=",
            "<p class=\"x",
            "<!-- x",
            "<script>x",
        ] {
            let text: String = pieces(html)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Verbatim(text) | Piece::Script(text) | Piece::Style(text) => {
                        text.to_owned()
                    }
                    Piece::Tag(tag) => tag.text(),
                })
                .collect();
            assert_eq!(text, html);
        }
    }
}
