use engine::TopicPartition;
use engine::protocol::TopicName;

use super::{By, Scene, View};

/// The least and the greatest zoom that a person may choose.
const ZOOMS: (f32, f32) = (0.4, 2.5);
/// A board that is fitted is drawn no smaller than this: then it scrolls.
pub(super) const FITTED_LEAST: f32 = 0.65;
/// A board that is too high for the window is drawn smaller down to this, as
/// long as all of it is seen then.
const FITTED_SMALL: f32 = 0.85;
/// A fitted board is not drawn so large that less than this is left of its
/// width, in rem: a lane shows some records.
const FITTED_WIDTH: f32 = 74.0;
/// A fitted board is drawn larger only when at least this part of the window's
/// height is left over, and then leaves some: what comes and goes on a board
/// is not to make all of it larger and smaller.
const LEFT_OVER: f32 = 0.15;
const LEFT_AFTERWARDS: f32 = 0.05;
/// Fitted boards grow and shrink by this.
const FITTED_STEP: f32 = 0.05;

/// How much larger everything is drawn: 1 for as large as the page's text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Zoom {
    /// As large as a person has chosen.
    Chosen(f32),
    /// As large as there is room for: at present so large.
    Fitted(f32),
}

impl Zoom {
    /// So much larger.
    pub fn factor(self) -> f32 {
        match self {
            Zoom::Chosen(factor) | Zoom::Fitted(factor) => factor,
        }
    }
}

/// The room that a board has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// The board's inner width, in rem, before it is zoomed.
    pub width_rem: f32,
    /// How high the window is where the board is seen, in rem; `None` where that
    /// is not known, and nothing is fitted into it.
    pub height_rem: Option<f32>,
    /// Whether a panel has taken some of the room: the board keeps its columns
    /// side by side where that makes it wider, so that nothing jumps when a panel
    /// is opened.
    pub keeps_columns: bool,
}

/// How a person changes the way in which the board is looked at. Nothing of
/// the world changes with it.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewChange {
    /// The board is to be arranged by something else.
    Arrange(By),
    /// The partitions of internal topics are to be shown by broker, or folded.
    ShowInternal(bool),
    /// What another partition would do to this topic is to be shown; `None` shows
    /// it no longer.
    Grow(Option<TopicName>),
    /// A lane is to show what begins at this offset; beyond its newest records
    /// it follows them.
    MoveLane(TopicPartition, i64),
    /// A topic is to be shown in one line (`true`) or with its lanes.
    Fold(TopicName, bool),
    /// All topics are.
    FoldAll(bool),
    /// Everything is to be this much larger.
    Zoom(f32),
    /// Everything is to be as large as there is room for.
    Fit,
}

impl View {
    /// Makes a change; `scene` is what this view shows at present.
    pub fn change(&mut self, change: ViewChange, scene: &Scene) {
        match change {
            ViewChange::Arrange(by) => self.by = by,
            ViewChange::ShowInternal(shows) => self.shows_internal = shows,
            ViewChange::Grow(topic) => self.growing = topic,
            ViewChange::MoveLane(of, first) => {
                let scrolling = scene.lane(&of).and_then(|lane| lane.scrolling);
                match scrolling {
                    Some(bounds) if first < bounds.most => {
                        self.moved.insert(of, first.max(bounds.least));
                    }
                    _ => {
                        self.moved.remove(&of);
                    }
                }
            }
            ViewChange::Fold(topic, is_folded) => {
                self.folded.insert(topic, is_folded);
            }
            ViewChange::FoldAll(is_folded) => {
                let topics = scene.topics.iter();
                self.folded = topics.map(|card| (card.name.clone(), is_folded)).collect();
            }
            ViewChange::Zoom(zoom) if zoom.is_finite() => {
                self.zoom = Zoom::Chosen(zoom.clamp(ZOOMS.0, ZOOMS.1));
            }
            ViewChange::Zoom(_) => {}
            ViewChange::Fit => self.zoom = Zoom::Fitted(1.0),
        }
    }

    /// Takes up the room there is; says whether it is another than before.
    pub fn take_room(&mut self, room: Room) -> bool {
        std::mem::replace(&mut self.room, room) != room
    }

    /// Fits a board into the window that was drawn with this view, unless a
    /// person has chosen how large it is. Says whether it is to be drawn anew.
    pub fn fit(&mut self, scene: &Scene) -> bool {
        let Zoom::Fitted(present) = self.zoom else {
            return false;
        };
        let fitted = self.fitting(present, scene);
        let is_other = (fitted - present).abs() > FITTED_STEP / 2.0;
        if is_other {
            self.zoom = Zoom::Fitted(fitted);
        }
        is_other
    }

    /// The zoom for a board that at `present` looks like this.
    fn fitting(&self, present: f32, scene: &Scene) -> f32 {
        let (height, kept_width) = (scene.height, scene.kept_width);
        let Room { width_rem, .. } = self.room;
        if self.room.keeps_columns && width_rem < kept_width {
            return (width_rem / kept_width).max(FITTED_LEAST);
        }
        if present < FITTED_SMALL {
            // Only a panel made it so small.
            return 1.0;
        }
        let most = steps(width_rem / FITTED_WIDTH).max(1.0);
        let Some(room) = self.room.height_rem.filter(|room| *room > 0.0) else {
            return 1.0;
        };
        let needed = height * present;
        let wanted = match needed {
            _ if needed > room => room / height,
            _ if needed < room * (1.0 - LEFT_OVER) => room * (1.0 - LEFT_AFTERWARDS) / height,
            _ => return present.min(most),
        };
        match steps(wanted) {
            // All of it cannot be seen: then it can be read.
            small if small < FITTED_SMALL => 1.0,
            larger if wanted > present => larger.clamp(present.min(most), most),
            smaller => smaller.min(most),
        }
    }
}

/// The largest step that is not larger.
fn steps(zoom: f32) -> f32 {
    // A hair more, since a step divided by itself may be a little less than one.
    (zoom / FITTED_STEP + 0.01).floor() * FITTED_STEP
}
