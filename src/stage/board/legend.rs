//! What the marks mean.

use yew::prelude::*;

use super::super::By;
use super::super::geometry::Rect;
use super::style::at;

/// A mark: its path in a square of 16, the class that gives it its looks, and
/// what it means.
type Mark = (&'static str, &'static str, &'static str);

/// What stands at lanes.
const LANES: [Mark; 4] = [
    ("M8 1V15", "legend-watermark", "HW high watermark"),
    ("M5 2H10M5 2V15", "legend-line", "LEO log end"),
    ("M11 15V2L2 6L11 10Z", "legend-full", "committed"),
    ("M8 2L14 14H2Z", "legend-line", "position (reads next)"),
];

/// What stands at replicas.
const REPLICAS: [Mark; 5] = [
    ("M1 5H15V11H1Z", "legend-committed", "below HW (committed)"),
    ("M1 5H15V11H1Z", "legend-stored", "stored, up to LEO"),
    (
        "M1 5H15V11H1Z",
        "legend-lacking",
        "the leader has more (lag)",
    ),
    ("M2 2H14V14H2Z", "legend-full", "leads"),
    ("M2 2H14V14H2Z", "legend-line", "follows"),
];

/// What flies.
const PACKETS: [Mark; 6] = [
    ("M1 3H15V13H1Z", "legend-key", "records"),
    (
        "M8 2A6 6 0 1 1 7.9 2M5 8L7.5 10.5L11 5.5",
        "legend-line",
        "ack",
    ),
    ("M14 8L2 13L5 8L2 3Z", "legend-full", "fetch"),
    ("M8 1L15 8L8 15L1 8Z", "legend-full", "group"),
    (
        "M8 1L14 4.5V11.5L8 15L2 11.5V4.5Z",
        "legend-full",
        "metadata, admin",
    ),
    ("M8 1L15 8L8 15L1 8Z", "legend-line", "hollow: an answer"),
];

#[derive(Properties, PartialEq)]
pub(super) struct LegendProps {
    pub by: By,
    pub rect: Rect,
}

/// A line of marks with what they mean.
#[component]
pub(super) fn Legend(props: &LegendProps) -> Html {
    let item = |(path, class, text): &Mark| {
        html! {
            <span key={*text} class="legend-item">
                <svg class={*class} viewBox="0 0 16 16"><path d={*path} /></svg>
                { *text }
            </span>
        }
    };
    let own: &[Mark] = match props.by {
        By::Topic => &LANES,
        By::Broker => &REPLICAS,
    };
    html! {
        <div class="legend" style={at(&props.rect)}>
            { for own.iter().chain(&PACKETS).map(item) }
        </div>
    }
}
