//! Where each box of the racks stands, and what is in it.

use engine::TopicPartition;

use super::super::super::geometry::Rect;
use super::super::short_text;
use super::content::{Content, PAD, TILE_GAP_X};
use super::grid::{GAP, Grid, Row};
use super::links::{TRACK_HEIGHT, Track};
use super::{BrokerBox, RackFrame, Replica, TopicGroup};
use engine::sorting::sort_by_key;

const NAME_HEIGHT: f32 = 1.7;
const LINE_HEIGHT: f32 = 1.1;
/// Between a broker's header and what it holds.
const UNDER_HEADER: f32 = 0.3;
const TILE_HEIGHT: f32 = 3.1;
/// Under each row of tiles: ribbons run there.
const TILE_GAP_Y: f32 = 0.5;
const CHIP_WIDTH: f32 = 1.7;
const CHIP_HEIGHT: f32 = 1.35;
const CHIP_GAP: f32 = 0.25;
const RACK_HEADER: f32 = 1.5;
const RACK_PAD: f32 = 0.4;
/// The height of a bar, and what is kept free beside it for numbers.
const BAR_HEIGHT: f32 = 0.5;
const BAR_TEXT: f32 = 3.9;

/// Racks and brokers, in place.
pub(super) struct Placed {
    pub racks: Vec<RackFrame>,
    pub brokers: Vec<BrokerBox>,
    pub tracks: Vec<Track>,
    pub bottom: f32,
}

/// Puts everything in place, with this top left corner.
pub(super) fn place(
    content: Content,
    grid: &Grid,
    mut tracks: Vec<Track>,
    x: f32,
    y: f32,
) -> Placed {
    let mut placer = Placer {
        content,
        grid,
        x,
        y,
        racks: Vec::new(),
        brokers: Vec::new(),
    };
    for (number, row) in grid.rows().iter().enumerate() {
        if row.is_first_of_racks {
            placer.end_racks();
            placer.begin_racks(row);
        }
        let mut count = 0.0;
        for track in tracks.iter_mut().filter(|track| track.row == number) {
            track.y = placer.y + (count + 0.5) * TRACK_HEIGHT;
            count += 1.0;
        }
        placer.y += count * TRACK_HEIGHT;
        placer.row(row);
    }
    placer.end_racks();
    sort_by_key(&mut placer.brokers, |it| it.id);
    Placed {
        racks: placer.racks,
        brokers: placer.brokers,
        tracks,
        bottom: placer.y - GAP,
    }
}

struct Placer<'a> {
    content: Content,
    grid: &'a Grid,
    x: f32,
    y: f32,
    racks: Vec<RackFrame>,
    brokers: Vec<BrokerBox>,
}

impl Placer<'_> {
    fn begin_racks(&mut self, row: &Row) {
        let mut racks: Vec<usize> = row.brokers.iter().map(|(_, rack, _)| *rack).collect();
        racks.dedup();
        for rack in racks {
            let x = self.x + self.grid.frame_x(rack);
            let width = self.grid.frame_width;
            self.racks.push(RackFrame {
                rack: self.grid.racks[rack].0.clone(),
                is_named: self.grid.is_named,
                rect: Rect::new(x, self.y, width, 0.0),
                header: Rect::new(
                    x + RACK_PAD,
                    self.y,
                    width - 2.0 * RACK_PAD,
                    if self.grid.is_named { RACK_HEADER } else { 0.0 },
                ),
            });
        }
        if self.grid.is_named {
            self.y += RACK_HEADER;
        }
    }

    /// All racks that stand side by side end at the same height.
    fn end_racks(&mut self) {
        let pad = if self.grid.is_named { RACK_PAD } else { 0.0 };
        let open = self.racks.iter_mut().filter(|it| it.rect.height == 0.0);
        let mut any = false;
        for rack in open {
            rack.rect.height = self.y - GAP + pad - rack.rect.y;
            any = true;
        }
        if any {
            self.y += pad;
        }
    }

    /// A row of boxes of one height, whose headers are of one height too.
    fn row(&mut self, row: &Row) {
        let ids = row.brokers.iter();
        let mut boxes: Vec<(BrokerBox, f32)> = ids
            .filter_map(|(id, rack, column)| {
                let x = self.x + self.grid.box_x(*rack, *column);
                Some((self.content.brokers.remove(id)?, x))
            })
            .collect();
        let lines = boxes.iter().map(|(it, _)| it.lines.len()).max();
        let header = NAME_HEIGHT + lines.unwrap_or(0) as f32 * LINE_HEIGHT;
        let mut bottom = self.y;
        for (filled, x) in &mut boxes {
            let mut filler = Filler {
                x: *x + PAD,
                y: self.y + header + UNDER_HEADER,
                width: self.grid.box_width - 2.0 * PAD,
                columns: self.content.tile_columns,
                slots: self.content.slots.as_deref(),
            };
            filled.header = Rect::new(*x, self.y, self.grid.box_width, header);
            filler.fill(filled);
            bottom = bottom.max(filler.y);
        }
        for (mut filled, x) in boxes {
            let height = bottom + PAD - self.y;
            filled.rect = Rect::new(x, self.y, self.grid.box_width, height);
            self.brokers.push(filled);
        }
        self.y = bottom + PAD + GAP;
    }
}

/// Fills one box from above.
struct Filler<'a> {
    x: f32,
    y: f32,
    width: f32,
    columns: usize,
    slots: Option<&'a [TopicPartition]>,
}

impl Filler<'_> {
    fn fill(&mut self, filled: &mut BrokerBox) {
        if !filled.is_folded {
            self.tiles(&mut filled.tiles);
        }
        for topic in &mut filled.topics {
            self.topic(topic);
        }
        if filled.is_folded {
            self.slots = None;
            self.tiles(&mut filled.tiles);
        }
        for internal in &mut filled.internal {
            internal.rect = self.line();
        }
        if filled.more_topics + filled.more_tiles > 0 {
            filled.more = self.line();
        }
    }

    fn line(&mut self) -> Rect {
        let rect = Rect::new(self.x, self.y, self.width, LINE_HEIGHT);
        self.y += LINE_HEIGHT;
        rect
    }

    fn tiles(&mut self, tiles: &mut [Replica]) {
        let gaps = (self.columns - 1) as f32 * TILE_GAP_X;
        let width = (self.width - gaps) / self.columns as f32;
        for (number, tile) in tiles.iter_mut().enumerate() {
            let own = |slots: &[TopicPartition]| {
                let slot = slots.binary_search(&tile.topic_partition);
                slot.unwrap_or(number)
            };
            let slot = self.slots.map_or(number, own);
            let x = self.x + (slot % self.columns) as f32 * (width + TILE_GAP_X);
            let y = self.y + (slot / self.columns) as f32 * (TILE_HEIGHT + TILE_GAP_Y);
            put(tile, Rect::new(x, y, width, TILE_HEIGHT));
        }
        let count = self.slots.map_or(tiles.len(), <[TopicPartition]>::len);
        let rows = count.div_ceil(self.columns) as f32;
        self.y += rows * (TILE_HEIGHT + TILE_GAP_Y);
    }

    fn topic(&mut self, topic: &mut TopicGroup) {
        topic.label = self.line();
        let step = CHIP_WIDTH + CHIP_GAP;
        let in_a_row = (((self.width + CHIP_GAP) / step).floor() as usize).max(1);
        for (number, chip) in topic.chips.iter_mut().enumerate() {
            let x = self.x + (number % in_a_row) as f32 * step;
            let y = self.y + (number / in_a_row) as f32 * (CHIP_HEIGHT + CHIP_GAP);
            chip.rect = Rect::new(x, y, CHIP_WIDTH, CHIP_HEIGHT);
        }
        let rows = topic.chips.len().div_ceil(in_a_row) as f32;
        self.y += rows * (CHIP_HEIGHT + CHIP_GAP) + CHIP_GAP;
    }
}

/// Puts a replica that is shown in full in place: its name is cut to what its
/// badge leaves, and its bar is as long as what is written beside it leaves.
fn put(tile: &mut Replica, rect: Rect) {
    const NAME_CHARACTER: f32 = 0.52;
    const BADGE_CHARACTER: f32 = 0.42;
    tile.rect = rect;
    let badge = tile.badge().0.chars().count() as f32 * BADGE_CHARACTER + 0.7;
    let room = (rect.width - 0.9 - badge) / NAME_CHARACTER;
    tile.name = short_text(&tile.topic_partition.to_string(), (room as usize).max(4));
    let is_marked = tile.lost.is_some() || tile.cut.is_some();
    let text = if is_marked { 5.6 } else { BAR_TEXT };
    let y = rect.bottom() - 0.25 - BAR_HEIGHT;
    let width = (rect.width - 0.9 - text).max(1.0);
    tile.bar.rect = Rect::new(rect.x + 0.45, y, width, BAR_HEIGHT);
}
