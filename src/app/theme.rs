use gloo::utils::document_element;

/// Where the choice is kept between visits.
const KEY: &str = "kafka-lanes.theme";

/// The colours of the page. `index.html` sets the first one before anything is
/// painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    Light,
    Dark,
    Contrast,
}

impl Theme {
    /// The theme the page has.
    pub fn current() -> Theme {
        match document_element().get_attribute("data-theme").as_deref() {
            Some("dark") => Theme::Dark,
            Some("contrast") => Theme::Contrast,
            _ => Theme::Light,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::Contrast => "contrast",
        }
    }

    /// Puts the theme after this one on.
    pub fn next(self) -> Theme {
        let next = match self {
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Contrast,
            Theme::Contrast => Theme::Light,
        };
        // A page opened from a file may have no storage: then the choice lasts
        // as long as the page, and nothing else is lost.
        let _ = document_element().set_attribute("data-theme", next.name());
        let storage = gloo::utils::window().local_storage().ok().flatten();
        if let Some(storage) = storage {
            let _ = storage.set_item(KEY, next.name());
        }
        next
    }
}
