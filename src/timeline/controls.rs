use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::clock::{SPEED_EXPONENT_MAX, SPEED_EXPONENT_MIN, speed_text};

/// What [`TimeControls`] shows and whom it tells.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Whether time passes.
    pub playing: bool,
    /// Whether there is anything to go back to.
    pub can_go_back: bool,
    /// The speed's decimal logarithm.
    pub speed_exponent: f64,
    /// Play, or pause.
    pub on_toggle: Callback<()>,
    /// To before the last step.
    pub on_step_back: Callback<()>,
    /// One step on.
    pub on_step: Callback<()>,
    /// The speed's decimal logarithm was set.
    pub on_speed: Callback<f64>,
}

/// Play, pause, step back, step and speed: always in sight.
#[component]
pub fn TimeControls(props: &Props) -> Html {
    let on_toggle = props.on_toggle.reform(|_: MouseEvent| ());
    let on_step_back = props.on_step_back.reform(|_: MouseEvent| ());
    let on_step = props.on_step.reform(|_: MouseEvent| ());
    let on_speed = props.on_speed.reform(|event: InputEvent| {
        let slider: HtmlInputElement = event.target_unchecked_into();
        slider.value_as_number()
    });
    let toggle = if props.playing { "Pause" } else { "Play" };
    let icon = if props.playing { "❚❚" } else { "▶" };
    let speed = speed_text(10f64.powf(props.speed_exponent));
    html! {
        <div class="time-controls" role="group" aria-label="Time">
            <button type="button" class="primary" onclick={on_toggle} title="Space">
                <span class="icon" aria-hidden="true">{ icon }</span>{ toggle }
            </button>
            <button type="button" onclick={on_step_back} title="← or Page Up" aria-disabled={(!props.can_go_back).to_string()}>
                <span class="icon" aria-hidden="true">{ "❘◂" }</span><span class="name">{ "Step back" }</span>
            </button>
            <button type="button" onclick={on_step} title="→ or Page Down">
                <span class="icon" aria-hidden="true">{ "▸❘" }</span><span class="name">{ "Step" }</span>
            </button>
            <label class="speed">
                <span aria-hidden="true">{ "Speed" }</span>
                <input
                    type="range"
                    aria-label="Speed"
                    aria-valuetext={speed.clone()}
                    min={SPEED_EXPONENT_MIN.to_string()}
                    max={SPEED_EXPONENT_MAX.to_string()}
                    step="0.1"
                    value={props.speed_exponent.to_string()}
                    oninput={on_speed}
                />
                <output aria-hidden="true">{ speed }</output>
            </label>
        </div>
    }
}
