use engine::TopicPartition;
use engine::protocol::TopicName;

use super::{By, Scene, View};

/// How a person changes the way in which the board is looked at. Nothing of
/// the world changes with it.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewChange {
    /// The board is to be arranged by something else.
    Arrange(By),
    /// The partitions of internal topics are to be shown by broker, or folded.
    ShowInternal(bool),
    /// A lane is to show what begins at this offset; beyond its newest records
    /// it follows them.
    MoveLane(TopicPartition, i64),
    /// A topic is to be shown in one line (`true`) or with its lanes.
    Fold(TopicName, bool),
    /// All topics are.
    FoldAll(bool),
    /// Everything is to be this much larger.
    Zoom(f32),
}

impl View {
    /// Makes a change; `scene` is what this view shows at present.
    pub fn change(&mut self, change: ViewChange, scene: &Scene) {
        match change {
            ViewChange::Arrange(by) => self.by = by,
            ViewChange::ShowInternal(shows) => self.shows_internal = shows,
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
                self.zoom = zoom.clamp(View::ZOOMS.0, View::ZOOMS.1);
            }
            ViewChange::Zoom(_) => {}
        }
    }
}
