//! What is written beside the marks of a lane, and where.

use super::super::geometry::Rect;
use super::words::text_length;
use super::{Lane, Marker, MarkerKind, Pin};

/// How far a committed offset's flag reaches to the left of its pole, in rem.
pub const FLAG: f32 = 0.66;

/// How near a text comes to the board's left edge, in rem.
const EDGE: f32 = 0.1;
const HEIGHT: f32 = 1.1;
/// Wider than most characters are.
const CHARACTER: f32 = 0.56;

/// A text beside a mark.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneLabel {
    /// Tells it from the others of its lane.
    pub key: String,
    /// What it says.
    pub text: String,
    /// Whether it stands to the left of its mark, and ends there.
    pub is_left: bool,
    /// Where.
    pub rect: Rect,
}

impl Lane {
    /// The texts beside the marks of its log and of its groups.
    pub fn labels(&self) -> Vec<LaneLabel> {
        let under = self.track.bottom();
        let of_log = self
            .markers
            .iter()
            .filter_map(|it| label(it, under, (0.26, 0.26), ""));
        let of_groups = self.rows.iter().flat_map(|row| {
            row.markers.iter().filter_map(|it| {
                let left = match it.kind {
                    MarkerKind::Committed => FLAG + 0.08,
                    _ => 0.1,
                };
                label(it, row.rect.y, (left, 0.82), &row.group)
            })
        });
        of_log.chain(of_groups).collect()
    }
}

fn label(marker: &Marker, y: f32, (left, right): (f32, f32), group: &str) -> Option<LaneLabel> {
    let text = match marker.pin {
        _ if marker.label.is_empty() => return None,
        Pin::None => marker.label.clone(),
        Pin::Before => format!("← {}", marker.label),
        Pin::After => format!("{} →", marker.label),
    };
    let width = text_length(&text) as f32 * CHARACTER + 0.2;
    let x = if marker.label_left {
        // On a phone a long text would begin outside the board: rather it
        // reaches over its mark.
        (marker.x - left - width).max(EDGE)
    } else {
        marker.x + right
    };
    Some(LaneLabel {
        key: format!("{:?} {group}", marker.kind),
        text,
        is_left: marker.label_left,
        rect: Rect::new(x, y, width, HEIGHT),
    })
}
