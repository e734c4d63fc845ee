//! The theme's colours and fonts, read from the CSS variables and kept until
//! the theme changes.

use engine::collections::BTreeMap;

use web_sys::{MediaQueryList, Window};

use super::super::ink::Ink;

/// The theme's colours and fonts.
pub(super) struct Theme {
    window: Window,
    less_motion: Option<MediaQueryList>,
    dark: Option<MediaQueryList>,
    contrast: Option<MediaQueryList>,
    read_for: Choice,
    inks: BTreeMap<Ink, String>,
    /// Behind everything.
    pub surface: String,
    /// Of text, arrows and outlines.
    pub text: String,
    /// Of what stands on a cell.
    pub key_text: String,
    /// The font of keys and offsets.
    pub mono: String,
    /// The font of everything else.
    pub sans: String,
}

/// What decides which theme there is.
#[derive(Clone, Default, PartialEq)]
struct Choice {
    named: Option<String>,
    is_dark: bool,
    is_contrast: bool,
}

impl Theme {
    /// The present theme; `None` where there is no window.
    pub fn read() -> Option<Theme> {
        let window = web_sys::window()?;
        let query = |text| window.match_media(text).ok().flatten();
        let mut theme = Theme {
            less_motion: query("(prefers-reduced-motion: reduce)"),
            dark: query("(prefers-color-scheme: dark)"),
            contrast: query("(prefers-contrast: more)"),
            window,
            read_for: Choice::default(),
            inks: BTreeMap::new(),
            surface: String::new(),
            text: String::new(),
            key_text: String::new(),
            mono: String::new(),
            sans: String::new(),
        };
        theme.load();
        theme.read_for = theme.choice();
        Some(theme)
    }

    /// Reads it again if it has changed.
    pub fn refresh(&mut self) {
        let choice = self.choice();
        if choice != self.read_for {
            self.load();
            self.read_for = choice;
        }
    }

    /// Whether the system asks for less motion.
    pub fn wants_less_motion(&self) -> bool {
        matches(&self.less_motion)
    }

    /// A colour, as CSS has it.
    pub fn colour(&self, ink: Ink) -> &str {
        self.inks.get(&ink).map_or("gray", String::as_str)
    }

    fn choice(&self) -> Choice {
        let root = self.window.document().and_then(|it| it.document_element());
        Choice {
            named: root.and_then(|root| root.get_attribute("data-theme")),
            is_dark: matches(&self.dark),
            is_contrast: matches(&self.contrast),
        }
    }

    fn load(&mut self) {
        let root = self.window.document().and_then(|it| it.document_element());
        let style = root.and_then(|root| self.window.get_computed_style(&root).ok().flatten());
        let Some(style) = style else {
            return;
        };
        let read = |variable: &str| {
            let value = style.get_property_value(variable).unwrap_or_default();
            value.trim().to_owned()
        };
        let inks = Ink::all().map(|ink| (ink, read(ink.variable())));
        self.inks = inks.collect();
        self.surface = read("--surface");
        self.text = read("--text");
        self.key_text = read("--key-text");
        self.mono = read("--mono");
        self.sans = read("--sans");
    }
}

fn matches(query: &Option<MediaQueryList>) -> bool {
    query.as_ref().is_some_and(MediaQueryList::matches)
}

/// CSS pixels for a rem.
pub(in super::super) fn rem_px() -> Option<f64> {
    let window = web_sys::window()?;
    let root = window.document()?.document_element()?;
    let style = window.get_computed_style(&root).ok()??;
    let size = style.get_property_value("font-size").ok()?;
    size.trim_end_matches("px").parse().ok()
}
