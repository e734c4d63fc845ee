//! What the marks mean.

use yew::prelude::*;

use super::super::geometry::Rect;
use super::super::scene::Sign;
use super::style::at;

#[derive(Properties, PartialEq)]
pub(super) struct LegendProps {
    pub rect: Rect,
    pub signs: Vec<Sign>,
}

/// Marks with what they mean.
#[component]
pub(super) fn Legend(props: &LegendProps) -> Html {
    let item = |sign: &Sign| {
        let (class, path) = drawn(*sign);
        html! {
            <span key={sign.text()} class="legend-item">
                <svg {class} viewBox="0 0 16 16"><path d={path} /></svg>
                { sign.text() }
            </span>
        }
    };
    html! {
        <div class="legend" style={at(&props.rect)}>{ for props.signs.iter().map(item) }</div>
    }
}

/// A mark's looks, and its path in a square of 16.
fn drawn(sign: Sign) -> (&'static str, &'static str) {
    match sign {
        Sign::Watermark => ("legend-watermark", "M8 1V15"),
        Sign::Stable => ("legend-line", "M4 3L8 8L12 3M8 8V15"),
        Sign::LogEnd => ("legend-line", "M5 2H10M5 2V15"),
        Sign::Committed => ("legend-full", "M11 15V2L2 6L11 10Z"),
        Sign::Position => ("legend-line", "M8 2L14 14H2Z"),
        Sign::Lag => ("legend-lag", "M1 6H15V11H1Z"),
        Sign::NoReader => ("legend-line", "M1 9L7 3M1 15L13 3M7 15L15 7M13 15L15 13"),
        Sign::Open => ("legend-open", "M1 3H15V13H1Z"),
        Sign::Aborted => ("legend-aborted", "M1 3H15V13H1ZM1 3L15 13M15 3L1 13"),
        Sign::CommittedRecord => ("legend-key", "M1 3H15V13H1Z"),
        Sign::Control => ("legend-line", "M8 1L13 8L8 15L3 8Z"),
        Sign::Hole => ("legend-hole", "M1 3H15V13H1Z"),
        Sign::Segment => ("legend-full", "M4 1H12L8 6ZM7.5 6V15H8.5V6Z"),
        Sign::Acquired => ("legend-full", "M8 3A5 5 0 1 1 7.9 3Z"),
        Sign::Acknowledged => ("legend-line", "M3 8L7 12L13 4"),
        Sign::Released => ("legend-line", "M4 3V8H9M4.5 8A5 5 0 1 1 6 12"),
        Sign::Archived => ("legend-line", "M4 4L12 12M12 4L4 12"),
        Sign::StoredByAll => ("legend-committed", "M1 5H15V11H1Z"),
        Sign::Stored => ("legend-stored", "M1 5H15V11H1Z"),
        Sign::Lacking => ("legend-lacking", "M1 11L5 5M5 11L9 5M9 11L13 5M13 11L15 8"),
        Sign::Leads => ("legend-full", "M2 2H14V14H2Z"),
        Sign::Follows => ("legend-line", "M2 2H14V14H2Z"),
        Sign::Records => ("legend-key", "M1 3H15V13H1Z"),
        Sign::Acknowledgement => ("legend-line", "M8 2A6 6 0 1 1 7.9 2M5 8L7.5 10.5L11 5.5"),
        Sign::Fetch => ("legend-full", "M14 8L2 13L5 8L2 3Z"),
        Sign::Group => ("legend-full", "M8 1L15 8L8 15L1 8Z"),
        Sign::Cluster => ("legend-full", "M8 1L14 4.5V11.5L8 15L2 11.5V4.5Z"),
        Sign::Answer => ("legend-line", "M8 1L15 8L8 15L1 8Z"),
    }
}
