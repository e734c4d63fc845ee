use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::Callback;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortcut {
    TogglePlay,
    Pause,
    Step,
    StepBack,
    Help,
    Rearrange,
    Present,
    Search,
    Metrics,
    Close,
}

/// Hears the keys of the whole page, but for those that are typed into a field.
pub(super) struct KeyListener {
    _listener: EventListener,
}

impl KeyListener {
    pub fn new(on_key: Callback<Shortcut>) -> KeyListener {
        let document = gloo::utils::document();
        let options = EventListenerOptions::enable_prevent_default();
        let listener =
            EventListener::new_with_options(&document, "keydown", options, move |event| {
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                    return;
                };
                let modified = event.ctrl_key() || event.alt_key() || event.meta_key();
                if modified || event.default_prevented() {
                    return;
                }
                if let Some(shortcut) = shortcut(&event.key(), target(event).as_deref()) {
                    event.prevent_default();
                    on_key.emit(shortcut);
                }
            });
        KeyListener {
            _listener: listener,
        }
    }
}

/// The tag of the element that has the focus, `range` for a slider; anywhere in
/// the terminal counts as its field.
fn target(event: &KeyboardEvent) -> Option<String> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    if element
        .closest(".terminal-screens")
        .ok()
        .flatten()
        .is_some()
    {
        return Some("input".to_owned());
    }
    if element.get_attribute("type").as_deref() == Some("range") {
        return Some("range".to_owned());
    }
    Some(element.tag_name().to_ascii_lowercase())
}

/// What a key asks for where the focus is on an element with this tag. Fields
/// keep all their keys but Escape, sliders keep those that move them but for the
/// clicker's, and buttons keep those that press them.
fn shortcut(key: &str, focus: Option<&str>) -> Option<Shortcut> {
    let typing = matches!(focus, Some("input" | "textarea" | "select"));
    let pressing = matches!(focus, Some("button" | "a" | "summary"));
    let sliding = focus == Some("range");
    match key {
        "Escape" => Some(Shortcut::Close),
        _ if typing => None,
        "ArrowLeft" | "ArrowRight" if sliding => None,
        " " if pressing => None,
        " " => Some(Shortcut::TogglePlay),
        "." => Some(Shortcut::Pause),
        "ArrowRight" | "PageDown" => Some(Shortcut::Step),
        "ArrowLeft" | "PageUp" => Some(Shortcut::StepBack),
        "?" => Some(Shortcut::Help),
        "b" | "B" => Some(Shortcut::Rearrange),
        "f" | "F" => Some(Shortcut::Present),
        "/" => Some(Shortcut::Search),
        "m" | "M" => Some(Shortcut::Metrics),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_alone_where_they_are_typed() {
        assert_eq!(shortcut(" ", None), Some(Shortcut::TogglePlay));
        assert_eq!(shortcut(" ", Some("input")), None);
        assert_eq!(shortcut(" ", Some("button")), None);
        assert_eq!(shortcut("PageDown", Some("button")), Some(Shortcut::Step));
        assert_eq!(shortcut("PageUp", None), Some(Shortcut::StepBack));
        assert_eq!(shortcut("ArrowLeft", None), Some(Shortcut::StepBack));
        assert_eq!(shortcut("ArrowLeft", Some("input")), None);
        assert_eq!(shortcut("Escape", Some("input")), Some(Shortcut::Close));
        assert_eq!(shortcut("b", None), Some(Shortcut::Rearrange));
        assert_eq!(shortcut("b", Some("button")), Some(Shortcut::Rearrange));
        assert_eq!(shortcut("b", Some("input")), None);
        assert_eq!(shortcut("f", None), Some(Shortcut::Present));
        assert_eq!(shortcut("f", Some("input")), None);
        assert_eq!(shortcut("m", None), Some(Shortcut::Metrics));
        assert_eq!(shortcut("m", Some("textarea")), None);
        assert_eq!(shortcut("x", None), None);
    }

    /// Who has dragged the timeline and takes the clicker again steps.
    #[test]
    fn sliders_keep_their_arrows_and_leave_the_clicker_its_keys() {
        assert_eq!(shortcut("ArrowLeft", Some("range")), None);
        assert_eq!(shortcut("ArrowRight", Some("range")), None);
        assert_eq!(shortcut("Home", Some("range")), None);
        assert_eq!(shortcut("PageDown", Some("range")), Some(Shortcut::Step));
        assert_eq!(shortcut("PageUp", Some("range")), Some(Shortcut::StepBack));
        assert_eq!(shortcut(" ", Some("range")), Some(Shortcut::TogglePlay));
    }
}
