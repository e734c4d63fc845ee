use gloo::utils::window;
use yew::prelude::*;

/// Where the choice is kept between visits.
const KEY: &str = "kafka-lanes.captions";
const SILENT: &str = "silent";

/// Whether screen readers speak each caption as it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Spoken,
    Silent,
}

impl Speech {
    /// What was chosen last time; captions are spoken until they are silenced.
    pub fn current() -> Speech {
        let storage = window().local_storage().ok().flatten();
        let chosen = storage.and_then(|storage| storage.get_item(KEY).ok().flatten());
        match chosen.as_deref() {
            Some(SILENT) => Speech::Silent,
            _ => Speech::Spoken,
        }
    }

    /// The other.
    pub fn toggled(self) -> Speech {
        let (next, name) = match self {
            Speech::Spoken => (Speech::Silent, SILENT),
            Speech::Silent => (Speech::Spoken, "spoken"),
        };
        // A page opened from a file may have no storage: then the choice lasts
        // as long as the page.
        if let Some(storage) = window().local_storage().ok().flatten() {
            let _ = storage.set_item(KEY, name);
        }
        next
    }

    /// For `aria-live`.
    pub fn live(self) -> &'static str {
        match self {
            Speech::Spoken => "polite",
            Speech::Silent => "off",
        }
    }
}

/// What [`SpeechButton`] shows, and whom it tells.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What is chosen.
    pub speech: Speech,
    /// It was pressed.
    pub on_toggle: Callback<()>,
}

/// Has the captions spoken, or silent.
#[component]
pub(super) fn SpeechButton(props: &Props) -> Html {
    let is_spoken = props.speech == Speech::Spoken;
    let onclick = props.on_toggle.reform(|_: MouseEvent| ());
    let waves = match is_spoken {
        true => "M11 5.5a3.5 3.5 0 0 1 0 5M13 3.5a6.3 6.3 0 0 1 0 9",
        false => "M11 6l4 4M15 6l-4 4",
    };
    html! {
        <button
            type="button"
            class="speech"
            aria-label="Speak captions"
            aria-pressed={is_spoken.to_string()}
            title={if is_spoken { "Screen readers speak captions: silence them" } else { "Captions are silent: let screen readers speak them" }}
            {onclick}
        >
            <svg viewBox="0 0 16 16" aria-hidden="true">
                <path class="speech-cone" d="M2 6h3l4-3.5v11L5 10H2Z" />
                <path d={waves} />
            </svg>
        </button>
    }
}
