//! All that the board shows of a world at one instant, as plain data: what
//! stands where, and what it says. The drawing and the text twin are both made
//! from it, so that they say the same.

mod groups;
mod labels;
mod lanes;
mod layout;
mod parts;
mod producers;
mod ribbons;
mod roster;
mod topics;
mod words;

pub use labels::{FLAG, LaneLabel};
pub use lanes::readable;
pub use layout::COLUMNS_FROM;
pub use parts::*;
pub use roster::names as client_names;
pub use words::{short_number, short_text, text_length};

use std::rc::Rc;

use engine::{TopicPartition, World};

use super::geometry::Rect;

/// How the board is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The board's inner width, in rem: [`measure`](super::measure) tells it.
    pub width_rem: f32,
}

impl View {
    /// A board of this inner width. Below 20 rem it is drawn as one of 20.
    pub fn new(width_rem: f32) -> View {
        View { width_rem }
    }
}

/// How the columns stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Producers, topics and groups side by side.
    Columns,
    /// One below the other, for narrow boards.
    Stacked,
}

/// All that is drawn, and where. All rectangles are in rem.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The board's width.
    pub width: f32,
    /// The board's height: it scrolls when there is less room.
    pub height: f32,
    /// How the columns stand.
    pub arrangement: Arrangement,
    /// Column headings and what is said where nothing stands.
    pub notes: Vec<Note>,
    /// The brokers, by id.
    pub brokers: Vec<BrokerPill>,
    /// Where packets of admin clients start.
    pub admin: AdminMark,
    /// The producers, by number.
    pub producers: Vec<Rc<ProducerBox>>,
    /// The topics, by name.
    pub topics: Vec<Rc<TopicCard>>,
    /// The groups, in the order in which they first came.
    pub groups: Vec<Rc<GroupBox>>,
    /// Each joins a lane to the member that owns it.
    pub ribbons: Vec<Ribbon>,
    /// Where it is said what the marks mean.
    pub legend: Rect,
}

impl Scene {
    /// The picture of a world.
    pub fn of(world: &World, view: &View) -> Scene {
        layout::arrange(world, view)
    }

    /// The board as a rectangle.
    pub fn bounds(&self) -> Rect {
        Rect::new(0.0, 0.0, self.width, self.height)
    }

    /// The lane of a partition, when it is drawn.
    pub fn lane(&self, partition: &TopicPartition) -> Option<&Lane> {
        let card = self.topic(&partition.topic)?;
        let index = usize::try_from(partition.partition).ok()?;
        card.lanes.get(index)
    }

    /// The card of a topic, when it is drawn.
    pub fn topic(&self, name: &str) -> Option<&TopicCard> {
        let found = self.topics.iter().find(|card| *card.name == *name);
        found.map(Rc::as_ref)
    }

    /// The box of a producer, when it is drawn.
    pub fn producer(&self, client: u32) -> Option<&ProducerBox> {
        let found = self.producers.iter().find(|it| it.client == client);
        found.map(Rc::as_ref)
    }

    /// The box of a consumer and its group's, when they are drawn.
    pub fn consumer(&self, client: u32) -> Option<(&GroupBox, &MemberBox)> {
        self.groups.iter().find_map(|group| {
            let member = group.members.iter().find(|it| it.client == Some(client))?;
            Some((group.as_ref(), member))
        })
    }

    /// The box of a group, when it is drawn.
    pub fn group(&self, id: &str) -> Option<&GroupBox> {
        let found = self.groups.iter().find(|group| group.id == id);
        found.map(Rc::as_ref)
    }
}
