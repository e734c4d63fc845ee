//! A partition as a lane: its records, its markers, and what each group has
//! done in it.

use engine::TopicPartition;

use super::{
    Band, ControlMark, Deleted, Fate, Hole, Notice, OffsetScale, Pin, SegmentMark, Shared,
};
use crate::stage::geometry::{Point, Rect};
use crate::stage::ink::Ink;
use crate::stage::recent::Change;

/// A partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The broker that leads it; `None` when none does.
    pub leader: Option<i32>,
    /// The first offset.
    pub log_start: i64,
    /// The offset below which no transaction is open.
    pub last_stable: i64,
    /// The offset below which every in-sync replica has every record.
    pub high_watermark: i64,
    /// The offset of the next record.
    pub log_end: i64,
    /// The records that are shown, oldest first: the newest ones, as long as
    /// nobody has moved the lane.
    pub cells: Vec<Cell>,
    /// The ends of transactions among them.
    pub controls: Vec<ControlMark>,
    /// What compaction has taken from among them.
    pub holes: Vec<Hole>,
    /// Where segments begin among them.
    pub segments: Vec<SegmentMark>,
    /// The records before them.
    pub earlier: Option<Earlier>,
    /// The records after them, when somebody has moved the lane.
    pub later: Option<Earlier>,
    /// Records that were deleted a moment ago.
    pub deleted: Option<Deleted>,
    /// How it can be moved; `None` when all fits.
    pub scrolling: Option<Scrolling>,
    /// Whether groups read the topic, and none of them this partition.
    pub is_dark: bool,
    /// Log start, last stable offset where it differs, high watermark, log end.
    pub markers: Vec<Marker>,
    /// What is told of it beside its cells.
    pub notice: Option<Notice>,
    /// Where something happened a moment ago.
    pub bands: Vec<Band>,
    /// What each group that reads the topic has done here.
    pub rows: Vec<GroupRow>,
    /// How offsets lie along it.
    pub scale: OffsetScale,
    /// Where its cells are, with the room for the next one.
    pub track: Rect,
    /// Where notices are, beside its cells and its rows; of no width when there
    /// is no room.
    pub side: Rect,
    /// Where.
    pub rect: Rect,
}

impl Lane {
    /// Where a record lands that gets the offset `after` records beyond the
    /// log end.
    pub fn landing(&self, after: i64) -> Point {
        let half = self.scale.cell / 2.0;
        let x = self.scale.at(self.log_end + after) + half;
        Point::new(x.min(self.track.right() - half), self.track.center().y)
    }
}

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its offset.
    pub offset: i64,
    /// Its key as text, cut when it is very long; `None` for null.
    pub key: Option<String>,
    /// Its value as text, cut when it is very long; `None` for null.
    pub value: Option<String>,
    /// Its timestamp, in epoch milliseconds.
    pub timestamp_ms: i64,
    /// What fits of the key on a cell; `–` for null.
    pub letters: String,
    /// The partition to which new records with this key would go with one more,
    /// where that is about to be asked for and would be another one.
    pub moves_to: Option<i32>,
    /// The colour of the key.
    pub ink: Ink,
    /// How its transaction stands; `None` when it is part of none.
    pub fate: Option<Fate>,
    /// Where.
    pub rect: Rect,
}

/// The records of a lane that have no cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// How many.
    pub records: i64,
    /// How many of them came in each stretch of the time from the first to the
    /// last, in hundredths of the busiest stretch; empty when they are few.
    pub density: Vec<u8>,
    /// Where.
    pub rect: Rect,
}

/// What to move a lane's window by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scrolling {
    /// The first offset that is shown.
    pub first: i64,
    /// The smallest that `first` can be.
    pub least: i64,
    /// The greatest; there the lane follows its newest record.
    pub most: i64,
}

/// What a [`Marker`] marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkerKind {
    /// The first offset.
    LogStart,
    /// The last stable offset.
    LastStable,
    /// The high watermark.
    HighWatermark,
    /// The log end offset.
    LogEnd,
    /// Up to where a group has committed.
    Committed,
    /// The record that a group's member reads next.
    Position,
}

/// A mark under a lane, at the place of an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// What it marks.
    pub kind: MarkerKind,
    /// The offset.
    pub offset: i64,
    /// Whether the offset lies among the cells.
    pub pin: Pin,
    /// What is written beside it; empty when another says it.
    pub label: String,
    /// Whether that stands to its left.
    pub label_left: bool,
    /// Where, in rem.
    pub x: f32,
}

/// Who reads a partition for a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// The member's name.
    pub name: String,
    /// The member's badge.
    pub badge: String,
    /// Whether its client runs.
    pub is_running: bool,
}

/// What a group has done in one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRow {
    /// The group (`group.id`).
    pub group: String,
    /// The letter the group goes by on the board.
    pub letter: String,
    /// The group's colour.
    pub ink: Ink,
    /// The offset it has committed.
    pub committed: Option<i64>,
    /// The offset of the record its member reads next.
    pub position: Option<i64>,
    /// Records after the committed offset: the LAG of Kafka's tools.
    pub lag: Option<i64>,
    /// Who reads it.
    pub owner: Option<Owner>,
    /// What a share group has done here; `None` for other groups.
    pub shared: Option<Shared>,
    /// How many members of a share group may read it.
    pub readers: usize,
    /// Whether nobody reads it for the group.
    pub is_dark: bool,
    /// What the last rebalance has made of it, for a moment.
    pub change: Option<Change>,
    /// What is told beside it.
    pub notice: Option<Notice>,
    /// Where something happened a moment ago.
    pub bands: Vec<Band>,
    /// The lag as a length.
    pub lag_bar: Option<LagBar>,
    /// The committed flag and the position arrow.
    pub markers: Vec<Marker>,
    /// Where.
    pub rect: Rect,
}

/// The length of a group's lag along a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct LagBar {
    /// From the committed offset to the log end.
    pub rect: Rect,
    /// The group's colour.
    pub ink: Ink,
}
