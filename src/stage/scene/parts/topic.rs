//! Topics: cards of lanes, or one line.

use std::rc::Rc;

use engine::protocol::TopicName;

use super::Lane;
use crate::stage::geometry::{Point, Rect};
use crate::stage::ink::Ink;
use crate::stage::keys::Forecast;

/// A topic.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicCard {
    /// Its name.
    pub name: TopicName,
    /// How many partitions it has.
    pub partitions: usize,
    /// How many replicas each has.
    pub replication_factor: usize,
    /// Whether it is shown in one line.
    pub is_folded: bool,
    /// What that line says.
    pub totals: Totals,
    /// Its lanes, by number; the first of them when there are very many, none
    /// when it is folded.
    pub lanes: Vec<Rc<Lane>>,
    /// What one more partition would do to its keys, while somebody is about to
    /// ask for it.
    pub forecast: Option<Forecast>,
    /// Partitions without a lane of their own.
    pub more_lanes: usize,
    /// Groups that read it and for which its lanes have no row.
    pub more_groups: usize,
    /// Where.
    pub rect: Rect,
    /// Where its name is.
    pub header: Rect,
    /// Where the line of totals is, when it is folded.
    pub line: Rect,
    /// Where the button is that folds and unfolds it.
    pub fold: Rect,
    /// Where its buttons are.
    pub controls: Rect,
}

impl TopicCard {
    /// Where the row of a group leaves the card, or the lane when it has none.
    pub fn row_end(&self, lane: &Lane, group: &str) -> Point {
        let row = lane.rows.iter().find(|row| row.group == group);
        let rect = row.map_or(lane.rect, |row| row.rect);
        Point::new(self.rect.right(), rect.center().y)
    }
}

/// A topic in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// The records that applications wrote and the logs still have.
    pub records: i64,
    /// Each group that reads it: its letter, colour, name and lag.
    pub groups: Vec<(String, Ink, String, Option<i64>)>,
    /// Partitions that have no leader.
    pub leaderless: usize,
}
