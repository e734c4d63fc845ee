use std::collections::VecDeque;

use engine::coordinator::GroupEvent;
use engine::{Event, EventKind, Time, World};

/// How many lines the event log keeps.
const LINES_MAX: usize = 500;

/// One line of the event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Counts the lines of a world, from 0: no two have the same.
    pub number: u64,
    /// When it happened.
    pub at: Time,
    /// How much it counts.
    pub weight: Weight,
    /// What happened, in words.
    pub text: String,
}

impl LogLine {
    /// Whether this line, which came after the other, is rather to be the
    /// headline. Of what flows the latest counts; of what changes the first,
    /// since the rest follows from it.
    fn outweighs(&self, other: &LogLine) -> bool {
        self.weight > other.weight || (self.weight == other.weight && self.weight < Weight::Change)
    }
}

/// What happened, in the words of the caption, the event log and the live
/// region: they all say the same.
#[derive(Clone, Debug, Default)]
pub struct News {
    lines: VecDeque<LogLine>,
    told: u64,
    headline: Option<LogLine>,
}

/// What a caption shows when much happens at once, the lightest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Records move, as they do all the time.
    #[default]
    Flow,
    /// Somebody makes progress.
    Progress,
    /// The cluster or a group changes.
    Change,
    /// Something went wrong.
    Trouble,
}

impl News {
    /// Takes in an event, if it is worth telling.
    pub fn tell(&mut self, event: &Event, world: &World) {
        if !event.kind.is_news() {
            return;
        }
        let line = LogLine {
            number: self.told,
            at: event.at,
            weight: weight(&event.kind),
            text: event.describe(world),
        };
        self.told += 1;
        if self.headline.as_ref().is_none_or(|it| line.outweighs(it)) {
            self.headline = Some(line.clone());
        }
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The lines of the event log, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &LogLine> + ExactSizeIterator {
        self.lines.iter()
    }

    /// How many lines were told in all.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// Takes the weightiest news since this was last done.
    pub fn take_headline(&mut self) -> Option<LogLine> {
        self.headline.take()
    }

    /// How weighty the news is that [`News::take_headline`] would take.
    pub fn headline_weight(&self) -> Option<Weight> {
        self.headline.as_ref().map(|line| line.weight)
    }

    /// The weightiest of the news of the last instant that had any is the
    /// headline, whether it was taken or not.
    pub fn recall(&mut self) {
        let last = self.lines.back().map(|line| line.at);
        let lines = self.lines.iter().rev();
        let lines = lines.take_while(|line| Some(line.at) == last);
        let lines: Vec<&LogLine> = lines.collect();
        let heaviest = lines.into_iter().rev().reduce(|heaviest, line| {
            if line.outweighs(heaviest) {
                line
            } else {
                heaviest
            }
        });
        self.headline = heaviest.cloned();
    }
}

fn weight(kind: &EventKind) -> Weight {
    match kind {
        EventKind::SendFailed { .. }
        | EventKind::ConsumerFailed { .. }
        | EventKind::AdminFailed { .. }
        | EventKind::ClientFrozen { .. }
        | EventKind::ClientCrashed { .. } => Weight::Trouble,
        EventKind::ClientLog { .. }
        | EventKind::RecordsAppended { .. }
        | EventKind::RecordsRead { .. }
        | EventKind::Group(GroupEvent::OffsetsCommitted { .. }) => Weight::Flow,
        EventKind::PositionReset { .. }
        | EventKind::PartitionsRevoked { .. }
        | EventKind::Group(GroupEvent::OffsetsRemoved { .. }) => Weight::Progress,
        _ => Weight::Change,
    }
}
