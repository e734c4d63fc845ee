use gloo::utils::{document_element, window};

/// Whether the page is shown to a room: what is only for whoever works at it is
/// gone, and everything left is larger (`www/page.css`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Presenting(bool);

impl Presenting {
    pub fn is_on(self) -> bool {
        self.0
    }

    /// Begins to present, or ends it.
    pub fn toggled(self) -> Presenting {
        let root = document_element();
        // An attribute with a plain name is always taken.
        let _ = match self.0 {
            true => root.remove_attribute("data-presenting"),
            false => root.set_attribute("data-presenting", ""),
        };
        Presenting(!self.0)
    }

    /// The address that the room may type to have the same page; none where it
    /// is a file.
    pub fn address() -> Option<String> {
        let address = window().location().href().ok()?;
        address.starts_with("http").then_some(address)
    }
}
