use engine::Time;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::marks::MarkPaths;
use super::words::standing;

/// The least that an arrow key moves the slider by, in milliseconds.
const ARROW_MIN_MS: u64 = 100;
/// An arrow key moves it by one of so many parts of all the time.
const ARROWS: u64 = 100;

/// What [`TimelineSlider`] shows and whom it tells.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The earliest instant that can be gone back to.
    pub earliest: Time,
    /// The instant it is.
    pub now: Time,
    /// The latest instant that was reached.
    pub latest: Time,
    /// Whether what is shown was followed by something.
    pub is_in_past: bool,
    /// What happened between the two.
    pub marks: MarkPaths,
    /// An instant was chosen.
    pub on_scrub: Callback<Time>,
}

/// All the time there was, with marks for what happened: `slider "Timeline"`.
/// Its values are milliseconds of virtual time.
#[component]
pub fn TimelineSlider(props: &Props) -> Html {
    let (first, last) = (props.earliest.as_ms(), props.latest.as_ms());
    let range = Range {
        earliest: props.earliest,
        latest: props.latest,
    };
    let oninput = props
        .on_scrub
        .reform(move |event: InputEvent| range.instant(chosen(&event)));
    let onkeydown = {
        let on_scrub = props.on_scrub.clone();
        Callback::from(move |event: KeyboardEvent| {
            let by = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => -range.arrow_ms(),
                "ArrowRight" | "ArrowUp" => range.arrow_ms(),
                _ => return,
            };
            event.prevent_default();
            on_scrub.emit(range.instant(chosen(&event) + by));
        })
    };
    let now = props.now.to_string();
    let title = "Virtual time since this world began";
    html! {
        <div class={classes!("timeline", props.is_in_past.then_some("is-in-past"))}>
            <span class="now" {title}>{ now }</span>
            <span class="timeline-track">
                <svg
                    class="timeline-marks"
                    aria-hidden="true"
                    viewBox={format!("0 0 {} 1", MarkPaths::WIDTH)}
                    preserveAspectRatio="none"
                >
                    <path class="mark-change" d={props.marks.changes.clone()} />
                    <path class="mark-trouble" d={props.marks.troubles.clone()} />
                    <path class="mark-deed" d={props.marks.deeds.clone()} />
                </svg>
                <input
                    type="range"
                    aria-label="Timeline"
                    aria-valuetext={standing(props.now, props.latest, props.is_in_past)}
                    title="All that was since this world was opened. Marks above: what you did; below: what changed, and what went wrong"
                    min={first.to_string()}
                    max={last.max(first + 1).to_string()}
                    step="1"
                    value={props.now.as_ms().to_string()}
                    {oninput}
                    {onkeydown}
                />
            </span>
            <span class="latest" title="The latest instant that was reached">
                { if props.is_in_past { format!("of {}", props.latest) } else { "latest".to_owned() } }
            </span>
        </div>
    }
}

/// The milliseconds that the slider stands at.
fn chosen(event: &Event) -> i64 {
    let target = event.target();
    let slider = target.and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
    slider.map_or(0.0, |it| it.value_as_number()) as i64
}

/// From where to where the slider goes.
#[derive(Clone, Copy)]
struct Range {
    earliest: Time,
    latest: Time,
}

impl Range {
    /// The instant that is meant by a number of milliseconds: its ends are those
    /// of the history, to the microsecond.
    fn instant(&self, ms: i64) -> Time {
        let ms = ms.max(0).unsigned_abs();
        if ms >= self.latest.as_ms() {
            self.latest
        } else {
            Time::from_us(ms * 1_000).max(self.earliest)
        }
    }

    fn arrow_ms(&self) -> i64 {
        let all_ms = self.latest.us_since(self.earliest) / 1_000;
        (all_ms / ARROWS).max(ARROW_MIN_MS) as i64
    }
}
