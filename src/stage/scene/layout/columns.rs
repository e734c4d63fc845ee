//! Columns: how wide they are, and how they are filled from above.

use engine::World;

use super::super::view::FITTED_LEAST;
use super::super::{Arrangement, By, View, brokers};
use crate::stage::geometry::Rect;

/// From this width on, in rem, the columns stand side by side.
pub const COLUMNS_FROM: f32 = 64.0;
/// The width at which a board keeps its columns is found in such steps, in rem.
const KEPT_STEP: f32 = 0.25;

/// What is left free at the edges of a board, in rem.
pub(super) const EDGE: f32 = 0.75;
/// Between the things in a column, in rem.
pub(super) const GAP: f32 = 0.9;
/// The narrowest box of a producer, in rem.
pub(super) const PRODUCER_WIDTH_MIN: f32 = 14.2;

/// How the width of a board is shared out; the middle gets what is left.
pub(super) struct Widths {
    pub gap: f32,
    pub left: f32,
    pub right: f32,
}

impl Widths {
    /// Racks need more room than lanes, and less between the columns.
    pub fn of(by: By, width: f32) -> Widths {
        match by {
            By::Topic => Widths {
                gap: (width * 0.045).clamp(3.5, 7.0),
                left: (width * 0.18).clamp(PRODUCER_WIDTH_MIN, 18.0),
                right: (width * 0.27).clamp(17.0, 25.0),
            },
            By::Broker => Widths {
                gap: (width * 0.045).clamp(3.2, 6.0),
                left: (width * 0.16).clamp(PRODUCER_WIDTH_MIN, 17.0),
                right: (width * 0.21).clamp(17.0, 23.0),
            },
        }
    }

    /// What is left for the middle.
    pub fn middle(&self, width: f32) -> f32 {
        width - 2.0 * EDGE - 2.0 * self.gap - self.left - self.right
    }
}

/// The narrowest board, in rem, that keeps its columns beside a panel: brokers
/// stand side by side in the middle as they do without it, as long as all of it
/// can be seen then.
pub(super) fn kept_width(world: &World, view: &View) -> f32 {
    let by = view.by;
    let middle = match by {
        By::Topic => 0.0,
        By::Broker => brokers::width_of_a_row(world),
    };
    let is_enough = |width: &f32| Widths::of(by, *width).middle(*width) >= middle;
    let mut widths = (0..=200_u8).map(|step| COLUMNS_FROM + f32::from(step) * KEPT_STEP);
    let wanted = widths.find(is_enough).unwrap_or(COLUMNS_FROM);
    let most = view.room.width_rem / FITTED_LEAST;
    wanted.min(most).max(COLUMNS_FROM)
}

/// A column: its left edge, how far down it is filled, and its width.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub x: f32,
    pub y: f32,
    pub width: f32,
}

impl Column {
    /// Takes room for something of this height and the gap under it.
    pub fn take(&mut self, height: f32) -> Rect {
        let rect = Rect::new(self.x, self.y, self.width, height);
        self.y += height + GAP;
        rect
    }

    pub fn place(&self, arrangement: Arrangement) -> brokers::Place {
        brokers::Place {
            x: self.x,
            y: self.y,
            width: self.width,
            arrangement,
        }
    }
}
