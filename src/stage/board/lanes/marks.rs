//! The marks under a lane.

use yew::prelude::*;

use super::super::super::geometry::Rect;
use super::super::super::scene::{
    FLAG, GroupRow, Lane, LaneLabel, Marker, MarkerKind, SegmentMark,
};
use super::super::style::{at, color, view_box};

/// How far over a row's bottom its line runs, on which flag and arrow stand.
const GROUND: f32 = 0.17;

#[derive(Properties, PartialEq)]
pub(super) struct LaneMarksProps {
    pub rect: Rect,
    pub track: Rect,
    pub markers: Vec<Marker>,
    pub segments: Vec<SegmentMark>,
    pub rows: Vec<GroupRow>,
}

/// All shapes under one lane: ticks of the log, flags and arrows of groups.
#[component]
pub(super) fn LaneMarks(props: &LaneMarksProps) -> Html {
    html! {
        <svg class="marks" viewBox={view_box(&props.rect)} style={at(&props.rect)}>
            { for props.segments.iter().map(|it| segment(it, &props.track)) }
            { for props.markers.iter().map(|it| tick(it, &props.track)) }
            { for props.rows.iter().map(|it| group_marks(it, &props.track)) }
        </svg>
    }
}

/// Where a segment begins: a notch from above.
fn segment(mark: &SegmentMark, track: &Rect) -> Html {
    let (x, top) = (mark.x, track.y - 0.22);
    let d = format!(
        "M{:.2} {top:.2}H{:.2}L{x:.2} {:.2}ZM{x:.2} {:.2}V{:.2}",
        x - 0.28,
        x + 0.28,
        top + 0.4,
        top + 0.4,
        track.bottom() + 0.1,
    );
    html! { <path key={format!("segment {}", mark.base_offset)} class="segment" {d} /> }
}

fn tick(marker: &Marker, track: &Rect) -> Html {
    // Where both are at one offset, both must be seen.
    let aside = match marker.kind {
        MarkerKind::HighWatermark => -0.09,
        MarkerKind::LogEnd => 0.09,
        _ => 0.0,
    };
    let (x, top, bottom) = (marker.x + aside, track.y - 0.1, track.bottom() + 0.95);
    let (class, d) = match marker.kind {
        MarkerKind::LogStart => ("tick", format!("M{x:.2} {top:.2}V{bottom:.2}")),
        // A fork under the cells.
        MarkerKind::LastStable => {
            let y = track.bottom();
            let d = format!(
                "M{:.2} {:.2}L{x:.2} {:.2}L{:.2} {:.2}M{x:.2} {:.2}V{bottom:.2}",
                x - 0.3,
                y + 0.1,
                y + 0.42,
                x + 0.3,
                y + 0.1,
                y + 0.42,
            );
            ("tick tick-stable", d)
        }
        // Under the cells only: it is thick, and keys are written up to a
        // cell's edge.
        MarkerKind::HighWatermark => (
            "tick tick-watermark",
            format!("M{x:.2} {:.2}V{bottom:.2}", track.bottom()),
        ),
        _ => (
            "tick tick-end",
            format!("M{:.2} {:.2}h0.5M{x:.2} {top:.2}V{bottom:.2}", x, top),
        ),
    };
    html! { <path key={format!("{:?}", marker.kind)} {class} {d} /> }
}

/// How far a group has read: a line up to what is committed, dashed on to the
/// position; a flag and an arrow at their ends.
fn group_marks(row: &GroupRow, track: &Rect) -> Html {
    let ground = row.rect.bottom() - GROUND;
    let end = |kind| {
        let found = row.markers.iter().find(|marker| marker.kind == kind);
        found.map(|marker| marker.x)
    };
    let committed = end(MarkerKind::Committed);
    let position = end(MarkerKind::Position);
    let read = committed.unwrap_or(track.x);
    html! {
        <g key={row.group.clone()} class="group-marks" style={color(row.ink)}>
            if let Some(lag) = &row.lag_bar {
                <rect
                    class="lag-bar"
                    x={lag.rect.x.to_string()}
                    y={lag.rect.y.to_string()}
                    width={lag.rect.width.to_string()}
                    height={lag.rect.height.to_string()}
                />
            }
            <path class="read" d={format!("M{:.2} {ground:.2}H{read:.2}", track.x)} />
            if let Some(position) = position {
                <path
                    class="read read-uncommitted"
                    d={format!("M{read:.2} {ground:.2}H{position:.2}")}
                />
            }
            { for row.markers.iter().map(|it| group_mark(it, &row.rect)) }
        </g>
    }
}

fn group_mark(marker: &Marker, row: &Rect) -> Html {
    let (x, top, bottom) = (marker.x, row.y + 0.05, row.bottom() - GROUND);
    let (class, d) = match marker.kind {
        MarkerKind::Committed => (
            "flag",
            format!(
                "M{x:.2} {bottom:.2}V{top:.2}L{:.2} {:.2}L{x:.2} {:.2}Z",
                x - FLAG,
                top + 0.28,
                top + 0.58
            ),
        ),
        _ => (
            "position",
            format!(
                "M{:.2} {top:.2}L{:.2} {bottom:.2}H{:.2}Z",
                x + 0.4,
                x + 0.74,
                x + 0.06
            ),
        ),
    };
    html! { <path key={format!("{:?}", marker.kind)} {class} {d} /> }
}

/// What is written beside the marks of a lane.
pub(super) fn labels(lane: &Lane) -> Html {
    html! { <div>{ for lane.labels().into_iter().map(label) }</div> }
}

fn label(label: LaneLabel) -> Html {
    let class = if label.is_left {
        "label label-left"
    } else {
        "label"
    };
    html! { <div key={label.key} {class} style={at(&label.rect)}>{ label.text }</div> }
}
