//! Packs a built page into one HTML file that needs nothing else, not even a web server.
//!
//! A page opened from `file://` may fetch no neighbouring file. So each reference to one is
//! replaced by what it refers to: style sheets become `<style>`, everything else (the program, its
//! JavaScript, icons) becomes a `data:` address. References are found in the tags of the page, in
//! its scripts and the scripts these import, and in `url(...)` of its style sheets.

use std::collections::BTreeSet;

use crate::base64;
use crate::html::{self, Piece, Tag};
use crate::problem::Problem;

/// How deep files may refer to each other. What goes deeper goes in circles, and a circle has no
/// `data:` address.
const DEPTH_MAX: usize = 8;

/// `rel` of links that only say what will be needed soon (all is here already) or that mean
/// nothing to a page that is not on a web server.
const NEEDLESS_LINKS: [&str; 4] = ["modulepreload", "preload", "prefetch", "manifest"];

/// The files of a built page.
pub trait Files {
    /// The content of the file `name`, which has `/` between folders, if there is one.
    fn content(&self, name: &str) -> Option<Vec<u8>>;
}

/// A page in one file.
pub struct Packed {
    /// The page.
    pub html: String,
    /// The names of the files that are in it.
    pub packed: BTreeSet<String>,
}

/// Packs the page `html` with all the `files` it refers to.
pub fn pack(html: &str, files: &dyn Files) -> Result<Packed, Problem> {
    let mut packer = Packer {
        files,
        packed: BTreeSet::new(),
    };
    let mut text = String::new();
    for piece in html::pieces(html) {
        match piece {
            Piece::Verbatim(verbatim) => text.push_str(verbatim),
            Piece::Tag(tag) => text.push_str(&packer.tag(tag)?),
            Piece::Script(script) => text.push_str(&packer.script(script, "", 0)?),
            Piece::Style(style) => text.push_str(&packer.style(style, "", 0)?),
        }
    }
    Ok(Packed {
        html: text,
        packed: packer.packed,
    })
}

struct Packer<'a> {
    files: &'a dyn Files,
    packed: BTreeSet<String>,
}

impl Packer<'_> {
    /// What stands in the packed page for a tag of the page.
    fn tag(&mut self, mut tag: Tag) -> Result<String, Problem> {
        let rel = tag.value("rel").unwrap_or_default().to_owned();
        let attribute = match tag.name.as_str() {
            "link" if NEEDLESS_LINKS.contains(&rel.as_str()) => return Ok(String::new()),
            "link" => "href",
            // Where an `a` leads is a place to go to, not a part of the page.
            "a" => return Ok(tag.text()),
            _ => "src",
        };
        let Some(name) = tag
            .value(attribute)
            .and_then(|reference| local(reference, ""))
        else {
            return Ok(tag.text());
        };
        if rel == "stylesheet" {
            let css = self.text_of(&name)?;
            return Ok(format!(
                "<style>{}</style>",
                self.style(&css, folder_of(&name), 0)?
            ));
        }
        let address = self.data_address(&name, 0)?;
        tag.set(attribute, address);
        // A hash of the file as it was, and whom to ask for it.
        tag.remove("integrity");
        tag.remove("crossorigin");
        Ok(tag.text())
    }

    /// A script with its references replaced: each string that begins with a dot and names a file.
    fn script(&mut self, script: &str, folder: &str, depth: usize) -> Result<String, Problem> {
        let mut text = String::new();
        let mut rest = script;
        while let Some(start) = rest.find(['\'', '"']) {
            let quote = &rest[start..=start];
            let (before, literal) = rest.split_at(start + 1);
            text.push_str(before);
            let end = literal.find(quote).unwrap_or(literal.len());
            let named = Some(&literal[..end])
                .filter(|literal| literal.starts_with("./") || literal.starts_with("../"))
                .and_then(|reference| local(reference, folder))
                .filter(|name| self.files.content(name).is_some());
            if let Some(name) = named {
                text.push_str(&self.data_address(&name, depth)?);
                rest = &literal[end..];
                // The closing quote opens nothing.
                let closing = rest.len().min(1);
                text.push_str(&rest[..closing]);
                rest = &rest[closing..];
            } else {
                rest = literal;
            }
        }
        text.push_str(rest);
        Ok(text)
    }

    /// A style sheet with the files in its `url(...)` replaced.
    fn style(&mut self, css: &str, folder: &str, depth: usize) -> Result<String, Problem> {
        if css.contains("</style") || css.contains("@import") {
            return Err(Problem::new(
                "a style sheet holds `@import` or `</style`, which cannot be packed into one file: \
                 name each sheet in index.html instead",
            ));
        }
        let mut text = String::new();
        let mut rest = css;
        while let Some(start) = rest.find("url(") {
            let (before, inside) = rest.split_at(start + "url(".len());
            text.push_str(before);
            let end = inside.find(')').unwrap_or(inside.len());
            let reference = inside[..end].trim().trim_matches(['\'', '"']);
            match local(reference, folder) {
                Some(name) => text.push_str(&format!("\"{}\"", self.data_address(&name, depth)?)),
                None => text.push_str(&inside[..end]),
            }
            rest = &inside[end..];
        }
        text.push_str(rest);
        Ok(text)
    }

    /// The file `name` as a `data:` address, its own references replaced first.
    fn data_address(&mut self, name: &str, depth: usize) -> Result<String, Problem> {
        if depth > DEPTH_MAX {
            return Err(Problem::new(format!(
                "`{name}` refers to itself by way of others, which cannot be packed into one file: \
                 cut the circle"
            )));
        }
        let media_type = media_type(name);
        let content = match media_type {
            "text/javascript" => {
                let text = self.text_of(name)?;
                self.script(&text, folder_of(name), depth + 1)?.into_bytes()
            }
            "text/css" => {
                let text = self.text_of(name)?;
                self.style(&text, folder_of(name), depth + 1)?.into_bytes()
            }
            _ => self.content_of(name)?,
        };
        Ok(format!(
            "data:{media_type};base64,{}",
            base64::encode(&content)
        ))
    }

    fn content_of(&mut self, name: &str) -> Result<Vec<u8>, Problem> {
        let content = self.files.content(name).ok_or_else(|| {
            Problem::new(format!("the page refers to `{name}`, which is not in dist/: `cargo xtask build` makes it anew"))
        })?;
        self.packed.insert(name.to_owned());
        Ok(content)
    }

    fn text_of(&mut self, name: &str) -> Result<String, Problem> {
        String::from_utf8(self.content_of(name)?)
            .map_err(|_| Problem::new(format!("`{name}` is not UTF-8 text: save it as UTF-8")))
    }
}

/// The name of the file that `reference`, found in a file of `folder`, refers to; none if it leads
/// out of the page.
fn local(reference: &str, folder: &str) -> Option<String> {
    let path = reference.split(['?', '#']).next().unwrap_or_default();
    // `https:`, `data:` and the like; `//host` and `/from/the/root`, which no sub-path has.
    let leads_out = path
        .split('/')
        .next()
        .is_some_and(|first| first.is_empty() || first.contains(':'));
    if leads_out {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// The folder of the file `name`: nothing for one at the top.
fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What a browser calls the content of a file with this name.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Folder = BTreeMap<&'static str, &'static str>;

    impl Files for Folder {
        fn content(&self, name: &str) -> Option<Vec<u8>> {
            self.get(name).map(|text| text.as_bytes().to_vec())
        }
    }

    fn packed(html: &str, files: &[(&'static str, &'static str)]) -> Packed {
        pack(html, &Folder::from_iter(files.iter().copied())).unwrap()
    }

    fn refused(html: &str, files: &[(&'static str, &'static str)]) -> String {
        let result = pack(html, &Folder::from_iter(files.iter().copied()));
        result.err().unwrap().sentence().unwrap().to_owned()
    }

    #[test]
    fn a_page_as_trunk_writes_it() {
        let html = r#"<!DOCTYPE html><html><head>
<link rel="stylesheet" href="./style-1.css" integrity="sha384-x"/>
<link rel="icon" href="./icon.svg">
<link rel="modulepreload" href="./app-1.js"><link rel="preload" href="./app-1_bg.wasm" as="fetch">
</head><body><script type="module">
import init, * as bindings from './app-1.js';
const wasm = await init({ module_or_path: './app-1_bg.wasm' });
</script></body></html>"#;
        let files = [
            ("style-1.css", "a { b: c }"),
            ("icon.svg", "<svg/>"),
            ("app-1.js", "export default 1;"),
            ("app-1_bg.wasm", "\0asm"),
        ];
        let expected = r#"<!DOCTYPE html><html><head>
<style>a { b: c }</style>
<link rel="icon" href="data:image/svg+xml;base64,PHN2Zy8+">

</head><body><script type="module">
import init, * as bindings from 'data:text/javascript;base64,ZXhwb3J0IGRlZmF1bHQgMTs=';
const wasm = await init({ module_or_path: 'data:application/wasm;base64,AGFzbQ==' });
</script></body></html>"#;
        let packed = packed(html, &files);
        assert_eq!(packed.html, expected);
        assert_eq!(packed.packed.len(), files.len());
    }

    #[test]
    fn a_script_imports_scripts_from_its_own_folder() {
        let files = [
            ("a.js", "import './s/b.js'"),
            ("s/b.js", "import '../c.js'"),
            ("c.js", "1"),
        ];
        let packed = packed(r#"<script src="a.js"></script>"#, &files);
        let c = format!("data:text/javascript;base64,{}", base64::encode(b"1"));
        let b = base64::encode(format!("import '{c}'").as_bytes());
        let a = base64::encode(format!("import 'data:text/javascript;base64,{b}'").as_bytes());
        assert_eq!(
            packed.html,
            format!(r#"<script src="data:text/javascript;base64,{a}"></script>"#)
        );
    }

    #[test]
    fn strings_of_a_script_that_name_no_file_stay() {
        let html = r#"<script>it("don't", './nothing', "'./a.txt", 'b.txt')</script>"#;
        let files = [("a.txt", "a"), ("b.txt", "b")];
        assert_eq!(packed(html, &files).html, html);
    }

    #[test]
    fn style_sheets_bring_their_pictures() {
        let files = [
            (
                "css/s.css",
                "a{b:url( '../i.png' )}c{d:url(#e)}f{g:url(data:,)}",
            ),
            ("i.png", "i"),
        ];
        let packed = packed(r#"<link rel="stylesheet" href="css/s.css">"#, &files);
        let expected =
            r#"<style>a{b:url("data:image/png;base64,aQ==")}c{d:url(#e)}f{g:url(data:,)}</style>"#;
        assert_eq!(packed.html, expected);
    }

    #[test]
    fn what_leads_elsewhere_stays_as_it_is() {
        let html = r##"<a href="./x.html">x</a><img src="https://e.org/i.png"><link rel="icon" href="data:,"><a href="#y">"##;
        assert_eq!(packed(html, &[("x.html", "")]).html, html);
    }

    #[test]
    fn what_cannot_be_packed_is_refused_by_name() {
        assert!(refused(r#"<img src="gone.png">"#, &[]).contains("`gone.png`"));
        let circle = [("a.js", "import './b.js'"), ("b.js", "import './a.js'")];
        assert!(refused(r#"<script src="a.js"></script>"#, &circle).contains("circle"));
        let import = [("s.css", "@import 't.css';")];
        assert!(refused(r#"<link rel="stylesheet" href="s.css">"#, &import).contains("@import"));
    }

    #[test]
    fn names_are_resolved_against_their_folder() {
        assert_eq!(local("./a.js", ""), Some("a.js".to_owned()));
        assert_eq!(local("../a.js?x#y", "s/t"), Some("s/a.js".to_owned()));
        for out in [
            "../a.js",
            "/a.js",
            "//h/a.js",
            "http://h/a",
            "data:,a",
            "#a",
            "",
        ] {
            assert_eq!(local(out, ""), None, "{out}");
        }
    }
}
