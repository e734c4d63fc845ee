//! How offsets lie along a lane.

use std::rc::Rc;

/// How offsets lie along a lane: each record, marker of a transaction and hole
/// that is shown has a place of `cell` rem, the first of them at `x`. What lies
/// before `first` has no place of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetScale {
    /// The log start offset.
    pub start: i64,
    /// Where the log start is marked, in rem.
    pub start_x: f32,
    /// The first offset that has a place of its own.
    pub first: i64,
    /// The offset after the last one that has.
    pub end: i64,
    /// Where the place of `first` begins, in rem.
    pub x: f32,
    /// Where offsets between are pinned, in rem.
    pub pin_x: f32,
    /// The width of a place, in rem.
    pub cell: f32,
    /// The first offset of each place, ascending.
    pub places: Rc<[i64]>,
}

impl OffsetScale {
    /// Where the place of an offset begins, in rem, and whether that is but the
    /// edge beyond which it lies.
    pub fn place(&self, offset: i64) -> (f32, Pin) {
        if offset <= self.start {
            (self.start_x, Pin::None)
        } else if offset < self.first {
            (self.pin_x, Pin::Before)
        } else if offset > self.end {
            (self.at(self.end), Pin::After)
        } else {
            (self.at(offset), Pin::None)
        }
    }

    /// Whether a place of its own begins with this offset.
    pub(in crate::stage::scene) fn is_shown(&self, offset: i64) -> bool {
        self.places.binary_search(&offset).is_ok()
    }

    /// Where the place of an offset begins, in rem.
    pub(in crate::stage::scene) fn at(&self, offset: i64) -> f32 {
        let place = if offset >= self.end {
            self.places.len() as i64 + (offset - self.end)
        } else {
            let upto = self.places.partition_point(|first| *first <= offset);
            upto as i64 - 1
        };
        self.x + place as f32 * self.cell
    }
}

/// Whether a marker's offset lies among the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// It does: the marker is where it belongs.
    None,
    /// It lies among the records without cells.
    Before,
    /// It lies after the last one.
    After,
}
