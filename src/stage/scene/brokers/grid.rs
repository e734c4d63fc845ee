//! Which broker stands in which rack, column and row.

use engine::collections::BTreeMap;

use engine::World;

/// The narrowest box of a broker, in rem.
const BROKER_MIN: f32 = 10.2;
/// So many brokers stay side by side where a panel takes some of the room.
const KEPT_IN_A_ROW: usize = 3;
/// Between boxes, and between racks, in rem.
pub(super) const GAP: f32 = 0.9;
/// Between a rack's frame and what is in it, in rem.
const FRAME_PAD: f32 = 0.35;

/// Racks side by side as far as there is room, then below each other; in each
/// its brokers, side by side as far as there is room.
pub(super) struct Grid {
    /// The racks, by name; those without a name first.
    pub racks: Vec<(Option<String>, Vec<i32>)>,
    /// Whether any broker has a rack.
    pub is_named: bool,
    /// How many racks stand side by side.
    racks_in_a_row: usize,
    /// The width of a rack's frame, in rem.
    pub frame_width: f32,
    /// How many brokers stand side by side in a rack.
    brokers_in_a_row: usize,
    /// The width of a broker's box, in rem.
    pub box_width: f32,
}

/// A row of brokers that stand at one height, over all racks side by side.
pub(super) struct Row {
    /// Each broker with the place of its rack and its column there.
    pub brokers: Vec<(i32, usize, usize)>,
    /// Whether racks begin with it.
    pub is_first_of_racks: bool,
}

/// The brokers of each rack, and whether any broker has one.
fn racks_of(world: &World) -> (BTreeMap<Option<String>, Vec<i32>>, bool) {
    let mut racks: BTreeMap<Option<String>, Vec<i32>> = BTreeMap::new();
    for broker in world.brokers().values() {
        racks
            .entry(broker.rack.clone())
            .or_default()
            .push(broker.id);
    }
    let is_named = racks.keys().any(Option::is_some);
    (racks, is_named)
}

/// What the frame of a rack takes beside the boxes in it, in rem.
fn pad_of_frame(is_named: bool) -> f32 {
    if is_named { 2.0 * FRAME_PAD } else { 0.0 }
}

/// The width in which the first brokers stand side by side, in rem: in racks
/// beside each other, or in one rack.
pub(in crate::stage) fn width_of_a_row(world: &World) -> f32 {
    let (racks, is_named) = racks_of(world);
    let most = racks.values().map(Vec::len).max().unwrap_or(0);
    let beside = racks.len().clamp(1, KEPT_IN_A_ROW);
    let in_each = most.clamp(1, KEPT_IN_A_ROW / beside);
    let boxes = (beside * in_each) as f32;
    boxes * (BROKER_MIN + GAP) - GAP + beside as f32 * pad_of_frame(is_named)
}

impl Grid {
    pub fn of(world: &World, width: f32) -> Grid {
        let (racks, is_named) = racks_of(world);
        let pad = pad_of_frame(is_named);
        let fit = |room: f32, least: f32| (((room + GAP) / (least + GAP)).floor() as usize).max(1);
        let share = |room: f32, count: usize| (room - (count - 1) as f32 * GAP) / count as f32;
        let racks_in_a_row = fit(width, BROKER_MIN + pad).min(racks.len()).max(1);
        let frame_width = share(width, racks_in_a_row);
        let most = racks.values().map(Vec::len).max().unwrap_or(1);
        let brokers_in_a_row = fit(frame_width - pad, BROKER_MIN).min(most).max(1);
        Grid {
            racks: racks.into_iter().collect(),
            is_named,
            racks_in_a_row,
            frame_width,
            brokers_in_a_row,
            box_width: share(frame_width - pad, brokers_in_a_row),
        }
    }

    /// All rows, from above.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (band, racks) in self.racks.chunks(self.racks_in_a_row).enumerate() {
            let most = racks.iter().map(|(_, ids)| ids.len()).max().unwrap_or(0);
            for row in 0..most.div_ceil(self.brokers_in_a_row) {
                let mut brokers = Vec::new();
                for (number, (_, ids)) in racks.iter().enumerate() {
                    let rack = band * self.racks_in_a_row + number;
                    let chunk = ids.chunks(self.brokers_in_a_row).nth(row);
                    let chunk = chunk.unwrap_or_default().iter().enumerate();
                    brokers.extend(chunk.map(|(column, id)| (*id, rack, column)));
                }
                rows.push(Row {
                    brokers,
                    is_first_of_racks: row == 0,
                });
            }
        }
        rows
    }

    /// How far to the right the frame of a rack begins.
    pub fn frame_x(&self, rack: usize) -> f32 {
        (rack % self.racks_in_a_row) as f32 * (self.frame_width + GAP)
    }

    /// How far to the right a broker's box begins.
    pub fn box_x(&self, rack: usize, column: usize) -> f32 {
        self.frame_x(rack) + self.pad() + column as f32 * (self.box_width + GAP)
    }

    /// What is left free inside of a frame.
    pub fn pad(&self) -> f32 {
        if self.is_named { FRAME_PAD } else { 0.0 }
    }
}
