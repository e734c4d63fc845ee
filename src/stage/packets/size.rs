//! How large marks are, in rem.

use super::super::scene::{Arrangement, text_length};
use super::{PacketMark, Shape};

/// Half the height of a flying cell.
const CELL_HALF: f32 = 0.65;
const CELL_WIDTH_MIN: f32 = 1.9;
const CHARACTER: f32 = 0.5;
const RING: f32 = 0.36;
const CHEVRON: f32 = 0.4;
const DIAMOND: f32 = 0.6;
const HEXAGON: f32 = 0.52;
/// What matters little is smaller.
const FAINT: f32 = 0.7;
/// The margins of a stacked board are narrow.
const STACKED: f32 = 0.8;

/// How large marks are on a board, 1 being as large as they may be.
pub(super) fn scale(arrangement: Arrangement) -> f32 {
    match arrangement {
        Arrangement::Columns => 1.0,
        Arrangement::Stacked => STACKED,
    }
}

/// How many characters of a key a flying cell has room for.
pub(super) fn letters(arrangement: Arrangement) -> usize {
    match arrangement {
        Arrangement::Columns => 6,
        Arrangement::Stacked => 4,
    }
}

impl PacketMark {
    /// Half its width and half its height.
    pub fn half_size(&self) -> (f32, f32) {
        let (width, height) = match self.shape {
            Shape::Records | Shape::FetchedRecords => {
                let text = text_length(&self.text) as f32 * CHARACTER + 0.6;
                (text.max(CELL_WIDTH_MIN) / 2.0, CELL_HALF)
            }
            _ => (self.radius(), self.radius()),
        };
        (width * self.scale, height * self.scale)
    }

    fn radius(&self) -> f32 {
        let full = match self.shape {
            Shape::Group => DIAMOND,
            Shape::Cluster => HEXAGON,
            Shape::Fetch => CHEVRON,
            _ => RING,
        };
        if self.is_faint { full * FAINT } else { full }
    }
}
